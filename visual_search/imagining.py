"""A picture and words in one query: "like this, but floral".

Pictures and words lie in one space, so the step from "dress" to "floral dress" can be taken from a picture of a dress:
unit(picture + w * (wanted - instead_of)). Only the difference of the two texts counts: what both say cancels out, and
so does most of what tells any text from any picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from visual_search.values import Vectors

if TYPE_CHECKING:
    from visual_search.encoders.base import Encoder

WEIGHT = 1.0
"""How far to go: 1 is the whole step that the words describe. Measured for the built-in encoder
(`visual_search.training.measure_words`): of ten products found for one in another colour, most are of its type and that
colour at 1 (.214; .019 without words, .129 half-way, .196 twice as far)."""


def imagined(encoder: Encoder, picture: Vectors, words: str, instead_of: str, weight: float = WEIGHT) -> Vectors:
    """float32 [d], length 1. Raises EncoderUnavailable where the encoder reads no words."""
    wanted, shown = encoder.encode_words([words, instead_of])
    moved = picture + np.float32(weight) * (wanted - shown)
    length = float(np.linalg.norm(moved))
    return (moved / np.float32(length)).astype(np.float32) if length > 0 else picture
