"""Attempts to collect money, the ledger of what moved, and refunds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, or_, select, text, update

from commerce.domain.moments import from_us, to_us
from commerce.domain.money import Money
from commerce.domain.payment import (
    LedgerEntry,
    LedgerKind,
    PaymentAttempt,
    PaymentState,
    Refund,
    RefundReason,
    RefundState,
    check_payment_move,
    may_move,
)
from commerce.errors import StaleVersion
from commerce.storage.mail import ERROR_CHARS
from commerce.storage.mapping import maybe_from_us, maybe_to_us
from commerce.storage.prepared import Prepared
from commerce.storage.tables import ledger_entry, payment_attempt, refund
from commerce.storage.transaction import AnyRow, Transaction, insert_once, one_row_changed

_ENTER = insert_once(
    "ledger_entry",
    "attempt_id, kind, amount_minor, currency, provider, reference, at_us",
    "provider, kind, reference",
)
# The guards are in the statements: of two that ask the same money back, the second finds what the first has reserved.
_RESERVE = text(
    "UPDATE payment_attempt SET refunding_minor = refunding_minor + :minor"
    " WHERE id = :id AND refunding_minor + :minor <= captured_minor"
)
_RELEASE = text(
    "UPDATE payment_attempt SET refunding_minor = refunding_minor - :minor"
    " WHERE id = :id AND refunding_minor - :minor >= refunded_minor"
)
_CONFIRM = text(
    "UPDATE payment_attempt SET refunded_minor = refunded_minor + :minor"
    " WHERE id = :id AND refunded_minor + :minor <= refunding_minor"
)
_REGAIN = text(
    "UPDATE payment_attempt SET refunded_minor = refunded_minor - :minor, refunding_minor = refunding_minor - :minor"
    " WHERE id = :id AND refunded_minor >= :minor"
)
_MAY_COME_FROM = {
    to_state: [state.value for state in PaymentState if state is to_state or may_move(state, to_state)]
    for to_state in PaymentState
}
_ADD = Prepared(insert(payment_attempt))
_BY_ID = select(payment_attempt).where(payment_attempt.c.id == bindparam("attempt_id"))
_OF_ORDER = (
    select(payment_attempt)
    .where(payment_attempt.c.order_id == bindparam("order_id"))
    .order_by(payment_attempt.c.created_at_us, payment_attempt.c.id)
)
# As an UPDATE locks: what refers to the attempt (a dispute, a ledger entry) can still be added by somebody else, who
# would otherwise wait for us with their row and we for them.
_GET, _GET_LOCKED = Prepared(_BY_ID), Prepared(_BY_ID.with_for_update(key_share=True))
_FIND, _FIND_LOCKED = Prepared(_OF_ORDER), Prepared(_OF_ORDER.with_for_update(key_share=True))
_TO_DO = [state.value for state in (RefundState.QUEUED, RefundState.UNKNOWN, RefundState.SENDING)]


class SqlPayments:
    """`commerce.ports.PaymentRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    # --- attempts

    def add(self, attempt: PaymentAttempt) -> None:
        self._db.run(
            _ADD,
            {
                "id": attempt.id,
                "order_id": attempt.order_id,
                "provider": attempt.provider,
                "amount_minor": attempt.amount.minor,
                "currency": attempt.amount.currency,
                "idempotency_key": attempt.idempotency_key,
                "refunding_minor": attempt.refunding_minor,
                "refunded_minor": attempt.refunded_minor,
                "created_at_us": to_us(attempt.created_at),
                **_changing(attempt),
                "version": attempt.version,
            },
        )

    def get(self, attempt_id: str, *, locked: bool = False) -> PaymentAttempt | None:
        row = self._db.row(_GET_LOCKED if locked else _GET, {"attempt_id": attempt_id})
        return None if row is None else _attempt(row)

    def of_order(self, order_id: str, *, locked: bool = False) -> list[PaymentAttempt]:
        rows = self._db.rows(_FIND_LOCKED if locked else _FIND, {"order_id": order_id})
        return [_attempt(row) for row in rows]

    def by_reference(self, provider: str, reference: str) -> PaymentAttempt | None:
        if not reference:
            return None
        found = self._attempts(
            select(payment_attempt)
            .where(
                payment_attempt.c.provider == provider,
                or_(payment_attempt.c.session_ref == reference, payment_attempt.c.payment_ref == reference),
            )
            .order_by(payment_attempt.c.created_at_us.desc(), payment_attempt.c.id)
            .limit(1)
        )
        return found[0] if found else None

    def update(self, attempt: PaymentAttempt) -> PaymentAttempt:
        written = self._db.execute(
            update(payment_attempt)
            .where(
                payment_attempt.c.id == attempt.id,
                payment_attempt.c.version == attempt.version,
                payment_attempt.c.state.in_(_MAY_COME_FROM[attempt.state]),
            )
            .values(**_changing(attempt), version=attempt.version + 1)
        )
        if not one_row_changed(written):
            stored = self.get(attempt.id)
            if stored is not None and stored.version == attempt.version:
                check_payment_move(stored.state, attempt.state)
            raise StaleVersion(f"payment attempt {attempt.id} is no longer at version {attempt.version}")
        return replace(attempt, version=attempt.version + 1)

    def due(self, now: datetime, limit: int) -> list[PaymentAttempt]:
        return self._attempts(
            select(payment_attempt)
            .where(payment_attempt.c.next_check_at_us <= to_us(now))
            .order_by(payment_attempt.c.next_check_at_us, payment_attempt.c.id)
            .limit(limit)
        )

    def changed_since(self, provider: str, since: datetime) -> list[PaymentAttempt]:
        return self._attempts(
            select(payment_attempt)
            .where(payment_attempt.c.provider == provider, payment_attempt.c.created_at_us >= to_us(since))
            .order_by(payment_attempt.c.created_at_us, payment_attempt.c.id)
        )

    # --- money that moved, and money on its way back

    def enter(self, entry: LedgerEntry) -> bool:
        return one_row_changed(
            self._db.execute(
                _ENTER,
                {
                    "attempt_id": entry.attempt_id,
                    "kind": entry.kind.value,
                    "amount_minor": entry.amount.minor,
                    "currency": entry.amount.currency,
                    "provider": entry.provider,
                    "reference": entry.reference,
                    "at_us": to_us(entry.at),
                },
            )
        )

    def ledger(self, attempt_id: str) -> list[LedgerEntry]:
        rows = self._db.execute(
            select(ledger_entry).where(ledger_entry.c.attempt_id == attempt_id).order_by(ledger_entry.c.id)
        )
        return [
            LedgerEntry(
                row.attempt_id,
                LedgerKind(row.kind),
                Money(row.amount_minor, row.currency),
                row.provider,
                row.reference,
                from_us(row.at_us),
            )
            for row in rows
        ]

    def reserve_refund(self, attempt_id: str, amount_minor: int) -> bool:
        return self._add_up(_RESERVE, attempt_id, amount_minor)

    def release_refund(self, attempt_id: str, amount_minor: int) -> None:
        if not self._add_up(_RELEASE, attempt_id, amount_minor):
            raise ValueError(f"{amount_minor} were not being asked back from payment attempt {attempt_id}")

    def confirm_refund(self, attempt_id: str, amount_minor: int) -> None:
        if not self._add_up(_CONFIRM, attempt_id, amount_minor):
            raise ValueError(f"{amount_minor} were not being asked back from payment attempt {attempt_id}")

    def regain(self, attempt_id: str, amount_minor: int) -> None:
        if not self._add_up(_REGAIN, attempt_id, amount_minor):
            raise ValueError(f"{amount_minor} were not lost from payment attempt {attempt_id}")

    def add_refund(self, new: Refund) -> None:
        self._db.execute(
            insert(refund),
            {
                "id": new.id,
                "order_id": new.order_id,
                "attempt_id": new.attempt_id,
                "amount_minor": new.amount.minor,
                "currency": new.amount.currency,
                "reason": new.reason.value,
                "state": new.state.value,
                "provider_ref": new.provider_ref,
                "tries": new.tries,
                "error": new.error,
                "created_at_us": to_us(new.created_at),
                "next_try_at_us": to_us(new.next_try_at),
                "due_at_us": maybe_to_us(new.due_at),
            },
        )

    def refund(self, refund_id: str) -> Refund | None:
        row = self._db.execute(select(refund).where(refund.c.id == refund_id)).one_or_none()
        return None if row is None else _refund(row)

    def refunds_of(self, order_id: str) -> list[Refund]:
        rows = self._db.execute(
            select(refund).where(refund.c.order_id == order_id).order_by(refund.c.created_at_us, refund.c.id)
        )
        return [_refund(row) for row in rows]

    def move_refund(
        self, seen: Refund, state: RefundState, *, next_try_at: datetime | None = None,
        provider_ref: str | None = None, error: str | None = None, count_try: bool = False,
    ) -> bool:  # fmt: skip
        values: dict[str, Any] = {"state": state.value}
        if next_try_at is not None:
            values["next_try_at_us"] = to_us(next_try_at)
        if provider_ref is not None:
            values["provider_ref"] = provider_ref
        if error is not None:
            values["error"] = error[:ERROR_CHARS]
        if count_try:
            values["tries"] = seen.tries + 1
        return one_row_changed(
            self._db.execute(
                update(refund)
                .where(refund.c.id == seen.id, refund.c.state == seen.state.value, refund.c.tries == seen.tries)
                .values(**values)
            )
        )

    def refunds_due(self, now: datetime, limit: int) -> list[Refund]:
        rows = self._db.execute(
            select(refund)
            .where(refund.c.state.in_(_TO_DO), refund.c.next_try_at_us <= to_us(now))
            .order_by(refund.c.next_try_at_us, refund.c.id)
            .limit(limit)
        )
        return [_refund(row) for row in rows]

    def _attempts(self, statement: Any) -> list[PaymentAttempt]:
        rows: Sequence[AnyRow] = self._db.execute(statement).all()
        return [_attempt(row) for row in rows]

    def _add_up(self, statement: Any, attempt_id: str, amount_minor: int) -> bool:
        if amount_minor < 1:
            raise ValueError(f"{amount_minor} cannot be asked back")
        return one_row_changed(self._db.execute(statement, {"id": attempt_id, "minor": amount_minor}))


def _changing(attempt: PaymentAttempt) -> dict[str, Any]:
    """What `update` writes. The sums of refunds are not among it: guarded statements of their own change them."""
    return {
        "state": attempt.state.value,
        "session_ref": attempt.session_ref,
        "payment_ref": attempt.payment_ref,
        "url": attempt.url,
        "captured_minor": attempt.captured_minor,
        "tries": attempt.tries,
        "expires_at_us": to_us(attempt.expires_at),
        "next_check_at_us": maybe_to_us(attempt.next_check_at),
    }


def _attempt(row: AnyRow) -> PaymentAttempt:
    return PaymentAttempt(
        id=row.id,
        order_id=row.order_id,
        provider=row.provider,
        amount=Money(row.amount_minor, row.currency),
        state=PaymentState(row.state),
        idempotency_key=row.idempotency_key,
        created_at=from_us(row.created_at_us),
        expires_at=from_us(row.expires_at_us),
        session_ref=row.session_ref,
        payment_ref=row.payment_ref,
        url=row.url,
        captured_minor=row.captured_minor,
        refunding_minor=row.refunding_minor,
        refunded_minor=row.refunded_minor,
        tries=row.tries,
        next_check_at=maybe_from_us(row.next_check_at_us),
        version=row.version,
    )


def _refund(row: AnyRow) -> Refund:
    return Refund(
        id=row.id,
        order_id=row.order_id,
        attempt_id=row.attempt_id,
        amount=Money(row.amount_minor, row.currency),
        reason=RefundReason(row.reason),
        state=RefundState(row.state),
        created_at=from_us(row.created_at_us),
        next_try_at=from_us(row.next_try_at_us),
        due_at=maybe_from_us(row.due_at_us),
        provider_ref=row.provider_ref,
        tries=row.tries,
        error=row.error,
    )
