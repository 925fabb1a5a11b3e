"""Parts of our own pixels as squares for the encoder."""

from __future__ import annotations

import numpy as np
from PIL import Image

from visual_search.regions.boxes import Boxes
from visual_search.values import Pixels

MARGIN = 0.06
"""Of the box on each side: products are shown with a little ground around them."""


def cut(view: Pixels, boxes: Boxes, input_px: int, margin: float = MARGIN) -> Pixels:
    """uint8 [n, input_px, input_px, 3], squashed as the child squashes whole pictures."""
    height, width = view.shape[:2]
    picture = Image.fromarray(view)
    out = np.empty((len(boxes), input_px, input_px, 3), np.uint8)
    for at, box in enumerate(boxes.astype(float)):
        more = (box[2:] - box[:2]) * margin
        left, top = np.maximum(box[:2] - more, 0) * (width, height)
        right, bottom = np.minimum(box[2:] + more, 1) * (width, height)
        area = (left, top, max(right, left + 1), max(bottom, top + 1))
        square = picture.resize((input_px, input_px), Image.Resampling.BICUBIC, box=area, reducing_gap=2.0)
        out[at] = np.asarray(square)
    return out
