"""Handing over at the counter: once, for the right code, when it is ready and paid; on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from commerce.domain.handing_over import HandOverRefused, NotHandedOver
from commerce.domain.order import Order, OrderState
from commerce.domain.reservation import Reservation, ReservationEvent, ReservationState
from commerce.ports import UnitOfWork
from commerce.services.codes import CodeGuard
from commerce.services.handing_over import HandingOver
from tests.unit.services.till import Till

NADIA = "staff:nadia"


class Counter:
    def __init__(self, till: Till) -> None:
        self.till = till
        selling = till.selling
        self.handing_over = HandingOver(till.clock, CodeGuard(till.clock), selling.orders, selling.paying)

    def order(self, order: Order, code: str = "", **more):
        return self.till.storage.write(
            lambda uow: self.handing_over.order(uow, order.id, code=code or order.pickup_code, by="nadia", **more)
        )

    def reservation(self, reservation: Reservation, code: str = "", **more):
        return self.till.storage.write(
            lambda uow: self.handing_over.reservation(
                uow, reservation.id, code=code or reservation.code, by="nadia", **more
            )
        )

    def ready(self, order: Order) -> Order:
        def work(uow: UnitOfWork) -> Order:
            self.till.selling.orders.advance(uow, order.id, OrderState.READY, actor=NADIA)
            found = uow.orders.get(order.id)
            assert found is not None
            return found

        return self.till.storage.write(work)

    def made_ready(self, reservation: Reservation) -> Reservation:
        event = ReservationEvent(self.till.clock.now(), reservation.state, ReservationState.READY, NADIA)
        return self.till.storage.write(lambda uow: uow.reservations.move(reservation, ReservationState.READY, event))


@pytest.fixture
def counter(till: Till) -> Counter:
    return Counter(till)


def reason(found: object) -> NotHandedOver | None:
    return found.reason if isinstance(found, HandOverRefused) else None


def test_a_paid_order_is_handed_over_once(counter: Counter, till: Till):
    order = counter.ready(till.order(till.paid()))
    done = counter.order(order, to="Marc")
    assert isinstance(done, Order) and done.state is OrderState.COMPLETED
    assert done.fulfilled_at == till.clock.now()
    till.clock.advance(timedelta(minutes=5))
    again = counter.order(order)
    assert again == HandOverRefused(NotHandedOver.ALREADY, at=done.fulfilled_at, to="Marc")
    with till.storage.read() as uow:
        assert [e.note for e in uow.orders.events(order.id) if e.to_state is OrderState.COMPLETED] == ["Marc"]
    assert till.wrong() == []


def test_the_code_counts_not_the_order(counter: Counter, till: Till):
    order = counter.ready(till.order(till.paid()))
    for _ in range(5):
        assert reason(counter.order(order, "XYZ-999")) is NotHandedOver.WRONG_CODE
    assert reason(counter.order(order)) is NotHandedOver.LOCKED
    till.clock.advance(timedelta(minutes=10))
    assert isinstance(counter.order(order), Order)


def test_before_it_is_ready_the_right_code_opens_nothing(counter: Counter, till: Till):
    order = till.order(till.paid())
    assert reason(counter.order(order)) is NotHandedOver.NOT_READY
    till.storage.write(lambda uow: till.selling.orders.advance(uow, order.id, OrderState.PREPARING, actor=NADIA))
    assert reason(counter.order(order)) is NotHandedOver.NOT_READY


def test_to_be_paid_here_it_is_paid_first(counter: Counter, till: Till):
    till.fill(provider="pay_in_store")
    order = counter.ready(till.order(till.place()))
    assert counter.order(order) == HandOverRefused(NotHandedOver.NOT_PAID, due_minor=7900)
    done = counter.order(order, paid=True)
    assert isinstance(done, Order) and (done.state, done.paid_minor) == (OrderState.COMPLETED, 7900)
    assert till.stock("38") == (0, 0)
    assert till.wrong() == []


def test_a_parcel_is_nobodys_to_fetch(counter: Counter, till: Till):
    order = till.order(till.paid(pickup=""))
    assert reason(counter.order(order, "ABC-234")) is NotHandedOver.BY_PARCEL


def test_what_is_not_there(counter: Counter, till: Till):
    nothing = till.storage.write(lambda uow: counter.handing_over.order(uow, "0" * 32, code="ABC-234", by="nadia"))
    assert reason(nothing) is NotHandedOver.NOT_FOUND


def test_two_tills_hand_one_over(counter: Counter, till: Till):
    order = counter.ready(till.order(till.paid()))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: counter.order(order), range(4)))
    assert sum(isinstance(each, Order) for each in found) == 1
    assert {reason(each) for each in found if not isinstance(each, Order)} == {NotHandedOver.ALREADY}


def test_a_reservation_is_collected_once(counter: Counter, till: Till):
    reservation = till.reserve("38")
    assert reason(counter.reservation(reservation)) is NotHandedOver.NOT_READY
    ready = counter.made_ready(reservation)
    assert reason(counter.reservation(ready, "XYZ-999")) is NotHandedOver.WRONG_CODE
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: counter.reservation(ready, to="Marc"), range(4)))
    assert sum(isinstance(each, Reservation) for each in found) == 1
    assert {reason(each) for each in found if not isinstance(each, Reservation)} == {NotHandedOver.ALREADY}
    assert till.stock("38") == (0, 0)
    with till.storage.read() as uow:
        done = [e for e in uow.reservations.events(ready.id) if e.to_state is ReservationState.COLLECTED]
    assert [(e.actor, e.note) for e in done] == [(NADIA, "Marc")]
    assert till.wrong() == []


def test_a_reservation_that_is_over_stays_on_the_shelf(counter: Counter, till: Till):
    reservation = till.reserve("38")
    till.storage.write(lambda uow: till.reserving.cancel(uow, reservation.id, reservation.customer_id))
    assert reason(counter.reservation(reservation)) is NotHandedOver.OVER
    assert till.stock("38")[0] == 1
