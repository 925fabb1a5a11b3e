"""Vectors under the caller's int64 ids, by row. What comes from a file stays in the file; the rest lies behind it.

Row numbers are ours and change only in `squeezed`, so that a second structure may speak of rows without a map of
its own. A removed row stays where it is, dead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visual_search.values import Ids, Vectors

Rows = NDArray[np.int64]


class VectorRows:
    """Not thread-safe: the index that owns it has the lock."""

    def __init__(self, dimension: int, ids: Ids | None = None, vectors: Vectors | None = None) -> None:
        """Starts with these rows, which are not copied: `vectors` may be a read-only map of a file."""
        self.dimension = dimension
        self._base: Vectors = np.empty((0, dimension), np.float32) if vectors is None else vectors
        self._tail: Vectors = np.empty((0, dimension), np.float32)  # grown by doubling: only the first rows are filled
        self._ids: Ids = np.empty(0, np.int64) if ids is None else np.array(ids, np.int64)
        self._alive = np.ones(len(self._ids), bool)
        self._dead = 0
        self._sort()

    def __len__(self) -> int:
        """Living rows."""
        return len(self._sorted)

    @property
    def end(self) -> int:
        """One more than the highest row number, dead ones counted."""
        return len(self._ids)

    @property
    def dead(self) -> int:
        return self._dead

    def add(self, ids: Ids, vectors: Vectors) -> Rows:
        """Appends rows and returns their numbers. The ids must have no living row."""
        first, base = self.end, len(self._base)
        needed = first + len(ids) - base
        if needed > len(self._tail):
            grown = np.empty((max(needed, 2 * len(self._tail), 64), self.dimension), np.float32)
            grown[: first - base] = self._tail[: first - base]
            self._tail = grown
        self._tail[first - base : needed] = vectors
        self._ids = np.concatenate([self._ids, ids])
        self._alive = np.concatenate([self._alive, np.ones(len(ids), bool)])
        self._sort()
        return np.arange(first, self.end)

    def remove(self, rows: Rows) -> None:
        """Living rows die."""
        if len(rows):
            self._alive[rows] = False
            self._dead += len(rows)
            self._sort()

    def rows_of(self, ids: ArrayLike) -> Rows:
        """Living rows of the known ids among these, each once, rising."""
        at, known = self._places(ids)
        rows = self._order[at[known]]
        if len(rows) * 64 < self.end:
            return np.unique(rows)
        flags = np.zeros(self.end, bool)  # a sort without comparisons
        flags[rows] = True
        return np.flatnonzero(flags)

    def vectors_of(self, ids: ArrayLike) -> Vectors:
        """A copy, in the order of `ids`. KeyError when one is not there."""
        at, known = self._places(ids)
        if not known.all():
            raise KeyError(int(np.asarray(ids).reshape(-1)[~known][0]))
        return self.gather(self._order[at])

    def ids_at(self, rows: Rows) -> Ids:
        """Ids of rows; -1 for a row that is -1 (none) or dead."""
        if not self.end:
            return np.full_like(rows, -1)
        return np.where((rows >= 0) & self._alive[rows], self._ids[rows], -1)

    def is_alive(self, rows: Rows) -> NDArray[np.bool_]:
        return self._alive[rows]

    def living(self) -> Rows:
        """Row numbers in the order of their ids: row `living()[i]` is row i of `snapshot`."""
        return self._order

    def gather(self, rows: Rows) -> Vectors:
        """A copy of these rows, in this order."""
        base = len(self._base)
        if not len(self._tail):
            return np.asarray(self._base[rows])
        if not base:
            return self._tail[rows]
        out = np.empty((len(rows), self.dimension), np.float32)
        late = rows >= base
        out[~late] = self._base[rows[~late]]
        out[late] = self._tail[rows[late] - base]
        return out

    def blocks(self) -> list[tuple[int, Vectors]]:
        """Everything, dead rows too, without a copy: (number of the first row, rows side by side in memory)."""
        base = len(self._base)
        return [
            (first, block) for first, block in ((0, self._base), (base, self._tail[: self.end - base])) if len(block)
        ]

    def ids(self) -> Ids:
        """A copy of those that live, rising."""
        return self._sorted.copy()

    def snapshot(self) -> tuple[Ids, Vectors]:
        """A copy of what lives, ids rising: the same content gives the same bytes."""
        return self._sorted.copy(), self.gather(self._order)

    def squeezed(self) -> VectorRows:
        """A copy without the dead: the living have new numbers, in the order of their ids."""
        return VectorRows(self.dimension, *self.snapshot())

    def _places(self, ids: ArrayLike) -> tuple[Rows, NDArray[np.bool_]]:
        wanted = np.asarray(ids, np.int64).reshape(-1)
        at = np.searchsorted(self._sorted, wanted)
        known = at < len(self._sorted)
        known[known] = self._sorted[at[known]] == wanted[known]
        return at, known

    def _sort(self) -> None:
        # Stable is the fast one on what is sorted but for its end.
        living = np.flatnonzero(self._alive) if self._dead else np.arange(self.end)
        ids = self._ids[living]
        order = np.argsort(ids, kind="stable")
        self._order: Rows = living[order]
        self._sorted: Ids = ids[order]
