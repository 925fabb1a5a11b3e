"""Becoming one person on two doors: shown before it happens, done by a button, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from commerce.clock import ManualClock
from commerce.domain.cart import CheckoutDraft, Fulfilment
from commerce.domain.customer import Contact
from commerce.domain.linking import TokenPurpose
from commerce.domain.order import OrderRefused, OrderSource, OrderState
from commerce.domain.payment import Placed
from commerce.ports import UnitOfWork
from commerce.services.linking import TOKEN_LASTS
from commerce.wiring import Shop
from tests.unit.shoppable.shopping import HOME, HOST, Browser, text_of, variant_of

TELEGRAM = Contact("telegram", "maison_bot", "1001")


def token(shop: Shop, sku: str = "P2-blue-M", name: str = "Léa") -> str:
    """Made in the conversation, where something is in the cart."""

    def work(uow: UnitOfWork) -> str:
        customer = shop.customers.recognise(uow, TELEGRAM, name=name)
        shop.carts.add(uow, customer.id, variant_of_uow(uow, sku))
        return shop.linking.offer(uow, customer.id, TELEGRAM, TokenPurpose.LINK)

    return shop.storage.write(work)


def variant_of_uow(uow: UnitOfWork, sku: str) -> int:
    found = uow.products.by_sku(sku)
    assert found
    return found[1].id


def test_it_says_whom_it_joins_and_does_nothing_yet(shop: Shop, lea: Browser) -> None:
    lea.add("P1-navy-38")
    link = f"/link/{token(shop)}"
    for _ in range(2):
        shown = lea.read(link)
        assert "Is this you?" in shown and "Léa · Telegram" in shown and "There is something in both carts." in shown
    assert lea.cart() == {"P1-navy-38": 1}


@pytest.mark.parametrize(
    ("choice", "cart"),
    [
        ("both", {"P1-navy-38": 1, "P2-blue-M": 1}),
        ("this", {"P2-blue-M": 1}),
        ("later", {"P1-navy-38": 1}),
        ("nonsense", {"P1-navy-38": 1, "P2-blue-M": 1}),
    ],
)
def test_the_button_makes_one_cart(shop: Shop, lea: Browser, choice: str, cart: dict[str, int]) -> None:
    lea.add("P1-navy-38")
    link = f"/link/{token(shop)}"
    answer = lea.post(link, choice=choice)
    assert answer.status_code == 303 and "This is one cart now" in lea.read(answer.headers["Location"])
    assert lea.cart() == cart
    with shop.storage.read() as uow:
        customer = uow.customers.by_contact(TELEGRAM)
        assert customer and shop.carts.of(uow, customer.id) and len(uow.customers.contacts(customer.id)) == 2
    again = lea.post(link, choice=choice)
    assert again.status_code == 410 and "This link was already used." in text_of(again.text)


def test_a_no_burns_the_link(shop: Shop, lea: Browser) -> None:
    lea.add("P1-navy-38")
    link = f"/link/{token(shop)}"
    lea.get(link)
    assert lea.post(link, answer="no").headers["Location"] == "/"
    assert lea.post(link, choice="both").status_code == 410
    assert lea.cart() == {"P1-navy-38": 1}


def test_a_browser_that_is_new_here(app: Flask, shop: Shop) -> None:
    phone, link = Browser(app, shop), f"/link/{token(shop)}"
    shown = phone.get(link)
    assert "chat=" in shown.headers["Set-Cookie"] and "both carts" not in shown.text
    phone.post(link)
    assert phone.cart() == {"P2-blue-M": 1} and variant_of(shop, "P2-blue-M")


def test_over_unknown_and_oneself(shop: Shop, lea: Browser, clock: ManualClock) -> None:
    link = f"/link/{token(shop)}"
    clock.advance(TOKEN_LASTS + timedelta(seconds=1))
    assert lea.get(link).status_code == 410 and lea.post(link).status_code in (404, 410)
    for odd in ("0" * 32, "x", "a" * 200, "%00", "..%2f"):
        assert lea.get(f"/link/{odd}").status_code == 404
    fresh = token(shop)
    lea.get(f"/link/{fresh}")
    lea.post(f"/link/{fresh}")
    assert "This is you already" in lea.read(f"/link/{token(shop)}")


def test_only_our_own_page_can_press_it(shop: Shop, lea: Browser) -> None:
    lea.add("P1-navy-38")
    link = f"/link/{token(shop)}"
    assert lea.client.post(link, base_url=HOST, headers={"Origin": "https://evil.example"}).status_code == 403
    assert lea.cart() == {"P1-navy-38": 1}


def test_a_name_is_inert(shop: Shop, lea: Browser) -> None:
    page = lea.get(f"/link/{token(shop, name='<script>alert(1)</script>')}").text
    assert "<script>alert" not in page and "&lt;script&gt;" in page


def test_an_order_of_the_cart_that_was_brought_is_paid_as_it_stands(app: Flask, shop: Shop, lea: Browser) -> None:
    """Ordered in the conversation, joined with a browser that has a cart of its own, then paid in the browser."""
    lea.add("P1-navy-38")
    link = f"/link/{token(shop)}"
    draft = CheckoutDraft("Léa", "lea@example.com", fulfilment=Fulfilment.PICKUP, store_id="S1", provider="fake")

    def ordered(uow: UnitOfWork) -> Placed | OrderRefused:
        customer = shop.customers.recognise(uow, TELEGRAM)
        shop.carts.set_draft(uow, customer.id, draft)
        return shop.checkout.place(
            uow, customer_id=customer.id, contact=TELEGRAM, source=OrderSource.BOT, language="en"
        )

    placed = shop.storage.write(ordered)
    assert isinstance(placed, Placed)
    order = placed.order
    assert lea.post(link, choice="both").status_code == 303
    with shop.storage.read() as uow:
        cart = uow.carts.of_customer(lea.order().customer_id)
    assert cart is not None and cart.id != order.cart_id and len(cart.wanted) == 2
    leave = lea.post(f"/orders/{order.id}/pay")
    assert leave.status_code == 303, text_of(leave.text)
    lea.play(leave.headers["Location"], "decline")
    assert "Pay again" in lea.read(f"/orders/{order.id}")
    lea.play(lea.post(f"/orders/{order.id}/pay").headers["Location"], "pay")
    paid = lea.order()
    assert (paid.id, paid.state, paid.total_minor) == (order.id, OrderState.PAID, order.total_minor)
    assert "P1-navy-38" in lea.cart()
    assert lea.post(f"/orders/{order.id}/pay").status_code == 409


def test_an_order_is_paid_as_it_stands_when_something_came_into_the_cart(shop: Shop, lea: Browser) -> None:
    lea.add("P1-navy-38")
    lea.tell(**HOME)
    lea.play(lea.pay("fake").headers["Location"], "decline")
    order = lea.order()
    assert lea.post(f"/link/{token(shop)}", choice="both").status_code == 303
    lea.play(lea.post(f"/orders/{order.id}/pay").headers["Location"], "pay")
    paid = lea.order()
    assert (paid.id, paid.state, paid.total_minor) == (order.id, OrderState.PAID, order.total_minor)
    assert lea.cart() == {"P2-blue-M": 1}
