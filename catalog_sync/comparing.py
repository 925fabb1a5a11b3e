"""Which items of a feed need reading at all: a digest of each item's bytes is compared with last time's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from catalog_sync.rows import FeedRow, RawItem

if TYPE_CHECKING:
    from catalog_sync.locate import Source
    from commerce.storage.feed_staging import FeedStaging

BATCH_ITEMS = 4096
# Above this share of changed items, reading all of them is as fast as finding out which.
MANY_CHANGED = 0.25
_FEW = 2000


@dataclass(frozen=True, slots=True)
class Plan:
    """`wanted`: ids of the items to read, None for all. `gone`: ids that last time's feed had and this one has not."""

    wanted: set[str] | None
    gone: frozenset[str] = frozenset()
    changed: list[RawItem] | None = None
    """The items to read themselves, when those that changed are all there is to read."""
    items: int = 0
    """How many the feed has; 0 when it was not gone through to its end."""


class _Known:
    """Digests of last time in 16 bytes an item, sorted, and which of them were met again."""

    def __init__(self, digests: NDArray[np.uint64]) -> None:
        """`digests`: uint64 [n, 2]."""
        self._order = np.argsort(digests[:, 0], kind="stable")
        self._high, self._low = digests[self._order, 0], digests[self._order, 1]
        self.met = np.zeros(len(digests), np.int32)

    def look_up(self, batch: bytes) -> NDArray[np.bool_]:
        """`batch`: digests of 16 bytes joined. bool [n]: it was there last time, and is met for the first time."""
        new = np.frombuffer(batch, np.uint64).reshape(-1, 2)
        if not len(self._high):
            return np.zeros(len(new), np.bool_)
        at = np.minimum(np.searchsorted(self._high, new[:, 0]), len(self._high) - 1)
        same: NDArray[np.bool_] = (self._high[at] == new[:, 0]) & (self._low[at] == new[:, 1])
        found = self._order[at[same]]
        again = np.zeros(len(found), np.bool_)
        again[np.unique(found, return_index=True)[1]] = True
        again &= self.met[found] == 0
        self.met[found] = 1
        same[np.flatnonzero(same)[~again]] = False  # the same bytes twice in one file: a duplicate, to be told
        return same


def plan_reading(source: Source, staging: FeedStaging, salt: bytes) -> Plan:
    """Goes through the feed once without parsing what is unchanged. A product is read whole: all of its items or
    none.
    """
    known = _Known(staging.known_digests())
    changed: list[RawItem] = []
    count = 0
    limit = max(_FEW, int(len(known.met) * MANY_CHANGED))
    items = source.raw_items()
    while batch := list(islice(items, BATCH_ITEMS)):
        count += len(batch)
        digests = b"".join([blake2b(item.data, digest_size=16, key=salt).digest() for item in batch])
        same = known.look_up(digests)
        if not same.all():
            changed += [batch[at] for at in np.flatnonzero(~same).tolist()]
            if len(changed) > limit:
                return Plan(None)
    ids, groups = _names(source, changed)
    unmet = set(staging.known_ids(known.met == 0)) if not known.met.all() else set()
    gone = unmet - ids
    family = staging.family_of(ids | gone, groups) - gone if ids or gone else set()
    return Plan(ids | family, frozenset(gone), changed if family <= ids else None, count)


def _names(source: Source, items: Iterable[RawItem]) -> tuple[set[str], set[str]]:
    """Ids and groups of the items that changed, as their rows say. Rows that cannot be read say nothing here."""
    ids: set[str] = set()
    groups: set[str] = set()
    rest = iter(items)
    while batch := list(islice(rest, BATCH_ITEMS)):
        for item, row in zip(batch, source.rows(batch), strict=True):
            quick = source.id_of(item)
            if quick:
                ids.add(quick)
            if isinstance(row, FeedRow):
                ids.add(" ".join(row.fields.get("id", "").split()))
                groups.add(" ".join(row.fields.get("item_group_id", "").split()) or (quick or ""))
    return ids - {""}, groups - {""}
