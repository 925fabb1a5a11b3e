"""The studio at its doors: a document comes in, its places are put right, shoppers see it, and no longer.

Who may enter which of its pages is in `test_access_matrix.py`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import DRAFT, Doubt, Edition, LookbookState, NotPublished, Region, Review
from commerce.domain.reservation import Refused
from commerce.domain.team import Role
from commerce.wiring import Shop
from shoppable.studio.catalogues import NOT_PUBLISHED
from tests.unit.shoppable.catalogues import draft_catalogue, publish_catalogue
from tests.unit.shoppable.shop_values import HOSTILE, png
from tests.unit.shoppable.shopping import HOST, text_of
from tests.unit.shoppable.staffing import StaffBrowser, add_member
from vitrine.demo_shop.printed import Article, write_pdf

BOX, OTHER = Region(0.1, 0.1, 0.3, 0.3), Region(0.5, 0.5, 0.25, 0.2)


@pytest.fixture
def hugo(app: Flask, shop: Shop) -> StaffBrowser:
    return StaffBrowser(app, shop, add_member(shop, "hugo", Role.MARKETER))


@pytest.fixture
def draft(shop: Shop) -> Edition:
    return draft_catalogue(shop, [("P1-navy-38", BOX), ("P2-blue-M", OTHER)])


@pytest.fixture
def document(tmp_path: Any) -> bytes:
    """One article with its own price, one with another."""
    from PIL import Image

    picture = io.BytesIO()
    Image.open(io.BytesIO(png(80, 100))).convert("RGB").save(picture, "JPEG")
    jpeg = picture.getvalue()
    articles = [
        Article("Robe midi en lin", "79,00 €", "P1-navy-38", jpeg),
        Article("Veste en jean", "64,00 €", "P2-blue-M", jpeg),
    ]
    return write_pdf(tmp_path / "printed.pdf", "Printemps", articles).read_bytes()


def stored(shop: Shop, book_id: str, version: int = DRAFT) -> Edition:
    with shop.storage.read() as uow:
        found = shop.publishing.edition(uow, book_id, version)
    assert found is not None
    return found


def upload(hugo: StaffBrowser, data: bytes, **titles: str) -> Any:
    form = {"document": (io.BytesIO(data), "catalogue.pdf"), **titles}
    return hugo.post("/studio/new", form)


def form_of(html: str) -> dict[str, list[str]]:
    """What a browser would send of the editor as it stands."""
    part = html[html.index("data-editor") : html.index("</form>", html.index("data-editor"))]
    fields: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", part):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and 'type="checkbox"' not in tag:
            fields.setdefault(name[1], []).append(unescape(value[1]) if value else "")
    return fields


def save(hugo: StaffBrowser, book_id: str, change: Callable[[dict[str, list[str]]], object] = lambda form: None) -> Any:
    form = form_of(hugo.get(f"/studio/{book_id}").text)
    change(form)
    return hugo.post(f"/studio/{book_id}", form)  # type: ignore[arg-type]


# --- what comes in


def test_from_a_document_to_shoppers(hugo: StaffBrowser, shop: Shop, document: bytes) -> None:
    made = upload(hugo, document, **{"title-fr": "Printemps", "title-en": "Spring"})
    assert made.status_code == 303
    book_id = made.location.rpartition("/")[2]
    page = hugo.get(made.location)
    assert "1/2 articles placed, 1 to check: 2" in text_of(page.text)
    assert "The page says another price than today’s." in text_of(page.text)
    assert "1/2 articles placés, 1 à vérifier : 2" in text_of(hugo.get(f"{made.location}?lang=fr").text)
    hugo.get(f"{made.location}?lang=en")
    refused = save(hugo, book_id, lambda form: form.update(do=["publish"]))
    assert refused.status_code == 409
    assert text_of(NOT_PUBLISHED[NotPublished.DOUBTFUL]) in text_of(refused.text)
    (doubtful,) = [spot for spot in stored(shop, book_id).hotspots if spot.review is Review.DOUBTFUL]
    assert doubtful.doubts == (Doubt.OTHER_PRICE,)
    done = save(hugo, book_id, lambda form: form.update(do=["publish"], confirmed=[doubtful.id]))
    assert (done.status_code, done.location) == (303, f"/studio/{book_id}?done=published")
    shown = text_of(hugo.get(done.location).text)
    assert "2/2 articles placed" in shown and "Published: shoppers see it now." in shown
    assert f'<iframe src="{HOST}/embed/l/printemps" title="Spring" width="100%"' in shown
    assert hugo.get("/l/printemps").status_code == 200
    assert hugo.get(f"/studio/{book_id}/qr.svg").mimetype == "image/svg+xml"
    assert [spot.review for spot in stored(shop, book_id, 1).on(1)] == [Review.SURE, Review.CONFIRMED]


@pytest.mark.parametrize("data", [b"", b"hello", b"%PDF-1.7\n%%EOF", b"\x00" * 2000, png(), b"%PDF-" + b"9" * 100_000])
def test_garbage_is_refused_with_a_reason(hugo: StaffBrowser, shop: Shop, draft: Edition, data: bytes) -> None:
    answer = upload(hugo, data, **{"title-fr": "Été", "title-en": "Summer"})
    assert answer.status_code == 422
    assert "This document cannot be read." in text_of(answer.text)
    assert 'value="Été"' in answer.text  # nobody types a title twice
    assert f"/studio/{draft.lookbook.id}" in answer.text  # the others are still there
    with shop.storage.read() as uow:
        assert len(uow.lookbooks.all()) == 1


def test_without_a_document_or_a_title(hugo: StaffBrowser, document: bytes) -> None:
    assert hugo.post("/studio/new", {"title-en": "Spring"}).status_code == 422
    assert "Give it a title." in text_of(upload(hugo, document).text)


def test_what_is_too_large(hugo: StaffBrowser, draft: Edition) -> None:
    large = upload(hugo, b"%PDF-" + b"0" * (100 * 1024 * 1024), **{"title-en": "Spring"})
    assert "This document is too large." in text_of(large.text)
    assert upload(hugo, b"%PDF-" + b"0" * (102 * 1024 * 1024), **{"title-en": "Spring"}).status_code == 413
    assert hugo.post(f"/studio/{draft.lookbook.id}", {"named": "x" * 2_000_000}).status_code == 413  # no document there


# --- putting it right


def test_saving_what_is_there_changes_nothing(hugo: StaffBrowser, shop: Shop, draft: Edition) -> None:
    thirds = draft_catalogue(shop, [("P1-navy-38", Region(1 / 3, 1 / 7, 1 / 9, 1 / 11))])
    for edition in (draft, thirds):
        assert save(hugo, edition.lookbook.id).status_code == 303
        after = stored(shop, edition.lookbook.id)
        assert set(after.hotspots) == set(edition.hotspots)
        assert after.lookbook.title == edition.lookbook.title


def test_moved_led_elsewhere_removed_and_new(hugo: StaffBrowser, shop: Shop, draft: Edition) -> None:
    first, second = draft.on(1)

    def change(form: dict[str, list[str]]) -> None:
        form["x"][0], form["width"][0] = "20,5", "40"
        form["named"][0] = "P1-navy-40"
        form["removed"] = [second.id]
        for name, value in {"spot": "new-1", "page": "1", "named": "P3-white-42", "x": "1"}.items():
            form[name].append(value)
        for name, value in {"y": "2", "width": "3", "height": "4"}.items():
            form[name].append(value)
        form.update({"title-en": ["Early spring"], "slug": ["early-spring"]})

    assert save(hugo, draft.lookbook.id, change).status_code == 303
    after = stored(shop, draft.lookbook.id)
    spots = {spot.id: spot for spot in after.hotspots}
    assert second.id not in spots
    moved = spots.pop(first.id)
    assert moved.region == Region(0.205, 0.1, 0.4, 0.3)
    assert moved.product_id == first.product_id and moved.variant_id != first.variant_id
    (new,) = spots.values()
    assert (new.region, new.review) == (Region(0.01, 0.02, 0.03, 0.04), Review.CONFIRMED)
    assert after.lookbook.slug == "early-spring"
    assert after.lookbook.title.by_language == {"fr": "Printemps", "en": "Early spring"}


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("named", "NOTHING-9", NotPublished.NO_SUCH_PRODUCT),
        ("named", "", NotPublished.NO_SUCH_PRODUCT),
        ("named", HOSTILE, NotPublished.NO_SUCH_PRODUCT),
        ("named", "P1\x00-navy", NotPublished.NO_SUCH_PRODUCT),
        ("x", "101", NotPublished.NO_SUCH_PRODUCT),
        ("x", "-1", NotPublished.NO_SUCH_PRODUCT),
        ("x", "nan", NotPublished.NO_SUCH_PRODUCT),
        ("width", "0", NotPublished.NO_SUCH_PRODUCT),
        ("height", "1e999", NotPublished.NO_SUCH_PRODUCT),
        ("y", "left", NotPublished.NO_SUCH_PRODUCT),
        ("page", "9" * 6000, NotPublished.NO_SUCH_PRODUCT),
        ("page", "2", NotPublished.NO_SUCH_PRODUCT),
        ("slug", "Not A Slug", NotPublished.BAD_SLUG),
        ("slug", "../staff", NotPublished.BAD_SLUG),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    hugo: StaffBrowser, shop: Shop, draft: Edition, name: str, value: str, reason: NotPublished
) -> None:
    def change(form: dict[str, list[str]]) -> None:
        form[name][0] = value
        form["title-en"] = ["Typed with care"]

    answer = save(hugo, draft.lookbook.id, change)
    assert answer.status_code == 409
    assert NOT_PUBLISHED[reason] in text_of(answer.text)
    assert "Typed with care" in answer.text and "<script>alert" not in answer.text
    if name in {"named", "x", "y", "width", "height"}:
        assert form_of(answer.text)[name][0] == value.replace("\x00", "")
        assert "1/2 articles placed, 1 to check: 1" in text_of(answer.text)
    after = stored(shop, draft.lookbook.id)
    assert (after.lookbook, set(after.hotspots)) == (draft.lookbook, set(draft.hotspots))


def test_no_title_and_a_taken_address(hugo: StaffBrowser, shop: Shop, draft: Edition) -> None:
    other = draft_catalogue(shop, [])
    no_title = save(hugo, draft.lookbook.id, lambda form: form.update({"title-fr": [" "], "title-en": [""]}))
    assert "Give it a title." in text_of(no_title.text)
    taken = save(hugo, draft.lookbook.id, lambda form: form.update(slug=[other.lookbook.slug]))
    assert "Another catalogue has this address." in text_of(taken.text)


def test_of_two_who_save_the_second_is_told(hugo: StaffBrowser, shop: Shop, draft: Edition) -> None:
    mine = form_of(hugo.get(f"/studio/{draft.lookbook.id}").text)
    assert save(hugo, draft.lookbook.id, lambda form: form.update({"title-en": ["Theirs"]})).status_code == 303
    mine["title-en"] = ["Mine"]
    late = hugo.post(f"/studio/{draft.lookbook.id}", mine)  # type: ignore[arg-type]
    assert late.status_code == 409
    assert NOT_PUBLISHED[NotPublished.STALE] in text_of(late.text) and "Theirs" in late.text
    for revision in ("", "x", "9" * 5000, "-1"):
        answer = save(hugo, draft.lookbook.id, lambda form, given=revision: form.update(revision=[given]))
        assert answer.status_code == 409
    assert stored(shop, draft.lookbook.id).lookbook.title("en") == "Theirs"


def test_what_is_no_longer_sold_is_to_be_looked_at(hugo: StaffBrowser, shop: Shop, draft: Edition) -> None:
    engine = create_engine(shop.settings.url_of_database)
    with engine.begin() as connection:
        connection.execute(text("UPDATE product SET active = :no WHERE source_id = 'P1'"), {"no": False})
    engine.dispose()
    assert "1/2 articles placed, 1 to check: 1" in text_of(hugo.get(f"/studio/{draft.lookbook.id}").text)
    assert save(hugo, draft.lookbook.id).status_code == 409
    gone = draft.on(1)[0].id
    assert save(hugo, draft.lookbook.id, lambda form: form.update(removed=[gone])).status_code == 303


def test_many_places_are_all_kept(hugo: StaffBrowser, shop: Shop) -> None:
    boxes = [("P1-navy-38", Region(at % 30 / 31, at // 30 / 31, 0.02, 0.02)) for at in range(900)]
    many = draft_catalogue(shop, boxes)
    assert save(hugo, many.lookbook.id).status_code == 303
    assert len(stored(shop, many.lookbook.id).hotspots) == 900


# --- showing it


def test_withdrawn_and_shown_again(hugo: StaffBrowser, shop: Shop) -> None:
    book = publish_catalogue(shop, [("P1-navy-38", BOX)]).lookbook
    assert save(hugo, book.id, lambda form: form.update(do=["publish"], removed=form["spot"])).status_code == 303
    assert stored(shop, book.id).lookbook.version == 2
    assert "Linen midi dress" not in text_of(hugo.get(f"/l/{book.slug}").text)
    assert hugo.post(f"/studio/{book.id}/version", {"version": "1"}).status_code == 303
    assert "Linen midi dress" in text_of(hugo.get(f"/l/{book.slug}").text)
    assert hugo.post(f"/studio/{book.id}/withdraw").status_code == 303
    assert stored(shop, book.id).lookbook.state is LookbookState.WITHDRAWN
    assert hugo.get(f"/l/{book.slug}").status_code == 410
    for version in ("9", "0", "x", "", "9" * 5000):
        assert hugo.post(f"/studio/{book.id}/version", {"version": version}).status_code == 404


def test_a_doubtful_place_led_elsewhere_is_no_longer_doubtful(hugo: StaffBrowser, shop: Shop, draft: Edition) -> None:
    doubtful = [replace(spot, review=Review.DOUBTFUL, doubts=(Doubt.PICTURE_ALONE,)) for spot in draft.on(1)]
    book = draft.lookbook
    saved = shop.storage.write(
        lambda uow: shop.publishing.save(uow, book.id, book.revision, hotspots=doubtful, actor="test")
    )
    assert not isinstance(saved, Refused)
    assert save(hugo, book.id, lambda form: form["named"].__setitem__(0, "P3-white-42")).status_code == 303
    assert [spot.review for spot in stored(shop, book.id).on(1)] == [Review.CONFIRMED, Review.DOUBTFUL]


def test_the_codes_for_other_pages_hold_any_title(hugo: StaffBrowser, shop: Shop) -> None:
    book = publish_catalogue(shop, [], title=LocalText({"en": f'"></iframe></textarea>{HOSTILE}'})).lookbook
    html = hugo.get(f"/studio/{book.id}").text
    codes = {
        "embed": r'<script src="[^"]+/embed\.js" data-catalogue="[a-z0-9-]+" data-title="[^"<>]+" async></script>',
        "embed-frame": r'<iframe src="[^"]+" title="[^"<>]+" width="100%" height="720" loading="lazy"'
        r' allow="fullscreen"></iframe>',
    }
    for name, expected in codes.items():
        begins = html.index(f'<textarea id="{name}"')
        code = unescape(html[begins : html.index("</textarea>", begins)].partition(">")[2])
        assert re.fullmatch(expected, code), code
