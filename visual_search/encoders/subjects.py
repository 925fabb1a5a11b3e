"""Is there something to wear in this photo? A judgement from the 1,000 ImageNet classes.

The classes know no "T-shirt" but hundreds of animals, dishes, vehicles, buildings and landscapes: it is what a
photo certainly is *not* about clothes that they tell well. `labels.tsv` beside the weights puts each class into
a group: "worn" (garments, shoes, bags, jewellery, watches, cosmetics, and what they are taken for), "other"
(what nobody wears and clothes are seldom taken for) or "-" (says nothing).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visual_search.values import Subject, Verdict


class SubjectJudge:
    """`other_frac`: from this share of probability on "other" classes a photo shows no fashion item.
    `fashion_frac`: from this share on "worn" classes it surely does."""

    def __init__(self, labels_tsv: str, *, other_frac: float, fashion_frac: float) -> None:
        rows = [line.split("\t") for line in labels_tsv.splitlines()]
        if len(rows) != 1000:
            raise ValueError(f"{len(rows)} labels for 1,000 classes")
        self._labels = tuple(label for label, _ in rows)
        self._worn = np.array([group == "worn" for _, group in rows])
        self._other = np.array([group == "other" for _, group in rows])
        self._other_frac = other_frac
        self._fashion_frac = fashion_frac

    def shares(self, logits: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probability on "worn" and on "other" classes, [n] each."""
        share = _softmax(logits)
        return share[:, self._worn].sum(1), share[:, self._other].sum(1)

    def judge(self, logits: NDArray[np.float32]) -> list[Subject]:
        """One verdict a row of [n, 1000]."""
        share = _softmax(logits)
        worn, other, best = share[:, self._worn].sum(1), share[:, self._other].sum(1), share.argmax(1)
        return [
            Subject(
                verdict=self._verdict(float(worn[row]), float(other[row])),
                fashion_probability=round(float(worn[row] / max(worn[row] + other[row], 1e-9)), 4),
                label=self._labels[best[row]],
                label_probability=round(float(share[row, best[row]]), 4),
            )
            for row in range(len(logits))
        ]

    def _verdict(self, worn: float, other: float) -> Verdict:
        if other >= self._other_frac and other > worn:
            return "other"
        return "fashion" if worn >= self._fashion_frac else "unsure"


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    share = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(share / share.sum(axis=1, keepdims=True), np.float32)
