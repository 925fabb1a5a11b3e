"""Pictures of products in a real browser: seen, sharp enough for the screen, and not larger than it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from commerce.wiring import Shop
from tests.e2e.conftest import DESK, PATIENCE_MS, PHONE, OpenShop
from tests.e2e.reading import publish
from tests.unit.shoppable.test_sized import sell_photographed

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

# Brought into view one after the other, as somebody who scrolls does.
SHOWN = """async there => {
  const found = [];
  for (const img of document.querySelectorAll(there)) {
    img.scrollIntoView();
    await img.decode();
    const file = await (await createImageBitmap(await (await fetch(img.currentSrc)).blob()));
    found.push({
      path: new URL(img.currentSrc).pathname, natural: img.naturalWidth, file: file.width,
      wanted: img.clientWidth * devicePixelRatio,
    });
  }
  return found;
}"""


@pytest.fixture(scope="module")
def running(open_shop: OpenShop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, str]]:
    """These tests only look: one shop for all of them."""
    with open_shop(tmp_path_factory.mktemp("sized")) as (shop, address):
        sell_photographed(shop, 6)
        publish(shop, pages=4)  # 800 by 1000
        yield shop, address


@pytest.fixture
def phone(window: Callable[..., Page]) -> Page:
    return window("en", PHONE, device_scale_factor=2, has_touch=True)


@pytest.mark.parametrize(("size", "density"), [(PHONE, 2), (DESK, 1)], ids=["390", "1280"])
@pytest.mark.parametrize("path", ["/?category=shirt", "/p/8"])
def test_pictures_are_seen_in_the_size_of_the_screen(
    window: Callable[..., Page], path: str, size: dict[str, int], density: int
) -> None:
    page = window("en", size, device_scale_factor=density)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(path)
    shown: list[dict[str, Any]] = page.evaluate(SHOWN, ".tile-picture img[srcset], .gallery-view img[srcset]")
    assert len(shown) >= (6 if "category" in path else 1)
    for each in shown:
        assert each["natural"] > 0 and each["path"].startswith("/media/"), each
        assert each["wanted"] <= each["file"] < each["wanted"] * 2.1, each


@pytest.mark.parametrize(
    ("size", "density", "file"), [(PHONE, 2, 720), (DESK, 1, 720), ({"width": 900, "height": 600}, 1, 360)]
)
@pytest.mark.parametrize("path", ["/l/printemps", "/embed/l/printemps"])
def test_pages_of_a_catalogue_too(
    window: Callable[..., Page], path: str, size: dict[str, int], density: int, file: int
) -> None:
    page = window("en", size, device_scale_factor=density)
    page.goto(path)
    page.locator("[data-where]").filter(has_text="1 / 4").wait_for()
    shown: list[dict[str, Any]] = page.evaluate(SHOWN, ".lookbook-page:not([inert]) img")
    assert len(shown) == (4 if size is PHONE else 1)
    for each in shown:
        assert each["natural"] > 0 and each["path"].startswith(f"/media/{file}/"), each
        assert each["wanted"] <= file < each["wanted"] * 1.5, each


@pytest.mark.parametrize("size", [PHONE, DESK, {"width": 820, "height": 1180}], ids=["phone", "desk", "tablet"])
def test_nothing_moves_when_a_catalogue_opens(window: Callable[..., Page], size: dict[str, int]) -> None:
    page = window("fr", size)
    page.add_init_script(
        "window.moved = 0; const add = list => { for (const each of list.getEntries()) moved += each.value; };"
        "new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });"
    )
    page.goto("/l/printemps")
    page.locator("[data-where]").filter(has_text="1 / 4").wait_for()
    page.wait_for_function("() => document.querySelector('.lookbook-sheet img').naturalWidth > 0")
    page.wait_for_timeout(300)  # what moves is told after it has been painted
    assert page.evaluate("moved") < 0.02


def test_what_somebody_enlarges_is_the_whole_picture(phone: Page) -> None:
    shown = "there => new URL(document.querySelector(there).currentSrc).pathname"
    in_sight, zoomed = "#page-1 .lookbook-sheet img", ".zoom-pages img"
    phone.goto("/l/printemps")
    phone.locator("[data-where]").filter(has_text="1 / 4").wait_for()
    phone.get_by_role("button", name="All pages").click()
    phone.wait_for_function(
        "() => [...document.querySelectorAll('.lookbook-overview li + li img')].every(i => /.360./.test(i.currentSrc))"
    )  # the first one is there already, larger
    phone.keyboard.press("Escape")
    phone.get_by_role("button", name="Larger").click()
    phone.wait_for_function(f"() => !document.querySelector('{zoomed}').srcset")
    smaller = phone.evaluate(shown, in_sight)
    assert smaller.startswith("/media/720/")
    assert phone.evaluate(shown, zoomed) == smaller.replace("/720/", "/")
    phone.keyboard.press("Escape")
    fingers: Any = phone.context.new_cdp_session(phone)
    fingers.send("Input.synthesizePinchGesture", {"x": 195, "y": 400, "scaleFactor": 2})
    phone.wait_for_function(f"() => !document.querySelector('{in_sight}').srcset")
    assert phone.evaluate(shown, in_sight) == smaller.replace("/720/", "/")
    assert phone.locator("#page-2 img").get_attribute("srcset")
