"""What a cut-out shows: shares over the kinds, and over "nothing", "part of one" and "several".

Two scorers keep one promise. `FittedScorer` is a small network over the encoder's own numbers, fitted by
`visual_search.training.fit_kinds` on cut-outs whose truth is known; it ships beside the encoder and is always used
where it fits the encoder's revision, because only it was shown parts, groups and bare floors. `WordScorer` compares
cut-outs with the words of the kinds; it serves an encoder that reads words and for which nothing was fitted (a CLIP
model that the merchant chose), and knows nothing of parts and groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from visual_search.encoders.base import Encoder
from visual_search.regions.evidence import Evidence
from visual_search.regions.kinds import KIND_WORDS, KINDS, NO_GARMENT, NOTHING, OTHER_WORDS, WIDER
from visual_search.regions.layers import Floats, Layers, softmax

CLASSES = (*KINDS, *NO_GARMENT)


class KindScorer(Protocol):
    def score(self, evidence: Evidence) -> Floats:
        """[n, len(CLASSES)], rows that sum to 1."""


class FittedScorer:
    """`shown` tells one garment from `NO_GARMENT`, of all that the encoder tells; `kinds` the kinds, of the vectors
    alone, for which every product of a catalogue is an example."""

    def __init__(self, shown: Layers, kinds: Layers) -> None:
        if shown.second_bias.shape != (1 + len(NO_GARMENT),) or kinds.second_bias.shape != (len(KINDS),):
            raise ValueError("the fitted scorer has other classes than this program: fit it again")
        self._shown = shown
        self._kinds = kinds

    def score(self, evidence: Evidence) -> Floats:
        shown = softmax(self._shown(evidence.rows))
        return np.concatenate([shown[:, :1] * softmax(self._kinds(evidence.vectors)), shown[:, 1:]], axis=1)

    def arrays(self) -> dict[str, Floats]:
        return {**self._shown.arrays("shown"), **self._kinds.arrays("kinds")}

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.floating]]) -> FittedScorer:
        return cls(Layers.of(arrays, "shown"), Layers.of(arrays, "kinds"))


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


_SURE = 0.6
"""A kind is named where it holds this much of what speaks for a garment."""
_SURE_WIDER = 0.6


def name_of(shares: Floats) -> tuple[str, float]:
    """The kind of one row of shares, or the wider category where no kind is sure, and how sure that is, 0..1."""
    kinds = shares[: len(KINDS)]
    total = max(float(kinds.sum()), 1e-9)
    at = int(kinds.argmax())
    if kinds[at] < _SURE * total:
        for wider, members in WIDER.items():
            share = float(sum(kinds[KINDS.index(kind)] for kind in members))
            if share >= _SURE_WIDER * total:
                return wider, share
    return KINDS[at], float(kinds[at])
