"""Columns of bits, one a product (little end first, padded to 64): who has what, for all products at once."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.uint8]
Positions = NDArray[np.int64]  # kept as int32; numpy looks up twice as fast by int64

_BIT = np.left_shift(1, np.arange(8)).astype(np.uint8)
_TO_BYTE: NDArray[np.int64] = np.array(3)  # a plain number would be made such an array each time
_IN_BYTE: NDArray[np.int64] = np.array(7)


def column_of(positions: NDArray[np.integer], size: int) -> Column:
    """Those of `size` products."""
    flags = np.zeros(-(-size // 64) * 64, np.bool_)
    flags[positions] = True
    return np.packbits(flags, bitorder="little")


def in_all(columns: Sequence[Column]) -> Column:
    """What is in every column; it may be one of them."""
    first, *others = columns
    if not others:
        return first
    bits = first & others[0]
    for column in others[1:]:
        np.bitwise_and(bits, column, out=bits)
    return bits


def with_more(column: Column, more: Sequence[Positions], size: int) -> Column:
    """A column and others beside it."""
    if sum(map(len, more)) >= len(column) >> 3:
        return column | column_of(np.concatenate(more), size)
    column = column.copy()
    for positions in more:
        np.bitwise_or.at(column, positions >> 3, _BIT[positions & 7])
    return column


class Places:
    """Positions of products, ready to be looked up in columns."""

    __slots__ = ("_bits", "_bytes", "positions")

    def __init__(self, positions: Positions) -> None:
        self.positions = positions
        self._bytes, self._bits = positions >> _TO_BYTE, _BIT.take(positions & _IN_BYTE)

    def __len__(self) -> int:
        return len(self.positions)

    def held(self, column: Column) -> NDArray[np.intp]:
        """Which of them, by their index here, are in the column."""
        return (column.take(self._bytes) & self._bits).nonzero()[0]

    def only(self, chosen: NDArray[np.intp]) -> Places:
        """Those of them alone."""
        fewer = Places.__new__(Places)
        fewer.positions = self.positions.take(chosen)
        fewer._bytes, fewer._bits = self._bytes.take(chosen), self._bits.take(chosen)
        return fewer


class Columns:
    """Columns made once and kept while there is room; the oldest go first. Safe for many threads."""

    def __init__(self, most_bytes: int) -> None:
        self._columns: dict[object, Column] = {}
        self._most_bytes = most_bytes
        self._lock = Lock()

    def get(self, key: object) -> Column | None:
        return self._columns.get(key)

    def put(self, key: object, column: Column) -> None:
        with self._lock:
            while self._columns and (len(self._columns) + 1) * column.nbytes > self._most_bytes:
                del self._columns[next(iter(self._columns))]
            self._columns[key] = column

    @property
    def nbytes(self) -> int:
        return sum(column.nbytes for column in list(self._columns.values()))
