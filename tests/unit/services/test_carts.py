"""The cart's verbs: what goes in and what does not, two doors at once, two carts that meet; on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from commerce.domain.cart import MAX_LINES, MAX_QUANTITY, Cart, CheckoutDraft, MergeChoice, NotInCart
from commerce.domain.localtext import LocalText
from commerce.domain.money import Money
from commerce.domain.product import Product, Variant
from commerce.domain.promotion import NotApplied, Promotion, PromotionKind
from commerce.domain.reservation import Refused
from commerce.domain.stock import MovementReason
from commerce.ports import UnitOfWork
from commerce.storage.seeding import add_product
from tests.unit.services.conftest import LEA, SAM, Small

TEN_PERCENT = Promotion("PRINTEMPS10", PromotionKind.PERCENT, 1000, "EUR")


def amounts(cart: Cart | None) -> dict[tuple[int, bool], int]:
    return {(line.variant_id, line.saved): line.quantity for line in cart.lines} if cart else {}


def write(small: Small, work: Callable[[UnitOfWork], object]):
    return small.storage.write(work)


def add(small: Small, size: str, quantity: int = 1, *, contact=LEA, source: str = ""):
    customer_id = small.customer(contact)
    return write(small, lambda uow: small.carts.add(uow, customer_id, small.variants[size], quantity, source))


def cart_of(small: Small, contact=LEA) -> Cart | None:
    customer_id = small.customer(contact)
    with small.storage.read() as uow:
        return small.carts.of(uow, customer_id)


def more_things(small: Small, count: int, currency: str = "EUR") -> list[int]:
    """Bags in one size, in stock."""

    def work(uow: UnitOfWork) -> list[int]:
        made = []
        for number in range(count):
            bag = add_product(
                uow,
                Product(
                    id=0, source="main", source_id=f"B{currency}{number}", title=LocalText({"en": "Bag"}),
                    description=LocalText(), brand="", category="bag", category_words="", gender="",
                    variants=(Variant(0, 0, f"B{currency}{number}", "", "", "", Money(1000, currency)),),
                ),
                small.clock.now(),
            )  # fmt: skip
            uow.stock.set_on_hand(bag.variants[0].id, "S1", 3, MovementReason.COUNT, small.clock.now())
            made.append(bag.variants[0].id)
        return made

    return write(small, work)


def test_what_is_added_is_there_with_where_it_came_from(small: Small):
    assert cart_of(small) is None
    cart = add(small, "36", 2, source="catalogue:printemps:4")
    assert amounts(cart) == {(small.variants["36"], False): 2}
    assert cart.lines[0].source == "catalogue:printemps:4"
    again = add(small, "36")
    assert amounts(again) == {(small.variants["36"], False): 3}
    assert again.version > cart.version
    assert again.id == cart.id
    assert cart_of(small) == again
    assert small.available("36") == 4, "a cart holds nothing"


def test_what_cannot_go_in_says_why_and_changes_nothing(small: Small):
    customer_id = small.customer()

    def put(variant_id: int, quantity: int = 1):
        return write(small, lambda uow: small.carts.add(uow, customer_id, variant_id, quantity))

    assert put(999_999) == Refused(NotInCart.NO_SUCH_VARIANT)
    assert put(small.variants["40"]) == Refused(NotInCart.SOLD_OUT)
    for quantity in (0, -1, MAX_QUANTITY + 1):
        assert put(small.variants["36"], quantity) == Refused(NotInCart.QUANTITY)
    assert isinstance(put(small.variants["36"], MAX_QUANTITY), Cart)
    assert put(small.variants["36"]) == Refused(NotInCart.QUANTITY), "a line has an upper bound"
    assert put(more_things(small, 1, "CHF")[0]) == Refused(NotInCart.OTHER_CURRENCY)
    assert amounts(cart_of(small)) == {(small.variants["36"], False): MAX_QUANTITY}


def test_a_full_cart_takes_more_of_what_it_has_only(small: Small):
    customer_id = small.customer()
    things = more_things(small, MAX_LINES + 1)
    for thing in things[:-1]:
        assert isinstance(write(small, lambda uow, thing=thing: small.carts.add(uow, customer_id, thing)), Cart)
    assert write(small, lambda uow: small.carts.add(uow, customer_id, things[-1])) == Refused(NotInCart.FULL)
    assert isinstance(write(small, lambda uow: small.carts.add(uow, customer_id, things[0])), Cart)


def test_the_last_one_held_for_oneself_may_go_into_the_cart(small: Small):
    for store_id in ("S1", "S2"):
        small.place("38", store_id=store_id)
    write(
        small,
        lambda uow: uow.stock.set_on_hand(small.variants["38"], "WEB", 0, MovementReason.COUNT, small.clock.now()),
    )
    write(
        small,
        lambda uow: uow.stock.set_on_hand(small.variants["38"], "GONE", 0, MovementReason.COUNT, small.clock.now()),
    )
    assert add(small, "38", contact=SAM) == Refused(NotInCart.SOLD_OUT)
    assert isinstance(add(small, "38"), Cart)


def test_quantities_and_taking_out(small: Small):
    add(small, "36")
    customer_id, thing = small.customer(), small.variants["36"]

    def to(quantity: int, **which: bool):
        return write(small, lambda uow: small.carts.set_quantity(uow, customer_id, thing, quantity, **which))

    assert amounts(to(5)) == {(thing, False): 5}
    assert to(MAX_QUANTITY + 1) == Refused(NotInCart.QUANTITY)
    assert to(-1) == Refused(NotInCart.QUANTITY)
    assert amounts(to(0)) == {}
    assert amounts(to(0)) == {}, "taken out already: that is what was wanted"
    assert to(2) == Refused(NotInCart.NO_SUCH_VARIANT)


def test_saved_for_later_and_back(small: Small):
    add(small, "36", 2)
    customer_id, thing = small.customer(), small.variants["36"]

    def save(saved: bool, variant_id: int = thing):
        return write(small, lambda uow: small.carts.set_saved(uow, customer_id, variant_id, saved))

    assert amounts(save(True)) == {(thing, True): 2}
    assert amounts(save(True)) == {(thing, True): 2}, "asking twice changes nothing"
    assert amounts(add(small, "36")) == {(thing, True): 2, (thing, False): 1}, "what is added is what was asked for"
    assert amounts(save(False)) == {(thing, False): 3}
    assert save(True, small.variants["38"]) == Refused(NotInCart.NO_SUCH_VARIANT)
    save(True)
    taken_out = write(small, lambda uow: small.carts.set_quantity(uow, customer_id, thing, 0))
    assert amounts(taken_out) == {}, "without a wanted line it is the saved one that is meant"


def test_the_saved_line_can_be_meant_beside_a_wanted_one(small: Small):
    add(small, "36", 2)
    customer_id, thing = small.customer(), small.variants["36"]
    write(small, lambda uow: small.carts.set_saved(uow, customer_id, thing, True))
    add(small, "36", 1)
    cart = write(small, lambda uow: small.carts.set_quantity(uow, customer_id, thing, 0, saved=True))
    assert amounts(cart) == {(thing, False): 1}


def test_emptying_keeps_what_is_saved(small: Small):
    write(small, lambda uow: small.promotions.put(uow, TEN_PERCENT, "test"))
    add(small, "36")
    add(small, "38")
    customer_id = small.customer()
    write(small, lambda uow: small.carts.set_saved(uow, customer_id, small.variants["38"], True))
    write(small, lambda uow: small.carts.apply_coupon(uow, customer_id, "printemps10"))
    cart = write(small, lambda uow: small.carts.empty(uow, customer_id))
    assert amounts(cart) == {(small.variants["38"], True): 1}
    assert cart.coupon == ""


def test_a_code_counts_only_as_somebody_made_it(small: Small):
    add(small, "36", 2)  # 158,00 €
    customer_id = small.customer()

    def use(typed: str):
        return write(small, lambda uow: small.carts.apply_coupon(uow, customer_id, typed))

    assert use("50 %") == Refused(NotApplied.UNKNOWN)
    assert use("") == Refused(NotApplied.UNKNOWN)
    with small.storage.read() as uow:
        assert small.promotions.all(uow) == []
    write(small, lambda uow: small.promotions.put(uow, TEN_PERCENT, "test"))
    assert use(" printemps 10 ").code == "PRINTEMPS10"
    assert cart_of(small).coupon == "PRINTEMPS10"
    dear = Promotion("DEAR", PromotionKind.AMOUNT, 1000, "EUR", min_subtotal_minor=15801)
    write(small, lambda uow: small.promotions.put(uow, dear, "test"))
    assert use("dear") == Refused(NotApplied.BELOW_MINIMUM)
    assert cart_of(small).coupon == "PRINTEMPS10", "the one before still counts"
    write(small, lambda uow: small.promotions.stop(uow, "printemps10", "test"))
    assert use("printemps10") == Refused(NotApplied.UNKNOWN)
    assert write(small, lambda uow: small.carts.drop_coupon(uow, customer_id)).coupon == ""


@pytest.mark.parametrize("choice", list(MergeChoice))
def test_two_carts_meet_and_nothing_is_lost(small: Small, choice: MergeChoice):
    """Léa's cart (2 × 36, 1 × 38 saved) meets Sam's (1 × 36, 3 × 38), which is brought along."""
    lea, sam = small.customer(), small.customer(SAM)
    first, second = small.variants["36"], small.variants["38"]
    add(small, "36", 2)
    add(small, "38")
    write(small, lambda uow: small.carts.set_saved(uow, lea, second, True))
    add(small, "36", contact=SAM)
    add(small, "38", 3, contact=SAM)
    write(small, lambda uow: small.carts.set_draft(uow, sam, CheckoutDraft(email="sam@example.org")))
    merged = write(small, lambda uow: small.carts.merge(uow, brought_id=sam, into_id=lea, choice=choice))
    assert (
        amounts(merged.cart)
        == {
            MergeChoice.KEEP_BOTH: {(first, False): 3, (second, False): 3, (second, True): 1},
            MergeChoice.ONLY_THIS: {(first, False): 1, (first, True): 2, (second, False): 3, (second, True): 1},
            MergeChoice.SAVE_FOR_LATER: {(first, False): 2, (first, True): 1, (second, True): 4},
        }[choice]
    )
    assert merged.cart.customer_id == lea
    assert merged.cart.draft.email == "sam@example.org"
    assert cart_of(small, SAM).lines == ()
    assert cart_of(small) == merged.cart


def test_two_doors_at_once_both_win(small: Small):
    """Twenty people's worth of changes in threads: each adds to a thing, two change different lines."""
    customer_id = small.customer()
    things = more_things(small, 4)
    add(small, "36")
    gate = threading.Barrier(8)
    surprises: list[BaseException] = []

    def at_once(work: Callable[[UnitOfWork], object]) -> None:
        gate.wait()
        try:
            for _ in range(5):
                small.storage.write(work)
        except BaseException as error:
            surprises.append(error)

    works = [
        *(lambda uow, t=thing: small.carts.add(uow, customer_id, t) for thing in things),
        *(lambda uow, t=thing: small.carts.add(uow, customer_id, t) for thing in things[:2]),
        lambda uow: small.carts.set_quantity(uow, customer_id, small.variants["36"], 7),
        lambda uow: small.carts.add(uow, customer_id, small.variants["38"]),
    ]
    threads = [threading.Thread(target=at_once, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert surprises == []
    assert amounts(cart_of(small)) == {
        (things[0], False): 10,
        (things[1], False): 10,
        (things[2], False): 5,
        (things[3], False): 5,
        (small.variants["36"], False): 7,
        (small.variants["38"], False): 5,
    }


def test_a_first_change_from_two_doors_makes_one_cart(small: Small):
    customer_id = small.customer()
    gate = threading.Barrier(4)
    carts: list[object] = []

    def add_one() -> None:
        gate.wait()
        carts.append(small.storage.write(lambda uow: small.carts.add(uow, customer_id, small.variants["36"])))

    threads = [threading.Thread(target=add_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(carts) == 4
    assert amounts(cart_of(small)) == {(small.variants["36"], False): 4}
