"""Which two of the found are one article: two shoes beside each other, what is above a dress's waist and what is below.

At first only a suspicion: what holds both is then looked at as one, because a scorer that learnt from a catalogue knows
pairs and whole dresses as products, but takes a single shoe seen from above for a cap, and half a dress for a skirt.
The suspicion asks no encoder, so it holds for all of them; their vectors tell a twin from another product of its kind
less well than its colours do.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from visual_search.regions.boxes import Boxes, areas, around
from visual_search.regions.choosing import garment_share
from visual_search.regions.cutting import cut
from visual_search.regions.kinds import IN_PAIRS, LONG, SEVERAL, kinds_of
from visual_search.regions.layers import Floats
from visual_search.regions.proposals import NEAR
from visual_search.regions.scoring import CLASSES, name_of
from visual_search.values import Box, Garment, Pixels

_SMALLER = 0.5
"""The smaller is no smaller than this, times the larger."""
_ALIKE = 0.8
"""Likeness of colours: of pairs nine in ten have it, of two products of a kind side by side three in ten."""
_ABOVE = 0.5
"""One lies above the other where they share more of the narrower's width."""
_SIDE_PX = 32
_LEVELS = 8


def suspects(view: Pixels, boxes: Boxes) -> Iterator[tuple[int, int]]:
    """Of n boxes in a view, those that may be two parts of one article, the likeliest first."""
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


def is_one(both: Floats, first: Garment, second: Garment) -> bool:
    """Whether what holds two, looked at as one, is one article, at least as surely as the less sure of the two is what
    it was named: of a kind that comes in pairs, or, where one lies above the other, of a long kind. `both`: one row of
    the scorer's shares."""
    name, score = name_of(both)
    kinds, one = set(kinds_of(name)), float(garment_share(both[None])[0])
    if not (kinds <= IN_PAIRS or (kinds <= LONG and _above(first.box, second.box))):
        return False
    if one <= both[CLASSES.index(SEVERAL)] or score < min(first.score, second.score):
        return False
    # A half that was named a cap may be a shoe, but a shoe beside a sock is no pair, nor one below a coat a part of it.
    named = [set(kinds_of(half.kind)) for half in (first, second)]
    return all(kinds & half or not half <= IN_PAIRS for half in named)


def _above(first: Box, second: Box) -> bool:
    """Or below, or within."""
    shared = min(first.right, second.right) - max(first.left, second.left)
    return shared > _ABOVE * min(first.right - first.left, second.right - second.left)


def _colours(pixels: Pixels) -> Floats:
    """[n, colours]: the square root of the share of each, ground and all (both lie on the same ground), so
    that a product of two rows is 1 for the same."""
    steps = pixels.reshape(len(pixels), -1, 3).astype(np.intp) * _LEVELS // 256
    cells = (steps[..., 0] * _LEVELS + steps[..., 1]) * _LEVELS + steps[..., 2]
    counts = np.stack([np.bincount(row, minlength=_LEVELS**3) for row in cells])
    return np.asarray(np.sqrt(counts / cells.shape[1]), np.float32)
