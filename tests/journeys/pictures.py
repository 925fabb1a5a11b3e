"""What people send: a photo of a thing of the shop, and a cat."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache

Part = tuple[float, float, float, float]


def street_photo(picture: bytes) -> bytes:
    """A picture as a telephone takes it: closer, lighter, compressed again, sideways but for what EXIF says."""
    from PIL import Image

    image = Image.open(io.BytesIO(picture)).convert("RGB")
    width, height = image.size
    seen = image.crop((width // 20, height // 20, width - width // 20, height - height // 20))
    seen = seen.point(lambda value: min(255, int(value * 1.06)))
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn a quarter to the right to see it upright
    out = io.BytesIO()
    seen.rotate(90, expand=True).save(out, "JPEG", quality=82, exif=exif)
    return out.getvalue()


@cache
def cat() -> bytes:
    """Ginger, on grass."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (384, 384), (96, 140, 70))
    draw = ImageDraw.Draw(image)
    draw.ellipse([90, 170, 300, 360], fill=(214, 140, 60))
    draw.ellipse([120, 70, 270, 210], fill=(224, 150, 70))
    draw.polygon([(126, 110), (140, 40), (185, 84)], fill=(214, 140, 60))
    draw.polygon([(264, 110), (250, 40), (205, 84)], fill=(214, 140, 60))
    for x in (160, 212):
        draw.ellipse([x, 120, x + 22, 146], fill=(210, 230, 90))
        draw.ellipse([x + 8, 120, x + 14, 146], fill=(10, 10, 10))
    draw.polygon([(186, 156), (204, 156), (195, 168)], fill=(230, 120, 130))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def side_by_side(pictures: Sequence[bytes]) -> tuple[bytes, list[Part]]:
    """Somebody's collage: things beside each other on a wall, and where each of them is (left, top, right, bottom as
    fractions)."""
    from PIL import Image

    side, gap = 420, 40
    cut = [Image.open(io.BytesIO(data)).convert("RGB") for data in pictures]
    for picture in cut:
        picture.thumbnail((side, side))
    width = gap + sum(picture.width + gap for picture in cut)
    height = max(picture.height for picture in cut) + 2 * gap
    wall = Image.new("RGB", (width, height), (222, 216, 206))
    parts: list[Part] = []
    left = gap
    for picture in cut:
        wall.paste(picture, (left, gap))
        box = (left / width, gap / height, (left + picture.width) / width, (gap + picture.height) / height)
        parts.append(box)
        left += picture.width + gap
    out = io.BytesIO()
    wall.save(out, "JPEG", quality=88)
    return out.getvalue(), parts
