"""Two pictures of the pages: what is shown where one of them is shared, and a price as it is at this moment."""

from __future__ import annotations

from collections.abc import Sequence

from commerce.domain.brand import Brand
from commerce.domain.sheet import Align, Block, Box, Face, Part, Photo, Sheet, Words
from commerce.services.campaign_sheets import Logo

# What the networks ask for: https://developers.facebook.com/docs/sharing/best-practices#images
WIDTH_PX, HEIGHT_PX = 1200, 630
_MARGIN_PX, _GAP_PX = 56, 24
MOST_PICTURES = 3
PRICE_WIDTH_PX, PRICE_HEIGHT_PX = 480, 150  # drawn at twice the size at which a mail shows it


def share_card(
    brand: Brand, *, shop_name: str, title: str, note: str, pictures: Sequence[bytes], logo: Logo | None = None
) -> Sheet:
    """Words on the left, up to three pictures on the right, each one whole. No price: networks keep it for weeks."""
    shown = pictures[:MOST_PICTURES]
    words_px = 520 if shown else WIDTH_PX - 2 * _MARGIN_PX
    parts: list[Part] = [Block(Box(0, HEIGHT_PX - 14, WIDTH_PX, 14), brand.accent)]
    head = Box(_MARGIN_PX, _MARGIN_PX, words_px, 64)
    if logo:
        parts.append(logo.at(_MARGIN_PX, _MARGIN_PX, 72))
    else:
        parts.append(Words(shop_name, head, brand.accent, 38, 24, Face.SANS_BOLD, upright=Align.MIDDLE))
    parts.append(Words(title, Box(_MARGIN_PX, 146, words_px, 300), brand.ink, 78, 40, Face.SERIF, upright=Align.MIDDLE))
    under = note if not logo else " · ".join(filter(None, (shop_name, note)))
    if under:
        parts.append(Words(under, Box(_MARGIN_PX, 470, words_px, 84), brand.ink, 32, 22))
    if not shown:
        return Sheet(WIDTH_PX, HEIGHT_PX, brand.paper, tuple(parts))
    left = _MARGIN_PX + words_px + _GAP_PX * 2
    area = Box(left, 40, WIDTH_PX - left - 40, HEIGHT_PX - 14 - 80)
    parts += [Photo(picture, box, radius_px=10) for picture, box in zip(shown, _places(area, len(shown)), strict=True)]
    return Sheet(WIDTH_PX, HEIGHT_PX, brand.paper, tuple(parts))


def _places(area: Box, count: int) -> list[Box]:
    """One over all of it, or one on the left and the others one over the other beside it."""
    if count == 1:
        return [area]
    left = round(area.width_px * (0.5 if count == 2 else 0.6)) - _GAP_PX // 2
    x, width = area.x_px + left + _GAP_PX, area.width_px - left - _GAP_PX
    high = (area.height_px - _GAP_PX * (count - 2)) // (count - 1)
    others = [Box(x, area.y_px + number * (high + _GAP_PX), width, high) for number in range(count - 1)]
    return [Box(area.x_px, area.y_px, left, area.height_px), *others]


def price_sheet(brand: Brand, *, price: str, lines: Sequence[str], is_sold_out: bool = False) -> Sheet:
    """`lines`: what is said under the price, two at most."""
    width = PRICE_WIDTH_PX - 32
    high = 62 if lines else PRICE_HEIGHT_PX - 20
    colour = brand.ink if is_sold_out else brand.accent
    parts: list[Part] = [Words(price, Box(16, 10, width, high), colour, 50, 26, Face.SANS_BOLD, upright=Align.MIDDLE)]
    for number, line in enumerate(lines[:2]):
        parts.append(Words(line, Box(16, 74 + number * 34, width, 32), brand.ink, 26, 15, upright=Align.MIDDLE))
    return Sheet(PRICE_WIDTH_PX, PRICE_HEIGHT_PX, brand.paper, tuple(parts))
