"""Payments, refunds, promotions, returns and staff's work on both databases: each takes effect once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from commerce.domain.money import Money
from commerce.domain.order import Order, OrderEvent, OrderState
from commerce.domain.payment import (
    CallbackKind,
    LedgerEntry,
    LedgerKind,
    PaymentAttempt,
    PaymentCallback,
    PaymentState,
    RefundState,
)
from commerce.domain.promotion import Promotion, PromotionKind
from commerce.domain.returns import ReturnKind, ReturnLine, ReturnReason, ReturnRequest, ReturnState, ReturnWay
from commerce.domain.staff import PauseMethod, StaffTask, StorePause, TaskKind
from commerce.errors import IllegalMove, StaleVersion
from commerce.ports import Storage
from tests.contracts.selling_values import (
    HOUR,
    LEA_PERSON,
    SAM_PERSON,
    a_refund,
    an_attempt,
    an_order,
    put_order,
    put_people,
)
from tests.contracts.storage_values import LEA, NOW, SAM, euros, put_stock


@pytest.fixture
def variants(storage: Storage) -> list[int]:
    put_people(storage)
    return put_stock(storage, {"36": 5, "38": 5}, ("bellecour", "annecy"))


@pytest.fixture
def order(storage: Storage, variants: list[int]) -> Order:
    return put_order(storage, variants)


# --- attempts -------------------------------------------------------------------------------------------------------


@pytest.fixture
def attempt(storage: Storage, order: Order) -> PaymentAttempt:
    new = an_attempt(order)
    storage.write(lambda uow: uow.payments.add(new))
    return new


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


# --- providers' calls -----------------------------------------------------------------------------------------------


def test_a_call_takes_effect_once(storage: Storage) -> None:
    call = PaymentCallback("stripe", "evt_1", CallbackKind.PAYMENT, NOW, body=b'{"\xc3\xa9": 1}')

    def accept(_: int) -> int | None:
        return storage.write(lambda uow: uow.payments.accept(call, NOW))

    with ThreadPoolExecutor(8) as pool:
        first, *more = [row_id for row_id in pool.map(accept, range(8)) if row_id is not None]
    assert more == []
    second = storage.write(lambda uow: uow.payments.accept(replace(call, provider="square"), NOW))
    assert second is not None
    with storage.read() as uow:
        assert uow.payments.next_callbacks(NOW, 9) == [
            (first, "stripe", call.body, 0),
            (second, "square", call.body, 0),
        ]
        assert uow.payments.next_callbacks(NOW, 1) == [(first, "stripe", call.body, 0)]
    storage.write(lambda uow: uow.payments.callback_failed(first, "busy", NOW + HOUR))
    storage.write(lambda uow: uow.payments.callback_failed(second, "not readable", None))
    with storage.read() as uow:
        assert uow.payments.next_callbacks(NOW, 9) == []
        assert uow.payments.next_callbacks(NOW + HOUR, 9) == [(first, "stripe", call.body, 1)]
        (letter,) = uow.payments.dead_calls(9)
        assert (letter.box, letter.id, letter.lane, letter.error) == ("call", second, "square", "not readable")
    assert not storage.write(lambda uow: uow.payments.replay_call(first, NOW))
    assert storage.write(lambda uow: uow.payments.replay_call(second, NOW))
    assert not storage.write(lambda uow: uow.payments.replay_call(second, NOW))
    with storage.read() as uow:
        assert uow.payments.dead_calls(9) == []
        assert uow.payments.next_callbacks(NOW, 9) == [(second, "square", call.body, 0)]
    storage.write(lambda uow: uow.payments.callback_failed(second, "not readable", None))

    def done(_: int) -> bool:
        return storage.write(lambda uow: uow.payments.callback_done(first))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(done, range(8))) == 1
    assert not storage.write(lambda uow: uow.payments.callback_done(second))
    with storage.read() as uow:
        assert uow.payments.next_callbacks(NOW + 9 * HOUR, 9) == []


def test_calls_of_long_ago_are_deleted_when_they_took_effect_and_no_others(storage: Storage) -> None:
    def accept(event_id: str, at: datetime) -> int:
        call = PaymentCallback("stripe", event_id, CallbackKind.PAYMENT, at, body=b"{}")
        row_id = storage.write(lambda uow: uow.payments.accept(call, at))
        assert row_id is not None
        return row_id

    waiting, dead, *done = [accept(f"evt_{n}", NOW) for n in range(5)]
    young = accept("evt_young", NOW + HOUR)
    storage.write(lambda uow: uow.payments.callback_failed(dead, "not readable", None))
    for row_id in (*done, young):
        assert storage.write(lambda uow, row_id=row_id: uow.payments.callback_done(row_id))
    with storage.read() as uow:
        assert uow.payments.calls_before(NOW, 9) == done
        assert uow.payments.calls_before(NOW, 2) == done[:2]
        assert uow.payments.calls_before(NOW + HOUR, 9) == [*done, young]
    assert storage.write(lambda uow: uow.payments.delete_calls([waiting, dead, *done])) == len(done)
    assert storage.write(lambda uow: uow.payments.delete_calls(done)) == 0
    with storage.read() as uow:
        assert uow.payments.next_callbacks(NOW, 9) == [(waiting, "stripe", b"{}", 0)]
        assert [letter.id for letter in uow.payments.dead_calls(9)] == [dead]
        assert uow.payments.calls_before(NOW + HOUR, 9) == [young]


# --- promotions -----------------------------------------------------------------------------------------------------

MARS = Promotion(
    "MARS10", PromotionKind.PERCENT, 1000, "EUR", min_subtotal_minor=5000, starts_at=NOW, ends_at=NOW + HOUR, max_uses=3
)


def test_a_promotion_keeps_its_uses(storage: Storage, order: Order) -> None:
    free = Promotion("LIVRAISON", PromotionKind.FREE_DELIVERY, 0, "EUR", once_per_customer=True, active=False)
    for new in (MARS, free):
        storage.write(lambda uow, new=new: uow.promotions.put(new))
    with storage.read() as uow:
        assert uow.promotions.get("MARS10") == MARS
        assert uow.promotions.get("AVRIL") is None
        assert uow.promotions.all() == [free, MARS]
    assert storage.write(lambda uow: uow.promotions.use("MARS10", "o1", LEA_PERSON.id, once_per_customer=False))
    changed = replace(MARS, value=1500, starts_at=None, max_uses=2, uses=99)
    storage.write(lambda uow: uow.promotions.put(changed))
    with storage.read() as uow:
        assert uow.promotions.get("MARS10") == replace(changed, uses=1)


def test_a_promotion_whose_limit_falls_below_its_uses_is_used_up(storage: Storage, variants: list[int]) -> None:
    storage.write(lambda uow: uow.promotions.put(MARS))
    for n in range(2):
        put_order(storage, variants, f"o{n}")
        storage.write(lambda uow, n=n: uow.promotions.use("MARS10", f"o{n}", LEA_PERSON.id, once_per_customer=False))
    storage.write(lambda uow: uow.promotions.put(replace(MARS, max_uses=1)))
    with storage.read() as uow:
        assert uow.promotions.get("MARS10") == replace(MARS, max_uses=2, uses=2)


def test_a_promotion_is_not_used_more_often_than_it_may(storage: Storage, variants: list[int]) -> None:
    storage.write(lambda uow: uow.promotions.put(MARS))
    for n in range(8):
        put_order(storage, variants, f"o{n}")

    def use(n: int) -> bool:
        return storage.write(lambda uow: uow.promotions.use("MARS10", f"o{n}", f"person {n}", once_per_customer=True))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(8))) == 3
    with storage.read() as uow:
        assert uow.promotions.get("MARS10") == replace(MARS, uses=3)
        used = [n for n in range(8) if uow.promotions.used_by("MARS10", f"person {n}")]
    assert len(used) == 3
    for _ in range(2):  # twice: the second time there is nothing to give back
        storage.write(lambda uow: uow.promotions.give_back(f"o{used[0]}"))
    with storage.read() as uow:
        assert uow.promotions.get("MARS10") == replace(MARS, uses=2)
        assert not uow.promotions.used_by("MARS10", f"person {used[0]}")
    assert not storage.write(lambda uow: uow.promotions.use("AVRIL", "o1", "somebody", once_per_customer=False))


def test_one_customer_uses_it_once_from_many_doors(storage: Storage, variants: list[int]) -> None:
    storage.write(lambda uow: uow.promotions.put(replace(MARS, max_uses=0, once_per_customer=True)))
    for n in range(8):
        put_order(storage, variants, f"o{n}")

    def use(n: int) -> bool:
        return storage.write(lambda uow: uow.promotions.use("MARS10", f"o{n}", LEA_PERSON.id, once_per_customer=True))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(8))) == 1
    with storage.read() as uow:
        found = uow.promotions.get("MARS10")
    assert found is not None
    assert found.uses == 1


# --- returns --------------------------------------------------------------------------------------------------------


def a_return(return_id: str = "b1", **changes: object) -> ReturnRequest:
    request = ReturnRequest(
        id=return_id,
        order_id="o1",
        customer_id=LEA_PERSON.id,
        kind=ReturnKind.EXCHANGE,
        state=ReturnState.REQUESTED,
        reason=ReturnReason.TOO_SMALL,
        way=ReturnWay.STORE,
        code="QRS-567",
        lines=(ReturnLine(0, 1), ReturnLine(1, 1)),
        created_at=NOW,
        note="trop petit",
        photo_key="a.jpg",
        store_id="bellecour",
        new_variant_id=7,
        hold_id="h9",
        refund_minor=6900,
        currency="EUR",
        due_at=NOW + 14 * 24 * HOUR,
        receipt="Rétractation reçue le …",
        receipt_channel="email",
    )
    return replace(request, **changes)  # type: ignore[arg-type]


def test_returns_come_back_as_they_were_asked_for(storage: Storage, order: Order) -> None:
    first = a_return()
    second = a_return(
        "b2", created_at=NOW + HOUR, due_at=None, store_id="", lines=(ReturnLine(0, 1, resellable=False),)
    )
    for new in (first, second):
        storage.write(lambda uow, new=new: uow.returns.add(new))
    with storage.read() as uow:
        assert uow.returns.get("b1") == first
        assert uow.returns.get("b3") is None
        assert uow.returns.of_order("o1") == [first, second]
        assert uow.returns.of_customer(LEA_PERSON.id) == [second, first]
        assert uow.returns.of_customer(SAM_PERSON.id) == []
        assert uow.returns.find() == [first, second]
        assert uow.returns.find(limit=1) == [first]
        assert uow.returns.find(state=ReturnState.REQUESTED, store_id="bellecour") == [first]
        assert uow.returns.find(state=ReturnState.SETTLED) == []


def test_a_return_moves_once_a_version_and_by_the_table(storage: Storage, order: Order) -> None:
    request = a_return()
    storage.write(lambda uow: uow.returns.add(request))
    with pytest.raises(IllegalMove):
        storage.write(lambda uow: uow.returns.move(request, ReturnState.SETTLED))
    judged = replace(
        request, lines=(ReturnLine(0, 1, resellable=True), ReturnLine(1, 1, resellable=False)), refund_minor=100,
        hold_id="", receipt="neu",
    )  # fmt: skip

    def receive(_: int) -> bool:
        try:
            storage.write(lambda uow: uow.returns.move(judged, ReturnState.RECEIVED))
        except StaleVersion:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(receive, range(8))) == 1
    with storage.read() as uow:
        stored = uow.returns.get("b1")
    assert stored == replace(judged, state=ReturnState.RECEIVED, version=2)
    with pytest.raises(StaleVersion):  # nor when the caller invents the state that it saw
        storage.write(lambda uow: uow.returns.move(replace(stored, state=ReturnState.REQUESTED), ReturnState.CANCELLED))


# --- staff's work, and pauses ---------------------------------------------------------------------------------------


def a_task(task_id: str, subject: str = "o1", **changes: object) -> StaffTask:
    task = StaffTask(task_id, TaskKind.REFUND, subject, '{"minor":500}', "bellecour", NOW, NOW + HOUR)
    return replace(task, **changes)  # type: ignore[arg-type]


def test_a_task_is_open_once(storage: Storage) -> None:
    def put(n: int) -> bool:
        return storage.write(lambda uow: uow.tasks.raise_task(a_task(f"t{n}")))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(put, range(8))) == 1

    def done(_: int) -> bool:
        return storage.write(lambda uow: uow.tasks.done(TaskKind.REFUND, "o1", NOW))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(done, range(8))) == 1
    assert put(9)  # the same trouble again is a new task
    with storage.read() as uow:
        assert uow.tasks.open() == [a_task("t9")]


def test_tasks_with_a_deadline_come_first(storage: Storage) -> None:
    some = [
        a_task("t1", "1", due_at=None, created_at=NOW + HOUR),
        a_task("t2", "2", due_at=None),
        a_task("t3", "3", due_at=NOW + 2 * HOUR, store_id="annecy"),
        a_task("t4", "4", due_at=NOW, kind=TaskKind.RETURN),
    ]
    for task in some:
        storage.write(lambda uow, task=task: uow.tasks.raise_task(task))
    with storage.read() as uow:
        assert [task.id for task in uow.tasks.open()] == ["t4", "t3", "t2", "t1"]
        assert [task.id for task in uow.tasks.open(limit=1)] == ["t4"]
        assert uow.tasks.open(kind=TaskKind.RETURN) == [some[3]]
        assert uow.tasks.open(kind=TaskKind.REFUND, store_id="annecy") == [some[2]]


def test_a_store_pauses_until_its_time_or_until_somebody_ends_it(storage: Storage, variants: list[int]) -> None:
    pause = StorePause("bellecour", NOW + HOUR, "inventaire", "staff:1")
    storage.write(lambda uow: uow.pauses.put(replace(pause, reason="?")))
    storage.write(lambda uow: uow.pauses.put(pause))
    with storage.read() as uow:
        assert uow.pauses.get("bellecour", NOW + HOUR - timedelta(microseconds=1)) == pause
        assert uow.pauses.get("bellecour", NOW + HOUR) is None
        assert uow.pauses.get("annecy", NOW) is None
    assert storage.write(lambda uow: uow.pauses.end("bellecour"))
    assert not storage.write(lambda uow: uow.pauses.end("bellecour"))
    assert not storage.write(lambda uow: uow.pauses.end("annecy"))
    with storage.read() as uow:
        assert uow.pauses.get("bellecour", NOW) is None
    assert storage.write(lambda uow: uow.pauses.over(NOW)) == [("bellecour", [])]


def test_a_store_pauses_by_method(storage: Storage, variants: list[int]) -> None:
    reserve = StorePause("bellecour", NOW + HOUR, "", "staff:1", PauseMethod.RESERVE)
    whole = StorePause("bellecour", NOW + 2 * HOUR, "", "staff:1")

    def of(method: PauseMethod, at: datetime = NOW) -> StorePause | None:
        with storage.read() as uow:
            return uow.pauses.get("bellecour", at, method)

    storage.write(lambda uow: uow.pauses.put(reserve))
    assert [of(method) for method in PauseMethod] == [None, reserve, None]
    storage.write(lambda uow: uow.pauses.put(whole))
    assert {of(method) for method in PauseMethod} == {whole}, "the longer one"
    storage.write(lambda uow: uow.pauses.wait("bellecour", LEA))
    assert storage.write(lambda uow: uow.pauses.over(NOW + HOUR)) == [("bellecour", [])], "it still takes no orders"
    assert storage.write(lambda uow: uow.pauses.end("bellecour"))
    assert storage.write(lambda uow: uow.pauses.over(NOW + HOUR)) == [("bellecour", [LEA])]

    storage.write(lambda uow: uow.pauses.put(reserve))
    assert not storage.write(lambda uow: uow.pauses.end("bellecour"))
    assert storage.write(lambda uow: uow.pauses.end("bellecour", PauseMethod.RESERVE))
    assert of(PauseMethod.RESERVE) is None


def test_who_waits_for_a_store_is_told_once(storage: Storage, variants: list[int]) -> None:
    for store_id, hours in (("bellecour", 1), ("annecy", 2)):
        pause = StorePause(store_id, NOW + hours * HOUR, "", "staff:1")
        storage.write(lambda uow, pause=pause: uow.pauses.put(pause))
    for store_id, contact in (("bellecour", SAM), ("bellecour", LEA), ("bellecour", LEA), ("annecy", LEA)):
        storage.write(lambda uow, s=store_id, c=contact: uow.pauses.wait(s, c))
    assert storage.write(lambda uow: uow.pauses.over(NOW)) == []

    def over(_: int) -> list[object]:
        return list(storage.write(lambda uow: uow.pauses.over(NOW + HOUR)))

    with ThreadPoolExecutor(4) as pool:
        assert [told for answer in pool.map(over, range(4)) for told in answer] == [("bellecour", [LEA, SAM])]
    # Whoever came in the very moment in which the pause ended is not forgotten.
    storage.write(lambda uow: uow.pauses.wait("bellecour", SAM))
    assert storage.write(lambda uow: uow.pauses.over(NOW + HOUR)) == [("bellecour", [SAM])]
    assert storage.write(lambda uow: uow.pauses.over(NOW + 2 * HOUR)) == [("annecy", [LEA])]
    assert storage.write(lambda uow: uow.pauses.over(NOW + 9 * HOUR)) == []


def test_an_order_and_its_promotion_end_together(storage: Storage, order: Order) -> None:
    """The whole of an expiry in one transaction, undone as a whole."""
    storage.write(lambda uow: uow.promotions.put(MARS))
    storage.write(lambda uow: uow.promotions.use("MARS10", "o1", LEA_PERSON.id, once_per_customer=True))
    event = OrderEvent(NOW, OrderState.PENDING_PAYMENT, OrderState.EXPIRED, "clock")

    def expire(fails: bool) -> None:
        def work(uow: object) -> None:
            uow.promotions.give_back("o1")  # type: ignore[attr-defined]
            uow.orders.move(order, OrderState.EXPIRED, event)  # type: ignore[attr-defined]
            if fails:
                raise RuntimeError("no")

        storage.write(work)

    with pytest.raises(RuntimeError):
        expire(True)
    with storage.read() as uow:
        assert uow.promotions.used_by("MARS10", LEA_PERSON.id)
        assert uow.orders.get("o1") == order
    expire(False)
    with storage.read() as uow:
        assert not uow.promotions.used_by("MARS10", LEA_PERSON.id)


def test_an_order_of_unknown_variants_is_not_stored(storage: Storage, variants: list[int]) -> None:
    with pytest.raises(IntegrityError):
        put_order(storage, [999])
    with storage.read() as uow:
        assert uow.orders.get("o1") is None
    assert put_order(storage, variants, order=an_order(variants)).id == "o1"
