"""Many at once: one cart, one unit, one payment, one refund; on both databases, from threads and from processes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from commerce.clock import ManualClock
from commerce.domain.customer import Contact
from commerce.domain.order import NotOrdered, OrderRefused, OrderSource, OrderState
from commerce.domain.payment import PaymentState, Placed, RefundReason
from commerce.domain.stock import MovementReason
from commerce.ids import RandomIds
from commerce.ports import Storage
from commerce.services.again import write_again
from tests.unit.services.till import HOOK, Till, open_till


@pytest.fixture
def till(storage: Storage, clock: ManualClock, tmp_path: Path) -> Till:
    return open_till(storage, clock, RandomIds(), tmp_path)


def at_once(works: list[Callable[[], object]]) -> list[object]:
    """All of them start together; what each returned."""
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        gate.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def sales(till: Till, size: str) -> int:
    with till.storage.read() as uow:
        movements = uow.stock_records.movements(till.variants[size], "S1", limit=100)
    return sum(movement.reason is MovementReason.SALE for movement in movements)


def test_one_cart_ordered_from_many_doors_is_one_order(till: Till):
    till.fill({"36": 2})
    answers = at_once([lambda: till.try_place()] * 12)
    placed = {answer.order.id for answer in answers if isinstance(answer, Placed)}
    assert len(placed) == 1
    assert all(isinstance(answer, Placed) for answer in answers), answers
    assert till.stock("36") == (4, 2)
    with till.storage.read() as uow:
        assert len(uow.orders.of_customer(till.customer())) == 1
    assert till.wrong() == []


def test_the_last_unit_is_ordered_once_and_the_others_hear_it(till: Till):
    people = [Contact("telegram", "shop", f"buyer-{n}") for n in range(20)]
    for person in people:
        till.fill({"38": 1}, contact=person)
    answers = at_once([lambda person=person: till.try_place(person) for person in people])
    won = [answer for answer in answers if isinstance(answer, Placed)]
    lost = [answer for answer in answers if isinstance(answer, OrderRefused)]
    assert (len(won), len(lost)) == (1, 19)
    assert {answer.reason for answer in lost} == {NotOrdered.SOLD_OUT}
    with till.storage.read() as uow:
        assert len(uow.orders.find(limit=200)) == 1, "no orphan"
    assert till.stock("38") == (1, 1)
    assert till.wrong() == []


def test_baskets_in_opposite_order_never_block_each_other_for_good(till: Till):
    for size in ("36", "book"):
        till.set_stock(size, 100)
    people = [Contact("telegram", "shop", f"buyer-{n}") for n in range(16)]
    for n, person in enumerate(people):
        sizes = ("36", "book") if n % 2 else ("book", "36")
        till.fill(dict.fromkeys(sizes, 1), contact=person)
        till.place(person)
        till.fill(dict.fromkeys(reversed(sizes), 2), contact=person)
    answers = at_once([lambda person=person: till.try_place(person) for person in people])
    assert all(isinstance(answer, Placed) for answer in answers), answers
    assert (till.stock("36"), till.stock("book")) == ((100, 32), (100, 32))
    assert till.wrong() == []


def test_one_payment_told_by_everybody_at_once_is_one_sale(till: Till):
    placed = till.begun(lines={"36": 2})
    till.pay(placed)
    said = till.fake.look_up(till.attempt(placed.attempt.id))
    assert said is not None
    ((call, headers),) = till.fake.calls_due()
    works: list[Callable[[], object]] = [
        *[lambda: write_again(till.storage, lambda uow: till.selling.paying.settle(uow, said))] * 5,
        *[lambda: till.selling.paying.receive("fake", call.body, headers, HOOK)] * 5,
        *[lambda: till.selling.paying.tick()] * 3,
        lambda: till.selling.paying.reconcile("fake", placed.order.created_at),
    ]
    at_once(works)
    order = till.order(placed)
    assert (order.state, order.paid_minor) == (OrderState.PAID, 15800)
    assert (till.stock("36"), sales(till, "36")) == ((2, 0), 1)
    assert till.kinds_of_news() == ["order_paid"]
    assert till.refunds(placed) == []
    assert till.wrong() == []


def test_two_payments_of_one_request_at_once(till: Till):
    placed = till.begun(lines={"36": 1})
    attempt = till.attempt(placed.attempt.id)
    till.pay(placed)
    said = till.fake.look_up(attempt)
    assert said is not None
    reports = [replace(said, payment_ref=f"payment-{n % 3}") for n in range(9)]
    at_once(
        [
            lambda report=report: write_again(till.storage, lambda uow: till.selling.paying.settle(uow, report))
            for report in reports
        ]
    )
    order = till.order(placed)
    assert (order.state, order.paid_minor) == (OrderState.PAID, 3 * 7900)
    assert sorted(found.payment_ref for found in till.attempts(placed)) == ["payment-0", "payment-1", "payment-2"]
    assert [refund.reason for refund in till.refunds(placed)] == [RefundReason.PAID_TWICE] * 2
    assert sales(till, "36") == 1
    assert till.wrong() == []


def test_paid_in_the_very_moment_in_which_it_expires(till: Till):
    for round_ in range(4):
        person = Contact("telegram", "shop", f"buyer-{round_}")
        till.set_stock("38", 1)
        placed = till.begun(person)
        till.clock.set(till.order(placed).expires_at)
        at_once(
            [
                lambda: till.fake.control.pay_late(till.attempt(placed.attempt.id).session_ref),
                *[lambda: till.selling.paying.tick()] * 3,
                *[lambda: till.hear()] * 2,
            ]
        )
        till.hear()
        till.selling.paying.tick()
        assert till.order(placed).state is OrderState.PAID
        assert till.stock("38") == (0, 0)
        assert till.wrong() == []


def test_many_that_begin_make_one_session(till: Till):
    till.fill()
    placed = till.place(source=OrderSource.BOT)
    at_once([lambda: till.selling.paying.begin(placed.attempt.id)] * 6 + [lambda: till.selling.paying.tick()] * 4)
    assert len(till.fake.control.sessions()) == 1
    assert till.attempt(placed.attempt.id).state is PaymentState.REQUIRES_ACTION
    assert till.kinds_of_news() == ["payment_ready"]


def test_refunds_asked_for_at_once_never_exceed_what_was_paid(till: Till):
    placed = till.paid(lines={"36": 1})

    def ask() -> object:
        return write_again(
            till.storage,
            lambda uow: till.selling.refunding.ask(uow, placed.order.id, 3000, RefundReason.GOODWILL),
        )

    answers = at_once([ask] * 8)
    assert sum(isinstance(answer, list) for answer in answers) == 2
    at_once([lambda: till.selling.paying.tick()] * 4)
    assert sum(refund.amount_minor for refund in till.fake.control.refunds()) == 6000
    assert till.order(placed).refunded_minor == 6000
    assert till.wrong() == []


def test_a_late_payment_and_somebody_else_want_the_last_unit(till: Till):
    placed = till.begun()
    till.later(minutes=41)
    assert till.order(placed).state is OrderState.EXPIRED
    sam = Contact("telegram", "shop", "sam")
    till.fill(contact=sam)
    till.fake.control.pay_late(placed.attempt.session_ref)
    at_once([lambda: till.try_place(sam), lambda: till.hear(), lambda: till.hear()])
    till.hear()
    late = till.order(placed)
    with till.storage.read() as uow:
        sams = [order.state for order in uow.orders.of_customer(till.customer(sam))]
    assert (late.state, sams) in (
        (OrderState.PAID, []),
        (OrderState.PAID_UNFULFILLABLE, [OrderState.PENDING_PAYMENT]),
    )
    till.selling.paying.tick()
    assert till.wrong() == []
