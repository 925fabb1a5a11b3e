"""What every encoder promises. tests/contracts/test_encoders.py runs over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from visual_search.preprocess.limits import Resize
from visual_search.values import Band, Pixels, Subject, Vectors


@dataclass(frozen=True, slots=True)
class Bands:
    """Cosines that were measured for one encoder (its model card says on what)."""

    very_close: float
    close: float
    same_colour: float | None = None
    """Agreement (`visual_search.same_colour`) from which two pictures are of one colour; None: nothing was measured of
    the encoder's words for colours, and none are asked."""

    def band(self, cosine: float, *, same_colour: bool = True) -> Band:
        """What is alike in another colour is close at most."""
        if cosine >= self.very_close and same_colour:
            return "very_close"
        return "close" if cosine >= self.close else "far"


class Encoder(Protocol):
    """Thread-safe. The same pixels give the same vector, alone or in any batch, to 1e-4."""

    @property
    def name(self) -> str: ...

    @property
    def revision(self) -> str:
        """A hash of weights and preprocessing: vectors of two revisions must never meet in one index."""

    @property
    def dimension(self) -> int: ...

    @property
    def input_px(self) -> int:
        """Pictures are made a square of this side, as `resize` says, before they come here."""

    @property
    def resize(self) -> Resize: ...

    @property
    def bands(self) -> Bands | None:
        """None: nothing was measured. The eyes then derive them from the catalogue (`visual_search.calibration`)."""

    def describe(self) -> str:
        """One honest English sentence for the operator: what it is and what it was made for."""

    def encode(self, pixels: Pixels) -> Vectors:
        """uint8 [n, input_px, input_px, 3] to float32 [n, dimension], unit rows; n may be 0.
        ValueError on any other shape or type."""

    def encode_and_judge(self, pixels: Pixels) -> tuple[Vectors, list[Subject]]:
        """The same, with what each picture seems to show, at no further cost."""

    @property
    def reads_words(self) -> bool:
        """Whether `encode_words` works. Where it does not, pictures are found by pictures alone."""

    def encode_words(self, texts: Sequence[str]) -> Vectors:
        """Texts to float32 [len(texts), dimension], unit rows in the space of the pictures; any language the
        encoder was trained on, any length (what is too long is cut). Raises EncoderUnavailable where
        `reads_words` is false."""
