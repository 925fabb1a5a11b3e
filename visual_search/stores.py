"""Where an index lives between two processes: the port, and files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from visual_search.gallery import Gallery
from visual_search.snapshot import MadeBy, Manifest, Snapshot, SnapshotStore
from visual_search.workshop import FileWorkshop


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """An index that was found, ready to be searched."""

    manifest: Manifest
    gallery: Gallery


class Workshop(Protocol):
    """Held by the one process that builds the next index, while the current one is searched."""

    def keep(self, gallery: Gallery, made_by: MadeBy) -> None:
        """What is built so far survives a crash from here on, as far as the disk allows."""
        ...

    def kept(self) -> Iterator[Snapshot]:
        """What builders before this one kept and did not finish."""
        ...

    def clear(self) -> None:
        """The index is finished and saved: nothing that was kept is needed any more."""
        ...


class IndexStore(Protocol):
    """One current index, made by one revision of one encoder; a new one replaces it at once."""

    @property
    def is_shared(self) -> bool:
        """Whether all processes change one index, so that a process must take over what another has put in its place;
        otherwise each has its own, whole, and the last one saved is the current one."""
        ...

    def made_by(self) -> MadeBy | None:
        """Of the current one, nothing of it read; None where there is none, or damage."""
        ...

    def load(self) -> Stored | None:
        """The current one, verified; None where there never was one. Raises SnapshotDamaged."""
        ...

    def first(self, encoder: str, revision: str, dimension: int) -> Gallery:
        """An empty one, for whoever found none."""
        ...

    def fresh(self, encoder: str, revision: str, dimension: int) -> Gallery:
        """An empty one that is searched by nobody until it is saved: for a rebuild."""
        ...

    def workshop(self) -> AbstractContextManager[Workshop]:
        """Entered by one process at a time, whoever has the index open. Raises RebuildRunning."""
        ...

    def save(self, gallery: Gallery, encoder: str, revision: str, change_seq: int) -> str:
        """Makes it the current one, as covering the catalogue up to `change_seq`; returns its name. Raises OSError:
        the one before stays. EyesUnavailable: another process has replaced what it was."""
        ...

    def fingerprint(self) -> bytes:
        """Changes when another process has put another index in place that must be loaded to be seen."""
        ...

    def salvage(self) -> Iterator[Snapshot]:
        """Every sound index that was ever saved and is still there, newest first: food for a rebuild."""
        ...

    def verify(self) -> int:
        """Checks the current one again. Returns how many pictures it holds (0: none). Raises SnapshotDamaged."""
        ...

    def close(self) -> None:
        """Nothing is asked of it after that."""
        ...


class FileIndexStore:
    """`IndexStore` of one machine: generations in a folder, searched in this process."""

    is_shared = False

    def __init__(self, directory: Path, approximate_from: int | None = None) -> None:
        """`approximate_from`: as for `VectorIndex`; None: what was measured."""
        self._snapshots = SnapshotStore(directory)
        self._approximate_from = approximate_from

    def made_by(self) -> MadeBy | None:
        """See `IndexStore`."""
        manifest = self._snapshots.manifest()
        return manifest.made_by if manifest else None

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

    def workshop(self) -> AbstractContextManager[Workshop]:
        """See `IndexStore`."""
        return FileWorkshop(self._snapshots.directory).entered()

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
        from visual_search.index import VectorIndex
        from visual_search.marks import Marks

        size = self._approximate_from
        if found is None:
            return Gallery(VectorIndex(dimension, approximate_from=size), Marks())
        index = VectorIndex(dimension, (found.ids, found.vectors), found.lists, approximate_from=size)
        return Gallery(index, Marks(found.ids, found.marks))
