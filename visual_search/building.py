"""One index on its way: what was made before is taken, what is made now is kept, what changes meanwhile comes along."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic

from visual_search.gallery import Gallery
from visual_search.sight import Sight
from visual_search.snapshot import Snapshot
from visual_search.stores import Workshop
from visual_search.values import Vectors

_KEEP_EVERY_S = 60.0


class Building:
    """`gallery` fills, and `missed` are the changes of the catalogue to apply at the end."""

    def __init__(self, sight: Sight, gallery: Gallery, workshop: Workshop, older: Iterable[Snapshot]) -> None:
        """`gallery`: an empty one. `older`: where vectors may be taken from, if this sight made them."""
        self.sight = sight
        self.gallery = gallery
        self.missed: list[Callable[[Gallery], object]] = []
        self._workshop = workshop
        self._known = _by_digest(sight, older)
        self._kept_at_s = monotonic()

    def known(self, digests: Sequence[bytes]) -> list[tuple[Vectors, bytes] | None]:
        return [self._known.get(digest) for digest in digests]

    def put(self, ids: Sequence[int], vectors: Vectors, marks: Sequence[bytes]) -> None:
        self.gallery.put(ids, vectors, marks)
        if monotonic() - self._kept_at_s >= _KEEP_EVERY_S:
            self.keep()

    def keep(self) -> None:
        if len(self.gallery):
            self._workshop.keep(self.gallery, self.sight.made_by)
        self._kept_at_s = monotonic()

    def finished(self) -> Gallery:
        """With what was missed. The caller sees to it that nothing more is."""
        for change in self.missed:
            change(self.gallery)
        return self.gallery


def _by_digest(sight: Sight, snapshots: Iterable[Snapshot]) -> Mapping[bytes, tuple[Vectors, bytes]]:
    found: dict[bytes, tuple[Vectors, bytes]] = {}
    for snapshot in snapshots:
        if snapshot.manifest.made_by == sight.made_by:
            for vector, mark in zip(snapshot.vectors, snapshot.marks, strict=True):
                raw = mark.tobytes()
                found.setdefault(raw[:32], (vector, raw[32:]))
    return found
