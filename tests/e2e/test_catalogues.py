"""Catalogues in a real browser: made and put right by mouse and keys, read on three widths, bought from by keys."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import DRAFT, Edition, Review
from commerce.domain.reservation import Refused
from commerce.domain.team import Role
from commerce.wiring import Shop
from tests.e2e.test_shop_front import findings
from tests.unit.shoppable.staffing import PASSWORD, add_member
from vitrine.demo_shop import draw
from vitrine.demo_shop.printed import Article, write_pdf

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

WIDTHS = {"phone": (360, 740), "tablet": (820, 1180), "desk": (1440, 900)}
LIVE_S = 5.0
LARGEST_PAINT_MS = 2_500


@pytest.fixture(scope="module")
def pictures() -> list[bytes]:
    made = []
    drawn = [("midi_dress", "#22304f"), ("denim_jacket", "#5b7fa6"), ("sneakers", "#f4f2ee")]
    for number, (shape, colour) in enumerate(drawn):
        out = io.BytesIO()
        draw(shape, colour, seed=number).convert("RGB").save(out, "JPEG", quality=88)
        made.append(out.getvalue())
    return made


@pytest.fixture
def printed(tmp_path: Path, pictures: list[bytes]) -> Path:
    """Two pages; the jacket's price is an old one."""
    dress, jacket, sneakers = pictures
    articles = [
        Article("Robe midi en lin", "79,00 €", "P1-navy-38", dress),
        Article("Veste en jean", "60,00 €", "P2-blue-M", jacket),
        Article("Baskets blanches", "89,90 €", "P3-white-42", sneakers),
        Article("Robe midi en viscose", "59,00 €", "P6-navy-38", dress),
    ]
    return write_pdf(tmp_path / "printemps.pdf", "Printemps", articles)


@pytest.fixture
def book(shop: Shop, printed: Path) -> Edition:
    """The same, published as it is."""
    title = LocalText({"fr": "Printemps", "en": "Spring"})
    made = shop.publishing.from_pdf(printed.read_bytes(), title, actor="test")
    assert isinstance(made, Edition), made
    done = shop.storage.write(
        lambda uow: shop.publishing.publish(uow, made.lookbook.id, 1, actor="test", even_doubtful=True)
    )
    assert not isinstance(done, Refused), done
    return made


def size(name: str) -> dict[str, int]:
    return {"width": WIDTHS[name][0], "height": WIDTHS[name][1]}


def draft(shop: Shop) -> Edition:
    with shop.storage.read() as uow:
        (book,) = uow.lookbooks.all()
        found = uow.lookbooks.edition(book, DRAFT)
    assert found is not None
    return found


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


# --- the studio


def test_a_document_becomes_a_catalogue(window: Callable[..., Page], shop: Shop, printed: Path) -> None:
    add_member(shop, "hugo", Role.MARKETER, password=PASSWORD)
    page = window("en", size("desk"))
    page.goto("/studio")
    page.locator("input[name=login]").fill("hugo")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator("#title-fr").fill("Printemps")
    page.locator("#title-en").fill("Spring")
    page.get_by_label(re.compile("^PDF")).set_input_files(printed)
    page.get_by_role("button", name="Read it").click()
    page.get_by_text("3/4 articles placed, 1 to check:").wait_for()
    assert findings(page) == []

    # A new place with the mouse, drawn on an empty part of the first page.
    area = page.locator("[data-sheet] svg").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    at = lambda x, y: (box["x"] + box["width"] * x, box["y"] + box["height"] * y)  # noqa: E731
    page.mouse.move(*at(0.62, 0.02))
    page.mouse.down()
    page.mouse.move(*at(0.8, 0.05))
    page.mouse.move(*at(0.92, 0.08))
    page.mouse.up()
    page.keyboard.type("P4-brown-")  # the field has the focus already
    # The first one moved and made larger by keys.
    first = draft(shop).on(1)[0]
    item = page.locator(f"[data-spot='{first.id}']")
    item.focus()
    for key in ("ArrowDown", "ArrowDown", "Shift+ArrowRight"):
        page.keyboard.press(key)
    page.get_by_label("It is right").check()
    page.get_by_role("button", name="Save and publish").click()
    page.get_by_text("Published: shoppers see it now.").wait_for()
    page.get_by_text("5/5 articles placed").wait_for()
    saved = {spot.id: spot for spot in draft(shop).hotspots}
    moved = saved[first.id].region
    assert moved.y_frac == pytest.approx(first.region.y_frac + 0.02, abs=0.0002)
    assert moved.width_frac == pytest.approx(first.region.width_frac + 0.01, abs=0.0002)
    (new,) = [spot for spot in saved.values() if spot.printed == ""]
    assert new.region.x_frac == pytest.approx(0.62, abs=0.01)
    assert new.region.width_frac == pytest.approx(0.30, abs=0.02)
    assert {spot.review for spot in saved.values()} == {Review.SURE, Review.CONFIRMED}
    address = page.locator(".studio-share a").first
    assert "/embed/l/printemps" in page.locator("#embed-frame").input_value()
    address.click()
    page.get_by_role("heading", name="Spring").wait_for()


@pytest.mark.parametrize("name", ["phone", "desk"])
def test_the_studio_on_any_width(window: Callable[..., Page], shop: Shop, book: Edition, name: str) -> None:
    add_member(shop, "hugo", Role.MARKETER, password=PASSWORD, languages=("fr",))
    page = window("fr", size(name))
    page.goto(f"/studio/{book.lookbook.id}")
    page.locator("input[name=login]").fill("hugo")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_text("3/4 articles placés, 1 à vérifier").wait_for()
    assert fits(page)
    assert findings(page) == []
