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
Marks: TypeAlias = NDArray[np.uint8]
"""uint8 [n, 224]: sha256 of the picture's bytes, then its 8 x 8 thumb."""
MARK_BYTES = 32 + 192

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
    """[input_px, input_px, 3]: the encoder's square."""
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
    view: Pixels | None = field(default=None, repr=False)
    """[h, w, 3], the longest side at most `Limits.view_px`: what garments are cut from. None where nobody looks."""
    barcodes: tuple[str, ...] = ()
    """The 13 digits of each EAN-13 (a UPC-A: with a 0 before it) that was read; checked, but not looked up."""


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

    @property
    def area(self) -> float:
        """As a share of the picture."""
        return (self.right - self.left) * (self.bottom - self.top)


WHOLE = Box(0.0, 0.0, 1.0, 1.0)


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
    thumb: bytes = field(default=b"", repr=False)
    """8 x 8 RGB of the cut-out: what colours it has."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A photo that was read and encoded."""

    vector: Vectors = field(repr=False)
    """[d], length 1."""
    picture: Picture
    subject: Subject
    garments: tuple[Garment, ...] = ()
    """The things to wear that were found in it, surest first; where there is one, `vector` lies midway between
    the photo's and that of its cut-out. Empty where nothing can look for them or nothing was found."""
    encoder: str = ""
    """Name and revision of what made the vectors; only an index of the same can be searched with them."""
    whole: Vectors | None = field(default=None, repr=False)
    """[d]: of the whole picture, where a cut-out counts in `vector`; the same photo saved twice is known by it. Search
    with whichever comes nearer to a picture of ours: regions/README.md."""

    @property
    def barcodes(self) -> tuple[str, ...]:
        """See `Picture.barcodes`."""
        return self.picture.barcodes

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

    @property
    def encoder(self) -> str: ...


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
    next_encoder: str = ""
    """The encoder of the settings while the index still is another one's: that one answers until a rebuild is done."""
    next_count: int = 0
    """Pictures in the index that is being built."""

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}
