"""Words and conditions on disk: the next start answers as the last one ended, or reads the catalogue."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from commerce.facets import ColumnFacets
from commerce.image_matching import NoImageMatcher
from commerce.kept_words import revision_of_makers
from commerce.lexicon import lexicon
from commerce.media import MemoryMediaStore
from commerce.ports import UnitOfWork
from commerce.services import index_keeper
from commerce.services.index_keeper import IndexKeeper
from commerce.storage import open_storage
from commerce.text_index import FuzzyTextIndex
from tests.unit.discovery.kept_process import QUERIES, Process, fresh, generations, reads_everything, retire
from tests.unit.discovery.shop_of_a_street import Street, a_product, open_street, sizes

# The same answers


def test_the_next_start_reads_nothing_and_answers_the_same(street: Street, folder: Path) -> None:
    first = Process(street.storage, folder)
    assert first.keeper.refresh() == 7
    second = Process(street.storage, folder)
    assert second.keeper.refresh() == 0
    assert second.answers() == first.answers() == fresh(street)
    assert generations(folder) == ["generation-000001"]  # nothing changed: nothing written


def test_what_changed_meanwhile_is_followed(street: Street, folder: Path) -> None:
    Process(street.storage, folder).keeper.refresh()
    street.add(a_product("N2", ("Gants", "Gloves"), "gloves", sizes("black", 1500, "M")))
    street.set_price("P4-BLACK-", 4_000)
    street.set_on_hand("P1-NAVY-38", "bellecour", 0)
    retire(street, "P2")
    after = Process(street.storage, folder)
    assert after.keeper.refresh() == 4
    assert after.text_index.search("viscose", limit=5).hits == ()
    assert {hit.product_id for hit in after.text_index.search("gants", limit=5).hits} == set(street.ids("N2"))
    assert [sorted(hit.product_id for hit in found.hits) for found in after.answers()[: len(QUERIES)]] == [
        sorted(hit.product_id for hit in found.hits) for found in fresh(street)[: len(QUERIES)]
    ]
    assert after.answers()[len(QUERIES) :] == fresh(street)[len(QUERIES) :]
    after.keeper.catch_up()  # the end of an import: written, with the segments as they are
    assert len(generations(folder)) == 2
    again = Process(street.storage, folder)
    assert again.keeper.refresh() == 0
    assert again.answers() == after.answers()


def test_written_when_a_process_that_followed_ends(street: Street, folder: Path) -> None:
    process = Process(street.storage, folder)
    process.keeper.refresh()
    process.keeper.start(0.02)
    street.add(a_product("N2", ("Gants", "Gloves"), "gloves", sizes("black", 1500, "M")))
    until = time.monotonic() + 5
    while len(process.text_index) < 8 and time.monotonic() < until:
        time.sleep(0.02)
    process.keeper.stop()
    assert len(generations(folder)) == 2
    again = Process(street.storage, folder)
    assert again.keeper.refresh() == 0
    assert again.answers() == process.answers()


def test_one_that_only_looked_something_up_writes_after_much_to_follow(
    street: Street, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Process(street.storage, folder).keeper.refresh()
    street.set_price("P4-BLACK-", 4_000)
    for after, written in ((2, 1), (1, 2)):
        monkeypatch.setattr(index_keeper, "_KEEP_WORDS_AFTER", after)
        process = Process(street.storage, folder)
        assert process.keeper.refresh() == 1
        process.keeper.stop()
        assert len(generations(folder)) == written


def test_two_generations_stay_and_leftovers_go(street: Street, folder: Path) -> None:
    process = Process(street.storage, folder)
    process.keeper.refresh()
    (folder / "generation-000002.unfinished").mkdir()
    (folder / "generation-000002.unfinished" / "words.npz").write_bytes(b"half")
    for price in range(4):
        street.set_price("P4-BLACK-", 4_000 + price)
        process.keeper.catch_up()
    assert generations(folder) == ["generation-000004", "generation-000005"]


# What must not be used


def test_another_lexicon_or_another_version_is_not_used(street: Street, folder: Path) -> None:
    Process(street.storage, folder).keeper.refresh()
    assert reads_everything(street, folder, "another lexicon")
    assert not reads_everything(street, folder, "another lexicon")
    assert reads_everything(street, folder)


def test_the_revision_knows_every_word_file_and_every_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import commerce
    from commerce import kept_words

    copy = tmp_path / "commerce"
    shutil.copytree(Path(commerce.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(kept_words, "files", lambda _: copy)

    def now() -> str:
        revision_of_makers.cache_clear()
        return revision_of_makers()

    try:
        seen = [now()]
        assert seen == [now()]
        for name in (
            "lexicon/words/colours.toml", "lexicon/words/ambiguous.toml", "lexicon/folding.py", "text_index/reading.py",
            "domain/product.py", "facets.py", "services/documents.py", "kept_words.py",
        ):  # fmt: skip
            (copy / name).write_bytes((copy / name).read_bytes() + b"\n")
            seen.append(now())
        (copy / "lexicon" / "words" / "new.toml").write_bytes(b"")
        seen.append(now())
        assert len(set(seen)) == len(seen)
        (copy / "media.py").write_bytes(b"")  # has no part in it
        assert now() == seen[-1]
    finally:
        monkeypatch.undo()
        revision_of_makers.cache_clear()


def test_another_database_is_not_used(street: Street, folder: Path, sqlite_template: Path, tmp_path: Path) -> None:
    """Not even one with the same products, as many changes and more."""
    Process(street.storage, folder).keeper.refresh()
    shutil.copyfile(sqlite_template, tmp_path / "other.db")
    other_storage = open_storage(f"sqlite:///{tmp_path / 'other.db'}")
    other = open_street(other_storage, NoImageMatcher(""), MemoryMediaStore())

    def later(uow: UnitOfWork) -> None:
        from sqlalchemy import update

        from commerce.storage.tables import catalogue_change
        from commerce.storage.unit_of_work import SqlUnitOfWork

        assert isinstance(uow, SqlUnitOfWork)
        uow.transaction.execute(update(catalogue_change).values(at_us=catalogue_change.c.at_us + 1))

    other_storage.write(later)
    other.set_price("P4-BLACK-", 4_000)
    assert reads_everything(other, folder)
    other_storage.close()


def test_a_database_from_before_is_not_used(street: Street, folder: Path, tmp_path: Path, sqlite_url: str) -> None:
    """A backup put back: what was kept knows changes that never were."""
    before = tmp_path / "before.db"
    street.storage.close()
    shutil.copyfile(sqlite_url.removeprefix("sqlite:///"), before)
    storage = open_storage(sqlite_url)
    street = Street(
        storage, street.discovery, street.keeper, street.text_index, street.facets, street.image_matcher, street.media
    )
    street.set_price("P4-BLACK-", 1_000)
    Process(storage, folder).keeper.refresh()
    storage.close()
    restored = open_storage(f"sqlite:///{before}")
    back = Street(
        restored, street.discovery, street.keeper, street.text_index, street.facets, street.image_matcher, street.media
    )
    assert reads_everything(back, folder)
    restored.close()


def test_far_behind_everything_is_read(street: Street, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Process(street.storage, folder).keeper.refresh()
    monkeypatch.setattr(index_keeper, "_BATCH", 5)
    for price in range(7):
        street.set_price("P4-BLACK-", 4_000 + price)
    assert reads_everything(street, folder)


# Pictures whose files are gone


def test_missing_files_are_told_once_a_call(street: Street, tmp_path: Path) -> None:
    from commerce.image_matching import open_image_matcher

    eyes = open_image_matcher(tmp_path / "eyes", "vitrine")
    media = MemoryMediaStore()
    assert eyes.describe()["encoder"], "the encoder is part of the product"
    keys = [media.put(bytes([number]) * 50, ".jpg") for number in range(80)]
    street.add(a_product("N3", ("Haut", "Top"), "shirt", sizes("red", 900), pictures=keys))
    for key in keys:
        media.delete(key)
    keeper = IndexKeeper(street.storage, FuzzyTextIndex(lexicon()), ColumnFacets(), eyes, media, lexicon())
    with capture_logs() as told:
        keeper.catch_up()
        keeper.catch_up()
        keeper.rebuild_pictures()
    missing = [line["count"] for line in told if line["event"] == "picture files are missing"]
    assert missing == [80, 80]  # the first reading, the rebuild
    eyes.close()


# Where indexes lie


@pytest.mark.parametrize(("many", "times"), [(7, 1), (100, 0)])
def test_large_indexes_are_moved_once(street: Street, monkeypatch: pytest.MonkeyPatch, many: int, times: int) -> None:
    monkeypatch.setattr(index_keeper, "_MANY_PRODUCTS", many)
    moved: list[int] = []

    def into_large_pages() -> int:
        moved.append(1)
        return 0

    facets, off, media = ColumnFacets(), NoImageMatcher("no eyes"), MemoryMediaStore()
    words = FuzzyTextIndex(lexicon())
    keeper = IndexKeeper(street.storage, words, facets, off, media, lexicon(), None, into_large_pages)
    keeper.start(every_s=0.01)
    for number in range(2):  # at least a round for each
        street.add(a_product(f"N{number}", ("Gants", "Gloves"), "gloves", sizes("black", 1500, "M")))
        _until_it_finds(words, number + 1)
    keeper.stop()
    assert sum(moved) == times


def _until_it_finds(words: FuzzyTextIndex, gloves: int) -> None:
    until_s = time.monotonic() + 30
    while words.search("gants", limit=5).total < gloves:
        assert time.monotonic() < until_s
        time.sleep(0.01)
