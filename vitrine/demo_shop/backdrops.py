"""The studio behind the goods: a soft, slightly tinted wall, and a floor for what stands."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from vitrine.demo_shop.fabrics import luminance
from vitrine.demo_shop.measures import HEIGHT, SCALE, WIDTH, Rgb

if TYPE_CHECKING:
    from PIL.Image import Image

# Warm white, sand, mist, blush, sage, clay.
TINTS: tuple[Rgb, ...] = (
    (243, 240, 235), (236, 228, 215), (226, 232, 236), (242, 229, 224), (227, 232, 222), (232, 221, 210),
)  # fmt: skip


def tint_for(colour: Rgb, choice: int) -> Rgb:
    """A wall the goods stand out from: never the wall that is nearest to their own colour."""
    apart = sorted(TINTS, key=lambda tint: -sum(abs(a - b) for a, b in zip(tint, colour, strict=True)))
    kept = apart[:4] if luminance(colour) > 0.75 else apart
    if luminance(colour) > 0.75:  # white goods: a deeper wall
        return tuple(round(v * 0.9) for v in kept[choice % len(kept)])  # type: ignore[return-value]
    return kept[choice % len(kept)]


@lru_cache(maxsize=32)
def _wall(tint: Rgb, standing: bool) -> Image:
    import numpy as np
    from PIL import Image

    width, height = WIDTH // 2, HEIGHT // 2
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    y, x = y / height, x / width
    light = 1.035 - 0.16 * ((x - 0.38) ** 2 * 1.1 + (y - 0.34) ** 2 * 1.2)
    if standing:  # the wall bends into the floor
        floor = 1 / (1 + np.exp(-(y - 0.735) * 46))
        light = light * (1 - 0.045 * floor) + 0.035 * floor * (y - 0.73)
        light -= 0.03 * np.exp(-(((y - 0.735) / 0.03) ** 2))
    pixels = np.clip(light[..., None] * np.array(tint, np.float32), 0, 255)
    # Half a level of noise hides the bands that soft gradients show.
    pixels += np.random.default_rng(3).normal(0, 0.7, pixels.shape)
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    return image.resize((WIDTH * SCALE, HEIGHT * SCALE), Image.Resampling.BILINEAR)


def backdrop(tint: Rgb, *, standing: bool) -> Image:
    """RGB of the doubled size, to be drawn upon."""
    return _wall(tint, standing).copy()
