"""What is known of each indexed picture beside its vector: the sha256 of its bytes and its 8 x 8 thumb.

The thumb tells a near twin (the same photo saved again, resized, screenshot of it) from a look-alike: two
products that differ in print or colour differ in 64 averaged colours, while saving a photo again hardly moves
them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from visual_search.snapshot import MARK_BYTES
from visual_search.values import Ids

_SHA_BYTES = 32


class Marks:
    """Not thread-safe for changes; look-ups during a change see the picture or do not."""

    def __init__(self) -> None:
        self._by_id: dict[int, bytes] = {}
        self._by_sha: defaultdict[bytes, set[int]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._by_id)

    def put(self, picture_id: int, mark: bytes) -> None:
        """`mark` is sha256 (32 bytes) and thumb (192 bytes)."""
        if len(mark) != MARK_BYTES:
            raise ValueError(f"a mark has {MARK_BYTES} bytes, not {len(mark)}")
        self.drop([picture_id])
        self._by_id[picture_id] = mark
        self._by_sha[mark[:_SHA_BYTES]].add(picture_id)

    def drop(self, picture_ids: Iterable[int]) -> None:
        for picture_id in picture_ids:
            mark = self._by_id.pop(picture_id, None)
            if mark is None:
                continue
            sha = mark[:_SHA_BYTES]
            self._by_sha[sha].discard(picture_id)
            if not self._by_sha[sha]:
                del self._by_sha[sha]

    def with_sha256(self, digest: bytes) -> list[int]:
        """Ids of pictures with exactly these bytes, rising."""
        return sorted(self._by_sha.get(digest, ()))

    def thumb(self, picture_id: int) -> bytes:
        """KeyError when unknown."""
        return self._by_id[picture_id][_SHA_BYTES:]

    def thumb_distances(self, thumb: bytes, picture_ids: Sequence[int]) -> NDArray[np.float32]:
        """Mean difference in levels (0 to 255) of each picture's thumb; infinite for unknown ids."""
        if len(thumb) != MARK_BYTES - _SHA_BYTES:
            raise ValueError(f"a thumb has {MARK_BYTES - _SHA_BYTES} bytes, not {len(thumb)}")
        mine = np.frombuffer(thumb, np.uint8).astype(np.float32)
        out = np.full(len(picture_ids), np.inf, np.float32)
        for at, picture_id in enumerate(picture_ids):
            mark = self._by_id.get(picture_id)
            if mark is not None:
                out[at] = np.abs(np.frombuffer(mark, np.uint8, offset=_SHA_BYTES) - mine).mean()
        return out

    def as_rows(self, ids: Ids) -> NDArray[np.uint8]:
        """uint8 [n, 224] in the order of `ids`; KeyError when one is unknown."""
        joined = b"".join(self._by_id[int(picture_id)] for picture_id in ids)
        return np.frombuffer(joined, np.uint8).reshape(len(ids), MARK_BYTES)

    @classmethod
    def from_rows(cls, ids: Ids, rows: NDArray[np.uint8]) -> Marks:
        marks = cls()
        for picture_id, row in zip(ids.tolist(), rows, strict=True):
            marks.put(picture_id, row.tobytes())
        return marks
