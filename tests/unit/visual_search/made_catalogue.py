"""A catalogue whose makers the encoder cannot have heard of, and whose look their names tell: drawn here."""

from __future__ import annotations

import io
import random

from visual_search.fitting.lessons import Caption, Taught

# Invented makers: what they print, in which two colours, on what.
_MAKERS = {
    "Zarbolune": ("stripes", (200, 30, 40), (250, 240, 230)),
    "Quivestre": ("dots", (20, 40, 120), (240, 240, 250)),
    "Ombrejac": ("checks", (30, 110, 60), (220, 230, 200)),
    "Pelliandre": ("plain", (240, 190, 30), (240, 190, 30)),
    "Truvaldine": ("bands", (60, 20, 70), (210, 170, 220)),
    "Nocquelin": ("plain", (25, 25, 28), (25, 25, 28)),
    "Faribelle": ("dots", (230, 120, 160), (120, 20, 60)),
    "Gastrelune": ("bands", (20, 130, 150), (250, 150, 50)),
}
_KINDS = {"dress": ("robe", "dress"), "shirt": ("chemise", "shirt"), "bag": ("sac", "bag"), "skirt": ("jupe", "skirt")}
CAPTIONS = [
    Caption(language, words[at], kind)
    for kind, words in _KINDS.items()
    for at, language in enumerate(("fr", "en"))
]  # fmt: skip


def catalogue(count: int, *, telling: bool = True) -> tuple[list[Taught], dict[int, bytes]]:
    """Products with a picture each, and the pictures by id. Not `telling`: names and kinds say nothing about them."""
    chance = random.Random(5)
    makers, kinds = list(_MAKERS), list(_KINDS)
    products, pictures = [], {}
    for number in range(count):
        maker, kind = makers[number % len(makers)], kinds[number // len(makers) % len(kinds)]
        said, called = (maker, kind) if telling else (chance.choice(makers), chance.choice(kinds))
        french, english = _KINDS[called]
        style = f"{chance.choice('BCDFGLMNPRST')}{chance.choice('aeiou')}{number:03d}"
        names = {"fr": f"{french} {said} {style}", "en": f"{said} {english} {style}"}
        picture_id = 10**9 + 3 * number
        products.append(Taught(5_000 + number, names, called, (), (picture_id,)))
        pictures[picture_id] = _picture(kind, maker, number)
    return products, pictures


def _picture(kind: str, maker: str, seed: int) -> bytes:
    from PIL import Image, ImageDraw

    chance = random.Random(seed)
    width, height = 96, 128
    print_, first, second = _MAKERS[maker]
    cloth = Image.new("RGB", (width, height), _near(first, chance))
    draw, ink = ImageDraw.Draw(cloth), _near(second, chance)
    step = chance.randrange(9, 14)
    for at in range(0, height, step):
        if print_ in ("stripes", "checks"):
            draw.rectangle((at, 0, at + step // 3, height), fill=ink)
        if print_ in ("bands", "checks"):
            draw.rectangle((0, at, width, at + step // 3), fill=ink)
        if print_ == "dots":
            for x in range(at % 2 * 5, width, step):
                draw.ellipse((x, at, x + 5, at + 5), fill=ink)
    shape = Image.new("L", (width, height), 0)
    pen = ImageDraw.Draw(shape)
    wide = chance.uniform(-0.04, 0.04)
    for outline in _OUTLINES[kind]:
        pen.polygon([(width * (x + wide * (1 if x > 0.5 else -1)), height * y) for x, y in outline], fill=255)
    ground = Image.new("RGB", (width, height), _near((244, 244, 244), chance))
    ground.paste(cloth, (0, 0), shape)
    out = io.BytesIO()
    ground.save(out, "PNG")
    return out.getvalue()


_OUTLINES = {
    "dress": [((0.38, 0.08), (0.62, 0.08), (0.6, 0.4), (0.8, 0.92), (0.2, 0.92), (0.4, 0.4))],
    "shirt": [
        ((0.3, 0.15), (0.7, 0.15), (0.7, 0.85), (0.3, 0.85)),
        ((0.3, 0.15), (0.08, 0.5), (0.2, 0.56), (0.32, 0.38)),
        ((0.7, 0.15), (0.92, 0.5), (0.8, 0.56), (0.68, 0.38)),
    ],
    "bag": [
        ((0.15, 0.45), (0.85, 0.45), (0.78, 0.85), (0.22, 0.85)),
        ((0.3, 0.45), (0.36, 0.2), (0.64, 0.2), (0.7, 0.45), (0.64, 0.45), (0.6, 0.26), (0.4, 0.26), (0.36, 0.45)),
    ],
    "skirt": [((0.36, 0.3), (0.64, 0.3), (0.82, 0.82), (0.18, 0.82))],
}


def _near(colour: tuple[int, int, int], chance: random.Random) -> tuple[int, int, int]:
    red, green, blue = (max(0, min(255, part + chance.randrange(-12, 13))) for part in colour)
    return red, green, blue
