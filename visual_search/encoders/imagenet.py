"""The encoder that ships: ImageNet features, a linear fashion projection, and foreground colours.

EfficientNet-Lite0 sees (weights of ImageNet, never trained further); a linear projection keeps what tells
types of clothes apart (fitted on the labels of one catalogue and one set of phone photos); 24 numbers say the
colours of what lies in front. Its model card lies beside the weights.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_search.encoders.base import Bands
from visual_search.encoders.colour import foreground_colours, unit_rows
from visual_search.encoders.files import read_manifest, read_verified
from visual_search.encoders.subjects import SubjectJudge, SubjectRule
from visual_search.encoders.tower import ImagenetTower
from visual_search.errors import EncoderUnavailable
from visual_search.preprocess.limits import Resize
from visual_search.values import Pixels, Subject, Vectors

MODEL_DIRECTORY = Path(__file__).parent.parent / "models" / "imagenet"
_RECIPE = "squash-bicubic-160;lab32-rim2;1"
"""Part of the revision: change it with anything here that changes a vector."""


_ARRAYS = ("mean", "projection", "prototypes", "clothes_mean", "clothes_subspace")


class ImagenetEncoder:
    """See `Encoder`."""

    name = "imagenet"
    input_px = ImagenetTower.input_px
    resize = Resize()

    def __init__(self, directory: Path = MODEL_DIRECTORY) -> None:
        told = read_manifest(directory)
        tower, fashion, labels = (
            read_verified(directory / name, told["sha256"][name])
            for name in ("tower.onnx", "fashion.npz", "labels.tsv")
        )
        self._tower = ImagenetTower(tower)
        arrays = _arrays(fashion)
        self._mean = arrays["mean"].astype(np.float32)
        self._projection = arrays["projection"].astype(np.float32)
        self._prototypes = arrays["prototypes"].astype(np.float32)
        self._colour_weight = float(told["colour_weight"])
        self.bands = Bands(**told["bands"])
        self.judge = SubjectJudge(
            labels.decode(),
            arrays["clothes_mean"].astype(np.float32),
            arrays["clothes_subspace"].astype(np.float32),
            SubjectRule(**told["subject"]),
        )
        self.dimension = self._projection.shape[1] + len(self._prototypes)
        parts = (_RECIPE, told["sha256"]["tower.onnx"], told["sha256"]["fashion.npz"], self._colour_weight)
        self.revision = hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]

    def describe(self) -> str:
        return (
            "ImageNet features (EfficientNet-Lite0, not trained on fashion) with a linear projection fitted on "
            "the labels of one fashion catalogue, and foreground colours: knows the type and colour of clothes, "
            "not brands, prints or words."
        )

    def encode(self, pixels: Pixels) -> Vectors:
        return self.see(pixels)[0]

    def encode_and_judge(self, pixels: Pixels) -> tuple[Vectors, list[Subject]]:
        vectors, features, logits = self.see(pixels)
        return vectors, self.judge.judge(features, logits)

    def encode_and_tell(self, pixels: Pixels) -> tuple[Vectors, list[Subject], NDArray[np.float32]]:
        """See `visual_search.regions.evidence.TellsFeatures`."""
        vectors, features, logits = self.see(pixels)
        return vectors, self.judge.judge(features, logits), features

    reads_words = False

    def encode_words(self, texts: Sequence[str]) -> Vectors:
        raise EncoderUnavailable("the encoder imagenet reads no words")

    def see(self, pixels: Pixels) -> tuple[Vectors, NDArray[np.float32], NDArray[np.float32]]:
        """Vectors, and what they and the verdicts are made from: unit features [n, 1280] and logits [n, 1000]."""
        features, logits = self._tower.see(pixels)
        features = unit_rows(features)
        shape = project(features, self._mean, self._projection)
        colours = foreground_colours(pixels, self._prototypes)
        return join(shape, colours, self._colour_weight), features, logits


def project(
    features: NDArray[np.float32], mean: NDArray[np.float32], projection: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Unit features, centred and projected, unit again: [n, 1280] to [n, k]."""
    return unit_rows(np.asarray((features - mean) @ projection, np.float32))


def join(shape: NDArray[np.float32], colours: NDArray[np.float32], colour_weight: float) -> Vectors:
    """Type and colour in one unit row; the cosine is their weighted mean."""
    return unit_rows(np.concatenate([shape, np.float32(colour_weight) * colours], axis=1))


def _arrays(raw: bytes) -> dict[str, NDArray[Any]]:
    with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in _ARRAYS}
