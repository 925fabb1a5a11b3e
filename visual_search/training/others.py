"""Pictures of other things than clothes, to see what a shop of other things may expect. A folder holds a folder of
pictures for each kind of thing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


def pictures(folder: Path) -> list[tuple[str, Image.Image]]:
    """(kind, RGB picture over white) of every picture."""
    found = []
    for kind in sorted(one for one in folder.iterdir() if one.is_dir()):
        for file in sorted(kind.iterdir()):
            if file.suffix.lower() in _SUFFIXES:
                image = Image.open(file).convert("RGBA")
                white = Image.new("RGBA", image.size, (255, 255, 255, 255))
                white.alpha_composite(image)
                found.append((kind.name, white.convert("RGB")))
    return found


def squashed(images: list[Image.Image], px: int) -> NDArray[np.uint8]:
    """uint8 [n, px, px, 3]"""
    return np.stack([np.asarray(image.resize((px, px), Image.Resampling.BICUBIC)) for image in images])
