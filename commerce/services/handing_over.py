"""Handing over at the counter: the thing is named and its code is shown, once, to the shopper or whom they sent."""

from __future__ import annotations

from commerce.domain.handing_over import HandOverRefused, NotHandedOver
from commerce.domain.reservation import Reservation, ReservationEvent, ReservationState
from commerce.domain.stock import MovementReason
from commerce.errors import StaleVersion
from commerce.ports import Clock, UnitOfWork
from commerce.services.codes import CodeGuard


class HandingOver:
    """For staff. A refusal is a value that the caller commits: wrong codes count.

    `to` is who came ('' the shopper themselves), `by` who handed it over; both stay in the history.
    """

    def __init__(self, clock: Clock, codes: CodeGuard) -> None:
        self._clock, self._codes = clock, codes

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
        if reservation.state is ReservationState.COLLECTED:
            return self._collected_before(uow, reservation.id)
        if reservation.state is not ReservationState.READY:
            return HandOverRefused(NotHandedOver.NOT_READY if reservation.is_open else NotHandedOver.OVER)
        now = self._clock.now()
        event = ReservationEvent(now, reservation.state, ReservationState.COLLECTED, f"staff:{by}", to)
        try:
            collected = uow.reservations.move(reservation, ReservationState.COLLECTED, event)
        except StaleVersion:  # another till, or the clock, was faster
            return self._as_it_is(uow, reservation.id)
        for line in collected.lines:
            uow.stock.consume(line.hold_id, MovementReason.COLLECT, now)
        return collected

    def _as_it_is(self, uow: UnitOfWork, reservation_id: str) -> HandOverRefused:
        reservation = uow.reservations.get(reservation_id)
        if reservation is not None and reservation.state is ReservationState.COLLECTED:
            return self._collected_before(uow, reservation_id)
        return HandOverRefused(NotHandedOver.OVER)

    def _collected_before(self, uow: UnitOfWork, reservation_id: str) -> HandOverRefused:
        done = [e for e in uow.reservations.events(reservation_id) if e.to_state is ReservationState.COLLECTED]
        return HandOverRefused(NotHandedOver.ALREADY, at=done[-1].at, to=done[-1].note)
