"""Words one or two slips away from what was typed, without reading the whole vocabulary.

Two words within distance d share a string that both reach by deleting at most d letters. So every word is filed under
each such string of its first letters, and a typed word is looked up under its own. What comes back is a superset; the
caller measures the true distance.

Filing is one sorted array: 40 bits of hash and 24 bits of word number in each uint64, 8 bytes an entry. A table by the
first bits of the hash says where to look in it, so that a look-up is a step instead of a search.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

PREFIX = 7  # letters that are filed; a slip behind them is found by the length and the distance check
_WORD_BITS = 24
MOST_WORDS = 1 << _WORD_BITS
_WORD_MASK = np.uint64(MOST_WORDS - 1)
# One odd factor a position: letters in another place give another sum, and the upper bits of such a sum are as good as
# those of any hash. Any large odd numbers do.
_FACTORS = np.array(
    [
        0x9E3779B97F4A7C15,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0xD6E8FEB86659FD93,
        0xA0761D6478BD642F,
        0xE7037ED1A0B428DB,
        0x8EBC6AF09C88C6E3,
    ],
    dtype=np.uint64,
)
_BLOCKS = 6  # small blocks kept beside the big one before all become one


def slips(length: int) -> int:
    """How many slips a word of that many letters is forgiven: none up to 3, one for 4 and 5, two from 6."""
    return 0 if length < 4 else 1 if length < 6 else 2


@cache
def _weights(length: int, deletions: int) -> NDArray[np.int64]:
    """[ways, length] what each letter counts in the sum of each way; times the letters it gives all sums at once."""
    kept = _kept(length, deletions)
    weights = np.zeros((len(kept), PREFIX + 1), np.uint64)
    np.put_along_axis(weights, kept, np.broadcast_to(_FACTORS, kept.shape), axis=1)
    return weights[:, :length].astype(np.int64)


@cache
def _kept(length: int, deletions: int) -> NDArray[np.intp]:
    """[ways, PREFIX] positions that stay when up to `deletions` of `length` letters go; PREFIX means "nothing here"."""
    rows = [
        [place for place in range(length) if place not in gone]
        for count in range(min(deletions, length - 1) + 1)
        for gone in combinations(range(length), count)
    ]
    return np.array([row + [PREFIX] * (PREFIX - len(row)) for row in rows], dtype=np.intp)


def _file(words: Sequence[str], numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Sorted entries for these words."""
    if not words:
        return np.zeros(0, np.uint64)
    letters = np.array([word[:PREFIX] for word in words], dtype=f"U{PREFIX}").view(np.uint32)
    letters = letters.reshape(len(words), PREFIX).astype(np.uint64)
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    forgiven = np.where(lengths < 4, 0, np.where(lengths < 6, 1, 2))
    filed = np.minimum(lengths, PREFIX)
    entries = []
    for length in range(1, PREFIX + 1):
        for deletions in range(3):
            rows = np.flatnonzero((filed == length) & (forgiven == deletions))
            if not len(rows):
                continue
            own, number = letters[rows], numbers[rows]
            for way in _kept(length, deletions):
                sums = np.zeros(len(rows), np.uint64)
                for position, place in enumerate(way):
                    if place < PREFIX:
                        sums += own[:, place] * _FACTORS[position]
                entries.append((sums & ~_WORD_MASK) | number)
    everything = np.concatenate(entries)
    everything.sort()
    return everything


class _Block:
    """Sorted entries, and where those begin whose hash begins with certain bits."""

    __slots__ = ("ends", "entries", "numbers", "shift", "starts")

    def __init__(self, entries: NDArray[np.uint64]) -> None:
        bits = max(len(entries).bit_length() + 2, 12)  # four to eight places an entry: most strings are nobody's
        self.entries, self.numbers = entries, (entries & _WORD_MASK).astype(np.int32)
        self.shift = 64 - bits
        firsts = np.arange(1 << bits, dtype=np.uint64) << np.uint64(self.shift)
        bounds = np.append(np.searchsorted(entries, firsts), len(entries)).astype(np.int32)
        self.starts, self.ends = bounds[:-1], bounds[1:]

    @property
    def nbytes(self) -> int:
        return self.entries.nbytes + self.numbers.nbytes + self.starts.nbytes


class DeletionDictionary:
    """Immutable; `with_words` gives a larger one. Words are numbered by the caller, below MOST_WORDS."""

    __slots__ = ("_blocks",)

    def __init__(self, blocks: Sequence[NDArray[np.uint64]] = ()) -> None:
        self._blocks = tuple(_Block(block) for block in blocks)

    def with_words(self, words: Sequence[str], numbers: Sequence[int]) -> DeletionDictionary:
        """This one and those words, filed under the given numbers."""
        block = _file(words, np.array(numbers, dtype=np.uint64))
        if not len(block):
            return self
        larger = DeletionDictionary()
        blocks = [*self.blocks, block]
        if len(blocks) > _BLOCKS or len(block) > len(blocks[0]) // 4:
            whole = np.concatenate(blocks)
            whole.sort()
            larger._blocks = (_Block(whole),)
        else:
            larger._blocks = (*self._blocks, _Block(block))
        return larger

    def near(self, word: str) -> list[int]:
        """Numbers of words that may be within `slips(len(word))` of it, each once, ascending; some are further away."""
        letters = np.array(list(map(ord, word[:PREFIX])), np.int64)
        sums = _weights(len(letters), slips(len(word))).dot(letters)
        found: set[int] = set()
        for block in self._blocks:
            places = sums >> block.shift  # below 0 where the first bit is set: numpy counts those from the end, rightly
            bounds = zip(block.starts.take(places).tolist(), block.ends.take(places).tolist(), strict=True)
            for start, end in bounds:
                if start < end:
                    found.update(block.numbers[start:end].tolist())
        return sorted(found)

    @property
    def blocks(self) -> tuple[NDArray[np.uint64], ...]:
        """What it is made of, to be kept: `DeletionDictionary(blocks)` is the same again."""
        return tuple([block.entries for block in self._blocks])

    @property
    def nbytes(self) -> int:
        return sum(block.nbytes for block in self._blocks)
