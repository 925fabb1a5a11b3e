"""What people say of the shelves; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from commerce.domain.order import OrderState
from commerce.domain.reservation import Refused, Reservation, ReservationState
from commerce.domain.stock import MovementReason, StockLevel
from commerce.domain.stocktaking import Counted, NotCounted, StockEntry, TillEvent, TillLine
from commerce.ports import UnitOfWork
from commerce.services.stocktaking import Stocktaking
from tests.contracts.selling_values import PLACED, an_order
from tests.unit.services.conftest import GTINS, LEA, SAM, Small
from tests.unit.services.shelf import level, open_stocktaking, outbox, tasks, with_a_choice

SALE, COUNT, DAMAGE = MovementReason.SALE, MovementReason.COUNT, MovementReason.DAMAGE
NADIA = "staff:nadia"


@pytest.fixture
def taking(small: Small) -> Stocktaking:
    return open_stocktaking(small)


@pytest.fixture
def enter(small: Small, taking: Stocktaking) -> Callable[..., Counted | Refused[NotCounted]]:
    """Something said of the shelf of a size at a store."""
    number = iter(range(1, 100))

    def say(
        reason: MovementReason, size: str, quantity: int = 1, *, reference: str | None = None, **more: object
    ) -> Counted | Refused[NotCounted]:
        entry = StockEntry(
            reason, f"P1-{size}", "S1", quantity, f"ref-{next(number)}" if reference is None else reference, "why"
        )
        return small.storage.write(lambda uow: taking.enter(uow, replace(entry, **more), actor=NADIA))

    return say


def an_open_order(small: Small, size: str, name: str, state: OrderState) -> None:
    """An order of one unit at S1, told about to Sam."""
    customer_id = small.customer(SAM)

    def work(uow: UnitOfWork) -> None:
        now = small.clock.now()
        lines, until = [(small.variants[size], 1)], now + timedelta(hours=1)
        holds = uow.stock.take(f"h-{name}", lines, "S1", customer_id, until, now)
        assert holds
        new = an_order([small.variants[size]], name)
        line = replace(new.lines[0], hold_id=holds[0].id)
        paid = new.total_minor if state is OrderState.PAID else 0
        order = replace(new, customer_id=customer_id, store_id="S1", lines=(line,), state=state, paid_minor=paid)
        uow.orders.add(replace(order, coupon=""), SAM, PLACED)

    small.storage.write(work)


def test_each_reason_moves_the_shelf_its_way(small: Small, enter):
    assert enter(SALE, "36", 2).level.on_hand == 2
    assert enter(DAMAGE, "36").level.on_hand == 1
    assert enter(MovementReason.RETURN, "36", 3).level.on_hand == 4
    assert enter(MovementReason.NOT_FOUND, "36").level.on_hand == 3
    assert enter(COUNT, "36", 7).level.on_hand == 7
    assert enter(COUNT, "36", 0).level.on_hand == 0
    assert small.available("36") == 0


def test_a_barcode_does_as_well_as_a_sku(small: Small, taking: Stocktaking):
    entry = StockEntry(SALE, GTINS[1], "S1", 1, "scanned-1")
    assert small.storage.write(lambda uow: taking.enter(uow, entry, actor=NADIA)).level.on_hand == 0
    again = replace(entry, sku="P1-38")  # the same thing by another name
    assert not small.storage.write(lambda uow: taking.enter(uow, again, actor=NADIA)).is_new


def test_who_when_and_why_are_kept(small: Small, taking: Stocktaking, enter):
    enter(SALE, "36", reference="receipt-1")
    small.clock.advance(timedelta(minutes=1))
    enter(DAMAGE, "36", reference="broom-1", note="tache au col")
    with small.storage.read() as uow:
        damage, sale, _ = taking.movements(uow, "P1-36", "S1")
        assert taking.movements(uow, "nothing") == Refused(NotCounted.NO_SUCH_VARIANT)
    assert (sale.reason, sale.on_hand_change, sale.reference) == (SALE, -1, "receipt-1")
    assert (sale.actor, sale.note) == (NADIA, "why")
    assert (damage.reason, damage.at, damage.note) == (DAMAGE, small.clock.now(), "tache au col")


def test_a_reference_counts_once_for_its_shelf_and_reason(small: Small, enter):
    assert enter(SALE, "36", reference="r").is_new
    again = enter(SALE, "36", reference="r")
    assert isinstance(again, Counted) and not again.is_new and again.level.on_hand == 3
    assert enter(MovementReason.RETURN, "36", reference="r").level.on_hand == 4
    assert enter(SALE, "38", reference="r").is_new
    enter(COUNT, "36", 9, reference="inventory")
    enter(SALE, "36")
    assert enter(COUNT, "36", 9, reference="inventory").level.on_hand == 8


def test_what_cannot_be_taken_says_why(small: Small, taking: Stocktaking, enter):
    assert enter(SALE, "44") == Refused(NotCounted.NO_SUCH_VARIANT)
    assert enter(SALE, "36", store_id="nowhere") == Refused(NotCounted.NO_SUCH_STORE)
    assert enter(SALE, "36", 0) == enter(SALE, "36", -1) == enter(COUNT, "36", -1) == Refused(NotCounted.QUANTITY)
    assert enter(SALE, "36", 10**7) == Refused(NotCounted.QUANTITY)
    assert enter(SALE, "36", reference=" ") == enter(SALE, "36", reference="r" * 65) == Refused(NotCounted.REFERENCE)
    assert enter(SALE, "36", 5) == Refused(NotCounted.NOT_THAT_MANY)
    assert enter(SALE, "40") == Refused(NotCounted.NOT_THAT_MANY)
    with pytest.raises(ValueError, match="not entered"):
        enter(MovementReason.FEED, "36")
    assert level(small, "36").on_hand == 4


@pytest.mark.parametrize("odd", ["\x00", "\ud800", "\n"])
def test_what_no_database_keeps_is_refused_or_left_out(small: Small, taking: Stocktaking, enter, odd: str):
    assert enter(SALE, f"36{odd}") == Refused(NotCounted.NO_SUCH_VARIANT)
    assert enter(SALE, "36", store_id=f"S1{odd}") == Refused(NotCounted.NO_SUCH_STORE)
    assert enter(SALE, "36", reference=f"r{odd}") == Refused(NotCounted.REFERENCE)
    assert enter(SALE, "36", note=f"a{odd}b").level.on_hand == 3
    event = TillEvent("pos", "e1", SALE, "S1", small.clock.now(), (TillLine(f"P1-36{odd}{odd}x", 1),), odd)
    assert small.storage.write(lambda uow: taking.take_till_event(uow, event)).unknown == 1
    assert small.storage.write(lambda uow: taking.set_safety(uow, odd, "S1", 1, actor=NADIA)) == Refused(
        NotCounted.NO_SUCH_VARIANT
    )
    with small.storage.read() as uow:
        assert taking.movements(uow, odd) == Refused(NotCounted.NO_SUCH_VARIANT)
        assert taking.movements(uow, "P1-36", odd + "nowhere") == []
        assert taking.movements(uow, "P1-36")[0].note == "ab"


def test_a_unit_held_online_is_not_sold_at_the_counter_unasked(small: Small, enter):
    held = small.place("38")
    assert enter(SALE, "38") == Refused(NotCounted.HELD_ONLINE)
    assert level(small, "38") == StockLevel(small.variants["38"], "S1", 1, 1)
    assert outbox(small) == []
    with small.storage.read() as uow:
        assert uow.reservations.get(held.id).is_open


def test_with_override_the_youngest_hold_loses_and_its_owner_is_told(small: Small, enter):
    enter(COUNT, "38", 2)
    first = small.place("38")
    small.clock.advance(timedelta(minutes=1))
    second = small.place("38", contact=SAM)
    sold = enter(SALE, "38", override=True)
    assert sold.level == StockLevel(small.variants["38"], "S1", 1, 1)
    assert [each.reservation_id for each in sold.lost] == [second.id]
    with small.storage.read() as uow:
        assert uow.reservations.get(first.id).is_open
        lost = uow.reservations.get(second.id)
        assert lost.state is ReservationState.REJECTED
        assert uow.reservations.events(second.id)[-1].actor == NADIA
    assert with_a_choice(outbox(small)) == [
        ("reservation_lost", {"reservation_id": second.id, "variant_id": small.variants["38"]})
    ]


def test_a_reservation_of_several_things_is_lost_whole(small: Small, enter):
    small.place("36", "38")
    assert enter(SALE, "38", override=True).level.on_hand == 0
    assert (level(small, "36").held, small.available("36")) == (0, 4)


def test_an_order_whose_invoice_is_open_loses_its_units_and_stays_to_be_refused(small: Small, enter):
    an_open_order(small, "38", "o1", OrderState.PENDING_PAYMENT)
    sold = enter(SALE, "38", override=True)
    assert [each.order_id for each in sold.lost] == ["o1"]
    assert sold.level == StockLevel(small.variants["38"], "S1", 0, 0)
    with small.storage.read() as uow:
        order = uow.orders.get("o1")
        assert order.state is OrderState.PENDING_PAYMENT
        assert uow.stock.hold("h-o1").state.value == "released"
        assert uow.orders.events("o1")[-1].note == "sold in the store"
    assert with_a_choice(outbox(small)) == [("order_lost", {"order_id": "o1", "variant_id": small.variants["38"]})]


def test_an_order_to_be_paid_at_the_counter_is_cancelled(small: Small, enter):
    an_open_order(small, "38", "o1", OrderState.PLACED)
    assert enter(SALE, "38", override=True).level.on_hand == 0
    with small.storage.read() as uow:
        assert uow.orders.get("o1").state is OrderState.CANCELLED
    assert outbox(small)[0][0] == "order_lost"


def test_what_somebody_has_paid_for_is_never_taken(small: Small, enter):
    an_open_order(small, "38", "o1", OrderState.PAID)
    for override in (False, True):
        assert enter(SALE, "38", override=override) == Refused(NotCounted.PAID_FOR)
    assert level(small, "38").held == 1
    enter(COUNT, "38", 2)
    small.place("38")
    assert enter(SALE, "38", 2, override=True) == Refused(NotCounted.PAID_FOR)
    assert level(small, "38").held == 2
    assert outbox(small) == []


def test_a_count_below_what_is_promised_is_somebodys_work(small: Small, enter):
    small.place("38")
    found = enter(COUNT, "38", 0)
    assert (found.level.on_hand, found.missing) == (1, 1)
    assert enter(COUNT, "38", 0).missing == 1
    (task,) = tasks(small)
    assert (task["sku"], task["missing"]) == ("P1-38", 1)
    assert enter(COUNT, "38", 1).missing == 0
    assert tasks(small) == []


def test_a_count_may_override_too(small: Small, enter):
    held = small.place("38")
    assert enter(COUNT, "38", 0, override=True).level == StockLevel(small.variants["38"], "S1", 0, 0)
    with small.storage.read() as uow:
        assert not uow.reservations.get(held.id).is_open


def test_what_a_till_has_sold_is_sold(small: Small, enter):
    small.place("38")
    an_open_order(small, "36", "o1", OrderState.PAID)
    assert enter(SALE, "38", happened=True).level.on_hand == 0
    sold = enter(SALE, "36", 6, happened=True, reference="till-1")
    assert (sold.level.on_hand, sold.missing) == (1, 3)  # the one that is paid for stays promised, and is missing
    assert enter(SALE, "36", 6, happened=True, reference="till-1").is_new is False
    assert [task["missing"] for task in tasks(small)] == [3]
    assert enter(SALE, "40", happened=True, reference="till-2").level.on_hand == 0
    assert enter(SALE, "40", happened=True, reference="till-2").is_new is False


def test_safety_stock_keeps_the_last_one_from_shoppers(small: Small, taking: Stocktaking, enter):
    def keep(sku: str, store_id: str, units: int):
        return small.storage.write(lambda uow: taking.set_safety(uow, sku, store_id, units, actor=NADIA))

    assert keep("P1-38", "S1", 1).available == 0
    assert isinstance(small.place("38"), Refused)
    assert enter(SALE, "38").level.on_hand == 0  # whoever stands in the store may have it
    assert isinstance(small.place("38", store_id="S2"), Reservation)
    assert keep("nothing", "S1", 1) == Refused(NotCounted.NO_SUCH_VARIANT)
    assert keep("P1-38", "nowhere", 1) == Refused(NotCounted.NO_SUCH_STORE)
    assert keep("P1-38", "S1", -1) == Refused(NotCounted.QUANTITY)


def test_of_many_who_sell_the_same_unit_one_does(small: Small, enter):
    with ThreadPoolExecutor(8) as pool:
        sold = list(pool.map(lambda n: enter(SALE, "38", reference=f"till-{n}"), range(8)))
    assert sum(isinstance(each, Counted) for each in sold) == 1
    with ThreadPoolExecutor(8) as pool:
        again = list(pool.map(lambda n: enter(SALE, "36", reference="same"), range(8)))
    assert sum(each.is_new for each in again) == 1
    assert level(small, "36").on_hand == 3


def test_of_many_who_override_each_takes_one_hold(small: Small, enter):
    enter(COUNT, "36", 2)
    for contact in (LEA, SAM):
        assert isinstance(small.place("36", contact=contact), Reservation)
    with ThreadPoolExecutor(4) as pool:
        sold = list(pool.map(lambda n: enter(SALE, "36", reference=f"till-{n}", override=True), range(4)))
    assert sorted(isinstance(each, Counted) for each in sold) == [False, False, True, True]
    assert level(small, "36") == StockLevel(small.variants["36"], "S1", 0, 0)
