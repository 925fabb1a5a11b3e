"""Which rows are worth comparing, where there are too many to compare all: FAISS's inverted lists, one bit a number.

The space is cut into cells around `count` centres; a query looks into the nearest cells, ranks their rows by codes of
one bit a number (RaBitQ), and only the best of those are compared exactly, with the true vectors, by the caller.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from math import ceil, log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_search.exact import best_of, selector
from visual_search.rows import Rows, VectorRows
from visual_search.values import Vectors

PROBE_FRAC = 1 / 16
"""Share of the cells that a query looks into."""
CANDIDATES = 500
"""Rows compared exactly; more for those who ask for more than 50."""
_SAMPLE = 32  # vectors a centre is fitted on: twice as many, and more rounds, gain nothing (measured)
_ITERATIONS = 8
_QUERY_BITS = 8
_CHUNK = 16_384  # rows coded at a time: between two chunks, whoever waits is told and may stop it
_SEED = 20_261_121

Progress = Callable[[float], None]
"""Called with the share that is done, 0 to 1."""


class Stopped(Exception):
    """Building was asked to stop."""


class ApproximateLists:
    """Not thread-safe for changes; searches may run side by side."""

    def __init__(self, ivf: Any) -> None:
        """Use `build` or `from_bytes`."""
        self._ivf = ivf

    @classmethod
    def build(
        cls, rows: VectorRows, living: Rows, on_progress: Progress | None = None, stop: threading.Event | None = None
    ) -> ApproximateLists:
        """Fits the centres and codes the rows `living`: about a minute of one core for a million of 256 numbers. The
        same rows give the same lists. Raises Stopped."""
        import faiss

        def tell(done_frac: float) -> None:
            if stop is not None and stop.is_set():
                raise Stopped
            if on_progress is not None:
                on_progress(done_frac)

        cells = _cells(len(living))
        dice = np.random.default_rng(_SEED)
        sample = np.sort(dice.choice(len(living), min(len(living), cells * _SAMPLE), replace=False))
        centres = _centres(rows.gather(living[sample]), cells, lambda frac: tell(frac * 0.6))
        quantizer: Any = faiss.IndexFlatIP(rows.dimension)
        quantizer.add(centres)
        ivf: Any = faiss.IndexIVFRaBitQ(quantizer, rows.dimension, cells, faiss.METRIC_INNER_PRODUCT)
        ivf.own_fields = True
        quantizer.this.disown()
        ivf.train(centres)
        lists = cls(ivf)
        for start in range(0, len(living), _CHUNK):
            tell(0.6 + 0.4 * start / len(living))
            some = living[start : start + _CHUNK]
            lists.add(some, rows.gather(some))
        tell(1.0)
        return lists

    def __len__(self) -> int:
        return int(self._ivf.ntotal)

    def add(self, rows: Rows, vectors: Vectors) -> None:
        self._ivf.add_with_ids(vectors, rows)

    def remove(self, rows: Rows) -> None:
        import faiss

        if len(rows):
            self._ivf.remove_ids(faiss.IDSelectorBatch(rows))

    def search(self, rows: VectorRows, queries: Vectors, k: int, kept: Rows | None) -> tuple[Vectors, Rows]:
        """As `exact.scan`, nearly always the same answer."""
        import faiss

        depth = max(CANDIDATES, 10 * k)
        share = 1.0 if kept is None else len(kept) / max(len(rows), 1)
        # Where fewer rows of a cell count, the nearest ones kept lie further away.
        probes = min(self._ivf.nlist, ceil(self._ivf.nlist * PROBE_FRAC / share**0.5))
        chosen = None if kept is None else selector(kept, 0, rows.end)
        enough = min(depth, len(rows)) if kept is None else min(depth, len(kept) * 3 // 4)
        while True:
            parameters = faiss.IVFRaBitQSearchParameters(nprobe=probes, qb=_QUERY_BITS, sel=chosen)  # type: ignore[call-arg]
            _, found = self._ivf.search(queries, depth, params=parameters)
            if probes == self._ivf.nlist or ((found >= 0).sum(axis=1) >= enough).all():
                break
            probes = min(self._ivf.nlist, 4 * probes)  # what is kept lies elsewhere: "shoes like this dress"
        scores = np.full(found.shape, -np.inf, np.float32)
        for line, at in enumerate(found):
            known = at >= 0
            scores[line, known] = rows.gather(at[known]) @ queries[line]
        return best_of(rows, scores, found, k)

    def to_bytes(self, number_of: Rows) -> NDArray[np.uint8]:
        """uint8 [n], to be kept on disk and hashed, with each row r under its new number `number_of[r]`."""
        import faiss

        copy: Any = faiss.clone_index(self._ivf)
        for cell in range(copy.nlist):
            size = copy.invlists.list_size(cell)
            if size:
                numbers = faiss.rev_swig_ptr(copy.invlists.get_ids(cell), size)
                numbers[:] = number_of[numbers]
        written: NDArray[np.uint8] = faiss.serialize_index(copy)
        return written

    @classmethod
    def from_bytes(cls, written: NDArray[np.uint8], count: int) -> ApproximateLists | None:
        """What `to_bytes` gave for so many rows: verify that before, FAISS trusts every byte. None where this FAISS
        cannot read it."""
        import faiss

        try:
            lists = cls(faiss.deserialize_index(np.array(written)))
        except RuntimeError:
            return None
        return lists if len(lists) == count else None


def _cells(count: int) -> int:
    """About four times the root, a power of two: a million rows lie in 4,096 cells."""
    return min(count, 1 << round(log2(4 * count**0.5)))


def _centres(vectors: Vectors, count: int, tell: Progress) -> Vectors:
    """K-means on the sphere: for inner products, centres that are not of length 1 cost much of the recall."""
    import faiss

    fitting: Any = faiss.Clustering(vectors.shape[1], count)
    fitting.spherical = True
    fitting.seed = _SEED
    fitting.niter = 1
    fitting.min_points_per_centroid = 1
    fitting.max_points_per_centroid = _SAMPLE
    for round_ in range(_ITERATIONS):
        tell(round_ / _ITERATIONS)
        assigner = faiss.IndexFlatIP(vectors.shape[1])
        fitting.train(vectors, assigner)  # goes on from the centres of the round before
    centres: Vectors = faiss.vector_to_array(fitting.centroids).reshape(count, -1)
    return centres
