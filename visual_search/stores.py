"""Where an index lives between two processes: the port, and files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from visual_search.gallery import Gallery
from visual_search.snapshot import Manifest, Snapshot, SnapshotStore


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """An index that was found, ready to be searched."""

    manifest: Manifest
    gallery: Gallery


class IndexStore(Protocol):
    """One current index, made by one revision of one encoder; a new one replaces it at once."""

    def load(self) -> Stored | None:
        """The current one, verified; None where there never was one. Raises SnapshotDamaged."""
        ...

    def first(self, encoder: str, revision: str, dimension: int) -> Gallery:
        """An empty one, for whoever found none."""
        ...

    def fresh(self, encoder: str, revision: str, dimension: int) -> Gallery:
        """An empty one that is searched by nobody until it is saved: for a rebuild."""
        ...

    def save(self, gallery: Gallery, encoder: str, revision: str, change_seq: int) -> str:
        """Makes it the current one, as covering the catalogue up to `change_seq`; returns its name. Raises OSError:
        the one before stays."""
        ...

    def fingerprint(self) -> bytes:
        """Changes when another process has put another index in place that must be loaded to be seen."""
        ...

    def salvage(self) -> Iterator[Snapshot]:
        """Everything sound that was ever kept and is still there, newest first: food for a rebuild."""
        ...

    def verify(self) -> int:
        """Checks the current one again. Returns how many pictures it holds (0: none). Raises SnapshotDamaged."""
        ...

    def close(self) -> None:
        """Nothing is asked of it after that."""
        ...


class FileIndexStore:
    """`IndexStore` of one machine: generations in a folder, searched in this process."""

    def __init__(self, directory: Path, approximate_from: int | None = None) -> None:
        """`approximate_from`: as for `VectorIndex`; None: what was measured."""
        self._snapshots = SnapshotStore(directory)
        self._approximate_from = approximate_from

    def load(self) -> Stored | None:
        """See `IndexStore`."""
        snapshot = self._snapshots.load()
        return (
            None
            if snapshot is None
            else Stored(snapshot.manifest, self._gallery(snapshot.manifest.dimension, snapshot))
        )

    def first(self, encoder: str, revision: str, dimension: int) -> Gallery:
        """See `IndexStore`."""
        return self.fresh(encoder, revision, dimension)

    def fresh(self, encoder: str, revision: str, dimension: int) -> Gallery:
        """See `IndexStore`."""
        return self._gallery(dimension)

    def save(self, gallery: Gallery, encoder: str, revision: str, change_seq: int) -> str:
        """See `IndexStore`."""
        return self._snapshots.save(gallery.to_snapshot(encoder, revision, change_seq))

    def fingerprint(self) -> bytes:
        """See `IndexStore`."""
        return self._snapshots.fingerprint()

    def salvage(self) -> Iterator[Snapshot]:
        """See `IndexStore`."""
        return self._snapshots.salvage()

    def verify(self) -> int:
        """See `IndexStore`: every hash."""
        snapshot = self._snapshots.load()
        return snapshot.manifest.count if snapshot else 0

    def close(self) -> None:
        """See `IndexStore`."""

    def _gallery(self, dimension: int, found: Snapshot | None = None) -> Gallery:
        from visual_search.index import APPROXIMATE_FROM, VectorIndex
        from visual_search.marks import Marks

        size = APPROXIMATE_FROM if self._approximate_from is None else self._approximate_from
        if found is None:
            return Gallery(VectorIndex(dimension, approximate_from=size), Marks())
        index = VectorIndex(dimension, (found.ids, found.vectors), found.lists, approximate_from=size)
        return Gallery(index, Marks(found.ids, found.marks))
