"""The reader in a real browser: a book on a wide screen, a row of pages on a phone, by mouse, finger and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from commerce.domain.lookbook import Edition
from commerce.wiring import Shop
from tests.e2e.conftest import OpenShop
from tests.e2e.reading import SHEETS, fits, opens, press_until, publish, size, stands, still
from tests.e2e.test_shop_front import findings

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

LARGEST_PAINT_MS = 2_500


@pytest.fixture(scope="module")
def running(open_shop: OpenShop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, str]]:
    """These tests only look: one shop for all of them."""
    with open_shop(tmp_path_factory.mktemp("reader")) as shop_and_address:
        yield shop_and_address


@pytest.fixture(scope="module")
def book(running: tuple[Shop, str]) -> Edition:
    return publish(running[0])


def open_pages(page: Page) -> list[str]:
    return [str(each.get_attribute("data-page")) for each in page.locator(SHEETS).all()]


def alive(page: Page) -> list[str]:
    """Pages that keys and screen readers reach."""
    found: list[str] = page.evaluate(
        "() => [...document.querySelectorAll('.lookbook-page')].filter(p => !p.inert).map(p => p.dataset.page)"
    )
    return found


# --- turning


def test_a_book_on_a_wide_screen(window: Callable[..., Page], book: Edition) -> None:
    page = window("en", size("desk"))
    opens(page, book)
    stands(page, "1 / 8")
    assert (open_pages(page), alive(page)) == (["1"], ["1"])
    for key, where, pages in (
        ("ArrowRight", "2–3 / 8", ["2", "3"]),
        ("PageDown", "4–5 / 8", ["4", "5"]),
        ("ArrowLeft", "2–3 / 8", ["2", "3"]),
        ("End", "8 / 8", ["8"]),
        ("ArrowRight", "8 / 8", ["8"]),
        ("Home", "1 / 8", ["1"]),
    ):
        page.keyboard.press(key)
        stands(page, where)
        assert (open_pages(page), alive(page)) == (pages, pages)
        assert page.url.endswith(f"#page-{pages[0]}")
    before, after = page.get_by_role("button", name="Page before"), page.get_by_role("button", name="Next page")
    assert before.get_attribute("aria-disabled") == "true"
    after.click()
    stands(page, "2–3 / 8")
    assert before.get_attribute("aria-disabled") == "false"
    still(page)
    left, right = (page.locator(f"#page-{number} .lookbook-sheet").bounding_box() for number in (2, 3))
    assert left is not None and right is not None
    assert left["x"] + left["width"] == pytest.approx(right["x"], abs=1)  # they share a back
    assert right["x"] == pytest.approx(720, abs=1)


def test_an_address_opens_its_page(window: Callable[..., Page], book: Edition) -> None:
    page = window("en", size("desk"))
    opens(page, book, "#page-5")
    stands(page, "4–5 / 8")
    assert "page=4" in (page.locator("[data-ask]").get_attribute("href") or "")
    assert "l_0_4_" in (page.locator("[data-bot]").get_attribute("href") or "")
    page.evaluate("location.hash = 'page-7'")
    stands(page, "6–7 / 8")
    page.set_viewport_size({"width": 500, "height": 800})  # a window made narrow stays where it is
    stands(page, "6 / 8")
    assert alive(page) == list("12345678")
    page.set_viewport_size(size("tablet"))
    stands(page, "6–7 / 8")
    assert alive(page) == ["6", "7"]


def test_a_leaf_turns_unless_motion_is_unwelcome(window: Callable[..., Page], book: Edition) -> None:
    turned = """() => {
        document.querySelector("[data-turn='1']").click();
        const leaf = document.querySelector(".leaf");
        return [document.querySelector("[data-where]").textContent, leaf?.getAnimations().length ?? 0];
    }"""
    page = window("en", size("desk"))
    opens(page, book)
    assert page.evaluate(turned) == ["2–3 / 8", 1]  # it is there at once, whatever moves
    assert page.evaluate(turned) == ["4–5 / 8", 1]  # and waits for nothing that still moves
    assert page.locator(".leaf-stage").count() == 1
    assert page.locator(".leaf-stage").get_attribute("aria-hidden") == "true"
    still(page)
    assert page.locator(".is-turning").count() == 0
    calm = window("en", size("desk"), reduced_motion="reduce")
    opens(calm, book)
    assert calm.evaluate(turned) == ["2–3 / 8", 0]


def test_a_mouse_takes_a_page_by_its_edge(window: Callable[..., Page], book: Edition) -> None:
    page = window("en", size("desk"))
    opens(page, book)
    box = page.locator("#page-1 .lookbook-sheet").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] - 12, box["y"] + 60

    def pull(far: int) -> None:
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(1, 9):
            page.mouse.move(x - far * step / 8, y)
        assert page.locator(".leaf-stage").count() == 1
        page.wait_for_timeout(150)  # held, not thrown
        page.mouse.up()
        still(page)

    pull(30)
    stands(page, "1 / 8")  # it fell back
    pull(400)
    stands(page, "2–3 / 8")
    assert page.get_by_role("dialog").count() == 0  # and nothing was chosen by it


def touch(page: Page, *points: tuple[float, float]) -> None:
    """One finger along these points."""
    line: Any = page.context.new_cdp_session(page)
    for number, (x, y) in enumerate(points):
        kind = "touchMove" if number else "touchStart"
        line.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        page.wait_for_timeout(16)
    line.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger_on_a_tablet(window: Callable[..., Page], book: Edition) -> None:
    page = window("en", size("tablet"), has_touch=True)
    opens(page, book)
    touch(page, *((560 - 60 * step, 400) for step in range(6)))
    stands(page, "2–3 / 8")
    still(page)
    touch(page, *((300 + 60 * step, 400) for step in range(6)))
    stands(page, "1 / 8")
    still(page)
    touch(page, *((400, 500 - 30 * step) for step in range(6)))  # that moves the window
    stands(page, "1 / 8")
    page.locator("#page-1 .lookbook-spots a").first.tap()
    page.get_by_role("dialog").get_by_role("heading", name="Linen midi dress").wait_for()


def test_a_finger_on_a_phone(window: Callable[..., Page], book: Edition) -> None:
    page = window("en", size("phone"), has_touch=True, is_mobile=True)
    opens(page, book)
    assert fits(page)
    second = page.locator("#page-2").bounding_box()
    assert second is not None and second["x"] >= 360  # nothing of it is in sight
    for number in (2, 3):
        touch(page, *((320 - 30 * step, 400) for step in range(9)))
        stands(page, f"{number} / 8")
        settled = "n => Math.abs(document.querySelector(`#page-${n}`).getBoundingClientRect().x - 16) < 2"
        page.wait_for_function(settled, arg=number)
    assert page.url.endswith("#page-3")
    page.locator("#page-3 .lookbook-spots a").first.tap()
    page.get_by_role("dialog").get_by_role("heading", name="Denim jacket").wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Close").tap()
    page.get_by_role("button", name="Page before").tap()
    stands(page, "2 / 8")


def test_keys_go_on_where_the_pages_are(window: Callable[..., Page], book: Edition) -> None:
    page = window("en", size("desk"))
    opens(page, book)
    press_until(page, "Tab", "#page-1 .lookbook-spots a")
    page.keyboard.press("ArrowRight")
    stands(page, "2–3 / 8")
    assert page.evaluate("document.activeElement.id") == "page-2"
    press_until(page, "Tab", "#page-2 .lookbook-spots a", most=2)
    press_until(page, "Tab", "#page-3 .lookbook-spots a", most=8)
    press_until(page, "Tab", "[data-ask]", most=12)  # pages that are closed are not on the way


# --- small print, and all pages


def test_small_print_can_be_read(window: Callable[..., Page], book: Edition) -> None:
    page = window("en", size("desk"))
    opens(page, book, "#page-2")
    still(page)
    wide = "() => document.querySelector('[data-zoomed] img').getBoundingClientRect().width"
    page.keyboard.press("+")
    dialog = page.get_by_role("dialog", name="Larger")
    assert dialog.locator("img").count() == 2
    first = page.evaluate(wide)
    page.keyboard.press("+")
    assert page.evaluate(wide) == pytest.approx(1.5 * first, rel=0.01)
    dialog.get_by_role("button", name="Smaller").click()
    assert page.evaluate(wide) == pytest.approx(first, rel=0.01)
    page.keyboard.press("0")
    dialog.locator(".lookbook-spots a").first.click()  # a place leads where it always does
    page.get_by_role("heading", name="White sneakers").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    # Two quick presses on a corner show that corner.
    sheet = page.locator("#page-3 .lookbook-sheet").bounding_box()
    assert sheet is not None
    page.mouse.dblclick(sheet["x"] + 0.95 * sheet["width"], sheet["y"] + 0.95 * sheet["height"])
    dialog.wait_for()
    table = dialog.locator("[data-zoom-pages]")
    assert table.evaluate("table => table.scrollTop + table.clientHeight > 0.95 * table.scrollHeight")
    page.get_by_role("button", name="Close").click()
    stands(page, "2–3 / 8")


def test_all_pages_at_a_glance(window: Callable[..., Page], book: Edition) -> None:
    page = window("en", size("tablet"))
    opens(page, book)
    page.get_by_role("button", name="All pages").click()
    dialog = page.get_by_role("dialog", name="All pages")
    assert dialog.get_by_role("button", name="Page 1").get_attribute("aria-current") == "page"
    assert dialog.locator("li").count() == 8
    assert fits(page)
    assert findings(page) == []
    dialog.get_by_role("button", name="Page 7").click()
    stands(page, "6–7 / 8")
    assert not dialog.is_visible()


def test_the_whole_screen(window: Callable[..., Page], book: Edition) -> None:
    page = window("en", size("desk"))
    opens(page, book)
    button = page.get_by_role("button", name="Full screen")
    button.click()
    page.wait_for_function("() => document.fullscreenElement?.matches('[data-lookbook]')")
    assert button.get_attribute("aria-pressed") == "true"
    page.locator("#page-1 .lookbook-spots a").first.click()
    page.get_by_role("dialog").get_by_role("heading", name="Linen midi dress").wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    button.click()
    page.wait_for_function("() => !document.fullscreenElement")


# --- for everybody


@pytest.mark.parametrize("name", ["phone", "tablet", "desk"])
def test_nothing_in_anybodys_way(window: Callable[..., Page], book: Edition, name: str) -> None:
    """axe as it opens, with a sheet open, and enlarged; and nothing is wider than the window."""
    page = window("en", size(name), has_touch=name == "phone")
    opens(page, book)
    assert fits(page)
    assert findings(page) == []
    page.keyboard.press("ArrowRight")
    stands(page, "2–3 / 8" if name != "phone" else "2 / 8")
    still(page)
    assert fits(page)
    page.locator("#page-2 .lookbook-spots a").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("heading", name="White sneakers").wait_for()
    assert fits(page)
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("+")
    page.get_by_role("dialog", name="Larger").wait_for()
    assert findings(page) == []


def test_the_chats_button_leaves_the_consent_alone(window: Callable[..., Page], book: Edition) -> None:
    for name in ("phone", "tablet", "desk"):
        page = window("fr", size(name))
        opens(page, book)
        row = page.locator("[data-consent-row]")
        row.scroll_into_view_if_needed()
        page.evaluate("y => scrollBy(0, y)", -40)
        words, button = row.bounding_box(), page.locator("[data-chat-launcher]").bounding_box()
        assert words is not None and button is not None
        right = page.evaluate(
            "row => { const r = document.createRange(); r.selectNodeContents(row);"
            " return Math.max(...[...r.getClientRects()].map(box => box.right)); }",
            row.element_handle(),
        )
        assert right <= button["x"], name


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


# --- in pages of others


class _Magazine(BaseHTTPRequestHandler):
    """Another site, with our catalogue in it. It allows no styles in HTML."""

    code = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Security-Policy", "style-src 'none'")
        self.end_headers()
        self.wfile.write(f"<!doctype html><p>News</p>{self.code}<p>More news</p>".encode())

    def log_message(self, *words: object) -> None:
        pass


@pytest.mark.parametrize("way", ["frame", "script"])
def test_in_a_page_of_another_site(window: Callable[..., Page], address: str, book: Edition, way: str) -> None:
    slug = book.lookbook.slug
    chosen = f'data-catalogue="{slug}" data-lang="fr" data-page="2"'
    code = {
        "frame": f'<iframe src="{address}/embed/l/{slug}" width="800" height="720"></iframe>',
        "script": f'<script src="{address}/embed.js" {chosen} async></script>',
    }[way]
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Magazine", (_Magazine,), {"code": code})) as magazine:
        Thread(target=magazine.serve_forever, args=(0.02,), daemon=True).start()
        page = window("en", size("desk"))
        page.goto(f"http://localhost:{magazine.server_port}/")  # to the browser another site than 127.0.0.1
        frame = page.frame_locator("iframe")
        frame.locator("[data-where]").filter(has_text="2–3 / 8" if way == "script" else "1 / 8").wait_for()
        if way == "script":
            box = page.locator("iframe").bounding_box()
            assert box is not None and box["width"] > 1300 and box["height"] == pytest.approx(0.92 * 900, abs=1)
            assert page.locator("p + script + iframe + p").count() == 1
            frame.locator("#page-2 .lookbook-spots a").first.focus()
            page.keyboard.press("Enter")
            frame.get_by_role("dialog").get_by_role("heading", name="Baskets blanches").wait_for()
            page.wait_for_timeout(2_500)  # as long as an open page takes to look again
            assert "White sneakers" not in frame.locator("body").inner_text()
        else:
            frame.locator(".lookbook-spots a").first.focus()
            page.keyboard.press("Enter")
            frame.get_by_role("dialog").get_by_role("heading", name="Linen midi dress").wait_for()
            frame.locator(".sheet-choice").first.click()
            frame.get_by_role("button", name="Add to cart").click()
            page.wait_for_url("**/cart**")  # the whole window, with the shop's own cart
            page.get_by_text("Linen midi dress").first.wait_for()
        magazine.shutdown()
