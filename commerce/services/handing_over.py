"""Handing over at the counter: the thing is named and its code is shown, once, to the shopper or whom they sent."""

from __future__ import annotations

from commerce.domain.cart import Fulfilment
from commerce.domain.collecting import PickUpKind, PickUpRef
from commerce.domain.handing_over import HandOverRefused, NotHandedOver
from commerce.domain.order import NotAdvanced, Order, OrderState
from commerce.domain.reservation import Refused, Reservation, ReservationEvent, ReservationState
from commerce.domain.stock import MovementReason
from commerce.errors import StaleVersion
from commerce.ports import Clock, UnitOfWork
from commerce.services.alerting import pick_up_changed
from commerce.services.codes import CodeGuard
from commerce.services.orders import Orders
from commerce.services.paying import Paying
from commerce.services.pick_up_news import PickUpNews, tell_shopper

_NOT_YET = frozenset({OrderState.PLACED, OrderState.PAID, OrderState.PREPARING})


class HandingOver:
    """For staff. A refusal is a value that the caller commits: wrong codes count.

    `to` is who came ('' the shopper themselves), `by` who handed it over; both stay in the history.
    """

    def __init__(self, clock: Clock, codes: CodeGuard, orders: Orders, paying: Paying) -> None:
        self._clock, self._codes, self._orders, self._paying = clock, codes, orders, paying

    def check_code(self, uow: UnitOfWork, ref: PickUpRef, code: str) -> HandOverRefused | None:
        """Whether it is the right code of something that is ready. A wrong one counts."""
        if ref.kind is PickUpKind.ORDER:
            order = uow.orders.get(ref.id)
            if order is None or order.fulfilment is not Fulfilment.PICKUP:
                return HandOverRefused(NotHandedOver.NOT_FOUND)
            refusal = self._codes.check(uow, str(ref), order.store_id, code, order.pickup_code)
            return refusal or (None if order.state is OrderState.READY else self._not_ready(uow, order))
        reservation = uow.reservations.get(ref.id)
        if reservation is None:
            return HandOverRefused(NotHandedOver.NOT_FOUND)
        refusal = self._codes.check(uow, str(ref), reservation.store_id, code, reservation.code)
        return refusal or self._not_ready_yet(uow, reservation)

    def order(
        self, uow: UnitOfWork, order_id: str, *, code: str, by: str, to: str = "", paid: bool = False
    ) -> Order | HandOverRefused:
        """Ready becomes completed. `paid`: the till has just taken the money of an order that was to be paid here."""
        order = uow.orders.get(order_id)
        if order is None:
            return HandOverRefused(NotHandedOver.NOT_FOUND)
        if order.fulfilment is not Fulfilment.PICKUP:
            return HandOverRefused(NotHandedOver.BY_PARCEL)
        refusal = self._codes.check(uow, f"order:{order.id}", order.store_id, code, order.pickup_code)
        if refusal is not None:
            return refusal
        order = uow.orders.get(order_id) or order  # as it is now: of two tills, the guesses are counted one by one
        if order.state is not OrderState.READY:
            return self._not_ready(uow, order)
        actor = f"staff:{by}"
        if not self._orders.is_paid(uow, order):
            if not paid:
                return HandOverRefused(NotHandedOver.NOT_PAID, due_minor=order.total_minor - order.paid_minor)
            self._paying.paid_at_counter(uow, order.id, actor)
            order = uow.orders.get(order_id) or order
        result = self._orders.advance(uow, order.id, OrderState.COMPLETED, actor=actor, version=order.version, note=to)
        if isinstance(result, Refused):
            if result.reason is NotAdvanced.NOT_PAID:
                return HandOverRefused(NotHandedOver.NOT_PAID, due_minor=order.total_minor - order.paid_minor)
            return self._not_ready(uow, uow.orders.get(order.id) or order)  # another till was faster
        return result

    def _not_ready(self, uow: UnitOfWork, order: Order) -> HandOverRefused:
        if order.fulfilled_at is not None:
            done = [event for event in uow.orders.events(order.id) if event.to_state is OrderState.COMPLETED]
            return HandOverRefused(NotHandedOver.ALREADY, at=order.fulfilled_at, to=done[0].note if done else "")
        return HandOverRefused(NotHandedOver.NOT_READY if order.state in _NOT_YET else NotHandedOver.OVER)

    def reservation(
        self, uow: UnitOfWork, reservation_id: str, *, code: str, by: str, to: str = ""
    ) -> Reservation | HandOverRefused:
        """Ready and held becomes collected; its units leave the shop. Paying for it is the till's."""
        reservation = uow.reservations.get(reservation_id)
        if reservation is None:
            return HandOverRefused(NotHandedOver.NOT_FOUND)
        refusal = self._codes.check(uow, f"reservation:{reservation.id}", reservation.store_id, code, reservation.code)
        if refusal is not None:
            return refusal
        refusal = self._not_ready_yet(uow, reservation)
        if refusal is not None:
            return refusal
        now = self._clock.now()
        event = ReservationEvent(now, reservation.state, ReservationState.COLLECTED, f"staff:{by}", to)
        try:
            collected = uow.reservations.move(reservation, ReservationState.COLLECTED, event)
        except StaleVersion:  # another till, or the clock, was faster; or its shopper has only said something
            reservation = uow.reservations.get(reservation_id) or reservation
            if reservation.state is not ReservationState.READY:
                return self._as_it_is(uow, reservation.id)
            collected = uow.reservations.move(reservation, ReservationState.COLLECTED, event)
        for line in collected.lines:
            uow.stock.consume(line.hold_id, MovementReason.COLLECT, now)
        uow.audit.add(event.actor, "reservation_handed_over", collected.id, {"by_proxy": bool(to)}, now)
        ref = PickUpRef(PickUpKind.RESERVATION, collected.id)
        tell_shopper(uow, ref, PickUpNews.HANDED, now)
        pick_up_changed(uow, ref, collected.store_id, now)
        return collected

    def _not_ready_yet(self, uow: UnitOfWork, reservation: Reservation) -> HandOverRefused | None:
        if reservation.state is ReservationState.COLLECTED:
            return self._collected_before(uow, reservation.id)
        if reservation.state is not ReservationState.READY:
            return HandOverRefused(NotHandedOver.NOT_READY if reservation.is_open else NotHandedOver.OVER)
        return None

    def _as_it_is(self, uow: UnitOfWork, reservation_id: str) -> HandOverRefused:
        reservation = uow.reservations.get(reservation_id)
        if reservation is not None and reservation.state is ReservationState.COLLECTED:
            return self._collected_before(uow, reservation_id)
        return HandOverRefused(NotHandedOver.OVER)

    def _collected_before(self, uow: UnitOfWork, reservation_id: str) -> HandOverRefused:
        done = [e for e in uow.reservations.events(reservation_id) if e.to_state is ReservationState.COLLECTED]
        return HandOverRefused(NotHandedOver.ALREADY, at=done[-1].at, to=done[-1].note)
