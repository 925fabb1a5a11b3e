"""Coming to collect: who comes, how, and that they are there. What shoppers say reaches the counter's board."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from commerce.domain.collecting import NotCollecting, PickUp, PickUpDetails, PickUpKind, PickUpRef, Stage
from commerce.domain.order import Order, OrderEvent, OrderState
from commerce.domain.plain_text import plain
from commerce.domain.reservation import NotChanged, Refused, ReservationEvent
from commerce.errors import StaleVersion
from commerce.ports import Clock, UnitOfWork
from commerce.services.alerting import Alerting, StaffAlert, pick_up_changed
from commerce.services.order_stock import keep
from commerce.services.reserving import EXTENDED, closing_after, remind_anew

LONGEST_WORDS = 80  # of a name, a vehicle or a spot

# What its history calls these; the words themselves are in the details, which are erased with the person.
PROXY, COMING, ARRIVED = "proxy", "coming", "arrived"
_TRIES = 4
_TO_BE_PAID = frozenset({OrderState.PLACED, OrderState.PREPARING, OrderState.READY})


class Coming:
    """For shoppers, each for their own things: somebody else's look like what does not exist."""

    def __init__(self, clock: Clock, alerting: Alerting) -> None:
        self._clock, self._alerting = clock, alerting

    def send_someone(
        self, uow: UnitOfWork, ref: PickUpRef, customer_id: str, name: str
    ) -> PickUp | Refused[NotCollecting]:
        """Somebody else comes: the counter asks for that name. '' : they come themselves after all."""
        return self._note(uow, ref, customer_id, PROXY, lambda known, _: replace(known, proxy=_short(name)))

    def on_my_way(self, uow: UnitOfWork, ref: PickUpRef, customer_id: str) -> PickUp | Refused[NotCollecting]:
        """No more reminders. Said twice, the first time counts."""
        card = _own(uow, ref, customer_id)
        if isinstance(card, Refused) or card.details.coming_at is not None:
            return card
        return self._note(uow, ref, customer_id, COMING, lambda known, now: replace(known, coming_at=now))

    def by_car(
        self, uow: UnitOfWork, ref: PickUpRef, customer_id: str, vehicle: str
    ) -> PickUp | Refused[NotCollecting]:
        """It is brought out to that vehicle."""
        card = _own(uow, ref, customer_id)
        if isinstance(card, Refused):
            return card
        if not uow.pick_ups.rules(card.store_id).curbside:
            return Refused(NotCollecting.NO_CURBSIDE)
        return self._note(uow, ref, customer_id, "", lambda known, _: replace(known, vehicle=_short(vehicle)))

    def arrived(self, uow: UnitOfWork, ref: PickUpRef, customer_id: str) -> PickUp | Refused[NotCollecting]:
        """They are there: the counter's clock runs and its bell rings, once however often it is said."""
        card = _own(uow, ref, customer_id)
        if isinstance(card, Refused):
            return card
        if card.stage is not Stage.READY:
            return Refused(NotCollecting.NOT_READY)
        now = self._clock.now()
        if uow.pick_ups.arrived(ref, now):
            _event(uow, ref, ARRIVED, now)
            facts = {"kind": ref.kind.value, "id": ref.id}
            self._alerting.tell(uow, StaffAlert.ARRIVED, card.store_id, facts)
        return uow.pick_ups.get(ref) or card

    def at_spot(self, uow: UnitOfWork, ref: PickUpRef, customer_id: str, spot: str) -> PickUp | Refused[NotCollecting]:
        """Where outside they wait."""
        return self._note(uow, ref, customer_id, "", lambda known, _: replace(known, spot=_short(spot)))

    # --- a little longer

    def is_extended(self, uow: UnitOfWork, ref: PickUpRef) -> bool:
        """Whether its time was made longer already: it is once."""
        if ref.kind is PickUpKind.RESERVATION:
            reservation = uow.reservations.get(ref.id)
            return reservation is not None and reservation.extensions > 0
        return any(event.note == EXTENDED for event in uow.orders.events(ref.id))

    def extend_order(self, uow: UnitOfWork, order_id: str, customer_id: str) -> Order | Refused[NotChanged]:
        """Of an order that is to be paid at the counter what `Reserving.extend` is of a reservation."""
        ref = PickUpRef(PickUpKind.ORDER, order_id)
        order, card = uow.orders.get(order_id), uow.pick_ups.get(ref)
        if order is None or card is None or order.customer_id != customer_id:
            return Refused(NotChanged.NOT_FOUND)
        now = self._clock.now()
        waits = order.state in _TO_BE_PAID and card.due_minor > 0
        if not waits or order.expires_at is None or order.expires_at <= now:
            return Refused(NotChanged.ALREADY_OVER)
        if self.is_extended(uow, ref):
            return Refused(NotChanged.ALREADY_EXTENDED)
        store = uow.stores.get(order.store_id)
        until = closing_after(store, order.expires_at) if store else None
        if until is None:
            return Refused(NotChanged.STORE_NOT_OPEN)
        event = OrderEvent(now, order.state, order.state, "shopper", EXTENDED)
        extended = uow.orders.move(order, order.state, event, expires_at=until)
        keep(uow, extended, until)
        remind_anew(uow, ref)
        pick_up_changed(uow, ref, order.store_id, now)
        return extended

    def _note(
        self,
        uow: UnitOfWork,
        ref: PickUpRef,
        customer_id: str,
        event: str,
        change: Callable[[PickUpDetails, datetime], PickUpDetails],
    ) -> PickUp | Refused[NotCollecting]:
        """The change with its line in the history, if it has one."""
        card = _own(uow, ref, customer_id)
        if isinstance(card, Refused):
            return card
        now = self._clock.now()
        if event:
            _event(uow, ref, event, now)
        known = uow.pick_ups.hold_details(ref)
        assert known is not None  # its card was read in this very work
        uow.pick_ups.put_details(change(known, now))
        pick_up_changed(uow, ref, card.store_id, now)
        return uow.pick_ups.get(ref) or card


def _own(uow: UnitOfWork, ref: PickUpRef, customer_id: str) -> PickUp | Refused[NotCollecting]:
    card = uow.pick_ups.get(ref)
    if card is None or card.customer_id != customer_id:
        return Refused(NotCollecting.NOT_FOUND)
    return card if card.is_open else Refused(NotCollecting.OVER)


def _event(uow: UnitOfWork, ref: PickUpRef, what: str, now: datetime) -> None:
    """Adds it to the history as it is by then: what the store does at the same moment takes nothing away from it."""
    for _ in range(_TRIES - 1):
        with suppress(StaleVersion):
            return _add(uow, ref, what, now)
    return _add(uow, ref, what, now)


def _add(uow: UnitOfWork, ref: PickUpRef, what: str, now: datetime) -> None:
    if ref.kind is PickUpKind.RESERVATION:
        reservation = uow.reservations.get(ref.id)
        assert reservation is not None
        event = ReservationEvent(now, reservation.state, reservation.state, "shopper", what)
        uow.reservations.move(reservation, reservation.state, event)
        return
    order = uow.orders.get(ref.id)
    assert order is not None
    uow.orders.move(order, order.state, OrderEvent(now, order.state, order.state, "shopper", what))


def _short(words: str) -> str:
    return " ".join(plain(words).split())[:LONGEST_WORDS]
