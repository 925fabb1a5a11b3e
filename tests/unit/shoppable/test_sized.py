"""Pictures in the widths in which pages show them: made once, never enlarged, and never a reason for a page to fail."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from bot.channels import build_channels
from bot.worker import Worker
from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import Region
from commerce.domain.money import Money
from commerce.domain.product import Picture, Product, Variant
from commerce.domain.sheet import Sheet
from commerce.domain.stock import MovementReason
from commerce.domain.team import Role
from commerce.drawing import PillowDrawer
from commerce.drawing.limits import Limits
from commerce.ports import UnitOfWork
from commerce.services.photos import SUFFIX
from commerce.services.renditions import MOST_WAITING, WIDTHS_PX, Rendition, Renditions
from commerce.storage.seeding import add_product
from commerce.wiring import Shop
from shoppable.sized import sized_path, srcset
from tests.unit.shoppable.catalogues import publish_catalogue
from tests.unit.shoppable.leafing import product_of, tell
from tests.unit.shoppable.shopping import HOST, Browser
from tests.unit.shoppable.staffing import StaffBrowser, add_member
from tests.unit.shoppable.test_posts import a_photo

FOR_EVER = "public, max-age=31536000, immutable"
KEY = "a" * 32 + ".jpg"


def sell_photographed(shop: Shop, count: int, width: int = 1280, height: int = 1600) -> list[str]:
    """Adds so many shirts, each with a photo of that size; the keys of these."""
    keys = [shop.media.put(a_photo(width, height), ".jpg") for _ in range(count)]

    def write(uow: UnitOfWork) -> None:
        for number, key in enumerate(keys):
            names = LocalText({"en": f"Shirt {number}", "fr": f"Chemise {number}"})
            variants = (Variant(0, 0, f"shirt-{number}", "", "", "", Money(4000, "EUR")),)
            pictures = (Picture(0, 0, key, width_px=width, height_px=height),)
            stored = add_product(
                uow,
                Product(0, "test", f"shirt-{number}", names, names, "", "shirt", "", "women", variants, pictures),
                shop.clock.now(),
            )
            uow.stock.set_on_hand(stored.variants[0].id, "S1", 2, MovementReason.COUNT, shop.clock.now())

    shop.storage.write(write)
    shop.index_keeper.catch_up()
    return keys


def is_as_it_is(answer: TestResponse, original: bytes, kept: str = FOR_EVER) -> bool:
    return (answer.status_code, answer.data, answer.headers["Cache-Control"]) == (200, original, kept)


# --- the addresses


@pytest.mark.parametrize("width", WIDTHS_PX)
def test_a_picture_is_made_smaller_once(
    shop: Shop, client: FlaskClient, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = a_photo(1280, 1600)
    key = shop.media.put(original, ".jpg")
    answer = client.get(f"/media/{width}/{key}")
    picture = Image.open(io.BytesIO(answer.data))
    assert (picture.format, picture.size) == ("JPEG", (width, width * 1600 // 1280))
    assert len(answer.data) < len(original) * (width / 1280) * 1.2
    red, green, _ = picture.convert("RGB").getpixel((width // 2, picture.height // 2))  # type: ignore[misc]
    assert red > 200 and green < 60, "the whole of it, not a part"
    as_itself = client.get(f"/media/{key}")
    for name in ("Cache-Control", "Content-Type", "Content-Disposition", "Content-Security-Policy"):
        assert answer.headers[name] == as_itself.headers[name]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in client.get(f"/media/{width}/{key}?lang=fr").headers
    monkeypatch.setattr("sys.executable", "/nowhere")  # nothing can be drawn any more
    assert client.get(f"/media/{width}/{key}").data == answer.data
    shop.media.delete(key)
    assert client.get(f"/media/{width}/{key}").status_code == 404


@pytest.mark.parametrize(("size", "width"), [((300, 420), 480), ((480, 600), 480), ((16, 16), 240)])
def test_nothing_is_enlarged(shop: Shop, client: FlaskClient, size: tuple[int, int], width: int) -> None:
    original = a_photo(*size)
    assert is_as_it_is(client.get(f"/media/{width}/{shop.media.put(original, '.jpg')}"), original)


def test_what_would_not_be_lighter_stays_as_it_is(shop: Shop, client: FlaskClient) -> None:
    out = io.BytesIO()
    Image.effect_noise((500, 500), 60).save(out, "JPEG", quality=5)
    assert is_as_it_is(client.get(f"/media/480/{shop.media.put(out.getvalue(), '.jpg')}"), out.getvalue())


def test_other_widths_and_other_files_do_not_exist(shop: Shop, client: FlaskClient) -> None:
    key = shop.media.put(a_photo(1280, 1600), ".jpg")
    for width in ("0", "1", "239", "241", "1280", "99999999", "-240", "240.0", "x", ""):
        assert client.get(f"/media/{width}/{key}").status_code in (404, 308), width
    for suffix in (".upload", SUFFIX):
        assert client.get(f"/media/480/{shop.media.put(a_photo(600, 600), suffix)}").status_code == 404
    for other in (KEY, "../secret.jpg", "..%2fsecret.jpg", f"{key}.480", f"{key}%00", "x"):
        assert client.get(f"/media/480/{other}").status_code == 404, other
    files = [path for path in (shop.settings.data_dir / "media").rglob(f"{key}*") if path.is_file()]
    assert [path.name for path in files] == [key], "nothing was kept for any of them"


def saying(width: int, height: int) -> bytes:
    """A JPEG whose head says another size than its picture has."""
    jpeg = a_photo(300, 200)
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + jpeg[at + 4 :]


@pytest.mark.parametrize(
    "hostile",
    [
        a_photo(1280, 1600)[:700],
        a_photo(1280, 1600)[:700] + b"\xff" * 5000,
        saying(30_000, 3_900),  # more pixels than the child takes
        saying(1_280, 65_535),
        saying(65_535, 1),
        b"\xff\xd8\xff",
        b"",
        b"not a picture",
    ],
    ids=["cut", "garbage", "bomb", "tower", "line", "head", "empty", "text"],
)
def test_what_cannot_be_drawn_is_shown_as_it_is(
    shop: Shop, client: FlaskClient, hostile: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = shop.media.put(hostile, ".jpg")
    answer = client.get(f"/media/480/{key}")
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == FOR_EVER
    assert answer.data == hostile or Image.open(io.BytesIO(answer.data)).width == 480
    monkeypatch.setattr("sys.executable", "/nowhere")
    assert client.get(f"/media/480/{key}").data == answer.data, "nobody tries again"


@pytest.mark.parametrize("broken", ["no child", "no room"])
def test_a_machine_in_trouble_shows_the_picture_as_it_is_for_now(
    shop: Shop, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    original = a_photo(1280, 1600)
    key = shop.media.put(original, ".jpg")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as trouble:
        if broken == "no child":
            trouble.setattr("sys.executable", "/nowhere")
        else:
            trouble.setattr(Path, "replace", full)
        assert is_as_it_is(client.get(f"/media/240/{key}"), original, "no-store")
    assert Image.open(io.BytesIO(client.get(f"/media/240/{key}").data)).width == 240


def test_a_picture_that_loses_its_child_is_tried_once_more(shop: Shop) -> None:
    pictures = a_photo(1280, 1600), a_photo(1280, 1500)
    lost, late = (shop.media.put(picture, ".jpg") for picture in pictures)
    hurried = Renditions(shop.media, PillowDrawer(Limits(start_s=0.0, sheet_s=0.01)))
    for key, picture in zip((lost, late), pictures, strict=True):
        assert hurried.sized(key, 240) == Rendition(picture, is_final=False)
    assert hurried.sized(lost, 240) == Rendition(pictures[0])
    small = Renditions(shop.media, PillowDrawer()).sized(late, 240)
    assert small is not None and Image.open(io.BytesIO(small.data)).width == 240


class GatedDrawer:
    """The real one behind a gate; knows how many children there were, and how many at the same time."""

    def __init__(self) -> None:
        self.gate, self.arrived = threading.Event(), threading.Event()
        self.children = self.at_work = self.most_at_work = 0
        self._drawer = PillowDrawer()

    def draw(self, sheets: Iterable[Sheet]) -> Iterator[bytes]:
        self.children += 1
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        self.arrived.set()
        try:
            assert self.gate.wait(60)
            yield from self._drawer.draw(sheets)
        finally:
            self.at_work -= 1

    def size_of(self, picture: bytes) -> tuple[int, int] | None:
        return self._drawer.size_of(picture)


def test_one_is_drawn_at_a_time_and_few_wait(shop: Shop) -> None:
    original = a_photo(600, 750)
    keys = [shop.media.put(original, ".jpg") for _ in range(3)]
    drawer = GatedDrawer()
    renditions = Renditions(shop.media, drawer)
    with ThreadPoolExecutor(MOST_WAITING) as pool:
        asked = [pool.submit(renditions.sized, keys[at % 3], 240) for at in range(MOST_WAITING)]
        assert drawer.arrived.wait(60)
        while renditions._waiting < MOST_WAITING:  # until the last of them waits
            threading.Event().wait(0.01)
        crowded = renditions.sized(keys[0], 240)
        assert crowded is not None and crowded.data == original and not crowded.is_final
        drawer.gate.set()
        made = [each.result(60) for each in asked]
    assert all(each is not None and each.is_final and len(each.data) < len(original) for each in made)
    assert (drawer.children, drawer.most_at_work, drawer.at_work) == (1, 1, 0), "one for the whole queue"
    later = renditions.sized(keys[0], 240)
    assert later is not None and later == made[0], "there is room again"


# --- what pages say


@pytest.mark.parametrize(
    ("own_px", "widths"),
    [
        (1280, "240w 360w 480w 720w 960w 1280w"),
        (600, "240w 360w 480w 600w"),
        (480, "240w 360w 480w"),
        (241, "240w 241w"),
        (240, ""),
        (60, ""),
        (None, "240w 360w 480w 720w 960w"),
    ],
)
def test_browsers_choose_among_what_is_smaller_than_the_picture(own_px: int | None, widths: str) -> None:
    choices = [each.split(" ") for each in srcset(KEY, own_px).split(", ")] if widths else []
    assert " ".join(width for _, width in choices) == widths and (choices or srcset(KEY, own_px) == "")
    for path, width in choices:
        assert path == (f"/media/{KEY}" if width == f"{own_px}w" else f"/media/{width[:-1]}/{KEY}")


def test_what_is_cut_on_both_sides_counts_as_wide_as_what_is_seen() -> None:
    assert srcset(KEY, 600, 750) == srcset(KEY, 600, 1200) == srcset(KEY, 600)
    square = "192w 288w 384w 480w"
    assert [each.split(" ")[1] for each in srcset(KEY, 600, 600).split(", ")] == square.split(" ")
    assert srcset(KEY, 600, 1).endswith(" 1w"), "two choices that are alike do no harm"


def test_a_shoppers_photo_and_a_drawn_logo_have_one_size() -> None:
    photo, png = f"{'a' * 32}{SUFFIX}", f"{'a' * 32}.png"
    assert srcset(photo, 900) == srcset(png, 900) == srcset("") == ""
    assert (sized_path(photo, 240), sized_path(png, 240)) == (f"/photo/{photo}", f"/media/{png}")
    assert sized_path("", 240) == ""
    with pytest.raises(ValueError, match="1000"):
        sized_path(KEY, 1000)


def images(html: str) -> list[dict[str, str]]:
    return [dict(re.findall(r'([a-z]+)="([^"]*)"', tag)) for tag in re.findall(r"<img\b[^>]*>", html)]


def chosen(image: dict[str, str], real_px: int) -> str:
    """As a browser chooses for so many real pixels: the narrowest that is wide enough."""
    choices = sorted((int(width[:-1]), path) for path, width in (c.split() for c in image["srcset"].split(", ")))
    return next((path for width, path in choices if width >= real_px), choices[-1][1])


@pytest.mark.parametrize("path", ["/?category=shirt", "/"])
def test_a_page_of_products_names_pictures_of_the_size_it_shows(shop: Shop, client: FlaskClient, path: str) -> None:
    keys = set(sell_photographed(shop, 6))
    every = images(client.get(path).text)
    assert every[0]["fetchpriority"] == "high" and "loading" not in every[0]
    assert all("fetchpriority" not in image for image in every[1:]) and every[-1]["loading"] == "lazy"
    assert all(image["decoding"] == "async" for image in every)
    shown = [image for image in every if image["src"].removeprefix("/media/") in keys]
    assert len(shown) >= 6
    assert all((image["width"], image["height"]) == ("1280", "1600") and image["sizes"] for image in shown)
    first_screen = shown[:4]
    now = sum(len(client.get(chosen(image, 360)).data) for image in first_screen)
    before = sum(len(client.get(image["src"]).data) for image in first_screen)
    assert now * 4 < before, f"{now} bytes instead of {before}"


def test_other_pages_name_them_too(shop: Shop, lea: Browser) -> None:
    (key,) = sell_photographed(shop, 1)
    lea.add("shirt-0")
    for path in (f"/p/{product_of(shop, 'shirt-0')}", "/cart", "/checkout"):
        (image,) = [image for image in images(lea.get(path).text) if image["src"] == f"/media/{key}"]
        assert f"/media/240/{key} 240w" in image["srcset"] and image["sizes"], path


def test_the_team_chooses_from_small_ones(shop: Shop, app: Flask) -> None:
    (key,) = sell_photographed(shop, 1)
    page = StaffBrowser(app, shop, add_member(shop, "hugo", Role.MARKETER)).get("/studio/products?q=shirt+0").text
    (image,) = [image for image in images(page) if image["src"] == f"/media/{key}"]
    assert f"/media/240/{key} 240w" in image["srcset"] and image["sizes"] and image["loading"] == "lazy"
    assert f'data-picture="/media/240/{key}"' in page


def test_pages_of_catalogues_name_them_wherever_they_are_shown(shop: Shop, app: Flask, lea: Browser) -> None:
    hugo = StaffBrowser(app, shop, add_member(shop, "hugo", Role.MARKETER))
    book = publish_catalogue(shop, [("P1-navy-38", Region(0.1, 0.1, 0.3, 0.3))], pages=2, pictures=[a_photo(800, 1000)])
    tell(lea, {"did": "opened", "page": 1}, {"did": "page", "page": 1}, slug=book.lookbook.slug)
    for browser, path, first_is in (
        (lea, f"/l/{book.lookbook.slug}", {"fetchpriority": "high"}),
        (lea, f"/embed/l/{book.lookbook.slug}", {"fetchpriority": "high"}),
        (hugo, f"/studio/{book.lookbook.id}", {}),
        (hugo, f"/studio/{book.lookbook.id}/preview", {"fetchpriority": "high"}),
        (hugo, f"/studio/{book.lookbook.id}/report", {"loading": "lazy"}),
    ):
        shown = [each for each in images(browser.get(path).text) if each["src"] != "" and "/static/" not in each["src"]]
        keys = [page.picture_key for page in book.pages][: len(shown)]
        assert [each["src"] for each in shown] == [f"/media/{key}" for key in keys] and shown, path
        for each, key in zip(shown, keys, strict=True):
            assert each["srcset"].startswith(f"/media/240/{key} 240w, ") and each["srcset"].endswith(
                f"/media/{key} 800w"
            )
            assert (each["width"], each["height"]) == ("800", "1000") and each["sizes"]
        first, *others = shown
        assert {name: first[name] for name in ("fetchpriority", "loading") if name in first} == first_is, path
        assert all(each["loading"] == "lazy" for each in others)


def test_cards_of_the_chat_come_with_their_sizes(
    shop: Shop, client: FlaskClient, say: Callable[..., TestResponse]
) -> None:
    (key,) = sell_photographed(shop, 1)
    say(text="shirt 0", language="en")
    Worker(shop, build_channels(shop.settings, shop.media).values()).run_until_quiet()
    heard = client.get("/api/v1/chat/events", query_string={"after": 0}, base_url=HOST).json["events"]
    pictures = [card["picture"] for each in heard if each["reply"] for card in each["reply"]["cards"]]
    shown = next(each for each in pictures if each["url"] == f"/media/{key}")
    assert shown["srcset"].split(", ")[2] == f"/media/480/{key} 480w"
    assert Image.open(io.BytesIO(client.get(f"/media/480/{key}").data)).width == 480
