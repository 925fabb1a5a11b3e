"""Turning to a page three times, looking at a product, and what is suggested from it, in a real browser with axe."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from commerce.domain.lookbook import Region
from commerce.wiring import Shop
from tests.e2e.conftest import DESK, PHONE
from tests.e2e.test_shop_front import findings
from tests.unit.shoppable.catalogues import publish_catalogue

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e
PLACES = [(sku, Region(0.1, 0.1, 0.3, 0.3)) for sku in ("P1-navy-38", "P2-blue-M", "P4-brown-", "P3-white-42")]
SEEN = {"fr": "Vu p. 4 du catalogue Printemps", "en": "Seen on p. 4 of Spring"}
LOOKED = {"fr": "Vu 2 fois", "en": "You looked at it 2 times"}
ENOUGH = {"fr": "Ne plus rien proposer selon ce que je fais", "en": "Suggest nothing from what I do"}


@pytest.mark.parametrize(("language", "size"), [("fr", PHONE), ("en", DESK)], ids=["fr-390", "en-1280"])
def test_what_is_looked_at_is_suggested_from_until_it_is_switched_off(
    window: Callable[..., Page], shop: Shop, language: str, size: dict[str, int]
) -> None:
    book = publish_catalogue(shop, PLACES, pages=4).lookbook
    page = window(language, size)
    page.goto(f"/l/{book.slug}")
    page.locator("[data-consent]").check()
    page.locator("[data-track]").focus()
    for _ in range(3):
        page.keyboard.press("End")
        page.wait_for_timeout(700)
        page.keyboard.press("Home")
        page.wait_for_timeout(700)
    with shop.storage.read() as uow:
        other = uow.products.by_sku("P6-navy-38")  # in no catalogue
    assert other is not None
    for _ in range(2):  # the catalogue tells what was seen of it when it is left
        page.goto(f"/p/{other[0].id}")
        with page.expect_request("**/views", timeout=10_000):
            pass

    page.goto("/")
    suggested = page.locator(".for-you")
    suggested.get_by_text(LOOKED[language]).first.wait_for()
    assert findings(page) == []
    page.goto("/for-you")
    assert page.get_by_text(SEEN[language]).count() >= 1
    assert findings(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, "nothing hangs over the side"

    page.get_by_role("button", name=ENOUGH[language]).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/for-you?done=no")
    assert page.evaluate("localStorage.getItem('vitrine-reading')") == "no"
    assert page.get_by_text(LOOKED[language]).count() == page.get_by_text(SEEN[language]).count() == 0
    assert findings(page) == []
    page.goto(f"/l/{book.slug}")
    assert not page.locator("[data-consent]").is_checked()


def test_a_no_in_the_chat_is_heard_by_the_page(window: Callable[..., Page], shop: Shop) -> None:
    book = publish_catalogue(shop, PLACES, pages=4).lookbook
    page = window("en", DESK)
    page.goto(f"/l/{book.slug}")
    with page.expect_response("**/for-you/choice"):
        page.locator("[data-consent]").check()
    page.goto("/chat")
    page.locator("[data-chat] textarea").first.fill("stop recommending from what I do")
    page.keyboard.press("Enter")
    page.get_by_text("I have forgotten what you looked at").first.wait_for()
    page.goto(f"/l/{book.slug}")
    assert not page.locator("[data-consent]").is_checked()
    assert page.evaluate("localStorage.getItem('vitrine-reading')") == "no"
