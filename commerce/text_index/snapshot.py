"""All products at one moment: segments, and what has gone from them since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commerce.ports import Kept
from commerce.text_index.concepts import Concept
from commerce.text_index.matching import View
from commerce.text_index.meanings import Way
from commerce.text_index.segment import Segment, Turned, Words


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All there is at one moment. Never changes; a reader keeps the one it began with."""

    views: tuple[View, ...] = ()
    remembered: dict[str, Concept] = field(default_factory=dict)
    size: int = field(init=False)
    _used: dict[str, tuple[tuple[Way, ...], int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", sum(view.count for view in self.views))

    def count(self, number: int) -> int:
        """How many products have the word (those just gone included)."""
        views = self.views
        return views[0].segment.count(number) if len(views) == 1 else sum([v.segment.count(number) for v in views])

    def used(self, key: str, ways: tuple[Way, ...]) -> tuple[tuple[Way, ...], int]:
        """See `Counts`. Remembered for ways that have a key."""
        known = self._used.get(key) if key else None
        if known is None:
            least = [(way, min([self.count(number) for number in way])) for way in ways]
            known = tuple(way for way, count in least if count), sum(count for _, count in least)
            if key and not key.startswith("="):
                self._used[key] = known
        return known


def bury(view: View, ids: NDArray[np.int64]) -> View:
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


def keep(snapshot: Snapshot) -> Kept:
    """Every segment and what has gone from it, so that it answers to the last digit as before."""
    numbers: dict[str, NDArray[Any]] = {"segments": np.array([len(snapshot.views)])}
    for place, view in enumerate(snapshot.views):
        for part in (view.segment.words, view.segment.turned):
            names = part._fields if isinstance(part, Turned) else [field.name for field in fields(part)]
            numbers |= {f"{type(part).__name__}{place}.{name}": getattr(part, name) for name in names}
        if view.alive is not None:
            numbers[f"alive{place}"] = view.alive
    return Kept(numbers, {})


def unkeep(kept: Kept) -> Snapshot:
    """What `keep` was given. Raises ValueError for columns that do not fit together."""
    views = []
    for place in range(int(kept.numbers["segments"][0])):
        words = Words(*(kept.numbers[f"Words{place}.{field.name}"] for field in fields(Words)))
        turned = Turned(*(kept.numbers[f"Turned{place}.{name}"] for name in Turned._fields))
        alive = kept.numbers.get(f"alive{place}")
        size = len(words.product_ids)
        if (
            len(words.starts) != size + 1
            or len(words.title_words) != size
            or words.starts[-1] != len(words.flat)
            or len(turned.starts) != len(turned.used) + 1
            or turned.starts[-1] != len(turned.postings)
            or (alive is not None and len(alive) != size)
        ):
            raise ValueError("the columns of a segment do not fit together")
        views.append(View(Segment(words, turned), alive))
    return Snapshot(tuple(views))


def merge(views: Sequence[View]) -> View | None:
    parts = [view.segment.words if view.alive is None else view.segment.words.only(view.alive) for view in views]
    words = Words.together(parts)
    return View(Segment(words), None) if len(words.product_ids) else None
