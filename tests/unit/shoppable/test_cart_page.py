"""The cart as pages: what is chosen goes in, every change by a plain form, nobody else's business."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from commerce.clock import ManualClock
from commerce.domain.cart import MAX_QUANTITY
from commerce.domain.customer import Contact
from commerce.domain.money import Money
from commerce.domain.promotion import Promotion, PromotionKind
from commerce.wiring import Shop
from shoppable import create_app
from tests.unit.shoppable.shopping import HOST, Browser, text_of, variant_of


def form_of(page: str) -> str | None:
    """The variant that the product page's button would put into the cart; None without that button."""
    found = re.search(r'action="/cart/add".*?name="variant" value="(\d+)"', page, re.S)
    return found[1] if found else None


# --- choosing


def test_nothing_goes_in_that_nobody_chose(shop: Shop, lea: Browser) -> None:
    """The dress comes in two colours and three sizes: the page shows the first colour, which is nobody's choice."""
    assert form_of(lea.get("/p/1").text) is None and "Choose a size" in lea.read("/p/1")
    assert form_of(lea.get("/p/1?colour=navy").text) is None
    assert form_of(lea.get("/p/1?size=38").text) is None and "Choose a colour" in lea.read("/p/1?size=38")
    chosen = lea.get("/p/1?colour=navy&size=38").text
    assert form_of(chosen) == str(variant_of(shop, "P1-navy-38"))
    assert form_of(lea.get("/p/1?colour=terracotta&size=38").text) is None  # sold out
    assert form_of(lea.get("/p/1?colour=terracotta&size=40").text) is None  # never made


def test_the_only_one_there_is_needs_no_choosing(shop: Shop, lea: Browser) -> None:
    assert form_of(lea.get("/p/4").text) == str(variant_of(shop, "P4-brown-"))


def test_every_link_of_a_size_names_its_colour_too(lea: Browser) -> None:
    sizes = re.findall(r'href="([^"]+)" class="size-choice', lea.get("/p/1").text)
    assert len(sizes) == 3 and all("colour=navy" in href and "size=" in href for href in sizes)


# --- the page


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            ["“Linen midi dress” is in your cart.", "size 38", "€79.00", "Subtotal €158.00", "Total €158.00", "Cart 2"],
        ),
        ("fr", ["« Robe midi en lin » est dans votre panier.", "taille 38", "79,00 €", "Total 158,00 €", "Panier 2"]),
    ],
)
def test_what_is_in_it_and_what_it_costs(app: Flask, shop: Shop, language: str, words: list[str]) -> None:
    browser = Browser(app, shop, language)
    answer = browser.add("P1-navy-38", 2)
    assert answer.status_code == 303
    shown = browser.read(answer.headers["Location"])
    for each in words:
        assert each in shown, each
    assert "Cart 2" in shown or "Panier 2" in shown
    assert "2" in browser.read("/")  # in the head of every page


def test_a_cut_is_shown_beside_the_lowest_price_of_30_days(shop: Shop, lea: Browser, clock: ManualClock) -> None:
    clock.advance(timedelta(days=3))
    shop.storage.write(lambda uow: shop.catalog.set_price(uow, "P1-navy-38", Money(6900, "EUR"), Money(9900, "EUR")))
    lea.add("P1-navy-38")
    shown = lea.read("/cart")
    assert "€69.00" in shown and "€99.00" in shown and "Lowest price of the last 30 days: €79.00" in shown


def test_taxes_by_rate(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(tax_rates="*=20,dress=5.5")
    lea = Browser(create_app(shop), shop)
    lea.add("P1-navy-38")
    lea.add("P2-blue-M")
    shown = lea.read("/cart")
    assert "of which tax 5.5% €4.12" in shown and "of which tax 20% €10.83" in shown and "Total €144.00" in shown


def test_changing_saving_taking_out_and_putting_back(lea: Browser) -> None:
    lea.add("P1-navy-38")
    lea.add("P2-blue-M")
    assert "has been changed" in lea.read(lea.line("P1-navy-38", "set", quantity=3).headers["Location"])
    assert lea.cart() == {"P1-navy-38": 3, "P2-blue-M": 1}
    assert "saved for later" in lea.read(lea.line("P2-blue-M", "save").headers["Location"])
    assert lea.cart() == {"P1-navy-38": 3}
    shown = lea.read("/cart")
    assert "Saved for later" in shown and "Denim jacket" in shown and "Total €237.00" in shown
    lea.line("P2-blue-M", "want", saved=1)
    assert lea.cart() == {"P1-navy-38": 3, "P2-blue-M": 1}
    gone = lea.get(lea.line("P1-navy-38", "remove", quantity=3).headers["Location"]).text
    assert "has been taken out" in gone and "Put it back" in gone
    assert lea.cart() == {"P2-blue-M": 1}
    back = re.search(r'name="variant" value="(\d+)"><input type="hidden" name="quantity" value="(\d+)"', gone)
    assert back
    lea.post("/cart/add", variant=back[1], quantity=back[2])
    assert lea.cart() == {"P2-blue-M": 1, "P1-navy-38": 3}


def test_a_saved_thing_can_be_taken_out(lea: Browser) -> None:
    lea.add("P2-blue-M")
    lea.line("P2-blue-M", "save")
    lea.line("P2-blue-M", "remove", saved=1)
    assert "Denim jacket" not in text_of(lea.get("/cart").text) and lea.cart() == {}


def test_refusals_are_said_in_words(shop: Shop, lea: Browser) -> None:
    assert "sold out" in lea.read(lea.add("P8-red-").headers["Location"])
    assert "cannot put that many" in lea.read(lea.add("P1-navy-38", MAX_QUANTITY + 1).headers["Location"])
    assert "no longer in the shop" in lea.read(lea.post("/cart/add", variant=999_999, quantity=1).headers["Location"])
    assert lea.cart() == {}


@pytest.mark.parametrize(
    "form",
    [{}, {"variant": "x", "quantity": 1}, {"variant": 1, "quantity": "-1"}, {"variant": 1, "quantity": "1e9"},
     {"variant": "1' OR 1=1", "quantity": 1}, {"variant": "9" * 30, "quantity": 1}, {"variant": "\0", "quantity": 1}],
)  # fmt: skip
def test_forms_that_nobody_would_send(lea: Browser, form: dict[str, object]) -> None:
    assert lea.post("/cart/add", **form).status_code == 400
    assert lea.post("/cart/lines", **{**form, "do": "set"}).status_code == 400
    assert lea.post("/cart/lines", variant=1, quantity=1, do="burn").status_code == 400


def test_codes(shop: Shop, lea: Browser) -> None:
    promotion = Promotion("PRINTEMPS10", PromotionKind.PERCENT, 1000, "EUR", min_subtotal_minor=5000)
    shop.storage.write(lambda uow: uow.promotions.put(promotion))
    lea.add("P1-navy-38")
    assert "We do not know this code." in lea.read(lea.post("/cart/coupon", code="NOPE").headers["Location"])
    counted = lea.read(lea.post("/cart/coupon", code=" printemps 10 ").headers["Location"])
    assert (
        "The code counts." in counted and "Discount, code PRINTEMPS10 -€7.90" in counted and "Total €71.10" in counted
    )
    lea.add("P6-navy-38")
    lea.line("P1-navy-38", "save")
    lea.line("P6-navy-38", "save")
    lea.add("P2-blue-M")
    shop.storage.write(lambda uow: shop.catalog.set_price(uow, "P2-blue-M", Money(4000, "EUR")))
    assert "This code needs a larger cart." in lea.read("/cart") and "Total €40.00" in lea.read("/cart")
    assert "Total €40.00" in lea.read(lea.post("/cart/coupon", do="drop").headers["Location"])


def test_what_is_no_longer_sold_is_said_and_counts_for_nothing(shop: Shop, lea: Browser) -> None:
    from sqlalchemy import create_engine, text

    lea.add("P1-navy-38")
    lea.add("P2-blue-M")
    gone = variant_of(shop, "P2-blue-M")
    engine = create_engine(shop.settings.url_of_database)
    with engine.begin() as connection:
        connection.execute(text("UPDATE product SET active = :no WHERE source_id = 'P2'"), {"no": False})
    engine.dispose()
    shown = lea.read("/cart")
    assert "This item is no longer in the shop." in shown and "Total €79.00" in shown
    lea.post("/cart/lines", variant=gone, do="remove")
    assert "no longer in the shop" not in text_of(lea.get("/cart").text)


# --- who may


def test_another_browser_has_another_cart(app: Flask, shop: Shop, lea: Browser) -> None:
    lea.add("P1-navy-38")
    sam = Browser(app, shop)
    assert "There is nothing in it yet." in sam.read("/cart") and sam.cart() == {}
    sam.line("P1-navy-38", "remove")
    assert lea.cart() == {"P1-navy-38": 1}


def test_looking_makes_no_cookie_and_no_customer(lea: Browser) -> None:
    for path in ("/cart", "/checkout", "/orders", "/api/v1/carts", "/api/v1/carts/mark", "/api/v1/orders"):
        assert "chat=" not in str(lea.get(path).headers.getlist("Set-Cookie"))


def test_the_cookie_and_the_walls_of_private_pages(lea: Browser) -> None:
    cookie = lea.add("P1-navy-38").headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    for path in ("/cart", "/checkout", "/orders", "/api/v1/carts"):
        headers = lea.get(path).headers
        assert headers["Cache-Control"] == "no-store" and headers["X-Robots-Tag"] == "noindex, nofollow", path
        assert headers["Referrer-Policy"] == "same-origin", path


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"},
                                     {"Origin": HOST, "Sec-Fetch-Site": "cross-site"}])  # fmt: skip
def test_only_our_own_pages_change_a_cart(shop: Shop, lea: Browser, headers: dict[str, str]) -> None:
    lea.add("P1-navy-38")
    variant = variant_of(shop, "P2-blue-M")
    for path in (
        "/cart/add",
        "/cart/lines",
        "/cart/coupon",
        "/cart/telegram",
        "/checkout/details",
        "/checkout/where",
        "/checkout/pay",
    ):
        answer = lea.client.post(
            path, base_url=HOST, headers=headers, data={"variant": variant, "quantity": 1, "do": "set"}
        )
        assert answer.status_code == 403, path
    for path in ("/api/v1/carts/lines/P2-blue-M", "/api/v1/carts/coupon"):
        assert lea.client.put(path, base_url=HOST, headers=headers, json={"quantity": 1, "code": "X"}).status_code in (
            403,
            422,
        )
    assert lea.cart() == {"P1-navy-38": 1}


def test_names_are_inert(lea: Browser) -> None:
    lea.add("P7-white-M")
    page = lea.get("/cart").text
    assert "<script>alert" not in page and "&lt;script&gt;" in page
    assert "49" not in re.findall(r"Shirt [^<]*", text_of(page))[0]  # {{7*7}} stays as it is


def test_words_in_the_address_are_ours_alone(lea: Browser) -> None:
    page = lea.get("/cart?said=<b>hacked</b>&unknown=<img src=x>&unknown=SKU-9").text
    assert "<b>hacked" not in page and "<img src=x" not in page
    assert "hacked" not in text_of(page) and "SKU-9" in text_of(page)


# --- keeping it fresh


def test_the_mark_changes_with_the_cart_alone(shop: Shop, lea: Browser) -> None:
    lea.add("P1-navy-38")
    first = lea.get("/api/v1/carts/mark")
    tag = first.headers["ETag"]
    assert lea.get("/api/v1/carts/mark", **{"If-None-Match": tag}).status_code == 304
    assert f'data-mark="{first.json["mark"]}"' in lea.get("/cart").text
    # Changed on another door, for the same person.
    with shop.storage.read() as uow:
        contact = next(c for c in [Contact("webchat", "web", _address(lea))])
        customer = uow.customers.by_contact(contact)
    assert customer
    shop.storage.write(lambda uow: shop.carts.add(uow, customer.id, variant_of(shop, "P2-blue-M")))
    changed = lea.get("/api/v1/carts/mark", **{"If-None-Match": tag})
    assert changed.status_code == 200 and changed.json["units"] == 2 and changed.json["mark"] != first.json["mark"]
    part = lea.get("/cart", **{"X-Part": "cart"}).text
    assert "<html" not in part and "Denim jacket" in part


def _address(browser: Browser) -> str:
    from shoppable.chat.session import sign

    cookie = browser.client.get_cookie("chat", domain="127.0.0.1")
    assert cookie
    with browser.client.application.app_context():
        return sign("chat", cookie.value)


# --- on to Telegram


def test_continue_in_telegram(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(telegram_username="maison_bot")
    lea = Browser(create_app(shop), shop)
    lea.add("P4-brown-", source="catalogue:spring:4")
    page = lea.get("/cart")
    assert "Continue in Telegram" in page.text
    assert "form-action 'self' https://t.me;" in page.headers["Content-Security-Policy"] + ";"
    answer = lea.post("/cart/telegram")
    match = re.fullmatch(r"https://t\.me/maison_bot\?start=c_([A-Za-z0-9_-]{8,40})", answer.headers["Location"])
    assert answer.status_code == 303 and match
    telegram = Contact("telegram", "maison_bot", "1001")
    with shop.storage.read() as uow:
        preview = shop.linking.preview(uow, match[1], telegram)
    assert preview.note == "catalogue:spring:4" and preview.brings_cart  # type: ignore[union-attr]


def test_no_telegram_no_button(lea: Browser) -> None:
    lea.add("P4-brown-")
    assert "Telegram" not in lea.get("/cart").text and lea.post("/cart/telegram").status_code == 404
