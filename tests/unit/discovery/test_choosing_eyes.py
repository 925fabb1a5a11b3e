"""A shop's pictures choose the eyes that look at it: for clothes, or for anything; judged by the judge that ships."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from commerce.clock import SystemClock
from commerce.domain.search import Why
from commerce.facets import ColumnFacets
from commerce.image_matching import open_image_matcher
from commerce.lexicon import lexicon
from commerce.media import FileMediaStore
from commerce.ports import ChangeKind, ImageMatcher, NotSeen, Storage, UnitOfWork
from commerce.services.choosing_eyes import AUTO, ChoosingEyes, encoder_to_open
from commerce.services.index_keeper import IndexKeeper
from commerce.storage import open_picture_index, open_storage
from commerce.storage.seeding import add_product
from commerce.text_index import FuzzyTextIndex
from tests.drawn_things import clothes, things
from tests.unit.discovery.shop_of_a_street import NOW, a_product, sizes
from tests.unit.discovery.test_keeping import within_s

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def worn() -> list[bytes]:
    return clothes(40)


@pytest.fixture(scope="module")
def others() -> list[bytes]:
    return things(48)


class Process:
    """One of the shop's processes, as `build_shop` puts it together."""

    def __init__(self, url: str, media: Path, index: Path, asked: str, shared: bool) -> None:
        self.storage: Storage = open_storage(url)
        self.media = FileMediaStore(media)
        clock = SystemClock()
        self.matcher: ImageMatcher = open_image_matcher(
            index,
            encoder_to_open(asked, self.storage, clock),
            open_picture_index(url, "pgvector") if shared else None,
        )
        self.choosing = ChoosingEyes(self.storage, self.media, clock, self.matcher, asked)
        self.choosing.follow()
        words = lexicon()
        self.keeper = IndexKeeper(
            self.storage,
            FuzzyTextIndex(words),
            ColumnFacets(),
            self.matcher,
            self.media,
            words,
            choosing=self.choosing,
        )

    @property
    def told(self) -> dict[str, object]:
        return dict(self.matcher.describe())

    @property
    def wanted(self) -> object:
        return self.told["next_encoder"] or self.told["encoder"]

    def sell(self, pictures: Sequence[bytes], first: int = 0) -> None:
        def add(uow: UnitOfWork) -> None:
            for number, key in enumerate(keys, first):
                add_product(uow, a_product(f"C{number}", ("Chose", "Thing"), "", sizes("", 900), pictures=[key]), NOW)

        keys = [self.media.put(data, ".png") for data in pictures]
        self.storage.write(add)

    def retire(self, numbers: range) -> None:
        def work(uow: UnitOfWork) -> None:
            from sqlalchemy import update

            from commerce.storage.tables import product
            from commerce.storage.unit_of_work import SqlUnitOfWork

            assert isinstance(uow, SqlUnitOfWork)
            for number in numbers:
                found = uow.products.by_source_id(f"C{number}")
                assert found is not None
                uow.transaction.execute(update(product).where(product.c.id == found.id).values(active=False))
                uow.transaction.note_product(found.id, ChangeKind.REMOVED, 1)

        self.storage.write(work)

    def kept(self) -> str | None:
        with self.storage.read() as uow:
            return uow.state.get("eyes", SystemClock().now())

    def exact(self, data: bytes) -> bool:
        seen = self.matcher.look(data)
        assert not isinstance(seen, NotSeen), seen
        hits = self.matcher.match(seen, limit=3)
        return not isinstance(hits, NotSeen) and bool(hits) and hits[0].why is Why.EXACT_PICTURE

    def close(self) -> None:
        self.keeper.stop()
        self.choosing.rest()
        self.matcher.close()
        self.storage.close()


Open = Callable[..., Process]


@pytest.fixture(params=["files", "pgvector"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens processes of one shop: over SQLite with the index in a folder of theirs, or over PostgreSQL, as machines
    that share nothing but the media."""
    every: list[Process] = []
    shared = request.param == "pgvector"
    url = request.getfixturevalue("postgres_url" if shared else "sqlite_url")

    def open_one(asked: str = AUTO) -> Process:
        index = tmp_path / (f"machine-{len(every)}" if shared else "index")
        every.append(Process(url, tmp_path / "media", index, asked, shared))
        return every[-1]

    yield open_one
    for process in every:
        process.close()


def test_other_things_end_up_before_the_eyes_for_anything_in_every_process(opened: Open, others: list[bytes]) -> None:
    here, there = opened(), opened()
    assert here.told["encoder"] == "vitrine" and "until the catalogue chooses (from 30" in str(here.told["why"])
    here.sell(others)
    for each in (here, there):
        each.keeper.refresh()
        each.keeper.start(0.02)
    for each in (here, there):
        assert within_s(120, lambda each=each: (each.told["encoder"], each.told["next_encoder"]) == ("objects", ""))
        assert "the eyes for things of any kind: 48 of 48 pictures show nothing to wear" in str(each.told["why"])
        assert within_s(10, lambda each=each: each.told["pictures"] == 48)
        assert each.exact(others[7]), "a photo of what nobody wears is not turned away"
    late = opened()
    assert (late.told["encoder"], late.told["next_encoder"], late.told["pictures"]) == ("objects", "", 48)


def test_the_old_index_answers_until_the_new_one_is_there(opened: Open, others: list[bytes]) -> None:
    here = opened()
    here.sell(others[:40])
    here.keeper.catch_up()
    with capture_logs() as logs:
        here.choosing.settle()
    assert [(log["event"], log["encoder"], log["why"]) for log in logs] == [
        ("eyes chosen", "objects", here.told["why"])
    ]
    assert (here.told["state"], here.told["encoder"], here.told["next_encoder"]) == ("ready", "vitrine", "objects")
    assert here.matcher.needs_rebuild() and here.told["pictures"] == 40
    later = opened()
    assert (later.told["encoder"], later.wanted) == ("vitrine", "objects"), "it was kept"
    here.keeper.rebuild_pictures()
    assert (here.told["encoder"], here.wanted) == ("objects", "objects") and here.exact(others[3])


def test_clothes_keep_the_eyes_for_clothes(opened: Open, worn: list[bytes]) -> None:
    here = opened()
    here.sell(worn[:29])
    here.choosing.settle()
    assert here.kept() is None and "until the catalogue chooses (from 30" in str(here.told["why"])
    here.sell(worn[29:], first=29)
    here.keeper.catch_up()
    here.choosing.settle()
    assert (here.told["encoder"], here.told["next_encoder"]) == ("vitrine", "")
    assert "the eyes for clothes" in str(here.told["why"]) and "of 40 pictures" in str(here.told["why"])


@pytest.mark.parametrize("named", ["vitrine", "imagenet"])
def test_an_encoder_that_is_named_is_never_overruled(opened: Open, others: list[bytes], named: str) -> None:
    opened().sell(others)
    chosen = opened()
    chosen.choosing.settle()
    assert chosen.wanted == "objects"
    here = opened(named)
    here.choosing.settle()
    while here.choosing.step():
        pass
    assert here.told["why"] == "named in the settings" and here.wanted == named
    here.keeper.refresh()
    here.keeper.rebuild_pictures()
    assert (here.told["encoder"], here.told["next_encoder"]) == (named, "")


def test_between_the_two_whatever_was_chosen_stays(sqlite_url: str, tmp_path: Path, worn: list[bytes]) -> None:
    """Of 40 pictures, 12 to 17 with nothing to wear: too few to give way, too many to come back."""
    here = Process(sqlite_url, tmp_path / "media", tmp_path / "index", AUTO, shared=False)
    try:
        strange = sum(here.matcher.showing_nothing_to_wear(worn[:28]))
        mixed = [*worn[:28], *things(48)[: 14 - strange], *worn[28 : 26 + strange]][:40]
        share = sum(here.matcher.showing_nothing_to_wear(mixed)) / len(mixed)
        assert 0.25 < share < 0.45, "or nothing is shown here"
        here.sell(mixed)
        here.choosing.settle()
        assert here.wanted == "vitrine"
        here.retire(range(40))
        here.sell(things(48), first=100)
        here.choosing.settle()
        assert here.wanted == "objects", "the catalogue has changed greatly"
        here.retire(range(100, 148))
        here.sell(mixed, first=200)
        here.choosing.settle()
        assert here.wanted == "objects" and "of 40" in str(here.told["why"])
        here.retire(range(200, 240))
        here.sell(worn, first=300)
        here.choosing.settle()
        assert here.wanted == "vitrine"
    finally:
        here.close()


def test_a_catalogue_that_hardly_changed_is_not_weighed_again(opened: Open, others: list[bytes]) -> None:
    here = opened()
    here.sell(others[:36])
    here.choosing.settle()
    before = here.kept()
    here.sell(others[36:], first=36)
    here.choosing.settle()
    assert before is not None and here.kept() == before


def test_of_two_that_weigh_at_once_the_first_one_counts(opened: Open, others: list[bytes]) -> None:
    here, there = opened(), opened()
    here.sell(others[:40])
    assert there.choosing.step(), "it has begun"
    here.sell(others[40:], first=40)
    here.choosing.settle()
    kept = here.kept()
    while there.choosing.step():
        pass
    assert kept is not None and "48" in kept and there.kept() == kept
    assert there.wanted == "objects" and there.told["why"] == here.told["why"]
