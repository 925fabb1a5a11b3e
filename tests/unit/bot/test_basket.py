"""The cart in the conversation: what goes in, what is asked, what is shown, what cannot be had by asking."""

from __future__ import annotations

import pytest

from bot.conversation.actions import (
    AddToCart,
    BringBack,
    CartLine,
    ChangeCart,
    DropCode,
    DropSaved,
    EmptyCart,
    SaveForLater,
    SetQuantity,
    encode,
)
from commerce.domain.cart import MAX_QUANTITY, Cart
from commerce.domain.promotion import Promotion, PromotionKind
from commerce.wiring import Shop
from tests.unit.bot.conftest import Desk


def cart(desk: Desk, address: str = "lea") -> dict[tuple[str, bool], int]:
    """Quantities by (sku, saved)."""
    with desk.shop.storage.read() as uow:
        customer = uow.customers.by_contact(desk.contact(address))
        found = desk.shop.carts.of(uow, customer.id) if customer else None
        lines = found.lines if isinstance(found, Cart) else ()
        return {(_sku(uow, line.variant_id), line.saved): line.quantity for line in lines}


def _sku(uow, variant_id: int) -> str:
    found = uow.products.by_variant(variant_id)
    return found[1].sku if found else "?"


def variant(shop: Shop, sku: str) -> int:
    with shop.storage.read() as uow:
        found = uow.products.by_sku(sku)
        assert found is not None
        return found[1].id


def put(desk: Desk, *skus: str, address: str = "lea") -> None:
    for sku in skus:
        desk.say(action=encode(AddToCart(0, variant(desk.shop, sku))), address=address)


def labels(desk: Desk, address: str = "lea") -> list[str]:
    """The buttons of the last answer."""
    sent = desk.recorder.sent_to(desk.contact(address))[-1]
    return [button.label for message in sent.outgoing for row in message.rows for button in row]


def test_a_size_that_nobody_chose_is_asked_first(desk: Desk) -> None:
    desk.say("linen dress in navy")
    assert "Which size?" in desk.say("add the dress")[-1]
    assert cart(desk) == {}
    told = desk.say("38")[-1]
    assert "Added: Linen midi dress navy 38." in told
    assert "Total €79.00" in told
    assert cart(desk) == {("P1-navy-38", False): 1}


def test_what_was_said_is_not_asked(desk: Desk) -> None:
    desk.say("linen dress in navy")
    assert "Added" in desk.say("add it in 38")[-1]
    assert cart(desk) == {("P1-navy-38", False): 1}


def test_a_colour_is_asked_too_and_how_many_is_kept_in_mind(desk: Desk) -> None:
    desk.say("linen dress")
    desk.say("add two of them to my cart")
    assert "Which colour?" in desk.say("38")[-1]
    assert cart(desk) == {}
    desk.say("terracotta")
    assert cart(desk) == {("P1-terracotta-38", False): 2}


def test_the_button_on_a_card_asks_as_well(desk: Desk) -> None:
    desk.say("denim jacket")
    assert "Add to cart" in " ".join(labels(desk))
    product = desk.shop.catalog.by_source_id("P2")
    assert "Which size?" in desk.say(action=encode(AddToCart(product.id)))[-1]
    assert "Added: Denim jacket M." in desk.say("M")[-1]
    bag = desk.shop.catalog.by_source_id("P4")
    told = desk.say(action=encode(AddToCart(bag.id)))[-1]
    assert "Cart: Denim jacket M €65.00 · Leather tote €120.00 — Total €185.00" in told
    assert {"Pay", "Pick up in store", "Change the cart"} <= set(labels(desk))


def test_a_remembered_size_is_not_asked_again(desk: Desk) -> None:
    desk.say("linen dress in navy")
    desk.say("size 38")
    desk.say("yes")
    assert "Added: Linen midi dress navy 38." in desk.say("add it to my cart")[-1]


def test_sold_out_says_what_is_left_and_takes_it(desk: Desk) -> None:
    desk.say("linen dress in navy")
    told = desk.say("add it in 36")[-1]
    assert "sold out" in told
    assert "Still there: 38, 40." in told
    assert cart(desk) == {}
    desk.say("40")
    assert cart(desk) == {("P1-navy-40", False): 1}


def test_the_second_of_a_list(desk: Desk) -> None:
    desk.say("dresses")
    desk.say("add the viscose one in 38")
    assert cart(desk) == {("P6-navy-38", False): 1}
    desk.say("dresses")
    first, second = desk.recorder.sent_to(desk.contact())[-1].outgoing[-1].text, desk.say("add the second one in 38")
    assert "Viscose" in first
    assert "Added" in second[-1] or "Which colour?" in second[-1]


def test_an_empty_cart_says_so(desk: Desk) -> None:
    assert "Your cart is empty" in desk.say("show my cart")[-1]
    assert "Your cart is empty" in desk.say("remove the jacket")[-1]
    assert "Your cart is empty" in desk.say("empty my cart")[-1]


def test_many_things_are_listed_one_a_line(desk: Desk) -> None:
    put(desk, "P1-navy-38", "P2-blue-m", "P3-white-42", "P4-brown")
    lines = desk.say("show my cart")[-1].splitlines()
    assert lines[0] == "Cart:"
    assert "• Leather tote €120.00" in lines
    assert "Total €353.90" in lines


def test_quantities_change_by_taps_that_may_come_twice(desk: Desk) -> None:
    put(desk, "P2-blue-m", "P4-brown")
    jacket = variant(desk.shop, "P2-blue-m")
    assert "Denim jacket M €65.00" in labels_text(desk, encode(ChangeCart()))
    assert labels_text(desk, encode(CartLine(jacket))).startswith("Make it 2")
    for _ in range(2):
        desk.say(action=encode(SetQuantity(jacket, 2)))
    assert cart(desk) == {("P2-blue-m", False): 2, ("P4-brown", False): 1}
    told = desk.say(action=encode(SetQuantity(jacket, MAX_QUANTITY + 1)))[-1]
    assert "20 of one thing" in told
    assert cart(desk)[("P2-blue-m", False)] == 2
    assert "Removed: Denim jacket M." in desk.say(action=encode(SetQuantity(jacket)))[-1]
    assert cart(desk) == {("P4-brown", False): 1}
    assert "not in your cart any more" in desk.say(action=encode(CartLine(jacket)))[-1]
    assert "not in your cart any more" in desk.say(action=encode(SetQuantity(jacket, 3)))[-1]


def labels_text(desk: Desk, action: str) -> str:
    desk.say(action=action)
    return " | ".join(labels(desk))


def test_saved_for_later_and_back(desk: Desk) -> None:
    put(desk, "P2-blue-m", "P4-brown")
    bag = variant(desk.shop, "P4-brown")
    told = desk.say(action=encode(SaveForLater(bag)))[-1]
    assert "Total €65.00" in told
    assert "Saved for later: Leather tote €120.00" in told
    assert cart(desk) == {("P2-blue-m", False): 1, ("P4-brown", True): 1}
    assert "Back to the cart" in labels_text(desk, encode(CartLine(bag, 1)))
    desk.say(action=encode(BringBack(bag)))
    assert cart(desk) == {("P2-blue-m", False): 1, ("P4-brown", False): 1}
    desk.say("save the bag for later")
    assert cart(desk)[("P4-brown", True)] == 1
    desk.say("put the bag back in my cart")
    assert cart(desk)[("P4-brown", False)] == 1
    desk.say(action=encode(SaveForLater(bag)))
    desk.say(action=encode(DropSaved(bag)))
    assert cart(desk) == {("P2-blue-m", False): 1}


@pytest.mark.parametrize("words", ["mets le sac de côté", "put the bag aside for me"])
def test_aside_may_mean_two_things_so_it_is_asked(desk: Desk, words: str) -> None:
    put(desk, "P2-blue-m", "P4-brown")
    desk.say(words)
    assert labels(desk)[0] in ("Save for later", "Mettre de côté")
    desk.say(labels(desk)[0])
    assert cart(desk) == {("P2-blue-m", False): 1, ("P4-brown", True): 1}
    desk.say("hold the linen dress for me")
    assert "Save for later" not in labels(desk)


def test_words_take_out_what_they_mean_or_ask(desk: Desk) -> None:
    put(desk, "P1-navy-38", "P2-blue-m", "P6-navy-38")
    assert "Removed: Denim jacket M." in desk.say("remove the jacket")[-1]
    assert "Which one do you mean?" in desk.say("remove the dress")[-1]
    assert len(cart(desk)) == 2
    assert "do not find that" in desk.say("remove the sneakers")[-1]
    assert len(cart(desk)) == 2


def test_emptying_asks_first(desk: Desk) -> None:
    put(desk, "P2-blue-m", "P4-brown")
    assert "Take everything out" in desk.say("empty my cart")[-1]
    assert len(cart(desk)) == 2
    desk.say(action=encode(EmptyCart(1)))
    assert cart(desk) == {}


@pytest.mark.parametrize(
    "begging",
    [
        "give me 50% off",
        "donne-moi 50 %",
        "can I get a discount?",
        "apply a 50% discount to my cart",
        "give me 50% off the jacket",
    ],
)
def test_no_discount_by_asking(desk: Desk, begging: str) -> None:
    put(desk, "P2-blue-m")
    told = desk.say(begging)[-1]
    assert "cannot lower a price" in told or "ne peux pas baisser un prix" in told
    assert "65" in desk.say("show my cart")[-1]
    with desk.shop.storage.read() as uow:
        assert desk.shop.promotions.all(uow) == []
        assert desk.shop.carts.of(uow, uow.customers.by_contact(desk.contact()).id).coupon == ""


@pytest.mark.parametrize("words", ["mets le prix à 10 euros", "add it for 5 euros", "mets-la à 10 €"])
def test_naming_a_price_of_ones_own_puts_nothing_in(desk: Desk, words: str) -> None:
    desk.say("denim jacket")
    desk.say(action=encode(AddToCart(0, variant(desk.shop, "P2-blue-m"))))
    told = desk.say(words)[-1]
    assert "cannot lower a price" in told or "ne peux pas baisser un prix" in told
    assert cart(desk) == {("P2-blue-m", False): 1}
    desk.say("add it in L for 65 euros")
    assert cart(desk) == {("P2-blue-m", False): 1, ("P2-blue-l", False): 1}, "its own price may be named"


def test_a_code_of_the_shop_counts_and_can_be_dropped(desk: Desk) -> None:
    promotion = Promotion("SPRING10", PromotionKind.PERCENT, 1000, "EUR", min_subtotal_minor=6000)
    desk.shop.storage.write(lambda uow: desk.shop.promotions.put(uow, promotion, "test"))
    put(desk, "P2-blue-m")
    assert "I do not know the code “SPRING99”." in desk.say("code SPRING99")[-1]
    told = desk.say("use code spring10")[-1]
    assert "The code SPRING10 counts for this cart." in told
    assert "Code SPRING10: −€6.50" in told
    assert "Total €58.50" in told
    desk.say(action=encode(SaveForLater(variant(desk.shop, "P2-blue-m"))))
    put(desk, "P6-navy-38")
    assert "asks for a larger order" in desk.say("show my cart")[-1]
    assert "no longer counts" in desk.say("remove the code")[-1]
    assert "Which code?" in desk.say("I have a promo code")[-1]
    assert "asks for a larger order" in desk.say("spring10")[-1]
    desk.say(action=encode(DropCode()))
    assert "Total €59.00" in desk.say("show my cart")[-1]


def test_what_is_sold_no_more_does_not_count_and_can_be_taken_out(desk: Desk) -> None:
    put(desk, "P2-blue-m", "P4-brown")
    gone = variant(desk.shop, "P4-brown")
    _stop_selling(desk.shop, "P4")
    told = desk.say("show my cart")[-1]
    assert "no longer sold" in told
    assert "Total €65.00" in told
    assert "Remove what is no longer sold" in labels_text(desk, encode(ChangeCart()))
    desk.say(action=encode(SetQuantity(gone)))
    assert "no longer sold" not in desk.say("show my cart")[-1]


def _stop_selling(shop: Shop, source_id: str) -> None:
    import sqlalchemy

    engine = sqlalchemy.create_engine(shop.settings.url_of_database)
    with engine.begin() as connection:
        connection.execute(
            sqlalchemy.text("UPDATE product SET active = false WHERE source_id = :id"), {"id": source_id}
        )
    engine.dispose()
