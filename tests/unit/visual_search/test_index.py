"""What the index in this process does beyond the contract of every vector store: sizes, fitting, maps, threads."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from tests.contracts.test_vector_stores import D, nearest, unit
from visual_search import approximate
from visual_search import index as index_module
from visual_search.index import VectorIndex
from visual_search.locks import ReadWriteLock
from visual_search.stores import FileIndexStore
from visual_search.values import MARK_BYTES, Ids, Vectors

IDS = np.arange(2_000, dtype=np.int64) * 7 + 10**12


def settled(ids: Ids, vectors: Vectors, approximate_from: int = 1) -> VectorIndex:
    index = VectorIndex(D, approximate_from=approximate_from)
    index.add(ids, vectors)
    index.settle()
    return index


def answers(index: VectorIndex) -> list[list[int]]:
    return [index.search(query, 8)[1][0].tolist() for query in unit(np.random.default_rng(70), 20)]


def test_the_size_chooses() -> None:
    vectors = unit(np.random.default_rng(1), 2_000)
    index = VectorIndex(D, approximate_from=1_500)
    index.add(IDS[:1_499], vectors[:1_499])
    index.settle()
    assert index.is_exact and index.lists() is None
    index.add(IDS[1_499:], vectors[1_499:])
    index.settle()
    assert not index.is_exact and index.lists() is not None


def test_longer_vectors_choose_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "EXACT_NUMBERS", 1_500 * D)
    for dimension, exact in ((D, False), (D // 2, True)):
        index = VectorIndex(dimension)
        index.add(IDS, np.eye(dimension, dtype=np.float32)[np.arange(len(IDS)) % dimension])
        index.settle()
        assert index.is_exact is exact


def test_what_changes_while_lists_are_fitted_is_in_them(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    vectors, told = unit(rng, 2_000), list[float]()
    inside, go_on = threading.Event(), threading.Event()

    def wait(done_frac: float) -> None:
        told.append(done_frac)
        inside.set()
        assert go_on.wait(20)

    index = VectorIndex(D, approximate_from=1_000, on_progress=wait)
    index.add(IDS[:1_000], vectors[:1_000])
    assert inside.wait(20) and index.is_exact
    index.add(IDS[1_000:], vectors[1_000:])  # answered by the exact search meanwhile
    assert index.search(vectors[1_999], 1)[1][0][0] == IDS[1_999]
    assert index.remove(IDS[:400]) == 400
    index.add(IDS[500:501], vectors[0:1])  # another picture under a known id
    go_on.set()
    index.settle()
    assert not index.is_exact and told == sorted(told) and told[-1] == 1.0
    assert index.search(vectors[1_999], 1)[1][0][0] == IDS[1_999]
    assert index.search(vectors[0], 1)[1][0][0] == IDS[500]
    assert not set(index.search(vectors[3], 1_600)[1][0].tolist()) & set(IDS[:400].tolist())
    assert len(index) == 1_600 == (index.search(vectors[3], 2_000)[1][0] >= 0).sum()


def test_fitting_ends_when_the_index_is_closed() -> None:
    reached = threading.Event()
    index = VectorIndex(D, approximate_from=1, on_progress=lambda done_frac: reached.set())
    index.add(IDS, unit(np.random.default_rng(3), 2_000))
    assert reached.wait(20)
    index.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "index-fitting"]


def test_lists_are_kept_with_the_vectors_and_need_no_fitting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileIndexStore(tmp_path, approximate_from=1)
    gallery = store.fresh("test", "1", D)
    vectors = unit(np.random.default_rng(4), 2_000)
    gallery.put(IDS.tolist(), vectors, [bytes(MARK_BYTES)] * 2_000)
    gallery.index.settle()
    gallery.remove(IDS[100:200].tolist())  # rows have other numbers in the file
    store.save(gallery, "test", "1", 5)
    assert isinstance(gallery.index, VectorIndex)
    wanted = answers(gallery.index)
    monkeypatch.setattr(approximate.ApproximateLists, "build", None)
    stored = store.load()
    assert stored is not None and isinstance(stored.gallery.index, VectorIndex)
    again = stored.gallery.index
    assert not again.is_exact and answers(again) == wanted
    again.remove(IDS[:50])  # rows of the file can go, and come back
    again.add(IDS[:50], vectors[:50])
    assert answers(again) == wanted and again.search(vectors[7], 1)[1][0][0] == IDS[7]


def test_lists_of_another_faiss_are_fitted_again() -> None:
    vectors = unit(np.random.default_rng(5), 2_000)
    for strange in (np.zeros(500, np.uint8), settled(IDS[:50], vectors[:50]).lists()):
        index = VectorIndex(D, (IDS, vectors), strange, approximate_from=1)
        index.settle()
        assert not index.is_exact and answers(index) == answers(settled(IDS, vectors))


def test_the_same_rows_give_the_same_lists() -> None:
    vectors = unit(np.random.default_rng(6), 2_000)
    first, second = settled(IDS, vectors).lists(), settled(IDS, vectors).lists()
    assert first is not None and second is not None and (first == second).all()


@pytest.mark.parametrize("approximate_from", [1, 10**9])
def test_many_removals_leave_no_trace(approximate_from: int) -> None:
    vectors = unit(np.random.default_rng(7), 2_000)
    index = settled(IDS, vectors, approximate_from)
    for start in range(0, 1_800, 150):
        index.remove(IDS[start : start + 150])
    assert index._rows.end < 2_000, "the dead are moved out of the way now and then"
    left, kept = IDS[1_800:], vectors[1_800:]
    for query in unit(np.random.default_rng(8), 10):
        assert index.search(query, 5)[1][0].tolist() == nearest(left, kept, query, 5)
    ids, rows = index.snapshot()
    assert (ids == left).all() and (rows == kept).all()


def test_a_filter_on_what_lies_elsewhere_leaves_no_place_empty() -> None:
    """ "Shoes like this dress": nothing that is kept lies in the cells around the query."""
    rng = np.random.default_rng(9)
    ids = np.arange(20_000, dtype=np.int64)
    vectors = unit(rng, 20_000)
    index = settled(ids, vectors)
    right = 0
    for query, elsewhere in zip(unit(rng, 20), unit(rng, 20), strict=True):
        allowed = ids[np.argsort(-(vectors @ elsewhere))[:1_500]]
        found = index.search(query, 10, allowed)[1][0]
        assert (found >= 0).all()
        right += len(set(found.tolist()) & set(nearest(ids, vectors, query, 10, allowed)))
    assert right >= 0.9 * 200  # one bit for each of 24 numbers tells little; of 256 it tells more


def test_searches_beside_fitting_and_changes_never_see_a_wrong_row() -> None:
    base = unit(np.random.default_rng(10), 2_000)
    index, stop, wrong = VectorIndex(D, approximate_from=300), threading.Event(), list[str]()

    def search() -> None:
        rng = np.random.default_rng()
        while not stop.is_set():
            query = unit(rng, 1)[0]
            scores, found = index.search(query, 5, None if rng.random() < 0.5 else IDS[::2])
            for score, picture_id in zip(scores[0], found[0], strict=True):
                if picture_id >= 0 and abs(score - base[(picture_id - 10**12) // 7] @ query) > 1e-5:
                    wrong.append(f"{picture_id}: {score}")

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for start in range(0, 2_000, 50):  # fitted at 300, 600, 1,200 on the way
        index.add(IDS[start : start + 50], base[start : start + 50])
        index.remove(IDS[start : start + 10])
        index.add(IDS[start : start + 10], base[start : start + 10])
    index.settle()
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong and len(index) == 2_000 and not index.is_exact


def test_a_waiting_writer_goes_before_new_readers() -> None:
    lock, order = ReadWriteLock(), list[str]()
    inside, leave = threading.Event(), threading.Event()

    def first_reader() -> None:
        with lock.reading():
            inside.set()
            leave.wait(5)

    def writer() -> None:
        with lock.writing():
            order.append("writer")

    def late_reader() -> None:
        with lock.reading():
            order.append("reader")

    threads = [threading.Thread(target=first_reader)]
    threads[0].start()
    assert inside.wait(5)
    for wanted, work in ((1, writer), (1, late_reader)):
        threads.append(threading.Thread(target=work))
        threads[-1].start()
        while lock._writers_waiting != wanted:  # the writer must be in line before the reader comes
            pass
    leave.set()
    for thread in threads:
        thread.join(5)
    assert order == ["writer", "reader"]
