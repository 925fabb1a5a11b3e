"""The picture index beside numpy and the memory it must read: as many vectors as the real catalogue, or a million."""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import Stopwatch, Table, keep, ms
from visual_search.index import VectorIndex

Vectors = NDArray[np.float32]

_DIMENSION = 256
_SEED = 20_261_121
_QUERIES = 60
_SHARES = (1.0, 0.5, 0.1, 0.01, 0.001)


def clustered(count: int, dimension: int, seed: int) -> Vectors:
    """Unit vectors in 4,000 clouds, as pictures of things for sale lie."""
    dice = np.random.default_rng(seed)
    clouds = dice.standard_normal((4_000, dimension)).astype(np.float32)
    clouds /= np.linalg.norm(clouds, axis=1, keepdims=True)
    vectors = np.empty((count, dimension), np.float32)
    for start in range(0, count, 100_000):
        size = min(100_000, count - start)
        noise = dice.standard_normal((size, dimension)).astype(np.float32) * np.float32(0.045)
        vectors[start : start + size] = clouds[dice.integers(0, len(clouds), size)] + noise
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _limit_s(vectors: Vectors) -> float:
    """Seconds to read all vectors once: no exact search on one core can take less."""
    lumps = vectors.view(np.uint64).reshape(-1)
    best = float("inf")
    for _ in range(3):
        with Stopwatch() as watch:
            int(lumps.max())
        best = min(best, watch.cpu_s)
    return best


def measure(count: int, dimension: int = _DIMENSION) -> list[Table]:
    """Searching all and searching the allowed, against the same in numpy, interleaved."""
    vectors = clustered(count + _QUERIES, dimension, _SEED)
    queries, vectors = vectors[count:], vectors[:count]
    ids = np.arange(count, dtype=np.int64) * 7 + 10**12
    with Stopwatch() as build:
        index = VectorIndex(dimension)
        index.add(ids, vectors)
    limit_s = _limit_s(vectors)
    table = Table(
        f"Vectors: {count:,} × {dimension}",
        ("allowed", "Vitrine cpu ms p50 / p95", "numpy cpu ms p50", "numpy, ours = 1", "memory limit ms", "recall@10"),
    )
    dice = np.random.default_rng(_SEED)
    for share in _SHARES:
        allowed = None if share == 1 else np.sort(dice.choice(ids, max(int(count * share), 10), replace=False))
        rows = None if allowed is None else np.searchsorted(ids, allowed)
        ours, peer, right = [], [], 0
        for query in queries:
            turns = [True, False]
            random.Random(int(query[0] * 1e6)).shuffle(turns)
            for mine in turns:
                with Stopwatch() as watch:
                    if mine:
                        _, found = index.search(query, 10, allowed)
                    else:
                        best = _numpy_search(vectors, rows, query)
                (ours if mine else peer).append(watch.cpu_s)
            right += len(set(found[0].tolist()) & set(ids[best].tolist()))
        own, other = ms(ours, 50), ms(peer, 50)
        name = "all" if share == 1 else f"{share:.1%}"
        limit = f"{limit_s * 1e3:.2f}" if share == 1 else "–"
        recall = right / (10 * len(queries))
        table.add(
            name, f"{own:.2f} / {ms(ours, 95):.2f}", f"{other:.2f}", f"{other / own:.1f}×", limit, f"{recall:.4f}"
        )
        if share == 1:
            table.bars += [("Vitrine", own), ("numpy", other), ("reading the memory once", limit_s * 1e3)]
    changes = _changes(index, ids, dimension)
    megabytes = count * (dimension * 4 + 24) / 1e6
    table.notes.append(f"built in {build.cpu_s:.2f} s of CPU; {megabytes:.0f} MB; {changes}")
    table.notes.append("exact in both: ties aside, recall says that the two agree; a filter acts inside the search")
    return [table]


def _numpy_search(vectors: Vectors, rows: NDArray[np.intp] | None, query: Vectors) -> NDArray[np.intp]:
    """The ten best by plain numpy, over chosen rows where there is a choice."""
    cosines = (vectors if rows is None else vectors[rows]) @ query
    best = np.argpartition(-cosines, min(10, len(cosines) - 1))[:10]
    return best if rows is None else rows[best]


def _changes(index: VectorIndex, ids: NDArray[np.int64], dimension: int) -> str:
    fresh = clustered(1, dimension, 5)
    adding, removing = [], []
    for number in range(5):
        with Stopwatch() as watch:
            index.add(np.array([number]), fresh)
        adding.append(watch.cpu_s)
        with Stopwatch() as watch:
            index.remove(np.array([number]))
        removing.append(watch.cpu_s)
    return f"one picture more {ms(adding, 50):.1f} ms, one less {ms(removing, 50):.1f} ms"


def run(full: bool = False) -> list[Table]:
    """One table; with `full` a second one of a million vectors (1 GB of memory, twice that while it is made)."""
    tables = measure(44_000)
    if full:
        tables += measure(1_000_000)
    for table in tables:
        table.show()
    return tables


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vectors", description=__doc__)
    parser.add_argument("--full", action="store_true", help="also a million vectors")
    keep("vectors", run(parser.parse_args(arguments).full))


if __name__ == "__main__":
    main()
