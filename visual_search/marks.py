"""What is known of each indexed picture beside its vector: the sha256 of its bytes and its 8 x 8 thumb.

The thumb tells a near twin (the same photo saved again, resized, screenshot of it) from a look-alike: two
products that differ in print or colour differ in 64 averaged colours, while saving a photo again hardly moves
them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from visual_search.values import MARK_BYTES, Ids
from visual_search.values import Marks as MarkRows

SHA_BYTES = 32


class Marks:
    """`visual_search.ports.MarkStore`. Not thread-safe for changes; look-ups during a change see the picture or do
    not."""

    def __init__(self, ids: Ids | None = None, rows: MarkRows | None = None) -> None:
        """Starts with these, `ids` rising; `rows` is used where it lies and may be a read-only map of a file."""
        self._base_ids: Ids = np.empty(0, np.int64) if ids is None else np.array(ids, np.int64)
        self._base: MarkRows = np.empty((0, MARK_BYTES), np.uint8) if rows is None else rows
        self._dropped = np.zeros(len(self._base_ids), bool)
        keys = np.ascontiguousarray(self._base[:, :8]).view(np.uint64).reshape(-1)
        self._order = np.argsort(keys)
        self._keys = keys[self._order]
        self._late: dict[int, bytes] = {}
        self._late_by_sha: defaultdict[bytes, set[int]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._base_ids) - int(self._dropped.sum()) + len(self._late)

    def put(self, ids: Sequence[int], marks: Sequence[bytes]) -> None:
        """See `MarkStore`."""
        if wrong := [len(mark) for mark in marks if len(mark) != MARK_BYTES]:
            raise ValueError(f"a mark has {MARK_BYTES} bytes, not {wrong[0]}")
        self.drop(ids)
        for picture_id, mark in zip(ids, marks, strict=True):
            self._late[picture_id] = mark
            self._late_by_sha[mark[:SHA_BYTES]].add(picture_id)

    def drop(self, ids: Sequence[int]) -> None:
        """See `MarkStore`. Unknown ids are ignored."""
        for picture_id in ids:
            mark = self._late.pop(picture_id, None)
            if mark is None:
                row = self._row(picture_id)
                if row is not None:
                    self._dropped[row] = True
                continue
            sha = mark[:SHA_BYTES]
            self._late_by_sha[sha].discard(picture_id)
            if not self._late_by_sha[sha]:
                del self._late_by_sha[sha]

    def with_sha256(self, digest: bytes) -> list[int]:
        """See `MarkStore`."""
        found = set(self._late_by_sha.get(digest, ()))
        key = np.frombuffer(digest, np.uint64, 1)
        first, last = np.searchsorted(self._keys, key, "left")[0], np.searchsorted(self._keys, key, "right")[0]
        for row in self._order[first:last]:
            if not self._dropped[row] and self._base[row, :SHA_BYTES].tobytes() == digest:
                found.add(int(self._base_ids[row]))
        return sorted(found)

    def thumb(self, picture_id: int) -> bytes:
        """See `MarkStore`."""
        mark = self._mark(picture_id)
        if mark is None:
            raise KeyError(picture_id)
        return mark[SHA_BYTES:]

    def thumb_distances(self, thumb: bytes, ids: Sequence[int]) -> NDArray[np.float32]:
        """See `MarkStore`."""
        return distances(thumb, [self._mark(picture_id) for picture_id in ids])

    def as_rows(self, ids: Ids) -> MarkRows:
        """See `MarkStore`."""
        out = np.empty((len(ids), MARK_BYTES), np.uint8)
        at = np.searchsorted(self._base_ids, ids)
        old = at < len(self._base_ids)
        old[old] = (self._base_ids[at[old]] == ids[old]) & ~self._dropped[at[old]]
        out[old] = self._base[at[old]]
        for place in np.flatnonzero(~old):
            out[place] = np.frombuffer(self._late[int(ids[place])], np.uint8)
        return out

    def _mark(self, picture_id: int) -> bytes | None:
        late = self._late.get(picture_id)
        row = self._row(picture_id) if late is None else None
        return late if row is None else self._base[row].tobytes()

    def _row(self, picture_id: int) -> int | None:
        """Of a picture that was there from the start and is still."""
        row = int(np.searchsorted(self._base_ids, picture_id))
        found = row < len(self._base_ids) and self._base_ids[row] == picture_id and not self._dropped[row]
        return row if found else None


def distances(thumb: bytes, marks: Sequence[bytes | None]) -> NDArray[np.float32]:
    """Mean difference in levels of each mark's thumb to this one; infinite for None."""
    if len(thumb) != MARK_BYTES - SHA_BYTES:
        raise ValueError(f"a thumb has {MARK_BYTES - SHA_BYTES} bytes, not {len(thumb)}")
    mine = np.frombuffer(thumb, np.uint8).astype(np.float32)
    out = np.full(len(marks), np.inf, np.float32)
    for at, mark in enumerate(marks):
        if mark is not None:
            out[at] = np.abs(np.frombuffer(mark, np.uint8, offset=SHA_BYTES) - mine).mean()
    return out
