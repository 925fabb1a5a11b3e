"""Pictures of the pages for the documentation: `python -m tests.e2e.screenshots [FOLDER]` (default docs/images).

They show the demo shop with a conversation that really takes place, in both languages, on a desk and on a phone.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from catalog_sync import sync
from commerce.clock import ManualClock
from commerce.domain.search import SearchRequest
from commerce.wiring import Shop
from tests.e2e.running_shop import NoBrowser, open_browser, running_shop
from tests.journeys.pictures import side_by_side
from tests.journeys.pointing import point_out
from vitrine.demo_catalogue import publish_demo_catalogue, publish_demo_lookbook
from vitrine.demo_shop import write_demo_feed

if TYPE_CHECKING:
    from PIL.Image import Image
    from playwright.sync_api import Browser, Page

REPLIES = ".told:not([aria-hidden])"
DESK, PHONE = (1280, 860), (390, 844)


def fill(shop: Shop) -> None:
    with TemporaryDirectory() as folder:
        report = sync(shop, str(write_demo_feed(Path(folder))))
        if report.refused:
            sys.exit(f"the demo shop was refused: {report}")
    shop.index_keeper.catch_up()
    publish_demo_catalogue(shop, shop.settings.data_dir, lambda what, done, of: None)
    publish_demo_lookbook(shop, lambda what, done, of: None)


def open_page(browser: Browser, address: str, size: tuple[int, int], language: str, scheme: str = "light") -> Page:
    context = browser.new_context(
        base_url=address,
        locale=language,
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=1.5,
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        geolocation={"latitude": 47.2130, "longitude": -1.5540},
        permissions=["geolocation"],
    )
    return context.new_page()


def settled(page: Page) -> None:
    """Until everything in sight has been drawn."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function("() => [...document.images].filter(i => i.loading !== 'lazy').every(i => i.complete)")


def talk(page: Page, words: str) -> None:
    """Says something and waits for the answer."""
    page.locator(".told").first.wait_for()
    before = page.locator(REPLIES).count()
    page.locator("[data-chat-text]").fill(words)
    page.keyboard.press("Enter")
    answered(page, before)


def tap(page: Page, *labels: str) -> None:
    """Presses buttons one after the other: of the newest reply that has one, the first."""
    for label in labels:
        before = page.locator(REPLIES).count()
        replies = page.locator(REPLIES, has=page.get_by_role("button", name=label))
        replies.last.get_by_role("button", name=label).first.click()
        answered(page, before)


def answered(page: Page, before: int) -> None:
    page.wait_for_function("([q, n]) => document.querySelectorAll(q).length > n", arg=[REPLIES, before])
    page.wait_for_timeout(500)


def beside(left: bytes, right: bytes, path: Path) -> None:
    """Two pictures of phones as one, with few enough colours to be light."""
    from PIL import Image

    pictures = [Image.open(BytesIO(data)).convert("RGB") for data in (left, right)]
    gap = 36
    width = sum(picture.width for picture in pictures) + gap
    together = Image.new("RGB", (width, pictures[0].height), "#e6e0d4")
    together.paste(pictures[0], (0, 0))
    together.paste(pictures[1], (pictures[0].width + gap, 0))
    light(together, path)


def light(picture: Image, path: Path) -> None:
    """Writes a PNG of 256 colours."""
    from PIL import Image as Images

    picture.quantize(256, method=Images.Quantize.MEDIANCUT, dither=Images.Dither.FLOYDSTEINBERG).save(
        path, optimize=True
    )
    print(path)


def take_catalogue(browser: Browser, address: str, folder: Path) -> None:
    """On a phone as it opens, on a tablet between two pages, on a desk with what a place leads to."""
    for name, size, language, opened in (
        ("catalogue-fr-phone", (360, 740), "fr", 1),
        ("catalogue-fr-tablet", (820, 1180), "fr", 2),
        ("catalogue-en", (1440, 900), "en", 2),
    ):
        page = open_page(browser, address, size, language)
        page.goto(f"/l/saison#page-{opened}")
        page.locator("[data-where]").filter(has_text=f"{opened}").wait_for()
        page.wait_for_timeout(1_000)  # a page that listens for prices never idles
        if size[0] > 1000:
            page.locator(f"#page-{opened} .lookbook-spots a").first.click()
            page.get_by_role("dialog").locator("h2").wait_for()
            page.wait_for_timeout(500)
        page.evaluate("document.activeElement.blur()")
        light(_opened(page.screenshot()), folder / f"{name}.png")
        page.context.close()


def take_lookbook(browser: Browser, address: str, folder: Path) -> None:
    """Photos laid out by us, on a desk and on a phone."""
    for name, size, language, turns in (
        ("lookbook-en", (1440, 900), "en", 1),
        ("lookbook-fr-phone", PHONE, "fr", 3),
    ):
        page = open_page(browser, address, size, language)
        page.goto("/l/lookbook")
        page.locator("[data-where]", has_text="/").wait_for()
        for _ in range(turns):
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(400)
        settled(page)
        page.evaluate("document.activeElement.blur()")
        light(_opened(page.screenshot()), folder / f"{name}.png")
        page.context.close()


def take(browser: Browser, address: str, folder: Path) -> None:
    def shot(page: Page, name: str) -> None:
        from PIL import Image as Images

        page.evaluate("document.activeElement.blur()")
        light(Images.open(BytesIO(page.screenshot())).convert("RGB"), folder / f"{name}.png")
        page.context.close()

    for name, size, language, scheme, path in (
        ("front", DESK, "en", "light", "/"),
        ("front-fr-phone", PHONE, "fr", "light", "/"),
        ("front-fr-dark", DESK, "fr", "dark", "/"),
        ("search-fr", DESK, "fr", "light", "/?q=robe+lain"),
        ("stores-en", DESK, "en", "light", "/stores"),
    ):
        page = open_page(browser, address, size, language, scheme)
        page.goto(path)
        settled(page)
        shot(page, name)

    for name, size, language, words in (
        ("product-fr", DESK, "fr", "robe en lin"),
        ("product-en-phone", PHONE, "en", "linen dress"),
    ):
        page = open_page(browser, address, size, language)
        page.goto(f"/?q={words}")
        page.locator(".tile-link").first.click()
        page.wait_for_load_state()
        page.goto(f"{page.url}?near=44000")
        settled(page)
        shot(page, name)

    page = open_page(browser, address, PHONE, "fr")
    page.goto("/chat")
    talk(page, "robe lain bleu marine")
    shot(page, "chat-fr-phone")

    page = open_page(browser, address, PHONE, "en")
    page.goto("/chat")
    talk(page, "linnen dress")
    page.evaluate("document.activeElement.blur()")
    found = page.screenshot()
    tap(page, "Choose size", "38", "Yes", "Find in store", "Share my location", "Reserve at")
    page.wait_for_timeout(600)
    page.evaluate("document.activeElement.blur()")
    held = page.screenshot()
    page.context.close()
    beside(found, held, folder / "chat.png")

    page = open_page(browser, address, DESK, "en")
    page.goto("/?q=linen+dress")
    page.locator(".tile-link").first.click()
    page.wait_for_load_state()
    page.get_by_role("link", name="Reserve in store").click()
    page.locator(".chat-button").first.wait_for()
    page.wait_for_timeout(400)
    shot(page, "chat-en-corner")


def take_buying(browser: Browser, address: str, folder: Path) -> None:
    """A cart and its checkout in both languages: on a desk in English, on a phone in French."""
    for size, language in ((DESK, "en"), (PHONE, "fr")):
        page = open_page(browser, address, size, language)
        for words in ("linen dress", "leather tote"):
            page.goto(f"/?q={words}")
            page.locator(".tile-link").first.click()
            page.wait_for_load_state()
            sizes = page.locator(".size-choice:not(.gone):not(.never):not([aria-current])")
            if sizes.count() and not page.locator("[data-add]").count():
                sizes.first.click()
                page.wait_for_load_state()
            page.locator("[data-add] button").click()
            page.locator("[data-added]:not([hidden])").wait_for()
        page.goto("/cart")
        page.wait_for_timeout(500)
        page.evaluate("document.activeElement.blur()")
        cart = page.screenshot()
        page.goto("/checkout")
        page.locator("#name").fill("Léa")
        page.locator("#email").fill("lea@example.com")
        page.locator("#pickup").check()
        page.locator("input[name=store]:not([disabled])").first.check()
        page.locator("form[action='/checkout/details'] button").last.click()
        page.locator("input[name=provider]").last.check()
        page.locator("input[name=terms]").check()
        page.evaluate("document.activeElement.blur()")
        checkout = page.screenshot()
        page.locator("form[action='/checkout/pay'] button").last.click()
        page.wait_for_url("**/pay/fake/**")
        page.locator("button[value=pay]").click()
        page.locator(".state-line").wait_for()
        page.wait_for_timeout(500)
        page.evaluate("document.activeElement.blur()")
        order = page.screenshot()
        page.context.close()
        if size == DESK:
            for name, png in (("cart-en", cart), ("checkout-en", checkout), ("order-en", order)):
                light(_opened(png), folder / f"{name}.png")
        else:
            beside(cart, checkout, folder / "buying-fr-phone.png")


def take_photo_pages(browser: Browser, address: str, shop: Shop, folder: Path) -> None:
    """A photo with three things in it, on a page and in the chat."""
    photo, parts = side_by_side([_picture_of(shop, words) for words in ("linen dress", "denim jacket", "sneakers")])
    sent = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photo}
    with point_out(shop, [(photo, list(zip(parts, ("dress", "jacket", "sneakers"), strict=True)))]):
        phones = []
        for size, language, item in ((DESK, "en", "1 Dress"), (PHONE, "fr", "2 Veste")):
            page = open_page(browser, address, size, language)
            page.goto("/")
            page.locator("input[name=photo]").set_input_files(sent)  # type: ignore[arg-type]
            page.wait_for_url("**/photo?of=*")
            page.get_by_role("link", name=item).click()
            page.wait_for_url("**item=*")
            settled(page)
            if size == DESK:
                light(_opened(page.screenshot()), folder / "photo-en.png")
            else:
                phones.append(page.screenshot())
            page.context.close()
        page = open_page(browser, address, PHONE, "fr")
        page.goto("/chat")
        page.locator(".told").first.wait_for()
        page.locator("[data-chat-photo]").set_input_files(sent)  # type: ignore[arg-type]
        page.locator("[data-chat-preview] img").wait_for()
        before = page.locator(REPLIES).count()
        page.keyboard.press("Enter")
        answered(page, before)
        page.wait_for_function(
            "() => document.querySelector('.told-picture')?.naturalWidth > 0"
        )  # a stream never idles
        page.evaluate("document.activeElement.blur()")
        phones.insert(0, page.screenshot())
        page.context.close()
    beside(phones[0], phones[1], folder / "photo-fr-phone.png")


def _picture_of(shop: Shop, words: str) -> bytes:
    """The shop's own picture of the first thing found."""
    product = shop.discovery.search(SearchRequest(words, "en")).found[0].product
    data = shop.media.get(next(picture.media_key for picture in product.pictures if picture.media_key))
    assert data is not None
    return data


def _opened(png: bytes) -> Image:
    from PIL import Image as Images

    return Images.open(BytesIO(png)).convert("RGB")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/images")
    folder.mkdir(parents=True, exist_ok=True)
    clock = ManualClock(datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
    try:
        with (
            TemporaryDirectory() as data,
            open_browser() as browser,
            running_shop(Path(data), fill, clock=clock, shop_name="Vitrine", encoder="vitrine", fake_payments=True) as (
                shop,
                address,
            ),
        ):
            take_photo_pages(browser, address, shop, folder)
            take_catalogue(browser, address, folder)
            take_lookbook(browser, address, folder)
            take_buying(browser, address, folder)
            take(browser, address, folder)
    except NoBrowser as reason:
        sys.exit(f"no pictures: {reason}")


if __name__ == "__main__":
    main()
