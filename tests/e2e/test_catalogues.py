"""Catalogues in a real browser: made and put right by mouse and keys, read on three widths, bought from by keys."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, text

from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import DRAFT, Edition, Review
from commerce.domain.money import Money
from commerce.domain.reservation import Refused
from commerce.domain.team import Role
from commerce.wiring import Shop
from tests.e2e.test_chat import press
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
    assert "/embed/l/printemps" in page.locator("#embed").input_value()
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


# --- the reader


@pytest.mark.parametrize("name", list(WIDTHS))
def test_a_reader_on_any_width(window: Callable[..., Page], book: Edition, name: str) -> None:
    page = window("en", size(name), has_touch=name == "phone")
    page.goto(f"/l/{book.lookbook.slug}")
    where = page.locator("[data-where]")
    where.filter(has_text="1 / 2").wait_for()
    assert fits(page)
    assert findings(page) == []
    if name == "phone":
        page.locator("[data-track]").evaluate("track => track.scrollBy({ left: track.clientWidth })")  # a swipe's end
        where.filter(has_text="2 / 2").wait_for()
        assert page.url.endswith("#page-2")
        page.keyboard.press("ArrowLeft")
        where.filter(has_text="1 / 2").wait_for()
    elif name == "tablet":
        page.keyboard.press("ArrowRight")
        where.filter(has_text="2 / 2").wait_for()
    else:  # both lie open
        assert page.locator("#page-2 img").bounding_box()["x"] < 1440  # type: ignore[index]
    page.locator("#page-1 .lookbook-spots a").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("heading", name="Linen midi dress").wait_for()
    assert fits(page)
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")


def press_until(page: Page, key: str, there: str, most: int = 60) -> None:
    """Goes on with a key until the focus is there, as somebody without a mouse does."""
    for _ in range(most):
        if page.evaluate("there => document.activeElement?.matches(there)", there):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{there} is not reached by {key}")


def test_bought_by_keys_alone(window: Callable[..., Page], shop: Shop, book: Edition) -> None:
    page = window("en", size("desk"))
    page.goto(f"/l/{book.lookbook.slug}")
    press_until(page, "Tab", ".lookbook-spots a")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    press_until(page, "Tab", ".sheet-buy input[name=variant]")
    page.keyboard.press("ArrowDown")
    press_until(page, "Tab", ".sheet-buy button")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_text("is in your cart.").wait_for()
    press_until(page, "Tab", "[data-added] a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cart")
    page.get_by_text("Linen midi dress").first.wait_for()
    with shop.storage.read() as uow:
        sources = [line.source for line in uow.carts.of_customer(_only_customer(shop)).wanted]  # type: ignore[union-attr]
    assert sources == [f"catalogue:{book.lookbook.id}:1"]
    press_until(page, "Tab", "a[href='/checkout']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout")


def _only_customer(shop: Shop) -> str:
    engine = create_engine(shop.settings.url_of_database)
    with engine.connect() as connection:
        (found,) = connection.execute(text("SELECT customer_id FROM cart")).scalars()
    engine.dispose()
    return str(found)


def test_reserved_by_keys_alone(window: Callable[..., Page], book: Edition) -> None:
    page = window("en", size("desk"))
    page.goto(f"/l/{book.lookbook.slug}")
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


def within(seconds: float, is_so: Callable[[], bool]) -> float:
    """How long it took."""
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < seconds
        time.sleep(0.05)
    return time.monotonic() - begun


def test_an_open_page_says_new_prices_and_sold_out(window: Callable[..., Page], shop: Shop, book: Edition) -> None:
    page = window("fr", size("desk"))
    page.goto(f"/l/{book.lookbook.slug}")
    page.evaluate("window.neverReloaded = true")
    dress = page.locator("#page-1 .lookbook-list li").first
    spot = page.locator("#page-1 .lookbook-spots a").first
    assert "79,00 €" in said(dress.inner_text())
    spot.focus()
    shop.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
    cut = [f"P1-navy-{size}" for size in (36, 38, 40)] + ["P1-terracotta-38"]
    for sku in cut:
        now, before = Money(6900, "EUR"), Money(7900, "EUR")
        shop.storage.write(lambda uow, sku=sku: shop.catalog.set_price(uow, sku, now, before))
    took = within(LIVE_S, lambda: "69,00 €" in said(dress.inner_text()))
    assert "Prix le plus bas des 30 derniers jours : 79,00 €" in said(dress.inner_text())
    assert "69,00 €" in said(spot.get_attribute("aria-label") or "")
    for sku in cut:
        for store in ("S1", "S2", "WEB"):
            shop.storage.write(lambda uow, sku=sku, store=store: shop.catalog.set_on_hand(uow, sku, store, 0))
    gone = within(LIVE_S, lambda: "Épuisé" in dress.inner_text())
    assert "gone" in (spot.get_attribute("class") or "")
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog")
    sheet.get_by_text("Épuisé").wait_for()
    assert sheet.get_by_role("link", name=re.compile("M’avertir")).count() == 4
    assert page.evaluate("window.neverReloaded")
    print(f"price after {took:.1f} s, sold out after {gone:.1f} s")


def said(text: str) -> str:
    return text.replace("\u202f", " ").replace("\xa0", " ")


def test_the_first_picture_on_a_slow_line(window: Callable[..., Page], book: Edition) -> None:
    """4G as Lighthouse throttles it: 1.6 Mbit/s down, 150 ms there and back. What paints last is a page of the
    catalogue; the time is printed beside the aim, LARGEST_PAINT_MS, and not judged here."""
    page = window("fr", size("phone"), device_scale_factor=2)
    line: Any = page.context.new_cdp_session(page)
    line.send("Network.enable")
    slow = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750}
    line.send("Network.emulateNetworkConditions", slow)
    page.add_init_script(
        "new PerformanceObserver(list => { window.largest = list.getEntries().at(-1); })"
        ".observe({ type: 'largest-contentful-paint', buffered: true })"
    )
    page.goto(f"/l/{book.lookbook.slug}")
    page.wait_for_function("() => window.largest?.element?.tagName === 'IMG'")
    largest = page.evaluate("window.largest.startTime")
    print(f"largest contentful paint: {largest:.0f} ms, aim {LARGEST_PAINT_MS} ms")
    assert largest > 0


class _Magazine(BaseHTTPRequestHandler):
    """Another site, with our catalogue in a frame."""

    embedded = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f'<iframe src="{self.embedded}" width="800" height="720"></iframe>'.encode())

    def log_message(self, *words: object) -> None:
        pass


def test_a_frame_of_another_site(window: Callable[..., Page], address: str, book: Edition) -> None:
    serves = type("Magazine", (_Magazine,), {"embedded": f"{address}/embed/l/{book.lookbook.slug}"})
    with ThreadingHTTPServer(("127.0.0.1", 0), serves) as magazine:
        Thread(target=magazine.serve_forever, daemon=True).start()
        page = window("en", size("tablet"))
        page.goto(f"http://localhost:{magazine.server_port}/")  # to the browser another site than 127.0.0.1
        frame = page.frame_locator("iframe")
        frame.locator(".lookbook-spots a").first.focus()
        page.keyboard.press("Enter")
        frame.get_by_role("dialog").get_by_role("heading", name="Linen midi dress").wait_for()
        frame.locator(".sheet-choice").first.click()
        frame.get_by_role("button", name="Add to cart").click()
        page.wait_for_url("**/cart**")  # the whole window, with the shop's own cart
        page.get_by_text("Linen midi dress").first.wait_for()
        magazine.shutdown()
