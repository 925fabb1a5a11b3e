"""Reservations, their lines and their history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, select, update

from commerce.domain.customer import Contact
from commerce.domain.moments import from_us, to_us
from commerce.domain.money import Money
from commerce.domain.reservation import OPEN_STATES, Reservation, ReservationEvent, ReservationLine, ReservationState
from commerce.errors import StaleVersion
from commerce.storage.direct import insert_into
from commerce.storage.prepared import Prepared
from commerce.storage.tables import reservation, reservation_event, reservation_line
from commerce.storage.transaction import AnyRow, Transaction

_OPEN = reservation.c.state.in_(sorted(state.value for state in OPEN_STATES))
_LINES = Prepared(
    select(reservation_line)
    .where(reservation_line.c.reservation_id.in_(bindparam("ids", expanding=True)))
    .order_by(reservation_line.c.reservation_id, reservation_line.c.position)
)
_BY_ID = Prepared(select(reservation).where(reservation.c.id == bindparam("reservation_id")))
_CONTACT = Prepared(
    select(reservation.c.channel, reservation.c.account, reservation.c.address).where(
        reservation.c.id == bindparam("reservation_id")
    )
)
_OF_CUSTOMER = (
    select(reservation)
    .where(reservation.c.customer_id == bindparam("customer_id"))
    .order_by(reservation.c.created_at_us.desc(), reservation.c.id.desc())
)
_ALL_OF_CUSTOMER, _OPEN_OF_CUSTOMER = Prepared(_OF_CUSTOMER), Prepared(_OF_CUSTOMER.where(_OPEN))
_MOVE = Prepared(
    update(reservation)
    .where(reservation.c.id == bindparam("reservation_id"), reservation.c.version == bindparam("seen_version"))
    .values({name: bindparam(name) for name in ("state", "expires_at_us", "extensions", "version")})
)
_ADD = insert_into(
    "reservation",
    "id code customer_id store_id state expires_at_us extensions version source channel account address created_at_us",
)
_ADD_LINE = insert_into(
    "reservation_line", "reservation_id position variant_id quantity unit_price_minor currency hold_id"
)
_ADD_EVENT = insert_into("reservation_event", "reservation_id from_state to_state actor note at_us")


class SqlReservations:
    """`commerce.ports.ReservationRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def add(self, new: Reservation, contact: Contact, event: ReservationEvent) -> None:
        self._db.direct(
            _ADD,
            (
                new.id,
                new.code,
                new.customer_id,
                new.store_id,
                new.state.value,
                to_us(new.expires_at),
                new.extensions,
                new.version,
                new.source,
                contact.channel,
                contact.account,
                contact.address,
                to_us(new.created_at),
            ),
        )
        self._db.insert_many(
            _ADD_LINE,
            [
                (
                    new.id,
                    position,
                    line.variant_id,
                    line.quantity,
                    line.unit_price.minor,
                    line.unit_price.currency,
                    line.hold_id,
                )
                for position, line in enumerate(new.lines)
            ],
        )
        self._add_event(new.id, event)

    def get(self, reservation_id: str) -> Reservation | None:
        found = self._assemble(self._db.rows(_BY_ID, {"reservation_id": reservation_id}))
        return found[0] if found else None

    def contact_of(self, reservation_id: str) -> Contact | None:
        row = self._db.row(_CONTACT, {"reservation_id": reservation_id})
        return None if row is None else Contact(row.channel, row.account, row.address)

    def of_customer(self, customer_id: str, *, only_open: bool) -> list[Reservation]:
        newest_first = _OPEN_OF_CUSTOMER if only_open else _ALL_OF_CUSTOMER
        return self._assemble(self._db.rows(newest_first, {"customer_id": customer_id}))

    def move(
        self, seen: Reservation, to_state: ReservationState, event: ReservationEvent, *,
        expires_at: datetime | None = None, extensions: int | None = None,
    ) -> Reservation:  # fmt: skip
        moved = replace(
            seen,
            state=to_state,
            expires_at=seen.expires_at if expires_at is None else expires_at,
            extensions=seen.extensions if extensions is None else extensions,
            version=seen.version + 1,
        )
        written = self._db.run(
            _MOVE,
            {
                "reservation_id": seen.id,
                "seen_version": seen.version,
                "state": moved.state.value,
                "expires_at_us": to_us(moved.expires_at),
                "extensions": moved.extensions,
                "version": moved.version,
            },
        )
        if written != 1:
            raise StaleVersion(f"reservation {seen.id} is no longer at version {seen.version}")
        self._add_event(seen.id, event)
        return moved

    def due(self, now: datetime, limit: int) -> list[Reservation]:
        statement = (
            select(reservation)
            .where(_OPEN, reservation.c.expires_at_us <= to_us(now))
            .order_by(reservation.c.expires_at_us, reservation.c.id)
            .limit(limit)
        )
        return self._assemble(self._db.execute(statement).all())

    def events(self, reservation_id: str) -> list[ReservationEvent]:
        rows = self._db.execute(
            select(reservation_event)
            .where(reservation_event.c.reservation_id == reservation_id)
            .order_by(reservation_event.c.id)
        )
        return [
            ReservationEvent(
                at=from_us(row.at_us),
                from_state=ReservationState(row.from_state) if row.from_state else None,
                to_state=ReservationState(row.to_state),
                actor=row.actor,
                note=row.note,
            )
            for row in rows
        ]

    def _add_event(self, reservation_id: str, event: ReservationEvent) -> None:
        from_state = event.from_state.value if event.from_state else ""
        self._db.direct(
            _ADD_EVENT,
            (reservation_id, from_state, event.to_state.value, event.actor, event.note, to_us(event.at)),
        )

    def _assemble(self, rows: Sequence[AnyRow]) -> list[Reservation]:
        """With their lines, in one more statement."""
        if not rows:
            return []
        lines: dict[str, list[ReservationLine]] = {row.id: [] for row in rows}
        for line in self._db.rows(_LINES, {"ids": sorted(lines)}):
            lines[line.reservation_id].append(
                ReservationLine(
                    line.variant_id, line.quantity, Money(line.unit_price_minor, line.currency), line.hold_id
                )
            )
        return [
            Reservation(
                id=row.id,
                code=row.code,
                customer_id=row.customer_id,
                store_id=row.store_id,
                state=ReservationState(row.state),
                lines=tuple(lines[row.id]),
                created_at=from_us(row.created_at_us),
                expires_at=from_us(row.expires_at_us),
                extensions=row.extensions,
                version=row.version,
                source=row.source,
            )
            for row in rows
        ]
