"""Money on its way back: never too much, sent once, and somebody hears when it cannot be sent; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from commerce.domain.order import OrderState
from commerce.domain.payment import NotRefunded, PaymentState, Refund, RefundReason, RefundState
from commerce.domain.reservation import Refused
from commerce.domain.staff import TaskKind
from commerce.payments.fake import Fault
from tests.unit.services.till import Till


def ask(till: Till, placed, minor: int, reason: RefundReason = RefundReason.GOODWILL):
    return till.storage.write(lambda uow: till.selling.refunding.ask(uow, placed.order.id, minor, reason))


def states(till: Till, placed) -> list[RefundState]:
    return [refund.state for refund in till.refunds(placed)]


def test_a_part_goes_back_and_the_order_stays(till: Till):
    placed = till.paid(lines={"36": 2})
    till.news()
    (refund,) = ask(till, placed, 5000)
    assert refund.state is RefundState.QUEUED
    till.selling.paying.tick()
    order = till.order(placed)
    assert (order.state, order.paid_minor, order.refunded_minor) == (OrderState.PAID, 15800, 5000)
    assert till.attempt(placed.attempt.id).state is PaymentState.PARTIALLY_REFUNDED
    assert till.news() == [("refund_done", {"order_id": order.id, "refund_id": refund.id})]
    with till.storage.read() as uow:
        assert [entry.amount.minor for entry in uow.payments.ledger(placed.attempt.id)] == [15800, -5000]
    till.hear()
    assert till.order(placed).refunded_minor == 5000, "the provider's own call about it adds nothing"
    assert till.wrong() == []


def test_never_more_than_was_paid(till: Till):
    placed = till.paid(lines={"36": 2})
    assert ask(till, placed, 15801) == Refused(NotRefunded.TOO_MUCH)
    assert len(ask(till, placed, 15000)) == 1
    assert ask(till, placed, 801) == Refused(NotRefunded.TOO_MUCH)
    assert ask(till, placed, 0) == Refused(NotRefunded.TOO_MUCH)
    unpaid = till.begun(lines={"36": 1})
    assert ask(till, unpaid, 1) == Refused(NotRefunded.NOT_PAID)
    assert till.storage.write(
        lambda uow: till.selling.refunding.ask(uow, "nobody", 1, RefundReason.GOODWILL)
    ) == Refused(NotRefunded.NOT_FOUND)


def test_all_of_it_ends_the_order_and_puts_the_units_back(till: Till):
    placed = till.paid(lines={"36": 2})
    ask(till, placed, 10000)
    ask(till, placed, 5800)
    assert till.order(placed).state is OrderState.REFUND_PENDING
    assert till.stock("36") == (4, 0)
    till.selling.paying.tick()
    assert till.order(placed).state is OrderState.REFUNDED
    assert till.attempt(placed.attempt.id).state is PaymentState.REFUNDED
    assert till.wrong() == []


@pytest.mark.parametrize("fault", [Fault.TIMEOUT, Fault.TIMEOUT_DONE, Fault.BUSY, Fault.UNREACHABLE])
def test_a_lost_answer_pays_once(till: Till, fault: Fault):
    placed = till.paid()
    till.fake.control.fail("refund", fault)
    ask(till, placed, 7900)
    till.selling.paying.tick()
    assert till.order(placed).refunded_minor == 0
    for _ in range(3):
        till.later(minutes=1)
    assert states(till, placed) == [RefundState.DONE]
    assert [refund.amount_minor for refund in till.fake.control.refunds()] == [7900]
    assert till.order(placed).state is OrderState.REFUNDED
    assert till.wrong() == []


def test_a_process_that_dies_while_sending_leaves_it_to_the_next(till: Till):
    placed = till.paid()
    (refund,) = ask(till, placed, 7900)
    till.storage.write(
        lambda uow: uow.payments.move_refund(refund, RefundState.SENDING, next_try_at=till.clock.now(), count_try=True)
    )
    till.fake.refund(refund, till.attempt(placed.attempt.id))
    till.later(seconds=1)
    assert states(till, placed) == [RefundState.DONE]
    assert len(till.fake.control.refunds()) == 1


def test_refused_for_good_goes_to_a_person_and_may_be_asked_again(till: Till):
    placed = till.paid(email="lea+no-refund@example.org")
    (refund,) = ask(till, placed, 7900)
    till.selling.paying.tick()
    assert states(till, placed) == [RefundState.FAILED]
    assert till.tasks(TaskKind.REFUND_FAILED) == [refund.id]
    assert till.order(placed).state is OrderState.REFUND_PENDING, "its units are on the shelf again: it is not sold"
    assert len(ask(till, placed, 7900)) == 1
    assert till.wrong() == []


def test_what_was_handed_over_stays_handed_over_when_its_refund_fails(till: Till):
    placed = till.paid(email="lea+no-refund@example.org")
    till.storage.write(
        lambda uow: till.selling.orders.advance(uow, placed.order.id, OrderState.COMPLETED, actor="staff:nadia")
    )
    ask(till, placed, 7900)
    assert till.order(placed).state is OrderState.REFUND_PENDING
    till.selling.paying.tick()
    assert till.order(placed).state is OrderState.COMPLETED
    assert till.stock("38") == (0, 0)


def test_a_slow_refund_is_asked_about_until_it_has_arrived(till: Till):
    placed = till.paid(email="lea+slow-refund@example.org")
    ask(till, placed, 7900)
    till.selling.paying.tick()
    assert states(till, placed) == [RefundState.UNKNOWN]
    for _ in range(25):
        till.later(minutes=1)
    assert states(till, placed) == [RefundState.DONE]
    assert len(till.fake.control.refunds()) == 1


def test_money_that_the_bank_sends_back_goes_to_a_person(till: Till):
    placed = till.paid()
    (refund,) = ask(till, placed, 7900)
    till.selling.paying.tick()
    till.hear()
    assert states(till, placed) == [RefundState.DONE]
    till.clock.advance(timedelta(days=5))
    till.fake.control.bounce(refund.id)
    till.hear()
    assert till.tasks(TaskKind.REFUND_FAILED) == [refund.id]
    assert states(till, placed) == [RefundState.DONE], "what was booked stays booked: a person finds another way"
    assert till.wrong() == []


def test_a_pending_refund_that_is_refused_is_asked_about_at_once(till: Till):
    placed = till.paid(email="lea+slow-refund@example.org")
    (refund,) = ask(till, placed, 7900)
    till.selling.paying.tick()
    assert states(till, placed) == [RefundState.UNKNOWN]
    till.fake.control.bounce(refund.id)
    till.hear()
    till.selling.paying.tick()
    assert states(till, placed) == [RefundState.FAILED]
    assert till.tasks(TaskKind.REFUND_FAILED) == [refund.id]
    assert till.wrong() == []


def test_no_answer_for_long_goes_to_a_person(till: Till):
    placed = till.paid()
    (refund,) = ask(till, placed, 7900)
    till.fake.control.fail("refund", Fault.TIMEOUT, 50)
    till.fake.control.fail("look_up_refund", Fault.TIMEOUT, 50)
    till.selling.paying.tick()
    for _ in range(90):
        till.later(minutes=1)
    assert till.tasks(TaskKind.REFUND_FAILED) == [refund.id]
    assert states(till, placed) == [RefundState.UNKNOWN], "nobody knows, so it is not given up"


def test_given_back_at_the_providers_is_written_down_once(till: Till):
    placed = till.paid(lines={"36": 2})
    attempt = till.attempt(placed.attempt.id)
    there = replace(ask_elsewhere(placed, attempt), amount=replace(attempt.amount, minor=4000))
    till.fake.refund(there, attempt)
    till.hear()
    till.hear()
    order = till.order(placed)
    assert (order.state, order.refunded_minor) == (OrderState.PAID, 4000)
    till.fake.refund(replace(there, id="f" * 32, amount=replace(attempt.amount, minor=11800)), attempt)
    till.hear()
    order = till.order(placed)
    assert (order.state, order.refunded_minor) == (OrderState.REFUNDED, 15800)
    assert till.stock("36") == (4, 0)
    assert till.refunds(placed) == []
    assert till.wrong() == []


def ask_elsewhere(placed, attempt):
    now = attempt.created_at
    return Refund(
        "e" * 32, placed.order.id, attempt.id, attempt.amount, RefundReason.GOODWILL, RefundState.QUEUED, now, now
    )


def test_at_the_counter_a_person_gives_it_back(till: Till):
    till.fill(provider="pay_in_store")
    placed = till.place()
    till.storage.write(lambda uow: till.selling.paying.paid_at_counter(uow, placed.order.id, "staff:nadia"))
    (refund,) = ask(till, placed, 7900)
    assert till.tasks(TaskKind.REFUND) == [refund.id]
    for _ in range(3):
        till.later(hours=12)
    assert states(till, placed) == [RefundState.QUEUED]
    done = till.storage.write(lambda uow: till.selling.refunding.paid_back(uow, refund.id, "staff:nadia"))
    assert done.state is RefundState.DONE
    till.storage.write(lambda uow: till.selling.refunding.paid_back(uow, refund.id, "staff:nadia"))
    assert (till.order(placed).state, till.order(placed).refunded_minor) == (OrderState.REFUNDED, 7900)
    assert till.tasks(TaskKind.REFUND) == []
    assert till.wrong() == []
