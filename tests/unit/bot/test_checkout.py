"""« payer »: one question at a time, nothing asked twice, and one total from the cart to the order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.channels.recorder.send import Recorder
from bot.conversation.actions import (
    ChangeCheckout,
    CollectAt,
    Pay,
    PlaceOrder,
    ShipIt,
    TellWhenOpen,
    encode,
)
from commerce.domain.cart import CheckoutDraft, Fulfilment, PostalAddress
from commerce.domain.money import Money
from commerce.domain.order import Order
from commerce.domain.promotion import Promotion, PromotionKind
from commerce.domain.staff import PauseMethod
from commerce.wiring import Shop
from tests.unit.bot.conftest import Desk

HOME = "Léa Martin, 12 rue de la République, 69002 Lyon"


@pytest.fixture
def desk(make_shop: Callable[..., Shop]) -> Desk:
    shop = make_shop(fake_payments=True, delivery_countries="FR,BE", terms_url="https://shop.example/terms")
    return Desk(shop, Recorder(shop.media))


def put_in(desk: Desk, *skus: str, address: str = "lea", name: str = "") -> None:
    def work(uow) -> None:
        customer = desk.shop.customers.recognise(uow, desk.contact(address), name=name, language="en")
        for sku in skus:
            found = uow.products.by_sku(sku)
            desk.shop.carts.add(uow, customer.id, found[1].id)

    desk.shop.storage.write(work)


def labels(desk: Desk, address: str = "lea") -> list[str]:
    last = desk.recorder.sent_to(desk.contact(address))[-1]
    return [button.label for message in last.outgoing for row in message.rows for button in row]


def draft(desk: Desk, address: str = "lea") -> CheckoutDraft:
    with desk.shop.storage.read() as uow:
        customer = uow.customers.by_contact(desk.contact(address))
        cart = uow.carts.of_customer(customer.id)
    return cart.draft


def orders(desk: Desk) -> list[Order]:
    with desk.shop.storage.read() as uow:
        return uow.orders.find()


def test_an_empty_cart_is_said_to_be_empty(desk: Desk) -> None:
    assert "Your cart is empty" in desk.say("pay")[0]


def test_a_parcel_asks_for_the_address_alone_and_confirms_what_was_read(desk: Desk) -> None:
    put_in(desk, "P4-brown")
    (text,) = desk.say("pay")
    assert "How would you like to get it?" in text and "Delivery: €4.90" in text
    assert labels(desk) == ["Delivery"], "no store has it"
    (text,) = desk.say(action=encode(ShipIt()))
    assert "Where shall we send it?" in text
    (text,) = desk.say(HOME)
    assert "I read: Léa Martin, 12 rue de la République, 69002 Lyon, France. Is that right?" in text
    (text,) = desk.say("yes")
    for line in ("Leather tote", "€120.00", "Delivery: €4.90", "Total: €124.90", "Delivery to: Léa Martin", "/terms"):
        assert line in text
    assert draft(desk).address == PostalAddress("Léa Martin", "12 rue de la République", "69002", "Lyon", "FR")
    assert "Pay in store" not in labels(desk)
    desk.say(action=encode(PlaceOrder("fake", 12490)))
    (order,) = orders(desk)
    with desk.shop.storage.read() as uow:
        (attempt,) = uow.payments.of_order(order.id)
    assert (order.total_minor, attempt.amount) == (12490, Money(12490, "EUR"))


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("69002 Lyon", "I am missing the street"),
        ("12 rue de la République", "the postcode and the town"),
        ("10 Downing Street, London SW1A 2AA, United Kingdom", "We do not deliver to United Kingdom, only to"),
        ("Rue Neuve 5, 1000 Bruxelles", "Who is it for?"),
    ],
)
def test_half_an_address_is_asked_for_again(desk: Desk, typed: str, answer: str) -> None:
    put_in(desk, "P4-brown", name="Sam" if "Downing" in typed else "")
    desk.say(action=encode(ShipIt()))
    said = desk.say(typed)
    if "Is that right?" in said[0]:
        said = desk.say("yes")
    assert answer in said[0]
    assert draft(desk).address is None or draft(desk).address.country == "GB"
    (text,) = desk.say(HOME)
    assert "Is that right?" in text


def test_no_is_asked_again_and_something_else_is_let_go(desk: Desk) -> None:
    put_in(desk, "P4-brown")
    desk.say(action=encode(ShipIt()))
    desk.say(HOME)
    assert "Where shall we send it?" in desk.say("no")[0]
    assert "Linen midi dress" in desk.say("linen dress navy")[0]
    assert "Is that right?" not in desk.say("thanks")[0]


def test_a_store_is_chosen_by_its_name_and_only_those_with_everything_are_offered(desk: Desk) -> None:
    put_in(desk, "P1-navy-38", "P6-navy-38")
    (text,) = desk.say("pay")
    assert labels(desk) == ["Pick up at Bellecour"], text
    (text,) = desk.say("Lyon Bellecour")
    assert "Total: €138.00" in text and "Pick-up: Lyon Bellecour" in text


def test_another_way_to_be_reached(desk: Desk) -> None:
    put_in(desk, "P2-blue-m")
    desk.say(action=encode(CollectAt("S1")))
    assert "Add an e-mail or phone" in labels(desk)
    desk.say(action=encode(ChangeCheckout("contact")))
    assert "I cannot read that" in desk.say("lea@")[0]
    (text,) = desk.say("lea@example.org ou 06 12 34 56 78")
    assert "Noted: lea@example.org · +33612345678." in text and "News: here, and lea@example.org" in text
    assert (draft(desk).email, draft(desk).phone) == ("lea@example.org", "+33612345678")


def test_a_code_lowers_the_total_everywhere_alike(desk: Desk) -> None:
    desk.shop.storage.write(lambda uow: uow.promotions.put(Promotion("SPRING10", PromotionKind.PERCENT, 1000, "EUR")))
    put_in(desk, "P2-blue-m")
    desk.say(action=encode(CollectAt("S1")))
    desk.say(action=encode(ChangeCheckout("code")))
    desk.say("spring10")
    (text,) = desk.say("pay")
    assert "Code SPRING10: −€6.50" in text and "Total: €58.50" in text
    desk.say(action=encode(PlaceOrder("fake", 5850)))
    assert [order.total_minor for order in orders(desk)] == [5850]


def test_a_button_with_another_total_or_another_way_orders_nothing(desk: Desk) -> None:
    put_in(desk, "P2-blue-m")
    desk.say(action=encode(CollectAt("S1")))
    assert "The total has changed" in desk.say(action=encode(PlaceOrder("fake", 1)))[0]
    for way in ("telegram", "free", "stripe", "nothing"):
        assert "Summary" in desk.say(action=encode(PlaceOrder(way, 6500)), after_s=15)[0]
    assert orders(desk) == []


def test_a_cut_price_shows_the_lowest_of_the_last_thirty_days(desk: Desk, clock) -> None:
    def cut(uow) -> None:
        found = uow.products.by_sku("P2-blue-m")
        uow.products.set_price(found[1].id, Money(5200, "EUR"), Money(6500, "EUR"), clock.now())

    clock.advance(timedelta(days=3))
    desk.shop.storage.write(cut)
    put_in(desk, "P2-blue-m")
    (text,) = desk.say(action=encode(CollectAt("S1")))
    assert "€52.00" in text and "was €65.00; lowest price of the last 30 days: €65.00" in text


def test_sold_out_meanwhile_offers_what_there_is(desk: Desk) -> None:
    put_in(desk, "P1-navy-38")
    desk.say(action=encode(CollectAt("S1")))
    put_in(desk, "P1-navy-38", address="sam")
    desk.say(action=encode(CollectAt("S1")), address="sam")
    desk.say(action=encode(PlaceOrder("pay_in_store", 7900)), address="sam")
    (text,) = desk.say(action=encode(PlaceOrder("fake", 7900)))
    assert "The last one has just gone. Nothing was ordered, nothing was charged." in text
    assert {"Pick up at Part-Dieu", "Delivery", "Similar items"} <= set(labels(desk))
    assert len(orders(desk)) == 1


def test_a_store_that_pauses_is_waited_for(desk: Desk, clock) -> None:
    put_in(desk, "P1-navy-38")
    desk.say(action=encode(CollectAt("S1")))
    until = clock.now() + timedelta(minutes=30)
    desk.shop.storage.write(lambda uow: desk.shop.pausing.pause(uow, "S1", until, "", actor="staff:nadia"))
    (text,) = desk.say(action=encode(PlaceOrder("fake", 7900)))
    assert "Lyon Bellecour resumes at" in text
    assert labels(desk) == ["Part-Dieu", "Tell me"]
    desk.say(action=encode(TellWhenOpen("S1")))
    clock.advance(timedelta(minutes=31))
    desk.worker.tick()
    desk.worker.run_until_quiet()
    assert desk.texts()[-1] == "Lyon Bellecour takes orders again."
    assert "Summary" in desk.say(action=encode(Pay()))[0]


def test_a_store_may_pause_one_thing_alone(desk: Desk, clock) -> None:
    until = clock.now() + timedelta(minutes=30)
    pausing, storage = desk.shop.pausing, desk.shop.storage

    def pause(method: PauseMethod) -> None:
        storage.write(lambda uow: pausing.pause(uow, "S1", until, "", actor="staff:nadia", method=method))

    pause(PauseMethod.RESERVE)
    desk.say("white sneakers in 42")
    (text,) = desk.say("reserve at Bellecour")
    assert "Lyon Bellecour takes no reservations until today 10:30" in text and "You can order there" in text
    put_in(desk, "P1-navy-38")
    assert "Summary" in desk.say(action=encode(CollectAt("S1")))[-1]
    pause(PauseMethod.PICKUP)
    (text,) = desk.say(action=encode(PlaceOrder("fake", 7900)))
    assert "Lyon Bellecour resumes at 10:30" in text


def test_what_the_page_knows_is_not_asked_again(desk: Desk) -> None:
    put_in(desk, "P4-brown")

    def on_the_page(uow) -> None:
        customer = uow.customers.by_contact(desk.contact())
        address = PostalAddress("Léa Martin", "12 rue de la République", "69002", "Lyon", "FR")
        told = CheckoutDraft("Léa Martin", "lea@example.org", "", Fulfilment.DELIVERY, "", address)
        desk.shop.carts.set_draft(uow, customer.id, told)

    desk.shop.storage.write(on_the_page)
    (text,) = desk.say("pay")
    assert "Total: €124.90" in text and "News: here, and lea@example.org" in text
