"""From a catalogue into the chat, the report, short links and the link page, in a real browser and with axe."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from commerce.domain.lookbook import Region
from commerce.domain.team import Role
from commerce.wiring import Shop
from tests.e2e.conftest import DESK, PHONE
from tests.e2e.reading import ARRIVES_S, counted, within
from tests.e2e.test_shop_front import findings
from tests.unit.shoppable.catalogues import publish_catalogue
from tests.unit.shoppable.seeing import drawing
from tests.unit.shoppable.staffing import PASSWORD, add_member

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e
LEFT = (0.1, 0.1, 0.3, 0.3)


def signed_in(page: Page, path: str) -> None:
    page.goto(path)
    page.locator("input[name=login]").fill("hugo")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{path}")


@pytest.mark.parametrize(("language", "size"), [("fr", PHONE), ("en", DESK)], ids=["fr-390", "en-1280"])
def test_from_the_page_into_the_chat_and_into_the_report(
    window: Callable[..., Page], shop: Shop, language: str, size: dict[str, int]
) -> None:
    edition = publish_catalogue(shop, [("P1-navy-38", Region(*LEFT)), ("P4-brown-", Region(*LEFT))], pages=4)
    book = edition.lookbook
    page = window(language, size)
    page.goto(f"/l/{book.slug}")
    page.locator("[data-consent]").check()
    page.locator("[data-track]").focus()
    page.keyboard.press("End")
    last = "[data-ask][href$='page=4']"
    ask = page.locator(last if size == PHONE else f"{last}, [data-ask][href$='page=3']")  # of a spread, its left page
    number = (ask.get_attribute("href") or "").rpartition("=")[2]
    ask.click()
    said = {
        "fr": f"Vous en étiez page {number} de «\xa0Printemps\xa0».",
        "en": f"You were on page {number} of “Spring”.",
    }[language]
    page.get_by_text(said).first.wait_for()
    within(ARRIVES_S, lambda: counted(shop, edition) != [])  # the page tells what was read when it is left
    add_member(shop, "hugo", Role.MARKETER, languages=(language,), password=PASSWORD)
    signed_in(page, f"/studio/{book.id}/report")
    plot = page.locator("svg[role=img]").first.get_attribute("aria-label") or ""
    assert {"fr": "Ouvert 1", "en": "Opened 1"}[language] in plot
    assert findings(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, "nothing hangs over the side"
    warm = page.locator(".studio-warm svg[role=img]").first.get_attribute("aria-label") or ""
    assert {"fr": "Robe midi en lin", "en": "Linen midi dress"}[language] in warm
    page.goto("/studio/sources")
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize(("language", "size"), [("fr", PHONE), ("en", DESK)], ids=["fr-390", "en-1280"])
def test_a_post_is_uploaded_shown_followed_and_bought_from(
    window: Callable[..., Page], shop: Shop, language: str, size: dict[str, int]
) -> None:
    add_member(shop, "hugo", Role.MARKETER, languages=(language,), password=PASSWORD)
    page = window(language, size)
    signed_in(page, "/studio/posts")
    picture = {"name": "post.jpg", "mimeType": "image/jpeg", "buffer": io.BytesIO(drawing("tote_bag")).getvalue()}
    page.locator("#photo").set_input_files([picture])  # type: ignore[list-item]
    page.locator(f"#caption-{language}").fill("Place Bellecour")
    page.locator("form[enctype] button[type=submit]").click()
    page.wait_for_url("**done=made**")
    page.locator("input[name=products]").fill("P4")
    page.locator("input[name=shown]").check()
    assert findings(page) == []
    page.locator("button[value=save]").click()
    page.wait_for_url("**done=saved**")
    page.goto("/studio/links")
    page.locator("#path").fill("/links")
    page.locator("#label").fill("Window")
    page.locator("#code").fill("window")
    page.locator("main form button[type=submit]").click()
    page.get_by_text("/s/window").first.wait_for()
    assert findings(page) == []
    page.goto("/s/window")
    page.wait_for_url("**/links")
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.locator(".post-picture").click()
    page.wait_for_url("**/p/**")
    page.goto("/")
    page.get_by_text("Place Bellecour").wait_for()
    assert findings(page) == []
