"""The index against a plain numpy oracle, and under threads."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from visual_search.index import VectorIndex
from visual_search.locks import ReadWriteLock
from visual_search.values import Ids, Vectors

D = 24


def unit(rng: np.random.Generator, count: int) -> Vectors:
    rows = rng.standard_normal((count, D)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def oracle(ids: Ids, vectors: Vectors, query: Vectors, k: int, allowed: Ids | None) -> list[int]:
    kept = np.ones(len(ids), bool) if allowed is None else np.isin(ids, allowed)
    order = np.argsort(-(vectors[kept] @ query))
    return [int(picture_id) for picture_id in ids[kept][order][:k]]


@pytest.mark.parametrize("share", [None, 0.0, 0.002, 0.02, 0.08, 0.15, 0.5, 1.0])
def test_search_is_exact_at_every_share_kept(share: float | None) -> None:
    rng = np.random.default_rng(1)
    ids, vectors = rng.choice(10**15, 1500, replace=False).astype(np.int64), unit(rng, 1500)
    index = VectorIndex(D)
    index.add(ids, vectors)
    allowed = None if share is None else rng.choice(ids, round(share * len(ids)), replace=False)
    if allowed is not None:
        allowed = np.concatenate([allowed, [3, 5, -8]])  # unknown ids are ignored
    for query in unit(rng, 10):
        scores, found = index.search(query, 12, allowed)
        wanted = oracle(ids, vectors, query, 12, allowed)
        assert found[0][: len(wanted)].tolist() == wanted
        assert (found[0][len(wanted) :] == -1).all() and np.isneginf(scores[0][len(wanted) :]).all()
        at = {int(picture_id): row for row, picture_id in enumerate(ids)}
        exact = [float(vectors[at[picture_id]] @ query) for picture_id in wanted]
        assert scores[0][: len(wanted)] == pytest.approx(exact, abs=1e-5)


def test_random_changes_stay_equal_to_the_oracle() -> None:
    rng = np.random.default_rng(2)
    index, truth = VectorIndex(D), dict[int, Vectors]()
    for _ in range(60):
        some = rng.choice(400, rng.integers(1, 30), replace=False)
        if rng.random() < 0.6:
            rows = unit(rng, len(some))
            index.add(some, rows)  # known ids get their new vector
            truth.update(zip(some.tolist(), rows, strict=True))
        else:
            known = sum(int(one) in truth for one in some)
            assert index.remove(some) == known
            for one in some.tolist():
                truth.pop(one, None)
        assert len(index) == len(truth)
        if truth:
            ids, vectors = np.array(list(truth), np.int64), np.stack(list(truth.values()))
            query = unit(rng, 1)[0]
            assert index.search(query, 5)[1][0][: len(truth)].tolist() == oracle(ids, vectors, query, 5, None)
    ids, vectors = index.snapshot()
    assert ids.tolist() == sorted(truth)
    assert all((truth[int(picture_id)] == row).all() for picture_id, row in zip(ids, vectors, strict=True))


def test_an_empty_index_answers_nothing() -> None:
    scores, found = VectorIndex(D).search(unit(np.random.default_rng(0), 2), 3)
    assert found.tolist() == [[-1] * 3] * 2 and np.isneginf(scores).all()


def test_vectors_come_back_by_id() -> None:
    rng = np.random.default_rng(3)
    index, vectors = VectorIndex(D), unit(rng, 3)
    index.add([30, 10, 20], vectors)
    assert (index.vectors_of([10, 30]) == vectors[[1, 0]]).all()
    assert 10 in index and 11 not in index
    with pytest.raises(KeyError):
        index.vectors_of([10, 11])


def test_wrong_input_is_refused() -> None:
    rng = np.random.default_rng(4)
    index, rows = VectorIndex(D), unit(rng, 2)
    for ids, vectors in (
        ([1], rows),
        ([1, 1], rows),
        ([1, 2], rows * 2),
        ([1, 2], np.full((2, D), np.nan, np.float32)),
        ([1, 2], rows[:, :5]),
    ):
        with pytest.raises(ValueError):
            index.add(ids, vectors)
    assert len(index) == 0
    with pytest.raises(ValueError):
        index.search(rows[:, :5], 3)
    with pytest.raises(ValueError):
        index.search(rows, 0)


def test_searches_beside_changes_never_see_a_wrong_row() -> None:
    """Each id's vector is a function of the id, so that a row under the wrong id would show."""
    base = unit(np.random.default_rng(5), 300)
    index, stop, wrong = VectorIndex(D), threading.Event(), list[str]()
    index.add(np.arange(300), base)

    def search() -> None:
        rng = np.random.default_rng()
        while not stop.is_set():
            query = unit(rng, 1)[0]
            allowed = None if rng.random() < 0.5 else np.arange(0, 300, 2)
            scores, found = index.search(query, 5, allowed)
            for score, picture_id in zip(scores[0], found[0], strict=True):
                if picture_id >= 0 and abs(score - base[picture_id] @ query) > 1e-5:
                    wrong.append(f"{picture_id}: {score}")

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    rng = np.random.default_rng(6)
    for _ in range(150):
        some = rng.choice(300, 20, replace=False)
        index.remove(some)
        index.add(some, base[some])
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong and len(index) == 300


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
