"""Money that comes late, twice, too little or for what is gone: sold or given back, once; on both databases."""

from __future__ import annotations

from commerce.domain.money import Money
from commerce.domain.order import OrderState
from commerce.domain.payment import RefundReason
from commerce.domain.staff import TaskKind
from commerce.domain.stock import MovementReason
from commerce.payments.fake import Fault
from tests.unit.services.till import SAM, Till, expired, report, sales, settle


def test_nobody_pays_and_it_is_free_again_once_the_provider_has_ended_it(till: Till):
    placed = till.begun()
    till.later(minutes=34)
    assert till.stock("38") == (1, 1)
    till.later(minutes=7)
    assert till.order(placed).state is OrderState.EXPIRED
    assert till.stock("38") == (1, 0)
    assert till.fake.session(placed.attempt.session_ref).state in ("canceled", "expired")
    assert till.kinds_of_news() == ["order_expired"]
    assert len(till.cart().wanted) == 1, "the cart is still there"
    assert till.wrong() == []


def test_a_silent_provider_keeps_the_stock_held(till: Till):
    placed = till.begun()
    till.fake.control.fail("cancel", Fault.TIMEOUT, 3)
    till.fake.control.fail("look_up", Fault.TIMEOUT, 30)
    till.later(minutes=36)
    assert till.order(placed).state is OrderState.PENDING_PAYMENT
    assert till.stock("38") == (1, 1)
    assert till.order(placed).expires_at > till.clock.now()
    for _ in range(60):
        till.later(minutes=1)
    assert till.order(placed).state is OrderState.EXPIRED
    assert till.stock("38") == (1, 0)


def test_paid_at_the_last_moment_is_found_when_the_session_is_ended(till: Till):
    placed = till.begun(email="lea+silent@example.org")
    till.later(minutes=29)
    till.pay(placed)
    till.clock.advance(till.order(placed).expires_at - till.clock.now())
    till.selling.paying.tick()
    assert till.order(placed).state is OrderState.PAID


def test_late_money_gets_its_units_if_they_are_still_there(till: Till):
    placed = expired(till)
    till.fake.control.pay_late(placed.attempt.session_ref)
    till.hear()
    order = till.order(placed)
    assert (order.state, order.paid_minor, till.stock("38")) == (OrderState.PAID, 7900, (0, 0))
    assert till.kinds_of_news() == ["order_paid"]
    assert till.refunds(placed) == []
    assert till.wrong() == []


def test_late_money_for_what_is_gone_goes_back_once(till: Till):
    placed = expired(till)
    till.paid(SAM)
    till.fake.control.pay_late(placed.attempt.session_ref)
    till.hear()
    for _ in range(3):
        settle(till, till.fake.look_up(till.attempt(placed.attempt.id)))
    order = till.order(placed)
    assert order.state is OrderState.PAID_UNFULFILLABLE
    assert [(refund.amount.minor, refund.reason) for refund in till.refunds(placed)] == [
        (7900, RefundReason.UNFULFILLABLE)
    ]
    assert till.stock("38") == (0, 0)
    assert till.kinds_of_news() == ["order_late_money"]
    assert till.tasks(TaskKind.UNFULFILLABLE) == [order.id]
    assert till.wrong() == []
    till.selling.paying.tick()
    order = till.order(placed)
    assert (order.state, order.paid_minor, order.refunded_minor) == (OrderState.REFUNDED, 7900, 7900)
    assert till.kinds_of_news() == ["refund_done"]
    assert till.wrong() == []


def test_a_second_payment_of_a_paid_order_goes_back_once(till: Till):
    first = till.begun()
    till.fake.decline_session(first.attempt.session_ref)
    till.hear()
    assert till.kinds_of_news() == ["payment_failed"]
    second = till.begun()
    assert (second.order.id, second.attempt.id != first.attempt.id) == (first.order.id, True)
    till.pay(second)
    till.hear()
    assert till.order(first).state is OrderState.PAID
    till.fake.control.pay_late(first.attempt.session_ref)
    till.hear()
    settle(till, till.fake.look_up(till.attempt(first.attempt.id)))
    assert till.order(first).state is OrderState.PAID
    assert [(refund.attempt_id, refund.reason) for refund in till.refunds(first)] == [
        (first.attempt.id, RefundReason.PAID_TWICE)
    ]
    assert sales(till) == 1
    till.selling.paying.tick()
    order = till.order(first)
    assert (order.state, order.paid_minor, order.refunded_minor) == (OrderState.PAID, 15800, 7900)
    assert till.kinds_of_news() == ["order_paid", "refund_done"]
    assert till.wrong() == []


def test_one_request_paid_twice_is_two_payments(till: Till):
    placed = till.begun()
    settle(till, report(till, placed, payment_ref="one"))
    for _ in range(2):
        settle(till, report(till, placed, payment_ref="two"))
    settle(till, report(till, placed, payment_ref="one"))
    assert [(attempt.payment_ref, attempt.captured_minor) for attempt in till.attempts(placed)] == [
        ("one", 7900),
        ("two", 7900),
    ]
    (refund,) = till.refunds(placed)
    assert (refund.attempt_id, refund.reason) == (till.attempts(placed)[1].id, RefundReason.PAID_TWICE)
    assert till.wrong() == []


def test_a_wrong_amount_goes_back_and_the_order_waits_on(till: Till):
    placed = till.begun(email="lea+short@example.org")
    till.pay(placed)
    till.hear()
    order = till.order(placed)
    assert (order.state, order.paid_minor) == (OrderState.PENDING_PAYMENT, 7899)
    assert [(refund.amount.minor, refund.reason) for refund in till.refunds(placed)] == [
        (7899, RefundReason.WRONG_AMOUNT)
    ]
    assert till.tasks(TaskKind.PAYMENT_DIFFERENCE) == [placed.attempt.id]
    till.selling.paying.tick()
    assert till.order(placed).refunded_minor == 7899
    assert till.wrong() == []
    again = till.place()
    assert again.order.id == placed.order.id
    assert again.attempt.id != placed.attempt.id
    settle(till, report(till, again))
    order = till.order(placed)
    assert (order.state, order.paid_minor - order.refunded_minor) == (OrderState.PAID, 7900)
    assert till.wrong() == []


def test_another_currency_is_a_wrong_amount(till: Till):
    placed = till.begun()
    settle(till, report(till, placed, amount=Money(7900, "USD")))
    assert till.order(placed).state is OrderState.PENDING_PAYMENT
    assert [(refund.amount, refund.reason) for refund in till.refunds(placed)] == [
        (Money(7900, "USD"), RefundReason.WRONG_AMOUNT)
    ]


def test_one_payment_never_pays_two_orders(till: Till):
    first, second = till.begun(lines={"36": 1}), till.begun(SAM, lines={"36": 1})
    settle(till, report(till, first, payment_ref="same"))
    settle(till, report(till, second, payment_ref="same"))
    assert till.order(first).state is OrderState.PAID
    assert till.order(second).state is OrderState.PENDING_PAYMENT
    assert till.tasks(TaskKind.PAYMENT_DIFFERENCE) == [second.attempt.id]
    assert till.wrong() == []


def test_the_older_version_of_a_cart_is_paid_and_the_cart_is_bought_once(till: Till):
    first = till.begun()
    till.fill({"38": 1, "36": 1})
    second = till.begun()
    assert second.order.id != first.order.id
    till.pay(first)
    till.hear()
    assert till.order(first).state is OrderState.PAID
    assert till.order(second).state is OrderState.CANCELLED
    assert till.stock("36") == (4, 0)
    assert [(line.variant_id, line.quantity) for line in till.cart().wanted] == [(till.variants["36"], 1)]
    # And should the newer one be paid as well, it goes back: or else it would have been bought twice.
    till.selling.paying.tick()
    till.fake.control.pay_late(second.attempt.session_ref)
    till.hear()
    assert till.order(second).state is OrderState.PAID_UNFULFILLABLE
    assert till.wrong() == []


def test_an_older_version_paid_after_the_newer_one_goes_back(till: Till):
    first = till.begun(lines={"36": 1})
    till.fill({"36": 2})
    second = till.begun()
    till.pay(second)
    till.hear()
    till.pay(first)
    till.hear()
    assert till.order(second).state is OrderState.PAID
    assert till.order(first).state is OrderState.PAID_UNFULFILLABLE
    assert [refund.reason for refund in till.refunds(first)] == [RefundReason.PAID_TWICE]
    assert till.stock("36") == (2, 0)
    assert till.wrong() == []


def test_a_hold_that_staff_took_away_is_made_good_or_the_money_goes_back(till: Till):
    def lost(placed, size: str) -> None:
        with till.storage.read() as uow:
            hold_id = uow.orders.get(placed.order.id).lines[0].hold_id
        till.storage.write(lambda uow: uow.stock.release(hold_id, MovementReason.RELEASE, till.clock.now()))
        till.set_stock(size, 0)

    placed = till.begun()
    lost(placed, "38")
    till.pay(placed)
    till.hear()
    assert till.order(placed).state is OrderState.PAID_UNFULFILLABLE
    again = till.begun(SAM, lines={"36": 1})
    lost(again, "36")
    till.set_stock("36", 1)
    till.pay(again)
    till.hear()
    assert till.order(again).state is OrderState.PAID
    assert till.stock("36") == (0, 0)
    assert till.wrong() == []
