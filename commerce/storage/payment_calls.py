"""Calls of payment providers: each takes effect once, and is kept until it is old."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, text, update

from commerce.domain.mail import DeadLetter, InboxState
from commerce.domain.moments import from_us, to_us
from commerce.domain.payment import PaymentCallback
from commerce.storage.mail import ERROR_CHARS
from commerce.storage.tables import payment_event
from commerce.storage.transaction import Transaction, one_row_changed

_ACCEPT = text(
    "INSERT INTO payment_event (provider, event_id, body, received_at_us)"
    " VALUES (:provider, :event_id, :body, :received_at_us)"
    " ON CONFLICT (provider, event_id) DO NOTHING RETURNING id"
)


class SqlPaymentCalls:
    """`commerce.ports.PaymentCallRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def accept(self, callback: PaymentCallback, at: datetime) -> int | None:
        stored = self._db.execute(
            _ACCEPT,
            {
                "provider": callback.provider,
                "event_id": callback.event_id,
                "body": callback.body,
                "received_at_us": to_us(at),
            },
        )
        row_id: int | None = stored.scalar_one_or_none()
        return row_id

    def waiting(self, now: datetime, limit: int) -> list[tuple[int, str, bytes, int]]:
        rows = self._db.execute(
            select(payment_event)
            .where(payment_event.c.state == InboxState.NEW.value, payment_event.c.not_before_us <= to_us(now))
            .order_by(payment_event.c.id)
            .limit(limit)
        )
        return [(row.id, row.provider, bytes(row.body), row.tries) for row in rows]

    def done(self, row_id: int) -> bool:
        return one_row_changed(
            self._db.execute(
                update(payment_event)
                .where(payment_event.c.id == row_id, payment_event.c.state == InboxState.NEW.value)
                .values(state=InboxState.DONE.value, error="")
            )
        )

    def failed(self, row_id: int, error: str, not_before: datetime | None) -> None:
        values: dict[str, Any] = {"tries": payment_event.c.tries + 1, "error": error[:ERROR_CHARS]}
        if not_before is None:
            values["state"] = InboxState.DEAD.value
        else:
            values["not_before_us"] = to_us(not_before)
        self._db.execute(
            update(payment_event)
            .where(payment_event.c.id == row_id, payment_event.c.state == InboxState.NEW.value)
            .values(**values)
        )

    def dead(self, limit: int) -> list[DeadLetter]:
        dead = payment_event.c.state == InboxState.DEAD.value
        return [
            DeadLetter(
                "call", row.id, row.provider, row.event_id, row.state, row.tries, row.error, from_us(row.received_at_us)
            )
            for row in self._db.execute(select(payment_event).where(dead).order_by(payment_event.c.id).limit(limit))
        ]

    def replay(self, row_id: int, at: datetime) -> bool:
        return one_row_changed(
            self._db.execute(
                update(payment_event)
                .where(payment_event.c.id == row_id, payment_event.c.state == InboxState.DEAD.value)
                .values(state=InboxState.NEW.value, tries=0, not_before_us=to_us(at))
            )
        )

    def done_before(self, before: datetime, limit: int) -> list[int]:
        rows = self._db.execute(
            select(payment_event.c.id)
            .where(payment_event.c.state == InboxState.DONE.value, payment_event.c.received_at_us <= to_us(before))
            .order_by(payment_event.c.id)
            .limit(limit)
        )
        return list(rows.scalars())

    def delete(self, row_ids: Sequence[int]) -> int:
        done = payment_event.c.state == InboxState.DONE.value
        return self._db.execute(delete(payment_event).where(payment_event.c.id.in_(row_ids), done)).rowcount
