"""Whoever waits for something sold out is told when it is back, in the order in which they came, each with a unit that
is held for them for a while.

They asked for it: this is no marketing. At night nobody is told, and nobody loses their place.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from commerce.domain.customer import Contact
from commerce.domain.mail import OutboundMessage
from commerce.domain.offering import NotTaken
from commerce.domain.reservation import Refused, Reservation, ReservationLine
from commerce.domain.staff import PauseMethod
from commerce.domain.stock import MovementReason
from commerce.domain.store import Store
from commerce.domain.waiting import NotWaiting, StockWaiter, WaitState
from commerce.ports import Clock, Ids, ReservationRules, Storage, UnitOfWork
from commerce.services.again import write_again
from commerce.services.carts import Carts
from commerce.services.reserving import Reserving, kept_until

NOTICE_BACK = "back_in_stock"
WAKES, SLEEPS = 8, 21  # hours of the day in which people are told, where the store is


class _TooLate(Exception):
    """Another worker told them, or they want it no more: undoes the savepoint."""


class Waiting:
    """Verbs belong to the caller's unit of work; the tick opens its own."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        ids: Ids,
        rules: ReservationRules,
        *,
        reserving: Reserving,
        carts: Carts,
        hold: timedelta,
        most: int,
        ships: bool,
    ) -> None:
        """`hold`: how long a unit is kept for whoever was told. `most`: things that one person may wait for. `ships`:
        whether parcels go anywhere."""
        self._storage, self._clock, self._ids, self._rules = storage, clock, ids, rules
        self._reserving, self._carts = reserving, carts
        self._hold, self._most, self._ships = hold, most, ships

    def wait(
        self, uow: UnitOfWork, *, customer_id: str, contact: Contact, variant_id: int, store_id: str = ""
    ) -> StockWaiter | Refused[NotWaiting]:
        """Puts this person at the end of the queue. `store_id` '': wherever it comes back. News goes to `contact`."""
        now = self._clock.now()
        store = uow.stores.get(store_id) if store_id else None
        if uow.products.by_variant(variant_id) is None or (store_id and (store is None or not store.takes_visitors)):
            return Refused(NotWaiting.NO_SUCH_VARIANT)
        open_ones = self.open_of(uow, customer_id)
        if any((each.variant_id, each.store_id) == (variant_id, store_id) for each in open_ones):
            return Refused(NotWaiting.ALREADY)
        places = {each.id for each in self._places(uow, now)}
        if any(
            level.available > 0 and level.store_id in places and store_id in ("", level.store_id)
            for level in uow.stock.levels([variant_id])
        ):
            return Refused(NotWaiting.IN_STOCK)
        if len(open_ones) >= self._most:
            return Refused(NotWaiting.TOO_MANY)
        waiter = StockWaiter(self._ids.new_key(), customer_id, contact, variant_id, store_id, WaitState.WAITING, now)
        return waiter if uow.waiters.add(waiter) else Refused(NotWaiting.ALREADY)

    def leave(self, uow: UnitOfWork, waiter_id: str, customer_id: str) -> StockWaiter | Refused[NotTaken]:
        """They want it no more: a unit that was held for them is the next one's."""
        waiter = self._own(uow, waiter_id, customer_id)
        if waiter is None:
            return Refused(NotTaken.NOT_FOUND)
        if waiter.hold_id:  # before the wait itself, as whoever sells the unit in the store does
            uow.stock.locked(waiter.variant_id, waiter.told_store_id)
        if waiter.state not in (WaitState.WAITING, WaitState.TOLD) or not uow.waiters.move(waiter, WaitState.GONE):
            return Refused(NotTaken.OVER)
        if waiter.hold_id:
            uow.stock.release(waiter.hold_id, MovementReason.RELEASE, self._clock.now())
        return waiter

    def take(self, uow: UnitOfWork, waiter_id: str, customer_id: str) -> Reservation | StockWaiter | Refused[NotTaken]:
        """The unit that was held for them, reserved until the store's normal deadline. Of one that can only be sent the
        waiter: it is in their cart for a parcel, and held as long as was said. Taking it again answers the same."""
        waiter = self._own(uow, waiter_id, customer_id)
        if waiter is None:
            return Refused(NotTaken.NOT_FOUND)
        reservation = uow.reservations.get(waiter.id)
        if waiter.state is WaitState.SERVED and reservation is not None:
            return reservation
        if waiter.state is WaitState.WAITING:
            return Refused(NotTaken.GONE)  # it was sold in the store: they wait again
        now = self._clock.now()
        if waiter.state is not WaitState.TOLD or waiter.until is None or waiter.until <= now:
            return Refused(NotTaken.OVER)
        store, known = uow.stores.get(waiter.told_store_id), uow.products.by_variant(waiter.variant_id)
        if store is None or known is None:
            return Refused(NotTaken.GONE)
        if not store.takes_visitors:
            in_cart = self._carts.for_a_parcel(uow, customer_id, [(waiter.variant_id, 1)], "waited")
            return Refused(NotTaken.CART) if isinstance(in_cart, Refused) else waiter
        if len(self._reserving.open_of(uow, customer_id)) >= self._rules.max_open_per_customer:
            return Refused(NotTaken.TOO_MANY)
        try:
            with uow.savepoint():
                if not uow.waiters.move(waiter, WaitState.SERVED):
                    return Refused(NotTaken.OVER)
                taken = self._reserving.place_held(
                    uow,
                    reservation_id=waiter.id,  # so that a second tap finds it
                    customer_id=customer_id,
                    contact=waiter.contact,
                    store_id=store.id,
                    lines=[ReservationLine(waiter.variant_id, 1, known[1].price, waiter.hold_id)],
                    note="waited for it",
                )
                if isinstance(taken, Refused):
                    raise _TooLate
        except _TooLate:
            return Refused(NotTaken.GONE)
        return taken

    def open_of(self, uow: UnitOfWork, customer_id: str) -> list[StockWaiter]:
        """What this person waits for, and what is held for them, newest first."""
        return uow.waiters.of_customer(customer_id)

    # --- the tick

    def tick(self, limit: int = 100) -> int:
        """Whose time is over gives their unit up; then whoever is next is told. Returns how many moved."""
        now = self._clock.now()
        with self._storage.read() as uow:
            due = uow.waiters.due(now, limit)
        moved = sum(write_again(self._storage, partial(self._pass, waiter=waiter)) for waiter in due)
        with self._storage.read() as uow:
            if not uow.waiters.ready([store.id for store in uow.stores.all()], 1):
                return moved  # every second of the day, for a shop of many stores too
            awake = [store.id for store in self._places(uow, now) if _is_day(store, now)]
            ready = uow.waiters.ready(awake, limit)
        nothing_left: set[tuple[int, str]] = set()
        for waiter in ready:
            queue = (waiter.variant_id, waiter.store_id)
            if queue in nothing_left:
                continue
            if write_again(self._storage, partial(self._tell, waiter=waiter, stores=awake)):
                moved += 1
            else:
                nothing_left.add(queue)
        return moved

    def _pass(self, uow: UnitOfWork, waiter: StockWaiter) -> bool:
        uow.stock.locked(waiter.variant_id, waiter.told_store_id)
        if not uow.waiters.move(waiter, WaitState.PASSED):
            return False
        return uow.stock.release(waiter.hold_id, MovementReason.RELEASE, self._clock.now(), expired=True)

    def _tell(self, uow: UnitOfWork, waiter: StockWaiter, stores: list[str]) -> bool:
        """Whether somebody has been told, by us or by another worker; False when there is no unit left for them."""
        now = self._clock.now()
        until, hold_id = now + self._hold, self._ids.new_key()
        wanted = [store_id for store_id in stores if waiter.store_id in ("", store_id)]
        free = {level.store_id for level in uow.stock.levels([waiter.variant_id]) if level.available > 0}
        try:
            with uow.savepoint():
                for store_id in wanted:
                    if store_id in free and uow.stock.take(
                        hold_id, [(waiter.variant_id, 1)], store_id, waiter.customer_id, until, now
                    ):
                        self._told(uow, waiter, store_id, hold_id, until)
                        return True
        except _TooLate:
            return True
        return False

    def _told(self, uow: UnitOfWork, waiter: StockWaiter, store_id: str, hold_id: str, until: datetime) -> None:
        now = self._clock.now()
        told = StockWaiter(
            waiter.id, waiter.customer_id, waiter.contact, waiter.variant_id, waiter.store_id, waiter.state,
            waiter.created_at, now, store_id, hold_id, until,
        )  # fmt: skip
        if not uow.waiters.move(told, WaitState.TOLD):
            raise _TooLate
        uow.outbox.add(OutboundMessage(waiter.contact, NOTICE_BACK, json.dumps({"waiter_id": waiter.id})), now)

    # --- small things

    def _own(self, uow: UnitOfWork, waiter_id: str, customer_id: str) -> StockWaiter | None:
        waiter = uow.waiters.get(waiter_id)
        if waiter is None or uow.customers.present_id(waiter.customer_id) != customer_id:
            return None
        return waiter

    def _places(self, uow: UnitOfWork, now: datetime) -> list[Store]:
        """Where something can be reserved or sent from now, stores before parcels, in the shop's order."""
        found = [
            store
            for store in uow.stores.all()
            if (kept_until(self._rules, store, now) is not None if store.takes_visitors else self._ships)
            and uow.pauses.get(store.id, now, PauseMethod.RESERVE) is None
        ]
        return sorted(found, key=lambda store: not store.takes_visitors)


def _is_day(store: Store, now: datetime) -> bool:
    return WAKES <= now.astimezone(ZoneInfo(store.timezone)).hour < SLEEPS
