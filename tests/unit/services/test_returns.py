"""Returns and exchanges: what is held, what comes back to the shelf, what money moves; on both databases."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from commerce.domain.handing_over import HandOverRefused, NotHandedOver
from commerce.domain.order import OrderState
from commerce.domain.payment import RefundReason
from commerce.domain.reservation import Refused
from commerce.domain.returns import NotReturned, ReturnKind, ReturnRequest, ReturnState, ReturnWay
from commerce.domain.staff import TaskKind
from commerce.domain.stock import HoldState, MovementReason
from commerce.storage.audit_queries import holds_against_exchanges, stock_against_holds, stock_against_movements
from tests.unit.services.conftest import SAM
from tests.unit.services.selling import AT_COUNTER, Selling

EXCHANGE = ReturnKind.EXCHANGE
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def sound_stock(selling: Selling):
    """Whatever a test does, the shelves add up."""
    yield
    with selling.storage.read() as uow:
        assert not stock_against_holds(uow)
        assert not stock_against_movements(uow)
        assert not holds_against_exchanges(uow)


def notices(selling: Selling) -> list[tuple[str, dict]]:
    """What is said to whom it may concern, in order; said once."""
    found = []

    def next_one(uow):
        for lane in uow.outbox.waiting_lanes(selling.clock.now(), 100):
            row = uow.outbox.next_in(lane, selling.clock.now())
            if row is not None:
                uow.outbox.sent(row.id, "", selling.clock.now())
                return row
        return None

    while (row := selling.storage.write(next_one)) is not None:
        found.append((row.message.kind, json.loads(row.message.body)))
    return found


# --- exchanges


def test_the_new_size_is_held_first_and_handed_over_for_the_old_one(selling: Selling):
    order = selling.bought(("38", 1))
    assert selling.on_hand("38") == 0
    held = selling.ask(order, EXCHANGE, size="36", store_id="S2")
    assert isinstance(held, ReturnRequest)
    assert (held.state, held.refund_minor) == (ReturnState.REQUESTED, 0)
    assert selling.small.available("36", "S2") == 3
    done = selling.receive(held, store_id="S2")
    assert done.state is ReturnState.SETTLED
    assert done.lines[0].resellable is True
    assert (selling.on_hand("36", "S2"), selling.on_hand("38", "S2")) == (3, 2)
    with selling.storage.read() as uow:
        assert uow.stock.hold(held.hold_id).state is HoldState.CONSUMED
        assert uow.tasks.open() == []
    assert selling.refunds(order) == []
    assert selling.order(order).lines[0].returned == 0, "what was exchanged is still theirs"


def test_a_second_scan_changes_nothing(selling: Selling):
    held = selling.ask(selling.bought(("38", 1)), EXCHANGE, size="36", store_id="S2")
    selling.receive(held, store_id="S2")
    assert selling.receive(held, store_id="S2") == HandOverRefused(NotHandedOver.ALREADY)
    assert (selling.on_hand("36", "S2"), selling.on_hand("38", "S2")) == (3, 2)


def test_what_cannot_be_sold_again_is_on_no_shelf(selling: Selling):
    held = selling.ask(selling.bought(("38", 1)), EXCHANGE, size="36")
    done = selling.receive(held, resellable=False)
    assert (done.state, done.lines[0].resellable) == (ReturnState.SETTLED, False)
    assert (selling.on_hand("36"), selling.on_hand("38")) == (3, 0)


def test_a_size_that_is_sold_out_is_not_promised(selling: Selling):
    order = selling.bought(("38", 1))
    assert selling.ask(order, EXCHANGE, size="40") == Refused(NotReturned.SOLD_OUT)
    with selling.storage.read() as uow:
        assert uow.returns.of_order(order.id) == []
        assert uow.tasks.open() == []


def test_the_last_one_is_held_for_one_person(selling: Selling):
    orders = [selling.bought(("36", 1)), selling.bought(("36", 1), contact=SAM)]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda order: selling.ask(order, EXCHANGE, size="38"), orders))
    assert sum(isinstance(each, ReturnRequest) for each in found) == 1
    assert Refused(NotReturned.SOLD_OUT) in found
    assert selling.small.available("38") == 0


def test_two_taps_hold_one(selling: Selling):
    order = selling.bought(("38", 1))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: selling.ask(order, EXCHANGE, size="36"), range(4)))
    assert sum(isinstance(each, ReturnRequest) for each in found) == 1
    assert found.count(Refused(NotReturned.ALREADY)) == 3
    assert selling.small.available("36") == 3


@pytest.mark.parametrize(("now_36", "now_38"), [(7900, 7900), (6900, 6900), (8900, 8900)])
def test_another_size_is_even_whatever_the_price_did(selling: Selling, now_36, now_38):
    order = selling.bought(("38", 1))
    selling.reprice("36", now_36)
    selling.reprice("38", now_38)
    assert selling.ask(order, EXCHANGE, size="36").refund_minor == 0


def test_a_cheaper_one_gives_the_difference_back(selling: Selling):
    order = selling.bought(("38", 1))
    selling.reprice("36", 6900)
    selling.receive(selling.ask(order, EXCHANGE, size="36"))
    (refund,) = selling.refunds(order)
    assert (refund.amount.minor, refund.reason) == (1000, RefundReason.RETURN)


def test_a_dearer_one_is_handed_over_when_the_difference_is_paid(selling: Selling):
    order = selling.bought(("38", 1))
    selling.reprice("36", 8400)
    assert selling.ask(order, EXCHANGE, size="36", way=ReturnWay.PARCEL) == Refused(NotReturned.DEARER)
    held = selling.ask(order, EXCHANGE, size="36")
    assert held.refund_minor == -500
    assert selling.receive(held) == HandOverRefused(NotHandedOver.NOT_PAID, due_minor=500)
    assert selling.request_now(held).state is ReturnState.REQUESTED
    assert selling.receive(held, difference_paid=True).state is ReturnState.SETTLED
    assert selling.refunds(order) == []


def test_after_an_exchange_the_new_one_is_what_comes_back(selling: Selling):
    order = selling.bought(("38", 1))
    selling.reprice("36", 6900)
    selling.receive(selling.ask(order, EXCHANGE, size="36"))
    back = selling.ask(order)
    assert back.refund_minor == 6900, "the difference went back before"
    selling.receive(back, store_id="S2")
    assert (selling.on_hand("36", "S2"), selling.on_hand("38", "S2")) == (5, 1)
    assert sum(refund.amount.minor for refund in selling.refunds(order)) == 7900


def test_only_the_same_product_is_an_exchange(selling: Selling):
    order = selling.bought(("38", 1))
    assert selling.ask(order, EXCHANGE, size="nothing") == Refused(NotReturned.SOLD_OUT)
    assert selling.ask(order, EXCHANGE, size="36", store_id="WEB") == Refused(NotReturned.NO_STORE)
    assert selling.ask(order, EXCHANGE, size="36", store_id="nowhere") == Refused(NotReturned.NO_STORE)


def test_by_parcel_it_comes_from_where_there_is_one(selling: Selling):
    first = selling.ask(selling.bought(("38", 1)), EXCHANGE, size="36", way=ReturnWay.PARCEL)
    assert first.store_id == "WEB"
    for _ in range(3):
        selling.storage.write(
            lambda uow: uow.stock.adjust(
                selling.small.variants["36"], "WEB", -1, MovementReason.SALE, "", selling.clock.now()
            )
        )
    second = selling.ask(selling.bought(("36", 1)), EXCHANGE, size="36", way=ReturnWay.PARCEL, store_id="S2")
    assert second.store_id == "S2", "the store that was named sends it itself"


def test_by_parcel_the_new_one_is_sent_once_the_old_one_is_back(selling: Selling):
    held = selling.ask(selling.bought(("38", 1)), EXCHANGE, size="36", way=ReturnWay.PARCEL)
    received = selling.receive(held, store_id="WEB")
    assert received.state is ReturnState.RECEIVED
    assert selling.on_hand("36", "WEB") == 4
    with selling.storage.read() as uow:
        (task,) = uow.tasks.open(kind=TaskKind.RETURN)
    assert (task.subject, task.store_id) == (held.id, "WEB")

    def send():
        return selling.storage.write(
            lambda uow: selling.taking_back.hand_over(uow, held.id, code=held.code, by="nadia", store_id="WEB")
        )

    assert send().state is ReturnState.SETTLED
    assert send() == HandOverRefused(NotHandedOver.ALREADY)
    assert selling.on_hand("36", "WEB") == 3
    with selling.storage.read() as uow:
        assert uow.tasks.open() == []


def test_brought_to_another_store_the_new_one_waits_where_it_is(selling: Selling):
    held = selling.ask(selling.bought(("38", 1)), EXCHANGE, size="36", store_id="S2")
    assert selling.receive(held, store_id="S1").state is ReturnState.RECEIVED
    selling.clock.advance(30 * DAY)
    assert selling.returns.expire_due() == 0, "the old one is back: the new one is theirs"
    refused = selling.storage.write(
        lambda uow: selling.taking_back.hand_over(uow, held.id, code=held.code, by="nadia", store_id="S1")
    )
    assert refused == HandOverRefused(NotHandedOver.WRONG_STORE)
    done = selling.storage.write(
        lambda uow: selling.taking_back.hand_over(uow, held.id, code=held.code, by="nadia", store_id="S2", to="Marc")
    )
    assert done.state is ReturnState.SETTLED
    assert selling.on_hand("36", "S2") == 3


def test_nobody_comes_for_it(selling: Selling):
    order = selling.bought(("38", 1))
    held = selling.ask(order, EXCHANGE, size="36")
    # Seven days on it is Tuesday again: until the store closes that evening.
    assert held.due_at.isoformat() == "2026-03-17T19:00:00+01:00"
    selling.clock.set(held.due_at - timedelta(seconds=1))
    assert selling.returns.expire_due() == 0
    selling.clock.set(held.due_at)
    assert selling.returns.expire_due() == 1
    assert selling.returns.expire_due() == 0
    assert selling.small.available("36") == 4
    assert selling.request_now(held).state is ReturnState.CANCELLED
    assert selling.receive(held) == HandOverRefused(NotHandedOver.OVER)
    assert ("exchange_expired", {"return_id": held.id}) in notices(selling)
    assert isinstance(selling.ask(order, EXCHANGE, size="36"), ReturnRequest), "it may be asked for again"


def test_on_the_day_the_store_is_closed_it_waits_for_the_next(selling: Selling):
    selling.clock.advance(DAY)  # Wednesday; a week on, Part-Dieu is closed
    held = selling.ask(selling.bought(("38", 1)), EXCHANGE, size="36", store_id="S2")
    assert held.due_at.isoformat() == "2026-03-19T19:00:00+01:00"


def test_changing_ones_mind_frees_the_new_size(selling: Selling):
    order = selling.bought(("38", 1))
    held = selling.ask(order, EXCHANGE, size="36")

    def cancel(customer_id: str):
        return selling.storage.write(lambda uow: selling.returns.cancel(uow, held.id, customer_id))

    assert cancel(selling.small.customer(SAM)) == Refused(NotReturned.NOT_FOUND)
    assert cancel(order.customer_id).state is ReturnState.CANCELLED
    assert cancel(order.customer_id) == Refused(NotReturned.OVER)
    assert selling.small.available("36") == 4


# --- returns and problems


@pytest.mark.parametrize("kind", [ReturnKind.RETURN, ReturnKind.PROBLEM])
def test_what_comes_back_is_refunded_once(selling: Selling, kind):
    order = selling.bought(("36", 2), ("38", 1), unit_minor=3333)
    back = selling.ask(order, kind, lines={0: 1, 1: 1})
    assert back.refund_minor == 6666
    done = selling.receive(back, resellable={0: True, 1: False})
    assert done.state is ReturnState.SETTLED
    assert [line.resellable for line in done.lines] == [True, False]
    assert (selling.on_hand("36"), selling.on_hand("38")) == (3, 0)
    assert selling.receive(back) == HandOverRefused(NotHandedOver.ALREADY)
    (refund,) = selling.refunds(order)
    assert (refund.amount.minor, refund.reason) == (6666, RefundReason.RETURN)
    assert [line.returned for line in selling.order(order).lines] == [1, 1]
    assert selling.ask(order, lines={1: 1}) == Refused(NotReturned.ALREADY)
    assert selling.ask(order, lines={0: 2}) == Refused(NotReturned.ALREADY)
    assert selling.ask(order, lines={0: 1}).refund_minor == 3333
    assert notices(selling)[0][0] == "order_paid"


def test_paid_at_the_counter_it_is_given_back_there(selling: Selling):
    order = selling.bought(("38", 1), provider=AT_COUNTER)
    selling.receive(selling.ask(order))
    (refund,) = selling.refunds(order)
    with selling.storage.read() as uow:
        (task,) = uow.tasks.open(kind=TaskKind.REFUND)
    assert task.subject == refund.id, "somebody gives it back by hand"


def test_money_that_went_back_before_is_for_a_person(selling: Selling):
    order = selling.bought(("38", 1))
    back = selling.ask(order)
    selling.storage.write(lambda uow: selling.refunding.ask(uow, order.id, 7900, RefundReason.GOODWILL))
    assert selling.receive(back).state is ReturnState.SETTLED
    with selling.storage.read() as uow:
        tasks = [json.loads(task.details) for task in uow.tasks.open(kind=TaskKind.REFUND)]
    assert [task["error"] for task in tasks if task["reason"] == "return"] == ["too_much"]


def test_the_code_is_needed_and_five_slips_lock_it(selling: Selling):
    back = selling.ask(selling.bought(("38", 1)))
    for _ in range(5):
        assert selling.receive(back, code="XYZ-999").reason is NotHandedOver.WRONG_CODE
    assert selling.receive(back).reason is NotHandedOver.LOCKED
    assert selling.on_hand("38") == 0
    selling.clock.advance(timedelta(minutes=10))
    assert selling.receive(back).state is ReturnState.SETTLED


def test_what_cannot_come_back_says_why(selling: Selling):
    order = selling.bought(("38", 1))
    assert selling.ask(order, lines={}) == Refused(NotReturned.NO_SUCH_LINE)
    for lines in ({7: 1}, {0: 0}, {0: -1}):
        assert selling.ask(order, lines=lines) == Refused(NotReturned.NO_SUCH_LINE)
    assert selling.ask(order, lines={0: 2}) == Refused(NotReturned.ALREADY)
    assert selling.ask(order, customer_id=selling.small.customer(SAM)) == Refused(NotReturned.NOT_FOUND)
    assert selling.ask(order, ReturnKind.WITHDRAWAL) == Refused(NotReturned.NOT_FOUND)
    ready = selling.bought(("36", 1), state=OrderState.READY)
    assert selling.ask(ready) == Refused(NotReturned.NOT_YET)
    selling.clock.advance(31 * DAY)
    assert selling.ask(order) == Refused(NotReturned.TOO_LATE)
    assert isinstance(selling.ask(order, ReturnKind.PROBLEM), ReturnRequest)


def test_staff_may_say_no_with_a_word_why(selling: Selling):
    held = selling.ask(selling.bought(("38", 1)), EXCHANGE, size="36")
    said = selling.storage.write(lambda uow: selling.returns.reject(uow, held.id, by="nadia", note="Portée"))
    assert said.state is ReturnState.REJECTED
    assert selling.small.available("36") == 4
    assert ("return_rejected", {"return_id": held.id, "note": "Portée"}) in notices(selling)
    again = selling.storage.write(lambda uow: selling.returns.reject(uow, held.id, by="nadia", note=""))
    assert again == Refused(NotReturned.OVER)


def test_the_doctor_sees_a_promise_without_its_unit(selling: Selling):
    order = selling.bought(("38", 1))
    held = selling.ask(order, EXCHANGE, size="36")
    selling.storage.write(lambda uow: uow.stock.release(held.hold_id, MovementReason.RELEASE, selling.clock.now()))
    with selling.storage.read() as uow:
        broken = holds_against_exchanges(uow)
    assert broken.examples == (f"exchange {held.id} is requested, its hold {held.hold_id} is released",)
    assert selling.receive(held) == HandOverRefused(NotHandedOver.OVER), "nothing to hand over for it"
    selling.storage.write(lambda uow: selling.returns.cancel(uow, held.id, order.customer_id))
