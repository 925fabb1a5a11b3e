"""Orders on both databases: a version moves once, a number is drawn once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from commerce.domain.order import OrderEvent, OrderSource, OrderState
from commerce.domain.pricing import TaxLine
from commerce.errors import IllegalMove, StaleVersion
from commerce.ports import Storage
from commerce.ports.publishing import SoldFigures, UnitFigures
from tests.contracts.selling_values import HOUR, LEA_PERSON, PLACED, SAM_PERSON, an_order, put_order, put_people
from tests.contracts.storage_values import LEA, NOW, SAM, put_stock

MOST = 20
PAID = OrderEvent(NOW + HOUR, OrderState.PENDING_PAYMENT, OrderState.PAID, "provider:stripe")


@pytest.fixture
def variants(storage: Storage) -> list[int]:
    put_people(storage)
    return put_stock(storage, {"36": 5, "38": 5, "40": 5})


def test_what_sources_have_sold(storage: Storage, variants: list[int]) -> None:
    """What was paid or is to be paid at the counter; what is still to be paid on a page has only begun."""
    placed = replace(an_order(variants), state=OrderState.PLACED, came_from="link:window")
    for order in (
        placed,
        replace(placed, id="o2", cart_id="c2"),
        replace(placed, id="o3", cart_id="c3", state=OrderState.PENDING_PAYMENT),
        replace(placed, id="o4", cart_id="c4", came_from="catalogue:spring:4"),
        replace(placed, id="o5", cart_id="c5", came_from="link:window-2"),
        replace(placed, id="o6", cart_id="c6", came_from="link:window", state=OrderState.CANCELLED),
        replace(
            placed, id="o7", cart_id="c7", came_from="link:window", state=OrderState.PAID,
            paid_minor=placed.total_minor, refunded_minor=500,
        ),
    ):  # fmt: skip
        storage.write(lambda uow, order=order: uow.orders.add(order, LEA, PLACED))
    since, until = placed.created_at, placed.created_at + timedelta(seconds=1)
    with storage.read() as uow:
        window = uow.attribution.sold(since, until, "link:window")
        links = uow.attribution.sold(since, until, "link")
        every = uow.attribution.sold(since, until)
        units = uow.attribution.units(since, until, "catalogue:spring")
        assert uow.attribution.sold(until, until + timedelta(days=1)) == []
        found = uow.orders.find(came_from="catalogue"), uow.orders.find(came_from="")
    total = placed.total_minor
    assert window == [SoldFigures("link:window", LEA.channel, "EUR", 5, 3, 1, 3 * total, 500)]
    assert window[0].net_minor == 3 * total - 500
    assert [each.source for each in links] == ["link:window", "link:window-2"]
    assert [each.source for each in every] == ["catalogue:spring:4", "link:window", "link:window-2"]
    assert sum(each.ordered for each in units.values()) == sum(line.quantity for line in placed.lines)
    assert {each.returned for each in units.values()} == {0} and isinstance(next(iter(units.values())), UnitFigures)
    assert [[order.id for order in orders] for orders in found] == [["o4"], []]


def test_what_went_back_is_not_sold_and_what_was_paid_twice_is_no_loss(storage: Storage, variants: list[int]) -> None:
    placed = replace(an_order(variants), state=OrderState.PAID, came_from="link:window")
    total = placed.total_minor
    for order in (
        replace(placed, paid_minor=total, refunded_minor=500),
        replace(placed, id="o2", cart_id="c2", paid_minor=2 * total, refunded_minor=total),
        replace(placed, id="o3", cart_id="c3", paid_minor=2 * total, refunded_minor=total + 300),
        replace(placed, id="o4", cart_id="c4", paid_minor=total, refunded_minor=total, state=OrderState.REFUNDED),
    ):
        storage.write(lambda uow, order=order: uow.orders.add(order, LEA, PLACED))
    with storage.read() as uow:
        (sold,) = uow.attribution.sold(placed.created_at, placed.created_at + HOUR)
    assert (sold.orders, sold.gross_minor, sold.net_minor) == (4, 4 * total, 3 * total - 800)


def test_an_order_comes_back_as_it_was_placed(storage: Storage, variants: list[int]) -> None:
    order = put_order(storage, variants)
    assert order == replace(an_order(variants), number=1001)
    with storage.read() as uow:
        assert uow.orders.get("o1") == order
        assert uow.orders.by_number(1001) == order
        assert uow.orders.get("o2") is None
        assert uow.orders.by_number(1002) is None
        assert uow.orders.contact_of("o1") == LEA
        assert uow.orders.contact_of("o2") is None
        assert uow.orders.events("o1") == [PLACED]
    bare = replace(
        an_order(variants, "o2"), address=None, expires_at=None, tax_included=False, discount_minor=0,
        taxes=(TaxLine(2000, 16190, 3238),), total_minor=3 * 7900 + 490 + 3238, fulfilled_at=NOW,
    )  # fmt: skip
    stored = put_order(storage, variants, order=bare, contact=SAM)
    assert stored == replace(bare, number=1002, channel=SAM.channel)
    with storage.read() as uow:
        assert uow.orders.get("o2") == stored


def test_an_order_whose_sum_is_wrong_is_not_stored(storage: Storage, variants: list[int]) -> None:
    with pytest.raises(IntegrityError):
        put_order(storage, variants, order=replace(an_order(variants), total_minor=1))


def test_later_numbers_are_above_one_that_was_given(storage: Storage, variants: list[int]) -> None:
    given = replace(an_order(variants, "o1"), number=1003)
    assert put_order(storage, variants, order=given).number == 1003
    assert put_order(storage, variants, "o2").number == 1004
    low = replace(an_order(variants, "o3"), number=7)
    assert put_order(storage, variants, order=low).number == 7
    assert put_order(storage, variants, "o4").number == 1005


def test_given_and_drawn_numbers_never_meet(storage: Storage, variants: list[int]) -> None:
    def add(n: int) -> int:
        order = an_order(variants, f"o{n}")
        return put_order(storage, variants, order=replace(order, number=2000 + 10 * n) if n % 4 == 0 else order).number

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(add, range(24)))
    assert len(set(numbers)) == 24


def test_an_order_moves_once_a_version(storage: Storage, variants: list[int]) -> None:
    seen = put_order(storage, variants)
    paid = storage.write(
        lambda uow: uow.orders.move(
            seen,
            OrderState.PAID,
            PAID,
            paid_minor=seen.total_minor,
            expires_at=NOW + 2 * HOUR,
            lines=[(1, "new")],
            pickup_code="NEW-111",
        )
    )
    assert (paid.state, paid.version, paid.paid_minor, paid.expires_at) == (
        OrderState.PAID, 2, seen.total_minor, NOW + 2 * HOUR,
    )  # fmt: skip
    assert paid.pickup_code == "NEW-111"
    assert [line.hold_id for line in paid.lines] == ["h0", "new", "h2"]
    with storage.read() as uow:
        assert uow.orders.get("o1") == paid
        assert uow.orders.events("o1") == [PLACED, PAID]
    with pytest.raises(StaleVersion):
        storage.write(lambda uow: uow.orders.move(seen, OrderState.PAID, PAID))
    done = storage.write(lambda uow: uow.orders.move(paid, OrderState.PAID, PAID, refunded_minor=500, fulfilled_at=NOW))
    assert (done.version, done.refunded_minor, done.fulfilled_at) == (3, 500, NOW)
    with storage.read() as uow:
        assert uow.orders.get("o1") == done


def test_a_move_that_the_table_does_not_hold_is_refused(storage: Storage, variants: list[int]) -> None:
    seen = put_order(storage, variants)
    with pytest.raises(IllegalMove):
        storage.write(lambda uow: uow.orders.move(seen, OrderState.SHIPPED, PAID))
    # Nor when the caller invents the state that it saw.
    with pytest.raises(StaleVersion):
        storage.write(lambda uow: uow.orders.move(replace(seen, state=OrderState.PAID), OrderState.SHIPPED, PAID))
    with storage.read() as uow:
        assert uow.orders.get("o1") == seen
        assert uow.orders.events("o1") == [PLACED]


def test_of_many_that_move_one_order_one_wins(storage: Storage, variants: list[int]) -> None:
    seen = put_order(storage, variants)

    def cancel(_: int) -> bool:
        try:
            storage.write(lambda uow: uow.orders.move(seen, OrderState.CANCELLED, PAID))
        except StaleVersion:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(cancel, range(16))) == 1
    with storage.read() as uow:
        assert len(uow.orders.events("o1")) == 2


def test_no_more_units_come_back_than_were_bought(storage: Storage, variants: list[int]) -> None:
    order = an_order(variants)
    three = replace(order, lines=(replace(order.lines[0], quantity=3), *order.lines[1:]))
    put_order(storage, variants, order=three)

    def back(_: int) -> bool:
        return storage.write(lambda uow: uow.orders.returned("o1", 0, 1))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(back, range(8))) == 3
    assert not storage.write(lambda uow: uow.orders.returned("o1", 1, 2))
    assert not storage.write(lambda uow: uow.orders.returned("o1", 9, 1))
    with pytest.raises(ValueError, match="0 units"):
        storage.write(lambda uow: uow.orders.returned("o1", 1, 0))
    with storage.read() as uow:
        stored = uow.orders.get("o1")
    assert stored is not None
    assert [line.returned for line in stored.lines] == [3, 0, 0]


def test_orders_are_listed_newest_first(storage: Storage, variants: list[int]) -> None:
    first = put_order(storage, variants, "o1")
    second = put_order(storage, variants, order=replace(an_order(variants, "o2"), source=OrderSource.PHONE))
    third = put_order(storage, variants, order=an_order(variants, "o3", SAM_PERSON))
    cancelled = storage.write(lambda uow: uow.orders.move(first, OrderState.CANCELLED, PAID))
    with storage.read() as uow:
        assert uow.orders.find() == [third, second, cancelled]
        assert uow.orders.find(limit=1) == [third]
        assert uow.orders.find(before_number=third.number, limit=1) == [second]
        assert uow.orders.find(state=OrderState.CANCELLED) == [cancelled]
        assert uow.orders.find(source=OrderSource.PHONE, store_id="bellecour") == [second]
        assert uow.orders.find(store_id="elsewhere") == []
        assert uow.orders.of_customer(LEA_PERSON.id) == [second, cancelled]
        assert uow.orders.of_customer(LEA_PERSON.id, 1) == [second]
    storage.write(lambda uow: uow.orders.set_customer(["o1", "o2"], SAM_PERSON.id))
    with storage.read() as uow:
        assert [order.id for order in uow.orders.of_customer(SAM_PERSON.id)] == ["o3", "o2", "o1"]
        assert uow.orders.of_customer(LEA_PERSON.id) == []


def test_orders_of_a_cart_or_a_customer_wait(storage: Storage, variants: list[int]) -> None:
    first = put_order(storage, variants)
    of_other_cart = put_order(storage, variants, order=an_order(variants, "o2"))
    of_sam = put_order(storage, variants, order=an_order(variants, "o3", SAM_PERSON))
    counter = put_order(storage, variants, order=replace(an_order(variants, "o4"), state=OrderState.PLACED))
    paid = put_order(storage, variants, order=an_order(variants, "o5"))
    storage.write(lambda uow: uow.orders.move(paid, OrderState.PAID, PAID))
    with storage.read() as uow:
        assert uow.orders.waiting("cart-o1", LEA_PERSON.id) == [counter, of_other_cart, first]
        assert uow.orders.waiting("cart-o3", LEA_PERSON.id) == [counter, of_sam, of_other_cart, first]
        assert uow.orders.waiting("cart-o1", SAM_PERSON.id) == [of_sam, first]
        assert uow.orders.waiting("cart-o9", "nobody") == []


def test_orders_that_nobody_has_paid_are_due(storage: Storage, variants: list[int]) -> None:
    def put(order_id: str, state: OrderState, hours: int | None, paid: int = 0) -> None:
        expires_at = None if hours is None else NOW + hours * HOUR
        order = replace(an_order(variants, order_id), state=state, expires_at=expires_at, paid_minor=paid)
        put_order(storage, variants, order=order)

    put("pending", OrderState.PENDING_PAYMENT, 3)
    put("counter", OrderState.PLACED, 2)
    put("waits unpaid", OrderState.READY, 1)
    put("waits paid", OrderState.READY, 1, paid=100)
    put("paid", OrderState.PAID, 1, paid=100)
    put("without end", OrderState.PLACED, None)
    put("over", OrderState.EXPIRED, 1)
    free = replace(
        an_order(variants, "free"), state=OrderState.READY, discount_minor=3 * 7900, delivery_minor=0, total_minor=0
    )
    put_order(storage, variants, order=free)
    with storage.read() as uow:
        assert uow.orders.due(NOW + HOUR - timedelta(microseconds=1), 9) == []
        assert [order.id for order in uow.orders.due(NOW + 9 * HOUR, 9)] == ["waits unpaid", "counter", "pending"]
        assert [order.id for order in uow.orders.due(NOW + 9 * HOUR, 1)] == ["waits unpaid"]


def test_numbers_go_on_where_another_system_ended(storage: Storage) -> None:
    variants = put_stock(storage, {"38": 3})
    put_people(storage)
    storage.write(lambda uow: uow.orders.number_after(41_999))
    assert put_order(storage, variants, "o1").number == 42_000
    storage.write(lambda uow: uow.orders.number_after(1_041))
    assert put_order(storage, variants, "o2").number == 42_001
