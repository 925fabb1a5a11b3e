"""A batch of products that never changes: which words each has, which products each word has."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from commerce.ports import TextDocument
from commerce.text_index.columns import Column, Columns, Places, Positions, column_of
from commerce.text_index.vocabulary import Vocabulary

Mask = NDArray[np.bool_]

_COMMON_SHARE = 200  # a word that more than one product in this many has gets a column of bits
COMMON_AT_MOST = 4095  # and always when more products than this have it, whatever their share
_COLUMNS_BYTES = 96 << 20  # columns of meanings kept a segment


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The words of products, one after the other: product i has `flat[starts[i]:starts[i + 1]]`, of which the first
    `title_words[i]` are its title's."""

    product_ids: NDArray[np.int64]  # [n] ascending
    starts: NDArray[np.int64]  # [n + 1]
    flat: NDArray[np.int32]
    title_words: NDArray[np.uint16]  # [n]

    def only(self, keep: Mask) -> Words:
        """Those products alone."""
        lengths = np.diff(self.starts)
        flat = self.flat[np.repeat(keep, lengths)]
        return Words(self.product_ids[keep], _starts(lengths[keep]), flat, self.title_words[keep])

    @staticmethod
    def together(parts: Iterable[Words]) -> Words:
        """Several, no product in two of them, in the order of ids."""
        several = list(parts)
        ids = np.concatenate([part.product_ids for part in several])
        lengths = np.concatenate([np.diff(part.starts) for part in several])
        starts = _starts(lengths)
        order = np.argsort(ids, kind="stable")
        flat = np.concatenate([part.flat for part in several])
        sorted_starts = _starts(lengths[order])
        places = np.repeat(starts[:-1][order] - sorted_starts[:-1], lengths[order]) + np.arange(len(flat))
        titles = np.concatenate([part.title_words for part in several])
        return Words(ids[order], sorted_starts, flat[places], titles[order])


def _starts(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def read_words(documents: Iterable[TextDocument], vocabulary: Vocabulary) -> Words:
    """Numbers the words of documents; of two with the same product id the later counts."""
    seen: dict[str, tuple[int, ...]] = {}  # what stands between two spaces repeats a lot
    flat, ids, lengths, titles = array("i"), array("q"), array("q"), array("H")
    for document in documents:
        start = len(flat)
        for text in (document.title, document.words):
            for piece in text.split():
                known = seen.get(piece)
                if known is None:
                    known = seen[piece] = vocabulary.add(piece)
                flat.extend(known)
            if len(titles) == len(ids):
                titles.append(min(len(flat) - start, 65_535))
        flat.extend([vocabulary.add_concept(concept) for concept in document.concepts])
        ids.append(document.product_id)
        lengths.append(len(flat) - start)
    vocabulary.file()
    words = Words(
        np.array(ids, np.int64),
        _starts(np.array(lengths, np.int64)),
        np.array(flat, np.int32),
        np.array(titles, np.uint16),
    )
    if len(set(ids)) < len(ids):
        last = {product_id: row for row, product_id in enumerate(ids)}
        keep = np.zeros(len(ids), np.bool_)
        keep[list(last.values())] = True
        words = words.only(keep)
    return Words.together([words])


class Turned(NamedTuple):
    """Words turned round: the products at positions `postings[starts[i]:starts[i + 1]]` have word number `used[i]`."""

    postings: NDArray[np.int32]
    starts: NDArray[np.int64]
    used: NDArray[np.int32]  # ascending


def _turn(words: Words) -> Turned:
    products = np.repeat(np.arange(len(words.product_ids), dtype=np.int64), np.diff(words.starts))
    # One number a (word, product) pair sorts ten times faster than a two-key sort.
    pairs = (words.flat.astype(np.int64) << 32) | products
    pairs.sort()
    if len(pairs):
        pairs = pairs[np.concatenate(([True], pairs[1:] != pairs[:-1]))]
    numbers = (pairs >> 32).astype(np.int32)
    firsts = np.flatnonzero(np.diff(numbers, prepend=-1))
    starts = np.append(firsts, len(numbers)).astype(np.int64)
    return Turned((pairs & 0xFFFFFFFF).astype(np.int32), starts, numbers[firsts])


class Segment:
    """Words of products, turned round. Immutable, but for columns that are made when first wanted."""

    __slots__ = (
        "_columns",
        "_counts",
        "_postings",
        "_rows",
        "_starts",
        "columns_of",
        "common",
        "counts_of",
        "size",
        "turned",
        "words",
    )

    def __init__(self, words: Words, turned: Turned | None = None) -> None:
        """`turned`: the same words turned round, where that was done before."""
        self.words = words
        self.size = len(words.product_ids)
        self.turned = turned or _turn(words)
        self._postings, self._starts, used = self.turned
        self._rows = np.full(int(used[-1]) + 1 if len(used) else 0, -1, np.int32)
        self._rows[used] = np.arange(len(used), dtype=np.int32)
        self._columns: dict[int, Column] = {}
        self.counts_of: dict[str, int] = {}
        by_number = np.zeros(len(self._rows), np.int64)
        by_number[used] = np.diff(self._starts)
        self._counts: list[int] = by_number.tolist()  # asked one by one, where a list is faster than an array
        self.columns_of = Columns(_COLUMNS_BYTES)
        self.common = min(self.size // _COMMON_SHARE, COMMON_AT_MOST)
        counts = np.diff(self._starts)
        for row in np.flatnonzero(counts > self.common).tolist():
            having = self._postings[self._starts[row] : self._starts[row + 1]]
            self._columns[int(used[row])] = column_of(having, self.size)

    def count(self, number: int) -> int:
        """How many products have the word."""
        return self._counts[number] if number < len(self._counts) else 0

    def words_of_many(self, products: int) -> list[int]:
        """Numbers of the words that at least so many products have."""
        rows = np.flatnonzero(np.diff(self._starts) >= products)
        numbers = np.flatnonzero(self._rows >= 0)  # ascending, as the rows are
        return [int(number) for number in numbers[rows]]

    def count_of(self, key: str, ways: tuple[tuple[int, ...], ...]) -> int:
        """At most how many products have all words of any of the ways. Remembered under the key, unless it is ''."""
        known = self.counts_of.get(key) if key else None
        if known is None:
            known = sum([min([self.count(number) for number in way]) for way in ways])
            if key:
                self.counts_of[key] = known
        return known

    def having(self, number: int) -> Positions:
        """Positions of the products that have the word, ascending."""
        return self._having(number).astype(np.int64)

    def column(self, number: int) -> Column | None:
        """A column for common words; None for the others."""
        return self._columns.get(number)

    def holds(self, number: int, positions: Positions) -> Mask:
        """Which of those products have the word."""
        column = self._columns.get(number)
        if column is not None:
            flags: Mask = np.zeros(len(positions), np.bool_)
            flags[Places(positions).held(column)] = True
            return flags
        having = self._having(number)
        if not len(having):
            return np.zeros(len(positions), np.bool_)
        wanted = positions.astype(np.int32)  # of one kind: else numpy would turn the longer of the two into the other's
        found: Mask = having.take(having.searchsorted(wanted), mode="clip") == wanted
        return found

    def _having(self, number: int) -> NDArray[np.int32]:
        row, starts = self._rows.item(number) if number < len(self._rows) else -1, self._starts
        return self._postings[:0] if row < 0 else self._postings[starts.item(row) : starts.item(row + 1)]

    @property
    def nbytes(self) -> int:
        words = self.words
        arrays = (
            words.product_ids,
            words.starts,
            words.flat,
            words.title_words,
            self._postings,
            self._starts,
            self._rows,
        )
        return (
            self.columns_of.nbytes
            + sum(array.nbytes for array in arrays)
            + sum(column.nbytes for column in self._columns.values())
        )
