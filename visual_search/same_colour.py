"""Are two pictures of one colour? Asked of pictures with like vectors before they are called very close: to an encoder
a black jacket and a cream one are alike because they are jackets.

Two witnesses, since each errs where the other sees. *Words*: what colours the encoder would call the two; sure of a
shop's own pictures, vague about a phone's. *Thumbs*: the 8 x 8 pixels that are kept of each picture; good for a phone's
photo of one thing, misled by what stands behind it and by whoever wears it. The model card has the figures.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from visual_search.encoders.colour import to_lab, unit_rows
from visual_search.values import Vectors

if TYPE_CHECKING:
    from visual_search.encoders.base import Encoder

Floats = NDArray[np.float32]
Thumbs = NDArray[np.uint8]
"""uint8 [n, 192]: 8 x 8 RGB each."""

WORDS = (
    ("black", "noir"),
    ("white", "blanc"),
    ("grey", "gris"),
    ("silver", "argenté"),
    ("blue", "bleu"),
    ("green", "vert"),
    ("yellow", "jaune"),
    ("gold", "doré"),
    ("orange", "orange"),
    ("red", "rouge"),
    ("pink", "rose"),
    ("purple", "violet"),
    ("brown", "marron"),
    ("beige", "beige"),
    ("multicolour", "multicolore"),
)
"""Families of colours as the shop's lexicon names them, in English and in French."""

LOOKED_AT = 100
"""So many of the nearest are compared; of what comes after them nothing is called very close."""
THUMBS_ALONE = 0.6
"""From here up thumbs are of one colour where no words are asked."""
_SHARPNESS = 2.0
"""Chosen, as what follows, on phone photos and products that were looked at (`visual_search.training.colours`)."""
_LIGHTNESS = 0.5
"""Light differs from photo to photo more than hue does."""
_SPREAD = 8.0
"""Lab distance over which two pixels still have one colour: about three just noticeable differences."""
_PIXELS = 16
_NOISE = 16.0
"""Squared Lab distance from the background by which pixels count though they hardly differ from it."""


class Colours:
    """Of one encoder. Thread-safe."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def are_one(
        self, vector: Vectors, rows: Vectors, least: float | None, thumb: bytes, thumbs: Thumbs
    ) -> NDArray[np.bool_]:
        """Of a picture's vector [d] and others' [n, d]: bool [n]. `thumb`: that of the picture; b"" where there is none
        but a vector. `least`: see `Bands.same_colour`."""
        if least is not None and self._encoder.reads_words:
            return agreement(self.words, vector, rows, thumb, thumbs) >= least
        if thumb:
            return by_thumbs(thumb, thumbs) >= THUMBS_ALONE
        return np.ones(len(rows), np.bool_)

    @cached_property
    def words(self) -> Vectors:
        """[words, d]: each colour midway between its two names. Raises EncoderUnavailable where it reads none."""
        english, french = (self._encoder.encode_words(names) for names in zip(*WORDS, strict=True))
        return unit_rows(english + french)


def agreement(words: Vectors, vector: Vectors, rows: Vectors, thumb: bytes, thumbs: Thumbs) -> Floats:
    """[n], 0 to 1: how likely each row is of the colour of `vector`, by both witnesses; without `thumb`, by words."""
    said = by_words(words, vector, rows)
    return said if not thumb else np.float32(0.5) * (said + by_thumbs(thumb, thumbs))


def by_words(words: Vectors, vector: Vectors, rows: Vectors) -> Floats:
    """[n], 0 to 1: how likely each is called by the same word."""
    return np.asarray(_shares(words, rows) @ _shares(words, vector[None])[0], np.float32)


def _shares(words: Vectors, rows: Vectors) -> Floats:
    """[n, words]: of each word. Cosines are compared with those of the other words: a phone's photo comes less near to
    all of them than a shop's picture does, and of one encoder all cosines are smaller than of another."""
    cosines = rows @ words.T
    cosines -= cosines.mean(axis=1, keepdims=True)
    cosines /= np.maximum(cosines.std(axis=1, keepdims=True), 1e-6)
    shares = np.exp(np.float32(_SHARPNESS) * cosines)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)


def by_thumbs(thumb: bytes, thumbs: Thumbs) -> Floats:
    """[n], 0 to 1: how much of what the pictures show has colours in common."""
    mine, count = _foreground(np.frombuffer(thumb, np.uint8)[None])
    theirs, counts = _foreground(thumbs)
    own = _in_common(mine, count, mine, count) * _in_common(theirs, counts, theirs, counts)
    return np.asarray(_in_common(mine, count, theirs, counts) / np.sqrt(own), np.float32)


def _foreground(thumbs: Thumbs) -> tuple[Floats, Floats]:
    """Of the 16 pixels that stand out most: colours [n, 16, 3] in Lab, and how much each counts [n, 16], the more the
    less it is like the background and the nearer it lies to the middle."""
    lab = to_lab(thumbs.reshape(-1, 8, 8, 3).astype(np.float32)) * np.array([_LIGHTNESS, 1, 1], np.float32)
    background = np.median(lab[:, _RIM], axis=1)[:, None, None]
    count = (_MIDDLE * (((lab - background) ** 2).sum(-1) + _NOISE)).reshape(-1, 64)
    most = np.argpartition(-count, _PIXELS, axis=1)[:, :_PIXELS]
    kept = np.take_along_axis(count, most, axis=1)
    return (
        np.take_along_axis(lab.reshape(-1, 64, 3), most[:, :, None], axis=1),
        kept / kept.sum(axis=1, keepdims=True),
    )


def _in_common(some: Floats, count: Floats, others: Floats, counts: Floats) -> Floats:
    """[n]: how often a pixel of the one (or of the same row) and one of the other have one colour."""
    squares = (some**2).sum(-1)[:, :, None] + (others**2).sum(-1)[:, None] - 2 * some @ others.transpose(0, 2, 1)
    alike = np.exp(np.maximum(squares, 0) / np.float32(-2 * _SPREAD**2))
    return np.asarray((count[:, None] @ alike @ counts[:, :, None])[:, 0, 0], np.float32)


def _bell() -> Floats:
    place = (np.arange(8, dtype=np.float32) - 3.5) / 3
    return np.outer(np.exp(-(place**2)), np.exp(-(place**2))).astype(np.float32)


_MIDDLE = _bell()
_RIM = np.ones((8, 8), np.bool_)
_RIM[1:-1, 1:-1] = False
