"""The checkout as pages: one total everywhere, one order however often a button is pressed, refusals with a way out."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from commerce.clock import ManualClock
from commerce.domain.money import Money
from commerce.domain.order import OrderSource, OrderState
from commerce.domain.promotion import Promotion, PromotionKind
from commerce.domain.staff import StorePause
from commerce.domain.stock import MovementReason
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from shoppable import create_app
from tests.unit.shoppable.conftest import SETTINGS
from tests.unit.shoppable.shop_values import HOSTILE, fill
from tests.unit.shoppable.shopping import BELLECOUR, HOME, LEA, Browser, text_of, variant_of


def on_hand(shop: Shop, sku: str, store: str, units: int) -> None:
    shop.storage.write(lambda uow: shop.catalog.set_on_hand(uow, sku, store, units, MovementReason.COUNT))


def test_an_empty_cart_has_no_checkout(lea: Browser) -> None:
    assert lea.get("/checkout").headers["Location"] == "/cart"
    assert lea.post("/checkout/details", **LEA, **HOME).status_code == 400  # no cookie, no cart


def test_one_total_everywhere(shop: Shop, lea: Browser) -> None:
    """Cart, recap, form, order, its page, the provider's page, the receipt: 71,10 + 4,90 = 76,00."""
    shop.storage.write(lambda uow: uow.promotions.put(Promotion("TEN", PromotionKind.PERCENT, 1000, "EUR")))
    lea.add("P1-navy-38")
    lea.post("/cart/coupon", code="TEN")
    assert "Total €71.10" in lea.read("/cart")
    lea.tell(**HOME)
    assert "Total €76.00" in lea.read("/cart")
    recap = lea.read("/checkout")
    assert "Total €76.00" in recap and "Order and pay €76.00" in recap and lea.total() == "7600"
    leave = lea.pay("fake").headers["Location"]
    order = lea.order()
    assert order.total_minor == 7600 and order.state is OrderState.PENDING_PAYMENT and order.source is OrderSource.WEB
    provider = re.search(r"0;url=http://127.0.0.1:8000(/pay/fake/\w+)", lea.get(leave).text)
    assert provider and "Total €76.00" in lea.read(provider[1])
    back = lea.post(provider[1], do="pay").headers["Location"]
    assert "Paid" in lea.read(back.removeprefix("http://127.0.0.1:8000"))
    for page in (f"/orders/{order.id}", f"/orders/{order.id}/receipt"):
        shown = lea.read(page)
        assert "Total €76.00" in shown and "Discount, code TEN -€7.90" in shown and "Delivery €4.90" in shown, page
    assert lea.get(f"/api/v1/orders/{order.id}").json["totals"]["total_minor"] == 7600
    assert lea.cart() == {}


def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(lea: Browser) -> None:
    lea.add("P1-navy-38")
    answer = lea.post(
        "/checkout/details",
        name="Léa",
        email="lea@",
        phone="",
        how="delivery",
        line1="",
        postcode="69002",
        city="Lyon",
        country="US",
    )
    assert answer.status_code == 422
    shown = text_of(answer.text)
    for words in (
        "This does not look like an e-mail address.",
        "This is missing.",
        "We do not deliver to this country.",
    ):
        assert words in shown
    for kept in ('value="Léa"', 'value="lea@"', 'value="69002"', 'value="Lyon"', 'aria-invalid="true"'):
        assert kept in answer.text
    assert "Who is it for?" in lea.read("/checkout")  # nothing half-said was kept


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"name": ""}, "Please tell us your name."),
        ({"email": "", "phone": ""}, "We need an e-mail address or a phone number"),
        ({"phone": "call me"}, "This does not look like a phone number."),
        ({"how": ""}, "Say whether we send it or you pick it up."),
        ({"how": "pickup", "store": ""}, "Please choose a store."),
        ({"how": "pickup", "store": "S9"}, "Please choose a store."),
        ({"how": "pickup", "store": "WEB"}, "Please choose a store."),
    ],
)
def test_what_must_be_said(lea: Browser, details: dict[str, str], words: str) -> None:
    lea.add("P1-navy-38")
    answer = lea.post("/checkout/details", **{**LEA, **HOME, **details})
    assert answer.status_code == 422 and words in text_of(answer.text)


def test_names_are_inert(shop: Shop, lea: Browser) -> None:
    lea.add("P2-blue-M")
    lea.tell(**BELLECOUR, name=HOSTILE)
    assert "<script>alert" not in lea.get("/checkout").text
    lea.pay("pay_in_store")
    assert "<script>alert" not in lea.get(f"/orders/{lea.order().id}").text


def test_stores_that_have_everything_and_why_others_do_not(shop: Shop, lea: Browser, clock: ManualClock) -> None:
    lea.add("P1-navy-38")
    lea.add("P2-blue-M")
    page = lea.get("/checkout?edit=1").text
    stores = re.findall(r'name="store" value="(S\d)"( disabled)?', page)
    assert [store for store, disabled in stores if not disabled] == ["S1"]
    shown = text_of(page)
    assert "Not there: Denim jacket" in shown and "Open until 7:00 PM" in shown
    pause = StorePause("S1", clock.now() + timedelta(minutes=45), "rush", "staff:nadia")
    shop.storage.write(lambda uow: uow.pauses.put(pause))
    assert "Takes online orders again: today 10:45 AM" in lea.read("/checkout?edit=1")


def test_what_no_warehouse_has_is_not_sent(lea: Browser) -> None:
    lea.add("P2-blue-M")  # in a store alone
    page = lea.get("/checkout").text
    assert re.search(
        r'id="delivery" value="delivery"[^>]* disabled', page
    ) and "Nothing of your cart is there" in text_of(page)


def test_to_be_paid_at_the_counter(shop: Shop, lea: Browser) -> None:
    lea.add("P2-blue-M")
    lea.tell(**BELLECOUR)
    answer = lea.pay("pay_in_store")
    order = lea.order()
    assert answer.headers["Location"] == f"/orders/{order.id}" and order.state is OrderState.PLACED
    shown = lea.read(f"/orders/{order.id}")
    assert "Ordered, to be paid at the counter" in shown and "Please wait for our “ready” message" in shown
    assert order.pickup_code and order.pickup_code not in shown and lea.cart() == {}


def test_paying_at_the_counter_is_for_who_comes(lea: Browser) -> None:
    lea.add("P1-navy-38")
    lea.tell(**HOME)
    assert "At the counter" not in lea.read("/checkout")
    refused = lea.pay("pay_in_store")
    assert refused.status_code == 409 and "Choose how to pay." in text_of(refused.text)


def test_without_the_terms_nothing_is_ordered(lea: Browser) -> None:
    lea.add("P1-navy-38")
    lea.tell(**HOME)
    answer = lea.pay("fake", terms="no")
    assert answer.status_code == 422 and "Please accept the terms of sale" in text_of(answer.text)
    assert lea.get("/api/v1/orders").json["orders"] == []


@pytest.mark.parametrize("total", ["1", "", "x", "-7900", "7900.0"])
def test_another_total_than_the_one_shown_orders_nothing(lea: Browser, total: str) -> None:
    lea.add("P1-navy-38")
    lea.tell(**HOME)
    answer = lea.post("/checkout/pay", provider="fake", terms="yes", total=total)
    assert answer.status_code == 409 and "A price has changed since you looked." in text_of(answer.text)
    assert lea.get("/api/v1/orders").json["orders"] == []


def test_a_price_that_changed_meanwhile(shop: Shop, lea: Browser) -> None:
    lea.add("P1-navy-38")
    lea.tell(**HOME)
    seen = lea.total()
    shop.storage.write(lambda uow: shop.catalog.set_price(uow, "P1-navy-38", Money(8500, "EUR")))
    answer = lea.pay("fake", total=seen)
    assert answer.status_code == 409 and "Order and pay €89.90" in text_of(
        answer.text
    )  # the new total, ready to agree to
    assert lea.pay("fake").status_code == 303


def test_the_last_one_gone_and_what_can_still_be_done(shop: Shop, lea: Browser) -> None:
    lea.add("P1-navy-38", 2)
    lea.tell(how="pickup", store="S2")
    on_hand(shop, "P1-navy-38", "S2", 1)
    answer = lea.pay("fake", total="15800")
    shown = text_of(answer.text)
    assert answer.status_code == 409 and "Somebody was faster" in shown and "Nothing was charged." in shown
    assert "Only 1 left" in shown and "Take 1" in shown and "Save for later" in shown and "Have it sent" in shown
    assert lea.get("/api/v1/orders").json["orders"] == []
    assert lea.line("P1-navy-38", "set", quantity=1, back="checkout").headers["Location"] == "/checkout"
    assert lea.pay("fake").status_code == 303


def test_to_pay_at_the_counter_is_not_to_pay_now(lea: Browser) -> None:
    lea.add("P1-navy-38")
    lea.tell(**HOME)
    assert "data-later" not in lea.get("/checkout").text, "nobody pays a parcel at a counter"
    lea.tell(**BELLECOUR)
    page = lea.get("/checkout").text
    assert re.findall(r'value="(\w+)" data-later', page) == ["pay_in_store"]
    assert "Order, and pay €79.00 at the counter" in text_of(page)
    assert "You pay nothing now. We keep everything for you at the store." in text_of(page)


def test_an_order_that_came_with_another_cart_is_found(app: Flask, shop: Shop, lea: Browser) -> None:
    """Two people who became one: what one of them had ordered is still to be paid."""
    before = Browser(app, shop)
    before.add("P1-navy-38")
    before.tell(**HOME)
    assert before.pay("fake").status_code == 303
    order = before.order()
    customer_id = lea.buy("P1-navy-38", **HOME).customer_id
    shop.storage.write(lambda uow: uow.orders.set_customer([order.id], customer_id))
    lea.add("P1-navy-38")
    lea.tell(**HOME)
    waiting = f"Your order {order.number} is waiting for its payment."
    assert waiting in lea.read("/cart") and waiting in lea.read("/checkout")


def test_another_way_to_get_it_by_one_button(shop: Shop, lea: Browser) -> None:
    lea.add("P1-navy-38")
    lea.tell(**BELLECOUR)
    on_hand(shop, "P1-navy-38", "S1", 0)
    page = lea.get("/checkout").text
    assert "Pick up at Part-Dieu" in text_of(page) and "Order and pay" not in text_of(page)
    assert lea.post("/checkout/where", how="pickup", store="S2").headers["Location"] == "/checkout"
    assert "Pick up at Lyon Part-Dieu" in lea.read("/checkout") and lea.pay("fake").status_code == 303
    assert lea.order().store_id == "S2" and lea.order().email == LEA["email"]


def test_a_paused_store_says_until_when(shop: Shop, lea: Browser, clock: ManualClock) -> None:
    lea.add("P1-navy-38")
    lea.tell(**BELLECOUR)
    pause = StorePause("S1", clock.now() + timedelta(minutes=45), "rush", "staff:nadia")
    shop.storage.write(lambda uow: uow.pauses.put(pause))
    answer = lea.post("/checkout/pay", provider="fake", terms="yes", total="7900")
    assert answer.status_code == 409 and "10:45 AM" in text_of(answer.text)
    clock.advance(timedelta(minutes=46))
    assert lea.pay("fake").status_code == 303


def pressed_by_eight_at_once(app: Flask, shop: Shop, lea: Browser) -> list[str]:
    """Eight tabs of her browser; where each of them is led."""
    total, cookie = lea.total(), lea.client.get_cookie("chat", domain="127.0.0.1")
    assert cookie
    led: list[str] = []

    def press() -> None:
        browser = Browser(app, shop)
        browser.client.set_cookie("chat", cookie.value, domain="127.0.0.1")
        led.append(browser.pay("fake", total=total).headers["Location"])

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return led


def test_pressed_many_times_at_once_it_is_one_order(app: Flask, shop: Shop, lea: Browser) -> None:
    lea.add("P1-navy-38")
    lea.tell(**HOME)
    answers = pressed_by_eight_at_once(app, shop, lea)
    order = lea.order()
    assert len(lea.get("/api/v1/orders").json["orders"]) == 1 and len(answers) == 8
    assert all(answer.startswith(f"/orders/{order.id}") for answer in answers)
    with shop.storage.read() as uow:
        assert len(uow.payments.of_order(order.id)) == 1
        stock = {level.store_id: level.held for level in uow.stock.levels([variant_of(shop, "P1-navy-38")])}
    assert sum(stock.values()) == 1


def test_back_and_again_is_the_same_order(lea: Browser) -> None:
    lea.add("P1-navy-38")
    lea.tell(**HOME)
    first = lea.pay("fake").headers["Location"]
    assert f"Your order {lea.order().number} is waiting for its payment." in lea.read("/checkout")
    assert lea.pay("fake").headers["Location"] == first


def test_where_it_came_from(shop: Shop, lea: Browser) -> None:
    lea.get("/buy/P1-navy-38:1")
    lea.tell(**HOME)
    lea.pay("fake")
    assert lea.order().source is OrderSource.LINK
    other = Browser(lea.client.application, shop)
    other.add("P4-brown-", source="catalogue:spring:4")
    other.tell(**HOME)
    other.pay("fake")
    assert other.order().source is OrderSource.CATALOGUE


def test_the_terms_are_linked_where_there_are_some(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(fake_payments=True, terms_url="https://shop.example/terms")
    lea = Browser(create_app(shop), shop)
    lea.add("P1-navy-38")
    lea.tell(**HOME)
    assert 'href="https://shop.example/terms"' in lea.get("/checkout").text


def test_in_french(app: Flask, shop: Shop) -> None:
    lea = Browser(app, shop, "fr")
    lea.add("P1-navy-38")
    lea.tell(**HOME)
    shown = lea.read("/checkout")
    for words in (
        "Commander et payer 83,90 €",
        "J’accepte les conditions de vente.",
        "Livraison 4,90 €",
        "dont TVA 20 % 13,99 €",
    ):
        assert words in shown, words
    lea.pay("fake")
    assert "En attente de votre paiement" in lea.read(f"/orders/{lea.order().id}")


def test_on_both_databases(database_url: str, tmp_path: Path, clock: ManualClock) -> None:
    """Cart, link, code, order, payment, key: pressed by eight at once, paid once."""
    changes = {"data_dir": tmp_path / "data", "database_url": database_url, "fake_payments": True}
    with build_shop(load_settings(**(SETTINGS | changes)), clock=clock) as shop:
        fill(shop)
        app = create_app(shop)
        lea = Browser(app, shop)
        lea.get("/buy/P1-navy-38:2")
        lea.get("/buy/P1-navy-38:2")
        assert lea.cart() == {"P1-navy-38": 2}
        lea.tell(**HOME)
        ends = pressed_by_eight_at_once(app, shop, lea)
        order = lea.order()
        assert len(ends) == 8 and len(lea.get("/api/v1/orders").json["orders"]) == 1
        lea.play(f"/orders/{order.id}/leave", "pay")
        assert lea.order().state is OrderState.PAID and lea.cart() == {}
