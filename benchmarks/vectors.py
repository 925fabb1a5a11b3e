"""The picture index beside numpy, FAISS's own graph and the memory it must read: as many vectors as the real catalogue,
and a million, of as many numbers as the shipped encoder gives. Filters, changes, the start of a process, the size at
which it changes its way, and pgvector.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import Stopwatch, Table, keep, ms
from benchmarks.vectors_made import Vectors, clustered, grown, real_vectors
from visual_search.index import VectorIndex
from visual_search.snapshot import Manifest, Snapshot, SnapshotStore
from visual_search.values import MARK_BYTES

Ids = NDArray[np.int64]
Lists = NDArray[np.uint8] | None
Search = Callable[[Vectors], Ids]

_SEED = 20_261_121
_PICTURES = 44_000  # about as many as the real catalogue has
_QUERIES = 60
_SHARES = (1.0, 0.5, 0.1, 0.01, 0.001)


def _limit_s(vectors: Vectors) -> float:
    """Seconds to read all vectors once: no exact search on one core can take less."""
    lumps = vectors.view(np.uint64).reshape(-1)
    best = float("inf")
    for _ in range(3):
        with Stopwatch() as watch:
            int(lumps.max())
        best = min(best, watch.cpu_s)
    return best


def measure(name: str, made: Vectors, *, with_graph: bool) -> tuple[Table, Lists]:
    """Searching all and searching the allowed, each method in turn on each query. Also gives the index's lists."""
    queries, vectors = made[-_QUERIES:], made[:-_QUERIES]
    count, dimension = vectors.shape
    ids = np.arange(count, dtype=np.int64) * 7 + 10**12
    with Stopwatch() as build:
        index = VectorIndex(dimension)
        index.add(ids, vectors)
        index.settle()
    columns = ["allowed", "Vitrine cpu ms p50 / p95", "recall@10", "numpy cpu ms p50", "numpy, ours = 1"]
    graph = _Graph(vectors) if with_graph else None
    if graph:
        columns += ["FAISS HNSW16 cpu ms p50", "its recall@10"]
    table = Table(f"Vectors: {count:,} × {dimension}, {name}", columns)
    limit_s = _limit_s(vectors)
    dice = np.random.default_rng(_SEED)
    for share in _SHARES:
        allowed = None if share == 1 else np.sort(dice.choice(ids, max(int(count * share), 10), replace=False))
        rows = None if allowed is None else np.searchsorted(ids, allowed)
        methods = {"ours": _ours(index, allowed), "numpy": _numpy(ids, vectors, rows)}
        if graph:
            methods["graph"] = _by_graph(ids, graph, rows)
        spent_s, right = _in_turn(methods, queries)
        own, other = ms(spent_s["ours"], 50), ms(spent_s["numpy"], 50)
        cells = [
            "all" if share == 1 else f"{share:.1%}",
            f"{own:.2f} / {ms(spent_s['ours'], 95):.2f}",
            f"{right['ours']:.4f}",
            f"{other:.2f}",
            f"{other / own:.1f}×",
        ]
        if graph:
            cells += [f"{ms(spent_s['graph'], 50):.2f}", f"{right['graph']:.4f}"]
        table.add(*cells)
        if share == 1:
            table.bars += [("Vitrine", own), ("numpy", other), ("reading the memory once", limit_s * 1e3)]
            table.bars += [("FAISS HNSW16", ms(spent_s["graph"], 50))] if graph else []
    lists = index.lists()
    megabytes = (0 if lists is None else lists.nbytes / 1e6) + count * 32 / 1e6
    way = "compares all: exact" if index.is_exact else "inverted lists of one bit a number, the best compared exactly"
    table.notes += [
        f"{way}; a filter acts inside the search; numpy compares all that is allowed and is the truth",
        f"built in {build.cpu_s:.1f} s of CPU; {megabytes:.0f} MB of memory beside the mapped vectors"
        f" ({vectors.nbytes / 1e6:.0f} MB); {_changes(index, vectors[:5])}",
        f"reading the vectors once takes {limit_s * 1e3:.1f} ms: no exact search can be faster",
    ]
    if graph:
        table.notes.append(
            f"the graph: 16 links, efSearch 128, built in {graph.build_s:.0f} s of CPU,"
            f" {graph.megabytes:.0f} MB; it cannot remove"
        )
    index.close()
    table.show()
    return table, lists


class _Graph:
    """FAISS's HNSW as its documentation has it."""

    def __init__(self, vectors: Vectors) -> None:
        import faiss

        self._index = faiss.IndexHNSWFlat(vectors.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
        with Stopwatch() as watch:
            self._index.add(vectors)
        self._count = len(vectors)
        self.build_s = watch.cpu_s
        self.megabytes = vectors.nbytes / 1e6 + len(vectors) * (32 * 4 + 12) / 1e6

    def search(self, query: Vectors, rows: NDArray[np.intp] | None) -> NDArray[np.intp]:
        import faiss

        parameters = faiss.SearchParametersHNSW(efSearch=128)  # type: ignore[attr-defined]
        if rows is not None:
            kept = np.zeros(self._count, bool)
            kept[rows] = True
            parameters.sel = faiss.IDSelectorBitmap(np.packbits(kept, bitorder="little"))  # type: ignore[call-arg,arg-type]
        found: NDArray[np.intp] = self._index.search(query[None], 10, params=parameters)[1][0]
        return found


def _ours(index: VectorIndex, allowed: Ids | None = None) -> Search:
    return lambda query: index.search(query, 10, allowed)[1][0]


def _numpy(ids: Ids, vectors: Vectors, rows: NDArray[np.intp] | None) -> Search:
    return lambda query: ids[_numpy_search(vectors, rows, query)]


def _by_graph(ids: Ids, graph: _Graph, rows: NDArray[np.intp] | None) -> Search:
    return lambda query: ids[graph.search(query, rows)]


def _in_turn(methods: dict[str, Search], queries: Vectors) -> tuple[dict[str, list[float]], dict[str, float]]:
    """CPU seconds of each query and recall@10 against "numpy", the order drawn anew for each query."""
    spent_s: dict[str, list[float]] = {name: [] for name in methods}
    right = dict.fromkeys(methods, 0)
    for number, query in enumerate(queries):
        order = list(methods)
        random.Random(_SEED + number).shuffle(order)
        found = {}
        for name in order:
            with Stopwatch() as watch:
                found[name] = methods[name](query)
            spent_s[name].append(watch.cpu_s)
        truth = set(found["numpy"].tolist())
        for name, answer in found.items():
            right[name] += len(truth & set(answer.tolist()))
    wanted = sum(1 for _ in queries) * 10
    return spent_s, {name: hits / wanted for name, hits in right.items()}


def _numpy_search(vectors: Vectors, rows: NDArray[np.intp] | None, query: Vectors) -> NDArray[np.intp]:
    """The ten best by plain numpy, over chosen rows where there is a choice."""
    cosines = (vectors if rows is None else vectors[rows]) @ query
    best = np.argpartition(-cosines, min(10, len(cosines) - 1))[:10]
    return best if rows is None else rows[best]


def _changes(index: VectorIndex, fresh: Vectors) -> str:
    adding, removing = [], []
    for number in range(len(fresh)):
        with Stopwatch() as watch:
            index.add(np.array([number]), fresh[number : number + 1])
        adding.append(watch.cpu_s)
        with Stopwatch() as watch:
            index.remove(np.array([number]))
        removing.append(watch.cpu_s)
    return f"one picture more {ms(adding, 50):.1f} ms, one less {ms(removing, 50):.1f} ms"


def crossover(made: Vectors) -> Table:
    """Comparing all and going by lists, at growing sizes: where does it pay?"""
    table = Table(
        f"Where comparing all stops being fast enough, × {made.shape[1]}",
        ("vectors", "exact cpu ms p50", "lists cpu ms p50", "recall@10 of lists", "lists built in s of CPU"),
    )
    queries = made[-_QUERIES:]
    for count in (25_000, 50_000, 100_000, 200_000):
        if count > len(made) - _QUERIES:
            break
        vectors, ids = made[:count], np.arange(count, dtype=np.int64)
        exact = VectorIndex(made.shape[1], (ids, vectors), approximate_from=10**9)
        with Stopwatch() as build:
            lists = VectorIndex(made.shape[1], (ids, vectors), approximate_from=1)
            lists.settle()
        spent_s, right = _in_turn({"numpy": _ours(exact), "lists": _ours(lists)}, queries)
        table.add(
            f"{count:,}",
            f"{ms(spent_s['numpy'], 50):.2f}",
            f"{ms(spent_s['lists'], 50):.2f}",
            f"{right['lists']:.4f}",
            f"{build.cpu_s:.1f}",
        )
    table.notes.append("decoding and encoding a photo take about 8 ms: exact is kept up to that")
    table.show()
    return table


_CHILD = """
import json, re, sys, time
from pathlib import Path
import faiss, numpy as np
from visual_search.index import VectorIndex
from visual_search.marks import Marks
from visual_search.gallery import Gallery
from visual_search.stores import FileIndexStore

def held():
    found = dict(re.findall(r"(\\w+):\\s+(\\d+) kB", Path("/proc/self/smaps_rollup").read_text()))
    return int(found["Anonymous"]) / 1e3, int(found["Rss"]) / 1e3

before, _ = held()
wall, cpu = time.perf_counter(), time.process_time()
gallery = FileIndexStore(Path(sys.argv[1])).load().gallery
gallery.index.search(gallery.index.vectors_of([7 + 10**12]), 10)
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
after, resident = held()
print(json.dumps({"wall_s": wall, "cpu_s": cpu, "copied_mb": after - before, "resident_mb": resident}))
"""


def starts(made: Sequence[tuple[Vectors, Lists]]) -> Table:
    """What opening a generation costs a fresh process, up to its first answer."""
    table = Table(
        "Start: a generation verified and opened, first search answered",
        ("pictures", "files MB", "cpu s", "wall s", "MB copied into the process", "MB resident, files included"),
    )
    for vectors, lists in made:
        count = len(vectors)
        ids = np.arange(count, dtype=np.int64) * 7 + 10**12
        marks = np.random.default_rng(_SEED).integers(0, 256, (count, MARK_BYTES), np.uint8)
        with tempfile.TemporaryDirectory() as folder:
            manifest = Manifest("bench", "1", vectors.shape[1], count, 1)
            name = SnapshotStore(Path(folder)).save(Snapshot(manifest, ids, vectors, marks, lists))
            size = sum(path.stat().st_size for path in (Path(folder) / name).iterdir())
            runs = []
            for _ in range(3):
                done = subprocess.run([sys.executable, "-c", _CHILD, folder], capture_output=True, check=True)
                runs.append(json.loads(done.stdout))
            best = min(runs, key=lambda run: float(run["cpu_s"]))
        table.add(
            f"{count:,}",
            f"{size / 1e6:.0f}",
            f"{best['cpu_s']:.2f}",
            f"{best['wall_s']:.2f}",
            f"{best['copied_mb']:.0f}",
            f"{best['resident_mb']:.0f}",
        )
    table.notes.append("best of three; the files are in the page cache; every byte of them is hashed")
    table.show()
    return table


def pgvector(made: Vectors) -> Table | None:
    """The same port over PostgreSQL: one client, one server on this machine."""
    from commerce.storage.picture_index import PostgresPictureIndex
    from vitrine.prove._databases import NoPostgres, postgres_server

    queries, vectors = made[-_QUERIES:], made[:-_QUERIES]
    count, dimension = vectors.shape
    ids = np.arange(count, dtype=np.int64) * 7 + 10**12
    table = Table(
        f"pgvector: {count:,} × {dimension}",
        ("allowed", "server cpu ms p50", "client cpu ms p50", "wall ms p50 / p95", "recall@10"),
    )
    try:
        with postgres_server(durable=True) as server:
            url = server.new_database()
            store = PostgresPictureIndex(url)
            index = store.fresh("bench", "1", dimension).index
            with Stopwatch() as filling:
                for start in range(0, count, 1_000):
                    index.add(ids[start : start + 1_000], vectors[start : start + 1_000])
            with Stopwatch() as building:
                index.settle()
            (backend,) = index._read("SELECT pg_backend_pid()", {})[0]  # type: ignore[attr-defined]
            clock = Path(f"/proc/{backend}/schedstat")
            dice = np.random.default_rng(_SEED)
            for share in _SHARES:
                allowed = None if share == 1 else np.sort(dice.choice(ids, max(int(count * share), 10), replace=False))
                rows = None if allowed is None else np.searchsorted(ids, allowed)
                served, asked, wall, right = [], [], [], 0
                for query in queries:
                    before = int(clock.read_text().split()[0])
                    with Stopwatch() as watch:
                        found = index.search(query, 10, allowed)[1][0]
                    served.append((int(clock.read_text().split()[0]) - before) / 1e9)
                    asked.append(watch.cpu_s)
                    wall.append(watch.wall_s)
                    right += len(set(found.tolist()) & set(ids[_numpy_search(vectors, rows, query)].tolist()))
                table.add(
                    "all" if share == 1 else f"{share:.1%}",
                    f"{ms(served, 50):.2f}",
                    f"{ms(asked, 50):.2f}",
                    f"{ms(wall, 50):.1f} / {ms(wall, 95):.1f}",
                    f"{right / (10 * len(queries)):.4f}",
                )
            with Stopwatch() as more:
                index.add(np.array([1]), vectors[:1])
            with Stopwatch() as less:
                index.remove(np.array([1]))
            store.close()
    except NoPostgres as reason:
        print(f"pgvector is left out: {reason}")
        return None
    table.notes += [
        f"rows written in {filling.wall_s:.0f} s, graph built in {building.wall_s:.0f} s;"
        f" one picture more {more.wall_s * 1e3:.1f} ms, one less {less.wall_s * 1e3:.1f} ms (wall, durable commits)",
        "wall time is that of a busy machine with two processes taking turns: compare CPU",
    ]
    table.show()
    return table


def run(full: bool = False, pictures: int = _PICTURES) -> list[Table]:
    """The tables for the real catalogue's size; with `full` those of a million vectors too (4 GB of memory)."""
    from visual_search.encoders.registry import open_encoder

    encoder = open_encoder()
    dimension, real = encoder.dimension, real_vectors(encoder) if full else None
    del encoder
    small = clustered(pictures + _QUERIES, dimension, _SEED)
    table, lists = measure("clouds", small, with_graph=True)
    tables, opened = [table], [(small[:-_QUERIES], lists)]
    if full:
        large = clustered(1_000_000 + _QUERIES, dimension, _SEED)
        table, lists = measure("clouds", large, with_graph=True)
        tables += [table, crossover(large)]
        opened.append((large[:-_QUERIES], lists))
    tables.append(starts(opened))
    if real is not None:
        del large, opened
        like_real = grown(real, 1_000_000 + _QUERIES, _SEED)
        tables.append(measure("grown from real ones", like_real, with_graph=False)[0])
    if (shared := pgvector(small)) is not None:
        tables.append(shared)
    return tables


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vectors", description=__doc__)
    parser.add_argument("--full", action="store_true", help="also a million vectors")
    parser.add_argument("--pictures", type=int, default=_PICTURES, help="of the smaller tables")
    options = parser.parse_args(arguments)
    keep("vectors", run(options.full, options.pictures))


if __name__ == "__main__":
    main()
