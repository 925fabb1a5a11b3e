"""Is there something to wear in this photo? Asked in words, for encoders that read them and were never measured.

Each sentence below is compared with the picture; the shares are those the model itself would give (its own scale).
Only a share that is nearly everything turns a photo away: nobody measured what these words are worth for this model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from visual_search.values import Subject, Vectors, Verdict

_WORN = (
    "clothes",
    "a person wearing clothes",
    "a dress",
    "a shirt",
    "a T-shirt",
    "a sweater",
    "a jacket or a coat",
    "trousers",
    "a skirt",
    "underwear or swimwear",
    "shoes",
    "a bag",
    "a hat",
    "jewellery",
    "a watch",
    "glasses",
    "a scarf, a belt or gloves",
)
_OTHER = (
    "an animal",
    "food",
    "a building",
    "a landscape",
    "a street",
    "a room",
    "furniture",
    "a plant",
    "a vehicle",
    "a machine or a tool",
    "a phone or a computer",
    "a screen full of text",
    "a printed page",
    "a drawing or a map",
    "nothing in particular",
)
_OTHER_FRAC = 0.9
_WORN_FRAC = 0.5


class WordsJudge:
    """Thread-safe. `encode_words` None: it cannot judge, and says "unsure" of everything."""

    def __init__(self, encode_words: Callable[[Sequence[str]], Vectors] | None, scale: float) -> None:
        """`scale` multiplies cosines before the softmax: the model's own (`logit_scale`)."""
        self._encode_words = encode_words
        self._scale = scale

    def judge(self, vectors: Vectors) -> list[Subject]:
        """Unit rows [n, d] of pictures to one verdict a row."""
        if self._encode_words is None or not len(vectors):
            return [Subject("unsure", 0.0, "not judged", 0.0)] * len(vectors)
        logits = self._scale * vectors @ self._sentences.T
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        worn = np.minimum(shares[:, : len(_WORN)].sum(axis=1), 1.0)
        return [
            Subject(_verdict(float(frac)), round(float(frac), 4), (*_WORN, *_OTHER)[best], round(float(row[best]), 4))
            for row, frac, best in zip(shares, worn, shares.argmax(axis=1), strict=True)
        ]

    @cached_property
    def _sentences(self) -> Vectors:
        assert self._encode_words is not None
        return self._encode_words([f"a photo of {what}" for what in (*_WORN, *_OTHER)])


def _verdict(worn: float) -> Verdict:
    if 1 - worn >= _OTHER_FRAC:
        return "other"
    return "fashion" if worn >= _WORN_FRAC else "unsure"
