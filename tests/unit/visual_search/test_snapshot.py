"""Generations on disk: every damage is found, and a crash leaves the old one."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from visual_search.errors import SnapshotDamaged
from visual_search.snapshot import Manifest, Snapshot, SnapshotStore
from visual_search.values import MARK_BYTES
from vitrine.prove.index_damage import overwrite


def snapshot(seed: int, count: int = 40, dimension: int = 16, lists: int | None = None) -> Snapshot:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((count, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = np.sort(rng.choice(10**12, count, replace=False)).astype(np.int64)
    marks = rng.integers(0, 256, (count, MARK_BYTES), np.uint8)
    some_lists = None if lists is None else rng.integers(0, 256, lists, np.uint8)
    return Snapshot(Manifest("test", "r1", dimension, count, seed), ids, vectors, marks, some_lists)


def same(left: Snapshot, right: Snapshot) -> bool:
    pairs = ((left.ids, right.ids), (left.vectors, right.vectors), (left.marks, right.marks))
    if (left.lists is None) != (right.lists is None):
        return False
    pairs += ((left.lists, right.lists),) if left.lists is not None else ()  # type: ignore[assignment]
    return left.manifest == right.manifest and all(np.array_equal(a, b) for a, b in pairs)


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    store = SnapshotStore(tmp_path / "eyes")
    store.save(snapshot(1, lists=700))
    store.save(snapshot(2, lists=800))
    return store


def current_files(store: SnapshotStore) -> list[Path]:
    folder = store.directory / store.fingerprint().split(b" ")[0].decode()
    return [store.directory / "current", *sorted(folder.iterdir())]


def test_what_is_saved_is_loaded(store: SnapshotStore) -> None:
    loaded = store.load()
    assert loaded is not None and same(loaded, snapshot(2, lists=800))
    assert [path.name for path in current_files(store)] == [
        "current",
        "ids.npy",
        "lists.npy",
        "manifest.json",
        "marks.npy",
        "vectors.npy",
    ]


def test_a_small_index_has_no_lists(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path)
    store.save(snapshot(5))
    loaded = store.load()
    assert loaded is not None and loaded.lists is None and same(loaded, snapshot(5))


def test_what_is_loaded_lies_in_the_files_which_nobody_may_change(store: SnapshotStore) -> None:
    loaded = store.load()
    assert loaded is not None
    where = Path("/proc/self/maps").read_text()
    for path in current_files(store)[1:]:
        assert path.stat().st_mode & 0o777 == 0o444
        assert (str(path) in where) == (path.suffix == ".npy")
    with pytest.raises(ValueError, match="read-only"):
        loaded.vectors[0, 0] = 0
    shutil.rmtree(store.directory)  # a newer generation has come, and this one is swept away
    assert same(loaded, snapshot(2, lists=800))


def test_nothing_saved_is_not_damage(tmp_path: Path) -> None:
    assert SnapshotStore(tmp_path / "none").load() is None


def test_an_empty_generation_is_one(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path)
    store.save(snapshot(3, count=0))
    loaded = store.load()
    assert loaded is not None and loaded.vectors.shape == (0, 16)


def test_two_generations_are_kept(store: SnapshotStore) -> None:
    assert store.save(snapshot(3)) == "generation-000003"
    assert sorted(path.name for path in store.directory.iterdir() if path.is_dir()) == [
        "generation-000002",
        "generation-000003",
    ]
    assert [found.manifest.change_seq for found in store.salvage()] == [3, 2]


def test_every_truncation_is_found(store: SnapshotStore) -> None:
    for path in current_files(store):
        whole = path.read_bytes()
        for cut in range(20):
            overwrite(path, whole[: len(whole) * cut // 20])
            with pytest.raises(SnapshotDamaged):
                store.load()
        overwrite(path, whole)
    assert store.load() is not None


def test_every_flipped_bit_is_found(store: SnapshotStore) -> None:
    rng = random.Random(9)
    for path in current_files(store):
        whole = path.read_bytes()
        for _ in range(150):
            at = rng.randrange(len(whole))
            overwrite(path, whole[:at] + bytes([whole[at] ^ 1 << rng.randrange(8)]) + whole[at + 1 :])
            with pytest.raises(SnapshotDamaged):
                store.load()
        overwrite(path, whole)
    assert store.load() is not None


def test_every_missing_or_swapped_file_is_found(store: SnapshotStore) -> None:
    old = store.directory / "generation-000001"
    for path in current_files(store):
        whole = path.read_bytes()
        path.unlink()
        with pytest.raises(SnapshotDamaged):
            store.load()
        if path.name != "current":
            shutil.copy(old / path.name, path)
            with pytest.raises(SnapshotDamaged):
                store.load()
        overwrite(path, whole)
    whole_generation = store.directory / "generation-000002"
    shutil.rmtree(whole_generation)
    shutil.copytree(old, whole_generation)
    with pytest.raises(SnapshotDamaged):
        store.load()


def test_a_manifest_that_lies_is_found(store: SnapshotStore) -> None:
    """Even one whose writer fixed its own hash: the pointer knows the right one."""
    path = store.directory / "generation-000002" / "manifest.json"
    told = json.loads(path.read_text())
    for change in ({"dimension": 8}, {"revision": "other"}, {"count": 39}):
        overwrite(path, json.dumps({**told, "manifest": {**told["manifest"], **change}}).encode())
        with pytest.raises(SnapshotDamaged):
            store.load()


def test_salvage_leaves_damaged_generations_out(store: SnapshotStore) -> None:
    path = store.directory / "generation-000002" / "vectors.npy"
    overwrite(path, path.read_bytes()[:-1])
    assert [found.manifest.change_seq for found in store.salvage()] == [1]


def test_no_array_of_objects_is_ever_unpickled(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path)
    good = snapshot(1, count=2)
    bad = Snapshot(good.manifest, np.array([os.getcwd, 1], dtype=object), good.vectors, good.marks)
    with pytest.raises(ValueError):
        store.save(bad)
    assert store.load() is None, "what could not be written whole is not pointed at"


def test_a_full_disk_leaves_the_old_generation(store: SnapshotStore, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []

    def full(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) == 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.save(snapshot(3))
    monkeypatch.undo()
    loaded = store.load()
    assert loaded is not None and loaded.manifest.change_seq == 2
    store.save(snapshot(4))
    assert not list(store.directory.glob("*.unfinished"))


_SAVING = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.unit.visual_search.test_snapshot import snapshot
from visual_search.snapshot import SnapshotStore
store = SnapshotStore(Path(sys.argv[1]))
seq = 10
while True:
    store.save(snapshot(seq, count=3000))
    seq += 1
    print(seq, flush=True)
"""


def test_a_kill_at_any_instant_leaves_a_good_generation(store: SnapshotStore) -> None:
    root = str(Path(__file__).parents[3])
    rng = random.Random(4)
    for _ in range(6):
        saver = subprocess.Popen([sys.executable, "-c", _SAVING, str(store.directory), root], stdout=subprocess.PIPE)
        assert saver.stdout is not None and saver.stdout.readline()
        time.sleep(rng.random() * 0.15)
        saver.send_signal(signal.SIGKILL)
        saver.wait()
        saver.stdout.close()
        loaded = store.load()
        assert loaded is not None and loaded.manifest.change_seq >= 10
        assert same(loaded, snapshot(loaded.manifest.change_seq, count=3000))
    store.save(snapshot(99))
    assert not list(store.directory.glob("*.unfinished"))
