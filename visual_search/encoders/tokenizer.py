"""Words to token ids: byte-level BPE with the file format and the rules of open_clip's SimpleTokenizer, so that one
file serves both, without torch.
"""

from __future__ import annotations

import gzip
import html
import re
import threading
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

TokenIds = NDArray[np.int64]

# Letters in a row, one digit, or other signs in a row; the English endings are SimpleTokenizer's.
_PIECE = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+|\d|(?:[^\w\s]|_)+", re.IGNORECASE)
_END = "</w>"
_LONGEST_TEXT = 2_000
"""Characters that are looked at: far more than the context holds."""
_MOST_KEPT = 50_000
"""Pieces remembered; shoppers repeat themselves, strangers need not fill the memory."""


class BpeTokenizer:
    """Thread-safe. `merges_gz` is gzipped text: a first line that is not read, then one merge a line."""

    def __init__(self, merges_gz: bytes, context: int) -> None:
        lines = gzip.decompress(merges_gz).decode("utf-8").split("\n")[1:]
        merges = [tuple(line.split()) for line in lines]
        if any(len(merge) != 2 for merge in merges):
            raise ValueError("a merge is two pieces with a space between")
        letters = list(byte_letters().values())
        pieces = [*letters, *(letter + _END for letter in letters), *("".join(merge) for merge in merges)]
        self._ids = {piece: number for number, piece in enumerate(pieces)}
        self.start_id = len(pieces)
        self.end_id = len(pieces) + 1
        self._ranks = {merge: rank for rank, merge in enumerate(merges)}
        self._letters = byte_letters()
        self._context = context
        self._known: dict[str, tuple[int, ...]] = {}
        self._knowing = threading.Lock()

    @property
    def size(self) -> int:
        """How many ids there are, start and end included."""
        return self.end_id + 1

    def encode(self, text: str) -> list[int]:
        """Ids of the text, uncut, without start and end."""
        return [number for piece in _PIECE.findall(cleaned(text)) for number in self._piece(piece)]

    def batch(self, texts: Sequence[str]) -> TokenIds:
        """int64 [n, longest]: start, text, end, then zeros; longest is at most the context. What is too long is cut
        and still ends with the end's id.
        """
        rows = [self.encode(text)[: self._context - 2] for text in texts]
        out = np.zeros((len(rows), max((len(row) for row in rows), default=0) + 2), np.int64)
        for at, row in enumerate(rows):
            out[at, : len(row) + 2] = [self.start_id, *row, self.end_id]
        return out

    def _piece(self, piece: str) -> tuple[int, ...]:
        known = self._known.get(piece)
        if known is None:
            known = tuple(self._ids[part] for part in self._merged(piece))
            with self._knowing:
                if len(self._known) >= _MOST_KEPT:
                    self._known.clear()
                self._known[piece] = known
        return known

    def _merged(self, piece: str) -> list[str]:
        parts = [self._letters[byte] for byte in piece.encode("utf-8")]
        parts[-1] += _END
        while len(parts) > 1:
            rank, at = min(
                (self._ranks.get(pair, len(self._ranks)), place) for place, pair in enumerate(pairwise(parts))
            )
            if rank == len(self._ranks):
                break
            first, second = parts[at], parts[at + 1]
            merged, place = [], 0
            while place < len(parts):
                if place + 1 < len(parts) and parts[place] == first and parts[place + 1] == second:
                    merged.append(first + second)
                    place += 2
                else:
                    merged.append(parts[place])
                    place += 1
            parts = merged
        return parts


def cleaned(text: str) -> str:
    """Composed, unescaped, lower case, single spaces."""
    plain = html.unescape(html.unescape(unicodedata.normalize("NFC", text[:_LONGEST_TEXT])))
    return " ".join(plain.encode("utf-8", "ignore").decode().split()).lower()


def byte_letters() -> dict[int, str]:
    """A visible letter for each byte, as in GPT-2: printable ones are themselves."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in printable}
    for number, byte in enumerate(byte for byte in range(256) if byte not in letters):
        letters[byte] = chr(256 + number)
    return {byte: letters[byte] for byte in [*printable, *(b for b in range(256) if b not in printable)]}
