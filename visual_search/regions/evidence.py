"""What an encoder tells about a cut-out, as one row of numbers for the fitted scorer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from visual_search.encoders.base import Encoder
from visual_search.values import Pixels, Subject, Vectors

Floats = NDArray[np.float32]
BATCH = 4
"""Crops at once: with more, numpy's small products wake a second core and wait for it."""


@runtime_checkable
class TellsFeatures(Protocol):
    """An encoder that also shows the wider features its vectors are made from: they know better than the vectors
    whether a cut-out shows one thing, a part of one or several."""

    def encode_and_tell(self, pixels: Pixels) -> tuple[Vectors, list[Subject], Floats]:
        """As `Encoder.encode_and_judge`, with float32 [n, features], unit rows. No subjects at all where judging is
        dear: the features then have to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Of n pictures."""

    vectors: Vectors
    subjects: list[Subject]
    rows: Floats
    """[n, inputs of the scorer]"""

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence(
            np.concatenate([self.vectors, other.vectors]),
            self.subjects + other.subjects,
            np.concatenate([self.rows, other.rows]),
        )


def gather(encoder: Encoder, pixels: Pixels) -> Evidence:
    """`pixels` as `Encoder.encode` takes them; at least one picture."""
    parts = [_gather(encoder, pixels[start : start + BATCH]) for start in range(0, len(pixels), BATCH)]
    whole = parts[0]
    for part in parts[1:]:
        whole = whole + part
    return whole


def _gather(encoder: Encoder, pixels: Pixels) -> Evidence:
    if isinstance(encoder, TellsFeatures):
        vectors, subjects, features = encoder.encode_and_tell(pixels)
    else:
        vectors, subjects = encoder.encode_and_judge(pixels)
        features = vectors[:, :0]
    verdicts = np.array([(one.fashion_probability, one.strangeness) for one in subjects], np.float32)
    told = [verdicts.reshape(-1, 2)] if subjects else []
    return Evidence(vectors, subjects, np.concatenate([vectors, *told, features], axis=1))
