"""From an open catalogue to a paid order and a reservation by keys alone; live prices; what is counted of reading."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from commerce.domain.lookbook import Edition
from commerce.domain.money import Money
from commerce.domain.order import OrderState
from commerce.domain.team import Role
from commerce.wiring import Shop
from tests.e2e.reading import ARRIVES_S, LIVE_S, counted, opens, press_until, publish, said, size, stands, within
from tests.e2e.test_chat import press
from tests.unit.shoppable.staffing import PASSWORD, add_member

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

DRESS = [f"P1-navy-{size}" for size in (36, 38, 40)] + ["P1-terracotta-38"]
SNEAKERS = [f"P3-white-{size}" for size in (41, 42, 43)]


@pytest.fixture
def book(shop: Shop) -> Edition:
    return publish(shop)


def choose(page: Page, group: str, wanted: str) -> None:
    """One of several, by keys."""
    press_until(page, "Tab", group)
    press_until(page, "ArrowDown", wanted, most=6)
    page.keyboard.press("Space")
    assert page.locator(wanted).is_checked()


def fill(page: Page, fields: dict[str, str]) -> None:
    for field, words in fields.items():
        press_until(page, "Tab", field)
        page.keyboard.type(words)


def test_bought_by_keys_alone(window: Callable[..., Page], shop: Shop, book: Edition) -> None:
    # Chromium complains where one page follows another faster than it can fade over.
    page = window("en", size("desk"), reduced_motion="reduce")
    opens(page, book)
    press_until(page, "Tab", ".lookbook-spots a")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    choose(page, ".sheet-buy input[name=variant]", ".sheet-choice:nth-of-type(2) input")
    press_until(page, "Tab", ".sheet-buy button")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_text("is in your cart.").wait_for()
    press_until(page, "Tab", "[data-added] a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cart")
    page.get_by_text("Linen midi dress").first.wait_for()
    with shop.storage.read() as uow:
        cart = uow.carts.of_customer(_only_customer(shop))
    assert cart is not None
    assert [line.source for line in cart.wanted] == [f"catalogue:{book.lookbook.id}:1"]
    press_until(page, "Tab", "a[href='/checkout']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout")
    fill(page, {"#name": "Léa", "#email": "lea@example.com"})
    choose(page, "input[name=how]", "#delivery")
    fill(page, {"#line1": "1 rue Mercière", "#postcode": "69002", "#city": "Lyon"})
    press_until(page, "Tab", "form[action='/checkout/details'] button")
    page.keyboard.press("Enter")
    page.locator("input[name=provider]").first.wait_for()
    choose(page, "input[name=provider]", "input[name=provider][value=fake]")
    press_until(page, "Tab", "input[name=terms]")
    page.keyboard.press("Space")
    press_until(page, "Tab", "form[action='/checkout/pay'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pay/fake/**")
    press_until(page, "Tab", "button[value=pay]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/**")
    page.get_by_text("Paid", exact=True).first.wait_for()
    with shop.storage.read() as uow:
        (order,) = uow.orders.find()
    assert order.state is OrderState.PAID
    assert order.came_from == f"catalogue:{book.lookbook.id}:1"


def _only_customer(shop: Shop) -> str:
    engine = create_engine(shop.settings.url_of_database)
    with engine.connect() as connection:
        (found,) = connection.execute(text("SELECT customer_id FROM cart")).scalars()
    engine.dispose()
    return str(found)


def test_reserved_by_keys_alone(window: Callable[..., Page], book: Edition) -> None:
    page = window("en", size("desk"))
    opens(page, book)
    press_until(page, "Tab", ".lookbook-spots a")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    press_until(page, "Tab", ".sheet-links a[href*='do=stores']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/chat**")
    page.get_by_role("button", name="38").wait_for()
    press(page, "38")
    press(page, "Navy")
    press(page, "Share my location")
    assert "Held, nothing to pay" in press(page, "Reserve at Bellecour")


@pytest.mark.parametrize("how", ["listening", "asking"])
def test_an_open_page_says_new_prices_and_sold_out(
    window: Callable[..., Page], shop: Shop, book: Edition, how: str
) -> None:
    """On both pages that lie open. A page that finds no place to listen asks."""
    page = window("fr", size("desk"))
    streams: list[str] = []
    page.on("request", lambda request: streams.append(request.resource_type) if "/facts" in request.url else None)
    if how == "asking":
        refused = {"status": 503, "body": "{}", "content_type": "application/problem+json"}
        page.route(
            re.compile("/facts"),
            lambda route: (
                route.fulfill(**refused)  # type: ignore[arg-type]
                if "event-stream" in route.request.headers.get("accept", "")
                else route.continue_()
            ),
        )
    if how == "listening":
        with page.expect_response(
            lambda answer: answer.headers.get("content-type", "").startswith("text/event-stream")
        ):
            opens(page, book, "#page-7")
    else:
        opens(page, book, "#page-7")
    streams.clear()  # who waits long for the stream to open asks meanwhile
    page.evaluate("window.neverReloaded = true")
    stands(page, "6–7 / 8")
    dress, sneakers = page.locator("#page-7 .lookbook-list li").first, page.locator("#page-6 .lookbook-list li").nth(1)
    spot = page.locator("#page-7 .lookbook-spots a").first
    assert "79,00 €" in said(dress.inner_text())
    assert "Épuisé" not in sneakers.inner_text()
    spot.focus()
    shop.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
    for sku in DRESS:
        now, before = Money(6900, "EUR"), Money(7900, "EUR")
        shop.storage.write(lambda uow, sku=sku: shop.catalog.set_price(uow, sku, now, before))
    took = within(LIVE_S, lambda: "69,00 €" in said(dress.inner_text()))
    assert "Prix le plus bas des 30 derniers jours : 79,00 €" in said(dress.inner_text())
    assert "69,00 €" in said(spot.get_attribute("aria-label") or "")
    for sku in (*DRESS, *SNEAKERS):
        for store in ("S1", "S2", "S3", "WEB"):
            shop.storage.write(lambda uow, sku=sku, store=store: shop.catalog.set_on_hand(uow, sku, store, 0))
    gone = within(LIVE_S, lambda: "Épuisé" in dress.inner_text() and "Épuisé" in sneakers.inner_text())
    assert "gone" in (spot.get_attribute("class") or "")
    assert spot.locator(".spot-gone").is_visible()
    page.keyboard.press("Enter")  # the focus has stayed
    sheet = page.get_by_role("dialog")
    sheet.get_by_text("Épuisé").wait_for()
    assert sheet.get_by_role("link", name=re.compile("M’avertir")).count() == 4
    assert page.evaluate("window.neverReloaded")
    assert ("fetch" in streams) == (how == "asking")
    print(f"{how}: price after {took:.1f} s, sold out after {gone:.1f} s")


# --- what is counted


def leaves(page: Page) -> None:
    """What waits is sent when the page is left."""
    page.goto("about:blank")


def test_three_turns_are_three_pages_and_how_long_each_was_read(
    window: Callable[..., Page], shop: Shop, book: Edition
) -> None:
    """J9, step 3."""
    page = window("fr", size("phone"))
    opens(page, book, "#page-3")
    page.locator("[data-consent]").check()
    page.wait_for_timeout(500)
    for where, stays_ms in (("4 / 8", 4_000), ("5 / 8", 1_000)):
        page.keyboard.press("ArrowRight")
        stands(page, where)
        page.wait_for_timeout(stays_ms)
    leaves(page)
    within(
        ARRIVES_S,
        lambda: len(counted(shop, book)) == 3 and all(each[3] for each in counted(shop, book)),
    )
    assert counted(shop, book) == [(3, 1, 1, True), (4, 1, 1, True), (5, 1, 1, True)]
    add_member(shop, "hugo", Role.MARKETER, password=PASSWORD)
    studio = window("en", size("desk"))
    studio.goto(f"/studio/{book.lookbook.id}/report")
    studio.locator("input[name=login]").fill("hugo")
    studio.locator("input[name=password]").fill(PASSWORD)
    studio.keyboard.press("Enter")
    studio.get_by_role("heading", name="By page").wait_for()
    path = f"/studio/{book.lookbook.id}/report/pages.csv"
    lines = studio.evaluate("async path => (await fetch(path)).text()", path).lstrip("\ufeff").split()
    column = lines[0].split(",").index("mean_stay_s")
    stayed = {line.split(",")[0]: float(line.split(",")[column]) for line in lines[1:]}
    assert max(stayed, key=lambda number: stayed[number]) == "4"


@pytest.mark.parametrize("says", ["nothing", "do not track"])
def test_without_consent_nobody_is_known(window: Callable[..., Page], shop: Shop, book: Edition, says: str) -> None:
    """And each page of a spread counts."""
    page = window("en", size("desk"))
    if says == "do not track":
        page.add_init_script("Object.defineProperty(navigator, 'doNotTrack', { value: '1' })")
        agreed = "location.protocol === 'http:' && localStorage.setItem('vitrine-reading', 'yes')"  # long ago
        page.add_init_script(agreed)
    opens(page, book, "#page-2")
    assert page.locator("[data-consent-row]").is_visible() == (says == "nothing")
    page.wait_for_timeout(500)
    page.keyboard.press("End")
    stands(page, "8 / 8")
    page.wait_for_timeout(1_000)
    leaves(page)
    within(
        ARRIVES_S,
        lambda: len(counted(shop, book)) == 3 and all(each[3] for each in counted(shop, book)),
    )
    assert counted(shop, book) == [(2, 1, 0, True), (3, 1, 0, True), (8, 1, 0, True)]
    assert page.context.cookies() == []
