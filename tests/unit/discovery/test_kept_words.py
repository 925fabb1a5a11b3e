"""Words and conditions on disk: the next start answers as the last one ended, or reads the catalogue; never anything
else, whatever happened to the files or to the process that wrote them."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from commerce.domain.search import Filters
from commerce.facets import ColumnFacets
from commerce.image_matching import NoImageMatcher
from commerce.kept_words import WordsOnDisk, revision_of_makers
from commerce.lexicon import lexicon
from commerce.media import MemoryMediaStore
from commerce.ports import ChangeKind, Storage, TextDocument, UnitOfWork
from commerce.services import index_keeper
from commerce.services.index_keeper import IndexKeeper
from commerce.storage import open_storage
from commerce.text_index import FuzzyTextIndex
from tests.unit.discovery.shop_of_a_street import Street, a_product, open_street, sizes

QUERIES = ("robe lin", "robe", "dress", "chemize", "jean", "sac a main", "p6", "gants", "maison", "rive robe")
FILTERS = (
    Filters(categories=frozenset({"dress"})),
    Filters(colours=frozenset({"black"}), in_stock=True),
    Filters(price_max_minor=5_000, sizes=frozenset({"m", "38"})),
    Filters(store_ids=frozenset({"bellecour"})),
)


class Process:
    """A shop's indexes as one process has them, over the database and the folder of all."""

    def __init__(self, storage: Storage, folder: Path, revision: str = "") -> None:
        self.text_index, self.facets = FuzzyTextIndex(lexicon()), ColumnFacets()
        self.kept = WordsOnDisk(folder, {"words": self.text_index, "facets": self.facets}, revision)
        self.keeper = IndexKeeper(
            storage, self.text_index, self.facets, NoImageMatcher("no eyes"), MemoryMediaStore(), lexicon(), self.kept
        )

    def answers(self) -> list[object]:
        found: list[object] = [self.text_index.search(words, limit=20) for words in QUERIES]
        allowed = [self.facets.allowed(filters) for filters in FILTERS]
        return [*found, *(None if ids is None else ids.tolist() for ids in allowed), len(self.facets)]


@pytest.fixture
def shop(sqlite_url: str) -> Iterator[Street]:
    storage = open_storage(sqlite_url)
    yield open_street(storage, NoImageMatcher("no eyes"), MemoryMediaStore())
    storage.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index" / "words"


def retire(shop: Street, source_id: str) -> None:
    (product_id,) = shop.ids(source_id)

    def work(uow: UnitOfWork) -> None:
        from sqlalchemy import update

        from commerce.storage.tables import product
        from commerce.storage.unit_of_work import SqlUnitOfWork

        assert isinstance(uow, SqlUnitOfWork)
        uow.transaction.execute(update(product).where(product.c.id == product_id).values(active=False))
        uow.transaction.note_product(product_id, ChangeKind.REMOVED, 1)

    shop.storage.write(work)


def generations(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("generation"))


def newest(folder: Path) -> Path:
    return folder / generations(folder)[-1]


def reads_everything(shop: Street, folder: Path, revision: str = "") -> bool:
    """Whether a new process has to, checking that it answers right anyhow and leaves good words behind."""
    process = Process(shop.storage, folder, revision)
    with shop.storage.read() as uow:
        total = uow.products.count()
    count = process.keeper.refresh()
    process.keeper.refresh()
    assert process.answers() == fresh(shop)
    assert Process(shop.storage, folder, revision).keeper.refresh() == 0
    return count == total


def fresh(shop: Street) -> list[object]:
    """What indexes made of the database alone answer."""
    text_index, facets = FuzzyTextIndex(lexicon()), ColumnFacets()
    eyes, media = NoImageMatcher(""), MemoryMediaStore()
    IndexKeeper(shop.storage, text_index, facets, eyes, media, lexicon()).refresh()
    made = Process.__new__(Process)
    made.text_index, made.facets = text_index, facets
    return made.answers()


# The same answers


def test_the_next_start_reads_nothing_and_answers_the_same(shop: Street, folder: Path) -> None:
    first = Process(shop.storage, folder)
    assert first.keeper.refresh() == 7
    second = Process(shop.storage, folder)
    assert second.keeper.refresh() == 0
    assert second.answers() == first.answers() == fresh(shop)
    assert generations(folder) == ["generation-000001"]  # nothing changed: nothing written


def test_what_changed_meanwhile_is_followed(shop: Street, folder: Path) -> None:
    Process(shop.storage, folder).keeper.refresh()
    shop.add(a_product("N2", ("Gants", "Gloves"), "gloves", sizes("black", 1500, "M")))
    shop.set_price("P4-BLACK-", 4_000)
    shop.set_on_hand("P1-NAVY-38", "bellecour", 0)
    retire(shop, "P2")
    after = Process(shop.storage, folder)
    assert after.keeper.refresh() == 4
    assert after.text_index.search("viscose", limit=5).hits == ()
    assert {hit.product_id for hit in after.text_index.search("gants", limit=5).hits} == set(shop.ids("N2"))
    assert [sorted(hit.product_id for hit in found.hits) for found in after.answers()[: len(QUERIES)]] == [
        sorted(hit.product_id for hit in found.hits) for found in fresh(shop)[: len(QUERIES)]
    ]
    assert after.answers()[len(QUERIES) :] == fresh(shop)[len(QUERIES) :]
    after.keeper.catch_up()  # the end of an import: written, with the segments as they are
    assert len(generations(folder)) == 2
    again = Process(shop.storage, folder)
    assert again.keeper.refresh() == 0
    assert again.answers() == after.answers()


def test_written_when_a_process_that_followed_ends(shop: Street, folder: Path) -> None:
    process = Process(shop.storage, folder)
    process.keeper.refresh()
    process.keeper.start(0.02)
    shop.add(a_product("N2", ("Gants", "Gloves"), "gloves", sizes("black", 1500, "M")))
    until = time.monotonic() + 5
    while len(process.text_index) < 8 and time.monotonic() < until:
        time.sleep(0.02)
    process.keeper.stop()
    assert len(generations(folder)) == 2
    again = Process(shop.storage, folder)
    assert again.keeper.refresh() == 0
    assert again.answers() == process.answers()


def test_one_that_only_looked_something_up_writes_after_much_to_follow(
    shop: Street, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Process(shop.storage, folder).keeper.refresh()
    shop.set_price("P4-BLACK-", 4_000)
    for after, written in ((2, 1), (1, 2)):
        monkeypatch.setattr(index_keeper, "_KEEP_WORDS_AFTER", after)
        process = Process(shop.storage, folder)
        assert process.keeper.refresh() == 1
        process.keeper.stop()
        assert len(generations(folder)) == written


def test_two_generations_stay_and_leftovers_go(shop: Street, folder: Path) -> None:
    process = Process(shop.storage, folder)
    process.keeper.refresh()
    (folder / "generation-000002.unfinished").mkdir()
    (folder / "generation-000002.unfinished" / "words.npz").write_bytes(b"half")
    for price in range(4):
        shop.set_price("P4-BLACK-", 4_000 + price)
        process.keeper.catch_up()
    assert generations(folder) == ["generation-000004", "generation-000005"]


# What must not be used


def test_another_lexicon_or_another_version_is_not_used(shop: Street, folder: Path) -> None:
    Process(shop.storage, folder).keeper.refresh()
    assert reads_everything(shop, folder, "another lexicon")
    assert not reads_everything(shop, folder, "another lexicon")
    assert reads_everything(shop, folder)


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


def test_another_database_is_not_used(shop: Street, folder: Path, sqlite_template: Path, tmp_path: Path) -> None:
    """Not even one with the same products, as many changes and more."""
    Process(shop.storage, folder).keeper.refresh()
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


def test_a_database_from_before_is_not_used(shop: Street, folder: Path, tmp_path: Path, sqlite_url: str) -> None:
    """A backup put back: what was kept knows changes that never were."""
    before = tmp_path / "before.db"
    shop.storage.close()
    shutil.copyfile(sqlite_url.removeprefix("sqlite:///"), before)
    storage = open_storage(sqlite_url)
    street = Street(storage, shop.discovery, shop.keeper, shop.text_index, shop.facets, shop.image_matcher, shop.media)
    street.set_price("P4-BLACK-", 1_000)
    Process(storage, folder).keeper.refresh()
    storage.close()
    restored = open_storage(f"sqlite:///{before}")
    back = Street(restored, shop.discovery, shop.keeper, shop.text_index, shop.facets, shop.image_matcher, shop.media)
    assert reads_everything(back, folder)
    restored.close()


def test_far_behind_everything_is_read(shop: Street, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Process(shop.storage, folder).keeper.refresh()
    monkeypatch.setattr(index_keeper, "_BATCH", 5)
    for price in range(7):
        shop.set_price("P4-BLACK-", 4_000 + price)
    assert reads_everything(shop, folder)


# Damage


def test_every_file_cut_at_twenty_places_is_found(shop: Street, folder: Path) -> None:
    Process(shop.storage, folder).keeper.refresh()
    kept = newest(folder)
    names = sorted(path.name for path in kept.iterdir())
    assert names == ["facets.json", "facets.npz", "manifest.json", "words.json", "words.npz"]
    for name in names:
        whole = (kept / name).read_bytes()
        for cut in range(20):
            (kept / name).write_bytes(whole[: len(whole) * cut // 20])
            unusable(shop, folder)
        (kept / name).unlink()
        unusable(shop, folder)
        (kept / name).write_bytes(whole)
    assert Process(shop.storage, folder).keeper.refresh() == 0


def test_every_flipped_bit_is_found(shop: Street, folder: Path) -> None:
    rng = random.Random(6)
    Process(shop.storage, folder).keeper.refresh()
    kept = newest(folder)
    for path in kept.iterdir():
        whole = path.read_bytes()
        for _ in range(200):
            flipped = bytearray(whole)
            flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
            path.write_bytes(flipped)
            unusable(shop, folder)
        path.write_bytes(whole)
    assert Process(shop.storage, folder).keeper.refresh() == 0


_EMPTY: dict[str, object] = {}


def unusable(shop: Street, folder: Path) -> None:
    """The store says no and leaves the indexes as empty as they were."""
    if not _EMPTY:  # an index is costly to make, and this one stays empty
        _EMPTY.update(words=FuzzyTextIndex(lexicon()), facets=ColumnFacets())
    with shop.storage.read() as uow:
        assert WordsOnDisk(folder, _EMPTY).load(uow.products.change_mark) is None  # type: ignore[arg-type]
    assert not any(map(len, _EMPTY.values()))  # type: ignore[arg-type]


def test_damage_costs_one_reading_and_is_told(shop: Street, folder: Path) -> None:
    Process(shop.storage, folder).keeper.refresh()
    for name in ("words.npz", "facets.json", "manifest.json"):
        path = newest(folder) / name
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 4
        path.write_bytes(data)
        with capture_logs() as told:
            assert reads_everything(shop, folder)
        assert [line["log_level"] for line in told if line["event"] == "words on disk are damaged"] == ["warning"]


def test_files_of_two_generations_do_not_mix(shop: Street, folder: Path) -> None:
    process = Process(shop.storage, folder)
    process.keeper.refresh()
    shop.set_price("P4-BLACK-", 4_000)
    process.keeper.catch_up()
    old, new = (folder / name for name in generations(folder))
    shutil.copyfile(old / "facets.npz", new / "facets.npz")
    assert reads_everything(shop, folder)


# Writing


class Killed(BaseException):
    """As kill -9: nothing of ours runs after it, but that files are closed."""


def test_a_crash_at_any_step_of_writing_leaves_the_old_or_the_new(
    shop: Street, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(shop.storage, folder)
    process.keeper.refresh()
    steps = 0
    for kill_at in range(1, 100):
        shop.set_price("P4-BLACK-", 4_000 + kill_at)
        left = [kill_at]

        def step(real: object, left: list[int] = left) -> object:
            def called(*args: object, **kwargs: object) -> object:
                left[0] -= 1
                if left[0] == 0:
                    raise Killed
                return real(*args, **kwargs)  # type: ignore[operator]

            return called

        with monkeypatch.context() as patch:
            for owner, name in ((os, "fsync"), (Path, "mkdir"), (Path, "rename"), (Path, "open"), (shutil, "rmtree")):
                patch.setattr(owner, name, step(getattr(owner, name)))
            try:
                process.keeper.catch_up()
                survived = True
            except Killed:
                survived = False
        after = Process(shop.storage, folder)
        assert after.keeper.refresh() in (0, 1)  # the new one, or the old one and this one change
        assert after.answers()[len(QUERIES) :] == fresh(shop)[len(QUERIES) :]
        if survived:
            steps = kill_at - 1
            break
        process.keeper._unkept = 0  # the next change writes again
    assert steps > 12  # it did fail at every one of them
    assert not list(folder.glob("*.unfinished"))


def test_killed_in_the_middle_of_writing(tmp_path: Path) -> None:
    """A process that writes without pause is killed; what is there can always be used, and is at most one behind."""
    folder = tmp_path / "words"
    program = f"""
import itertools
from pathlib import Path
from commerce.facets import ColumnFacets
from commerce.kept_words import WordsOnDisk
from commerce.ports import TextDocument
from commerce.text_index import FuzzyTextIndex
index = FuzzyTextIndex()
store = WordsOnDisk(Path({str(folder)!r}), {{"words": index, "facets": ColumnFacets()}}, "r")
index.upsert(TextDocument(i, "robe", "mot%d autre%d" % (i % 977, i)) for i in range(5000))
for number in itertools.count(1):
    index.upsert([TextDocument(number, "jupe numero%d" % number, "")])
    store.save(number, str(number))
    print(number, flush=True)
"""
    rng = random.Random(7)
    before = 0
    for _ in range(6):
        writer = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        assert writer.stdout.readline()  # it has written one
        time.sleep(rng.uniform(0.0, 0.25))
        writer.send_signal(signal.SIGKILL)
        told = [int(line) for line in writer.stdout.read().split()]
        writer.wait()
        writer.stdout.close()
        index = FuzzyTextIndex()
        store = WordsOnDisk(folder, {"words": index, "facets": ColumnFacets()}, "r")
        covered = store.load(str)
        assert covered is not None
        assert covered in (max(told, default=1), max(told, default=1) + 1)
        assert [hit.product_id for hit in index.search(f"numero{covered}", limit=2).hits] == [covered]
        assert len(index) == 5000
        before += covered
    assert before > 6  # they got on


def test_a_full_disk_leaves_what_was_kept(shop: Street, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(shop.storage, folder)
    process.keeper.refresh()
    shop.set_price("P4-BLACK-", 4_000)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, capture_logs() as told:
        patch.setattr(os, "fsync", full)
        process.keeper.catch_up()
    assert [line["event"] for line in told] == ["words could not be kept"]
    assert generations(folder) == ["generation-000001"]
    assert Process(shop.storage, folder).keeper.refresh() == 1


def test_an_answer_does_not_wait_for_writing(shop: Street, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the disk hangs, readers read and writers of the indexes write."""
    import threading

    process = Process(shop.storage, folder)
    process.keeper.refresh()
    hangs, go_on, real = threading.Event(), threading.Event(), os.fsync

    def slow(descriptor: int) -> None:
        hangs.set()
        assert go_on.wait(20)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    writing = threading.Thread(target=process.kept.save, args=(1, "mark"))
    writing.start()
    try:
        assert hangs.wait(10)
        assert process.text_index.search("robe lin", limit=5).hits
        process.text_index.upsert([TextDocument(99, "gants", "")])
        assert process.text_index.search("gants", limit=5).hits
        assert process.facets.allowed(FILTERS[0]) is not None
    finally:
        go_on.set()
        writing.join()


# Pictures whose files are gone


def test_missing_files_are_told_once_a_call(shop: Street, tmp_path: Path) -> None:
    from commerce.image_matching import open_image_matcher

    eyes = open_image_matcher(tmp_path / "eyes", "vitrine")
    media = MemoryMediaStore()
    assert eyes.describe()["encoder"], "the encoder is part of the product"
    keys = [media.put(bytes([number]) * 50, ".jpg") for number in range(80)]
    shop.add(a_product("N3", ("Haut", "Top"), "shirt", sizes("red", 900), pictures=keys))
    for key in keys:
        media.delete(key)
    keeper = IndexKeeper(shop.storage, FuzzyTextIndex(lexicon()), ColumnFacets(), eyes, media, lexicon())
    with capture_logs() as told:
        keeper.catch_up()
        keeper.catch_up()
        keeper.rebuild_pictures()
    missing = [line["count"] for line in told if line["event"] == "picture files are missing"]
    assert missing == [80, 80]  # the first reading, the rebuild
    eyes.close()
