"""Boxes as arrays: float32 [n, 4] of left, top, right, bottom, all fractions 0..1 of the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visual_search.values import Box

Boxes = NDArray[np.float32]
Shares = NDArray[np.float32]

WHOLE_BOX: Boxes = np.array([[0, 0, 1, 1]], np.float32)


def as_array(box: Box) -> Boxes:
    """[4]"""
    return np.array((box.left, box.top, box.right, box.bottom), np.float32)


def as_box(row: Boxes) -> Box:
    left, top, right, bottom = (round(float(side), 4) for side in row)
    return Box(left, top, right, bottom)


def around(first: Boxes, second: Boxes) -> Boxes:
    """[n, 4]: the smallest boxes that hold each of the first and the second of the same row."""
    return np.concatenate([np.minimum(first[:, :2], second[:, :2]), np.maximum(first[:, 2:], second[:, 2:])], axis=1)


def areas(boxes: Boxes) -> Shares:
    """[n], as shares of the picture."""
    return np.asarray(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1), np.float32)


def common(first: Boxes, second: Boxes) -> Shares:
    """[n, m]: the area that each of the first shares with each of the second."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    return np.asarray(np.prod(np.maximum(high - low, 0), axis=2), np.float32)


def overlaps(first: Boxes, second: Boxes) -> Shares:
    """[n, m]: shared area over joint area (IoU), 0..1."""
    shared = common(first, second)
    joint = areas(first)[:, None] + areas(second)[None, :] - shared
    return np.asarray(shared / np.maximum(joint, 1e-9), np.float32)


def covered(first: Boxes, second: Boxes) -> Shares:
    """[n, m]: how much of each of the first lies within each of the second, 0..1."""
    return np.asarray(common(first, second) / np.maximum(areas(first)[:, None], 1e-9), np.float32)
