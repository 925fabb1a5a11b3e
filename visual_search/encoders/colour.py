"""A small colour descriptor: how much of what lies in the foreground is near each of a few colours.

General-purpose features know shape and hardly colour. The background is taken from the picture's rim (median
colour in CIE Lab); what differs from it counts, the middle more than the edge. Where nothing differs (a close-up
of a fabric fills the frame) the middle counts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visual_search.values import Pixels

_SIDE_PX = 32
_RIM_PX = 2
_SPREAD = 8.0
"""Lab distance over which a pixel still counts for a prototype: about three just noticeable differences."""
_BATCH = 64

Floats = NDArray[np.float32]


def foreground_colours(pixels: Pixels, prototypes: Floats) -> Floats:
    """uint8 [n, s, s, 3] (s a multiple of 32) and Lab prototypes [k, 3] to float32 [n, k], rows of length 1
    (square roots of shares, so that a dot product is the Bhattacharyya likeness)."""
    out = np.empty((len(pixels), len(prototypes)), np.float32)
    for start in range(0, len(pixels), _BATCH):
        lab, weight = foreground(pixels[start : start + _BATCH])
        flat = lab.reshape(len(lab), -1, 3)
        # |a - b|^2 without the big difference array
        distance = (flat**2).sum(-1)[..., None] - 2 * flat @ prototypes.T + (prototypes**2).sum(-1)
        near = np.exp(-(distance - distance.min(-1, keepdims=True)) / (2 * _SPREAD**2))
        near /= near.sum(-1, keepdims=True)
        shares = (weight.reshape(len(lab), 1, -1) @ near)[:, 0]
        out[start : start + _BATCH] = np.sqrt(shares)
    return unit_rows(out)


def unit_rows(rows: Floats) -> Floats:
    """Each row of length 1 (a row of zeros stays)."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


def foreground(pixels: Pixels) -> tuple[Floats, Floats]:
    """Lab [n, 32, 32, 3] and weights [n, 32, 32] that sum to 1 a picture."""
    lab = to_lab(_shrink(pixels))
    rim = np.ones((_SIDE_PX, _SIDE_PX), bool)
    rim[_RIM_PX:-_RIM_PX, _RIM_PX:-_RIM_PX] = False
    background = np.median(lab[:, rim], axis=1)[:, None, None]
    distance = np.linalg.norm(lab - background, axis=-1)
    middle = _middle()
    weight = (0.3 + 0.7 * middle) / (1 + np.exp(-(distance - 14) / 4))
    empty = weight.sum((1, 2)) < 25
    weight[empty] = middle
    return lab, (weight / weight.sum((1, 2), keepdims=True)).astype(np.float32)


def _shrink(pixels: Pixels) -> Floats:
    count, side = pixels.shape[:2]
    step = side // _SIDE_PX
    blocks = pixels.reshape(count, _SIDE_PX, step, _SIDE_PX, step, 3)
    return np.asarray(blocks.mean((2, 4), dtype=np.float32))


def _middle() -> Floats:
    place = (np.arange(_SIDE_PX, dtype=np.float32) - (_SIDE_PX - 1) / 2) / 12
    bell = np.exp(-(place**2))
    return np.outer(bell, bell).astype(np.float32)


def to_lab(rgb: Floats) -> Floats:
    """CIE 1976 L*a*b* from sRGB 0..255, white point D65 (IEC 61966-2-1)."""
    unit = rgb / 255
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32)
    xyz = linear @ to_xyz.T / np.array([0.9505, 1.0, 1.089], np.float32)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1).astype(np.float32)
