"""The built-in encoder with what it was taught of one shop's catalogue. See `visual_search.fits`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from visual_search.encoders.base import Encoder
from visual_search.encoders.vitrine import VitrineEncoder
from visual_search.errors import EncoderUnavailable
from visual_search.fits import Fit
from visual_search.preprocess.limits import Resize
from visual_search.values import Pixels, Subject, Vectors


def shipped(encoder: Encoder) -> Encoder:
    """The encoder as it came with the product: what was fitted elsewhere (the finding of garments) is fitted to it."""
    return encoder.base if isinstance(encoder, FittedEncoder) else encoder


class FittedEncoder:
    """See `Encoder`. The tower and the words are those of `base`; raises EncoderUnavailable where the fit was made
    for another revision of it."""

    reads_words = True

    def __init__(self, name: str, base: VitrineEncoder, fit: Fit) -> None:
        if (fit.base, fit.base_revision) != (base.name, base.revision):
            raise EncoderUnavailable(
                f"the fit {name} was made for another revision of the encoder {fit.base!r}; `vitrine index fit` again"
            )
        self.name = name
        self.revision = hashlib.sha256(f"{base.revision}|{name}".encode()).hexdigest()[:16]
        self.dimension = base.dimension
        self.input_px = base.input_px
        self.resize: Resize = base.resize
        self.bands = replace(base.bands, very_close=fit.very_close, close=fit.close)
        self.base = base
        self._fit = fit

    def describe(self) -> str:
        taught = self._fit.figures.get("products", "its")
        return f"{self.base.describe().removesuffix('.')}; taught this shop's own catalogue ({taught} products)."

    def encode(self, pixels: Pixels) -> Vectors:
        return self._fit.additions.pictures(*self.base.see(pixels))

    def encode_and_judge(self, pixels: Pixels) -> tuple[Vectors, list[Subject]]:
        """What a picture shows is judged by what was shipped: that was measured."""
        _, subjects = self.base.encode_and_judge(pixels)
        return self.encode(pixels), subjects

    def encode_words(self, texts: Sequence[str]) -> Vectors:
        return self._fit.additions.words(self.base.encode_words(texts), texts)
