"""The next index while it is being built: by one process at a time, and what is done survives a crash.

rebuild.lock     held by the process that builds
unfinished/      generations of the next index so far; gone once it is finished
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from visual_search.errors import RebuildRunning
from visual_search.gallery import Gallery
from visual_search.sight import Sight
from visual_search.snapshot import Snapshot, SnapshotStore
from visual_search.values import Vectors

_KEEP_EVERY_S = 60.0


class Workshop:
    """Below the directory of the finished index."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._kept = SnapshotStore(directory / "unfinished")

    @contextmanager
    def one_builder(self) -> Iterator[None]:
        """Raises RebuildRunning where another process, or another `Eyes` of this one, is at it."""
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / "rebuild.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RebuildRunning("another process is building the index") from None
            yield

    def keep(self, snapshot: Snapshot) -> None:
        """So that its vectors need not be made again. A full disk only costs that."""
        try:
            self._kept.save(snapshot)
        except OSError:
            pass

    def kept(self) -> Iterator[Snapshot]:
        return self._kept.salvage()

    def clear(self) -> None:
        shutil.rmtree(self._kept.directory, ignore_errors=True)


class Building:
    """One index on its way: `gallery` fills, and `missed` are the changes of the catalogue to apply at the end."""

    def __init__(self, sight: Sight, workshop: Workshop, older: Iterable[Snapshot]) -> None:
        """`older`: where vectors may be taken from, if this sight made them."""
        self.sight = sight
        self.gallery = Gallery(sight.encoder.dimension)
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
        encoder = self.sight.encoder
        if len(self.gallery):
            self._workshop.keep(self.gallery.to_snapshot(encoder.name, encoder.revision, 0))
        self._kept_at_s = monotonic()

    def finished(self) -> Gallery:
        """With what was missed. The caller sees to it that nothing more is."""
        for change in self.missed:
            change(self.gallery)
        return self.gallery


def _by_digest(sight: Sight, snapshots: Iterable[Snapshot]) -> Mapping[bytes, tuple[Vectors, bytes]]:
    found: dict[bytes, tuple[Vectors, bytes]] = {}
    for snapshot in snapshots:
        if sight.made(snapshot.manifest):
            for vector, mark in zip(snapshot.vectors, snapshot.marks, strict=True):
                raw = mark.tobytes()
                found.setdefault(raw[:32], (vector, raw[32:]))
    return found
