"""Small things kept beside the shop: state with an end, shoppers' photos, and the record of who did what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from commerce.domain.customer import Contact


class StateRepository(Protocol):
    def get(self, key: str, now: datetime) -> str | None: ...

    def put(self, key: str, value: str, expires_at: datetime) -> None: ...

    def claim(self, key: str, value: str, expires_at: datetime, now: datetime) -> bool:
        """Writes it unless something unexpired is there already: of many at once, one gets True."""
        ...

    def delete(self, key: str) -> None: ...

    def count(self, key: str, now: datetime, until: datetime, *, most: int) -> int:
        """Counts one more by one statement and returns how many that makes: of many at once, each gets its own number.

        Each one up to `most` moves the counter's end to `until`; past that it answers `most` + 1 and ends when it ends.
        A counter that has ended begins again.
        """
        ...

    def sweep(self, now: datetime) -> int:
        """Deletes what has expired; returns how many."""
        ...


class PhotoRepository(Protocol):
    """Photos that shoppers sent; each has an end."""

    def add(self, media_key: str, contact: Contact, received_at: datetime, delete_after: datetime) -> None: ...

    def sender_of(self, media_key: str) -> Contact | None:
        """Who sent it; None when it is not there any more."""
        ...

    def due(self, now: datetime, limit: int) -> list[str]: ...

    def forget(self, media_key: str) -> None: ...


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Somebody did something to something. `details` hold ids and figures, never what a person wrote of themselves."""

    id: int
    at: datetime
    actor: str  # staff:<id>, shopper:<id>, api:<digest of a key>, command, clock…
    action: str
    subject: str
    details: Mapping[str, object]


class AuditRepository(Protocol):
    """Append-only: the database itself refuses to change or delete a row."""

    def add(self, actor: str, action: str, subject: str, details: Mapping[str, object], at: datetime) -> None: ...

    def find(
        self,
        *,
        actor: str = "",
        action: str = "",
        subject: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        before_id: int | None = None,
        limit: int = 100,
    ) -> list[AuditEntry]:
        """Newest first. `subject` may be the thing's id alone, without what stands before it ("staff:")."""
        ...
