"""What tests of the reader share: real pictures, a catalogue of eight pages, and people without a mouse."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import Edition, Region
from commerce.wiring import Shop
from tests.unit.shoppable.catalogues import TITLE, publish_catalogue
from vitrine.demo_shop import draw

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTHS = {"phone": (360, 740), "tablet": (820, 1180), "desk": (1440, 900)}
LIVE_S = 5.0
ARRIVES_S = 30.0  # what browsers send when a page is left is in no hurry
SKUS = ("P1-navy-38", "P3-white-42", "P2-blue-M", "P4-brown-", "P6-navy-38", "P8-red-")
HIGH, LOW = Region(0.2, 0.2, 0.4, 0.3), Region(0.2, 0.6, 0.4, 0.3)
SHEETS = ".lookbook-page.is-open"


@cache
def pictures() -> tuple[bytes, ...]:
    """Three pages, 800 by 1000."""
    made = []
    for number, (shape, colour) in enumerate(
        (("midi_dress", "#22304f"), ("denim_jacket", "#5b7fa6"), ("sneakers", "#f4f2ee"))
    ):
        out = io.BytesIO()
        draw(shape, colour, seed=number).convert("RGB").resize((800, 1000)).save(out, "JPEG", quality=70)
        made.append(out.getvalue())
    return tuple(made)


def publish(shop: Shop, pages: int = 8, title: LocalText = TITLE) -> Edition:
    """Every page leads to two products, the upper place of the first one to the dress."""
    skus = [SKUS[number % len(SKUS)] for number in range(2 * pages)]
    places = [(sku, HIGH if number < pages else LOW) for number, sku in enumerate(skus)]
    return publish_catalogue(shop, places, title=title, pages=pages, pictures=pictures())


def size(name: str) -> dict[str, int]:
    return {"width": WIDTHS[name][0], "height": WIDTHS[name][1]}


def opens(page: Page, book: Edition, fragment: str = "") -> None:
    """Until it can be turned."""
    page.goto(f"/l/{book.lookbook.slug}{fragment}")
    stands(page, "/ ")


def stands(page: Page, where: str) -> None:
    """Waits until it is open there: "2–3 / 8"."""
    page.locator("[data-where]").filter(has_text=where).wait_for()


def still(page: Page) -> None:
    """Until nothing moves."""
    page.wait_for_function("() => !document.querySelector('.leaf-stage') && !document.getAnimations().length")


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def said(text: str) -> str:
    return text.replace("\u202f", " ").replace("\xa0", " ")


def within(seconds: float, is_so: Callable[[], bool]) -> float:
    """How long it took."""
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < seconds
        time.sleep(0.05)
    return time.monotonic() - begun


def press_until(page: Page, key: str, there: str, most: int = 60) -> None:
    """Goes on with a key until the focus is there, as somebody without a mouse does."""
    for _ in range(most):
        if page.evaluate("there => document.activeElement?.matches(there)", there):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{there} is not reached by {key}")


def counted(shop: Shop, book: Edition) -> list[tuple[int, int, int, bool]]:
    """(page, times seen, readers who agreed, whether somebody stayed)."""
    now = shop.clock.now()
    with shop.storage.read() as uow:
        found = uow.reading.by_page(book.lookbook.id, now - timedelta(hours=1), now + timedelta(hours=1))
    return [(each.page, each.views, each.visitors, each.dwell_ms > 0) for each in found]
