"""Attempts, money that moved and refunds, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from commerce.domain.money import Money
from commerce.domain.order import Order
from commerce.domain.payment import (
    LedgerEntry,
    LedgerKind,
    PaymentAttempt,
    PaymentState,
    RefundState,
)
from commerce.errors import IllegalMove, StaleVersion
from commerce.ports import Storage, UnitOfWork
from tests.contracts.selling_values import HOUR, a_refund, an_attempt
from tests.contracts.storage_values import NOW, euros

# --- attempts -------------------------------------------------------------------------------------------------------


def captured(storage: Storage, attempt: PaymentAttempt) -> PaymentAttempt:
    return storage.write(
        lambda uow: uow.payments.update(
            replace(attempt, state=PaymentState.CAPTURED, captured_minor=attempt.amount.minor, payment_ref="pi_1")
        )
    )


def test_an_attempt_comes_back_as_it_was_stored(storage: Storage, order: Order, attempt: PaymentAttempt) -> None:
    second = replace(
        an_attempt(order, "a2"), created_at=NOW + HOUR, session_ref="cs_2", payment_ref="pi_2", url="https://x/2",
        state=PaymentState.CAPTURED, captured_minor=500, refunding_minor=300, refunded_minor=100, tries=3,
        next_check_at=None,
    )  # fmt: skip
    storage.write(lambda uow: uow.payments.add(second))
    with storage.read() as uow:
        assert uow.payments.get("a1") == attempt
        assert uow.payments.get("a3") is None
        assert uow.payments.of_order("o1") == [attempt, second]
        assert uow.payments.by_reference("stripe", "cs_2") == second
        assert uow.payments.by_reference("stripe", "pi_2") == second
        assert uow.payments.by_reference("square", "pi_2") is None
        assert uow.payments.by_reference("stripe", "") is None  # the first has no reference yet
        assert uow.payments.changed_since("stripe", NOW + HOUR) == [second]
        assert uow.payments.changed_since("stripe", NOW) == [attempt, second]
        assert uow.payments.changed_since("square", NOW) == []


def test_one_idempotency_key_is_one_attempt(storage: Storage, order: Order, attempt: PaymentAttempt) -> None:
    with pytest.raises(IntegrityError):
        storage.write(lambda uow: uow.payments.add(replace(attempt, id="a2")))


def test_an_attempt_moves_once_a_version_and_by_the_table(storage: Storage, attempt: PaymentAttempt) -> None:
    waiting = replace(
        attempt, state=PaymentState.REQUIRES_ACTION, session_ref="cs_1", url="https://x/1", tries=1,
        expires_at=NOW + 2 * HOUR, next_check_at=NOW + HOUR,
    )  # fmt: skip
    stored = storage.write(lambda uow: uow.payments.update(waiting))
    assert stored == replace(waiting, version=2)
    with storage.read() as uow:
        assert uow.payments.get("a1") == stored
    with pytest.raises(StaleVersion):
        storage.write(lambda uow: uow.payments.update(waiting))
    paid = captured(storage, stored)
    with pytest.raises(IllegalMove):
        storage.write(lambda uow: uow.payments.update(replace(paid, state=PaymentState.FAILED)))
    with pytest.raises(StaleVersion):
        storage.write(lambda uow: uow.payments.update(replace(paid, id="nobody's")))
    with storage.read() as uow:
        assert uow.payments.get("a1") == paid


def test_of_many_that_report_one_payment_one_writes_it(storage: Storage, attempt: PaymentAttempt) -> None:
    def report(_: int) -> bool:
        try:
            captured(storage, attempt)
        except StaleVersion:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(report, range(16))) == 1


def test_whoever_locks_attempts_meets_nobody_else(storage: Storage, order: Order, attempt: PaymentAttempt) -> None:
    def count(n: int) -> None:
        def work(uow: UnitOfWork) -> None:
            found = uow.payments.get("a1", locked=True) if n % 2 else uow.payments.of_order(order.id, locked=True)[0]
            assert found is not None
            uow.payments.update(replace(found, tries=found.tries + 1))

        storage.write(work)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(16)))
    with storage.read() as uow:
        assert uow.payments.get("a1") == replace(attempt, tries=attempt.tries + 16, version=attempt.version + 16)


def test_attempts_are_due_when_their_time_has_come(storage: Storage, order: Order, attempt: PaymentAttempt) -> None:
    later = replace(an_attempt(order, "a2"), next_check_at=NOW + HOUR)
    never = replace(an_attempt(order, "a3"), next_check_at=None)
    for new in (later, never):
        storage.write(lambda uow, new=new: uow.payments.add(new))
    with storage.read() as uow:
        assert uow.payments.due(NOW, 9) == []
        assert uow.payments.due(NOW + HOUR, 9) == [attempt, later]
        assert uow.payments.due(NOW + HOUR, 1) == [attempt]


def test_money_is_entered_once(storage: Storage, attempt: PaymentAttempt) -> None:
    entry = LedgerEntry("a1", LedgerKind.CAPTURE, euros(14790), "stripe", "pi_1", NOW)
    back = replace(entry, kind=LedgerKind.REFUND, amount=Money(-500, "EUR"), at=NOW + HOUR)

    def enter(_: int) -> bool:
        return storage.write(lambda uow: uow.payments.enter(entry))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(enter, range(8))) == 1
    assert storage.write(lambda uow: uow.payments.enter(back))
    assert storage.write(lambda uow: uow.payments.enter(replace(entry, provider="square")))
    with storage.read() as uow:
        assert uow.payments.ledger("a1") == [entry, back, replace(entry, provider="square")]
        assert uow.payments.ledger("a2") == []


# --- refunds --------------------------------------------------------------------------------------------------------


def test_no_more_is_asked_back_than_was_captured(storage: Storage, attempt: PaymentAttempt) -> None:
    assert not storage.write(lambda uow: uow.payments.reserve_refund("a1", 1))
    paid = captured(storage, attempt)
    third = paid.captured_minor // 3

    def reserve(_: int) -> bool:
        return storage.write(lambda uow: uow.payments.reserve_refund("a1", third))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(reserve, range(8))) == 3
    storage.write(lambda uow: uow.payments.confirm_refund("a1", third))
    storage.write(lambda uow: uow.payments.release_refund("a1", third))
    with storage.read() as uow:
        now = uow.payments.get("a1")
    assert now == replace(paid, refunding_minor=2 * third, refunded_minor=third)
    assert reserve(0)
    assert not reserve(0)


def test_an_attempt_that_is_written_keeps_what_is_being_refunded(storage: Storage, attempt: PaymentAttempt) -> None:
    paid = captured(storage, attempt)
    storage.write(lambda uow: uow.payments.reserve_refund("a1", 500))
    storage.write(lambda uow: uow.payments.update(replace(paid, next_check_at=None)))
    with storage.read() as uow:
        now = uow.payments.get("a1")
    assert now is not None
    assert (now.refunding_minor, now.version) == (500, paid.version + 1)


def test_what_nobody_asked_back_is_neither_confirmed_nor_released(storage: Storage, attempt: PaymentAttempt) -> None:
    captured(storage, attempt)
    storage.write(lambda uow: uow.payments.reserve_refund("a1", 500))
    storage.write(lambda uow: uow.payments.confirm_refund("a1", 300))
    with pytest.raises(ValueError, match="201 were not"):
        storage.write(lambda uow: uow.payments.confirm_refund("a1", 201))
    with pytest.raises(ValueError, match="201 were not"):
        storage.write(lambda uow: uow.payments.release_refund("a1", 201))
    with pytest.raises(ValueError, match="-5 cannot"):
        storage.write(lambda uow: uow.payments.reserve_refund("a1", -5))


def test_a_refund_moves_once(storage: Storage, order: Order, attempt: PaymentAttempt) -> None:
    refund = a_refund(order)
    other = replace(a_refund(order, "r2"), due_at=None, created_at=NOW + HOUR, next_try_at=NOW + HOUR)
    for new in (refund, other):
        storage.write(lambda uow, new=new: uow.payments.add_refund(new))
    with storage.read() as uow:
        assert uow.payments.refund("r1") == refund
        assert uow.payments.refund("r3") is None
        assert uow.payments.refunds_of("o1") == [refund, other]

    def send(_: int) -> bool:
        return storage.write(
            lambda uow: uow.payments.move_refund(
                refund, RefundState.SENDING, next_try_at=NOW + 2 * HOUR, count_try=True
            )
        )

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(send, range(8))) == 1
    sending = replace(refund, state=RefundState.SENDING, tries=1, next_try_at=NOW + 2 * HOUR)
    # Whoever still believes in the first try of the same state is too late as well.
    assert not storage.write(
        lambda uow: uow.payments.move_refund(replace(sending, tries=0), RefundState.DONE, provider_ref="re_1")
    )
    with storage.read() as uow:
        assert uow.payments.refund("r1") == sending
        assert uow.payments.refunds_due(NOW, 9) == []
        assert uow.payments.refunds_due(NOW + HOUR, 9) == [other]
        assert uow.payments.refunds_due(NOW + 2 * HOUR, 9) == [other, sending]  # the process may have died
        assert uow.payments.refunds_due(NOW + 2 * HOUR, 1) == [other]
    assert storage.write(lambda uow: uow.payments.move_refund(sending, RefundState.DONE, provider_ref="re_1", error=""))
    assert storage.write(lambda uow: uow.payments.move_refund(other, RefundState.FAILED, error="x" * 9999))
    with storage.read() as uow:
        assert uow.payments.refund("r1") == replace(sending, state=RefundState.DONE, provider_ref="re_1")
        assert uow.payments.refunds_due(NOW + 9 * HOUR, 9) == []
        failed = uow.payments.refund("r2")
    assert failed is not None
    assert len(failed.error) == 2000
