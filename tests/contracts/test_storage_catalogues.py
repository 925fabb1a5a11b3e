"""Catalogues, readers' events, posts and short links, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from commerce.domain.imported import ImportedPost
from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import (
    DRAFT,
    Did,
    Doubt,
    FoundBy,
    Hotspot,
    Lookbook,
    LookbookState,
    Origin,
    Page,
    PageKind,
    Post,
    ReadingEvent,
    Region,
    Review,
    ShortLink,
)
from commerce.errors import StaleVersion
from commerce.ports import Storage
from commerce.ports.publishing import PageFigures, PlaceFigures
from tests.contracts.storage_values import NOW

BOOK = Lookbook(
    "b" * 32, "spring", LocalText({"fr": "Printemps", "en": "Spring"}), Origin.PDF, LookbookState.DRAFT, 0, 1, NOW
)
PAGES = (
    Page(1, "one.jpg", 1200, 1800, "Robe 79,00 €"),
    Page(2, "two.jpg", 1200, 1800, kind=PageKind.LAID_OUT, paper="#f8f5ef"),
)
SPOT = Hotspot(
    "h" * 32, 1, Region(0.1, 0.2, 0.3, 0.4), 7, 0, FoundBy.SKU, Review.DOUBTFUL, "P1", 7900, (Doubt.OTHER_PRICE,)
)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def book(storage: Storage) -> Lookbook:
    assert storage.write(lambda uow: uow.lookbooks.add(BOOK, PAGES, (SPOT,)))
    return BOOK


def test_a_draft_is_read_as_it_was_written(storage: Storage, book: Lookbook) -> None:
    with storage.read() as uow:
        assert uow.lookbooks.get(book.id) == uow.lookbooks.by_slug("spring") == book
        edition = uow.lookbooks.edition(book, DRAFT)
        assert uow.lookbooks.edition(book, 1) is None
        assert uow.lookbooks.by_slug("summer") is None
        assert uow.lookbooks.all() == [book]
    assert edition is not None
    assert (edition.pages, edition.hotspots) == (PAGES, (SPOT,))
    assert not storage.write(lambda uow: uow.lookbooks.add(replace(BOOK, id="c" * 32), PAGES, ()))  # the slug is taken


def test_a_published_version_never_changes(storage: Storage, book: Lookbook) -> None:
    shown = storage.write(lambda uow: uow.lookbooks.publish(book, LATER))
    assert (shown.version, shown.state, shown.published_at) == (1, LookbookState.PUBLISHED, LATER)
    moved = replace(SPOT, region=Region(0.5, 0.5, 0.2, 0.2), review=Review.CONFIRMED)
    saved = storage.write(lambda uow: uow.lookbooks.save_draft(shown, pages=None, hotspots=(moved,)))
    with storage.read() as uow:
        first, draft = uow.lookbooks.edition(saved, 1), uow.lookbooks.edition(saved, DRAFT)
        assert uow.lookbooks.showing(7) == [(saved, 1)]
        assert uow.lookbooks.shown() == [saved]
        assert uow.lookbooks.showing(8) == []
    assert first is not None
    assert draft is not None
    assert (first.hotspots, draft.hotspots, first.pages) == ((SPOT,), (moved,), PAGES)
    second = storage.write(lambda uow: uow.lookbooks.publish(saved, LATER))
    assert second.version == 2
    back = storage.write(lambda uow: uow.lookbooks.set_state(second, LookbookState.PUBLISHED, version=1))
    restored = storage.write(lambda uow: uow.lookbooks.restore(back, 1))
    with storage.read() as uow:
        draft = uow.lookbooks.edition(restored, DRAFT)
        assert [number for number, _ in uow.lookbooks.versions(book.id)] == [2, 1]
    assert draft is not None
    assert draft.hotspots == (SPOT,)
    hidden = storage.write(lambda uow: uow.lookbooks.set_state(restored, LookbookState.WITHDRAWN))
    with storage.read() as uow:
        assert uow.lookbooks.showing(7) == []
        assert uow.lookbooks.shown() == []
        assert uow.lookbooks.get(book.id) == hidden


def test_of_two_who_save_the_second_is_told(storage: Storage, book: Lookbook) -> None:
    storage.write(lambda uow: uow.lookbooks.save_draft(book, pages=None, hotspots=()))
    for change in (
        lambda uow: uow.lookbooks.save_draft(book, pages=PAGES, hotspots=(SPOT,)),
        lambda uow: uow.lookbooks.publish(book, LATER),
        lambda uow: uow.lookbooks.set_state(book, LookbookState.WITHDRAWN),
        lambda uow: uow.lookbooks.restore(book, 1),
    ):
        with pytest.raises(StaleVersion):
            storage.write(change)
    with storage.read() as uow:
        edition = uow.lookbooks.edition(book, DRAFT)
    assert edition is not None
    assert edition.hotspots == ()


def event(number: int, did: Did, **more: object) -> ReadingEvent:
    values = {"lookbook_id": BOOK.id, **more}
    return ReadingEvent(f"event-{number}", did, NOW + timedelta(seconds=number), **values)  # type: ignore[arg-type]


EVENTS = (
    event(1, Did.OPENED, source="newsletter", visitor="v1"),
    event(2, Did.PAGE, page=1, visitor="v1", source="newsletter"),
    event(3, Did.PAGE, page=1, visitor="v1", dwell_ms=4_000),
    event(4, Did.PAGE, page=2, visitor="v2", customer_id="c" * 32),
    event(5, Did.PAGE, page=2),
    event(6, Did.HOTSPOT, page=2, product_id=7, customer_id="c" * 32, visitor="v2"),
    event(7, Did.CART, page=2, product_id=7),
    event(8, Did.OPENED, lookbook_id="z" * 32),
)


def test_figures_of_what_readers_did(storage: Storage) -> None:
    assert storage.write(lambda uow: uow.reading.add(EVENTS)) == len(EVENTS)
    assert storage.write(lambda uow: uow.reading.add(EVENTS)) == 0  # told twice, counted once
    until = NOW + timedelta(days=1)
    with storage.read() as uow:
        pages = uow.reading.by_page(BOOK.id, NOW, until)
        sources = uow.reading.by_source(BOOK.id, NOW, until)
        days = uow.reading.by_day(BOOK.id, NOW, until, "Pacific/Kiritimati")
        places = uow.reading.by_place(BOOK.id, NOW, until)
        everything = uow.reading.by_source("", NOW, until)
        assert uow.reading.by_page(BOOK.id, until, until + timedelta(days=1)) == []
        assert uow.reading.last_page_of("v1", "") == (BOOK.id, 1)
        assert uow.reading.last_page_of("", "c" * 32) == (BOOK.id, 2)
        assert uow.reading.last_page_of("", "") is None
    assert pages == [PageFigures(1, 1, 1, 1, 4_000, 4_000, 0, 0), PageFigures(2, 2, 1, 0, 0, 0, 1, 1)]
    assert places == [PlaceFigures(2, 7, 1, 1)]
    assert [(s.source, s.opened, s.carts) for s in sources] == [("newsletter", 1, 0), ("", 0, 1)]
    assert sum(s.opened for s in everything) == 2
    assert days == [((NOW + timedelta(hours=14)).date().isoformat(), 3)], "a day of the place, not of Greenwich"


@pytest.mark.parametrize(
    ("stays_ms", "median_ms"), [([5], 5), ([9, 1], 5), ([900, 2, 4], 4), ([8, 1, 2, 400], 5), ([7, 7, 7, 1, 9], 7)]
)
def test_the_median_of_what_readers_stayed(storage: Storage, stays_ms: list[int], median_ms: int) -> None:
    stays = [event(at, Did.PAGE, page=3, dwell_ms=ms) for at, ms in enumerate(stays_ms)]
    storage.write(lambda uow: uow.reading.add([*stays, event(90, Did.PAGE, page=4, dwell_ms=1_000_000)]))
    with storage.read() as uow:
        third, _ = uow.reading.by_page(BOOK.id, NOW, NOW + timedelta(days=1))
    assert (third.stays, third.dwell_ms, third.median_ms) == (len(stays_ms), sum(stays_ms), median_ms)


def test_days_begin_at_midnight_of_the_place(storage: Storage) -> None:
    midnight = datetime(2026, 3, 10, tzinfo=ZoneInfo("Asia/Kathmandu"))  # a quarter of an hour is its own
    late, early = midnight - timedelta(seconds=1), midnight
    events = [replace(event(at, Did.PAGE, page=1), at=moment) for at, moment in enumerate((late, early, early))]
    storage.write(lambda uow: uow.reading.add(events))
    with storage.read() as uow:
        days = uow.reading.by_day(BOOK.id, late, early + timedelta(days=1), "Asia/Kathmandu")
    assert days == [("2026-03-09", 1), ("2026-03-10", 2)]


def test_old_events_forget_who_it_was_and_go_on_counting(storage: Storage) -> None:
    storage.write(lambda uow: uow.reading.add(EVENTS))
    assert storage.write(lambda uow: uow.reading.forget_before(NOW + timedelta(seconds=5))) == 4
    with storage.read() as uow:
        assert uow.reading.last_page_of("v1", "") is None
        assert sum(p.views for p in uow.reading.by_page(BOOK.id, NOW, NOW + timedelta(days=1))) == 3


def test_posts_in_their_order(storage: Storage) -> None:
    first = Post("1" * 32, "a.jpg", LocalText({"fr": "Robe"}), (7, 8), 2, True, NOW, "ig-1", "https://example.com/p/1")
    second = replace(first, id="2" * 32, position=1, is_shown=False, external_id="", small_key="b.jpg")
    for each in (first, second):
        storage.write(lambda uow, each=each: uow.posts.put(each))
    with storage.read() as uow:
        assert uow.posts.all(shown_only=False) == [second, first]
        assert uow.posts.all(shown_only=True) == [first]
    moved = replace(first, position=0, product_ids=(), small_key="c.jpg")
    storage.write(lambda uow: uow.posts.put(moved))
    with storage.read() as uow:
        assert uow.posts.get(first.id) == moved
    assert storage.write(lambda uow: uow.posts.delete(first.id))
    assert not storage.write(lambda uow: uow.posts.delete(first.id))


def test_imported_posts_are_remembered_whatever_becomes_of_them(storage: Storage) -> None:
    known = ImportedPost("ig-1", "1" * 32, "Robe #lin")
    assert storage.write(lambda uow: uow.posts.add_imported(known))
    assert not storage.write(lambda uow: uow.posts.add_imported(replace(known, caption="Another")))
    with storage.read() as uow:
        assert uow.posts.imported() == {"ig-1": known}
    gone = replace(known, caption="Edited", gone_at=LATER)
    storage.write(lambda uow: uow.posts.save_imported(gone))
    storage.write(lambda uow: uow.posts.save_imported(replace(gone, external_id="ig-2")))
    with storage.read() as uow:
        assert uow.posts.imported() == {"ig-1": gone}
    storage.write(lambda uow: uow.posts.save_imported(known))
    with storage.read() as uow:
        assert uow.posts.imported() == {"ig-1": known}


def test_short_links_count_their_clicks(storage: Storage) -> None:
    link = ShortLink("spring", "/l/spring", "newsletter", NOW, lookbook_id=BOOK.id)
    assert storage.write(lambda uow: uow.short_links.add(link))
    assert not storage.write(lambda uow: uow.short_links.add(replace(link, path="/elsewhere")))
    for _ in range(3):
        storage.write(lambda uow: uow.short_links.clicked("spring"))
    with storage.read() as uow:
        assert uow.short_links.get("spring") == replace(link, clicks=3)
        assert uow.short_links.get("nope") is None
        assert uow.short_links.all(10) == [replace(link, clicks=3)]
