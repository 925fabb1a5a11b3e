"""ImageNet features for shops of other things than clothes: no fashion in them, and none taken out.

Of the 1,280 features the 256 directions are kept that tell the 1,000 classes apart most, each as strongly as it does:
they are read off the classifier that came with the weights, so that no picture was needed to choose them. The model
card of the tower (`models/imagenet/README.md`) has the figures.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from visual_search.encoders.colour import unit_rows
from visual_search.encoders.files import read_manifest, read_verified
from visual_search.encoders.imagenet import MODEL_DIRECTORY
from visual_search.encoders.tower import ImagenetTower
from visual_search.errors import EncoderUnavailable
from visual_search.preprocess.limits import Resize
from visual_search.values import Pixels, Subject, Vectors

_RECIPE = "squash-bicubic-160;classes;1"
"""Part of the revision: change it with anything here that changes a vector."""
_NOT_JUDGED = Subject("unsure", 0.0, "not judged", 0.0)


class ObjectsEncoder:
    """See `Encoder`."""

    name = "objects"
    input_px = ImagenetTower.input_px
    resize = Resize()
    bands = None
    reads_words = False

    def __init__(self, directory: Path = MODEL_DIRECTORY) -> None:
        told = read_manifest(directory)
        tower, directions = (
            read_verified(directory / name, told["sha256"][name]) for name in ("tower.onnx", "objects.npz")
        )
        self._tower = ImagenetTower(tower)
        with np.load(io.BytesIO(directions), allow_pickle=False) as arrays:
            self._directions = arrays["directions"].astype(np.float32)
        self.dimension = int(self._directions.shape[1])
        parts = (_RECIPE, told["sha256"]["tower.onnx"], told["sha256"]["objects.npz"])
        self.revision = hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]

    def describe(self) -> str:
        return (
            "ImageNet features (EfficientNet-Lite0) for things of any kind: animals, food, tools, vehicles, houses; "
            "reads no words and finds no garments in a photo. Nothing was measured of how close is close: your own "
            "products say it."
        )

    def encode(self, pixels: Pixels) -> Vectors:
        features, _ = self._tower.see(pixels)
        return unit_rows(np.asarray(unit_rows(features) @ self._directions, np.float32))

    def encode_and_judge(self, pixels: Pixels) -> tuple[Vectors, list[Subject]]:
        """Turns no photo away: what nobody wears is what such a shop sells."""
        return self.encode(pixels), [_NOT_JUDGED] * len(pixels)

    def encode_words(self, texts: Sequence[str]) -> Vectors:
        raise EncoderUnavailable("the encoder objects reads no words")
