"""What banks ask back, one row a dispute."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select, true, update

from commerce.domain.dispute import DISPUTE_MOVES, NOTHING_GOES_BACK, OPEN_DISPUTES, Dispute, DisputeState
from commerce.domain.moments import from_us, to_us
from commerce.domain.money import Money
from commerce.errors import IllegalMove, StaleVersion
from commerce.storage.mapping import maybe_from_us, maybe_to_us
from commerce.storage.tables import payment_attempt, payment_dispute
from commerce.storage.transaction import AnyRow, Transaction, insert_once, one_row_changed

_ADD = insert_once(
    "payment_dispute",
    "id, attempt_id, order_id, provider, reference, state, amount_minor, currency, withheld, reason, said_at_us,"
    " created_at_us, due_at_us, lost_minor, version",
    "provider, reference",
)
_MAY_COME_FROM = {
    to_state: [state.value for state in DisputeState if state is to_state or to_state in DISPUTE_MOVES[state]]
    for to_state in DisputeState
}


class SqlDisputes:
    """`commerce.ports.DisputeRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def add(self, dispute: Dispute) -> None:
        added = self._db.execute(
            _ADD,
            {
                "id": dispute.id,
                "attempt_id": dispute.attempt_id,
                "order_id": dispute.order_id,
                "provider": dispute.provider,
                "reference": dispute.reference,
                "created_at_us": to_us(dispute.created_at),
                **_changing(dispute),
                "version": dispute.version,
            },
        )
        if not one_row_changed(added):
            raise StaleVersion(f"dispute {dispute.reference} is there already")

    def by_reference(self, provider: str, reference: str) -> Dispute | None:
        row = self._db.execute(
            select(payment_dispute).where(
                payment_dispute.c.provider == provider, payment_dispute.c.reference == reference
            )
        ).one_or_none()
        return None if row is None else _dispute(row)

    def of_order(self, order_id: str) -> list[Dispute]:
        rows = self._db.execute(
            select(payment_dispute)
            .where(payment_dispute.c.order_id == order_id)
            .order_by(payment_dispute.c.created_at_us, payment_dispute.c.id)
        )
        return [_dispute(row) for row in rows]

    def update(self, dispute: Dispute) -> Dispute:
        written = self._db.execute(
            update(payment_dispute)
            .where(
                payment_dispute.c.id == dispute.id,
                payment_dispute.c.version == dispute.version,
                payment_dispute.c.state.in_(_MAY_COME_FROM[dispute.state]),
            )
            .values(**_changing(dispute), version=dispute.version + 1)
        )
        if not one_row_changed(written):
            stored = self.by_reference(dispute.provider, dispute.reference)
            if stored is not None and stored.version == dispute.version:
                raise IllegalMove("dispute", stored.state, dispute.state)
            raise StaleVersion(f"dispute {dispute.id} is no longer at version {dispute.version}")
        found = self.by_reference(dispute.provider, dispute.reference)
        assert found is not None
        return found

    def blocks(self, attempt_id: str) -> bool:
        return (
            self._db.execute(
                select(payment_dispute.c.id)
                .where(
                    payment_dispute.c.attempt_id == attempt_id,
                    payment_dispute.c.state.in_([state.value for state in NOTHING_GOES_BACK]),
                )
                .limit(1)
            ).one_or_none()
            is not None
        )

    def lost_of(self, attempt_id: str) -> int:
        lost = self._db.execute(
            select(func.coalesce(func.sum(payment_dispute.c.lost_minor), 0)).where(
                payment_dispute.c.attempt_id == attempt_id
            )
        ).scalar_one()
        return int(lost)

    def not_in_the_books(self, provider: str = "") -> list[Dispute]:
        rows = self._db.execute(
            select(payment_dispute)
            .join(payment_attempt, payment_attempt.c.id == payment_dispute.c.attempt_id)
            .where(
                payment_dispute.c.state == DisputeState.LOST.value,
                payment_dispute.c.lost_minor < payment_dispute.c.amount_minor,
                payment_dispute.c.currency == payment_attempt.c.currency,
                payment_attempt.c.captured_minor > payment_attempt.c.refunding_minor,
                payment_dispute.c.provider == provider if provider else true(),
            )
            .order_by(payment_dispute.c.created_at_us, payment_dispute.c.id)
        )
        return [_dispute(row) for row in rows]

    def open_among(self, order_ids: Iterable[str]) -> set[str]:
        asked = list(order_ids)
        if not asked:
            return set()
        rows = self._db.execute(
            select(payment_dispute.c.order_id)
            .where(
                payment_dispute.c.order_id.in_(asked),
                payment_dispute.c.state.in_([state.value for state in OPEN_DISPUTES]),
            )
            .distinct()
        )
        return set(rows.scalars())


def _changing(dispute: Dispute) -> dict[str, object]:
    return {
        "state": dispute.state.value,
        "amount_minor": dispute.amount.minor,
        "currency": dispute.amount.currency,
        "withheld": dispute.is_withheld,
        "reason": dispute.reason[:64],
        "said_at_us": to_us(dispute.said_at),
        "due_at_us": maybe_to_us(dispute.due_at),
        "lost_minor": dispute.lost_minor,
    }


def _dispute(row: AnyRow) -> Dispute:
    return Dispute(
        id=row.id,
        attempt_id=row.attempt_id,
        order_id=row.order_id,
        provider=row.provider,
        reference=row.reference,
        state=DisputeState(row.state),
        amount=Money(row.amount_minor, row.currency),
        is_withheld=row.withheld,
        reason=row.reason,
        said_at=from_us(row.said_at_us),
        created_at=from_us(row.created_at_us),
        due_at=maybe_from_us(row.due_at_us),
        lost_minor=row.lost_minor,
        version=row.version,
    )
