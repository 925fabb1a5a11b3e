"""Which two of the found may be one article: two shoes, socks, earrings beside each other.

Only a suspicion: what holds both is then looked at as one, because a scorer that learnt from a catalogue knows pairs as
one product, but takes a single shoe seen from above for a cap. The suspicion asks no encoder, so it holds for all of
them; their vectors tell a twin from another product of its kind less well than its colours do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from visual_search.regions.boxes import Boxes, areas, around
from visual_search.regions.choosing import garment_share
from visual_search.regions.cutting import cut
from visual_search.regions.kinds import IN_PAIRS, SEVERAL, kinds_of
from visual_search.regions.layers import Floats
from visual_search.regions.proposals import NEAR
from visual_search.regions.scoring import CLASSES, name_of
from visual_search.values import Garment, Pixels

_SMALLER = 0.5
"""The smaller is no smaller than this, times the larger."""
_ALIKE = 0.8
"""Likeness of colours: of pairs nine in ten have it, of two products of a kind side by side three in ten."""
_SIDE_PX = 32
_LEVELS = 8


def twins(view: Pixels, boxes: Boxes) -> Iterator[tuple[int, int]]:
    """Of n boxes in a view, those that may be two of a pair, the likeliest first."""
    if len(boxes) < 2:
        return
    first, second = np.triu_indices(len(boxes), 1)
    one, other = areas(boxes)[first], areas(boxes)[second]
    near = areas(around(boxes[first], boxes[second])) < NEAR * (one + other)
    colours = _colours(cut(view, boxes, _SIDE_PX, margin=0))
    alike = (colours[first] * colours[second]).sum(1)
    may_be = near & (np.minimum(one, other) >= _SMALLER * np.maximum(one, other)) & (alike >= _ALIKE)
    for at in alike.argsort()[::-1]:
        if may_be[at]:
            yield int(first[at]), int(second[at])


def is_pair(both: Floats, halves: Sequence[Garment]) -> bool:
    """Whether what holds two, looked at as one, is one of a kind that comes in pairs, at least as surely as the less
    sure of the two is what it was named. `both`: one row of the scorer's shares."""
    name, score = name_of(both)
    kinds, one = set(kinds_of(name)), float(garment_share(both[None])[0])
    if not kinds <= IN_PAIRS or one <= both[CLASSES.index(SEVERAL)] or score < min(half.score for half in halves):
        return False
    # A half that was named a cap may be a shoe, but a shoe beside a sock is no pair.
    named = [set(kinds_of(half.kind)) for half in halves]
    return all(kinds & half or not half <= IN_PAIRS for half in named)


def _colours(pixels: Pixels) -> Floats:
    """[n, colours]: the square root of the share of each, ground and all (two of a pair lie on the same ground), so
    that a product of two rows is 1 for the same."""
    steps = pixels.reshape(len(pixels), -1, 3).astype(np.intp) * _LEVELS // 256
    cells = (steps[..., 0] * _LEVELS + steps[..., 1]) * _LEVELS + steps[..., 2]
    counts = np.stack([np.bincount(row, minlength=_LEVELS**3) for row in cells])
    return np.asarray(np.sqrt(counts / cells.shape[1]), np.float32)
