"""A small fitted network: numbers of one row in, scores out. Numpy alone, a few microseconds a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """[n, inputs] to [n, outputs]: standardised, one hidden layer that is cut at zero, one that is not."""

    mean: Floats
    scale: Floats
    first: Floats
    first_bias: Floats
    second: Floats
    second_bias: Floats

    def __call__(self, rows: Floats) -> Floats:
        hidden = np.maximum((rows - self.mean) * self.scale @ self.first + self.first_bias, 0)
        return np.asarray(hidden @ self.second + self.second_bias, np.float32)

    def arrays(self, prefix: str) -> dict[str, Floats]:
        return {f"{prefix}_{name}": getattr(self, name) for name in self.__slots__}

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.floating]], prefix: str) -> Layers:
        return cls(*(np.asarray(arrays[f"{prefix}_{name}"], np.float32) for name in cls.__slots__))


def softmax(scores: Floats) -> Floats:
    """Rows to shares that sum to 1."""
    share = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(share / share.sum(axis=1, keepdims=True), np.float32)
