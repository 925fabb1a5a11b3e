"""Carts on both databases: two doors both win, a version moves once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from commerce.domain.cart import Cart, CartLine, CheckoutDraft, Fulfilment
from commerce.ports import Storage, UnitOfWork
from tests.contracts.selling_values import HOME, HOUR, LEA_PERSON, SAM_PERSON, put_people
from tests.contracts.storage_values import NOW, put_stock

MOST = 20


@pytest.fixture
def variants(storage: Storage) -> list[int]:
    put_people(storage)
    return put_stock(storage, {"36": 5, "38": 5, "40": 5})


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
