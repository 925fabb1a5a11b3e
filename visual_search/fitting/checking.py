"""Is the taught encoder better? Measured on products that it was not taught, before and after, and judged.

Names look for their product among all the shop's pictures. Beside that, four things must not get worse by more than a
stated margin: words for a kind, pictures for a picture, a picture as a phone would take it, and how alike such pictures
are to each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visual_search.values import Vectors

Places = NDArray[np.int64]
Floats = NDArray[np.float64]

NEAREST = 10
MARGINS = {"kind_words": 0.02, "photo_kind": 0.01, "phone_kind": 0.02}
"""What may be lost at most of a share of right answers."""
LEAST_LIKENESS = 0.85
"""Correlation of the cosines among pictures as a phone would take them, before and after."""
_FEWEST = 5
"""A kind is asked for where so many held-out products are of it."""
_AT_ONCE = 512


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The catalogue as one encoder sees it."""

    pictures: Vectors
    """[n, d]"""
    texts: Vectors
    """[t, d]: names, then captions."""
    phone: Vectors
    """[p, d]: some held-out pictures, as a phone would take them."""


@dataclass(frozen=True, slots=True, eq=False)
class Exam:
    """What is asked. Places are rows of a view, or of products."""

    owners: Places
    """[n]: the product of each picture."""
    groups: Places
    """[products]: equal for products that share a name."""
    names: Mapping[str, tuple[Places, Places]]
    """By language: texts, and the products that they name."""
    kinds: Sequence[tuple[str, int, Places]]
    """Language, text and products of each word for a kind."""
    kind_of: Places
    """[products]: -1 unknown."""
    phone: Places
    """[p]: the picture that each one of `View.phone` was made from."""

    def of(self, products: Places) -> Exam:
        """The same about these products only; the other ones' pictures stay among those that are searched."""
        names = {}
        for language, (texts, named) in self.names.items():
            chosen = np.isin(named, products)
            names[language] = (texts[chosen], named[chosen])
        kinds = [(language, text, np.intersect1d(of, products)) for language, text, of in self.kinds]
        return Exam(self.owners, self.groups, names, kinds, self.kind_of, self.phone)


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Shares of 1. Where nothing could be asked a figure is missing."""

    name_ranks: Mapping[str, Floats]
    """By language, for each name 1 / the rank of its first right picture."""
    name_products: Mapping[str, Places]
    """By language, for each name the product that it is of."""
    kind_words: Mapping[str, float]
    """By language: share of right ones among the nearest pictures for a kind's word."""
    photo_kind: float | None
    """Share of the same kind among the nearest pictures for a picture."""
    phone_kind: float | None
    """The same for pictures as a phone would take them."""

    @property
    def name_mrr(self) -> float:
        """Over all languages."""
        every = [ranks for ranks in self.name_ranks.values() if len(ranks)]
        return float(np.mean(np.concatenate(every))) if every else 0.0

    def figures(self) -> dict[str, float]:
        """Rounded, by name, for people."""
        told = {
            f"name_mrr_{language}": float(ranks.mean()) for language, ranks in self.name_ranks.items() if len(ranks)
        }
        told |= {f"kind_words_p10_{language}": share for language, share in self.kind_words.items()}
        for name, value in (("photo_kind_p10", self.photo_kind), ("phone_kind_p10", self.phone_kind)):
            if value is not None:
                told[name] = value
        return {name: round(value, 4) for name, value in told.items()}


def examine(exam: Exam, view: View, asked: Places) -> Marks:
    """`asked`: the products whose pictures ask, and the only ones that a kind's word is to find."""
    asking = np.flatnonzero(np.isin(exam.owners, asked))
    kinds = exam.kind_of[exam.owners]
    words: dict[str, list[float]] = {}
    among = view.pictures[asking]
    for language, text, products in exam.kinds:
        right = np.isin(exam.owners[asking], products)
        if right.sum() >= _FEWEST:
            nearest = min(NEAREST, int(right.sum()))
            best = np.argsort(-(among @ view.texts[text]), kind="stable")[:nearest]
            words.setdefault(language, []).append(float(right[best].mean()))
    return Marks(
        {
            language: _ranks(view.texts[texts], exam.groups[products], view.pictures, exam.groups[exam.owners])
            for language, (texts, products) in exam.names.items()
        },
        {language: products for language, (_, products) in exam.names.items()},
        {language: float(np.mean(shares)) for language, shares in words.items()},
        _same_kind(view.pictures[asking], asking, exam, view, kinds),
        _same_kind(view.phone, exam.phone, exam, view, kinds),
    )


def _ranks(asked: Vectors, asked_groups: Places, shown: Vectors, shown_groups: Places) -> Floats:
    """1 / the rank of the first picture of a product of that very name."""
    out = np.zeros(len(asked))
    for start in range(0, len(asked), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        scores = asked[some] @ shown.T
        own = asked_groups[some, None] == shown_groups[None, :]
        best = np.where(own, scores, -2).max(axis=1, keepdims=True)
        out[some] = 1 / (1 + ((scores > best) & ~own).sum(axis=1))
    return out


def _same_kind(asked: Vectors, own: Places, exam: Exam, view: View, kinds: Places) -> float | None:
    """Share of the same kind among the nearest pictures of other products."""
    known = np.flatnonzero(kinds[own] >= 0)
    if len(view.pictures) <= NEAREST or not len(known):
        return None
    shares = []
    for start in range(0, len(known), _AT_ONCE):
        some = known[start : start + _AT_ONCE]
        scores = asked[some] @ view.pictures.T
        scores[exam.owners[own[some]][:, None] == exam.owners[None, :]] = -2
        best = np.argpartition(-scores, NEAREST - 1, axis=1)[:, :NEAREST]
        shares.append((kinds[best] == kinds[own[some]][:, None]).mean(axis=1))
    return float(np.mean(np.concatenate(shares)))


def likeness_kept(before: Vectors, after: Vectors) -> float:
    """Correlation of the cosines among the same pictures; 1: nothing has moved against anything."""
    if len(before) < 3:
        return 1.0
    pairs = np.triu_indices(len(before), 1)
    return float(np.corrcoef((before @ before.T)[pairs], (after @ after.T)[pairs])[0, 1])


def reasons_against(before: Marks, after: Marks, likeness: float) -> list[str]:
    """Why the taught encoder is not to be used; empty: it is better."""
    against = []
    gains = _gains(before, after)
    error = float(gains.std() / max(len(gains), 1) ** 0.5)
    if float(gains.mean()) <= error:
        against.append(
            f"names find their products no better: MRR {before.name_mrr:.3f} before, {after.name_mrr:.3f} after "
            f"(chance alone moves it by {error:.3f})"
        )
    for language, ranks in before.name_ranks.items():
        lost = float((ranks - after.name_ranks[language]).mean()) if len(ranks) else 0.0
        if lost > error:
            against.append(f"names in {language!r} find their products worse: by {lost:.3f}")
    for language, share in before.kind_words.items():
        against += _lost(f"words for a kind ({language})", share, after.kind_words[language], MARGINS["kind_words"])
    against += _lost("pictures like a picture", before.photo_kind, after.photo_kind, MARGINS["photo_kind"])
    against += _lost("photos as by a phone", before.phone_kind, after.phone_kind, MARGINS["phone_kind"])
    if likeness < LEAST_LIKENESS:
        against.append(f"likenesses among photos have moved: correlation {likeness:.3f}, at least {LEAST_LIKENESS}")
    return against


def _gains(before: Marks, after: Marks) -> Floats:
    """What the names of each product gained, all languages together: they ask for the same picture, so that one stroke
    of luck would count twice."""
    languages = [language for language, ranks in before.name_ranks.items() if len(ranks)]
    if not languages:
        return np.zeros(1)
    gains = np.concatenate([after.name_ranks[one] - before.name_ranks[one] for one in languages])
    places = np.unique(np.concatenate([before.name_products[one] for one in languages]), return_inverse=True)[1]
    return np.asarray(np.bincount(places, gains) / np.bincount(places))


def _lost(what: str, before: float | None, after: float | None, margin: float) -> list[str]:
    if before is None or after is None or before - after <= margin:
        return []
    return [f"{what}: {before:.3f} before, {after:.3f} after; at most {margin} may be lost"]
