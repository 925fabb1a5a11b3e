"""Asked at the last moment whether a payment may go on, and orders whose shopper thinks again; on both databases."""

from __future__ import annotations

import pytest

from commerce.domain.money import Money
from commerce.domain.order import NotApproved, NotCancelled, OrderState
from commerce.domain.payment import RefundState
from commerce.domain.reservation import Refused
from commerce.domain.stock import MovementReason
from tests.unit.services.till import LEA, SAM, Till, expired

# --- at the last moment


def precheck(till: Till, placed, minor: int = 7900):
    return till.storage.write(lambda uow: till.selling.checkout.precheck(uow, placed.attempt.id, Money(minor, "EUR")))


def test_a_payment_is_approved_and_its_stock_waits_longer(till: Till):
    placed = till.begun()
    till.clock.advance(till.order(placed).expires_at - till.clock.now())
    approved = precheck(till, placed)
    assert approved.id == placed.order.id
    assert (approved.expires_at - till.clock.now()).total_seconds() == 900
    with till.storage.read() as uow:
        assert uow.stock.hold(approved.lines[0].hold_id).expires_at == approved.expires_at


def test_a_payment_is_not_approved_when_something_has_changed(till: Till):
    placed = till.begun()
    assert precheck(till, placed, 7800) == Refused(NotApproved.PRICE_CHANGED)
    till.set_price("38", 8900)
    assert precheck(till, placed) == Refused(NotApproved.PRICE_CHANGED)
    till.set_price("38", 7900)
    with till.storage.read() as uow:
        hold_id = uow.orders.get(placed.order.id).lines[0].hold_id
    till.storage.write(lambda uow: uow.stock.release(hold_id, MovementReason.RELEASE, till.clock.now()))
    till.set_stock("38", 0)
    assert precheck(till, placed) == Refused(NotApproved.SOLD_OUT)
    till.set_stock("38", 1)
    assert precheck(till, placed).state is OrderState.PENDING_PAYMENT, "there is one again"
    assert till.stock("38") == (1, 1)
    till.pay(placed)
    till.hear()
    assert precheck(till, placed) == Refused(NotApproved.ALREADY_PAID)
    assert till.storage.write(lambda uow: till.selling.checkout.precheck(uow, "nobody", Money(1, "EUR"))) == Refused(
        NotApproved.NOT_FOUND
    )
    over = expired(till, contact=SAM, lines={"36": 1})
    assert precheck(till, over) == Refused(NotApproved.ORDER_OVER)


# --- changing one's mind


def cancel(till: Till, placed, contact=LEA):
    customer_id = till.customer(contact)
    return till.storage.write(lambda uow: till.selling.orders.cancel(uow, placed.order.id, customer_id))


def test_cancelling_ends_the_session_first(till: Till):
    placed = till.begun()
    assert cancel(till, placed, SAM) == Refused(NotCancelled.NOT_FOUND), "somebody else's looks like none"
    asked = cancel(till, placed)
    assert asked.state is OrderState.PENDING_PAYMENT
    assert till.stock("38") == (1, 1)
    till.selling.paying.tick()
    assert till.order(placed).state is OrderState.CANCELLED
    assert till.stock("38") == (1, 0)
    assert till.fake.session(placed.attempt.session_ref).state == "canceled"
    assert till.news() == []
    assert cancel(till, placed) == Refused(NotCancelled.ALREADY_OVER)
    assert till.wrong() == []


def test_cancelling_what_was_paid_in_that_second_is_a_sale(till: Till):
    placed = till.begun(email="lea+silent@example.org")
    till.pay(placed)
    cancel(till, placed)
    till.selling.paying.tick()
    assert till.order(placed).state is OrderState.PAID


def test_cancelling_what_nobody_was_asked_for_is_at_once(till: Till):
    till.fill()
    placed = till.place()
    assert cancel(till, placed).state is OrderState.CANCELLED
    assert till.stock("38") == (1, 0)
    till.fill(provider="pay_in_store")
    at_counter = till.place()
    assert cancel(till, at_counter).state is OrderState.CANCELLED
    assert till.wrong() == []


def test_cancelling_what_is_paid_gives_the_money_and_the_units_back(till: Till):
    placed = till.paid()
    till.news()
    assert cancel(till, placed).state is OrderState.REFUND_PENDING
    assert till.stock("38") == (1, 0)
    till.selling.paying.tick()
    order = till.order(placed)
    assert (order.state, order.refunded_minor) == (OrderState.REFUNDED, 7900)
    assert till.kinds_of_news() == ["refund_done"]
    assert [refund.state for refund in till.refunds(placed)] == [RefundState.DONE]
    assert till.wrong() == []


@pytest.mark.parametrize("ticks", [1, 2])
def test_ordering_again_after_asking_to_cancel_is_a_new_order(till: Till, ticks: int):
    placed = till.begun()
    cancel(till, placed)
    again = till.place()
    assert again.order.id != placed.order.id
    for _ in range(ticks):
        till.selling.paying.tick()
    assert till.order(placed).state is OrderState.CANCELLED
    assert till.stock("38") == (1, 1)
