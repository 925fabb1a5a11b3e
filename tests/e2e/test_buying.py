"""Buying in a real browser: from a product to a paid order, with scripts and without; one cart on every door."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from commerce.domain.collecting import CollectingRules, PickUpKind, PickUpRef
from commerce.domain.order import OrderState
from commerce.wiring import Shop
from tests.e2e.conftest import DESK, PHONE
from tests.e2e.test_shop_front import findings, findings_by_day_and_by_night

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

WORDS = {
    "en": {
        "size": "Choose a size",
        "add": "Add to cart",
        "added": "“Linen midi dress” is in your cart.",
        "see": "See the cart",
        "order": "Order",
        "delivery": "Delivery",
        "street": "Street and number",
        "postcode": "Postcode",
        "town": "Town",
        "go_on": "Continue",
        "terms": "I accept the terms of sale.",
        "pay": re.compile("Order and pay €83.90"),
        "now": "Pay €83.90",
        "paid": "Paid",
        "name": "Name",
    },
    "fr": {
        "size": "Choisir une taille",
        "add": "Ajouter au panier",
        "added": "« Robe midi en lin » est dans votre panier.",
        "see": "Voir le panier",
        "order": "Commander",
        "delivery": "Livraison",
        "street": "Numéro et rue",
        "postcode": "Code postal",
        "town": "Ville",
        "go_on": "Continuer",
        "terms": "J’accepte les conditions de vente.",
        "pay": re.compile("Commander et payer 83,90"),
        "now": "Payer 83,90 €",
        "paid": "Payée",
        "name": "Nom",
    },
}


def spaced(text: str | None) -> str:
    return (text or "").replace("\u202f", " ").replace("\xa0", " ")


def orders(shop: Shop) -> list[OrderState]:
    with shop.storage.read() as uow:
        return [order.state for order in uow.orders.find()]


def to_the_recap(page: Page, words: dict[str, object]) -> None:
    """From the cart to the page that says what is to be paid."""
    page.get_by_role("link", name=str(words["order"]), exact=True).click()
    page.get_by_label(str(words["name"]), exact=True).fill("Léa")
    page.locator("#email").fill("lea@example.com")
    page.get_by_label(str(words["delivery"])).check()
    page.get_by_label(str(words["street"])).fill("1 rue Mercière")
    page.get_by_label(str(words["postcode"])).fill("69002")
    page.get_by_label(str(words["town"])).fill("Lyon")
    page.get_by_role("button", name=str(words["go_on"])).click()


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_from_a_product_to_a_paid_order(window: Callable[..., Page], shop: Shop, language: str, scripts: bool) -> None:
    words = WORDS[language]
    page = window(language, PHONE, java_script_enabled=scripts)
    page.goto("/p/1")
    page.get_by_role("link", name=str(words["size"])).wait_for()  # nothing can be bought that nobody chose
    assert page.get_by_role("button", name=str(words["add"])).count() == 0
    page.get_by_role("link", name="38", exact=True).click()
    page.get_by_role("button", name=str(words["add"])).click()
    page.get_by_text(re.compile(str(words["added"]).replace(" ", r"\s"))).wait_for()
    assert page.locator("[data-cart-count]").inner_text() == "1"
    if scripts:
        page.get_by_role("link", name=str(words["see"])).click()
    to_the_recap(page, words)
    assert page.locator(".sum").bounding_box()["y"] < page.get_by_role("button").last.bounding_box()["y"]  # type: ignore[index]
    page.get_by_label(str(words["terms"])).check()
    page.get_by_role("button", name=words["pay"]).click()  # type: ignore[arg-type]
    page.wait_for_url("**/pay/fake/**")
    button = page.locator("button[value=pay]")
    assert spaced(button.text_content()) == words["now"]
    button.click()
    page.wait_for_url("**/orders/**")
    page.locator(".state-line", has_text=str(words["paid"])).wait_for()
    assert orders(shop) == [OrderState.PAID] and page.locator("[data-cart-count]").is_hidden()


def test_a_change_in_the_chat_shows_in_the_cart_within_two_seconds(window: Callable[..., Page], shop: Shop) -> None:
    cart = window("en")
    cart.goto("/p/2")
    cart.get_by_role("button", name="Add to cart").click()
    cart.get_by_text("is in your cart").wait_for()
    cart.goto("/cart")
    chat = cart.context.new_page()
    chat.goto("/chat")
    chat.locator(".told").first.wait_for()
    chat.locator("[data-chat-text]").fill("linen midi dress")
    chat.keyboard.press("Enter")
    for label in ("Add to cart", "38", "Navy"):
        chat.locator(".told").last.get_by_role("button", name=label, exact=True).first.click()
    chat.locator(".told", has_text="Added: Linen midi dress").wait_for()
    began_s = time.monotonic()
    cart.bring_to_front()
    cart.locator(".line-title", has_text="Linen midi dress").wait_for(timeout=2_000)
    took_s = time.monotonic() - began_s
    assert took_s < 2 and "€144.00" in cart.locator(".totals").inner_text()
    assert cart.locator("[data-cart-count]").inner_text() == "2"


def test_two_windows_change_one_cart(window: Callable[..., Page]) -> None:
    first = window("en")
    first.goto("/p/2")
    first.get_by_role("button", name="Add to cart").click()
    first.get_by_text("is in your cart").wait_for()
    first.goto("/cart")
    second = first.context.new_page()
    second.goto("/cart")
    second.get_by_label("Quantity of Denim jacket").select_option("3")
    second.get_by_text("Your cart has been changed.").wait_for()
    assert "€195.00" in second.locator(".totals").inner_text()
    first.bring_to_front()
    first.locator(".row-total", has_text="€195.00").wait_for(timeout=2_000)
    first.get_by_role("button", name="Take out: Denim jacket").click()
    first.get_by_role("button", name="Put it back").click()
    first.get_by_label("Quantity of Denim jacket").wait_for()
    assert first.get_by_label("Quantity of Denim jacket").input_value() == "3"


def test_an_order_page_follows_what_happens(window: Callable[..., Page], shop: Shop) -> None:
    page = window("en", PHONE)
    page.goto("/p/2")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="See the cart").click()
    page.get_by_role("link", name="Order", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Léa")
    page.get_by_label("Phone").fill("+33 6 00 00 00 00")
    page.get_by_label("Pick up in store").check()
    page.get_by_label("Lyon Bellecour").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("At the counter, when you pick it up").check()
    page.get_by_label("I accept the terms of sale.").check()
    assert page.get_by_role("button", name=re.compile("Order and pay")).count() == 0
    page.get_by_text("You pay nothing now. We keep everything for you at the store.").wait_for()
    page.get_by_role("button", name=re.compile("Order, and pay €[0-9.]+ at the counter")).dblclick()
    page.get_by_text("Ordered, to be paid at the counter").first.wait_for()
    assert orders(shop) == [OrderState.PLACED]
    with shop.storage.read() as uow:
        [order] = uow.orders.find()
    assert order.pickup_code not in page.content()
    for state in (OrderState.PREPARING, OrderState.READY):
        shop.storage.write(lambda uow, to=state: shop.orders.advance(uow, order.id, to, actor="staff:nadia"))
    page.get_by_text("Ready to be picked up").first.wait_for(timeout=4_000)
    assert page.locator(".code").inner_text() == order.pickup_code
    assert page.locator(".pick-up img").evaluate("image => image.naturalWidth") > 100


def test_back_from_the_payment_and_declined(window: Callable[..., Page], shop: Shop) -> None:
    page = window("en")
    page.goto("/buy/P1-navy-38:1")
    to_the_recap(page, WORDS["en"])
    page.get_by_label("I accept the terms of sale.").check()
    page.get_by_role("button", name=re.compile("Order and pay")).click()
    page.wait_for_url("**/pay/fake/**")
    page.go_back()
    page.get_by_text(re.compile(r"Your order \d+ is waiting for its payment.")).wait_for()
    page.get_by_role("link", name="Show the order").click()
    page.get_by_role("link", name=re.compile("Pay €")).click()
    page.wait_for_url("**/pay/fake/**")
    page.get_by_role("button", name="Have it declined").click()
    page.get_by_text("The payment did not go through. Nothing was charged.").wait_for()
    page.get_by_role("button", name="Pay again").click()
    page.wait_for_url("**/pay/fake/**")
    page.locator("button[value=pay]").click()
    page.locator(".state-line", has_text="Paid").wait_for()
    assert orders(shop) == [OrderState.PAID]


def test_on_to_telegram_with_the_cart(window: Callable[..., Page]) -> None:
    """Browsers hold `form-action` against the redirect to t.me too: this page lets it through."""
    page = window("en", PHONE)
    page.route("https://t.me/**", lambda route: route.fulfill(body="<h1>Telegram</h1>", content_type="text/html"))
    page.goto("/buy/P4-brown-:1")
    page.get_by_role("button", name="Continue in Telegram").click()
    page.get_by_role("heading", name="Telegram").wait_for()
    assert re.fullmatch(r"https://t\.me/maison_bot\?start=c_[A-Za-z0-9_-]{8,40}", page.url)


def test_axe_and_no_page_scrolls_sideways(window: Callable[..., Page], shop: Shop) -> None:
    page = window("fr", DESK, reduced_motion="reduce")

    def look() -> None:
        assert findings_by_day_and_by_night(page) == [], page.url
        for width in (320, 390, 820, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (page.url, width)

    page.goto("/buy/P1-navy-38:1,P4-brown-:2,NOPE:1")
    look()
    page.goto("/checkout")
    look()
    page.locator("#delivery").check()
    page.get_by_role("button", name="Continuer").click()
    page.get_by_text("Indiquez votre nom.").wait_for()
    look()
    page.get_by_label("Nom", exact=True).fill("Léa")
    page.locator("#email").fill("lea@example.com")
    page.locator("#line1").fill("1 rue Mercière")
    page.locator("#postcode").fill("69002")
    page.locator("#city").fill("Lyon")
    page.get_by_role("button", name="Continuer").click()
    page.get_by_label("J’accepte les conditions de vente.").wait_for()
    look()
    page.get_by_label("J’accepte les conditions de vente.").check()
    page.get_by_role("button", name=re.compile("Commander et payer")).click()
    page.wait_for_url("**/pay/fake/**")
    look()
    page.locator("button[value=pay]").click()
    page.locator(".state-line", has_text="Payée").wait_for()
    look()
    page.get_by_role("link", name="Reçu").click()
    look()
    page.goto("/orders")
    look()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_hour_to_come_is_chosen_with_the_keyboard(window: Callable[..., Page], shop: Shop, scripts: bool) -> None:
    rules = CollectingRules("S1", slot_capacity=1)
    shop.storage.write(lambda uow: shop.slots.set_rules(uow, rules, actor="staff:owner"))
    page = window("en", PHONE, java_script_enabled=scripts)
    page.goto("/p/2")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_text("is in your cart").wait_for()
    page.goto("/checkout")
    page.get_by_label("Name", exact=True).fill("Léa")
    page.locator("#email").fill("lea@example.com")
    page.get_by_label("Pick up in store").check()
    page.locator('input[name="store"][value="S1"]').check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("When would you like to collect it?").wait_for()
    hours = page.locator('input[name="slot"]')
    hours.first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    assert hours.nth(1).is_checked()
    said = spaced(page.locator(".hour").nth(1).inner_text()).strip()
    page.locator('input[value="pay_in_store"]').check()
    page.get_by_label("I accept the terms of sale.").check()
    assert not scripts or findings(page) == []
    page.get_by_role("button", name=re.compile("at the counter")).click()
    page.wait_for_url("**/orders/**")
    begins = said.partition("–")[0]
    assert begins in spaced(page.get_by_text("You come:").inner_text())
    page.get_by_text("Another hour").click()
    page.locator('input[name="slot"]').first.check()
    page.get_by_role("button", name="Choose this hour").click()
    page.get_by_text("You come:").wait_for()
    with shop.storage.read() as uow:
        (order,) = uow.orders.find()
        known = uow.pick_ups.details(PickUpRef(PickUpKind.ORDER, order.id))
    assert known is not None and known.slot_at is not None
    assert begins not in spaced(page.get_by_text("You come:").inner_text())
    assert not scripts or findings(page) == []
