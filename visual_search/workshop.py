"""Where the next index of a folder is built: by one process at a time, and what is done survives a crash.

rebuild.lock     held by the process that builds
unfinished/      generations of the next index so far; gone once it is finished
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from visual_search.errors import RebuildRunning
from visual_search.gallery import Gallery
from visual_search.snapshot import MadeBy, Snapshot, SnapshotStore


class FileWorkshop:
    """`visual_search.stores.Workshop`, below the directory of the finished index."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._kept = SnapshotStore(directory / "unfinished")

    @contextmanager
    def entered(self) -> Iterator[FileWorkshop]:
        """Raises RebuildRunning where another process, or another `Eyes` of this one, is in it."""
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / "rebuild.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RebuildRunning("another process is building the index") from None
            yield self

    def keep(self, gallery: Gallery, made_by: MadeBy) -> None:
        """See `Workshop`."""
        try:
            self._kept.save(gallery.to_snapshot(made_by.encoder, made_by.revision, 0))
        except OSError:  # a full disk only costs making these vectors again
            pass

    def kept(self) -> Iterator[Snapshot]:
        """See `Workshop`."""
        return self._kept.salvage()

    def clear(self) -> None:
        """See `Workshop`."""
        shutil.rmtree(self._kept.directory, ignore_errors=True)
