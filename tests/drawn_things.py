"""Pictures of clothes and of other things, drawn: the real judge tells them apart."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

_CLOTHES = ("midi_dress", "denim_jacket", "sneakers", "tote", "coat", "mini_skirt", "top", "boots")


def clothes(count: int) -> list[bytes]:
    """As the demo shop draws them, in many tints."""
    from PIL import ImageEnhance

    from vitrine.demo_shop.drawing import draw

    drawn = [draw(kind, "#5b7fa6", seed=at).resize((150, 188)) for at, kind in enumerate(_CLOTHES)]
    return [
        _saved(ImageEnhance.Color(drawn[at % len(drawn)]).enhance(0.5 + at / count), seed=at) for at in range(count)
    ]


def things(count: int) -> list[bytes]:
    """Planets, houses, hills, wheels and oranges."""
    return [_saved(_THINGS[at % len(_THINGS)](Random(at)), seed=at) for at in range(count)]


def _saved(image: Image, seed: int) -> bytes:
    """No two alike: the seed is in a corner."""
    image.putpixel((0, 0), (seed % 256, seed // 256, 128))
    raw = io.BytesIO()
    image.save(raw, "PNG")
    return raw.getvalue()


def _planet(chance: Random) -> Image:
    image, draw = _ground((4, 4, 12))
    for _ in range(60):
        draw.point((chance.randrange(160), chance.randrange(160)), fill=(220, 220, 220))
    _ball(draw, 80, 80, chance.randrange(40, 65), tuple(chance.randrange(80, 255) for _ in range(3)))
    return image


def _oranges(chance: Random) -> Image:
    image, draw = _ground((255, 255, 255))
    for at in range(3):
        _ball(draw, 45 + at * 35, 80 + chance.randrange(-20, 20), 30, (255, 150, 20))
    return image


def _hills(chance: Random) -> Image:
    image, draw = _ground((120, 180, 235))
    for top, rough, colour in ((60, 40, (90, 100, 110)), (100, 20, (40, 110 + chance.randrange(40), 50))):
        ridge = [(x, top + chance.randrange(rough)) for x in range(0, 180, 20)]
        draw.polygon([(0, 160), *ridge, (160, 160)], fill=colour)
    return image


def _wheel(chance: Random) -> Image:
    image, draw = _ground((255, 255, 255))
    draw.ellipse((10, 10, 150, 150), outline=(20, 20, 20), width=12)
    spokes = chance.randrange(8, 20)
    for at in range(spokes):
        angle = 2 * math.pi * at / spokes
        draw.line((80, 80, 80 + 68 * math.cos(angle), 80 + 68 * math.sin(angle)), fill=(120, 120, 120), width=3)
    draw.ellipse((70, 70, 90, 90), fill=(60, 60, 60))
    return image


def _house(chance: Random) -> Image:
    image, draw = _ground((150, 200, 250))
    draw.rectangle((0, 120, 160, 160), fill=(80, 150, 60))
    draw.rectangle((30, 70, 130, 140), fill=tuple(chance.randrange(120, 230) for _ in range(3)))
    draw.polygon([(20, 70), (80, 25), (140, 70)], fill=(150, 50, 40))
    for left in (40, 100):
        draw.rectangle((left, 85, left + 20, 105), fill=(230, 240, 255), outline=(60, 40, 20))
    draw.rectangle((72, 105, 90, 140), fill=(90, 60, 30))
    return image


_THINGS: tuple[Callable[[Random], Image], ...] = (_planet, _oranges, _hills, _wheel, _house)


def _ground(colour: tuple[int, int, int]):  # type: ignore[no-untyped-def]
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (160, 160), colour)
    return image, ImageDraw.Draw(image)


def _ball(draw, x: int, y: int, radius: int, colour: tuple[int, ...]) -> None:  # type: ignore[no-untyped-def]
    for size in range(radius, 0, -1):
        light = 1 - 0.8 * (size / radius) ** 2
        draw.ellipse((x - size, y - size, x + size, y + size), fill=tuple(int(part * light) for part in colour))
