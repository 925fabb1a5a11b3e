"""The brand and a campaign in a real browser: made, looked at at two widths, copied, bought from; with axe."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from commerce.domain.team import Role
from commerce.wiring import Shop
from tests.e2e.conftest import DESK, PHONE
from tests.e2e.test_links import signed_in
from tests.e2e.test_shop_front import findings
from tests.unit.shoppable.staffing import PASSWORD, add_member

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e
DECODED = "image => image.decode().then(() => image.naturalWidth)"
OVERHANG = "document.documentElement.scrollWidth - innerWidth"


@pytest.mark.parametrize(("language", "size"), [("fr", PHONE), ("en", DESK)], ids=["fr-390", "en-1280"])
def test_colours_are_tried_and_kept(
    window: Callable[..., Page], shop: Shop, language: str, size: dict[str, int]
) -> None:
    add_member(shop, "hugo", Role.MARKETER, languages=(language,), password=PASSWORD)
    page = window(language, size)
    signed_in(page, "/studio/brand")
    assert page.locator("[data-preview]").evaluate(DECODED) == 1080
    assert findings(page) == []
    assert page.evaluate(OVERHANG) <= 0
    page.locator("#accent").fill("#f0f0f0")
    page.locator("[data-faint]").wait_for()
    with page.expect_response(lambda answer: "preview.jpg" in answer.url and "7a1f3d" in answer.url):
        page.locator("#accent").fill("#7a1f3d")
    assert page.locator("[data-faint]").is_hidden()
    page.locator(f"#claim-{language}").fill("Free delivery from €60")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=saved")
    with shop.storage.read() as uow:
        assert uow.brand.get().accent == "#7a1f3d"
    assert findings(page) == []


@pytest.mark.parametrize(("language", "size"), [("fr", PHONE), ("en", DESK)], ids=["fr-390", "en-1280"])
def test_one_campaign_is_made_looked_at_and_bought_from(
    window: Callable[..., Page], shop: Shop, language: str, size: dict[str, int]
) -> None:
    add_member(shop, "hugo", Role.MARKETER, languages=(language,), password=PASSWORD)
    page = window(language, size)
    prices: list[bool] = []
    page.on("response", lambda answer: prices.append(answer.ok) if "/mail/price/" in answer.url else None)
    signed_in(page, "/studio/campaigns")
    page.locator("#products").wait_for()
    assert findings(page) == []
    page.locator(f"#headline-{language}").fill("Linen is here")
    page.locator("#headline-fr").fill("Le lin arrive")
    page.locator("#products").fill("P1 P2 P4")
    page.locator("form[data-busy] button[type=submit]").click()
    page.wait_for_url("**done=made")
    for image in page.locator(".studio-render img").all():
        image.scroll_into_view_if_needed()
        assert image.evaluate(DECODED) > 1000
    assert page.evaluate(OVERHANG) <= 0
    assert findings(page) == []
    page.locator("iframe").scroll_into_view_if_needed()
    add = page.frame_locator("iframe").locator("a[href*='/buy/P4-brown-']").get_attribute("href")
    assert add
    with page.expect_download() as taken:
        page.locator("a[href$='all.zip']").click()
    assert taken.value.suggested_filename == "all.zip"
    assert prices == [True, True, True], "the mail in its frame shows the prices of the moment"
    page.goto(add)
    page.get_by_text({"fr": "Sac cabas en cuir", "en": "Leather tote"}[language]).first.wait_for()
    page.go_back()
    page.locator("a[href^='/c/']").click()
    page.locator("h1").get_by_text("Le lin arrive" if language == "fr" else "Linen is here").wait_for()
    assert findings(page) == []
    assert page.evaluate(OVERHANG) <= 0


def test_the_mail_is_read_at_any_width_by_day_and_by_night(window: Callable[..., Page], shop: Shop) -> None:
    add_member(shop, "hugo", Role.MARKETER, languages=("fr",), password=PASSWORD)
    page = window("fr", DESK)
    signed_in(page, "/studio/campaigns")
    page.locator("#headline-fr").fill("Le lin arrive")
    page.locator("#products").fill("P1 P2 P4 P8")
    page.locator("form[data-busy] button[type=submit]").click()
    page.wait_for_url("**done=made")
    html = page.locator("#mail-html").input_value()

    def looks_right(width: int, scheme: str) -> None:
        read = window("fr", {"width": width, "height": 900}, color_scheme=scheme)
        read.route("**/as-it-is-read", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
        read.goto("/as-it-is-read")  # as a mail program shows it: without our headers
        assert all(image.evaluate(DECODED) > 0 for image in read.locator("img").all())
        assert read.evaluate(OVERHANG) <= 0
        assert read.evaluate("document.querySelector('.sheet').getBoundingClientRect().width") <= 600
        assert [each for each in findings(read) if each[0] != "region"] == [], (width, scheme)

    for width in (390, 800):
        for scheme in ("light", "dark"):
            looks_right(width, scheme)
