"""Pictures of other things than clothes, so that a shop of other things is not forgotten.

No labels are needed: the encoder is asked to find the same pictures alike that plain ImageNet features (at 160 px, with
all of ImageNet's knowledge) find alike. A folder holds a folder of pictures for each kind of thing; two kinds of three
are taught with, the others are kept for `report --others`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visual_search.training.augment import degraded

if TYPE_CHECKING:
    from torch import Tensor

    from visual_search.training.towers import Clip

_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_VIEWS = 4

Bytes = NDArray[np.uint8]


def is_taught(kind: str) -> bool:
    """Whether pictures of this kind are taught with; the others are for measuring."""
    return int(hashlib.sha256(kind.encode()).hexdigest(), 16) % 3 != 0


def pictures(folder: Path, taught: bool) -> list[tuple[str, Image.Image]]:
    """(kind, RGB picture over white) of every picture in the kinds wanted."""
    found = []
    for kind in sorted(one for one in folder.iterdir() if one.is_dir()):
        if is_taught(kind.name) is taught:
            for file in sorted(kind.iterdir()):
                if file.suffix.lower() in _SUFFIXES:
                    image = Image.open(file).convert("RGBA")
                    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
                    white.alpha_composite(image)
                    found.append((kind.name, white.convert("RGB")))
    return found


def squashed(images: list[Image.Image], px: int) -> Bytes:
    return np.stack([np.asarray(image.resize((px, px), Image.Resampling.BICUBIC)) for image in images])


class General:
    """Features of such pictures by the tower as it is, and the likenesses to keep."""

    def __init__(self, folder: Path, model: Clip, seed: int) -> None:
        import torch

        from visual_search.encoders.imagenet import MODEL_DIRECTORY
        from visual_search.encoders.tower import ImagenetTower
        from visual_search.training.views import INPUT_PX, EarlyTower

        images = [image for _, image in pictures(folder, taught=True)]
        wanted, _ = ImagenetTower((MODEL_DIRECTORY / "tower.onnx").read_bytes()).see(squashed(images, 160))
        self._before = torch.nn.functional.normalize(torch.from_numpy(wanted), dim=1)
        rng, early = np.random.default_rng(seed), EarlyTower()
        self._views = []
        with torch.no_grad():
            for view in range(_VIEWS):
                seen = squashed(images if view == 0 else [_cut(image, rng) for image in images], INPUT_PX)
                if view:
                    seen = np.stack([degraded(one, rng, 0.6) for one in seen])
                parts = [
                    model.late(torch.from_numpy(early(seen[at : at + 64])).to(torch.bfloat16))
                    for at in range(0, len(seen), 64)
                ]
                self._views.append(torch.cat(parts))
        self.count = len(images)

    def batch(self, size: int, chance: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Features [size, 1280], each from a view of its own, and what ImageNet saw in them, unit rows."""
        import torch

        which = chance.choice(self.count, min(size, self.count), replace=False)
        views = chance.integers(_VIEWS, size=len(which))
        features = torch.stack([self._views[view][at] for view, at in zip(views, which, strict=True)])
        return features, self._before[torch.from_numpy(which)]


def _cut(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    width, height = image.size
    part = rng.uniform(0.7, 1.0)
    left, top = rng.uniform(0, width * (1 - part)), rng.uniform(0, height * (1 - part))
    cut = image.crop((round(left), round(top), round(left + width * part), round(top + height * part)))
    return cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else cut
