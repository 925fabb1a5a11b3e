"""Searching with a photo in a real browser: choosing, pasting, dropping, a part by mouse and by keys, and axe."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from commerce.clock import ManualClock
from commerce.wiring import Shop
from tests.e2e.conftest import DESK, PHONE
from tests.e2e.running_shop import running_shop
from tests.e2e.test_shop_front import findings_by_day_and_by_night
from tests.journeys.pictures import side_by_side
from tests.journeys.pointing import point_out
from tests.unit.shoppable.seeing import drawing, fill_seeing

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

OUTFIT, PARTS = side_by_side([drawing("dress"), drawing("tote_bag")])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, str]]:
    """A shop that sees, whose eyes know where the two things in the outfit are."""
    clock = ManualClock(datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("photo")
        shop, address = stack.enter_context(
            running_shop(folder, fill_seeing, clock=clock, shop_name="Maison Test", encoder="vitrine")
        )
        told = [(OUTFIT, list(zip(PARTS, ("dress", "tote_bag"), strict=True)))]
        stack.enter_context(point_out(shop, told))
        yield shop, address


@pytest.fixture(scope="module")
def outfit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "outfit.jpg"
    path.write_bytes(OUTFIT)
    return path


def found(page: Page) -> list[str]:
    return page.locator(".tile-title").all_inner_texts()


def sent(page: Page, photo: Path) -> None:
    page.goto("/")
    page.locator("input[name=photo]").set_input_files(photo)
    page.wait_for_url("**/photo?of=*")


def test_a_photo_without_scripts(window: Callable[..., Page], outfit: Path) -> None:
    page = window("fr", PHONE, java_script_enabled=False)
    page.goto("/")
    page.get_by_label("Chercher avec une photo").set_input_files(outfit)
    page.get_by_role("button", name="Envoyer la photo").click()
    page.get_by_role("heading", name="Nous voyons 2 articles.").wait_for()
    page.get_by_role("link", name="2 Sac cabas").click()
    page.get_by_text("Très proche").first.wait_for()
    assert found(page) == ["tote_bag"]
    page.get_by_placeholder("Le même en vert").fill("moins de 10 euros")
    page.keyboard.press("Enter")
    page.get_by_text("Pour le moment, ça commence à").or_(page.get_by_text("50,00")).first.wait_for()


def test_choosing_one_sends_it_and_a_tap_in_the_picture_picks(window: Callable[..., Page], outfit: Path) -> None:
    page = window("en")
    sent(page, outfit)
    page.get_by_role("heading", name="We see 2 items. Which one?").wait_for()
    page.locator(".photo-boxes rect").first.click()
    page.wait_for_url("**item=1*")
    assert found(page) == ["dress"]


def test_a_part_by_mouse_and_by_keys(window: Callable[..., Page], outfit: Path) -> None:
    page = window("en")
    sent(page, outfit)
    page.get_by_role("button", name="Choose a part by hand").click()
    area = page.locator("[data-photo-frame]").bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + area["width"] * 0.52, area["y"] + area["height"] * 0.08)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.97, area["y"] + area["height"] * 0.93, steps=5)
    page.mouse.up()
    assert page.evaluate("document.activeElement.className") == "crop-frame"
    page.get_by_role("button", name="Search this part").click()
    page.wait_for_url("**box=*")
    assert found(page)[0] == "tote_bag"

    page.get_by_role("button", name="Choose a part by hand").focus()
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("ArrowLeft")
    said = page.locator("[data-crop-say]").inner_text()
    assert said.startswith("Frame from 0 to"), said
    page.keyboard.press("Shift+ArrowRight")
    assert page.locator("[data-crop-say]").inner_text() != said
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "Choose a part by hand"
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    page.get_by_text("Only you can see this photo.").wait_for()
    assert found(page)[0] == "dress"


@pytest.mark.parametrize("way", ["paste", "drop"])
def test_a_photo_that_is_pasted_or_dropped(window: Callable[..., Page], way: str) -> None:
    page = window("en")
    page.goto("/stores" if way == "drop" else "/")
    if way == "drop":
        page.goto("/")
    page.evaluate(
        """([way, data]) => {
          const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], "photo.jpg", { type: "image/jpeg" }));
          const event = way === "paste"
            ? new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true })
            : new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
          document.body.dispatchEvent(event);
        }""",
        [way, base64.b64encode(drawing("jacket")).decode()],
    )
    page.wait_for_url("**/photo?of=*")
    assert found(page)[0] == "jacket"


def test_axe_finds_nothing_serious(window: Callable[..., Page], outfit: Path) -> None:
    page = window("fr", DESK, reduced_motion="reduce")
    sent(page, outfit)
    whole = page.url
    for after in ("", "&item=1", "&box=0.04,0.08,0.48,0.92&q=red"):
        page.goto(whole + after)
        page.get_by_role("button", name="Choisir une partie à la main").click()
        assert findings_by_day_and_by_night(page, DESK, PHONE) == [], after


def test_the_page_does_not_scroll_sideways(window: Callable[..., Page], outfit: Path) -> None:
    page = window("fr", {"width": 320, "height": 800})
    sent(page, outfit)
    whole = page.url
    for after in ("", "&item=2"):
        page.goto(whole + after)
        for width in (320, 390, 820, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (width, after)


def test_the_chat_shows_the_numbered_photo(window: Callable[..., Page], outfit: Path) -> None:
    page = window("en")
    page.goto("/chat")
    page.locator("[data-chat-photo]").set_input_files(outfit)
    page.get_by_text("Photo ready to send").first.wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="2 Tote bag").wait_for()
    picture = page.locator(".told-picture")
    assert "1 Dress, 2 Tote bag" in (picture.get_attribute("alt") or "")
    page.wait_for_function("() => document.querySelector('.told-picture').naturalWidth > 300")
    page.get_by_role("button", name="2 Tote bag").click()
    page.get_by_text("Very close: tote_bag").or_(page.get_by_text("Exact match: tote_bag")).first.wait_for()
