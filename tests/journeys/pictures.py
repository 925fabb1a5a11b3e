"""Pictures for the journeys, drawn here: what the shop sells, what people photograph, and a cat."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

SIZE = 384
NAVY, DENIM, BROWN, WHITE = (28, 36, 74), (78, 108, 150), (120, 74, 42), (244, 244, 242)


def _dress(
    draw: ImageDraw, colour: tuple[int, int, int], belt: tuple[int, int, int], *, flare: int, sleeve: int
) -> None:
    draw.polygon([(150, 60), (234, 60), (226, 170), (192 + flare, 340), (192 - flare, 340), (158, 170)], fill=colour)
    draw.polygon([(150, 60), (158, 130), (132 - sleeve, 120 + sleeve), (126, 84)], fill=colour)
    draw.polygon([(234, 60), (226, 130), (252 + sleeve, 120 + sleeve), (258, 84)], fill=colour)
    draw.ellipse([172, 46, 212, 80], fill=(255, 255, 255))
    draw.line([(158, 170), (226, 170)], fill=belt, width=10)


def _jacket(draw: ImageDraw) -> None:
    draw.polygon([(130, 70), (254, 70), (268, 290), (116, 290)], fill=DENIM)
    draw.polygon([(130, 70), (96, 250), (128, 258), (150, 130)], fill=DENIM)
    draw.polygon([(254, 70), (288, 250), (256, 258), (234, 130)], fill=DENIM)
    draw.line([(192, 70), (192, 290)], fill=(40, 60, 96), width=5)
    for y in range(100, 290, 40):
        draw.ellipse([198, y, 208, y + 10], fill=(200, 170, 90))
    draw.rectangle([140, 130, 180, 165], outline=(40, 60, 96), width=3)
    draw.rectangle([204, 130, 244, 165], outline=(40, 60, 96), width=3)


_SHOE = ((0, 60), (10, 0), (60, 6), (130, 50), (190, 62), (196, 84), (0, 84))


def _sneakers(draw: ImageDraw) -> None:
    for x, y in ((60, 150), (110, 220)):
        draw.polygon(
            [
                (x, y + 60),
                (x + 10, y),
                (x + 60, y + 6),
                (x + 130, y + 50),
                (x + 190, y + 62),
                (x + 196, y + 84),
                (x, y + 84),
            ],
            fill=WHITE,
            outline=(150, 150, 150),
        )
        draw.rectangle([x, y + 84, x + 196, y + 98], fill=(225, 225, 220), outline=(150, 150, 150))
        for step in range(4):
            draw.line(
                [(x + 66 + 14 * step, y + 16 + 9 * step), (x + 92 + 14 * step, y + 12 + 9 * step)],
                fill=(120, 120, 120),
                width=4,
            )


def _bag(draw: ImageDraw) -> None:
    draw.polygon([(90, 160), (294, 160), (316, 330), (68, 330)], fill=BROWN)
    draw.arc([136, 60, 248, 260], 180, 360, fill=(90, 54, 30), width=12)
    draw.line([(84, 190), (300, 190)], fill=(90, 54, 30), width=4)


def _cat(draw: ImageDraw) -> None:
    draw.rectangle([0, 0, SIZE, SIZE], fill=(96, 140, 70))
    draw.ellipse([90, 170, 300, 360], fill=(214, 140, 60))
    draw.ellipse([120, 70, 270, 210], fill=(224, 150, 70))
    draw.polygon([(126, 110), (140, 40), (185, 84)], fill=(214, 140, 60))
    draw.polygon([(264, 110), (250, 40), (205, 84)], fill=(214, 140, 60))
    for x in (160, 212):
        draw.ellipse([x, 120, x + 22, 146], fill=(210, 230, 90))
        draw.ellipse([x + 8, 120, x + 14, 146], fill=(10, 10, 10))
    draw.polygon([(186, 156), (204, 156), (195, 168)], fill=(230, 120, 130))


@cache
def picture(name: str) -> bytes:
    """JPEG of "linen", "viscose", "jacket", "sneakers", "bag", or "cat"."""
    return _jpeg(_drawn(name), 92)


@cache
def street_look() -> bytes:
    """Somebody's photo of the linen dress: closer, lighter, compressed again, sideways but for what EXIF says."""
    from PIL import Image

    seen = _drawn("linen").crop((20, 20, SIZE - 20, SIZE - 20)).point(lambda value: min(255, int(value * 1.06)))
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn a quarter to the right to see it upright
    out = io.BytesIO()
    seen.rotate(90, expand=True).save(out, "JPEG", quality=82, exif=exif)
    return out.getvalue()


def _drawn(name: str) -> Image:
    from PIL import Image, ImageDraw, ImageFilter

    image = Image.new("RGB", (SIZE, SIZE), (250, 250, 250))
    draw = ImageDraw.Draw(image)
    match name:
        case "linen":
            _dress(draw, NAVY, (196, 160, 110), flare=86, sleeve=0)
        case "viscose":
            _dress(draw, (32, 42, 84), (50, 62, 110), flare=100, sleeve=10)
        case "jacket":
            _jacket(draw)
        case "sneakers":
            _sneakers(draw)
        case "bag":
            _bag(draw)
        case "cat":
            _cat(draw)
        case _:
            raise ValueError(name)
    grain = Image.effect_noise((SIZE, SIZE), 8 if name == "linen" else 5)
    shaded = Image.blend(image, Image.merge("RGB", (grain, grain, grain)), 0.06)
    return shaded.filter(ImageFilter.GaussianBlur(0.6))


def _jpeg(image: Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()
