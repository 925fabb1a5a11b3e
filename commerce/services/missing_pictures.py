"""Pictures whose file is gone: told once, however many there are."""

from __future__ import annotations

import structlog

from commerce.ports import StoredPicture

_log = structlog.get_logger(__name__)


class MissingPictures:
    """Counts them between two tellings."""

    def __init__(self) -> None:
        self._count = 0
        self._first: StoredPicture | None = None

    def add(self, stored: StoredPicture) -> None:
        self._first = self._first or stored
        self._count += 1

    def tell(self) -> None:
        """A line of the log, if there were any."""
        if self._first is not None:
            picture = self._first.picture
            _log.warning("picture files are missing", count=self._count, first=picture.id, key=picture.media_key)
        self._count, self._first = 0, None
