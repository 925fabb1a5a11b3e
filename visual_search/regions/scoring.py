"""What a cut-out shows: shares over the kinds, and over "nothing", "part of one" and "several".

Two scorers keep one promise. `FittedScorer` is a small network over the encoder's own numbers, fitted by
`visual_search.training.fit_kinds` on cut-outs whose truth is known; it ships beside the encoder and is always used
where it fits the encoder's revision, because only it was shown parts, groups and bare floors. `WordScorer` compares
cut-outs with the words of the kinds; it serves an encoder that reads words and for which nothing was fitted (a CLIP
model that the merchant chose), and knows nothing of parts and groups.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from visual_search.encoders.base import Encoder
from visual_search.regions.evidence import Evidence
from visual_search.regions.kinds import KIND_WORDS, KINDS, NO_GARMENT, NOTHING, OTHER_WORDS
from visual_search.regions.layers import Floats, Layers, softmax

CLASSES = (*KINDS, *NO_GARMENT)


class KindScorer(Protocol):
    def score(self, evidence: Evidence) -> Floats:
        """[n, len(CLASSES)], rows that sum to 1."""


class FittedScorer:
    def __init__(self, layers: Layers) -> None:
        if layers.second_bias.shape != (len(CLASSES),):
            raise ValueError(f"a scorer of {layers.second_bias.shape} classes, not of {len(CLASSES)}")
        self._layers = layers

    def score(self, evidence: Evidence) -> Floats:
        return softmax(self._layers(evidence.rows))


class WordScorer:
    """The mean vector of each kind's words, in both languages; the words of what nobody wears are "nothing"."""

    _SHARPNESS = 100.0
    """The scale that CLIP models are trained to; a cosine is worth so much of a logit."""

    def __init__(self, encoder: Encoder) -> None:
        words = [word for kind in KINDS for word in KIND_WORDS[kind]]
        vectors = encoder.encode_words(words)
        ends = np.cumsum([len(KIND_WORDS[kind]) for kind in KINDS])[:-1]
        means = np.stack([part.mean(0) for part in np.split(vectors, ends)])
        self._kinds = means / np.linalg.norm(means, axis=1, keepdims=True)
        self._others = encoder.encode_words(OTHER_WORDS)

    def score(self, evidence: Evidence) -> Floats:
        likeness = evidence.vectors @ np.concatenate([self._kinds, self._others]).T
        shares = softmax(np.asarray(self._SHARPNESS * likeness, np.float32))
        out = np.zeros((len(shares), len(CLASSES)), np.float32)
        out[:, : len(KINDS)] = shares[:, : len(KINDS)]
        out[:, CLASSES.index(NOTHING)] = shares[:, len(KINDS) :].sum(1)
        return out
