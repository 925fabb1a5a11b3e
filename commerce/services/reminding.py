"""Reminders for what waits at the counter: before its time runs out, each once, and not while the store is closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from commerce.domain.collecting import PickUp, PickUpKind, PickUpRef, Stage
from commerce.domain.order import OrderState
from commerce.domain.reservation import ReservationState
from commerce.ports import Clock, Storage, UnitOfWork
from commerce.services.pick_up_news import PickUpNews, tell_shopper

DAY_BEFORE, HOURS_BEFORE, LAST_CALL = "24h", "3h", "30min"
BEFORE = {
    DAY_BEFORE: timedelta(hours=24),
    HOURS_BEFORE: timedelta(hours=3),
    LAST_CALL: timedelta(minutes=30),
}
LONG = timedelta(hours=48)  # only what is held longer is spoken of a day before
JUST_TOLD = timedelta(hours=1)  # so long after "it is ready" only the last call is news
_SOONER = {DAY_BEFORE: HOURS_BEFORE, HOURS_BEFORE: LAST_CALL}


class Reminding:
    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage, self._clock = storage, clock

    def tick(self, limit: int = 100) -> int:
        """Sends what is due. Returns how many reminders were sent."""
        sent = 0
        for which, before in BEFORE.items():
            with self._storage.read() as uow:
                due = uow.pick_ups.ready_until(self._clock.now() + before, limit, unreminded=which)
            for card in due:
                sent += self._storage.write(partial(self._remind, ref=card.ref, which=which))
        return sent

    def _remind(self, uow: UnitOfWork, *, ref: PickUpRef, which: str) -> bool:
        """One that is no longer needed counts as sent; one for which the store is closed waits until it opens."""
        known = uow.pick_ups.hold_details(ref)  # from here on no other worker is at it
        card, now = uow.pick_ups.get(ref), self._clock.now()
        if known is None or card is None or card.stage is not Stage.READY or which in known.reminded:
            return False
        if known.coming_at is not None or known.arrived_at is not None or card.expires_at is None:
            return False
        left = card.expires_at - now
        is_needed = left > timedelta() and self._is_needed(uow, card, which, left, now)
        if is_needed and which != LAST_CALL and self._is_closed(uow, card.store_id, now):
            return False
        uow.pick_ups.put_details(replace(known, reminded=(*known.reminded, which)))
        if is_needed:
            tell_shopper(uow, ref, PickUpNews.REMINDER, now, which=which)
        return is_needed

    def _is_needed(self, uow: UnitOfWork, card: PickUp, which: str, left: timedelta, now: datetime) -> bool:
        if which == LAST_CALL:
            return True
        if left <= BEFORE[_SOONER[which]]:
            return False
        if which == DAY_BEFORE and card.expires_at is not None and card.expires_at - card.created_at <= LONG:
            return False
        return now - _ready_since(uow, card) >= JUST_TOLD

    def _is_closed(self, uow: UnitOfWork, store_id: str, now: datetime) -> bool:
        store = uow.stores.get(store_id)
        return store is not None and store.closes_at(now) is None


def _ready_since(uow: UnitOfWork, card: PickUp) -> datetime:
    if card.ref.kind is PickUpKind.RESERVATION:
        times = [
            event.at
            for event in uow.reservations.events(card.ref.id)
            if event.to_state is ReservationState.READY and event.from_state is not ReservationState.READY
        ]
    else:
        times = [
            event.at
            for event in uow.orders.events(card.ref.id)
            if event.to_state is OrderState.READY and event.from_state is not OrderState.READY
        ]
    return times[-1] if times else card.created_at
