"""Whatever happens to the files of words, or to the process that writes them: never another answer."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from commerce.facets import ColumnFacets
from commerce.kept_words import WordsOnDisk
from commerce.lexicon import lexicon
from commerce.ports import TextDocument
from commerce.text_index import FuzzyTextIndex
from tests.unit.discovery.kept_process import FILTERS, QUERIES, Process, fresh, generations, newest, reads_everything
from tests.unit.discovery.shop_of_a_street import Street

# Damage


def test_every_file_cut_at_twenty_places_is_found(street: Street, folder: Path) -> None:
    Process(street.storage, folder).keeper.refresh()
    kept = newest(folder)
    names = sorted(path.name for path in kept.iterdir())
    assert names == ["facets.json", "facets.npz", "manifest.json", "words.json", "words.npz"]
    for name in names:
        whole = (kept / name).read_bytes()
        for cut in range(20):
            (kept / name).write_bytes(whole[: len(whole) * cut // 20])
            unusable(street, folder)
        (kept / name).unlink()
        unusable(street, folder)
        (kept / name).write_bytes(whole)
    assert Process(street.storage, folder).keeper.refresh() == 0


def test_every_flipped_bit_is_found(street: Street, folder: Path) -> None:
    rng = random.Random(6)
    Process(street.storage, folder).keeper.refresh()
    kept = newest(folder)
    for path in kept.iterdir():
        whole = path.read_bytes()
        for _ in range(200):
            flipped = bytearray(whole)
            flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
            path.write_bytes(flipped)
            unusable(street, folder)
        path.write_bytes(whole)
    assert Process(street.storage, folder).keeper.refresh() == 0


_EMPTY: dict[str, object] = {}


def unusable(street: Street, folder: Path) -> None:
    """The store says no and leaves the indexes as empty as they were."""
    if not _EMPTY:  # an index is costly to make, and this one stays empty
        _EMPTY.update(words=FuzzyTextIndex(lexicon()), facets=ColumnFacets())
    with street.storage.read() as uow:
        assert WordsOnDisk(folder, _EMPTY).load(uow.products.change_mark) is None  # type: ignore[arg-type]
    assert not any(map(len, _EMPTY.values()))  # type: ignore[arg-type]


def test_damage_costs_one_reading_and_is_told(street: Street, folder: Path) -> None:
    Process(street.storage, folder).keeper.refresh()
    for name in ("words.npz", "facets.json", "manifest.json"):
        path = newest(folder) / name
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 4
        path.write_bytes(data)
        with capture_logs() as told:
            assert reads_everything(street, folder)
        assert [line["log_level"] for line in told if line["event"] == "words on disk are damaged"] == ["warning"]


def test_files_of_two_generations_do_not_mix(street: Street, folder: Path) -> None:
    process = Process(street.storage, folder)
    process.keeper.refresh()
    street.set_price("P4-BLACK-", 4_000)
    process.keeper.catch_up()
    old, new = (folder / name for name in generations(folder))
    shutil.copyfile(old / "facets.npz", new / "facets.npz")
    assert reads_everything(street, folder)


# Writing


class Killed(BaseException):
    """As kill -9: nothing of ours runs after it, but that files are closed."""


def test_a_crash_at_any_step_of_writing_leaves_the_old_or_the_new(
    street: Street, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(street.storage, folder)
    process.keeper.refresh()
    steps = 0
    for kill_at in range(1, 100):
        street.set_price("P4-BLACK-", 4_000 + kill_at)
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
        after = Process(street.storage, folder)
        assert after.keeper.refresh() in (0, 1)  # the new one, or the old one and this one change
        assert after.answers()[len(QUERIES) :] == fresh(street)[len(QUERIES) :]
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


def test_a_full_disk_leaves_what_was_kept(street: Street, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(street.storage, folder)
    process.keeper.refresh()
    street.set_price("P4-BLACK-", 4_000)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, capture_logs() as told:
        patch.setattr(os, "fsync", full)
        process.keeper.catch_up()
    assert [line["event"] for line in told] == ["words could not be kept"]
    assert generations(folder) == ["generation-000001"]
    assert Process(street.storage, folder).keeper.refresh() == 1


def test_an_answer_does_not_wait_for_writing(street: Street, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the disk hangs, readers read and writers of the indexes write."""
    import threading

    process = Process(street.storage, folder)
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
