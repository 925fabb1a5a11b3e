"""Pictures of products in a real browser: seen, sharp enough for the screen, and not larger than it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from commerce.wiring import Shop
from tests.e2e.conftest import DESK, PATIENCE_MS, PHONE, OpenShop
from tests.unit.shoppable.test_sized import sell_photographed

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

# Brought into view one after the other, as somebody who scrolls does.
SHOWN = """async () => {
  const found = [];
  for (const img of document.querySelectorAll(".tile-picture img[srcset], .gallery-view img[srcset]")) {
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
        yield shop, address


@pytest.mark.parametrize(("size", "density"), [(PHONE, 2), (DESK, 1)], ids=["390", "1280"])
@pytest.mark.parametrize("path", ["/?category=shirt", "/p/8"])
def test_pictures_are_seen_in_the_size_of_the_screen(
    window: Callable[..., Page], path: str, size: dict[str, int], density: int
) -> None:
    page = window("en", size, device_scale_factor=density)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(path)
    shown: list[dict[str, Any]] = page.evaluate(SHOWN)
    assert len(shown) >= (6 if "category" in path else 1)
    for each in shown:
        assert each["natural"] > 0 and each["path"].startswith("/media/"), each
        assert each["wanted"] <= each["file"] < each["wanted"] * 2.1, each
