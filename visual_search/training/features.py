"""What the taught tower sees in the pictures of TRAIN: each product as the shop shows it and twice nearly so, each
phone photo as it is and changed thrice. Looked at once, kept beside the checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visual_search.training.augment import NEAR, PHOTO, Pictures
from visual_search.training.towers import Tower

_AT_ONCE = 256
_SEED = 11


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Of every view the pictures in the order of `Teacher.rows`; the first view is the picture as it is. float16."""

    products: list[Tensor]
    """[n, 1280] each"""
    photos: list[Tensor]
    """[m, 1280] each"""


def features(
    cache: Path, tower: Tower, pictures: Pictures, products: NDArray[np.int64], photos: NDArray[np.int64]
) -> Features:
    """`products` and `photos`: which ones, as `Pictures` counts them."""
    chance = torch.Generator(pictures.device).manual_seed(_SEED)
    return Features(
        [
            _kept(cache / "features-products.npy", tower, products, pictures.plain),
            *(
                _kept(
                    cache / f"features-products-{number}.npy",
                    tower,
                    products,
                    lambda rows: pictures.products(rows, NEAR, chance),
                )
                for number in range(2)
            ),
        ],
        [
            _kept(cache / "features-photos.npy", tower, photos, pictures.plain),
            *(
                _kept(
                    cache / f"features-photos-{number}.npy",
                    tower,
                    photos,
                    lambda rows: pictures.photos(rows, PHOTO, chance),
                )
                for number in range(3)
            ),
        ],
    )


@torch.no_grad()
def _kept(path: Path, tower: Tower, rows: NDArray[np.int64], view: Callable[[NDArray[np.int64]], Tensor]) -> Tensor:
    if not path.exists():
        parts = []
        for start in range(0, len(rows), _AT_ONCE):
            parts.append(tower(view(rows[start : start + _AT_ONCE])).half().cpu().numpy())
            if start // _AT_ONCE % 20 == 19:
                print(f"{path.stem}: {start + _AT_ONCE} of {len(rows)}", flush=True)
        part = path.with_suffix(".part.npy")
        np.save(part, np.concatenate(parts))
        part.rename(path)
    return torch.from_numpy(np.load(path))
