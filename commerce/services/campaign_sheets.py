"""A campaign as pictures: one arrangement for every size, inside of what each app leaves uncovered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commerce.domain.brand import WHITE, Brand
from commerce.domain.sheet import Align, Block, Box, Face, Part, Photo, Sheet, Words
from commerce.services.campaign_words import CampaignWords, ItemWords, words

_LINE = 1.25  # of the size of the letters, from line to line
_TALLEST_PHOTO = 1.3  # of its width


@dataclass(frozen=True, slots=True)
class Logo:
    """Our own copy of what was uploaded, which lies on white."""

    jpeg: bytes
    width_px: int
    height_px: int

    def at(self, x_px: int, y_px: int, height_px: int) -> Photo:
        """As high as said, or lower where it is very wide."""
        width = min(height_px * 4, round(height_px * self.width_px / self.height_px))
        return Photo(self.jpeg, Box(x_px, y_px, max(1, width), height_px), tile="none", radius_px=height_px // 8)


@dataclass(frozen=True, slots=True)
class Format:
    """`margins_px`: left, top, right and bottom, where the app lays its own signs over the picture, or paper is cut.
    `letter_px`: the size of a title. More than `most_items` would be too small to read."""

    width_px: int
    height_px: int
    margins_px: tuple[int, int, int, int]
    letter_px: int
    most_items: int

    @property
    def safe(self) -> Box:
        left, top, right, bottom = self.margins_px
        return Box(left, top, self.width_px - left - right, self.height_px - top - bottom)


FEED = Format(1080, 1350, (64, 64, 64, 64), 30, 6)
# 14 % above and 20 % below are covered by the profile and the answer field of a story, 6 % at the sides: as trade
# guides give Meta's figures in 2026 (https://www.imagefactory.co.kr/en/guides/instagram-story-ad-text-safe-zone). A
# reel covers 35 % below.
STORY = Format(1080, 1920, (65, 270, 65, 384), 32, 4)
# TikTok shows templates rather than figures: tabs above, description below, buttons on the right.
# https://ads.tiktok.com/help/article/in-feed-ads-safe-zone
TIKTOK = Format(1080, 1920, (60, 150, 150, 440), 32, 4)
# 300 dots an inch; home printers cannot print the outer 5 mm.
A5 = Format(1748, 2480, (100, 100, 100, 100), 46, 6)
A4 = Format(2480, 3508, (150, 150, 150, 150), 56, 12)


def campaign_sheet(
    said: CampaignWords,
    brand: Brand,
    form: Format,
    pictures: Mapping[str, bytes],
    *,
    address: str,
    qr_png: bytes = b"",
    logo: Logo | None = None,
) -> Sheet:
    """`pictures` by their keys; an item without one shows its words alone. `address`: where it leads, as it is read."""
    safe, letter = form.safe, form.letter_px
    shown = said.items[: form.most_items]
    head = _head(said, brand, safe, letter, logo)
    foot = _foot(said, brand, safe, letter, address, qr_png, more=len(said.items) - len(shown))
    top = max(_bottom(part.box) for part in head) + letter
    bottom = min(part.box.y_px for part in foot) - letter
    area = Box(safe.x_px, top, safe.width_px, max(letter, bottom - top))
    parts = (*head, *_tiles(shown, brand, area, letter, pictures), *foot, *_warning(said, safe, letter))
    return Sheet(form.width_px, form.height_px, brand.paper, parts)


def texts_of(sheet: Sheet) -> tuple[str, ...]:
    """All that is written on it, from the first to the last."""
    return tuple(part.text for part in sheet.parts if isinstance(part, Words))


def _bottom(box: Box) -> int:
    return box.y_px + box.height_px


def _warning(said: CampaignWords, safe: Box, letter: int) -> list[Part]:
    """Across the middle, so that nobody takes the picture for a good one."""
    if not said.warning:
        return []
    high = letter * 4
    band = Box(safe.x_px, safe.y_px + (safe.height_px - high) // 2, safe.width_px, high)
    return [
        Block(band, "#8c1d18", 0.94),
        Words(
            said.warning, band, WHITE, round(letter * 1.6), letter, Face.SANS_BOLD, Align.MIDDLE, upright=Align.MIDDLE
        ),
    ]


def _head(said: CampaignWords, brand: Brand, safe: Box, letter: int, logo: Logo | None) -> list[Part]:
    row = round(letter * 2.2)
    box = Box(safe.x_px, safe.y_px, safe.width_px, row)
    parts: list[Part] = []
    if logo:
        parts.append(logo.at(safe.x_px, safe.y_px, row))
    else:
        parts.append(
            Words(said.shop_name, box, brand.ink, round(letter * 1.5), letter, Face.SERIF, upright=Align.MIDDLE)
        )
    if said.tagline:
        half = Box(safe.x_px + safe.width_px // 2, safe.y_px, safe.width_px - safe.width_px // 2, row)
        parts.append(
            Words(
                said.tagline, half, brand.ink, round(letter * 0.85), round(letter * 0.6), align=Align.END,
                upright=Align.MIDDLE,
            )
        )  # fmt: skip
    large = round(letter * 2.4)
    lines = Box(safe.x_px, safe.y_px + row + letter // 2, safe.width_px, round(large * _LINE * 2))
    parts.append(Words(said.headline, lines, brand.ink, large, round(letter * 1.3), Face.SERIF, upright=Align.MIDDLE))
    return parts


def _foot(
    said: CampaignWords, brand: Brand, safe: Box, letter: int, address: str, qr_png: bytes, *, more: int
) -> list[Part]:
    """From the bottom up: the address with its code, since when the prices are so, what is promised."""
    parts: list[Part] = []
    small = round(letter * 0.8)
    width, end = safe.width_px, safe.y_px + safe.height_px
    if qr_png:
        side = round(letter * 6)
        parts.append(Photo(qr_png, Box(safe.x_px + width - side, end - side, side, side), tile="#ffffff"))
        width -= side + letter
    row = round(small * _LINE * 1.15)
    last = [address, said.dated] if not more else [address, _more(said.language, more), said.dated]
    y = end
    for text in last:
        y -= row
        box = Box(safe.x_px, y, width, row)
        parts.append(Words(text, box, brand.ink, small, round(small * 0.6), upright=Align.MIDDLE))
    if said.claim:
        high = round(letter * 2)
        y -= high + letter // 2
        band = Box(safe.x_px, y, width, high)
        inner = Box(band.x_px + letter, band.y_px, max(1, band.width_px - 2 * letter), band.height_px)
        parts.append(Block(band, brand.accent, radius_px=high // 5))
        parts.append(
            Words(said.claim, inner, brand.on_accent, letter, round(letter * 0.6), Face.SANS_BOLD, upright=Align.MIDDLE)
        )
    return parts


def _more(language: str, count: int) -> str:
    return words.plural(language, "and {count} more", "and {count} more", count)


# --- products


@dataclass(frozen=True, slots=True)
class _Heights:
    """Of the words of a tile, in pixels."""

    title: int
    price: int
    cut: int  # what is said of a cut, 0 without one

    @property
    def all(self) -> int:
        return self.title + self.price + self.cut


def _tiles(
    items: Sequence[ItemWords], brand: Brand, area: Box, letter: int, pictures: Mapping[str, bytes]
) -> list[Part]:
    """In a grid, in the middle of the area."""
    is_cut = any(item.lowest for item in items)
    heights = _Heights(
        round(letter * _LINE * 2), round(letter * 1.35 * _LINE), round(letter * 0.75 * _LINE * 3) if is_cut else 0
    )
    gap = letter
    columns = max(range(1, len(items) + 1), key=lambda n: _worth(area, n, len(items), gap, heights.all))
    rows = -(-len(items) // columns)
    width = (area.width_px - gap * (columns - 1)) // columns
    high = max(letter, (area.height_px - gap * (rows - 1)) // rows - heights.all)
    photo = max(letter, min(high, round(width * _TALLEST_PHOTO)))
    step = photo + heights.all + gap
    top = area.y_px + max(0, (area.height_px - step * rows + gap) // 2)
    parts: list[Part] = []
    for number, item in enumerate(items):
        x = area.x_px + number % columns * (width + gap)
        y = top + number // columns * step
        parts += _tile(item, brand, Box(x, y, width, photo), letter, heights, pictures.get(item.picture_key, b""))
    return parts


def _worth(area: Box, columns: int, count: int, gap: int, words_px: int) -> float:
    """Of a grid: large photos first, then wide columns, whose words break less."""
    rows = -(-count // columns)
    width = (area.width_px - gap * (columns - 1)) // columns
    high = (area.height_px - gap * (rows - 1)) // rows - words_px
    return float(min(width, high) * max(1, width) ** 0.35)


def _tile(item: ItemWords, brand: Brand, photo: Box, letter: int, heights: _Heights, picture: bytes) -> list[Part]:
    parts: list[Part] = [Photo(picture, photo, radius_px=letter // 2)] if picture else []
    y = _bottom(photo)

    def line(height: int) -> Box:
        nonlocal y
        box = Box(photo.x_px, y, photo.width_px, height)
        y += height
        return box

    smallest = round(letter * 0.6)
    parts.append(Words(item.title, line(heights.title), brand.ink, letter, smallest, upright=Align.END))
    large = round(letter * 1.35)
    parts.append(
        Words(item.price, line(heights.price), brand.accent, large, smallest, Face.SANS_BOLD, upright=Align.MIDDLE)
    )
    if item.lowest:
        said = f"{item.before}\n{item.lowest}"
        parts.append(Words(said, line(heights.cut), brand.ink, round(letter * 0.75), round(letter * 0.45)))
    return parts
