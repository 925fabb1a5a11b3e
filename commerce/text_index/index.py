"""The text index: words in, products out, changing while it is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import numpy as np

from commerce.lexicon import Lexicon
from commerce.ports import Kept, TextDocument, TextMatches
from commerce.text_index.matching import Ids, Matcher, Scratch, View
from commerce.text_index.reading import Reader, words_of
from commerce.text_index.searching import Search
from commerce.text_index.segment import Segment, read_words
from commerce.text_index.snapshot import Snapshot, bury, keep, merge, unkeep

_MOST_SEGMENTS = 8
_MERGE_SHARE = 0.05  # of the products, when changed since the last merge, start one
_MERGE_LEAST = 4_000
_LARGE = 4_000  # products of a segment, from which on it is worth it to be ready before anyone asks
_INLINE_SIZE = 60_000  # merges up to so many products are done at once; larger ones in the background


class FuzzyTextIndex:
    """`commerce.ports.TextIndex`. Readers never wait; writers take turns.

    Products live in segments that never change. An upsert makes a small new one and marks the old product as gone;
    when enough has changed, all become one again.
    """

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self._vocabulary = words_of(lexicon)
        self._reader = Reader(self._vocabulary, lexicon)
        self._snapshot = Snapshot()
        self._writing = threading.Lock()
        self._merging: threading.Thread | None = None
        self._scratch = threading.local()

    def __len__(self) -> int:
        return self._snapshot.size

    def __contains__(self, word: object) -> bool:
        """Whether any product has this folded word."""
        number = self._vocabulary.numbers.get(word) if isinstance(word, str) else None
        return number is not None and self._snapshot.count(number) > 0

    # Writing

    def upsert(self, documents: Iterable[TextDocument]) -> None:
        """Adds products, or replaces those known under the same ids. Visible at once when it returns."""
        with self._writing:
            words = read_words(documents, self._vocabulary)
            if not len(words.product_ids):
                return
            views = self._without(words.product_ids)
            segment = Segment(words)
            if segment.size >= max((view.segment.size for view in views), default=0) // 4:
                self._vocabulary.set_common(segment.words_of_many(max(3, segment.size // 20_000)))
            self._snapshot = Snapshot((*views, View(segment, None)))
            self._tidy()
            if segment.size >= _LARGE:
                self._read_ahead()

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

    def _without(self, ids: Ids) -> tuple[View, ...]:
        return tuple(
            view
            for view in (bury(view, ids) for view in self._snapshot.views)
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
            self._swap(chosen, merge(chosen))
        elif self._merging is None or not self._merging.is_alive():
            self._merging = threading.Thread(
                target=self._merge_behind, args=(chosen,), name="text-index-merge", daemon=True
            )
            self._merging.start()

    def _merge_behind(self, chosen: tuple[View, ...]) -> None:
        merged = merge(chosen)
        with self._writing:
            self._swap(chosen, merged)
        self._read_ahead()

    def _read_ahead(self) -> None:
        """Reads the words that people will type and makes the columns that these need, so that no shopper waits."""
        snapshot = self._snapshot
        concepts = self._reader.read_ahead(snapshot)
        for view in snapshot.views:
            if view.segment.size >= _LARGE:
                Matcher(view, concepts, None, self._own_scratch()).make_columns()

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
            view = bury(merged, np.sort(np.concatenate(gone)))
            kept.insert(0, view)
        self._snapshot = Snapshot(tuple(view for view in kept if view.alive is None or view.alive.any()))

    # Kept on disk

    def keep(self) -> Kept:
        """See `commerce.ports.Keepable`."""
        with self._writing:
            snapshot, vocabulary = self._snapshot, self._vocabulary.keep()
        products = keep(snapshot)
        return Kept({**vocabulary.numbers, **products.numbers}, vocabulary.texts)

    def prepare(self, kept: Kept) -> Callable[[], None]:
        """See `commerce.ports.Keepable`."""
        put_vocabulary = self._vocabulary.prepare(kept)
        snapshot = unkeep(kept)
        most = max((int(v.segment.turned.used[-1]) for v in snapshot.views if len(v.segment.turned.used)), default=-1)
        if len(self) or most >= len(kept.texts["words"]):
            raise ValueError("the index is not empty, or its words are not all there")

        def put() -> None:
            with self._writing:
                put_vocabulary()
                self._snapshot = snapshot
            if snapshot.size >= _LARGE:
                self._read_ahead()

        return put

    # Reading

    def search(self, words: str, *, limit: int, allowed: Ids | None = None) -> TextMatches:
        """See `commerce.ports.TextIndex`. Only products are answered that express every word that means something, or,
        where none does, most of the query and the kind of product it names (`is_partial`)."""
        search = Search(self._snapshot, self._vocabulary, self._reader, self._own_scratch(), allowed, limit)
        return search.run(words)

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
