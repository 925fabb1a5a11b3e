"""The pages in a real browser: without scripts, on a phone and on a desk, and for people who do not see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from commerce.wiring import Shop
from tests.e2e.conftest import DESK, PHONE, OpenShop

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

Size = dict[str, int]
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
PAGES = (
    "/",
    "/?q=robe&size=38&price_max=80",
    "/?q=robe+midi&price_max=5",
    "/p/1?near=69002&size=38",
    "/stores",
    "/chat",
    "/nowhere",
)


@pytest.fixture(scope="module")
def running(open_shop: OpenShop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, str]]:
    """These tests only look: one shop for all of them."""
    with open_shop(tmp_path_factory.mktemp("front")) as shop_and_address:
        yield shop_and_address


def test_everything_but_the_chat_works_without_scripts(window: Callable[..., Page]) -> None:
    page = window("fr", PHONE, java_script_enabled=False)
    page.goto("/")
    page.get_by_role("searchbox").fill("robe lain")
    page.keyboard.press("Enter")
    page.get_by_text("J’ai cherché « robe lin ».").wait_for()
    page.get_by_role("link", name="Robe midi en lin").click()
    page.get_by_role("link", name="38", exact=True).click()
    page.get_by_placeholder("Ville ou code postal").fill("69002")
    page.get_by_role("button", name="Au plus près").click()
    places = page.locator(".place").all_inner_texts()
    assert "Lyon Bellecour" in places[0] and "km" in places[0] and "dernier" in places[0]
    page.get_by_role("link", name="Réserver en magasin").click()
    # A browser that is told not to run scripts shows this; one that is only kept from running them does not.
    assert "Le chat a besoin de JavaScript." in (page.locator("noscript").text_content() or "")
    page.goto("/")
    page.get_by_text("Affiner").click()
    page.get_by_label("Taille").fill("42")
    page.get_by_role("button", name="Afficher").click()
    assert page.locator(".tile-title").all_inner_texts() == ["Baskets blanches"]


def test_sharing_a_position_on_a_product_page(window: Callable[..., Page]) -> None:
    page = window("en")
    page.goto("/p/1?size=38")
    page.get_by_role("button", name="My position").click()
    page.get_by_text("Distances from your position").wait_for()
    assert "near=45.760%2C4.840" in page.url  # about a hundred metres, no closer
    assert "0.7\u00a0km" in page.locator(".place").first.inner_text()


@pytest.mark.parametrize("path", PAGES)
def test_no_page_scrolls_sideways(window: Callable[..., Page], path: str) -> None:
    page = window("fr", PHONE)
    page.goto(path)
    for width in (320, 390, 820, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate(
            "[...document.body.querySelectorAll('*')]"
            ".filter(e => e.getBoundingClientRect().right > innerWidth + 1"
            " && !e.closest('.chips, .gallery-view, .gallery-strip, .unseen, [hidden]'))"
            ".map(e => e.className || e.tagName)"
        )
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (width, wide)


def test_there_is_a_way_past_the_head_by_keyboard(window: Callable[..., Page]) -> None:
    page = window("en")
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious(window: Callable[..., Page], path: str) -> None:
    page = window("fr", DESK, reduced_motion="reduce")
    page.goto(path)
    if path == "/chat":
        page.locator(".told").first.wait_for()
        page.locator("[data-chat-text]").fill("robe")
        page.keyboard.press("Enter")
        page.locator(".chat-card").first.wait_for()
    assert findings_by_day_and_by_night(page, DESK, PHONE) == []


def test_axe_on_the_open_corner(window: Callable[..., Page]) -> None:
    page = window("en", reduced_motion="reduce")
    page.goto("/p/1")
    page.get_by_role("link", name="Reserve in store").click()
    page.get_by_text("Which size?").wait_for()
    assert findings(page) == []


def findings_by_day_and_by_night(page: Page, by_day: Size | None = None, by_night: Size | None = None) -> list[Any]:
    """`findings` of the page as it stands in light colours and in dark ones, each in its size (None: as it is)."""
    found = []
    for scheme, size in (("light", by_day), ("dark", by_night)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]  # colours change at once
        if size is not None:
            page.set_viewport_size(size)  # type: ignore[arg-type]
        found += [(scheme, *finding) for finding in findings(page)]
    return found


def findings(page: Page) -> list[Any]:
    """What axe-core says of WCAG 2.2 A and AA, the serious and critical: (rule, elements)."""
    if not AXE.is_file():
        pytest.skip(f"no {AXE}")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    # Only what is wrong comes back: whatever is right, a megabyte of it, is read by nobody.
    wrong = page.evaluate(
        "tags => axe.run({ runOnly: tags, resultTypes: ['violations'] }).then(result => result.violations)", tags
    )
    return [
        (found["id"], found["impact"], [node["target"] for node in found["nodes"]])
        for found in wrong
        if found["impact"] in ("serious", "critical")
    ]
