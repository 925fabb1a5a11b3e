"""What staff must look at, and stores that take no orders for a while."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, literal, select, text, update

from commerce.domain.customer import Contact
from commerce.domain.moments import from_us, to_us
from commerce.domain.staff import PauseMethod, StaffTask, StorePause, TaskKind
from commerce.storage.mapping import maybe_from_us, maybe_to_us
from commerce.storage.tables import pause_waiter, staff_task, store_pause
from commerce.storage.transaction import Transaction, insert_once, one_row_changed

_RAISE = text(
    "INSERT INTO staff_task (id, kind, subject, details, store_id, created_at_us, due_at_us)"
    " VALUES (:id, :kind, :subject, :details, :store_id, :created_at_us, :due_at_us)"
    " ON CONFLICT (kind, subject) WHERE done_at_us IS NULL DO NOTHING"
)
_PAUSE = text(
    'INSERT INTO store_pause (store_id, method, until_us, reason, "by")'
    " VALUES (:store_id, :method, :until_us, :reason, :by)"
    " ON CONFLICT (store_id, method) DO UPDATE SET until_us = excluded.until_us, reason = excluded.reason,"
    ' "by" = excluded."by"'
)
_WAIT = insert_once("pause_waiter", "store_id, channel, account, address", "store_id, channel, account, address")

NOTHING = "{}"  # of the details of a task, as they are where there never were any
ENDED_US = 0  # the time of a pause that somebody ended: over, and those who wait are still to be told


class SqlStaffTasks:
    """`commerce.ports.StaffTaskRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def raise_task(self, task: StaffTask) -> bool:
        return one_row_changed(
            self._db.execute(
                _RAISE,
                {
                    "id": task.id,
                    "kind": task.kind.value,
                    "subject": task.subject,
                    "details": task.details,
                    "store_id": task.store_id,
                    "created_at_us": to_us(task.created_at),
                    "due_at_us": maybe_to_us(task.due_at),
                },
            )
        )

    def open(self, *, kind: TaskKind | None = None, store_id: str = "", limit: int = 100) -> list[StaffTask]:
        """Those with a deadline first, nearest first; then the oldest."""
        statement = select(staff_task).where(staff_task.c.done_at_us.is_(None))
        if kind is not None:
            statement = statement.where(staff_task.c.kind == kind.value)
        if store_id:
            statement = statement.where(staff_task.c.store_id == store_id)
        rows = self._db.execute(
            statement.order_by(
                staff_task.c.due_at_us.is_(None),
                staff_task.c.due_at_us,
                staff_task.c.created_at_us,
                staff_task.c.id,
            ).limit(limit)
        )
        return [
            StaffTask(
                id=row.id,
                kind=TaskKind(row.kind),
                subject=row.subject,
                details=row.details,
                store_id=row.store_id,
                created_at=from_us(row.created_at_us),
                due_at=maybe_from_us(row.due_at_us),
                done_at=None,
            )
            for row in rows
        ]

    def count_open(self, kind: TaskKind, limit: int) -> int:
        is_open = (staff_task.c.kind == kind.value, staff_task.c.done_at_us.is_(None))
        some = select(literal(1)).where(*is_open).limit(limit).subquery()
        return int(self._db.execute(select(func.count()).select_from(some)).scalar_one())

    def done(self, kind: TaskKind, subject: str, at: datetime) -> bool:
        return one_row_changed(
            self._db.execute(
                update(staff_task)
                .where(
                    staff_task.c.kind == kind.value,
                    staff_task.c.subject == subject,
                    staff_task.c.done_at_us.is_(None),
                )
                .values(done_at_us=to_us(at))
            )
        )

    def forget_done(self, kind: TaskKind, before: datetime) -> int:
        return self._forget(staff_task.c.kind == kind.value, staff_task.c.done_at_us <= to_us(before))

    def forget_subjects(self, subjects: Iterable[str], at: datetime) -> int:
        about = staff_task.c.subject.in_(list(subjects))
        self._db.execute(
            update(staff_task).where(about, staff_task.c.done_at_us.is_(None)).values(done_at_us=to_us(at))
        )
        return self._forget(about)

    def _forget(self, *which: ColumnElement[bool]) -> int:
        forgotten = update(staff_task).where(*which, staff_task.c.details != NOTHING).values(details=NOTHING)
        return self._db.execute(forgotten).rowcount


class SqlPauses:
    """`commerce.ports.PauseRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def put(self, pause: StorePause) -> None:
        self._db.execute(
            _PAUSE,
            {
                "store_id": pause.store_id,
                "method": pause.method.value,
                "until_us": to_us(pause.until),
                "reason": pause.reason,
                "by": pause.by,
            },
        )

    def get(self, store_id: str, now: datetime, method: PauseMethod = PauseMethod.ALL) -> StorePause | None:
        row = self._db.execute(
            select(store_pause)
            .where(
                store_pause.c.store_id == store_id,
                store_pause.c.until_us > to_us(now),
                store_pause.c.method.in_(sorted({PauseMethod.ALL.value, method.value})),
            )
            .order_by(store_pause.c.until_us.desc(), store_pause.c.method)
            .limit(1)
        ).one_or_none()
        if row is None:
            return None
        return StorePause(row.store_id, from_us(row.until_us), row.reason, row.by, PauseMethod(row.method))

    def end(self, store_id: str, method: PauseMethod = PauseMethod.ALL) -> bool:
        return one_row_changed(
            self._db.execute(
                update(store_pause)
                .where(
                    store_pause.c.store_id == store_id,
                    store_pause.c.method == method.value,
                    store_pause.c.until_us > ENDED_US,
                )
                .values(until_us=ENDED_US)
            )
        )

    def wait(self, store_id: str, contact: Contact) -> None:
        self._db.execute(
            _WAIT,
            {
                "store_id": store_id,
                "channel": contact.channel,
                "account": contact.account,
                "address": contact.address,
            },
        )

    def over(self, now: datetime) -> list[tuple[str, list[Contact]]]:
        ended = self._db.execute(
            delete(store_pause).where(store_pause.c.until_us <= to_us(now)).returning(store_pause.c.store_id)
        )
        told: dict[str, list[Contact]] = {store_id: [] for store_id in ended.scalars()}
        # Also whoever began to wait in the moment in which the pause ended.
        in_force = select(literal(1)).where(store_pause.c.store_id == pause_waiter.c.store_id).exists()
        for row in self._db.execute(delete(pause_waiter).where(~in_force).returning(pause_waiter)):
            told.setdefault(row.store_id, []).append(Contact(row.channel, row.account, row.address))
        return [
            (store_id, sorted(contacts, key=lambda contact: contact.lane))
            for store_id, contacts in sorted(told.items())
        ]
