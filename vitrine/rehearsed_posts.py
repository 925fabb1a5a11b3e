"""Posts as the shop's own people would make them at Instagram, drawn here: for the rehearsal and the demo.

They tell each way in which a product is found: in the picture, by an article number or a link in the caption, in every
part of an album, or not at all.
"""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

    from commerce.domain.product import Product
    from commerce.wiring import Shop
    from vitrine.standins.instagram import InstagramStandIn

_QUALITY = 88


def post_a_week(instagram: InstagramStandIn, shop: Shop) -> list[str]:
    """Five posts of the last days, newest last, with products of this shop; the media's ids."""
    with shop.storage.read() as uow:
        products = [each for each in uow.products.after(0, 400) if each.variants and _picture(shop, each)]
    one, two, three, four = _of_kinds(products, 4)
    today = shop.clock.now()
    return [
        instagram.publish(
            f"{one.title('fr')} du matin au soir.\n.\n.\n#vitrine #lyon",
            _post(shop, one), at=today - timedelta(days=6, hours=3),
        ),
        instagram.publish(
            f"Deux idées pour ce week-end : {two.title('fr')} et {three.title('fr')}. Laquelle ? #lookdujour",
            _post(shop, two), _post(shop, three), at=today - timedelta(days=4, hours=1),
        ),
        instagram.publish(
            f"Il est de retour ! Réf. {four.variants[0].sku}\n#retour #stock",
            _post(shop, four), is_video=True, at=today - timedelta(days=3),
        ),
        instagram.publish(
            f"Our favourite of the week is one tap away: {shop.settings.base_url}/p/{two.id} #ootd",
            _wall("#b88f6d"), at=today - timedelta(days=1, hours=5),
        ),
        instagram.publish(
            "Derrière le comptoir, un lundi de pluie. #atelier", _wall("#8c9a92"), at=today - timedelta(hours=2)
        ),
    ]  # fmt: skip


def _of_kinds(products: list[Product], count: int) -> list[Product]:
    """Of as many kinds as there are."""
    by_kind: dict[str, Product] = {}
    for product in products:
        by_kind.setdefault(product.category, product)
    chosen = [*by_kind.values(), *products]
    return chosen[:count]


def _picture(shop: Shop, product: Product) -> bytes | None:
    key = next((each.media_key for each in product.pictures if each.media_key.endswith(".jpg")), "")
    return shop.media.get(key) if key else None


def _post(shop: Shop, product: Product) -> bytes:
    """The product's own picture as it would be posted: upright, in the size that Instagram likes, saved anew."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(_picture(shop, product) or b"")) as picture:
        return _jpeg(ImageOps.fit(picture.convert("RGB"), (1080, 1350)))


def _wall(hue: str) -> bytes:
    """A wall with evening light on it, and nothing that is sold."""
    from PIL import Image, ImageFilter, ImageOps

    down = Image.linear_gradient("L").resize((1080, 1080))
    lamp = ImageOps.invert(Image.radial_gradient("L").resize((1400, 1400))).crop((0, 0, 1080, 1080))
    light = Image.blend(down, lamp.filter(ImageFilter.GaussianBlur(40)), 0.6)
    return _jpeg(ImageOps.colorize(light, "#3b342d", "#f6efe4", mid=hue))


def _jpeg(picture: Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
