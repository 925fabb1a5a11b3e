"""The access token in force: the one of the settings, or what it was renewed to.

A token of Instagram Login ends after 60 days and can be renewed from its second day on, for another 60 days:
https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token
What it was renewed to lies in the data folder like the secret key, readable by its owner alone: settings are not ours
to write, and the database (with its copies) holds no key to anything outside. Another token in the settings is a new
beginning.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from commerce.ports import Clock

TRY_EVERY = timedelta(days=1)
RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Kept:
    """What the file says. `ends_at` None: nobody has told yet."""

    token: str
    ends_at: datetime | None
    tried_at: datetime


class Access:
    """Safe for many threads and processes: the file is read anew each time and replaced whole."""

    def __init__(self, given: str, path: Path, clock: Clock) -> None:
        self._given, self._path, self._clock = given, path, clock

    @property
    def token(self) -> str:
        kept = self._kept()
        return kept.token if kept else self._given

    @property
    def ends_at(self) -> datetime | None:
        kept = self._kept()
        return kept.ends_at if kept else None

    def is_to_be_renewed(self) -> bool:
        """At most once a day, and only when it ends within a month or nobody knows when."""
        kept, now = self._kept(), self._clock.now()
        if kept is None:
            return True
        return now - kept.tried_at >= TRY_EVERY and (kept.ends_at is None or kept.ends_at - now < RENEW_BEFORE)

    def tried(self, renewed: str = "", ends_at: datetime | None = None) -> None:
        """Somebody has asked for another; '' when there was none. Raises OSError."""
        before = self._kept()
        token = renewed or (before.token if before else self._given)
        ends_at = ends_at or (before.ends_at if before else None)
        self._write(Kept(token, ends_at, self._clock.now()))

    # --- the file

    @property
    def _mark(self) -> str:
        """Of the token in the settings, which the file does not repeat."""
        return hashlib.sha256(self._given.encode()).hexdigest()

    def _kept(self) -> Kept | None:
        try:
            said = json.loads(self._path.read_text("utf-8"))
            if said["of"] != self._mark:
                return None
            ends_at = datetime.fromisoformat(said["ends_at"]) if said["ends_at"] else None
            return Kept(str(said["token"]), ends_at, datetime.fromisoformat(said["tried_at"]))
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _write(self, kept: Kept) -> None:
        said = {
            "of": self._mark,
            "token": kept.token,
            "ends_at": kept.ends_at.isoformat() if kept.ends_at else "",
            "tried_at": kept.tried_at.isoformat(),
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}-")  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(said, file)
            Path(temporary).replace(self._path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
