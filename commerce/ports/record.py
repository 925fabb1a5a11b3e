"""What was done by whom: the repository of the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


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
