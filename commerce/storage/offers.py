"""What was offered in place of something that a store could not serve, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from commerce.domain.collecting import PickUpKind, PickUpRef
from commerce.domain.customer import Contact
from commerce.domain.moments import from_us, to_us
from commerce.domain.money import Money
from commerce.domain.offering import ChoiceKind, Offer, OfferChoice, OfferLine, OfferState
from commerce.storage.tables import offer, offer_choice
from commerce.storage.transaction import AnyRow, Transaction, one_row_changed

_CHOICES = (
    select(offer_choice)
    .where(offer_choice.c.offer_id.in_(bindparam("ids", expanding=True)))
    .order_by(offer_choice.c.offer_id, offer_choice.c.position, offer_choice.c.variant_id)
)
_OPEN = offer.c.state == OfferState.OPEN.value


class SqlOffers:
    """`commerce.ports.OfferRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def add(self, new: Offer) -> None:
        self._db.execute(
            insert(offer),
            {
                "id": new.id,
                "customer_id": new.customer_id,
                "channel": new.contact.channel,
                "account": new.contact.account,
                "address": new.contact.address,
                "instead_of_kind": new.instead_of.kind.value,
                "instead_of_id": new.instead_of.id,
                "state": new.state.value,
                "taken": new.taken,
                "created_at_us": to_us(new.created_at),
                "expires_at_us": to_us(new.expires_at),
            },
        )
        self._db.execute(
            insert(offer_choice),
            [
                {
                    "offer_id": new.id,
                    "position": choice.position,
                    "kind": choice.kind.value,
                    "store_id": choice.store_id,
                    "variant_id": line.variant_id,
                    "quantity": line.quantity,
                    "unit_price_minor": line.unit_price.minor,
                    "currency": line.unit_price.currency,
                    "hold_id": line.hold_id,
                }
                for choice in new.choices
                for line in choice.lines
            ],
        )

    def get(self, offer_id: str) -> Offer | None:
        found = self._assemble(self._db.execute(select(offer).where(offer.c.id == offer_id)).all())
        return found[0] if found else None

    def open_of(self, customer_id: str) -> list[Offer]:
        newest_first = (
            select(offer)
            .where(offer.c.customer_id == customer_id, _OPEN)
            .order_by(offer.c.created_at_us.desc(), offer.c.id.desc())
        )
        return self._assemble(self._db.execute(newest_first).all())

    def open_instead_of(self, ref: PickUpRef) -> Offer | None:
        statement = (
            select(offer)
            .where(offer.c.instead_of_kind == ref.kind.value, offer.c.instead_of_id == ref.id, _OPEN)
            .order_by(offer.c.created_at_us.desc())
            .limit(1)
        )
        found = self._assemble(self._db.execute(statement).all())
        return found[0] if found else None

    def lock(self, offer_id: str) -> bool:
        row = self._db.execute(select(offer.c.id).where(offer.c.id == offer_id, _OPEN).with_for_update())
        return row.first() is not None

    def choose(self, offer_id: str, position: int) -> bool:
        return one_row_changed(
            self._db.execute(
                update(offer).where(offer.c.id == offer_id, _OPEN, offer.c.taken.is_(None)).values(taken=position)
            )
        )

    def end(self, offer_id: str, state: OfferState, taken: int | None = None) -> bool:
        statement = update(offer).where(offer.c.id == offer_id, _OPEN).values(state=state.value)
        if taken is not None:
            statement = statement.where(offer.c.taken.is_(None) | (offer.c.taken == taken)).values(taken=taken)
        return one_row_changed(self._db.execute(statement))

    def due(self, now: datetime, limit: int) -> list[Offer]:
        statement = (
            select(offer)
            .where(_OPEN, offer.c.expires_at_us <= to_us(now))
            .order_by(offer.c.expires_at_us, offer.c.id)
            .limit(limit)
        )
        return self._assemble(self._db.execute(statement).all())

    def _assemble(self, rows: Sequence[AnyRow]) -> list[Offer]:
        """With their choices, in one more statement."""
        if not rows:
            return []
        found: dict[str, dict[int, list[AnyRow]]] = {row.id: {} for row in rows}
        for line in self._db.execute(_CHOICES, {"ids": sorted(found)}):
            found[line.offer_id].setdefault(line.position, []).append(line)
        return [
            Offer(
                id=row.id,
                customer_id=row.customer_id,
                contact=Contact(row.channel, row.account, row.address),
                instead_of=PickUpRef(PickUpKind(row.instead_of_kind), row.instead_of_id),
                choices=tuple(_choice(lines) for _, lines in sorted(found[row.id].items())),
                state=OfferState(row.state),
                created_at=from_us(row.created_at_us),
                expires_at=from_us(row.expires_at_us),
                taken=row.taken,
            )
            for row in rows
        ]


def _choice(rows: Sequence[AnyRow]) -> OfferChoice:
    first = rows[0]
    return OfferChoice(
        first.position,
        ChoiceKind(first.kind),
        first.store_id,
        tuple(
            OfferLine(row.variant_id, row.quantity, Money(row.unit_price_minor, row.currency), row.hold_id)
            for row in rows
        ),
    )
