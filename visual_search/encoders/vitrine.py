"""The built-in encoder: a small CLIP of our own, pictures and words, French and English alike.

Trained by this project (`visual_search/training/`) on one public fashion catalogue and CC0 phone photos, starting from
EfficientNet-Lite0's ImageNet weights. Runs by onnxruntime, one thread a call. Its model card lies beside the weights.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_search.encoders.base import Bands
from visual_search.encoders.colour import unit_rows
from visual_search.encoders.files import read_manifest, read_verified
from visual_search.encoders.imagenet import ImagenetEncoder
from visual_search.encoders.tokenizer import BpeTokenizer
from visual_search.preprocess.limits import Resize
from visual_search.values import Pixels, Subject, Vectors

MODEL_DIRECTORY = Path(__file__).parent.parent / "models" / "vitrine"
_RECIPE = "squash-bicubic;1"
"""Part of the revision: change it with anything here that changes a vector."""
_BATCH = 16
_TEXTS = 64


class VitrineEncoder:
    """See `Encoder`."""

    name = "vitrine"
    reads_words = True
    resize = Resize()

    def __init__(self, directory: Path = MODEL_DIRECTORY) -> None:
        told = read_manifest(directory)
        image, text, merges = (
            read_verified(directory / name, told["sha256"][name])
            for name in ("image.onnx", "text.onnx", "merges.txt.gz")
        )
        self.input_px = int(told["input_px"])
        self.dimension = int(told["dimension"])
        self.bands = Bands(**told["bands"])
        self._image, self._text = session(image), session(text)
        self._tokenizer = BpeTokenizer(merges, int(told["context"]))
        self._imagenet: ImagenetEncoder | None = None
        self._opening = threading.Lock()
        parts = (_RECIPE, *(told["sha256"][name] for name in sorted(told["sha256"])))
        self.revision = hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]

    def describe(self) -> str:
        return (
            "the built-in encoder: a small CLIP trained on one fashion catalogue and phone photos, French and English; "
            "knows the type, colour and look of clothes, shoes, bags and accessories."
        )

    def encode(self, pixels: Pixels) -> Vectors:
        return self.see(pixels)[0]

    def encode_and_judge(self, pixels: Pixels) -> tuple[Vectors, list[Subject]]:
        """What a photo shows is said by the ImageNet encoder, which knows a cat from a coat; for that the picture is
        enlarged to its side. Costs three times as much as `encode`."""
        return self.encode(pixels), self._judge(pixels)

    def encode_and_tell(self, pixels: Pixels) -> tuple[Vectors, list[Subject], NDArray[np.float32]]:
        """See `visual_search.regions.evidence.TellsFeatures`. Judging each part would cost three times as much."""
        vectors, features = self.see(pixels)
        return vectors, [], unit_rows(features)

    def _judge(self, pixels: Pixels) -> list[Subject]:
        if not len(pixels):
            return []
        witness = self._witness()
        _, features, logits = witness.see(enlarged(pixels, ImagenetEncoder.input_px))
        return witness.judge.judge(features, logits)

    def _witness(self) -> ImagenetEncoder:
        """Opened when the first photo of a stranger comes: who only encodes a catalogue does without."""
        with self._opening:
            if self._imagenet is None:
                self._imagenet = ImagenetEncoder()
            return self._imagenet

    def encode_words(self, texts: Sequence[str]) -> Vectors:
        out = np.empty((len(texts), self.dimension), np.float32)
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        for start in range(0, len(order), _TEXTS):
            some = order[start : start + _TEXTS]
            ids = self._tokenizer.batch([texts[at] for at in some])
            out[some] = self._text.run(["embedding"], {"ids": ids})[0]
        return out

    def see(self, pixels: Pixels) -> tuple[Vectors, NDArray[np.float32]]:
        """Vectors [n, dimension], and the features [n, 1280] that they are a projection of."""
        expected = (self.input_px, self.input_px, 3)
        if pixels.ndim != 4 or pixels.shape[1:] != expected or pixels.dtype != np.uint8:
            raise ValueError(f"pixels must be uint8 (n, {expected}), not {pixels.dtype} {pixels.shape}")
        vectors = np.empty((len(pixels), self.dimension), np.float32)
        features = np.empty((len(pixels), 1280), np.float32)
        for start in range(0, len(pixels), _BATCH):
            part = slice(start, start + _BATCH)
            vectors[part], features[part] = self._image.run(
                ["embedding", "features"], {"pixels": np.ascontiguousarray(pixels[part])}
            )
        return vectors, features


def enlarged(pixels: Pixels, px: int) -> Pixels:
    """Squares [n, s, s, 3] to [n, px, px, 3], between pixels in a straight line."""
    side = pixels.shape[1]
    place = np.clip((np.arange(px) + 0.5) * side / px - 0.5, 0, side - 1)
    low = np.minimum(place.astype(int), side - 2)
    share = (place - low).astype(np.float32)
    along = np.zeros((px, side), np.float32)
    along[np.arange(px), low], along[np.arange(px), low + 1] = 1 - share, share
    wide = np.einsum("yi,nijc,xj->nyxc", along, pixels.astype(np.float32), along, optimize=True)
    return np.asarray(wide + 0.5, np.uint8)


def session(model: bytes) -> Any:
    """An onnxruntime session of one thread: on shared cores more only wait for each other."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
