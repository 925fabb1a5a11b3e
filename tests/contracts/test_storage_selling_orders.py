"""Carts and orders on both databases: two doors both win, a version moves once, a number is drawn once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from commerce.domain.cart import Cart, CartLine, CheckoutDraft, Fulfilment
from commerce.domain.order import OrderEvent, OrderSource, OrderState
from commerce.domain.pricing import TaxLine
from commerce.errors import IllegalMove, StaleVersion
from commerce.ports import Storage, UnitOfWork
from commerce.ports.publishing import OrderFigures
from tests.contracts.selling_values import (
    HOME,
    HOUR,
    LEA_PERSON,
    PLACED,
    SAM_PERSON,
    an_order,
    put_order,
    put_people,
)
from tests.contracts.storage_values import LEA, NOW, SAM, put_stock

MOST = 20
PAID = OrderEvent(NOW + HOUR, OrderState.PENDING_PAYMENT, OrderState.PAID, "provider:stripe")


@pytest.fixture
def variants(storage: Storage) -> list[int]:
    put_people(storage)
    return put_stock(storage, {"36": 5, "38": 5, "40": 5})


# --- carts ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def cart(storage: Storage, variants: list[int]) -> Cart:
    return storage.write(lambda uow: uow.carts.create("k1", LEA_PERSON.id, NOW))


def lines_of(storage: Storage, customer_id: str = LEA_PERSON.id) -> list[tuple[int, int, bool]]:
    with storage.read() as uow:
        found = uow.carts.of_customer(customer_id)
    assert found is not None
    return [(line.variant_id, line.quantity, line.saved) for line in found.lines]


def version(storage: Storage, customer_id: str = LEA_PERSON.id) -> int:
    with storage.read() as uow:
        found = uow.carts.of_customer(customer_id)
    assert found is not None
    return found.version


def test_a_customer_has_one_cart(storage: Storage, cart: Cart) -> None:
    assert cart == Cart("k1", LEA_PERSON.id, 1, (), "", CheckoutDraft(), NOW)
    assert storage.write(lambda uow: uow.carts.create("k2", LEA_PERSON.id, NOW + HOUR)) == cart
    with storage.read() as uow:
        assert uow.carts.of_customer(SAM_PERSON.id) is None


def test_of_many_doors_that_open_a_cart_one_makes_it(storage: Storage, variants: list[int]) -> None:
    def create(n: int) -> Cart:
        return storage.write(lambda uow: uow.carts.create(f"k{n}", LEA_PERSON.id, NOW))

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(create, range(8)))) == 1


def test_lines_are_added_up_to_the_most(storage: Storage, cart: Cart, variants: list[int]) -> None:
    one, two, _ = variants

    def add(variant_id: int, quantity: int, source: str = "search") -> int:
        return storage.write(lambda uow: uow.carts.add("k1", variant_id, quantity, source, NOW + HOUR, most=MOST))

    assert add(one, 2) == 2
    assert add(one, 3, "other") == 5
    assert add(one, 99) == MOST
    assert add(two, 99) == MOST
    with storage.read() as uow:
        found = uow.carts.of_customer(LEA_PERSON.id)
    assert found is not None
    assert found.lines == (
        CartLine(one, MOST, False, "search", NOW + HOUR),
        CartLine(two, MOST, False, "search", NOW + HOUR),
    )
    assert (found.version, found.updated_at) == (5, NOW + HOUR)
    with pytest.raises(ValueError, match="0 units"):
        add(one, 0)
    with pytest.raises(LookupError):
        storage.write(lambda uow: uow.carts.add("nobody's", one, 1, "", NOW, most=MOST))


def test_many_doors_that_add_to_one_line_all_win(storage: Storage, cart: Cart, variants: list[int]) -> None:
    def add(n: int) -> int:
        return storage.write(lambda uow: uow.carts.add("k1", variants[n % 2], 1, "", NOW, most=MOST))

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(add, range(16))) == sorted([*range(1, 9), *range(1, 9)])
    assert version(storage) == 17


def test_a_line_is_changed_and_removed(storage: Storage, cart: Cart, variants: list[int]) -> None:
    one = variants[0]
    storage.write(lambda uow: uow.carts.add("k1", one, 2, "", NOW, most=MOST))
    assert storage.write(lambda uow: uow.carts.set_quantity("k1", one, 7, NOW))
    assert lines_of(storage) == [(one, 7, False)]
    assert storage.write(lambda uow: uow.carts.set_quantity("k1", one, 0, NOW))
    assert lines_of(storage) == []
    before = version(storage)
    assert not storage.write(lambda uow: uow.carts.set_quantity("k1", one, 3, NOW))
    assert not storage.write(lambda uow: uow.carts.set_quantity("k1", one, 0, NOW))
    assert not storage.write(lambda uow: uow.carts.set_saved("k1", one, True, NOW, most=MOST))
    assert version(storage) == before
    with pytest.raises(ValueError, match="-1 units"):
        storage.write(lambda uow: uow.carts.set_quantity("k1", one, -1, NOW))


def test_a_thing_may_be_wanted_and_saved_at_once(storage: Storage, cart: Cart, variants: list[int]) -> None:
    one = variants[0]

    def set_saved(saved: bool) -> bool:
        return storage.write(lambda uow: uow.carts.set_saved("k1", one, saved, NOW, most=MOST))

    storage.write(lambda uow: uow.carts.add("k1", one, 12, "", NOW, most=MOST))
    assert set_saved(True)
    assert not set_saved(True)
    assert lines_of(storage) == [(one, 12, True)]
    assert storage.write(lambda uow: uow.carts.add("k1", one, 3, "", NOW, most=MOST)) == 3
    assert lines_of(storage) == [(one, 3, False), (one, 12, True)]
    assert storage.write(lambda uow: uow.carts.set_quantity("k1", one, 18, NOW, saved=True))
    assert lines_of(storage) == [(one, 3, False), (one, 18, True)]
    assert set_saved(False)
    assert lines_of(storage) == [(one, MOST, False)]
    assert not storage.write(lambda uow: uow.carts.set_quantity("k1", one, 0, NOW, saved=True))
    assert set_saved(True)
    assert storage.write(lambda uow: uow.carts.set_quantity("k1", one, 0, NOW, saved=True))
    assert lines_of(storage) == []


@pytest.mark.parametrize("in_one", [True, False])
def test_nobody_changes_a_cart_that_is_locked(storage: Storage, cart: Cart, variants: list[int], in_one: bool) -> None:
    seen: list[int] = []

    def slow(uow: UnitOfWork) -> None:
        if in_one:
            found = uow.carts.of_customer(LEA_PERSON.id, locked=True)
        else:
            uow.carts.lock("k1")
            found = uow.carts.of_customer(LEA_PERSON.id)
        assert found is not None
        held = sum(line.quantity for line in found.lines)
        time.sleep(0.05)
        assert uow.carts.add("k1", variants[0], 1, "", NOW, most=MOST) == held + 1
        seen.append(held)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: storage.write(slow), range(4)))
    assert sorted(seen) == [0, 1, 2, 3]


def test_the_draft_and_the_coupon_are_kept(storage: Storage, cart: Cart) -> None:
    draft = CheckoutDraft(
        "Léa M.", "lea@example.org", "+336", Fulfilment.DELIVERY, "bellecour", HOME, "stripe", terms_accepted=True
    )
    storage.write(lambda uow: uow.carts.set_draft("k1", draft, NOW))
    storage.write(lambda uow: uow.carts.set_coupon("k1", "MARS10", NOW))
    with storage.read() as uow:
        assert uow.carts.of_customer(LEA_PERSON.id) == replace(cart, version=3, draft=draft, coupon="MARS10")
    storage.write(lambda uow: uow.carts.set_draft("k1", CheckoutDraft(), NOW))
    with storage.read() as uow:
        assert uow.carts.of_customer(LEA_PERSON.id) == replace(cart, version=4, coupon="MARS10")


def test_what_was_bought_leaves_the_cart(storage: Storage, cart: Cart, variants: list[int]) -> None:
    one, two, three = variants
    for variant_id in variants:
        storage.write(lambda uow, v=variant_id: uow.carts.add("k1", v, 2, "", NOW, most=MOST))
    storage.write(lambda uow: uow.carts.set_saved("k1", three, True, NOW, most=MOST))
    storage.write(lambda uow: uow.carts.set_coupon("k1", "MARS10", NOW))
    storage.write(lambda uow: uow.carts.take_out("k1", {one: 1, two: 2, three: 1}, NOW))
    assert lines_of(storage) == [(one, 1, False), (three, 2, True)]
    with storage.read() as uow:
        left = uow.carts.of_customer(LEA_PERSON.id)
    assert left is not None
    assert left.coupon == ""


@pytest.mark.parametrize(
    ("saved", "one", "two"),
    [
        (None, [(5, False), (19, True)], [(2, False), (9, True)]),
        (True, [(20, True)], [(11, True)]),
        (False, [(9, False), (15, True)], [(11, False)]),
    ],
)
def test_a_cart_moves_into_another(
    storage: Storage, cart: Cart, variants: list[int],
    saved: bool | None, one: list[tuple[int, bool]], two: list[tuple[int, bool]],
) -> None:  # fmt: skip
    first, second, _ = variants
    storage.write(lambda uow: uow.carts.create("k2", SAM_PERSON.id, NOW))
    # Léa has put 15 of the first aside; Sam wants 5 of it and has put 4 aside, and 2 and 9 of the second.
    for cart_id, variant_id, wanted, put_aside in (("k1", first, 0, 15), ("k2", first, 5, 4), ("k2", second, 2, 9)):

        def fill(
            uow: UnitOfWork,
            cart_id: str = cart_id,
            variant_id: int = variant_id,
            n: tuple[int, int] = (wanted, put_aside),
        ) -> None:
            uow.carts.add(cart_id, variant_id, n[1], "link", NOW, most=MOST)
            uow.carts.set_saved(cart_id, variant_id, True, NOW, most=MOST)
            if n[0]:
                uow.carts.add(cart_id, variant_id, n[0], "link", NOW, most=MOST)

        storage.write(fill)
    storage.write(lambda uow: uow.carts.move("k2", "k1", saved=saved, most=MOST, at=NOW))
    assert sorted(lines_of(storage)) == [*((first, *line) for line in one), *((second, *line) for line in two)]
    assert lines_of(storage)[0][2], "what was there stands first"
    assert lines_of(storage, SAM_PERSON.id) == []
    with pytest.raises(ValueError, match="into itself"):
        storage.write(lambda uow: uow.carts.move("k1", "k1", saved=None, most=MOST, at=NOW))


def test_a_cart_is_given_back_as_it_was(storage: Storage, cart: Cart, variants: list[int]) -> None:
    storage.write(lambda uow: uow.carts.add("k1", variants[0], 2, "search", NOW, most=MOST))
    storage.write(lambda uow: uow.carts.set_coupon("k1", "MARS10", NOW))
    storage.write(lambda uow: uow.carts.set_draft("k1", CheckoutDraft(name="Léa"), NOW))
    with storage.read() as uow:
        was = uow.carts.of_customer(LEA_PERSON.id)
    assert was is not None
    storage.write(lambda uow: uow.carts.set_quantity("k1", variants[0], 0, NOW))
    storage.write(lambda uow: uow.carts.add("k1", variants[1], 2, "", NOW, most=MOST))
    storage.write(lambda uow: uow.carts.set_coupon("k1", "", NOW))
    storage.write(lambda uow: uow.carts.set_draft("k1", CheckoutDraft(), NOW))
    storage.write(lambda uow: uow.carts.replace(was, NOW + HOUR))
    with storage.read() as uow:
        assert uow.carts.of_customer(LEA_PERSON.id) == replace(was, version=9, updated_at=NOW + HOUR)
    # Of a customer whose cart is gone, too.
    of_sam = replace(was, id="k2", customer_id=SAM_PERSON.id)
    storage.write(lambda uow: uow.carts.replace(of_sam, NOW))
    assert lines_of(storage, SAM_PERSON.id) == [(variants[0], 2, False)]


# --- orders ---------------------------------------------------------------------------------------------------------


def test_what_links_have_sold(storage: Storage, variants: list[int]) -> None:
    """What was paid or is to be paid at the counter; what is still to be paid on a page is not sold."""
    placed = replace(an_order(variants), state=OrderState.PLACED, came_from="link:window")
    for order in (
        placed,
        replace(placed, id="o2", cart_id="c2"),
        replace(placed, id="o3", cart_id="c3", state=OrderState.PENDING_PAYMENT),
        replace(placed, id="o4", cart_id="c4", came_from="catalogue:spring:4"),
        replace(placed, id="o5", cart_id="c5", came_from="link:post"),
    ):
        storage.write(lambda uow, order=order: uow.orders.add(order, LEA, PLACED))
    with storage.read() as uow:
        sold = uow.reading.orders_by_link()
    total = placed.total_minor
    assert sold == {"window": [OrderFigures("EUR", 2, 2 * total)], "post": [OrderFigures("EUR", 1, total)]}


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
        assert uow.reading.orders_by_link() == {"window": [OrderFigures("EUR", 4, 3 * total - 800)]}


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
