"""What a query asks for: concepts, each with the ways in which a product may express it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from commerce.text_index.meanings import KIN_WORDS, Way

# Kinds of the lexicon that say how a thing is, not what it is.
_DESCRIBING = frozenset(("colour", "gender", "pattern", "season", "occasion", "sleeve", "length", "fit", "material"))
# Of these, what few catalogues tell of their products.
_SOFT = frozenset(("sleeve", "length", "fit", "occasion", "season"))


class Part(NamedTuple):
    """One way of expressing a concept: any of `ways`, of each all the words. `weight` 0..1. `key` names the ways for
    caches; '' where they are a single word. `read` is what the words typed are taken for, one a token."""

    key: str
    ways: tuple[Way, ...]
    products: int  # how many; those that express it in two ways counted twice
    weight: float
    read: tuple[str, ...]


class Wanted(NamedTuple):
    """The words that express a concept, for looking at one product at a time."""

    weights: dict[int, float]  # by word: how well a product with it expresses the concept
    weights_of_several: tuple[tuple[Way, float], ...]  # the same by words that it must all have
    # For titles, words for something narrower left out: they are no better than knowing that it is of the kind.
    single: frozenset[int]  # any of them
    several: tuple[Way, ...]  # or all words of any of these
    every: frozenset[int]

    @staticmethod
    def of(parts: Sequence[Part]) -> Wanted:
        """`parts`: the best first."""
        weights: dict[int, float] = {}
        weights_of_several: list[tuple[Way, float]] = []
        titles: list[int] = []
        several: list[Way] = []
        for part in parts:
            is_narrower = part.key.endswith(KIN_WORDS)
            for way in part.ways:
                if len(way) == 1:
                    weights.setdefault(way[0], part.weight)
                    if not is_narrower:
                        titles.append(way[0])
                else:
                    weights_of_several.append((way, part.weight))
                    if not is_narrower:
                        several.append(way)
        single = frozenset(titles)
        every = single.union(*several) if several else single
        return Wanted(weights, tuple(weights_of_several), single, tuple(several), every)

    def fit(self, words: set[int]) -> float:
        """How well (0..1) a product with those words expresses the concept."""
        weights = self.weights
        best = 0.0
        if len(weights) < 3:
            for word, weight in weights.items():
                if weight > best and word in words:
                    best = weight
        else:
            for word in words:
                if word in weights and weights[word] > best:
                    best = weights[word]
        for way, weight in self.weights_of_several:
            if weight > best and words.issuperset(way):
                best = weight
        return best


class Concept(NamedTuple):
    """Tokens `start` to `end` of the query mean one thing."""

    start: int
    end: int
    parts: tuple[Part, ...]  # the best first
    kinds: frozenset[str]  # what it most likely names: "category", "colour"…
    is_type: bool  # names a kind of product
    describes: bool  # says how it is: colour, gender, material…
    is_soft: bool  # says what few catalogues know of their products: sleeves, length, fit, occasion, season
    products: int  # about how many express it
    ways: frozenset[Way]  # all ways of all parts
    read: tuple[str, ...]  # what to say when nothing was found for it
    wanted: Wanted
    key: str = ""  # the words, where they were typed right: names the concept for caches

    @staticmethod
    def of(
        start: int, end: int, parts: tuple[Part, ...], kinds: frozenset[str], read: tuple[str, ...], key: str = ""
    ) -> Concept:
        """`parts`: the best first."""
        is_type = "category" in kinds
        describes = not is_type and not kinds.isdisjoint(_DESCRIBING)
        is_soft = describes and kinds <= _SOFT
        products = max([part.products for part in parts], default=0)
        ways = frozenset([way for part in parts for way in part.ways])
        wanted = Wanted.of(parts)
        return Concept(start, end, parts, kinds, is_type, describes, is_soft, products, ways, read, wanted, key)

    @property
    def certainty(self) -> float:
        """1 for what was typed right, less for a word that was corrected, 0 for one that nothing has."""
        return 1.0 if self.key else self.parts[0].weight if self.parts else 0.0
