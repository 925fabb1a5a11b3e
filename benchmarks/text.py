"""Search by words: 42 thousand real names and a million recombined ones, ours and others interleaved."""

from __future__ import annotations

import argparse
import gc
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import fmean

from benchmarks.names import Name, Query, Truth, invented_names, make_queries, many_names, real_names
from benchmarks.peers import Fts5, Search, Tantivy, TunedTantivy, brute
from benchmarks.tables import Stopwatch, Table, keep, ms
from commerce.large_pages import hold_in_large_pages
from commerce.lexicon import lexicon, words
from commerce.ports import TextDocument
from commerce.text_index import FuzzyTextIndex

REPORT_SEED = 20_261_121  # queries of the report; nothing was chosen by looking at them
TUNING_SEED = 7  # queries to look at while changing the code
_MILLION = 1_000_000
_WARMING = 200  # queries before anything is measured


class Measured:
    """What one method did on a set of queries."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cpu_s: list[float] = []
        self.wall_s: list[float] = []
        # By the source of the French words: hit, share found, reciprocal rank of each query.
        self.outcomes: dict[str, list[tuple[float, float, float]]] = defaultdict(list)

    def ask(self, search: Search, query: Query, truth: frozenset[int]) -> None:
        with Stopwatch() as watch:
            found = search(query.text)[:10]
        self.cpu_s.append(watch.cpu_s)
        self.wall_s.append(watch.wall_s)
        right = [rank for rank, number in enumerate(found) if number in truth]
        share = len(right) / min(10, len(truth))
        self.outcomes[query.french].append((float(bool(right)), share, 1 / (right[0] + 1) if right else 0.0))

    def means(self, french: str) -> tuple[float, float, float]:
        """Hit, share found and reciprocal rank over the queries whose French words come from there ("": those without
        any); nan where there are none."""
        hits, shares, ranks = zip(*self.outcomes[french] or [(float("nan"),) * 3], strict=True)
        return fmean(hits), fmean(shares), fmean(ranks)

    def row(self, ours: Measured, build_s: float, megabytes: float) -> list[str]:
        own, peer = ms(ours.cpu_s, 50), ms(self.cpu_s, 50)
        return [
            self.name,
            str(len(self.cpu_s)),
            f"{peer:.2f} / {ms(self.cpu_s, 95):.2f}",
            f"{ms(self.wall_s, 50):.2f} / {ms(self.wall_s, 95):.2f}",
            f"{peer / own:.1f}×" if self is not ours else "1",
            " / ".join(f"{mean:.3f}" for mean in self.means("")),
            f"{self.means('own')[0]:.3f}, {self.means('public')[0]:.3f}",
            f"{build_s:.1f}",
            f"{megabytes:.0f}",
        ]


_COLUMNS = (
    "method",
    "queries",
    "cpu ms p50 / p95",
    "wall ms p50 / p95",
    "cpu, ours = 1",
    "English hit@10 / found / MRR",
    "French hit@10: our words, public list",
    "build s",
    "MB",
)


def measure(names: Sequence[Name], queries: Sequence[Query], peers: bool, slow: int) -> Table:
    """One table. `slow`: queries given to methods that take seconds."""
    titles = [name.title for name in names]
    folded = [" ".join(words(title)) for title in titles]
    truths = Truth(titles)
    right = [truths.of(query) for query in queries]
    del truths
    gc.collect()

    with Stopwatch() as build:
        index = FuzzyTextIndex(lexicon())
        index.upsert(TextDocument(number, title, "") for number, title in enumerate(titles))
    ours = Measured("Vitrine")
    methods: list[tuple[Measured, Search, float, float, int]] = [
        (ours, _vitrine(index), build.wall_s, index.nbytes / 1e6, len(queries))
    ]
    if peers:
        anchor = Measured("tantivy fuzzy + rapidfuzz")
        for measured, kind in ((anchor, Tantivy), (Measured("tantivy, tuned by us + rapidfuzz"), TunedTantivy)):
            with Stopwatch() as build:
                tantivy = kind(folded)
            methods.append((measured, tantivy.search, build.wall_s, tantivy.bytes_on_disk / 1e6, len(queries)))
        with Stopwatch() as build:
            fts5 = Fts5(folded)
        methods.append((Measured("FTS5, corrected, all, any + rapidfuzz"), fts5.search, build.wall_s, 0, slow * 10))
        methods.append((Measured("rapidfuzz over every name"), brute(folded), 0, 0, slow))
    for query in queries[:20]:  # warm
        for _, search, *_, limit in methods:
            if limit >= 100:
                search(query.text)
    gc.collect()
    gc.freeze()  # the millions of objects of this harness too: no collection should walk them
    hold_in_large_pages()  # both as a shop of this size does once its indexes are read
    order = random.Random(1)
    for number, (query, truth) in enumerate(zip(queries, right, strict=True)):
        turns = [method for method in methods if number < method[4]]
        order.shuffle(turns)
        for measured, search, *_ in turns:
            measured.ask(search, query, truth)
    gc.unfreeze()
    table = Table(f"Words: {len(names):,} names", _COLUMNS)
    for measured, _, build_s, megabytes, _ in methods:
        table.add(*measured.row(ours, build_s, megabytes))
        table.bars.append((measured.name, ms(measured.cpu_s, 50)))
    if peers:
        table.notes.append(_query_by_query(ours, anchor))
    table.notes.append(
        "our French words are those of our lexicon (an upper bound), the public list was made without it"
    )
    table.notes.append("nobody else was given translations: compare on English")
    return table


def head_to_head(names: Sequence[Name], queries: Sequence[Query], seed: int) -> Table:
    """Vitrine and tantivy alone, in turns: the caches hold what the other has left there, not what four others have, as
    in the larger table. Each query is asked once: what is asked again is found quicker."""
    titles = [name.title for name in names]
    truths = Truth(titles)
    right = [truths.of(query) for query in queries]
    del truths
    index = FuzzyTextIndex(lexicon())
    index.upsert(TextDocument(number, title, "") for number, title in enumerate(titles))
    peer = Tantivy([" ".join(words(title)) for title in titles])
    ours, theirs = Measured("Vitrine"), Measured("tantivy fuzzy + rapidfuzz")
    turns: list[tuple[Measured, Search]] = [(ours, _vitrine(index)), (theirs, peer.search)]
    for query in make_queries(names, _WARMING, seed):  # others: what is measured was not asked before
        for _, search in turns:
            search(query.text)
    gc.collect()
    gc.freeze()
    hold_in_large_pages()
    order = random.Random(seed)
    for query, truth in zip(queries, right, strict=True):
        order.shuffle(turns)
        for measured, search in turns:
            measured.ask(search, query, truth)
    gc.unfreeze()
    table = Table(f"Words, two alone: {len(names):,} names", _COLUMNS)
    for measured in (ours, theirs):
        table.add(*measured.row(ours, 0, 0))
    table.notes.append(_query_by_query(ours, theirs))
    return table


def _query_by_query(ours: Measured, peer: Measured) -> str:
    ratios = sorted(theirs / own for own, theirs in zip(ours.cpu_s, peer.cpu_s, strict=True))
    tenth, middle, ninth = (ratios[int(len(ratios) * share)] for share in (0.1, 0.5, 0.9))
    spread = f"{middle:.1f}× (10 % to 90 %: {tenth:.1f} to {ninth:.1f}×)"
    return f"cpu of tantivy to that of Vitrine, query by query: {spread}"


def _vitrine(index: FuzzyTextIndex) -> Search:
    def search(text: str) -> list[int]:
        return [hit.product_id for hit in index.search(text, limit=10).hits]

    return search


def run(full: bool = True, seed: int = REPORT_SEED, queries: int = 1_000, peers: bool = True) -> list[Table]:
    """Both tables; without `full` the smaller one alone."""
    source = real_names() or invented_names(42_000, seed)
    tables = [measure(source, make_queries(source, queries, seed), peers, slow=10)]
    if full:
        names = many_names(source, _MILLION, seed)
        asked = make_queries(names, queries, seed + 1)
        tables.append(measure(names, asked, peers, slow=5))
        if peers:
            gc.collect()
            tables.append(head_to_head(names, asked, seed + 2))
    for table in tables:
        table.notes.append(f"seed {seed}; names: {'the real catalogue' if real_names() else 'invented'}")
        table.show()
    return tables


def main(arguments: Sequence[str] | None = None, keeper: Callable[[str, Sequence[Table]], None] = keep) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.text", description=__doc__)
    parser.add_argument("--small", action="store_true", help="without the million")
    parser.add_argument(
        "--tuning", action="store_true", help=f"queries to look at while changing code (seed {TUNING_SEED})"
    )
    parser.add_argument("--alone", action="store_true", help="without the others")
    parser.add_argument("--queries", type=int, default=1_000)
    options = parser.parse_args(arguments)
    seed = TUNING_SEED if options.tuning else REPORT_SEED
    tables = run(not options.small, seed, options.queries, peers=not options.alone)
    if not options.tuning:
        keeper("text", tables)


if __name__ == "__main__":
    main()
