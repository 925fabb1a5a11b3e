"""Is there something to wear in this photo? Two witnesses, both from the features that are computed anyway.

The 1,000 ImageNet classes know no "T-shirt" but hundreds of animals, dishes, vehicles, buildings and landscapes.
`labels.tsv` beside the weights puts each class into a group: "worn" (garments, shoes, bags, jewellery, watches,
cosmetics, and what they are taken for), "other" (what nobody wears and clothes are seldom taken for) or "-".

Strangeness is the share of a picture's features that lies outside the 128 directions in which pictures of clothes
differ from each other. It needs no example of what is *not* clothes; but clothes photographed in a way that was
never seen look strange too, so alone it must be high before a photo is turned away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visual_search.values import Subject, Verdict

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SubjectRule:
    """A photo shows something else when the "other" classes hold `other_frac` of the probability and it is at least
    `unusual_frac` strange, or when it is `strange_frac` strange and "worn" classes hold less than `worn_frac`. It
    surely shows fashion when "worn" classes hold `worn_frac` and it is less than `strange_frac` strange."""

    other_frac: float
    worn_frac: float
    unusual_frac: float
    strange_frac: float

    def verdict(self, worn: float, other: float, strangeness: float) -> Verdict:
        if other >= self.other_frac and other > worn and strangeness >= self.unusual_frac:
            return "other"
        if strangeness >= self.strange_frac and worn < self.worn_frac:
            return "other"
        return "fashion" if worn >= self.worn_frac and strangeness < self.strange_frac else "unsure"


class SubjectJudge:
    """Thread-safe. `mean` [1280] and `subspace` [1280, 128], orthonormal columns, were fitted on clothes."""

    def __init__(self, labels_tsv: str, mean: Floats, subspace: Floats, rule: SubjectRule) -> None:
        rows = [line.split("\t") for line in labels_tsv.splitlines()]
        if len(rows) != 1000:
            raise ValueError(f"{len(rows)} labels for 1,000 classes")
        self._labels = tuple(label for label, _ in rows)
        self._worn = np.array([group == "worn" for _, group in rows])
        self._other = np.array([group == "other" for _, group in rows])
        self._mean = mean
        self._subspace = subspace
        self._rule = rule

    def evidence(self, features: Floats, logits: Floats) -> tuple[Floats, Floats, Floats]:
        """Unit features [n, 1280] and logits [n, 1000] to the shares "worn" and "other" and the strangeness, [n]."""
        share = _softmax(logits)
        centred = features - self._mean
        inside = ((centred @ self._subspace) ** 2).sum(1)
        strangeness = 1 - inside / np.maximum((centred**2).sum(1), 1e-9)
        return share[:, self._worn].sum(1), share[:, self._other].sum(1), strangeness.astype(np.float32)

    def nothing_worn(self, features: Floats, logits: Floats) -> NDArray[np.bool_]:
        """[n]: hardly any share of "worn" classes, and unlike clothes. Of a single photo too little to turn it away; of
        a catalogue, the share of such pictures tells what it sells (`docs/decisions/0020-eyes-by-catalogue.md`)."""
        worn, _, strangeness = self.evidence(features, logits)
        return (worn < self._rule.worn_frac) & (strangeness >= self._rule.unusual_frac)

    def judge(self, features: Floats, logits: Floats) -> list[Subject]:
        """One verdict a row."""
        worn, other, strangeness = self.evidence(features, logits)
        share = _softmax(logits)
        best = share.argmax(1)
        return [
            Subject(
                verdict=self._rule.verdict(float(worn[row]), float(other[row]), float(strangeness[row])),
                fashion_probability=round(float(worn[row] / max(worn[row] + other[row], 1e-9)), 4),
                strangeness=round(float(strangeness[row]), 4),
                label=self._labels[best[row]],
                label_probability=round(float(share[row, best[row]]), 4),
            )
            for row in range(len(logits))
        ]


def _softmax(logits: Floats) -> Floats:
    share = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(share / share.sum(axis=1, keepdims=True), np.float32)
