"""Which products express the concepts of a query, and how well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from commerce.text_index.columns import Column, Places, Positions, column_of, in_all, with_more
from commerce.text_index.concepts import Concept, Part
from commerce.text_index.meanings import Way
from commerce.text_index.segment import Mask, Segment

CANDIDATES = 8192  # looked at more closely at most; the rest of an enormous answer is not
_ENOUGH_EXPRESSING = 1024  # of those that are known to express every concept
_ENOUGH_BEST = 512  # of those that are known to do so as well as can be
_VERY_FEW = 8  # products for which not even a look into a column pays
FEW = 24  # products that are sooner looked at one by one, word for word, than column for column
ENOUGH_SHARED = 0.55  # share of a query's weight that a product must express when none expresses all of it

_ENOUGH_TO_COMPARE = 512  # products of a reading, to tell which goes best with the rest

Scores = NDArray[np.float32]
Ids = NDArray[np.int64]


class Scratch:
    """Flags and weights by position, lent to one search at a time. All False and 0 between two uses."""

    def __init__(self) -> None:
        self.marks: Mask = np.zeros(0, np.bool_)
        self.weights: Scores = np.zeros(0, np.float32)

    def fit(self, size: int) -> Scratch:
        if len(self.marks) < size:
            self.marks, self.weights = np.zeros(size, np.bool_), np.zeros(size, np.float32)
        return self


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A segment as a snapshot sees it: some of its products may have gone since."""

    segment: Segment
    alive: Mask | None  # None: all of them
    count: int = field(init=False)

    def __post_init__(self) -> None:
        count = self.segment.size if self.alive is None else int(np.count_nonzero(self.alive))
        object.__setattr__(self, "count", count)

    def filter(self, positions: Positions, allowed: Ids | None) -> Mask | None:
        """Which positions may be answered; None: all."""
        keep: Mask | None = None if self.alive is None else self.alive[positions]
        if allowed is not None:
            if not len(allowed):
                return np.zeros(len(positions), np.bool_)
            ids = self.segment.words.product_ids[positions]
            places = np.searchsorted(allowed, ids)
            places[places == len(allowed)] = 0
            inside: Mask = allowed[places] == ids
            keep = inside if keep is None else keep & inside
        return keep


class Matched(NamedTuple):
    """Products of one segment and, for each concept, how well (0..1) each expresses it, or all of them do."""

    positions: Positions
    fits: Sequence[Scores | float]  # one a concept; none where the products are few and still have to be looked at
    total: int


def importance(concepts: Sequence[Concept], products: int) -> list[float]:
    """What each concept tells: much when few products express it. One that nobody expresses tells most; one that was
    corrected tells less, as it may be another."""
    return [
        log(2 + products / (1 + concept.products)) * (concept.certainty**2 if concept.parts else 1.0)
        for concept in concepts
    ]


class Matcher:
    """One query against one segment."""

    def __init__(self, view: View, concepts: Sequence[Concept], allowed: Ids | None, scratch: Scratch) -> None:
        self._view = view
        self._segment = view.segment
        self._concepts = concepts
        self._allowed = allowed
        self._scratch = scratch.fit(view.segment.size)
        # Products by concept, those that express it in several ways counted several times.
        self._counts = [self._count(concept) for concept in concepts]

    def _count(self, concept: Concept) -> int:
        segment = self._segment
        known = segment.counts_of.get(concept.key) if concept.key else None
        if known is None:
            known = sum([segment.count_of(part.key, part.ways) for part in concept.parts])
            if concept.key:
                segment.counts_of[concept.key] = known
        return known

    def all_of(self) -> Matched | None:
        """Products that express every concept; None when there is none. Of no more than `FEW`, which still have to be
        looked at, the fits are left out."""
        if not self._concepts or min(self._counts) == 0:
            return None
        order = sorted(range(len(self._concepts)), key=self._counts.__getitem__)
        if self._counts[order[0]] > CANDIDATES and not self._are_few_allowed(self._counts[order[0]]):
            return self._of_columns(order)
        positions = self._candidates(order)
        if len(positions) <= _VERY_FEW:
            return Matched(positions, [], 0) if len(positions) else None
        places = Places(positions)
        fits: dict[int, Scores] = {}
        # First who expresses it at all, by one look at a column where there is one; then, for who is left, how well.
        for row in order if self._allowed is not None else order[1:]:
            if len(places) <= _VERY_FEW:
                break
            column = self._any(self._concepts[row])
            if column is not None:
                held = places.held(column)
            elif len(self._concepts[row].ways) == 1:
                held = self._holds(self._concepts[row].parts[0].ways[0], places.positions).nonzero()[0]
            else:
                fits[row] = self._fit(self._concepts[row], places)
                held = fits[row].nonzero()[0]
            if len(held) < len(places):
                places = places.only(held)
                fits = {other: fit.take(held) for other, fit in fits.items()}
        if len(places) <= FEW:
            return Matched(places.positions, [], 0) if len(places) else None
        total = len(places)
        if total > _ENOUGH_EXPRESSING:
            places = places.only(np.arange(_ENOUGH_EXPRESSING))
            fits = {row: fit[:_ENOUGH_EXPRESSING] for row, fit in fits.items()}
        known = [
            fits[row] if row in fits else self._how_well(concept, places) for row, concept in enumerate(self._concepts)
        ]
        return Matched(places.positions, known, total)

    def has_word(self, number: int, positions: Positions) -> Mask:
        """Which of those products have the word."""
        return self._segment.holds(number, positions)

    def beside(self, concept: Concept, others: Sequence[Concept]) -> int:
        """Products that express this one, counted once for each of the others that they express too; about, where they
        are many."""
        if not concept.parts:
            return 0
        positions = self._expressing(concept)
        step = 1 + len(positions) // _ENOUGH_TO_COMPARE
        places = Places(positions[::step])
        return step * sum(int(np.count_nonzero(self._fit(other, places))) for other in others)

    def most_of(self) -> tuple[Positions, list[Scores]] | None:
        """Products that express one of the rarest concepts, and how well each expresses every concept."""
        order = sorted((row for row, count in enumerate(self._counts) if count), key=self._counts.__getitem__)
        parts: list[Positions] = []
        looked_at = 0
        for row in order:
            if parts and looked_at + self._counts[row] > CANDIDATES:
                break
            part = self._expressing(self._concepts[row])
            parts.append(part[:CANDIDATES])
            looked_at += len(part)
        if not parts:
            return None
        positions = self._may(np.unique(np.concatenate(parts)))
        if not len(positions):
            return None
        places = Places(positions)
        return positions, [self._fit(concept, places) for concept in self._concepts]

    # Candidates

    def _are_few_allowed(self, rarest: int) -> bool:
        return self._allowed is not None and len(self._allowed) < min(rarest, 4 * CANDIDATES)

    def _candidates(self, order: list[int]) -> Positions:
        """Products that may express every concept and may be answered."""
        if self._allowed is None or not self._are_few_allowed(self._counts[order[0]]):
            return self._may(self._expressing(self._concepts[order[0]]))
        ids = self._segment.words.product_ids
        places = np.searchsorted(ids, self._allowed)
        places[places == len(ids)] = 0
        positions: Positions = places[ids[places] == self._allowed]
        return positions if self._view.alive is None else positions[self._view.alive[positions]]

    def _of_columns(self, order: list[int]) -> Matched | None:
        """Products that express every concept, where many express each: enough of those that do so best, or else of
        all; and how many there are."""
        concepts = self._concepts
        columns = [self._any(concepts[row]) for row in order]
        bits = in_all([self._bits(concepts[row]) if c is None else c for row, c in zip(order, columns, strict=True)])
        # Who expresses what was typed right in the best way is all there is to see, where they are enough.
        best = [self._column(concept.parts[0]) for concept in concepts if concept.key]
        more = [own for own in best if own is not None and not any(own is column for column in columns)]
        if best and not any(own is None for own in best):
            positions = self._from_bits(in_all([bits, *more]), _ENOUGH_BEST)
            if len(positions) > FEW:
                places = Places(positions)
                known = [c.parts[0].weight if c.key else self._how_well(c, places) for c in concepts]
                return Matched(positions, known, self._total(bits, len(positions)))
        positions = self._from_bits(bits, _ENOUGH_EXPRESSING)
        if len(positions) <= FEW:
            return Matched(positions, [], 0) if len(positions) else None
        places = Places(positions)
        known = [self._how_well(concept, places) for concept in concepts]
        return Matched(positions, known, self._total(bits, len(positions)))

    def _total(self, bits: Column, found: int) -> int:
        """How many products a column has; those found, where not all of it may be answered."""
        if self._allowed is not None or self._view.alive is not None:
            return found
        return int(np.bitwise_count(bits.view(np.uint64)).sum(dtype=np.uint32))

    def _from_bits(self, bits: Column, enough: int) -> Positions:
        """The first products of a column that may be answered, about enough of them."""
        lumps = bits.view(np.uint64)
        full = (lumps != 0).nonzero()[0]
        found: list[Positions] = []
        have, start = 0, 0
        while start < len(full) and have < enough:
            some = full[start : start + enough]  # each has a product at least, most have several
            end = int(np.bitwise_count(lumps.take(some)).cumsum().searchsorted(enough)) + 1
            chosen = some[:end]
            flags = np.unpackbits(lumps.take(chosen).view(np.uint8), bitorder="little").view(np.bool_)
            places = flags.nonzero()[0]
            positions = self._may((chosen[places >> 6] << 6) | (places & 63))
            found.append(positions)
            have += len(positions)
            start += end
        return found[0] if len(found) == 1 else np.concatenate(found) if found else np.zeros(0, np.int64)

    def _may(self, positions: Positions) -> Positions:
        keep = self._view.filter(positions, self._allowed)
        return positions if keep is None else positions[keep]

    # Concepts

    def _with(self, way: Way) -> Positions:
        """Products that have all words of a way."""
        segment = self._segment
        if len(way) == 1:
            return segment.having(way[0])
        rarest, *others = sorted(way, key=segment.count)
        positions = segment.having(rarest)
        for number in others:
            if not len(positions):
                break
            positions = positions[segment.holds(number, positions)]
        return positions

    def _holds(self, way: Way, positions: Positions) -> Mask:
        """Which of those products have all words of a way."""
        first, *others = way
        held = self._segment.holds(first, positions)
        for number in others:
            held = held & self._segment.holds(number, positions)
        return held

    def _expressing(self, concept: Concept) -> Positions:
        """Products that express a concept in any way, each once."""
        if len(concept.ways) == 1:
            return self._with(concept.parts[0].ways[0])
        marks = self._scratch.marks
        found: list[Positions] = []
        for part in concept.parts:
            for way in part.ways:
                positions = self._with(way)
                if found:
                    positions = positions[~marks[positions]]
                marks[positions] = True
                found.append(positions)
        everything = np.concatenate(found)
        marks[everything] = False
        return everything

    def _column(self, part: Part) -> Column | None:
        """A bit a product for what many express; None for what few do. Made once a segment."""
        segment = self._segment
        if not part.key:
            return segment.column(part.ways[0][0])
        known = segment.columns_of.get(part.key)
        if known is None and segment.count_of(part.key, part.ways) > segment.common:
            known = column_of(np.concatenate([self._with(way) for way in part.ways]), segment.size)
            segment.columns_of.put(part.key, known)
        return known

    def _any(self, concept: Concept) -> Column | None:
        """A column for a concept that many express; else None. Made for those that are asked for often: words that were
        typed right; a corrected word finds it too, where it means just the same."""
        segment = self._segment
        if len(concept.ways) == 1:
            return self._column(concept.parts[0])
        known = segment.columns_of.get(concept.ways)
        if known is None and concept.key and self._is_common(concept):
            known = self._bits(concept)
            segment.columns_of.put(concept.ways, known)
        return known

    def _is_common(self, concept: Concept) -> bool:
        segment = self._segment
        return any(segment.count_of(part.key, part.ways) > segment.common for part in concept.parts)

    def make_columns(self) -> None:
        """Makes the columns that these concepts need, so that nobody waits for them."""
        for concept in self._concepts:
            if concept.parts and self._any(concept) is not None:
                for part in concept.parts:
                    self._column(part)

    def _bits(self, concept: Concept) -> Column:
        """A column for a concept."""
        column: Column | None = None
        rare: list[Positions] = []
        for part in concept.parts:
            own = self._column(part)
            if own is None:
                rare += [self._with(way) for way in part.ways]
            else:
                column = own if column is None else column | own
        if column is None:
            return column_of(np.concatenate(rare), self._segment.size)
        return with_more(column, rare, self._segment.size) if rare else column

    def _how_well(self, concept: Concept, places: Places) -> Scores | float:
        """How well each of those products expresses the concept, which all of them do; one figure where all do so
        alike."""
        return concept.parts[0].weight if len(concept.parts) == 1 else self._fit(concept, places)

    def _fit(self, concept: Concept, places: Places) -> Scores:
        """How well each of those products expresses the concept, 0..1."""
        scratch, positions = self._scratch, places.positions
        fit = np.zeros(len(positions), np.float32)
        marked: list[Positions] = []
        for part in reversed(concept.parts):  # the best last, so that it is what stays
            column = self._column(part)
            if column is not None:
                fit[places.held(column)] = part.weight
            elif len(part.ways) == 1 and len(positions) <= part.products:
                fit[self._holds(part.ways[0], positions)] = part.weight
            else:
                having = np.concatenate([self._with(way) for way in part.ways])
                scratch.weights[having] = part.weight
                marked.append(having)
        if marked:
            np.maximum(fit, scratch.weights.take(positions), out=fit)
            for having in marked:
                scratch.weights[having] = 0
        return fit
