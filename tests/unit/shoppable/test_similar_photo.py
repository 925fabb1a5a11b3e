"""Photos over the API with the shop's own eyes: the very picture first, bad files told apart, nothing kept."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image, ImageDraw

from commerce.clock import ManualClock
from commerce.domain.localtext import LocalText
from commerce.domain.money import Money
from commerce.domain.product import Picture, Product, Variant
from commerce.domain.stock import MovementReason
from commerce.ports import UnitOfWork
from commerce.settings import load_settings
from commerce.storage.seeding import add_product
from commerce.wiring import Shop, build_shop
from shoppable import create_app
from tests.unit.shoppable.shop_values import STORES

PHOTO = "/api/v1/similar"
SHAPES = {
    "dress": ("#1f2a52", [(160, 60), (240, 60), (265, 160), (240, 230), (330, 460), (70, 460), (160, 230), (135, 160)]),
    "jacket": (
        "#3f6ea8",
        [(140, 90), (260, 90), (370, 190), (330, 280), (290, 240), (290, 420), (110, 420), (110, 240)],
    ),
    "tote_bag": ("#7a4a2a", [(90, 200), (310, 200), (330, 440), (70, 440)]),
}


def drawing(kind: str) -> bytes:
    colour, points = SHAPES[kind]
    picture = Image.new("RGB", (400, 500), "#f2efe9")
    ImageDraw.Draw(picture).polygon(points, fill=colour)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92)
    return out.getvalue()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    clock = ManualClock(datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
    settings = load_settings(data_dir=tmp_path_factory.mktemp("seeing"), secret_key="s" * 32)
    with build_shop(settings, clock=clock) as shop:
        _fill(shop)
        for _ in range(5):
            shop.index_keeper.refresh()
        assert shop.image_matcher.describe()["state"] != "off", "the encoder is part of the product"
        yield create_app(shop).test_client()


def _fill(shop: Shop) -> None:
    keys = {kind: shop.media.put(drawing(kind), ".jpg") for kind in SHAPES}

    def write(uow: UnitOfWork) -> None:
        for store in STORES:
            uow.stores.put(store)
        for kind, key in keys.items():
            variants = (Variant(0, 0, f"{kind}-sku", "", "", "", Money(5000, "EUR")),)
            names = LocalText({"en": kind, "fr": kind})
            pictures = (Picture(0, 0, key, width_px=400, height_px=500),)
            product = Product(0, "test", kind, names, names, "", kind, "", "women", variants, pictures)
            stored = add_product(uow, product, shop.clock.now())
            uow.stock.set_on_hand(stored.variants[0].id, "S1", 2, MovementReason.COUNT, shop.clock.now())

    shop.storage.write(write)


@pytest.mark.parametrize("kind", SHAPES)
def test_the_very_picture_comes_first(client: FlaskClient, kind: str) -> None:
    photo = drawing(kind)
    as_form = client.post(PHOTO, data={"photo": (io.BytesIO(photo), "photo.jpg")})
    as_json = client.post(PHOTO, json={"photo_base64": base64.b64encode(photo).decode()})
    for answer in (as_form, as_json):
        assert answer.status_code == 200, answer.text
        first = answer.json["hits"][0]
        assert first["id"] == kind and first["why"] in ("exact_picture", "very_close")
        assert first["price_minor"] == 5000 and first["in_stock"] is True


def test_conditions_narrow_what_a_photo_finds(client: FlaskClient) -> None:
    photo = {"photo_base64": base64.b64encode(drawing("dress")).decode()}
    answer = client.post(f"{PHOTO}?price_max_minor=100", json=photo)
    assert answer.status_code == 200 and answer.json["hits"] == []


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_damaged_photo_is_said_to_be_damaged(client: FlaskClient, lang: str, tmp_path: Path) -> None:
    half = drawing("dress")[:1500]
    answer = client.post(f"{PHOTO}?lang={lang}", data={"photo": (io.BytesIO(half), "photo.jpg")})
    assert answer.status_code in (415, 422) and answer.json["code"].startswith("photo_")
    assert "photo" in answer.json["detail"] and ("Renvoyez" in answer.json["detail"] or lang == "en")


def test_similar_products_without_the_product_itself(client: FlaskClient) -> None:
    hits = client.get(f"{PHOTO}?id=dress").json["hits"]
    assert "dress" not in {hit["id"] for hit in hits}
