"""Pictures as phones take them, made from pictures as shops show them: another background, another distance and
angle, other light, fewer sharp details. Phone photos get the same treatment, gentler. Whole batches at a time, where
the encoder learns: on a GPU making views costs next to nothing, and none is ever seen twice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from visual_search.training.corpus import PHOTO_PX, PRODUCT_SIZE_PX, TRAIN, Corpus

Bytes = NDArray[np.uint8]
Rng = np.random.Generator

_WHITE = 232
"""A background pixel is at least this bright in each channel and is joined to the rim."""
SCENES = 3072
"""Backgrounds that are drawn before the lessons begin; each lesson turns and lights them anew."""


@dataclass(frozen=True, slots=True)
class Way:
    """How far a view is from the shop's own picture."""

    untouched: float
    """Share that is only mirrored or not."""
    white: float
    """Share of the others that keeps the white background: that is how the catalogue's own pictures come."""
    least: float
    most: float
    """Zoom."""
    turn_deg: float
    strength: float
    """Of other light, softness and noise."""


NEAR = Way(untouched=0.35, white=0.9, least=0.85, most=1.18, turn_deg=4, strength=0.45)
FAR = Way(untouched=0.0, white=0.4, least=0.62, most=1.35, turn_deg=16, strength=0.9)
PHOTO = Way(untouched=0.1, white=1.0, least=0.92, most=1.1, turn_deg=10, strength=0.7)


class Pictures:
    """All pictures on the device. Rows count products, then phone photos (`corpus.Corpus`)."""

    def __init__(self, corpus: Corpus, px: int, device: torch.device, seed: int) -> None:
        self._px = px
        self.device = device
        self._total = len(corpus.rows)
        self._products = torch.from_numpy(np.array(corpus.products)).permute(0, 3, 1, 2).contiguous().to(device)
        self._background = backgrounds(self._products)
        self._photos = torch.from_numpy(corpus.photo_squares).permute(0, 3, 1, 2).contiguous().to(device)
        self._sizes = torch.from_numpy(corpus.photo_sizes[:, ::-1].astype(np.float32)).to(device)
        self._whole_photos = corpus.photos
        taught = zip(self._whole_photos, corpus.photo_part, strict=True)
        scenes = Scenes([photo for photo, part in taught if part == TRAIN], px)
        rng = np.random.default_rng(seed)
        drawn = np.stack([scenes(rng) for _ in range(SCENES)])
        self._scenes = torch.from_numpy(drawn).permute(0, 3, 1, 2).contiguous().to(device)

    def plain(self, rows: NDArray[np.int64]) -> Tensor:
        """As the shop's own decoder gives them: squashed to a square. [n, 3, px, px], 0 to 255, products only or
        photos only."""
        if not len(rows) or rows[0] < self._total:
            return self._squashed(self._products[torch.from_numpy(rows).to(self.device)].float())
        whole = (Image.fromarray(self._whole_photos[row - self._total]) for row in rows)
        drawn = [np.asarray(photo.resize((self._px, self._px), Image.Resampling.BICUBIC)) for photo in whole]
        return torch.from_numpy(np.stack(drawn)).permute(0, 3, 1, 2).float().to(self.device)

    def _squashed(self, pixels: Tensor) -> Tensor:
        size = (self._px, self._px)
        return functional.interpolate(pixels, size, mode="bicubic", antialias=True).clamp(0, 255).round()

    def products(self, rows: NDArray[np.int64], way: Way, chance: torch.Generator) -> Tensor:
        """Products as somebody might photograph them, [n, 3, px, px], 0 to 255."""
        places = torch.from_numpy(rows).to(self.device)
        pixels = self._products[places].float()
        cover = (~self._background[places]).float()[:, None]
        width, height = PRODUCT_SIZE_PX
        sizes = torch.tensor([[width, height]], dtype=torch.float32, device=self.device).expand(len(rows), 2)
        grid = self._grid(sizes, sizes / 2, (width, height), way, chance)
        # what lies beside the picture is white, and background
        seen = functional.grid_sample(
            torch.cat([pixels - 255, cover], 1), grid, mode="bilinear", padding_mode="zeros", align_corners=False
        )
        flat, share = seen[:, :3] + 255, seen[:, 3:]
        n = len(rows)
        elsewhere = (self._any(n, chance) >= way.white)[:, None, None, None]
        scene = self._scenes[torch.randint(len(self._scenes), (n,), generator=chance, device=self.device)].float()
        scene = torch.where((self._any(n, chance) < 0.5)[:, None, None, None], scene, scene.flip(3))
        scene = torch.where((self._any(n, chance) < 0.5)[:, None, None, None], scene, scene.flip(2))
        shown = torch.where(elsewhere, flat * share + scene * (1 - share), flat)
        strength = torch.where(elsewhere[:, 0, 0, 0], way.strength, way.strength / 2)
        shown = self._degraded(shown, strength, chance)
        if way.untouched:
            untouched = (self._any(n, chance) < way.untouched)[:, None, None, None]
            mirrored = (self._any(n, chance) < 0.5)[:, None, None, None]
            plain = self._squashed(pixels)
            shown = torch.where(untouched, torch.where(mirrored, plain.flip(3), plain), shown)
        return shown

    def photos(self, rows: NDArray[np.int64], way: Way, chance: torch.Generator) -> Tensor:
        """Parts of phone photos that still show the garment, [n, 3, px, px], 0 to 255."""
        places = torch.from_numpy(rows - self._total).to(self.device)
        n = len(rows)
        sizes = self._sizes[places]
        part = 0.55 + 0.45 * self._any(n, chance)
        part = torch.where(self._any(n, chance) < way.untouched, 1.0, part)[:, None]
        bent = 0.85 + 0.33 * torch.rand(n, 2, generator=chance, device=self.device)
        box = sizes * (part * bent).clamp_max(1.0)
        # Garments lie in the middle: the part may leave the rim, seldom the middle.
        where = (0.5 + 0.28 * torch.randn(n, 2, generator=chance, device=self.device)).clamp(0, 1)
        centre = (sizes - box) * where + box / 2
        grid = self._grid(box, centre, (PHOTO_PX, PHOTO_PX), way, chance)
        # no further than the photo itself: its rim goes on beyond it
        most = 2 * sizes / PHOTO_PX - 1
        grid = torch.minimum(grid, most[:, None, None])
        shown = functional.grid_sample(
            self._photos[places].float(), grid, mode="bilinear", padding_mode="border", align_corners=False
        )
        return self._degraded(shown, torch.full((n,), way.strength, device=self.device), chance)

    def _any(self, n: int, chance: torch.Generator) -> Tensor:
        return torch.rand(n, generator=chance, device=self.device)

    def _grid(self, sizes: Tensor, centre: Tensor, whole: tuple[int, int], way: Way, chance: torch.Generator) -> Tensor:
        """Where each pixel of a view lies in its picture, [n, px, px, 2], -1 to 1: zoom, stretch, turn, mirror, shift.
        sizes, centre [n, 2] of the part that is looked at, in pixels of a picture of size `whole`."""
        n, px, device = len(sizes), self._px, self.device

        def normal() -> Tensor:
            return torch.randn(n, generator=chance, device=device)

        zoom = torch.exp(math.log(way.least) + self._any(n, chance) * math.log(way.most / way.least))
        stretch = torch.exp(0.08 * normal())
        angle = torch.deg2rad(way.turn_deg / 2 * normal())
        mirror = torch.where(self._any(n, chance) < 0.5, -1.0, 1.0)
        scale_x, scale_y = sizes[:, 0] / px / zoom * stretch, sizes[:, 1] / px / zoom / stretch
        slack = (0.06 + 0.25 * (1 - 1 / zoom).abs())[:, None]
        shift = sizes * slack * (torch.rand(n, 2, generator=chance, device=device) - 0.5)
        cos, sin = angle.cos(), angle.sin()
        turn = torch.stack(
            [
                torch.stack([mirror * cos * scale_x, -mirror * sin * scale_x], 1),
                torch.stack([sin * scale_y, cos * scale_y], 1),
            ],
            1,
        )
        line = torch.arange(px, device=device) + 0.5 - px / 2
        at = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1)
        inside = torch.einsum("nij,yxj->nyxi", turn, at) + (centre + shift)[:, None, None]
        return 2 * inside / torch.tensor(whole, device=device) - 1

    def _degraded(self, pixels: Tensor, strength: Tensor, chance: torch.Generator) -> Tensor:
        """Other light, a tint, softness, noise. Hues move little: colours are what people ask for. strength [n]"""
        n, device = len(pixels), self.device

        def normal(*shape: int) -> Tensor:
            return torch.randn(n, *shape, 1, 1, generator=chance, device=device)

        by = strength[:, None, None, None]
        levels = (pixels / 255).clamp(1e-4, 1)
        levels = levels ** torch.exp(0.22 * by * normal(1))
        levels = (levels - 0.5) * torch.exp(0.16 * by * normal(1)) + 0.5 + 0.06 * by * normal(1)
        levels = (levels * torch.exp(0.05 * by * normal(3))).clamp(0, 1)
        softer = self._any(n, chance) < 0.45 * strength
        which = torch.randint(3, (n,), generator=chance, device=device)
        for number, share in enumerate((0.42, 0.57, 0.75)):
            chosen = torch.nonzero(softer & (which == number))[:, 0]
            if len(chosen):
                side = int(self._px * share)
                small = functional.interpolate(levels[chosen], (side, side), mode="bilinear", antialias=True)
                levels[chosen] = functional.interpolate(small, (self._px,) * 2, mode="bilinear")
        noisy = (self._any(n, chance) < 0.3 * strength)[:, None, None, None]
        grain = (2 + 7 * self._any(n, chance))[:, None, None, None] / 255
        noise = torch.randn(levels.shape, generator=chance, device=device)
        return torch.where(noisy, levels + grain * noise, levels).clamp(0, 1) * 255


def backgrounds(products: Tensor, batch: int = 4096) -> Tensor:
    """[n, 3, h, w] to [n, h, w] bool: what is white and joined to the rim through white."""
    out = []
    for some in products.split(batch):
        white = (some >= _WHITE).all(1)
        found = torch.zeros_like(white)
        for side in (found[:, 0], found[:, -1], found[:, :, 0], found[:, :, -1]):
            side.fill_(True)
        found &= white
        before = -1
        while (now := int(found.sum())) != before:
            before = now
            for _ in range(8):
                grown = found.clone()
                grown[:, 1:] |= found[:, :-1]
                grown[:, :-1] |= found[:, 1:]
                grown[:, :, 1:] |= found[:, :, :-1]
                grown[:, :, :-1] |= found[:, :, 1:]
                found = grown & white
        out.append(found)
    return torch.cat(out)


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
