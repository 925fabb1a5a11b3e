"""Somebody else's transaction comes between two of our statements about the same money, on PostgreSQL, where each
statement sees what was committed until then. Played by hand, so that it happens each time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, event

from commerce.clock import ManualClock
from commerce.domain.coming_back import ReturnRules
from commerce.domain.dispute import DisputeState
from commerce.domain.money import Money
from commerce.domain.order import NotAdvanced, OrderState
from commerce.domain.payment import Placed, Refund, RefundReason, RefundState
from commerce.domain.reservation import Refused
from commerce.domain.returns import ReturnRequest
from commerce.ids import RandomIds
from commerce.payments.fake import Fault
from commerce.ports import UnitOfWork
from commerce.services.again import write_again
from commerce.services.returns import ExchangeTimes, Returns
from commerce.services.withdrawing import Withdrawing
from commerce.storage import open_storage
from tests.unit.services.till import HOOK, LEA, Till, open_till, report, settle

Call = Callable[[], object]
_MINUTE_S = 60.0


@pytest.fixture
def till(postgres_url: str, clock: ManualClock, tmp_path: Path) -> Iterator[Till]:
    with closing(open_storage(postgres_url)) as storage:
        yield open_till(storage, clock, RandomIds(), tmp_path)


@pytest.fixture
def observer(postgres_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


@contextmanager
def just_after(words: str, meanwhile: Call, observer: psycopg.Connection) -> Iterator[None]:
    """As soon as this thread has run a statement with those words in it, somebody else does `meanwhile`; we go on when
    they have committed, or wait for us."""
    ours, to_do, done = threading.get_ident(), [meanwhile], list[Future[object]]()

    def hear(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if threading.get_ident() == ours and words in statement and to_do:
            done.append(others.submit(to_do.pop()))
            _ended_or_waiting(done[0], observer)

    event.listen(Engine, "before_cursor_execute", _nothing)  # whoever is listened to tells every statement
    event.listen(Engine, "after_cursor_execute", hear)
    with ThreadPoolExecutor(1) as others:
        try:
            yield
        finally:
            event.remove(Engine, "after_cursor_execute", hear)
            event.remove(Engine, "before_cursor_execute", _nothing)
    assert done, f"nothing was asked with {words}"
    done[0].result()


def _nothing(*_: object) -> None: ...


def _ended_or_waiting(other: Future[object], observer: psycopg.Connection) -> None:
    until = time.monotonic() + _MINUTE_S
    while time.monotonic() < until:
        if wait([other], 0.02).done:
            return
        if observer.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
            return
    raise AssertionError("the other transaction neither ended nor waits")


def calls(till: Till) -> list[Call]:
    """The provider's calls that are due, oldest first, each to be received."""

    def receiving(body: bytes, headers: dict[str, str]) -> Call:
        return lambda: till.selling.paying.receive("fake", body, headers, HOOK)

    due = [receiving(call.body, headers) for call, headers in till.fake.calls_due()]
    till.fake.deliver(lambda body, headers: True)
    return due


def given_back_elsewhere(till: Till, placed: Placed, *minors: int) -> None:
    """The merchant gives parts of it back on the provider's own pages."""
    attempt, now = till.attempt(placed.attempt.id), till.clock.now()
    for minor in minors:
        refund = Refund(
            till.ids.new_id(), attempt.order_id, attempt.id, Money(minor, "EUR"), RefundReason.GOODWILL,
            RefundState.QUEUED, now, now,
        )  # fmt: skip
        till.fake.refund(refund, attempt)


def gone(till: Till, placed: Placed) -> list[int]:
    """What left the shop, as the ledger has it; the attempt and the order say the same."""
    with till.storage.read() as uow:
        entries = [entry.amount.minor for entry in uow.payments.ledger(placed.attempt.id) if entry.amount.minor < 0]
    assert till.attempt(placed.attempt.id).refunded_minor == till.order(placed).refunded_minor == -sum(entries)
    assert till.wrong() == []
    return entries


def test_two_parts_that_were_given_back_are_told_at_once(till: Till, observer: psycopg.Connection) -> None:
    """The second report is of both parts: it must not count the first one once more."""
    placed = till.paid(lines={"36": 1})
    given_back_elsewhere(till, placed, 100, 250)
    first_part, both_parts = calls(till)
    with just_after("FROM payment_attempt", first_part, observer):
        both_parts()
    assert gone(till, placed) == [-100, -250]


def test_a_refund_of_ours_is_told_while_it_is_booked(till: Till, observer: psycopg.Connection) -> None:
    """The provider's list and our own question bring the same news: it went back once."""
    placed = till.paid(lines={"36": 1})
    till.storage.write(lambda uow: till.selling.refunding.ask(uow, placed.order.id, 3000, RefundReason.GOODWILL))
    till.fake.control.fail("refund", Fault.TIMEOUT_DONE)
    till.selling.paying.tick()
    assert [refund.state for refund in till.refunds(placed)] == [RefundState.UNKNOWN], "done there; no answer came"
    said = till.fake.look_up(till.attempt(placed.attempt.id))
    assert said is not None
    with just_after("FROM payment_attempt", lambda: till.later(minutes=1), observer):
        write_again(till.storage, lambda uow: till.selling.paying.settle(uow, said))
    assert [refund.state for refund in till.refunds(placed)] == [RefundState.DONE]
    assert gone(till, placed) == [-3000]


def test_a_dispute_is_lost_while_a_part_goes_back(till: Till, observer: psycopg.Connection) -> None:
    """What the bank took is what was left by then, not nothing."""
    placed = till.paid(lines={"36": 1})
    till.fake.control.dispute(till.attempt(placed.attempt.id).session_ref, DisputeState.LOST)
    given_back_elsewhere(till, placed, 900)
    lost, part = calls(till)
    with just_after("payment_attempt.payment_ref = ", part, observer):
        lost()
    assert gone(till, placed) == [-900, -7000]
    assert till.order(placed).state is OrderState.REFUNDED


def test_an_order_is_called_off_while_a_part_goes_back(till: Till, observer: psycopg.Connection) -> None:
    """All that is left goes back, and not nothing because it was thought to be more."""
    placed = till.paid(lines={"36": 1})
    given_back_elsewhere(till, placed, 900)
    (part,) = calls(till)
    with just_after("FROM payment_attempt", part, observer):
        write_again(
            till.storage, lambda uow: till.selling.orders.cancel(uow, placed.order.id, placed.order.customer_id)
        )
    till.selling.paying.tick()
    assert gone(till, placed) == [-900, -7000]
    assert till.order(placed).state is OrderState.REFUNDED


def test_an_order_is_called_off_while_somebody_prepares_it(till: Till, observer: psycopg.Connection) -> None:
    """Whoever hears that it has changed has not asked its money back."""
    placed = till.paid(lines={"36": 1})

    def move(to_state: OrderState) -> object:
        return till.storage.write(
            lambda uow: till.selling.orders.advance(uow, placed.order.id, to_state, actor="staff:nadia")
        )

    with just_after("SET refunding_minor", lambda: move(OrderState.PREPARING), observer):
        answer = move(OrderState.CANCELLED)
    assert answer == Refused(NotAdvanced.CHANGED)
    assert (till.order(placed).state, till.refunds(placed)) == (OrderState.PREPARING, [])
    assert gone(till, placed) == []


def test_a_refund_is_sent_while_a_dispute_is_lost(till: Till, observer: psycopg.Connection) -> None:
    """It had waited when the bank's word was read, and cannot be stopped any more: what is left is lost."""
    placed = till.paid(lines={"36": 1})
    till.storage.write(lambda uow: till.selling.refunding.ask(uow, placed.order.id, 3000, RefundReason.GOODWILL))
    (refund,), now = till.refunds(placed), till.clock.now()
    till.fake.control.dispute(till.attempt(placed.attempt.id).session_ref, DisputeState.LOST)
    (lost,) = calls(till)

    def send() -> object:
        return till.storage.write(
            lambda uow: uow.payments.move_refund(refund, RefundState.SENDING, next_try_at=now, count_try=True)
        )

    with just_after("FROM refund", send, observer):
        lost()
    till.selling.paying.tick()
    assert gone(till, placed) == [-4900, -3000]
    assert till.order(placed).state is OrderState.REFUNDED


def paid_twice(till: Till) -> Placed:
    """And the provider would not give the second payment back."""
    placed = till.paid(lines={"36": 1}, email="lea+no-refund@example.org")
    settle(till, report(till, placed, payment_ref="another"))
    till.selling.paying.tick()
    assert [attempt.refundable_minor for attempt in till.attempts(placed)] == [7900, 7900]
    return placed


def test_a_part_is_asked_back_while_somebody_asks_for_another(till: Till, observer: psycopg.Connection) -> None:
    """There is enough for both, in two payments."""
    placed = paid_twice(till)

    def ask(minor: int | None) -> list[int]:
        asked = till.storage.write(
            lambda uow: till.selling.refunding.ask(uow, placed.order.id, minor, RefundReason.GOODWILL)
        )
        assert isinstance(asked, list), asked
        return [refund.amount.minor for refund in asked]

    with just_after("FROM payment_attempt", lambda: ask(100), observer):
        assert sum(ask(7900)) == 7900
    assert sum(ask(None)) == 2 * 7900 - 8000
    assert till.wrong() == []


def test_a_part_goes_back_while_a_shopper_withdraws(till: Till, observer: psycopg.Connection) -> None:
    """The receipt promises what is left by then, and that is asked back."""
    placed = till.paid(lines={"36": 1})
    till.clock.advance(timedelta(days=1))
    times = ExchangeTimes(store=timedelta(days=7), parcel=timedelta(days=21))
    returns = Returns(till.storage, till.clock, till.ids, ReturnRules(), times, {"pay_in_store"})
    withdrawing = Withdrawing(till.clock, till.ids, returns, till.selling.refunding, shop_name="Vitrine")

    def ask() -> object:
        return till.storage.write(
            lambda uow: till.selling.refunding.ask(uow, placed.order.id, 900, RefundReason.GOODWILL)
        )

    def withdraw(uow: UnitOfWork) -> ReturnRequest:
        done = withdrawing.withdraw(
            uow, placed.order.id, placed.order.customer_id, name="Léa", contact=LEA, channel="Telegram", language="fr",
            seen=0,
        )  # fmt: skip
        assert isinstance(done, ReturnRequest), done
        return done

    with just_after("INTO return_request", ask, observer):
        promised = till.storage.write(withdraw).refund_minor
    asked = {refund.reason: refund.amount.minor for refund in till.refunds(placed)}
    assert asked[RefundReason.WITHDRAWAL] == promised
    assert till.wrong() == []
