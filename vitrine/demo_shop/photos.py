"""A drawn product as a shopper would photograph it: cut from its wall, laid on a table, a bed or a floor, tilted, in warm or
cold light, with some blur, grain and JPEG damage. For tests and measurements; no drawn photo replaces a real one."""

from __future__ import annotations

import io
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

_SIZE = (768, 1024)


def as_customer_photo(image: Image, seed: int) -> Image:
    """RGB, 768 x 1024 (upright, like a phone's). The same picture and seed give the same photo."""
    from PIL import Image as Images
    from PIL import ImageEnhance, ImageFilter

    chance = Random(seed)
    photo = _surface(chance)
    cut = _without_wall(image)
    scale = chance.uniform(0.9, 1.18)
    cut = cut.resize((round(cut.width * scale), round(cut.height * scale)), Images.Resampling.BICUBIC)
    cut = cut.rotate(chance.uniform(-14, 14), Images.Resampling.BICUBIC, expand=True)
    x = (photo.width - cut.width) // 2 + chance.randint(-60, 60)
    y = (photo.height - cut.height) // 2 + chance.randint(-70, 70)
    shadow = cut.getchannel("A").filter(ImageFilter.GaussianBlur(12)).point(lambda v: v * 0.4)
    photo.paste((24, 20, 20), (x + 8, y + 14), shadow)
    photo.paste(cut.convert("RGB"), (x, y), cut.getchannel("A"))
    photo = ImageEnhance.Brightness(photo).enhance(chance.uniform(0.72, 1.1))
    photo = ImageEnhance.Contrast(photo).enhance(chance.uniform(0.82, 1.08))
    photo = _cast(photo, chance)
    photo = photo.filter(ImageFilter.GaussianBlur(chance.uniform(0.2, 1.1)))
    damaged = io.BytesIO()
    photo.save(damaged, "JPEG", quality=chance.randint(55, 82))
    damaged.seek(0)
    with Images.open(damaged) as opened:
        return opened.convert("RGB")


def _without_wall(image: Image) -> Image:
    """The product alone, RGBA: what differs from the colour that the wall has at each height of the left and right edge."""
    import numpy as np
    from PIL import Image as Images
    from PIL import ImageFilter

    pixels = np.asarray(image.convert("RGB"), np.float32)
    width = pixels.shape[1]
    left, right = pixels[:, :12].mean(1), pixels[:, -12:].mean(1)
    across = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    wall = left[:, None] * (1 - across) + right[:, None] * across
    # The wall's light is a dome: brighter in the middle than a straight line between its edges.
    away = np.abs(pixels - wall)
    chroma = np.abs((pixels - pixels.mean(2, keepdims=True)) - (wall - wall.mean(2, keepdims=True))).max(2)
    darker = np.clip(wall.mean(2) - pixels.mean(2), 0, None)
    mask = ((chroma > 9) | (darker > 46) | (away.max(2) > 60)).astype(np.uint8) * 255
    alpha = Images.fromarray(mask).filter(ImageFilter.MedianFilter(5)).filter(ImageFilter.GaussianBlur(1))
    cut = image.convert("RGBA")
    cut.putalpha(alpha)
    box = alpha.getbbox()
    return cut.crop(box) if box else cut


def _surface(chance: Random) -> Image:
    """Wood, a bedspread, tiles or carpet."""
    import numpy as np
    from PIL import Image as Images
    from PIL import ImageFilter

    random = np.random.default_rng(chance.randrange(1 << 30))
    width, height = _SIZE
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    kind = chance.choice(("wood", "bed", "tiles", "carpet"))
    tone = np.array(
        {"wood": (150, 108, 70), "bed": (196, 200, 208), "tiles": (186, 180, 170), "carpet": (112, 116, 128)}[kind],
        np.float32,
    ) * chance.uniform(0.75, 1.2)
    match kind:
        case "wood":
            board = (x // 150).astype(int)
            offset = random.normal(0, 12, 12)[np.clip(board, 0, 11)]
            relief = offset + 7 * np.sin(y / 34 + 5 * np.sin(x / 23) + board) - 30 * ((x % 150) < 3)
        case "bed":
            relief = 16 * np.sin(x / 90 + y / 160) + 10 * np.sin(x / 40 - y / 70)
        case "tiles":
            relief = -34.0 * (((x % 190) < 5) | ((y % 190) < 5))
        case _:
            relief = np.zeros_like(x)
    noise = random.normal(0, 16 if kind == "carpet" else 6, (height, width))
    light = 1.12 - 0.35 * ((x / width - chance.uniform(0.1, 0.9)) ** 2 + (y / height - chance.uniform(0.1, 0.9)) ** 2)
    pixels = (tone[None, None] + (relief + noise)[..., None]) * light[..., None]
    return Images.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1.2))


def _cast(photo: Image, chance: Random) -> Image:
    """The white balance of a lamp or of a cloudy window."""
    warmth = chance.uniform(-0.09, 0.11)
    factors = (1 + warmth, 1.0, 1 - warmth)
    bands = [band.point(lambda v, f=f: min(255, round(v * f))) for band, f in zip(photo.split(), factors, strict=True)]
    from PIL import Image as Images

    return Images.merge("RGB", bands)
