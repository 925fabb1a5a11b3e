"""Cloth: a colour, a pattern and a weave, as a picture large enough to cut any piece from."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING

from vitrine.demo_shop.measures import HEIGHT, SCALE, WIDTH, Rgb

if TYPE_CHECKING:
    from PIL.Image import Image

PATTERNS = ("plain", "stripes", "dots", "checks", "floral", "pinstripes")
_SIZE = (WIDTH * SCALE, HEIGHT * SCALE)
_TILE = (504, 528)  # the weaves repeat every 6, 9 and 11 pixels: all fit


def rgb(hex_colour: str) -> Rgb:
    """`#1f2a44` → (31, 42, 68)."""
    text = hex_colour.lstrip("#")
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def mix(a: Rgb, b: Rgb, share: float) -> Rgb:
    """`share` of b in a."""
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


def luminance(colour: Rgb) -> float:
    """0 black to 1 white, as the eye weighs it."""
    return (0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]) / 255


def ink(colour: Rgb) -> Rgb:
    """For seams: darker than the cloth, lighter where the cloth is nearly black."""
    return mix(colour, (0, 0, 0), 0.55) if luminance(colour) > 0.16 else mix(colour, (255, 255, 255), 0.28)


class Fabric:
    """A bolt of cloth."""

    def __init__(self, colour: Rgb, sheet: Image, *, even: bool) -> None:
        """`even`: it looks the same whichever way it is turned."""
        self.colour = colour
        self._even = even
        self._sheet = sheet

    def cut(self, box: tuple[int, int, int, int], turn: float) -> Image:
        """The piece for a box in doubled pixels, its pattern turned by some degrees."""
        if not turn or self._even:
            return self._sheet.crop(box)
        from PIL import Image, ImageOps

        width, height = box[2] - box[0], box[3] - box[1]
        reach = int((width**2 + height**2) ** 0.5) + 4
        patch = self._sheet.crop((0, 0, min(reach, self._sheet.width), min(reach, self._sheet.height)))
        if patch.size != (reach, reach):
            patch = ImageOps.fit(patch, (reach, reach), Image.Resampling.BILINEAR)
        turned = patch.rotate(turn, Image.Resampling.BILINEAR)
        left, top = (reach - width) // 2, (reach - height) // 2
        return turned.crop((left, top, left + width, top + height))


def fabric(hex_colour: str, pattern: str = "plain", weave: str = "cotton", accent: str = "", seed: int = 1) -> Fabric:
    """`weave`: cotton, linen, denim, knit, leather, suede, smooth. `accent`: second colour of a pattern, '' chooses one."""
    return _fabric(hex_colour, pattern, weave, accent, seed)


@lru_cache(maxsize=24)
def _fabric(hex_colour: str, pattern: str, weave: str, accent: str, seed: int) -> Fabric:
    from PIL import Image

    colour = rgb(hex_colour)
    second = rgb(accent) if accent else _companion(colour)
    sheet = Image.new("RGB", _SIZE, colour)
    _PAINTERS.get(pattern, _plain)(sheet, colour, second, Random(seed))
    return Fabric(colour, _woven(sheet, weave, luminance(colour)), even=pattern in ("plain", "dots", "floral"))


def _companion(colour: Rgb) -> Rgb:
    """A second colour that goes with the first: cream on dark, a deep shade on light."""
    return mix(colour, (250, 245, 232), 0.86) if luminance(colour) < 0.55 else mix(colour, (44, 52, 82), 0.72)


def _plain(sheet: Image, colour: Rgb, second: Rgb, chance: Random) -> None:
    return


def _stripes(sheet: Image, colour: Rgb, second: Rgb, chance: Random) -> None:
    from PIL import ImageDraw

    draw = ImageDraw.Draw(sheet)
    for top in range(10, sheet.height, 44):
        draw.rectangle((0, top, sheet.width, top + 15), fill=second)


def _pinstripes(sheet: Image, colour: Rgb, second: Rgb, chance: Random) -> None:
    from PIL import ImageDraw

    draw = ImageDraw.Draw(sheet)
    for left in range(8, sheet.width, 26):
        draw.rectangle((left, 0, left + 5, sheet.height), fill=mix(colour, second, 0.75))


def _dots(sheet: Image, colour: Rgb, second: Rgb, chance: Random) -> None:
    from PIL import ImageDraw

    draw = ImageDraw.Draw(sheet)
    for row, y in enumerate(range(14, sheet.height, 34)):
        for x in range(12 + 20 * (row % 2), sheet.width, 40):
            draw.ellipse((x - 7, y - 7, x + 7, y + 7), fill=second)


def _checks(sheet: Image, colour: Rgb, second: Rgb, chance: Random) -> None:
    """Gingham: two sets of half-transparent bands, and a fine line of the second colour."""
    from PIL import Image, ImageDraw

    veil = Image.new("L", sheet.size, 0)
    draw = ImageDraw.Draw(veil)
    for left in range(0, sheet.width, 60):
        draw.rectangle((left, 0, left + 29, sheet.height), fill=105)
    down = Image.new("L", sheet.size, 0)
    draw = ImageDraw.Draw(down)
    for top in range(0, sheet.height, 60):
        draw.rectangle((0, top, sheet.width, top + 29), fill=105)
    sheet.paste(second, (0, 0), veil)
    sheet.paste(second, (0, 0), down)
    line = ImageDraw.Draw(sheet)
    for at in range(44, max(sheet.size), 60):
        line.line((at, 0, at, sheet.height), fill=mix(colour, second, 0.5), width=2)
        line.line((0, at, sheet.width, at), fill=mix(colour, second, 0.5), width=2)


def _floral(sheet: Image, colour: Rgb, second: Rgb, chance: Random) -> None:
    """Small flowers and leaves, scattered so that none touch, in three colours that suit the ground."""
    from math import cos, pi, sin

    from PIL import ImageDraw

    draw = ImageDraw.Draw(sheet)
    dark = luminance(colour) < 0.5
    petals = (
        [mix(second, (232, 120, 110), 0.55), mix(second, (246, 196, 92), 0.6), mix(second, (255, 255, 255), 0.5)]
        if dark
        else [(253, 249, 241), mix(colour, (158, 42, 62), 0.78), mix(colour, (52, 84, 140), 0.72)]
    )
    leaf = mix(colour, (126, 158, 110) if dark else (70, 108, 72), 0.75)
    for row in range(0, sheet.height, 62):
        for column in range(0, sheet.width, 66):
            x = column + 33 * ((row // 62) % 2) + chance.uniform(-12, 12)
            y = row + chance.uniform(-12, 12)
            size, spin = chance.uniform(8.5, 14), chance.uniform(0, pi)
            for side in (-1, 1):
                angle = spin + side * 0.9
                tip = (x + cos(angle) * size * 2.1, y + sin(angle) * size * 2.1)
                across = (cos(angle + pi / 2) * size * 0.42, sin(angle + pi / 2) * size * 0.42)
                middle = ((x + tip[0]) / 2, (y + tip[1]) / 2)
                draw.polygon(
                    [
                        (x, y),
                        (middle[0] + across[0], middle[1] + across[1]),
                        tip,
                        (middle[0] - across[0], middle[1] - across[1]),
                    ],
                    fill=leaf,
                )
            petal = chance.choice(petals)
            for leaf_at in range(5):
                angle = spin + leaf_at * 2 * pi / 5
                cx, cy = x + cos(angle) * size * 0.72, y + sin(angle) * size * 0.72
                draw.ellipse((cx - size * 0.56, cy - size * 0.56, cx + size * 0.56, cy + size * 0.56), fill=petal)
            draw.ellipse(
                (x - size * 0.34, y - size * 0.34, x + size * 0.34, y + size * 0.34),
                fill=mix(petal, (214, 150, 52), 0.8),
            )


_PAINTERS = {
    "plain": _plain, "stripes": _stripes, "dots": _dots, "checks": _checks, "floral": _floral, "pinstripes": _pinstripes,
}  # fmt: skip


def _woven(sheet: Image, weave: str, light: float) -> Image:
    """The surface of the cloth over its colour: 128 leaves it as it is."""
    from PIL import Image, ImageChops

    grain = _grain(weave)
    if light < 0.25 and weave != "smooth":  # dark cloth shows its weave by light, not by shade
        return ImageChops.add(sheet, Image.merge("RGB", (grain.point(lambda v: max(0, v - 128) // 2),) * 3))
    return ImageChops.multiply(
        sheet, Image.merge("RGB", (grain.point(lambda v: min(255, 255 - max(0, 128 - v) + max(0, v - 128) // 9)),) * 3)
    )


@lru_cache(maxsize=8)
def _grain(weave: str) -> Image:
    """Grey relief around 128."""
    import numpy as np
    from PIL import Image, ImageFilter

    width, height = _TILE
    random = np.random.default_rng(11)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    noise = random.normal(0, 1, (height, width)).astype(np.float32)
    match weave:
        case "knit":
            column = np.abs(((x / 9) % 1) - 0.5) * 2
            relief = -20 * np.cos(2 * np.pi * (y / 11 + column * 0.45)) - 12 * (column > 0.86) + noise * 2
        case "denim":
            relief = -10 * np.sin(2 * np.pi * (x + y) / 6.0) + noise * 7
        case "linen":
            down = np.repeat(random.normal(0, 6, (1, width)), height, 0)
            across = np.repeat(random.normal(0, 6, (height, 1)), width, 1)
            relief = down + across + noise * 3
        case "leather":
            coarse = Image.fromarray((random.random((height // 6, width // 6)) * 255).astype(np.uint8))
            relief = (np.asarray(coarse.resize(_TILE, Image.Resampling.BICUBIC), np.float32) - 128) * 0.10 + noise * 1.5
        case "suede":
            relief = noise * 9
        case "smooth":
            relief = noise * 0.8
        case _:
            relief = noise * 4
    tile = Image.fromarray(np.clip(128 + relief, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.8))
    sheet = Image.new("L", _SIZE)
    for top in range(0, sheet.height, height):
        for left in range(0, sheet.width, width):
            sheet.paste(tile, (left, top))
    return sheet
