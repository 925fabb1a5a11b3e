"""One query answered: read, matched against every segment, the best ranked again by their titles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from math import log
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from commerce.domain.search import Hit, Why
from commerce.ports import TextMatches
from commerce.text_index.columns import Positions
from commerce.text_index.concepts import Concept
from commerce.text_index.matching import ENOUGH_SHARED, Ids, Matched, Matcher, Scratch, importance
from commerce.text_index.reading import Reader, optional_words
from commerce.text_index.snapshot import Snapshot
from commerce.text_index.typed import Token, say_again, tokens_of
from commerce.text_index.vocabulary import CONCEPT, Vocabulary

_FEWEST_TITLES, _MOST_TITLES = 16, 32  # products whose titles are looked at: half as many again as are wanted
_UNSURE = 0.75  # a reading with two slips weighs less
_GOES_WITH = 0.008  # times the natural logarithm of the products that have a reading beside another word
_OPTIONAL = 0.03  # for each word without a wish of its own that a product has too
_KNOWN_TO_BE = 0.6  # what a product is known to be, beside what stands in its title
_WEIGHT_FIT, _WEIGHT_IN_TITLE, _WEIGHT_TITLE_SHARE = 0.84, 0.06, 0.1


@dataclass(slots=True)
class _Candidate:
    """A product that is looked at closely. Its score is what is known of it so far."""

    score: float
    product_id: int
    words: list[int]
    title_words: int  # so many of them are its title's


_by_score, _by_id = attrgetter("score"), attrgetter("product_id")


class Search:
    """Made for one query and thrown away."""

    def __init__(
        self,
        snapshot: Snapshot,
        vocabulary: Vocabulary,
        reader: Reader,
        scratch: Scratch,
        allowed: Ids | None,
        limit: int,
    ) -> None:
        self._snapshot = snapshot
        self._vocabulary = vocabulary
        self._reader = reader
        self._scratch = scratch
        self._allowed = allowed
        self._titles = min(max(limit * 3 // 2, _FEWEST_TITLES), _MOST_TITLES)
        self._most = max(limit, self._titles)
        self._limit = limit
        self._optional: list[int] = []

    def run(self, words: str) -> TextMatches:
        """See `commerce.ports.TextIndex.search`."""
        tokens, pieces = tokens_of(words)
        concepts = self._reader.concepts(tokens, self._snapshot)
        if not concepts:
            return TextMatches((), words.strip(), 0)
        numbers = self._vocabulary.numbers
        self._optional = [numbers[word] for word in optional_words(tokens, concepts) if word in numbers]
        found = self._find(concepts)
        is_partial = False
        if not found or not all(concept.parts for concept in concepts):
            generous = self._reader.concepts(tokens, self._snapshot, generous=True)
            better = self._find(generous)
            if better:
                concepts, found = generous, better
            elif not found:
                concepts = self._settled(concepts, generous)
        dropped: list[Concept] = []
        if not found:
            # What few catalogues know of products, and what two slips at best explain, may be passed over; it is told.
            dropped = [concept for concept in concepts if concept.is_soft or 0 < concept.certainty < _UNSURE]
            firm = [concept for concept in concepts if concept not in dropped]
            if dropped and any(concept.is_type for concept in firm):
                found = self._find(firm)
            if not found:
                dropped = []
        if not found:
            found = self._relaxed(concepts)
            is_partial = found is not None
        # A colour or fabric that no product has is a wish that was not met, not a word that nobody knows.
        is_partial = is_partial or (
            found is not None and any(c.describes and not c.parts and not c.is_soft for c in concepts)
        )
        best, total = found if found else ([], 0)
        said = [concept for concept in concepts if concept.is_soft or concept not in dropped]
        read = self._read(tokens, said, best)
        unknown = [
            " ".join([token.text for token in tokens[concept.start : concept.end]])
            for concept in concepts
            if not concept.parts or concept in dropped
        ]
        hits = [
            Hit(candidate.product_id, min(_rounded(candidate.score), 1.0), Why.WORDS)
            for candidate in best[: self._limit]
        ]
        read_as = say_again(tokens, pieces, read, self._vocabulary)
        return TextMatches(tuple(hits), read_as, total, tuple(unknown), is_partial)

    def _settled(self, concepts: Sequence[Concept], generous: Sequence[Concept]) -> list[Concept]:
        """These concepts, each word of the shop with a slip in it taken for one word, as though it had been typed
        right: the likeliest that goes best with the others."""
        settled = []
        meant = {(concept.start, concept.end): concept for concept in generous}
        for concept in concepts:
            found = meant.get((concept.start, concept.end), concept)
            if not (found.describes or found.is_type) or not _UNSURE <= found.certainty < 1:
                settled.append(concept)
                continue
            reads = list(dict.fromkeys(part.read for part in found.parts))
            if len(reads) == 1:
                settled.append(found._replace(read=reads[0]))
                continue
            others = [other for other in concepts if other is not concept and other.parts]
            chosen: list[tuple[float, Concept]] = []
            for read in reads:
                parts = tuple(part for part in found.parts if part.read == read)
                one = Concept.of(found.start, found.end, parts, found.kinds, read)
                beside = sum(
                    Matcher(view, (), None, self._scratch).beside(one, others) for view in self._snapshot.views
                )
                chosen.append((parts[0].weight + _GOES_WITH * log(1 + beside), one))
            settled.append(max(chosen, key=lambda weighed: weighed[0])[1])
        return settled

    def _find(self, concepts: Sequence[Concept]) -> tuple[list[_Candidate], int] | None:
        """Products that express all concepts that any product expresses."""
        known = [concept for concept in concepts if concept.parts]
        if not known or not _may_answer(concepts, known):
            return None
        weights = importance(known, self._snapshot.size)
        total_weight = sum(weights)
        if len(known) < len(concepts):
            everything = float(sum(importance(concepts, self._snapshot.size)))
            if not any(concept.is_type for concept in known) and total_weight < ENOUGH_SHARED * everything:
                return None
        weights = [weight / total_weight for weight in weights]
        candidates: list[_Candidate] = []
        total = 0
        for number, view in enumerate(self._snapshot.views):
            matcher = Matcher(view, known, self._allowed, self._scratch)
            matched = matcher.all_of()
            if matched is None:
                continue
            if matched.fits:
                candidates += self._best(number, matcher, matched, weights)
                total += matched.total
            else:
                looked_at = self._look_at(number, matched.positions, known, weights)
                candidates += looked_at
                total += len(looked_at)
        if not candidates:
            return None
        return self._rank(candidates, known), total

    def _relaxed(self, concepts: Sequence[Concept]) -> tuple[list[_Candidate], int] | None:
        """Products that express most of it, and the kind of product where one is named."""
        known = [concept for concept in concepts if concept.parts]
        if not known or not _may_answer(concepts, known):
            return None
        weights = importance(known, self._snapshot.size)
        everything = float(sum(importance(concepts, self._snapshot.size)))
        chosen: list[tuple[int, Matcher, NDArray[np.int64], list[NDArray[np.float32]], NDArray[np.int64]]] = []
        for number, view in enumerate(self._snapshot.views):
            matcher = Matcher(view, known, self._allowed, self._scratch)
            matched = matcher.most_of()
            if matched is None:
                continue
            positions, fits = matched
            shared = sum((fit > 0) * weight for fit, weight in zip(fits, weights, strict=True))
            keep = np.asarray(shared >= ENOUGH_SHARED * everything)
            naming = np.zeros(len(positions), np.bool_)
            for concept, fit in zip(known, fits, strict=True):
                if concept.is_type:
                    keep &= fit > 0
                if not concept.describes:
                    naming |= fit > 0
            if not all(concept.describes for concept in concepts):
                keep &= naming
            if not keep.any():
                continue
            fits = [fit[keep] for fit in fits]
            chosen.append((number, matcher, positions[keep], fits, np.sum([fit > 0 for fit in fits], axis=0)))
        if not chosen:
            return None
        most = max(int(expressed.max()) for *_, expressed in chosen)
        candidates: list[_Candidate] = []
        total = 0
        for number, matcher, positions, fits, expressed in chosen:
            keep = expressed >= most - 1
            kept = Matched(positions[keep], [fit[keep] for fit in fits], int(np.count_nonzero(keep)))
            total += kept.total
            candidates += self._best(number, matcher, kept, [weight / everything for weight in weights])
        return self._rank(candidates, known), total

    def _look_at(
        self, number: int, positions: Positions, concepts: Sequence[Concept], weights: Sequence[float]
    ) -> list[_Candidate]:
        """Those of a few products of one segment that express every concept."""
        wanted = [(concept.wanted.fit, weight) for concept, weight in zip(concepts, weights, strict=True)]
        found = []
        for candidate in self._candidates(number, positions, repeat(0.0, len(positions))):
            score, own = 0.0, set(candidate.words)
            for fit, weight in wanted:
                how_well = fit(own)
                if not how_well:
                    break
                score += how_well * weight
            else:
                for word in self._optional:
                    if word in own:
                        score += _OPTIONAL
                candidate.score = score
                found.append(candidate)
        return found

    def _candidates(self, number: int, positions: Positions, scores: Iterable[float]) -> list[_Candidate]:
        """Products of one segment with what they have."""
        words = self._snapshot.views[number].segment.words
        flat = words.flat
        return [
            _Candidate(score, product_id, flat[start:end].tolist(), title_words)
            for score, product_id, start, end, title_words in zip(
                scores,
                words.product_ids.take(positions).tolist(),
                words.starts.take(positions).tolist(),
                words.starts[1:].take(positions).tolist(),
                words.title_words.take(positions).tolist(),
                strict=True,
            )
        ]

    def _best(self, number: int, matcher: Matcher, matched: Matched, weights: Sequence[float]) -> list[_Candidate]:
        """The best of one segment."""
        alike = 0.0
        scores = np.zeros(len(matched.positions), np.float32)
        for fit, weight in zip(matched.fits, weights, strict=True):
            if isinstance(fit, float):
                alike += fit * weight
            else:
                scores += fit * np.float32(weight)
        scores += np.float32(alike)
        for word in self._optional:
            scores += matcher.has_word(word, matched.positions) * np.float32(_OPTIONAL)
        positions, most = matched.positions, self._most
        if len(positions) > most:
            # Of equals, the shorter title says less that was not asked for.
            lengths = np.minimum(self._snapshot.views[number].segment.words.title_words.take(positions), 40)
            chosen = (lengths * np.float32(1e-4) - scores).argpartition(most)[:most]
            positions, scores = positions.take(chosen), scores.take(chosen)
        return self._candidates(number, positions, scores.tolist())

    def _rank(self, candidates: list[_Candidate], concepts: Sequence[Concept]) -> list[_Candidate]:
        """The best few again, by their titles: what stands there, how much of it was asked for."""
        candidates.sort(key=_by_id)
        candidates.sort(key=_by_score, reverse=True)
        head, tail = candidates[: self._titles], candidates[self._titles :]
        texts = self._vocabulary.texts
        asked = [(concept.wanted.single, concept.wanted.several) for concept in concepts]
        wanted = frozenset[int]().union(*[concept.wanted.every for concept in concepts])
        for candidate in head:
            words, title_words = candidate.words, candidate.title_words
            inside = set(words[:title_words])
            found = inside & wanted  # few of many, and found without a step of ours a word
            is_known = [number for number in wanted.intersection(words[title_words:]) if CONCEPT in texts[number]]
            named = known = 0
            for single, several in asked:
                if not single.isdisjoint(found) or any(map(found.issuperset, several)):
                    named += 1
                elif is_known and not single.isdisjoint(is_known):
                    known += 1
            candidate.score = (
                _WEIGHT_FIT * candidate.score
                + _WEIGHT_IN_TITLE * (named + _KNOWN_TO_BE * known) / len(concepts)
                + _WEIGHT_TITLE_SHARE * (len(found) / len(inside) if inside else 0.0)
            )
        head.sort(key=_by_id)
        head.sort(key=_by_score, reverse=True)
        if tail:
            share = head[-1].score / max(tail[0].score, 1e-9)
            for candidate in tail:
                candidate.score *= share
        return head + tail

    def _read(self, tokens: Sequence[Token], concepts: Sequence[Concept], best: Sequence[_Candidate]) -> list[str]:
        """What each token was taken for: what the best product says, or the likeliest reading."""
        read = [token.text for token in tokens]
        expressed: set[int] = set()
        if best:
            expressed = set(best[0].words)
        for concept in concepts:
            if not concept.parts or concept.key:
                continue
            meant = next(
                (part.read for part in concept.parts if any(map(expressed.issuperset, part.ways))), concept.read
            )
            if len(meant) == concept.end - concept.start:
                read[concept.start : concept.end] = meant
        return read


def _rounded(score: float) -> float:
    """To six places, in a tenth of the steps that `round` takes."""
    return int(score * 1e6 + 0.5) / 1e6


def _may_answer(concepts: Sequence[Concept], known: Sequence[Concept]) -> bool:
    """Whether what is known of the query can be an answer to it: the kind of product it names is one we have, and
    something more than a description is known where more was said."""
    if any(concept.is_type and not concept.parts for concept in concepts):
        return False
    return not all(concept.describes for concept in known) or all(concept.describes for concept in concepts)
