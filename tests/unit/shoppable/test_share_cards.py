"""What is shown of a page that is shared: complete tags, and a card that is a real picture of the size it says."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest
from flask import Flask
from PIL import Image

from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import Post, Region, ShortLink
from commerce.services.posting import code_of
from commerce.wiring import Shop
from tests.unit.shoppable.catalogues import publish_catalogue
from tests.unit.shoppable.shop_values import HOSTILE, png
from tests.unit.shoppable.shopping import HOST, Browser

BOX = Region(0.1, 0.1, 0.3, 0.3)


@pytest.fixture
def lea(app: Flask, shop: Shop) -> Browser:
    return Browser(app, shop, "fr")


def tags(html: str) -> dict[str, str]:
    found = re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)"', html)
    return {name: unescape(content) for name, content in found}


def card_of(lea: Browser, said: dict[str, str]) -> Image.Image:
    address = said["og:image"]
    assert address == said["twitter:image"] and address.startswith(HOST)
    answer = lea.get(address.removeprefix(HOST))
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    again = lea.get(address.removeprefix(HOST), **{"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    picture = Image.open(io.BytesIO(answer.data))
    assert picture.size == (int(said["og:image:width"]), int(said["og:image:height"])) == (1200, 630)
    return picture


def test_a_catalogue_is_shared_with_its_title_and_its_cover(shop: Shop, lea: Browser) -> None:
    book = publish_catalogue(shop, [("P1-navy-38", BOX)], pages=2).lookbook
    said = tags(lea.get(f"/l/{book.slug}").text)
    assert (said["og:title"], said["og:site_name"], said["og:type"]) == ("Printemps", "Maison Test", "website")
    assert said["og:locale"] == "fr_FR"
    assert said["og:url"] == f"{HOST}/l/{book.slug}" and said["twitter:card"] == "summary_large_image"
    assert said["og:image:alt"] == "Printemps – Catalogue · 2 pages"
    assert "v=1" in said["og:image"] and "lang=fr" in said["og:image"]
    assert tags(lea.get(f"/l/{book.slug}?lang=en").text)["og:title"] == "Spring"
    card_of(lea, said)  # its page is no picture here: the words are shared without it


def test_a_product_is_shared_with_its_own_picture(shop: Shop, lea: Browser) -> None:
    said = tags(lea.get(f"/p/{product_id(shop, 'P1')}").text)
    assert said["og:title"] == "Robe midi en lin" and said["og:type"] == "product"
    middle = card_of(lea, said).getpixel((900, 300))
    assert all(abs(one - other) < 12 for one, other in zip(middle, (40, 80, 70), strict=True)), "its colour is on it"
    assert lea.get("/p/999999/card.jpg").status_code == lea.get("/l/none/card.jpg").status_code == 404


def test_what_strangers_wrote_stays_words(shop: Shop, lea: Browser) -> None:
    said = tags(lea.get(f"/p/{product_id(shop, 'P7')}").text)
    assert said["og:title"] == f"Chemise {HOSTILE}"
    card_of(lea, said)


def test_of_a_post_its_own_picture_is_shown(shop: Shop, lea: Browser) -> None:
    number = product_id(shop, "P1")
    key = shop.media.put(png(80, 80, (200, 30, 30)), ".png")
    post = Post(shop.ids.new_id(), key, LocalText({"fr": "Place Bellecour"}), (number,), 1, True, shop.clock.now())
    shop.storage.write(lambda uow: uow.posts.put(post))
    link = f"/s/{code_of(post)}"
    shop.storage.write(
        lambda uow: uow.short_links.add(ShortLink(code_of(post), "/links", "", shop.clock.now(), post.id))
    )
    looked = lea.get(link, **{"User-Agent": "TelegramBot (like TwitterBot)"})
    said = tags(lea.get(looked.headers["Location"]).text)
    assert (said["og:title"], said["og:image:alt"]) == ("Place Bellecour", "Place Bellecour – Robe midi en lin")
    red = card_of(lea, said).getpixel((720, 300))
    assert red[0] > 150 > red[1] and red[2] < 90
    assert "post=" not in lea.get(link).headers["Location"], "people see the product as always"
    said = tags(lea.get("/links").text)
    assert said["og:url"] == f"{HOST}/links"
    card_of(lea, said)


def product_id(shop: Shop, source_id: str) -> int:
    with shop.storage.read() as uow:
        found = uow.products.by_source_id(source_id)
    assert found is not None
    return found.id
