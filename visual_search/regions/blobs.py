"""Connected parts of a small mask, without a library for it: runs of a row that touch runs of the row before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def blobs(mask: Mask, least_px: int) -> list[tuple[int, int, int, int, int]]:
    """Of a mask [h, w]: (left, top, right, bottom, pixels) of every 4-connected part of at least `least_px` pixels,
    the largest first. Right and bottom are one past the last pixel."""
    width = mask.shape[1] + 1  # a column of nothing, so that no run goes on in the next row
    flat = np.zeros((mask.shape[0], width), np.int8)
    flat[:, :-1] = mask
    steps = np.diff(flat.ravel(), prepend=0)
    starts, stops = np.flatnonzero(steps > 0).tolist(), np.flatnonzero(steps < 0).tolist()
    runs = [
        (start % width, stop - start + start % width, start // width) for start, stop in zip(starts, stops, strict=True)
    ]
    parents = list(range(len(runs)))
    behind = 0
    for number, (left, right, y) in enumerate(runs):
        while runs[behind][2] < y - 1 or (runs[behind][2] == y - 1 and runs[behind][1] <= left):
            behind += 1
        other = behind
        while runs[other][2] == y - 1 and runs[other][0] < right:
            parents[_root(parents, other)] = _root(parents, number)
            other += 1
    found: dict[int, list[int]] = {}
    for number, (start, stop, y) in enumerate(runs):
        part = found.setdefault(_root(parents, number), [start, y, stop, y + 1, 0])
        part[0], part[2], part[3] = min(part[0], start), max(part[2], stop), y + 1
        part[4] += stop - start
    kept = [(part[0], part[1], part[2], part[3], part[4]) for part in found.values() if part[4] >= least_px]
    return sorted(kept, key=lambda part: -part[4])


def _root(parents: list[int], number: int) -> int:
    while parents[number] != number:
        parents[number] = parents[parents[number]]
        number = parents[number]
    return number


def opened(mask: Mask) -> Mask:
    """Without what is thinner than three pixels: hairs, straps and the seams between things that touch."""
    return _grown(~_grown(~mask))


def closed(mask: Mask) -> Mask:
    """With its small holes and slits filled."""
    return ~_grown(~_grown(mask))


def _grown(mask: Mask) -> Mask:
    wide = np.pad(mask, 1, mode="edge")
    return np.asarray(wide[1:-1, 1:-1] | wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:], np.bool_)
