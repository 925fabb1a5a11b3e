"""The demo shop: about 300 products in three stores, with pictures that are drawn here.

`write_demo_feed` makes a feed folder for `catalog_sync`; `draw` makes one picture; `as_customer_photo` makes it look like
the photo of somebody who wears or holds the thing, for tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitrine.demo_shop.writing import write_demo_feed

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["as_customer_photo", "draw", "write_demo_feed"]


def draw(
    kind: str, colour_hex: str, pattern: str = "plain", *, weave: str = "cotton", accent_hex: str = "", seed: int = 1
) -> Image:
    """See `vitrine.demo_shop.drawing.draw`."""
    from vitrine.demo_shop.drawing import draw as draw_now

    return draw_now(kind, colour_hex, pattern, weave=weave, accent_hex=accent_hex, seed=seed)


def as_customer_photo(image: Image, seed: int) -> Image:
    """See `vitrine.demo_shop.photos.as_customer_photo`."""
    from vitrine.demo_shop.photos import as_customer_photo as turn

    return turn(image, seed)
