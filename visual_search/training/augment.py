"""Pictures as phones take them, made from pictures as shops show them: another background, another distance and
angle, other light, fewer sharp details. Phone photos get the same treatment, gentler.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Bytes = NDArray[np.uint8]
Rng = np.random.Generator

_WHITE = 232
"""A background pixel is at least this bright in each channel and is joined to the rim."""
KEEP_BACKGROUND = 0.55
"""Share of products that keep their white background: that is how the catalogue's own pictures come."""


def backgrounds(products: Bytes, batch: int = 4096) -> NDArray[np.bool_]:
    """[n, h, w, 3] to [n, h, w]: what is white and joined to the rim through white."""
    out = np.zeros(products.shape[:3], np.bool_)
    for start in range(0, len(products), batch):
        white: NDArray[np.bool_] = np.all(products[start : start + batch] >= _WHITE, axis=-1)
        found = np.zeros_like(white)
        found[:, 0], found[:, -1], found[:, :, 0], found[:, :, -1] = (
            white[:, 0], white[:, -1], white[:, :, 0], white[:, :, -1],
        )  # fmt: skip
        while True:
            grown = found.copy()
            grown[:, 1:] |= found[:, :-1]
            grown[:, :-1] |= found[:, 1:]
            grown[:, :, 1:] |= found[:, :, :-1]
            grown[:, :, :-1] |= found[:, :, 1:]
            grown &= white
            if (grown == found).all():
                break
            found = grown
        out[start : start + batch] = found
    return out


def product_view(
    pixels: Bytes, background: NDArray[np.bool_], scene: Callable[[Rng], Bytes], px: int, rng: Rng
) -> Bytes:
    """One product, [80, 60, 3], as somebody might photograph it: uint8 [px, px, 3]. `scene` draws a background
    [px, px, 3]."""
    keep = rng.random() < KEEP_BACKGROUND
    alpha = np.where(background, 0, 255).astype(np.uint8)
    layers = Image.fromarray(np.dstack([pixels, alpha]), "RGBA")
    warp = _warp(layers.size, px, rng, least=0.62, most=1.3, turn_deg=6 if keep else 18)
    warped = np.asarray(layers.transform((px, px), Image.Transform.AFFINE, warp, Image.Resampling.BILINEAR))
    if keep:
        flat = Image.fromarray(pixels).transform(
            (px, px), Image.Transform.AFFINE, warp, Image.Resampling.BILINEAR, fillcolor=(255, 255, 255)
        )
        out = np.asarray(flat)
    else:
        cover = warped[..., 3:].astype(np.float32) / 255
        out = (warped[..., :3] * cover + scene(rng) * (1 - cover)).astype(np.uint8)
    return degraded(out, rng, strength=0.5 if keep else 1.0)


def photo_view(pixels: Bytes, px: int, rng: Rng) -> Bytes:
    """A part of a phone photo that still shows the garment: uint8 [px, px, 3]."""
    image = Image.fromarray(pixels)
    width, height = image.size
    part = rng.uniform(0.55, 1.0)
    box_w, box_h = width * min(1.0, part * rng.uniform(0.85, 1.18)), height * min(1.0, part * rng.uniform(0.85, 1.18))
    # Garments lie in the middle: the part may leave the rim, seldom the middle.
    left = _between(width - box_w, rng)
    top = _between(height - box_h, rng)
    cut = image.crop((round(left), round(top), round(left + box_w), round(top + box_h)))
    warp = _warp(cut.size, px, rng, least=0.92, most=1.1, turn_deg=10)
    fill = tuple(int(level) for level in pixels.reshape(-1, 3).mean(0))
    out = cut.transform((px, px), Image.Transform.AFFINE, warp, Image.Resampling.BICUBIC, fillcolor=fill)
    return degraded(np.asarray(out), rng, strength=0.7)


def plain(pixels: Bytes, px: int) -> Bytes:
    """As the shop's own decoder gives it: squashed to a square."""
    return np.asarray(Image.fromarray(pixels).resize((px, px), Image.Resampling.BICUBIC))


def _between(room: float, rng: Rng) -> float:
    return float(np.clip(rng.normal(0.5, 0.28), 0, 1)) * max(room, 0.0)


def _warp(size: tuple[int, int], px: int, rng: Rng, least: float, most: float, turn_deg: float) -> tuple[float, ...]:
    """Coefficients from the output's pixels to the input's: zoom, stretch, turn, mirror, shift."""
    width, height = size
    zoom = math.exp(rng.uniform(math.log(least), math.log(most)))
    stretch = math.exp(rng.normal(0, 0.08))
    angle = math.radians(rng.normal(0, turn_deg / 2))
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    scale_x, scale_y = width / px / zoom * stretch, height / px / zoom / stretch
    cos, sin = math.cos(angle), math.sin(angle)
    a, b = mirror * cos * scale_x, mirror * -sin * scale_x
    d, e = sin * scale_y, cos * scale_y
    slack = 0.06 + 0.25 * abs(1 - 1 / zoom)
    centre_x = width * (0.5 + rng.uniform(-slack, slack) * 0.5)
    centre_y = height * (0.5 + rng.uniform(-slack, slack) * 0.5)
    half = px / 2
    return (a, b, centre_x - a * half - b * half, d, e, centre_y - d * half - e * half)


def degraded(pixels: Bytes, rng: Rng, strength: float) -> Bytes:
    """Other light, a tint, softness, noise. Hues move little: colours are what people ask for."""
    levels = np.arange(256, dtype=np.float32) / 255
    gamma = math.exp(rng.normal(0, 0.22 * strength))
    contrast = math.exp(rng.normal(0, 0.16 * strength))
    shift = rng.normal(0, 0.06 * strength)
    tint = np.exp(rng.normal(0, 0.05 * strength, 3))
    curve = (np.power(levels, gamma) - 0.5) * contrast + 0.5 + shift
    table = np.clip(curve[:, None] * tint * 255, 0, 255).astype(np.uint8)
    out = np.stack([table[:, channel][pixels[..., channel]] for channel in range(3)], -1)
    if rng.random() < 0.45 * strength:
        side = int(pixels.shape[0] * rng.uniform(0.4, 0.8))
        small = Image.fromarray(out).resize((side, side), Image.Resampling.BILINEAR)
        out = np.asarray(small.resize(pixels.shape[1::-1], Image.Resampling.BILINEAR))
    if rng.random() < 0.3 * strength:
        noise = rng.normal(0, rng.uniform(2, 9), pixels.shape).astype(np.float32)
        out = np.clip(out + noise, 0, 255).astype(np.uint8)
    return out


class Scenes:
    """Backgrounds: plain, faded, woven, or a corner of a phone photo, where the floor and the bed show."""

    def __init__(self, photos: list[Bytes], px: int) -> None:
        self._photos = photos
        self._px = px

    def __call__(self, rng: Rng) -> Bytes:
        px, kind = self._px, rng.random()
        if kind < 0.55 and self._photos:
            return self._corner(rng)
        base = rng.uniform(40, 245) + rng.normal(0, 18, 3)
        if kind < 0.75:
            return np.broadcast_to(np.clip(base, 0, 255).astype(np.uint8), (px, px, 3))
        if kind < 0.9:
            other = base + rng.normal(0, 45, 3)
            angle = rng.uniform(0, 2 * math.pi)
            across = np.linspace(-0.5, 0.5, px)
            place = np.clip(0.5 + across[:, None] * math.sin(angle) + across[None] * math.cos(angle), 0, 1)[..., None]
            return np.clip(base * place + other * (1 - place), 0, 255).astype(np.uint8)
        side = int(rng.integers(3, 32))
        rough = np.clip(base + rng.normal(0, rng.uniform(5, 45), (side, side, 3)), 0, 255).astype(np.uint8)
        return np.asarray(Image.fromarray(rough).resize((px, px), Image.Resampling.BICUBIC))

    def _corner(self, rng: Rng) -> Bytes:
        """A strip along an edge of a photo: the garment is in the middle."""
        photo = self._photos[int(rng.integers(len(self._photos)))]
        height, width = photo.shape[:2]
        depth = rng.uniform(0.1, 0.22)
        tall, wide = max(8, int(height * depth)), max(8, int(width * depth))
        if rng.random() < 0.5:
            tall = max(8, int(height * rng.uniform(0.3, 1.0)))
            left = 0 if rng.random() < 0.5 else width - wide
            top = int(rng.uniform(0, height - tall + 1))
        else:
            wide = max(8, int(width * rng.uniform(0.3, 1.0)))
            top = 0 if rng.random() < 0.5 else height - tall
            left = int(rng.uniform(0, width - wide + 1))
        part = Image.fromarray(photo[top : top + tall, left : left + wide])
        return np.asarray(part.resize((self._px, self._px), Image.Resampling.BILINEAR))
