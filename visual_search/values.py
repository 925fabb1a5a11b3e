"""The values that cross the walls of this package. Frozen; no library but numpy is needed to hold them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.uint8]
"""uint8 [h, w, 3] (or [n, h, w, 3] where a batch is meant), sRGB, upright."""
Vectors: TypeAlias = NDArray[np.float32]
"""float32 [n, d], every row of length 1, so that a dot product is the cosine."""
Ids: TypeAlias = NDArray[np.int64]
"""int64 [n]: picture ids. The caller owns them; nothing here makes one up."""

RefusalReason = Literal[
    "too_large_bytes",
    "too_many_pixels",
    "unknown_format",
    "unsupported_format",
    "damaged",
    "too_slow",
    "too_small",
]


@dataclass(frozen=True, slots=True)
class PictureRefused:
    """A picture that was not read. `reason` is for the caller's words; `detail` is for the log only."""

    reason: RefusalReason
    detail: str = ""
    format: str = ""
    """The format's name when it was recognised ("HEIC", "SVG", "JPEG"), else empty."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An untrusted picture after the child has read it: safe to keep, to show and to encode."""

    pixels: Pixels = field(repr=False)
    """[input_px, input_px, 3], squashed to the encoder's square."""
    thumb: bytes = field(repr=False)
    """8 x 8 RGB, 192 bytes: the picture's fingerprint (see `visual_search.fingerprint`)."""
    clean: bytes = field(repr=False)
    """Our own JPEG, upright, sRGB, without any metadata; empty when the caller asked for none."""
    clean_width_px: int
    clean_height_px: int
    width_px: int
    """Upright size of the original."""
    height_px: int
    format: str
    sha256: str
    """Of the bytes as they came, hexadecimal."""


Verdict = Literal["fashion", "other", "unsure"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a photo seems to show. `label` is a guess for the log and is never shown to a shopper."""

    verdict: Verdict
    """"other": no fashion item. Answer the same to "fashion" and "unsure"; the second is for the log."""
    fashion_probability: float
    """By the classes alone, 0 to 1."""
    label: str
    label_probability: float
    strangeness: float = 0.0
    """0 to 1: how little of it is like any picture of clothes that was seen before."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture, as fractions 0..1 of its width and height; left < right, top < bottom."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True, eq=False)
class Garment:
    """One thing to wear that was found in a photo, cut out and encoded by itself."""

    box: Box
    kind: str
    """A key of the lexicon's categories ("dress", "shoes", ...); "" where the encoder cannot tell."""
    score: float
    """0..1: how sure it is that this is one thing to wear, of this kind."""
    vector: Vectors = field(repr=False)
    """[d], length 1, of the cut-out."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A photo that was read and encoded."""

    vector: Vectors = field(repr=False)
    """[d], length 1."""
    picture: Picture
    subject: Subject
    garments: tuple[Garment, ...] = ()
    """The things to wear that were found in it, surest first; where there is one, `vector` is that of its cut-out.
    Empty where nothing can look for them or nothing was found."""
    barcodes: tuple[str, ...] = ()
    """Digits of the barcodes in it (EAN, UPC), surest first."""

    @property
    def sha256(self) -> str:
        return self.picture.sha256

    @property
    def phash(self) -> str:
        """The thumb, hexadecimal: pictures whose thumbs hardly differ are one photo saved twice."""
        return self.picture.thumb.hex()

    @property
    def clean_jpeg(self) -> bytes:
        return self.picture.clean


class Remembered(Protocol):
    """What is enough to search again for a photo that was looked at before: `Seen`, or a caller's own value."""

    @property
    def vector(self) -> Vectors: ...

    @property
    def sha256(self) -> str: ...

    @property
    def phash(self) -> str: ...


Band = Literal["very_close", "close", "far"]


@dataclass(frozen=True, slots=True)
class Hit:
    picture_id: int
    score: float
    """Cosine, -1 to 1."""
    band: Band
    """The score in words, by the thresholds that were measured for this encoder."""


@dataclass(frozen=True, slots=True)
class EyesStatus:
    """`ready`: look and search work. `rebuilding`: the same, over the index as it was (or none yet).
    `off`: nothing can be searched, and `reason` says why."""

    state: Literal["ready", "rebuilding", "off"]
    reason: str
    encoder: str
    revision: str
    dimension: int
    count: int
    change_seq: int
    """The catalogue's change number that the index covers; changes after it are the caller's to replay."""
    needs_rebuild: bool

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}
