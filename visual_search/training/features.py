"""What the taught tower sees in the pictures of TRAIN: each product as the shop shows it and twice nearly so, each
phone photo as it is and changed thrice. Looked at once, kept beside the checkpoints.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from visual_search.training.augment import NEAR, PHOTO, Pictures

View = Callable[..., Tensor]
"""Rows, and for what is changed a chance, to pixels."""
_AT_ONCE = 256
_SEED = 11


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Of every view the pictures in the order of `Teacher.rows`; the first view is the picture as it is. float16, on
    the pictures' device."""

    products: list[Tensor]
    """[n, 1280] each"""
    photos: list[Tensor]
    """[m, 1280] each"""


def features(
    cache: Path, tower: nn.Module, pictures: Pictures, products: NDArray[np.int64], photos: NDArray[np.int64]
) -> Features:
    """`products` and `photos`: which ones, as `Pictures` counts them. Another tower's are never taken."""
    mark = hashlib.sha256()
    for value in tower.state_dict().values():
        mark.update(value.detach().cpu().numpy().tobytes())

    def views(name: str, rows: NDArray[np.int64], changed: View, times: int) -> list[Tensor]:
        found = []
        for number in range(times + 1):
            # a chance of its own, so that a view is the same whether those before it were made now or long ago
            chance = torch.Generator(pictures.device).manual_seed(_SEED + number)
            view = partial(changed, chance=chance) if number else pictures.plain
            path = cache / f"features-{name}-{number}-{mark.hexdigest()[:12]}.npy"
            found.append(_kept(path, tower, rows, view).to(pictures.device))
        return found

    return Features(
        views("products", products, lambda rows, chance: pictures.products(rows, NEAR, chance), 2),
        views("photos", photos, lambda rows, chance: pictures.photos(rows, PHOTO, chance), 3),
    )


@torch.no_grad()
def _kept(path: Path, tower: nn.Module, rows: NDArray[np.int64], view: View) -> Tensor:
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
