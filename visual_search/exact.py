"""Exact comparison of queries with rows: all of them, those that a filter keeps, or a few named ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from visual_search.rows import Rows, VectorRows
from visual_search.values import Vectors

FEW_FRAC = 0.10
"""Below this share of rows kept, gathering them and one product beats the scan with a bitmap (measured)."""


def scan(rows: VectorRows, queries: Vectors, k: int, kept: Rows | None = None) -> tuple[Vectors, Rows]:
    """The `k` best of each query among all living rows, or among `kept` (living rows): cosines [n, k] falling, rows
    [n, k]; -inf and -1 where there are fewer. Reads every vector once and copies none."""
    import faiss

    # The dead are passed over afterwards: asking for as many more is exact, and cheaper than a test a row.
    wanted = k + rows.dead if kept is None else k
    scores, found = [], []
    for first, block in rows.blocks():
        depth = min(wanted, len(block))
        best = np.empty((len(queries), depth), np.float32)
        at = np.empty((len(queries), depth), np.int64)
        faiss.knn_inner_product(
            faiss.swig_ptr(queries),
            faiss.swig_ptr(block),
            rows.dimension,
            len(queries),
            len(block),
            depth,
            faiss.swig_ptr(best),
            faiss.swig_ptr(at),
            None if kept is None else selector(kept, first, len(block)),
        )
        scores.append(best)
        found.append(np.where(at < 0, -1, at + first))
    if not scores:
        return none_found(len(queries), k)
    return best_of(rows, np.hstack(scores), np.hstack(found), k)


def compare(rows: VectorRows, queries: Vectors, k: int, kept: Rows) -> tuple[Vectors, Rows]:
    """As `scan` with `kept`, by gathering those rows: for few of them."""
    if not len(kept):
        return none_found(len(queries), k)
    cosines = queries @ rows.gather(kept).T
    return best_of(rows, cosines, np.broadcast_to(kept, cosines.shape), k)


def best_of(rows: VectorRows, scores: Vectors, found: Rows, k: int) -> tuple[Vectors, Rows]:
    """The `k` best of each line, without dead rows and without -1."""
    scores = np.where((found >= 0) & rows.is_alive(found), scores, np.float32(-np.inf))
    if scores.shape[1] > 4 * k:  # finding the best few first is linear
        few = np.sort(np.argpartition(-scores, k, axis=1)[:, : k + 1], axis=1)
        scores, found = np.take_along_axis(scores, few, 1), np.take_along_axis(found, few, 1)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    out, at = none_found(len(scores), k)
    out[:, : best.shape[1]] = np.take_along_axis(scores, best, 1)
    at[:, : best.shape[1]] = np.take_along_axis(found, best, 1)
    return out, np.where(np.isneginf(out), -1, at)


def none_found(queries: int, k: int) -> tuple[Vectors, Rows]:
    return np.full((queries, k), -np.inf, np.float32), np.full((queries, k), -1, np.int64)


def selector(kept: Rows, first: int, count: int) -> Any:
    """FAISS's selector of the rows among `kept` that lie in the block, by their number within it."""
    import faiss

    flags = np.zeros(count, bool)
    inside = kept[(kept >= first) & (kept < first + count)] - first
    flags[inside] = True
    return faiss.IDSelectorBitmap(np.packbits(flags, bitorder="little"))  # type: ignore[call-arg,arg-type]
