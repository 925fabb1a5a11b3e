"""Vectors and marks together: what is searchable right now. One gallery is one generation of the index."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

import numpy as np

from visual_search.ports import MarkStore, VectorStore
from visual_search.snapshot import Manifest, Snapshot
from visual_search.values import Vectors

_TWIN_CANDIDATES = 32
TWIN_LEVELS = 2.5
"""Thumbs of one photo saved again differ by less than this many levels (measured: see the model card)."""
_TIE_LEVELS = 0.5
"""Products whose thumbs are this close to the best one's are the same photo used twice."""


class Gallery:
    """Thread-safe: any number of searches, one change at a time."""

    def __init__(self, index: VectorStore, marks: MarkStore) -> None:
        self.index = index
        self.marks = marks
        self._changing = threading.Lock()

    def __len__(self) -> int:
        return len(self.index)

    def put(self, ids: Sequence[int], vectors: Vectors, marks: Sequence[bytes]) -> None:
        with self._changing:
            self.marks.put(ids, marks)
            self.index.add(np.asarray(ids, np.int64), vectors)

    def remove(self, ids: Iterable[int]) -> int:
        wanted = list(ids)
        with self._changing:
            gone = self.index.remove(np.asarray(wanted, np.int64))
            self.marks.drop(wanted)
            return gone

    def known(self, digests: Sequence[bytes]) -> list[tuple[Vectors, bytes] | None]:
        """Vector and thumb of a picture with the same bytes, so that it is not encoded twice."""
        return [self._known(digest) for digest in digests]

    def same_picture(self, sha256: bytes, thumb: bytes, vector: Vectors) -> list[int]:
        """Ids of the very picture: same bytes, else the same photo saved again. Nearest first."""
        exact = self.marks.with_sha256(sha256)
        if exact:
            return exact
        scores, found = self.index.search(vector, _TWIN_CANDIDATES)
        ids = [int(picture_id) for score, picture_id in zip(scores[0], found[0], strict=True) if np.isfinite(score)]
        distances = self.marks.thumb_distances(thumb, ids)
        order = np.argsort(distances, kind="stable")
        if not ids:
            return []
        limit = min(TWIN_LEVELS, float(distances[order[0]]) + _TIE_LEVELS)
        return [ids[at] for at in order if distances[at] <= limit]

    def to_snapshot(self, encoder: str, revision: str, change_seq: int) -> Snapshot:
        with self._changing:
            ids, vectors = self.index.snapshot()
            manifest = Manifest(encoder, revision, self.index.dimension, len(ids), change_seq)
            return Snapshot(manifest, ids, vectors, self.marks.as_rows(ids), self.index.lists())

    def _known(self, digest: bytes) -> tuple[Vectors, bytes] | None:
        for picture_id in self.marks.with_sha256(digest):
            try:
                vector = self.index.vectors_of([picture_id])[0]
            except KeyError:  # removed by another thread since
                continue
            return vector, self.marks.thumb(picture_id)
        return None
