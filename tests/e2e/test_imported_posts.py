"""Posts from Instagram in a real browser: looked for, put in order by keys and by dragging, shown, found; with axe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from commerce.clock import ManualClock
from commerce.domain.team import Role
from commerce.wiring import Shop
from tests.e2e.conftest import DESK, PHONE
from tests.e2e.running_shop import running_shop
from tests.e2e.test_links import signed_in
from tests.e2e.test_shop_front import findings
from tests.unit.shoppable.seeing import drawing
from tests.unit.shoppable.shop_values import fill
from tests.unit.shoppable.staffing import PASSWORD, add_member
from vitrine.standins.instagram import InstagramStandIn

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


@pytest.fixture
def instagram() -> Iterator[InstagramStandIn]:
    with InstagramStandIn(ManualClock(NOW)) as opened:
        yield opened


@pytest.fixture
def running(tmp_path: Path, instagram: InstagramStandIn) -> Iterator[tuple[Shop, str]]:
    with running_shop(
        tmp_path,
        fill,
        clock=ManualClock(NOW),
        shop_name="Maison Test",
        instagram_token=instagram.token,
        meta_graph_url=instagram.url,
        fetch_allow_hosts=instagram.host,
    ) as shop_and_address:
        yield shop_and_address


def hangs_over(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def names(page: Page) -> list[str]:
    return [each.get_attribute("data-name") or "" for each in page.locator("[data-order] > li").all()]


def stored(shop: Shop) -> list[str]:
    with shop.storage.read() as uow:
        return [post.caption("fr") for post in uow.posts.all(shown_only=False)]


def look_now(page: Page) -> None:
    """Until the page says that the look is over. Posts stand there earlier, but then it is about to load again."""
    page.locator("form[action='/studio/posts/look'] button").click()
    page.wait_for_url("**#from-elsewhere")  # not the page before, which was not busy either
    page.locator("[data-looking]:not([data-busy-now])").wait_for()


@pytest.mark.parametrize(("language", "size"), [("fr", PHONE), ("en", DESK)], ids=["fr-390", "en-1280"])
def test_posts_come_are_put_in_order_and_shown(
    window: Callable[..., Page], shop: Shop, instagram: InstagramStandIn, language: str, size: dict[str, int]
) -> None:
    for number, (kind, sku) in enumerate([("dress", "P1-navy-38"), ("tote_bag", "P4-brown-"), ("jacket", "")]):
        at = NOW - timedelta(days=3 - number)
        instagram.publish(f"Post {number} {sku} #lyon", drawing(kind), at=at)
    add_member(shop, "hugo", Role.MARKETER, languages=(language,), password=PASSWORD)
    page = window(language, size)
    signed_in(page, "/studio/posts")
    look_now(page)
    page.locator("[data-order] > li").nth(2).wait_for()
    assert names(page) == ["Post 2", "Post 1 P4-brown-", "Post 0 P1-navy-38"], "the newest first"
    assert findings(page) == [] and not hangs_over(page)

    # with keys
    page.locator("[data-order] > li").nth(0).locator("[data-by='1']").focus()
    page.keyboard.press("Enter")
    moved = page.locator("[data-moved]")
    moved.filter(has_text="2").wait_for(state="attached")
    assert names(page)[1] == "Post 2" == stored(shop)[1]
    assert page.evaluate("document.activeElement.dataset.by") == "1", "the focus stays, for the next step"
    # by dragging
    page.locator("[data-order] > li").nth(2).scroll_into_view_if_needed()
    grip, above = page.locator("[data-grip]").nth(2), page.locator("[data-order] > li").nth(1)
    start, end = grip.bounding_box(), above.bounding_box()
    assert start is not None and end is not None
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(start["x"] + 5, end["y"] + 20, steps=8)
    page.mouse.up()
    moved.filter(has_text="Post 0").wait_for(state="attached")
    assert stored(shop) == names(page) == ["Post 1 P4-brown-", "Post 0 P1-navy-38", "Post 2"]

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copy = page.locator("[data-copy]").first
    copy.click()
    page.get_by_text({"fr": "Copié", "en": "Copied"}[language]).wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == copy.get_attribute("data-copy")
    page.locator("[data-order] > li").nth(0).locator("input[name=shown]").check()
    page.locator("[data-order] > li").nth(0).locator("button[value=save]").click()
    page.wait_for_url("**done=saved**")
    page.goto("/links")
    page.get_by_role("link", name={"fr": "Voir la publication", "en": "See the post"}[language]).wait_for()
    assert findings(page) == [] and not hangs_over(page)
    box = page.locator(".post-picture").bounding_box()
    assert box is not None and abs(box["width"] - box["height"]) < 1, "square tiles"
    page.locator(".post-original a").click()
    page.wait_for_url(f"{instagram.url}/p/**")


def test_what_is_wrong_at_instagram_is_said(
    window: Callable[..., Page], shop: Shop, instagram: InstagramStandIn
) -> None:
    instagram.end_token("password")
    add_member(shop, "hugo", Role.MARKETER, languages=("fr",), password=PASSWORD)
    page = window("fr", PHONE)
    signed_in(page, "/studio/posts")
    look_now(page)
    page.get_by_text("ne prend plus le jeton d’accès").wait_for()
    assert findings(page) == [] and not hangs_over(page)
