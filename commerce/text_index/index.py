"""The text index: words in, products out, changing while it is asked."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rapidfuzz.process import cdist

from commerce.domain.search import Hit, Why
from commerce.lexicon import Lexicon
from commerce.ports import TextDocument, TextMatches
from commerce.text_index.matching import ENOUGH_SHARED, Ids, Matched, Matcher, Scratch, View, importance
from commerce.text_index.meanings import Way
from commerce.text_index.reading import Concept, Reader, Token, say_again, tokens_of
from commerce.text_index.segment import Segment, Words, read_words
from commerce.text_index.vocabulary import Vocabulary

_SURVIVORS = 48  # products whose titles are looked at
_MOST_SEGMENTS = 8
_MERGE_SHARE = 0.05  # of the products, when changed since the last merge, start one
_MERGE_LEAST = 4_000
_INLINE_SIZE = 60_000  # merges up to so many products are done at once; larger ones in the background

_WEIGHT_FIT, _WEIGHT_IN_TITLE, _WEIGHT_TITLE_SHARE, _WEIGHT_CLOSE = 0.84, 0.06, 0.05, 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All there is at one moment. Never changes; a reader keeps the one it began with."""

    views: tuple[View, ...] = ()
    _used: dict[str, tuple[tuple[Way, ...], int]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(view.count for view in self.views)

    def count(self, number: int) -> int:
        """How many products have the word (those just gone included)."""
        return sum([view.segment.count(number) for view in self.views])

    def used(self, key: str, ways: tuple[Way, ...]) -> tuple[tuple[Way, ...], int]:
        """See `Counts`. Remembered for ways that have a key."""
        known = self._used.get(key) if key else None
        if known is None:
            least = [(way, min([self.count(number) for number in way])) for way in ways]
            known = tuple(way for way, count in least if count), sum(count for _, count in least)
            if key and not key.startswith("="):
                self._used[key] = known
        return known


@dataclass(frozen=True, slots=True)
class _Candidate:
    score: float
    product_id: int
    view: int
    position: int
    fits: tuple[float, ...]


class FuzzyTextIndex:
    """`commerce.ports.TextIndex`. Readers never wait; writers take turns.

    Products live in segments that never change. An upsert makes a small new one and marks the old product as gone;
    when enough has changed, all become one again.
    """

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self._vocabulary = Vocabulary()
        self._reader = Reader(self._vocabulary, lexicon)
        self._snapshot = Snapshot()
        self._writing = threading.Lock()
        self._merging: threading.Thread | None = None
        self._scratch = threading.local()

    def __len__(self) -> int:
        return self._snapshot.size

    # Writing

    def upsert(self, documents: Iterable[TextDocument]) -> None:
        """Adds products, or replaces those known under the same ids. Visible at once when it returns."""
        with self._writing:
            words = read_words(documents, self._vocabulary)
            if not len(words.product_ids):
                return
            views = self._without(words.product_ids)
            self._snapshot = Snapshot((*views, View(Segment(words), None)))
            self._tidy()

    def remove(self, product_ids: Iterable[int]) -> None:
        """Unknown ids are no error."""
        with self._writing:
            gone = np.array(sorted(set(product_ids)), np.int64)
            if len(gone):
                self._snapshot = Snapshot(self._without(gone))
                self._tidy()

    def settle(self) -> None:
        """Waits for a merge in the background, if there is one."""
        merging = self._merging
        if merging is not None:
            merging.join()

    def _without(self, ids: NDArray[np.int64]) -> tuple[View, ...]:
        return tuple(
            view
            for view in (_bury(view, ids) for view in self._snapshot.views)
            if view.alive is None or view.alive.any()
        )

    def _tidy(self) -> None:
        views = self._snapshot.views
        if len(views) < 2 and (not views or views[0].alive is None):
            return
        largest = max(view.segment.size for view in views)
        changed = sum(view.segment.size for view in views) - largest
        changed += sum(view.segment.size - view.count for view in views)
        if changed > max(_MERGE_LEAST, _MERGE_SHARE * largest) or (
            len(views) > _MOST_SEGMENTS and largest < _MERGE_LEAST
        ):
            chosen = views
        elif len(views) > _MOST_SEGMENTS:
            chosen = tuple(view for view in views if view.segment.size < largest)
        else:
            return
        if sum(view.segment.size for view in chosen) <= _INLINE_SIZE:
            self._swap(chosen, _merge(chosen))
        elif self._merging is None or not self._merging.is_alive():
            self._merging = threading.Thread(
                target=self._merge_behind, args=(chosen,), name="text-index-merge", daemon=True
            )
            self._merging.start()

    def _merge_behind(self, chosen: tuple[View, ...]) -> None:
        merged = _merge(chosen)
        with self._writing:
            self._swap(chosen, merged)

    def _swap(self, chosen: tuple[View, ...], merged: View | None) -> None:
        """Puts the merged segment in the place of the chosen ones, less what has gone from them meanwhile."""
        segments = [view.segment for view in chosen]
        kept: list[View] = []
        gone = []
        for view in self._snapshot.views:
            if view.segment not in segments:
                kept.append(view)
        for before in chosen:
            now = next((view for view in self._snapshot.views if view.segment is before.segment), None)
            were = np.ones(before.segment.size, np.bool_) if before.alive is None else before.alive
            are = np.zeros(before.segment.size, np.bool_) if now is None else were if now.alive is None else now.alive
            gone.append(before.segment.words.product_ids[were & ~are])
        if merged is not None:
            view = _bury(merged, np.sort(np.concatenate(gone)))
            kept.insert(0, view)
        self._snapshot = Snapshot(tuple(view for view in kept if view.alive is None or view.alive.any()))

    # Reading

    def search(self, words: str, *, limit: int, allowed: Ids | None = None) -> TextMatches:
        """See `commerce.ports.TextIndex`. A product is only answered when it expresses every word that means something,
        or, where none does, most of the query and the kind of product it names."""
        snapshot = self._snapshot
        tokens, pieces = tokens_of(words)
        concepts = self._reader.concepts(tokens, snapshot)
        if not concepts:
            return TextMatches((), words.strip(), 0)
        found = self._find(snapshot, concepts, allowed, limit)
        is_partial = False
        if not found and any(concept.parts for concept in concepts):
            generous = self._reader.concepts(tokens, snapshot, generous=True)
            found = self._find(snapshot, generous, allowed, limit)
            if found:
                concepts = generous
            else:
                found = self._relaxed(snapshot, concepts, allowed, limit)
                is_partial = found is not None
        best, total = found if found else ([], 0)
        read = self._read(tokens, concepts, snapshot, best)
        unknown = tuple(
            " ".join(token.text for token in tokens[concept.start : concept.end])
            for concept in concepts
            if not concept.parts
        )
        hits = tuple(
            Hit(candidate.product_id, round(min(candidate.score, 1.0), 6), Why.WORDS) for candidate in best[:limit]
        )
        return TextMatches(hits, say_again(tokens, pieces, read, self._vocabulary), total, unknown, is_partial)

    def _find(
        self, snapshot: Snapshot, concepts: Sequence[Concept], allowed: Ids | None, limit: int
    ) -> tuple[list[_Candidate], int] | None:
        """Products that express all concepts that any product expresses."""
        known = [concept for concept in concepts if concept.parts]
        if not known or not _may_answer(concepts, known):
            return None
        weights = np.array(importance(known, snapshot.size), np.float32)
        total_weight = float(weights.sum())
        if len(known) < len(concepts):
            everything = float(sum(importance(concepts, snapshot.size)))
            if not any(concept.is_type for concept in known) and total_weight < ENOUGH_SHARED * everything:
                return None
        candidates: list[_Candidate] = []
        total = 0
        for number, view in enumerate(snapshot.views):
            matched = Matcher(view, known, allowed, self._own_scratch()).all_of()
            if matched is not None:
                total += matched.total
                candidates += _best(number, view, matched, weights / total_weight, max(limit, _SURVIVORS))
        if not candidates:
            return None
        return self._rank(snapshot, candidates, known), total

    def _relaxed(
        self, snapshot: Snapshot, concepts: Sequence[Concept], allowed: Ids | None, limit: int
    ) -> tuple[list[_Candidate], int] | None:
        """Products that express most of it, and the kind of product where one is named."""
        known = [concept for concept in concepts if concept.parts]
        if not known or not _may_answer(concepts, known):
            return None
        weights = np.array(importance(known, snapshot.size), np.float32)
        everything = float(sum(importance(concepts, snapshot.size)))
        candidates: list[_Candidate] = []
        total = 0
        for number, view in enumerate(snapshot.views):
            matched = Matcher(view, known, allowed, self._own_scratch()).most_of()
            if matched is None:
                continue
            shared = sum((fit > 0) * weight for fit, weight in zip(matched.fits, weights, strict=True))
            keep = np.asarray(shared >= ENOUGH_SHARED * everything)
            naming = np.zeros(len(matched.positions), np.bool_)
            for concept, fit in zip(known, matched.fits, strict=True):
                if concept.is_type:
                    keep &= fit > 0
                if not concept.describes:
                    naming |= fit > 0
            if not all(concept.describes for concept in concepts):
                keep &= naming
            if not keep.any():
                continue
            chosen = Matched(matched.positions[keep], [fit[keep] for fit in matched.fits], int(np.count_nonzero(keep)))
            total += chosen.total
            candidates += _best(number, view, chosen, weights / everything, max(limit, _SURVIVORS))
        if not candidates:
            return None
        most = max(sum(1 for fit in candidate.fits if fit > 0) for candidate in candidates)
        candidates = [c for c in candidates if sum(1 for fit in c.fits if fit > 0) >= most - 1]
        return self._rank(snapshot, candidates, known), total

    def _rank(self, snapshot: Snapshot, candidates: list[_Candidate], concepts: Sequence[Concept]) -> list[_Candidate]:
        """The best few again, by their titles: what stands there, how much of it was asked for, how alike they read."""
        candidates.sort(key=lambda c: (-c.score, c.product_id))
        head, tail = candidates[:_SURVIVORS], candidates[_SURVIVORS:]
        texts = self._vocabulary.texts
        titles: list[list[int]] = []
        for candidate in head:
            words = snapshot.views[candidate.view].segment.words
            start = int(words.starts[candidate.position])
            titles.append(words.flat[start : start + int(words.title_words[candidate.position])].tolist())
        asked = " ".join(texts[number] for concept in concepts for number in concept.parts[0].ways[0])
        said = [" ".join([texts[number] for number in title]) for title in titles]
        close = cdist([asked], said, scorer=fuzz.token_sort_ratio, dtype=np.float32)[0]
        expressing = [[way for part in concept.parts for way in part.ways] for concept in concepts]
        wanted = {number for ways in expressing for way in ways for number in way}
        ranked = []
        for candidate, title, alike in zip(head, titles, close.tolist(), strict=True):
            inside = set(title)
            in_title = sum(any(inside.issuperset(way) for way in ways) for ways in expressing)
            share = len(inside & wanted) / len(inside) if inside else 0.0
            score = (
                _WEIGHT_FIT * candidate.score
                + _WEIGHT_IN_TITLE * in_title / len(concepts)
                + _WEIGHT_TITLE_SHARE * share
                + _WEIGHT_CLOSE * alike / 100
            )
            ranked.append(_Candidate(score, candidate.product_id, candidate.view, candidate.position, candidate.fits))
        ranked.sort(key=lambda c: (-c.score, c.product_id))
        last = ranked[-1].score
        return ranked + [
            _Candidate(last * c.score / max(tail[0].score, 1e-9), c.product_id, c.view, c.position, c.fits)
            for c in tail
        ]

    def _read(
        self, tokens: Sequence[Token], concepts: Sequence[Concept], snapshot: Snapshot, best: Sequence[_Candidate]
    ) -> list[str]:
        """What each token was taken for: what the best product says, or the likeliest reading."""
        read = [token.text for token in tokens]
        expressed: set[int] = set()
        if best:
            words = snapshot.views[best[0].view].segment.words
            position = best[0].position
            expressed = set(words.flat[words.starts[position] : words.starts[position + 1]].tolist())
        for concept in concepts:
            if not concept.parts:
                continue
            meant = next(
                (part.read for part in concept.parts if any(map(expressed.issuperset, part.ways))), concept.read
            )
            if len(meant) == concept.end - concept.start:
                read[concept.start : concept.end] = meant
        return read

    def _own_scratch(self) -> Scratch:
        try:
            scratch: Scratch = self._scratch.own
        except AttributeError:
            scratch = self._scratch.own = Scratch()
        return scratch

    @property
    def nbytes(self) -> int:
        """About what it holds in memory."""
        return self._vocabulary.nbytes + sum(view.segment.nbytes for view in self._snapshot.views)


def _may_answer(concepts: Sequence[Concept], known: Sequence[Concept]) -> bool:
    """Whether what is known of the query can be an answer to it: the kind of product it names is one we have, and
    something more than a description is known where more was said."""
    if any(concept.is_type and not concept.parts for concept in concepts):
        return False
    return not all(concept.describes for concept in known) or all(concept.describes for concept in concepts)


def _best(number: int, view: View, matched: Matched, weights: NDArray[np.float32], most: int) -> list[_Candidate]:
    scores = np.zeros(len(matched.positions), np.float32)
    for fit, weight in zip(matched.fits, weights, strict=True):
        scores += fit * weight
    words = view.segment.words
    # Of equals, the shorter title says less that was not asked for.
    ranking = scores - np.minimum(words.title_words[matched.positions], 40) * np.float32(1e-4)
    chosen = np.argpartition(-ranking, most)[:most] if len(ranking) > most else np.arange(len(ranking))
    ids = words.product_ids[matched.positions[chosen]]
    fits = np.array([fit[chosen] for fit in matched.fits]).T.tolist()
    return [
        _Candidate(score, product_id, number, position, tuple(row))
        for score, product_id, position, row in zip(
            scores[chosen].tolist(), ids.tolist(), matched.positions[chosen].tolist(), fits, strict=True
        )
    ]


def _bury(view: View, ids: NDArray[np.int64]) -> View:
    """The view without those products (sorted ids)."""
    own = view.segment.words.product_ids
    places = np.searchsorted(own, ids)
    places[places == len(own)] = 0
    places = places[own[places] == ids]
    if not len(places):
        return view
    alive = np.ones(len(own), np.bool_) if view.alive is None else view.alive.copy()
    alive[places] = False
    return View(view.segment, alive)


def _merge(views: Sequence[View]) -> View | None:
    parts = [view.segment.words if view.alive is None else view.segment.words.only(view.alive) for view in views]
    words = Words.together(parts)
    return View(Segment(words), None) if len(words.product_ids) else None
