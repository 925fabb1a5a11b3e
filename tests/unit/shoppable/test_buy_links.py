"""Links that fill a cart: at least what they ask for, never twice, never a charge, for this browser alone."""

from __future__ import annotations

import pytest
from flask import Flask

from commerce.domain.promotion import Promotion, PromotionKind
from commerce.wiring import Shop
from tests.unit.shoppable.shopping import HOST, Browser


def test_a_link_fills_the_cart_and_nothing_else(shop: Shop, lea: Browser) -> None:
    answer = lea.get("/buy/P1-navy-38:2,P4-brown-")
    assert answer.status_code == 303 and answer.headers["Location"] == "/cart?said=filled"
    assert lea.cart() == {"P1-navy-38": 2, "P4-brown-": 1}
    assert lea.get("/api/v1/orders").json["orders"] == []


def test_the_same_link_twice_adds_nothing_more(lea: Browser) -> None:
    for _ in range(3):
        lea.get("/buy/P1-navy-38:2,P1-navy-38:1")
    assert lea.cart() == {"P1-navy-38": 2}


def test_what_is_there_already_counts(lea: Browser) -> None:
    lea.add("P1-navy-38", 3)
    lea.get("/buy/P1-navy-38:2,P2-blue-M:2")
    assert lea.cart() == {"P1-navy-38": 3, "P2-blue-M": 2}


def test_a_wrong_sku_is_named_and_the_rest_is_kept(lea: Browser) -> None:
    shown = lea.read("/buy/NOPE-1:1,P1-navy-38:1,P2-blue-M:x")
    assert "The link names something that is not sold here: NOPE-1, P2-blue-M. The rest is in your cart." in shown
    assert lea.cart() == {"P1-navy-38": 1}
    shown = Browser(lea.client.application, lea.shop).read("/buy/NOPE-1:1")
    assert "The link names something that is not sold here: NOPE-1." in shown and "The rest is" not in shown


def test_what_was_taken_out_stays_out(lea: Browser) -> None:
    link = "/buy/P1-navy-38:2,P4-brown-"
    lea.get(link)
    lea.line("P1-navy-38", "remove")
    shown = lea.read("/buy/P4-brown-,P1-navy-38:2")
    assert "You opened this link before. What you took out of your cart since stays out." in shown
    assert lea.cart() == {"P4-brown-": 1}
    lea.line("P4-brown-", "save")
    lea.get(link)
    assert lea.cart() == {}
    lea.get("/buy/P1-navy-38:1")  # another link asks for it
    assert lea.cart() == {"P1-navy-38": 1}


def test_what_was_bought_may_be_bought_again(lea: Browser) -> None:
    lea.get("/buy/P1-navy-38:1")
    lea.tell(how="pickup", store="S1")
    lea.play(lea.pay("fake").headers["Location"], "pay")
    assert lea.cart() == {}
    lea.get("/buy/P1-navy-38:1")
    assert lea.cart() == {"P1-navy-38": 1}


def test_what_could_not_be_had_comes_when_it_can(shop: Shop, lea: Browser) -> None:
    link = "/buy/P8-red-:1,P1-navy-38:1"
    lea.get(link)
    assert lea.cart() == {"P1-navy-38": 1}
    shop.storage.write(lambda uow: shop.catalog.set_on_hand(uow, "P8-red-", "S1", 3))
    lea.get(link)
    assert lea.cart() == {"P1-navy-38": 1, "P8-red-": 1}


def test_what_is_sold_out_is_said(lea: Browser) -> None:
    assert "sold out" in lea.read("/buy/P8-red-:1,P1-navy-38:1")
    assert lea.cart() == {"P1-navy-38": 1}


def test_a_code_comes_along(shop: Shop, lea: Browser) -> None:
    shop.storage.write(lambda uow: uow.promotions.put(Promotion("TEN", PromotionKind.PERCENT, 1000, "EUR")))
    assert "Total €71.10" in lea.read("/buy/P1-navy-38:1?coupon=ten")
    assert "We do not know this code." in Browser(lea.client.application, shop).read("/buy/P1-navy-38:1?coupon=NOPE")


@pytest.mark.parametrize("items", ["A" * 2_500, ",".join(f"S{n}:1" for n in range(60))])
def test_too_long_a_link(lea: Browser, items: str) -> None:
    assert lea.get(f"/buy/{items}").status_code == 400


@pytest.mark.parametrize(
    "items",
    [
        "%00:1",
        "'; DROP TABLE cart;--:1",
        "<script>:1",
        "P1-navy-38:-1",
        "P1-navy-38:999999999999",
        ":",
        ",,,",
        "%ff:1",
        "P1-navy-38:２",
    ],
)
def test_odd_links_change_nothing(lea: Browser, items: str) -> None:
    answer = lea.get(f"/buy/{items}")
    assert answer.status_code in (303, 400, 404) and "<script>" not in answer.text
    assert "<script>:" not in lea.read("/cart") and lea.cart() == {}


def test_looking_ahead_changes_nothing(lea: Browser) -> None:
    for headers in ({"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}):
        answer = lea.get("/buy/P1-navy-38:1", **headers)
        assert answer.status_code == 503 and "Set-Cookie" not in answer.headers
    head = lea.client.head("/buy/P1-navy-38:1", base_url=HOST)
    assert head.status_code == 303 and "Set-Cookie" not in head.headers
    assert lea.cart() == {}


def test_nobody_elses_cart(app: Flask, shop: Shop, lea: Browser) -> None:
    lea.add("P2-blue-M")
    Browser(app, shop).get("/buy/P1-navy-38:1")
    assert lea.cart() == {"P2-blue-M": 1}
    answer = lea.get("/buy/P1-navy-38:1")
    assert answer.headers["Cache-Control"] == "no-store" and "nofollow" in answer.headers["X-Robots-Tag"]


def test_where_it_came_from_is_remembered(shop: Shop, lea: Browser) -> None:
    lea.get("/buy/P1-navy-38:1")
    with shop.storage.read() as uow:
        order_lines = [
            line.source
            for cart in [shop.carts.of(uow, customer) for customer in _customers(uow)]
            if cart
            for line in cart.wanted
        ]
    assert order_lines == ["link"]


def _customers(uow: object) -> list[str]:
    from sqlalchemy import text

    return list(uow.transaction.execute(text("SELECT id FROM customer"), {}).scalars())  # type: ignore[attr-defined]
