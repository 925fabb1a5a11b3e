"""Reserving in a store without paying: place, extend once, cancel, expire."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from commerce.domain.collecting import PickUpKind, PickUpRef
from commerce.domain.customer import Contact
from commerce.domain.mail import OutboundMessage
from commerce.domain.reservation import (
    NotChanged,
    NotHeld,
    Refused,
    Reservation,
    ReservationEvent,
    ReservationLine,
    ReservationState,
)
from commerce.domain.staff import PauseMethod
from commerce.domain.stock import MovementReason
from commerce.domain.store import Store
from commerce.errors import StaleVersion
from commerce.ports import Clock, Ids, ReservationRules, Storage, UnitOfWork
from commerce.services.alerting import pick_up_changed

MAX_LINES = 10
MAX_QUANTITY = 5
_HORIZON_DAYS = 14  # a store that does not open within two weeks cannot hold anything

NO_SHOWS_COUNT_FOR = timedelta(days=180)
LEAST_OPEN = timedelta(hours=1)  # in which one can come

NOTICE_EXPIRED = "reservation_expired"
EXTENDED = "extended"  # what its history calls it


class Reserving:
    """Stock is taken and given back in the caller's unit of work, by guarded statements: the last unit is held once."""

    def __init__(self, storage: Storage, clock: Clock, ids: Ids, rules: ReservationRules) -> None:
        self._storage, self._clock, self._ids, self._rules = storage, clock, ids, rules

    def place(
        self, uow: UnitOfWork, *, customer_id: str, contact: Contact, store_id: str, lines: Sequence[tuple[int, int]]
    ) -> Reservation | Refused[NotHeld]:
        """Holds (variant_id, quantity) lines at one store for one person, all of them or none.

        News of it goes to `contact`. Prices are frozen now.
        """
        now = self._clock.now()
        if not lines or len(lines) > MAX_LINES or any(not 1 <= quantity <= MAX_QUANTITY for _, quantity in lines):
            return Refused(NotHeld.QUANTITY)
        store = uow.stores.get(store_id)
        expires_at = kept_until(self._rules, store, now) if store and store.takes_visitors else None
        if store is None or expires_at is None:
            return Refused(NotHeld.STORE_NOT_OPEN)
        if uow.pauses.get(store_id, now, PauseMethod.RESERVE) is not None:
            return Refused(NotHeld.STORE_PAUSED)
        if len(uow.reservations.of_customer(customer_id, only_open=True)) >= self._rules.max_open_per_customer:
            return Refused(NotHeld.TOO_MANY_OPEN)
        most = self._rules.max_no_shows
        if most and uow.pick_ups.no_shows(customer_id, now - NO_SHOWS_COUNT_FOR) >= most:
            return Refused(NotHeld.TOO_MANY_NO_SHOWS)
        prices = {}
        for variant_id, _ in lines:
            found = uow.products.by_variant(variant_id)
            if found is None:
                return Refused(NotHeld.NO_SUCH_VARIANT)
            prices[variant_id] = found[1].price

        reservation_id = self._ids.new_key()
        holds = uow.stock.take(reservation_id, lines, store_id, customer_id, expires_at, now)
        if holds is None:
            return Refused(NotHeld.SOLD_OUT)
        reservation = Reservation(
            id=reservation_id,
            code=self._ids.new_code(),
            customer_id=customer_id,
            store_id=store_id,
            state=ReservationState.HELD,
            lines=tuple(ReservationLine(h.variant_id, h.quantity, prices[h.variant_id], h.id) for h in holds),
            created_at=now,
            expires_at=expires_at,
            extensions=0,
            version=1,
            source=contact.channel,
        )
        uow.reservations.add(reservation, contact, ReservationEvent(now, None, ReservationState.HELD, "shopper"))
        self._changed(uow, reservation, now)
        return reservation

    def place_held(
        self,
        uow: UnitOfWork,
        *,
        reservation_id: str,
        customer_id: str,
        contact: Contact,
        store_id: str,
        lines: Sequence[ReservationLine],
        note: str,
    ) -> Reservation | Refused[NotHeld]:
        """A reservation of units that are held for this person already, at the prices of `lines`: their holds are kept,
        never let go and taken again. SOLD_OUT: one was lost; the caller undoes what was done."""
        now = self._clock.now()
        store = uow.stores.get(store_id)
        expires_at = kept_until(self._rules, store, now) if store and store.takes_visitors else None
        if expires_at is None:
            return Refused(NotHeld.STORE_NOT_OPEN)
        for line in lines:
            if not uow.stock.extend(line.hold_id, expires_at):
                return Refused(NotHeld.SOLD_OUT)
        reservation = Reservation(
            id=reservation_id,
            code=self._ids.new_code(),
            customer_id=customer_id,
            store_id=store_id,
            state=ReservationState.HELD,
            lines=tuple(lines),
            created_at=now,
            expires_at=expires_at,
            extensions=0,
            version=1,
            source=contact.channel,
        )
        uow.reservations.add(reservation, contact, ReservationEvent(now, None, ReservationState.HELD, "shopper", note))
        self._changed(uow, reservation, now)
        return reservation

    def cancel(self, uow: UnitOfWork, reservation_id: str, customer_id: str) -> Reservation | Refused[NotChanged]:
        """The shopper changed their mind: the stock is free again at once."""
        reservation = uow.reservations.get(reservation_id)
        if reservation is None or reservation.customer_id != customer_id:
            return Refused(NotChanged.NOT_FOUND)
        if not reservation.is_open:
            return Refused(NotChanged.ALREADY_OVER)
        return self._end(uow, reservation, ReservationState.CANCELLED, "shopper")

    def reject(
        self, uow: UnitOfWork, reservation_id: str, *, actor: str, note: str = "", version: int | None = None
    ) -> Reservation | Refused[NotChanged]:
        """The store cannot serve it: whoever calls this tells the shopper what else there is. StaleVersion when it is
        not the `version` that was seen."""
        reservation = uow.reservations.get(reservation_id)
        if reservation is None:
            return Refused(NotChanged.NOT_FOUND)
        if not reservation.is_open:
            return Refused(NotChanged.ALREADY_OVER)
        seen = reservation if version is None else replace(reservation, version=version)
        return self._end(uow, seen, ReservationState.REJECTED, actor, note)

    def extend(self, uow: UnitOfWork, reservation_id: str, customer_id: str) -> Reservation | Refused[NotChanged]:
        """Once, to the closing of the store's next open day after the present deadline."""
        reservation = uow.reservations.get(reservation_id)
        if reservation is None or reservation.customer_id != customer_id:
            return Refused(NotChanged.NOT_FOUND)
        now = self._clock.now()
        if not reservation.is_open or reservation.expires_at <= now:
            return Refused(NotChanged.ALREADY_OVER)
        if reservation.extensions >= 1:
            return Refused(NotChanged.ALREADY_EXTENDED)
        store = uow.stores.get(reservation.store_id)
        expires_at = closing_after(store, reservation.expires_at) if store else None
        if expires_at is None:
            return Refused(NotChanged.STORE_NOT_OPEN)
        for line in reservation.lines:
            uow.stock.extend(line.hold_id, expires_at)
        extended = uow.reservations.move(
            reservation,
            reservation.state,
            ReservationEvent(now, reservation.state, reservation.state, "shopper", EXTENDED),
            expires_at=expires_at,
            extensions=reservation.extensions + 1,
        )
        remind_anew(uow, PickUpRef(PickUpKind.RESERVATION, extended.id))
        self._changed(uow, extended, now)
        return extended

    def open_of(self, uow: UnitOfWork, customer_id: str) -> list[Reservation]:
        """The person's open reservations, newest first."""
        return uow.reservations.of_customer(customer_id, only_open=True)

    def expire_due(self, limit: int = 100) -> int:
        """The tick: releases what is over and tells the shopper. Returns how many were released."""
        due_before = self._clock.now() - self._rules.grace
        with self._storage.read() as uow:
            due = uow.reservations.due(due_before, limit)
        return sum(self._storage.write(partial(self._expire, seen=reservation)) for reservation in due)

    def _expire(self, uow: UnitOfWork, seen: Reservation) -> bool:
        reservation = uow.reservations.get(seen.id)
        if reservation is None or not reservation.is_open or reservation.version != seen.version:
            return False  # somebody cancelled, extended or collected it since
        known = uow.pick_ups.details(PickUpRef(PickUpKind.RESERVATION, reservation.id))
        if known is not None and known.is_waiting(self._clock.now()):
            return False
        over = ReservationState.NO_SHOW if reservation.state is ReservationState.READY else ReservationState.EXPIRED
        try:
            self._end(uow, reservation, over, "clock")
        except StaleVersion:
            return False
        contact = uow.reservations.contact_of(reservation.id)
        if contact is not None:
            body = json.dumps({"reservation_id": reservation.id})
            uow.outbox.add(OutboundMessage(contact, NOTICE_EXPIRED, body), self._clock.now())
        return True

    def _end(
        self, uow: UnitOfWork, reservation: Reservation, state: ReservationState, actor: str, note: str = ""
    ) -> Reservation:
        now = self._clock.now()
        # The move first: whoever saw an old version must not give back what somebody else has just extended.
        moved = uow.reservations.move(reservation, state, ReservationEvent(now, reservation.state, state, actor, note))
        for line in reservation.lines:
            uow.stock.release(line.hold_id, MovementReason.RELEASE, now, expired=actor == "clock")
        self._changed(uow, moved, now)
        return moved

    def _changed(self, uow: UnitOfWork, reservation: Reservation, at: datetime) -> None:
        pick_up_changed(uow, PickUpRef(PickUpKind.RESERVATION, reservation.id), reservation.store_id, at)


def kept_until(rules: ReservationRules, store: Store, now: datetime) -> datetime | None:
    """Until when a store keeps what is put aside there now; None when it does not open within the horizon.

    Nothing runs out before one could come: the store is open for LEAST_OPEN of that time, or for as long as it opens at
    all within the horizon.
    """
    horizon = now + timedelta(days=_HORIZON_DAYS)
    if rules.duration is None:
        closing = closing_after(store, now)
        if closing is not None:
            return closing
        today = [closes for opens, closes in store.open_times(now, horizon) if closes - opens >= LEAST_OPEN]
        return today[-1] if today else None  # a pop-up on its last day
    least = _open_for(store, now, min(rules.duration, LEAST_OPEN), horizon)
    if least is None:
        return None
    # While the store is closed nobody can come: it is over when the store closes.
    return [closes for _, closes in store.open_times(now, max(now + rules.duration, least))][-1]


def _open_for(store: Store, now: datetime, wanted: timedelta, horizon: datetime) -> datetime | None:
    """When the store has been open for so long, or closes for the last time before the horizon; None: it never does."""
    closes = None
    for opens, closes in store.open_times(now, horizon):
        wanted -= closes - opens
        if wanted <= timedelta():
            return closes + wanted
    return closes


def remind_anew(uow: UnitOfWork, ref: PickUpRef) -> None:
    """It has another deadline: what was said of the former one, by either side, is of no use any more."""
    known = uow.pick_ups.details(ref)
    if known is not None and (known.reminded or known.coming_at):
        held = uow.pick_ups.hold_details(ref) or known
        uow.pick_ups.put_details(replace(held, reminded=(), coming_at=None))


def closing_after(store: Store, moment: datetime) -> datetime | None:
    """The last closing of the store's first open day after the day of `moment`."""
    today = moment.astimezone(ZoneInfo(store.timezone)).date()
    for ahead in range(1, _HORIZON_DAYS + 1):
        closing = store.last_closing_on(today + timedelta(days=ahead))
        if closing is not None:
            return closing
    return None
