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
    """Ginger, on a wall before hills and a house."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (384, 384), (135, 190, 235))
    draw = ImageDraw.Draw(image)
    draw.ellipse((300, 24, 352, 76), fill=(250, 230, 90))
    draw.polygon([(0, 230), (90, 120), (190, 230)], fill=(110, 130, 110))
    draw.polygon([(120, 230), (250, 90), (384, 230)], fill=(90, 115, 100))
    draw.rectangle((0, 225, 384, 384), fill=(90, 150, 70))
    draw.rectangle((40, 190, 120, 260), fill=(220, 205, 180))
    draw.polygon([(30, 190), (80, 145), (130, 190)], fill=(160, 70, 50))
    draw.rectangle((72, 222, 92, 260), fill=(100, 70, 40))
    draw.rectangle((0, 310, 384, 384), fill=(150, 140, 130))
    for row in range(3):
        for brick in range(9):
            left = 48 * brick - 24 * (row % 2)
            draw.rectangle((left, 310 + 25 * row, left + 46, 333 + 25 * row), outline=(110, 100, 95))
    draw.ellipse((216, 250, 290, 318), fill=(214, 140, 60))
    draw.ellipse((232, 214, 286, 262), fill=(224, 150, 70))
    draw.polygon([(234, 228), (238, 202), (254, 218)], fill=(214, 140, 60))
    draw.polygon([(284, 228), (280, 202), (264, 218)], fill=(214, 140, 60))
    draw.arc((180, 270, 236, 330), 90, 220, fill=(206, 130, 54), width=9)
    for x in (246, 266):
        draw.ellipse((x, 230, x + 8, 240), fill=(20, 30, 10))
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
