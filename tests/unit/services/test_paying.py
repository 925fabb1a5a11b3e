"""A payment's way: asked for, paid, heard of once however often it is said, late, twice, wrong; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from commerce.domain.money import Money
from commerce.domain.order import NotApproved, NotCancelled, OrderSource, OrderState
from commerce.domain.payment import PaymentReport, PaymentState, RefundReason, RefundState
from commerce.domain.reservation import Refused
from commerce.domain.staff import TaskKind
from commerce.domain.stock import MovementReason
from commerce.payments.fake import FakeProvider, Fault
from tests.unit.services.till import LEA, SAM, Till, open_till


def report(till: Till, placed, state: PaymentState = PaymentState.CAPTURED, **changes: object) -> PaymentReport:
    attempt = till.attempt(placed.attempt.id)
    values: dict = {"attempt_id": attempt.id, "payment_ref": f"pay-{attempt.id[:6]}", "amount": attempt.amount}
    return PaymentReport("fake", state, **{**values, **changes})


def settle(till: Till, said: PaymentReport):
    return till.storage.write(lambda uow: till.selling.paying.settle(uow, said))


def sales(till: Till, size: str = "38") -> int:
    with till.storage.read() as uow:
        movements = uow.stock_records.movements(variant_id=till.variants[size], store_id="S1")
    return sum(movement.reason is MovementReason.SALE for movement in movements)


# --- paid


def test_paid_is_sold_once_and_said_once(till: Till):
    placed = till.begun(email="lea+twice@example.org")
    assert placed.attempt.state is PaymentState.REQUIRES_ACTION
    assert placed.attempt.url.endswith(placed.attempt.session_ref)
    till.pay(placed)
    till.hear()
    for _ in range(3):
        till.later(minutes=2)
    order = till.order(placed)
    assert (order.state, order.paid_minor) == (OrderState.PAID, 7900)
    assert order.pickup_code
    assert (till.stock("38"), sales(till)) == ((0, 0), 1)
    assert till.cart().wanted == ()
    assert till.kinds_of_news() == ["order_paid"]
    with till.storage.read() as uow:
        assert [entry.amount.minor for entry in uow.payments.ledger(placed.attempt.id)] == [7900]
    assert till.wrong() == []


def test_the_webhook_the_return_page_and_the_question_say_the_same_thing_once(till: Till):
    placed = till.begun()
    till.pay(placed)
    said = till.fake.look_up(till.attempt(placed.attempt.id))
    assert said is not None
    settle(till, said)
    version = till.order(placed).version
    till.hear()
    settle(till, said)
    till.later(minutes=5)
    assert till.order(placed).version == version
    assert till.kinds_of_news() == ["order_paid"]


def test_older_news_changes_nothing(till: Till):
    placed = till.begun(email="lea+shuffled@example.org")
    till.pay(placed)
    till.hear()
    for state in (PaymentState.REQUIRES_ACTION, PaymentState.FAILED, PaymentState.CANCELED, PaymentState.AUTHORIZED):
        settle(till, report(till, placed, state))
    assert till.attempt(placed.attempt.id).state is PaymentState.CAPTURED
    assert till.order(placed).state is OrderState.PAID


def test_no_call_ever_comes_and_we_ask(till: Till):
    placed = till.begun(email="lea+silent@example.org")
    till.pay(placed)
    assert till.hear() == 0
    till.later(minutes=1)
    assert till.order(placed).state is OrderState.PAID


def test_paid_before_the_start_was_answered(till: Till):
    placed = till.begun(email="lea+eager+silent@example.org")
    till.later(seconds=1)
    assert till.order(placed).state is OrderState.PAID


def test_a_report_without_an_amount_is_not_believed_but_asked_about(till: Till):
    placed = till.begun()
    till.pay(placed)
    settle(till, report(till, placed, amount=None))
    assert till.order(placed).state is OrderState.PENDING_PAYMENT
    till.selling.paying.tick()
    assert till.order(placed).state is OrderState.PAID


def test_a_report_of_no_attempt_of_ours(till: Till):
    placed = till.begun()
    for changes in ({"attempt_id": "nobody"}, {"attempt_id": "", "session_ref": "nothing"}):
        assert settle(till, report(till, placed, **changes)) is None
    assert settle(till, replace(report(till, placed), provider="pay_in_store")) is None, "another provider's word"
    assert till.order(placed).state is OrderState.PENDING_PAYMENT


# --- starting


def test_two_that_begin_ask_once(till: Till):
    till.fill()
    placed = till.place()
    first = till.selling.paying.begin(placed.attempt.id)
    second = till.selling.paying.begin(placed.attempt.id)
    assert first.session_ref == second.session_ref
    assert len(till.fake.control.sessions()) == 1


def test_a_conversation_hears_where_to_pay_and_a_page_does_not(till: Till):
    till.fill()
    placed = till.place(source=OrderSource.BOT)
    till.selling.paying.tick()
    assert till.news() == [("payment_ready", {"order_id": placed.order.id, "attempt_id": placed.attempt.id})]
    till.fill({"36": 1}, contact=SAM)
    page = till.place(SAM)
    till.selling.paying.tick()
    assert till.attempt(page.attempt.id).state is PaymentState.CREATED, "the page asks for it itself"
    till.later(seconds=6)
    assert till.attempt(page.attempt.id).state is PaymentState.REQUIRES_ACTION, "and where it died, the tick does"
    assert till.news(SAM) == []


def test_a_lost_answer_is_asked_about_and_found(till: Till):
    placed = till.begun(email="lea+start-timeout@example.org")
    assert till.attempt(placed.attempt.id).state is PaymentState.UNKNOWN
    till.later(seconds=30)
    assert till.attempt(placed.attempt.id).state is PaymentState.UNKNOWN
    till.later(seconds=31)
    found = till.attempt(placed.attempt.id)
    assert (found.state, bool(found.url)) == (PaymentState.REQUIRES_ACTION, True)
    assert len(till.fake.control.sessions()) == 1


def test_a_provider_that_keeps_its_error_under_the_key_gets_another_key(till: Till):
    placed = till.begun(email="lea+start-500@example.org")
    assert till.attempt(placed.attempt.id).state is PaymentState.UNKNOWN
    till.later(minutes=1, ticks=2)
    attempts = till.attempts(placed)
    assert len(attempts) == 2
    assert len({attempt.idempotency_key for attempt in attempts}) == 2
    assert attempts[0].state is PaymentState.CANCELED
    for _ in range(40):
        till.later(minutes=1)
    assert len(till.attempts(placed)) <= 3
    assert till.order(placed).state is OrderState.EXPIRED
    assert {session.state for session in till.fake.control.sessions()} <= {"canceled", "expired"}


def test_asked_again_after_1_5_15_and_60_minutes_and_then_by_a_person(till: Till):
    till.fake.control.fail("start", Fault.TIMEOUT)
    till.fake.control.fail("look_up", Fault.TIMEOUT, 50)
    till.fake.control.fail("cancel", Fault.TIMEOUT, 50)
    placed = till.begun()
    asked = []
    for minute in range(1, 90):
        before = till.attempt(placed.attempt.id)
        till.later(minutes=1)
        if till.attempt(placed.attempt.id).tries > before.tries:
            asked.append(minute)
    assert asked[:3] == [1, 6, 21]
    assert till.order(placed).state is OrderState.PENDING_PAYMENT, "nobody has said that it cannot be paid"
    assert till.stock("38") == (1, 1)
    assert till.tasks(TaskKind.PAYMENT_UNKNOWN) == [placed.attempt.id]


def test_the_task_is_done_when_the_provider_speaks_again(till: Till):
    till.fake.control.fail("start", Fault.TIMEOUT_DONE)
    till.fake.control.fail("look_up", Fault.TIMEOUT, 20)
    till.fake.control.fail("cancel", Fault.TIMEOUT)
    placed = till.begun()
    for _ in range(85):
        till.later(minutes=1)
    assert till.tasks(TaskKind.PAYMENT_UNKNOWN) == [placed.attempt.id]
    for _ in range(60):
        till.later(minutes=1)
    assert till.order(placed).state is OrderState.EXPIRED
    assert till.tasks() == []


def test_an_answer_that_nobody_understands_is_none(storage, clock, ids, tmp_path):
    class Odd(FakeProvider):
        def look_up(self, attempt):
            raise KeyError("state")

        def cancel(self, attempt):
            raise TypeError("None")

    till = open_till(storage, clock, ids, tmp_path, provider=Odd)
    placed = till.begun()
    till.later(minutes=36)
    before = till.order(placed)
    assert before.state is OrderState.PENDING_PAYMENT
    assert till.stock("38") == (1, 1)
    till.later(seconds=1, ticks=5)
    assert till.order(placed).version == before.version, "not asked again at every tick"


def test_that_it_is_open_says_nothing_about_where_to_pay(till: Till):
    placed = till.begun(email="lea+start-timeout@example.org")
    settle(till, report(till, placed, PaymentState.REQUIRES_ACTION, payment_ref="", session_ref="fs_1"))
    assert till.attempt(placed.attempt.id).state is PaymentState.UNKNOWN


def test_a_busy_provider_is_asked_later_with_nothing_lost(till: Till):
    till.fake.control.fail("start", Fault.BUSY)
    placed = till.begun()
    waiting = till.attempt(placed.attempt.id)
    assert (waiting.state, waiting.tries) == (PaymentState.CREATED, 0)
    till.later(seconds=6)
    assert till.attempt(placed.attempt.id).state is PaymentState.REQUIRES_ACTION


@pytest.mark.parametrize(("silent_h", "sessions"), [(5, 1), (24, 0)])
def test_never_started_again_past_23_hours(storage, clock, ids, tmp_path, silent_h: int, sessions: int):
    till = open_till(storage, clock, ids, tmp_path, payment_hold=timedelta(hours=48))
    till.fake.control.fail("start", Fault.TIMEOUT)
    till.fake.control.fail("look_up", Fault.TIMEOUT, silent_h)
    till.begun()
    for _ in range(26):
        till.later(hours=1)
    assert len(till.fake.control.sessions()) == sessions


# --- late, twice, wrong


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


def expired(till: Till, **fill: object):
    placed = till.begun(**fill)
    till.later(minutes=41)
    assert till.order(placed).state is OrderState.EXPIRED
    till.news()
    return placed


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
    return till.storage.write(lambda uow: till.selling.checkout.cancel(uow, placed.order.id, customer_id))


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
