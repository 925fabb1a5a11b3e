"""What the counter hands over: cards read from reservations and orders, and what is known beside them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Select, and_, bindparam, func, or_, select, text, update

from commerce.domain.collecting import (
    OPEN_STAGES,
    CollectingRules,
    PickUp,
    PickUpDetails,
    PickUpKind,
    PickUpRef,
    Stage,
)
from commerce.domain.moments import from_us, to_us
from commerce.domain.reservation import ReservationState
from commerce.storage.mapping import maybe_to_us
from commerce.storage.pick_up_cards import (
    ORDERS,
    RESERVATIONS,
    card_of_order,
    card_of_reservation,
    details_of,
    lines_of,
    orders_in,
    reservations_in,
)
from commerce.storage.tables import (
    collecting_rules,
    customer,
    order_event,
    pick_up,
    reservation,
    reservation_event,
    shop_order,
    slot_use,
)
from commerce.storage.transaction import Transaction, one_row_changed

_SUBJECT = {PickUpKind.RESERVATION: reservation, PickUpKind.ORDER: shop_order}
# A row for whatever the counter begins to know something of; nothing for what does not exist.
_BEGIN = {
    kind: text(
        "INSERT INTO pick_up (kind, subject_id, store_id)"  # noqa: S608 - our own names
        f" SELECT '{kind.value}', id, store_id FROM {table.name} WHERE id = :id"
        " ON CONFLICT (kind, subject_id) DO NOTHING"
    )
    for kind, table in _SUBJECT.items()
}
_MINE = (
    select(pick_up)
    .where(pick_up.c.kind == bindparam("kind"), pick_up.c.subject_id == bindparam("id"))
    .with_for_update()
)  # fmt: skip
_DROPPED = frozenset(Stage) - OPEN_STAGES - {Stage.HANDED}  # nobody comes for these any more
_TAKE_SLOT = text(
    "INSERT INTO slot_use (store_id, slot_at_us, taken) VALUES (:store_id, :at_us, 1)"
    " ON CONFLICT (store_id, slot_at_us) DO UPDATE SET taken = slot_use.taken + 1 WHERE slot_use.taken < :capacity"
)
_GIVE_SLOT_BACK = text(
    "UPDATE slot_use SET taken = taken - 1 WHERE store_id = :store_id AND slot_at_us = :at_us AND taken > 0"
)
_NEWEST = select(
    select(func.max(reservation_event.c.id)).scalar_subquery().label("reservations"),
    select(func.max(order_event.c.id)).scalar_subquery().label("orders"),
)
_PUT_RULES = text(
    "INSERT INTO collecting_rules (store_id, slot_minutes, slot_capacity, prep_minutes, curbside)"
    " VALUES (:store_id, :slot_minutes, :slot_capacity, :prep_minutes, :curbside)"
    " ON CONFLICT (store_id) DO UPDATE SET slot_minutes = excluded.slot_minutes,"
    " slot_capacity = excluded.slot_capacity, prep_minutes = excluded.prep_minutes, curbside = excluded.curbside"
)


class SqlPickUps:
    """`commerce.ports.PickUpRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    # --- what the counter knows beside the thing itself

    def details(self, ref: PickUpRef) -> PickUpDetails | None:
        row = self._db.execute(
            select(pick_up).where(pick_up.c.kind == ref.kind.value, pick_up.c.subject_id == ref.id)
        ).one_or_none()
        return None if row is None else details_of(ref, row)

    def hold_details(self, ref: PickUpRef) -> PickUpDetails | None:
        self._db.execute(_BEGIN[ref.kind], {"id": ref.id})
        row = self._db.execute(_MINE, {"kind": ref.kind.value, "id": ref.id}).one_or_none()
        return None if row is None else details_of(ref, row)

    def put_details(self, details: PickUpDetails) -> None:
        self._db.execute(_BEGIN[details.ref.kind], {"id": details.ref.id})
        self._db.execute(
            update(pick_up)
            .where(pick_up.c.kind == details.ref.kind.value, pick_up.c.subject_id == details.ref.id)
            .values(
                store_id=details.store_id,
                accepted_at_us=maybe_to_us(details.accepted_at),
                accepted_by=details.accepted_by,
                proxy=details.proxy,
                coming_at_us=maybe_to_us(details.coming_at),
                vehicle=details.vehicle,
                spot=details.spot,
                arrived_at_us=maybe_to_us(details.arrived_at),
                slot_at_us=maybe_to_us(details.slot_at),
                reminded=json.dumps(details.reminded),
            )
        )

    def arrived(self, ref: PickUpRef, at: datetime) -> bool:
        self._db.execute(_BEGIN[ref.kind], {"id": ref.id})
        return one_row_changed(
            self._db.execute(
                update(pick_up)
                .where(
                    pick_up.c.kind == ref.kind.value,
                    pick_up.c.subject_id == ref.id,
                    pick_up.c.arrived_at_us.is_(None),
                )
                .values(arrived_at_us=to_us(at))
            )
        )

    # --- cards

    def get(self, ref: PickUpRef) -> PickUp | None:
        statement = RESERVATIONS if ref.kind is PickUpKind.RESERVATION else ORDERS
        found = self._cards(ref.kind, statement.where(_SUBJECT[ref.kind].c.id == ref.id))
        return found[0] if found else None

    def find(
        self, *, store_ids: Collection[str] | None = None, stages: Collection[Stage], limit: int = 200
    ) -> list[PickUp]:
        still_open = OPEN_STAGES.intersection(stages)
        found = self._in_stages(store_ids, still_open, limit) if still_open else []
        over = frozenset(stages) - OPEN_STAGES
        if over and len(found) < limit:
            found += self._in_stages(store_ids, over, limit - len(found))
        return found

    def count(self, *, store_ids: Collection[str] | None = None, stages: Collection[Stage], limit: int) -> int:
        counted = 0
        for _, statement in _at_stages(stages, store_ids):
            some = statement.limit(limit - counted).subquery()
            counted += int(self._db.execute(select(func.count()).select_from(some)).scalar_one())
        return counted

    def open_of(self, customer_id: str) -> list[PickUp]:
        found: list[PickUp] = []
        for kind, statement in _at_stages(OPEN_STAGES):
            found += self._cards(kind, statement.where(_SUBJECT[kind].c.customer_id == customer_id))
        return sorted(found, key=lambda card: (card.created_at, str(card.ref)), reverse=True)

    def ready_until(self, before: datetime, limit: int, *, unreminded: str) -> list[PickUp]:
        found: list[PickUp] = []
        unpaid = shop_order.c.paid_minor < shop_order.c.total_minor  # what is paid waits for its owner
        for kind, statement in (
            (PickUpKind.RESERVATION, RESERVATIONS.where(reservations_in({Stage.READY}))),
            (PickUpKind.ORDER, ORDERS.where(orders_in({Stage.READY}), unpaid)),
        ):
            until = _SUBJECT[kind].c.expires_at_us
            waited_for = or_(
                pick_up.c.kind.is_(None),
                and_(
                    pick_up.c.coming_at_us.is_(None),
                    pick_up.c.arrived_at_us.is_(None),
                    pick_up.c.reminded.not_like(f'%"{unreminded}"%'),
                ),
            )
            soonest = statement.where(until <= to_us(before), waited_for).order_by(until).limit(limit)
            found += self._cards(kind, soonest)
        return sorted(found, key=lambda card: (card.expires_at or before, str(card.ref)))[:limit]

    def _in_stages(self, store_ids: Collection[str] | None, stages: Collection[Stage], limit: int) -> list[PickUp]:
        """Stages that are all open, or all over."""
        newest_first = not OPEN_STAGES.issuperset(stages)
        found: list[PickUp] = []
        for kind, statement in _at_stages(stages, store_ids):
            table = _SUBJECT[kind]
            created = table.c.created_at_us.desc() if newest_first else table.c.created_at_us
            found += self._cards(kind, statement.order_by(created, table.c.id).limit(limit))
        return sorted(found, key=lambda card: card.created_at, reverse=newest_first)[:limit]

    def _cards(self, kind: PickUpKind, statement: Select[tuple[object, ...]]) -> list[PickUp]:
        rows = self._db.execute(statement).all()
        if not rows:
            return []
        lines = lines_of(self._db, kind, [row.id for row in rows])
        make = card_of_reservation if kind is PickUpKind.RESERVATION else card_of_order
        return [make(row, lines[row.id]) for row in rows]

    # --- slots

    def rules(self, store_id: str) -> CollectingRules:
        row = self._db.execute(select(collecting_rules).where(collecting_rules.c.store_id == store_id)).one_or_none()
        if row is None:
            return CollectingRules(store_id)
        return CollectingRules(store_id, row.slot_minutes, row.slot_capacity, row.prep_minutes, bool(row.curbside))

    def put_rules(self, rules: CollectingRules) -> None:
        self._db.execute(
            _PUT_RULES,
            {
                "store_id": rules.store_id,
                "slot_minutes": rules.slot_minutes,
                "slot_capacity": rules.slot_capacity,
                "prep_minutes": rules.prep_minutes,
                "curbside": rules.curbside,
            },
        )

    def take_slot(self, ref: PickUpRef, store_id: str, slot_at: datetime, *, capacity: int) -> bool:
        own = self.hold_details(ref)
        if own is None or capacity < 1:
            return False
        if own.slot_at == slot_at:
            return True
        if not one_row_changed(
            self._db.execute(_TAKE_SLOT, {"store_id": store_id, "at_us": to_us(slot_at), "capacity": capacity})
        ):
            return False
        if own.slot_at is not None:
            self._give_back(own.store_id, to_us(own.slot_at))
        self._db.execute(
            update(pick_up)
            .where(pick_up.c.kind == ref.kind.value, pick_up.c.subject_id == ref.id)
            .values(slot_at_us=to_us(slot_at))
        )
        return True

    def leave_slot(self, ref: PickUpRef) -> bool:
        own = self.hold_details(ref)
        if own is None or own.slot_at is None:
            return False
        self.put_details(replace(own, slot_at=None))
        self._give_back(own.store_id, to_us(own.slot_at))
        return True

    def free_slots(self, now: datetime) -> int:
        freed = 0
        for kind, table in _SUBJECT.items():
            over = reservations_in(_DROPPED) if kind is PickUpKind.RESERVATION else orders_in(_DROPPED)
            rows = self._db.execute(
                select(pick_up.c.subject_id, pick_up.c.store_id, pick_up.c.slot_at_us)
                .join(table, pick_up.c.subject_id == table.c.id)
                .where(pick_up.c.kind == kind.value, pick_up.c.slot_at_us > to_us(now), over)
                .order_by(pick_up.c.store_id, pick_up.c.slot_at_us)
            ).all()
            for row in rows:
                ours = update(pick_up).where(
                    pick_up.c.kind == kind.value,
                    pick_up.c.subject_id == row.subject_id,
                    pick_up.c.slot_at_us == row.slot_at_us,
                )
                if one_row_changed(self._db.execute(ours.values(slot_at_us=None))):
                    self._give_back(row.store_id, row.slot_at_us)
                    freed += 1
        return freed

    def slots_taken(self, store_id: str, since: datetime, until: datetime) -> dict[datetime, int]:
        rows = self._db.execute(
            select(slot_use.c.slot_at_us, slot_use.c.taken).where(
                slot_use.c.store_id == store_id,
                slot_use.c.slot_at_us >= to_us(since),
                slot_use.c.slot_at_us < to_us(until),
                slot_use.c.taken > 0,
            )
        )
        return {from_us(at_us): taken for at_us, taken in rows}

    def _give_back(self, store_id: str, at_us: int) -> None:
        self._db.execute(_GIVE_SLOT_BACK, {"store_id": store_id, "at_us": at_us})

    # --- who did not come

    def no_shows(self, customer_id: str, since: datetime) -> int:
        found = self._db.execute(
            select(func.count())
            .select_from(reservation)
            .join(customer, customer.c.id == reservation.c.customer_id)
            .where(
                reservation.c.customer_id == customer_id,
                reservation.c.state == ReservationState.NO_SHOW.value,
                reservation.c.expires_at_us >= to_us(since),
                reservation.c.expires_at_us > customer.c.no_shows_from_us,
            )
        )
        return int(found.scalar_one())

    def forgive_no_shows(self, customer_id: str, at: datetime) -> None:
        self._db.execute(update(customer).where(customer.c.id == customer_id).values(no_shows_from_us=to_us(at)))

    def last_mark(self) -> str:
        newest = self._db.execute(_NEWEST).one()
        return f"{newest.reservations or 0}.{newest.orders or 0}"


def _at_stages(
    stages: Collection[Stage], store_ids: Collection[str] | None = None
) -> Iterator[tuple[PickUpKind, Select[tuple[object, ...]]]]:
    """What asks for those of each kind."""
    for kind, statement in (
        (PickUpKind.RESERVATION, RESERVATIONS.where(reservations_in(stages))),
        (PickUpKind.ORDER, ORDERS.where(orders_in(stages))),
    ):
        if store_ids is not None:
            statement = statement.where(_SUBJECT[kind].c.store_id.in_(sorted(store_ids)))
        yield kind, statement
