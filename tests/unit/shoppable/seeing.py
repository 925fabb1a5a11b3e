"""A shop of three drawn things that can see, and the pictures of them."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from commerce.domain.localtext import LocalText
from commerce.domain.money import Money
from commerce.domain.product import Picture, Product, Variant
from commerce.domain.stock import MovementReason
from commerce.ports import UnitOfWork
from commerce.storage.seeding import add_product
from commerce.wiring import Shop
from tests.unit.shoppable.shop_values import STORES

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


def fill_seeing(shop: Shop) -> None:
    """One product of each kind with its picture, looked at."""
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
    shop.index_keeper.catch_up()
    assert shop.image_matcher.describe()["state"] != "off", "the encoder is part of the product"
