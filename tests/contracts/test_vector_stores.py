"""One suite over every keeper of vectors: exact and approximate in this process, and pgvector in PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from visual_search.index import VectorIndex
from visual_search.ports import VectorStore
from visual_search.values import Ids, Vectors

D = 24
COUNT = 3_000
KINDS = ("exact", "approximate", "pgvector")

Make = Callable[[Ids, Vectors], VectorStore]


def unit(rng: np.random.Generator, count: int) -> Vectors:
    """In 60 clouds, as pictures of things for sale lie."""
    clouds = np.random.default_rng(99).standard_normal((60, D))
    rows = (clouds[rng.integers(0, 60, count)] + 0.35 * rng.standard_normal((count, D))).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def nearest(ids: Ids, vectors: Vectors, query: Vectors, k: int, allowed: Ids | None = None) -> list[int]:
    kept = np.ones(len(ids), bool) if allowed is None else np.isin(ids, allowed)
    order = np.argsort(-(vectors[kept] @ query))
    return [int(picture_id) for picture_id in ids[kept][order][:k]]


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest) -> Make:
    """A store that holds these rows, settled."""

    def in_process(ids: Ids, vectors: Vectors) -> VectorStore:
        index = VectorIndex(D, approximate_from=10**9 if request.param == "exact" else 1)
        index.add(ids, vectors)
        index.settle()
        assert index.is_exact == (request.param == "exact" or not len(ids))
        return index

    def in_database(ids: Ids, vectors: Vectors) -> VectorStore:
        from commerce.storage.picture_index import PostgresPictureIndex

        store = PostgresPictureIndex(request.getfixturevalue("postgres_url"))
        request.addfinalizer(store.close)
        index = store.fresh("test", "1", D).index
        index.add(ids, vectors)
        index.settle()
        return index

    return in_database if request.param == "pgvector" else in_process


@pytest.fixture
def rows() -> tuple[Ids, Vectors]:
    rng = np.random.default_rng(1)
    return rng.choice(10**15, COUNT, replace=False).astype(np.int64), unit(rng, COUNT)


@pytest.mark.parametrize("share", [None, 0.0, 0.001, 0.008, 0.05, 0.15, 0.5, 1.0])
def test_the_nearest_are_found_at_every_share_kept(make: Make, rows: tuple[Ids, Vectors], share: float | None) -> None:
    ids, vectors = rows
    store = make(ids, vectors)
    rng = np.random.default_rng(2)
    allowed = None if share is None else rng.choice(ids, round(share * len(ids)), replace=False)
    kept = allowed
    if allowed is not None:
        kept = np.concatenate([allowed, np.array([3, 5, -8])])  # unknown ids are ignored
    at = {int(picture_id): row for row, picture_id in enumerate(ids)}
    right = total = 0
    for query in unit(rng, 30):
        scores, found = store.search(query, 10, kept)
        wanted = nearest(ids, vectors, query, 10, allowed)
        got = found[0][: len(wanted)].tolist()
        assert (found[0][len(wanted) :] == -1).all() and np.isneginf(scores[0][len(wanted) :]).all()
        assert allowed is None or set(got) <= set(allowed.tolist())
        assert (np.diff(scores[0][: len(wanted)]) <= 0).all()
        assert scores[0][: len(wanted)] == pytest.approx([float(vectors[at[one]] @ query) for one in got], abs=1e-5)
        right += len(set(got) & set(wanted))
        total += len(wanted)
    assert right >= 0.97 * total


def test_a_change_is_seen_by_the_next_search(make: Make, rows: tuple[Ids, Vectors]) -> None:
    ids, vectors = rows
    store = make(ids, vectors)
    fresh = unit(np.random.default_rng(3), 40)
    new_ids = np.arange(40, dtype=np.int64) + 1
    for at in range(40):
        store.add(new_ids[at : at + 1], fresh[at : at + 1])
        assert store.search(fresh[at], 1)[1][0][0] == new_ids[at]
    assert len(store) == COUNT + 40 and 7 in store
    assert store.remove(np.concatenate([new_ids[:20], [10**16]])) == 20
    for at in range(20):
        assert new_ids[at] not in store.search(fresh[at], 5)[1][0]
    assert len(store) == COUNT + 20 and 7 not in store
    store.add(new_ids[30:31], fresh[0:1])  # a known id gets its new vector
    assert store.search(fresh[0], 1)[1][0][0] == new_ids[30]
    assert (store.vectors_of(new_ids[30:31]) == fresh[0]).all()
    assert len(store) == COUNT + 20


def test_random_changes_stay_equal_to_a_dictionary(make: Make) -> None:
    rng = np.random.default_rng(4)
    start = np.arange(300, dtype=np.int64)
    first = unit(rng, 300)
    store, truth = make(start, first), dict(zip(start.tolist(), first, strict=True))
    right = total = 0
    for _ in range(60):
        some = rng.choice(600, rng.integers(1, 40), replace=False).astype(np.int64)
        if rng.random() < 0.55:
            fresh = unit(rng, len(some))
            store.add(some, fresh)
            truth.update(zip(some.tolist(), fresh, strict=True))
        else:
            assert store.remove(some) == sum(int(one) in truth for one in some)
            for one in some.tolist():
                truth.pop(one, None)
        assert len(store) == len(truth)
        ids, vectors = np.array(list(truth), np.int64), np.stack(list(truth.values()))
        query = unit(rng, 1)[0]
        wanted = nearest(ids, vectors, query, 5)
        right += len(set(wanted) & set(store.search(query, 5)[1][0].tolist()))
        total += len(wanted)
    assert right >= 0.97 * total
    ids, vectors = store.snapshot()
    assert ids.tolist() == sorted(truth)
    assert all((truth[int(picture_id)] == row).all() for picture_id, row in zip(ids, vectors, strict=True))


def test_an_emptied_store_answers_nothing_and_fills_again(make: Make) -> None:
    rng = np.random.default_rng(5)
    ids, vectors = np.arange(50, dtype=np.int64), unit(rng, 50)
    store = make(ids, vectors)
    assert store.remove(ids) == 50 and len(store) == 0
    scores, found = store.search(unit(rng, 2), 3)
    assert found.tolist() == [[-1] * 3] * 2 and np.isneginf(scores).all()
    assert store.search(vectors[0], 3, ids)[1].tolist() == [[-1] * 3]
    store.add(ids, vectors)
    assert store.search(vectors[9], 1)[1].tolist() == [[9]]


def test_a_new_store_is_empty(make: Make) -> None:
    store = make(np.empty(0, np.int64), np.empty((0, D), np.float32))
    scores, found = store.search(unit(np.random.default_rng(0), 2), 3)
    assert found.tolist() == [[-1] * 3] * 2 and np.isneginf(scores).all()
    ids, vectors = store.snapshot()
    assert ids.shape == (0,) and vectors.shape == (0, D) and store.dimension == D


def test_vectors_come_back_by_id(make: Make) -> None:
    vectors = unit(np.random.default_rng(6), 3)
    store = make(np.array([30, 10, 20], np.int64), vectors)
    assert (store.vectors_of([10, 30]) == vectors[[1, 0]]).all()
    assert 10 in store and 11 not in store
    with pytest.raises(KeyError):
        store.vectors_of([10, 11])


def test_wrong_input_is_refused_and_nothing_is_added(make: Make) -> None:
    store, rows = make(np.empty(0, np.int64), np.empty((0, D), np.float32)), unit(np.random.default_rng(7), 2)
    for ids, vectors in (
        ([1], rows),
        ([1, 1], rows),
        ([1, 2], rows * 2),
        ([1, 2], np.full((2, D), np.nan, np.float32)),
        ([1, 2], rows[:, :5]),
    ):
        with pytest.raises(ValueError):
            store.add(ids, vectors)
    assert len(store) == 0
    with pytest.raises(ValueError):
        store.search(rows[:, :5], 3)
    with pytest.raises(ValueError):
        store.search(rows, 0)


def test_searches_beside_changes_never_see_a_wrong_row(make: Make) -> None:
    """Each id's vector is a function of the id, so that a row under the wrong id would show."""
    base = unit(np.random.default_rng(8), 300)
    store = make(np.arange(300, dtype=np.int64), base)
    stop, wrong = threading.Event(), list[str]()

    def search() -> None:
        rng = np.random.default_rng()
        while not stop.is_set():
            query = unit(rng, 1)[0]
            allowed = None if rng.random() < 0.5 else np.arange(0, 300, 2)
            scores, found = store.search(query, 5, allowed)
            for score, picture_id in zip(scores[0], found[0], strict=True):
                if picture_id >= 0 and abs(score - base[picture_id] @ query) > 1e-5:
                    wrong.append(f"{picture_id}: {score}")

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    rng = np.random.default_rng(9)
    for _ in range(60):
        some = rng.choice(300, 20, replace=False).astype(np.int64)
        store.remove(some)
        store.add(some, base[some])
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong and len(store) == 300
