"""What a person of the shop has to look at: its repository."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from commerce.domain.staff import StaffTask, TaskKind


class StaffTaskRepository(Protocol):
    def raise_task(self, task: StaffTask) -> bool:
        """False when an open task of this kind and subject is there already."""
        ...

    def open(self, *, kind: TaskKind | None = None, store_id: str = "", limit: int = 100) -> list[StaffTask]: ...

    def count_open(self, kind: TaskKind, limit: int) -> int:
        """Up to `limit`, without reading them."""
        ...

    def done(self, kind: TaskKind, subject: str, at: datetime) -> bool: ...

    def forget_done(self, kind: TaskKind, before: datetime) -> int:
        """Of tasks of that kind that were done until then the details are gone. How many."""
        ...

    def forget_subjects(self, subjects: Iterable[str], at: datetime) -> int:
        """Of tasks about these the details are gone, and those that were open are done. How many."""
        ...
