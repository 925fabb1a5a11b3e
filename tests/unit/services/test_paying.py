"""A payment's way: asked for, paid, heard of once however often it is said; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from commerce.domain.order import OrderSource, OrderState
from commerce.domain.payment import PaymentState
from commerce.domain.staff import TaskKind
from commerce.payments.fake import FakeProvider, Fault
from tests.unit.services.till import SAM, Till, open_till, report, sales, settle

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
