"""A picture that we compose ourselves: photos, plain shapes and words on a sheet of one colour.

Everything is in pixels from the top left corner; colours are "#rrggbb".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from commerce.domain.lookbook import Region

COLOUR = re.compile(r"#[0-9a-f]{6}")
LARGEST_PX = 4_000


@dataclass(frozen=True, slots=True)
class Box:
    x_px: int
    y_px: int
    width_px: int
    height_px: int

    def __post_init__(self) -> None:
        if self.width_px < 1 or self.height_px < 1:
            raise ValueError(f"an empty box: {self}")

    def of(self, width_px: int, height_px: int) -> Region:
        """As a part of a sheet of that size. Raises ValueError when it is not inside of it."""
        return Region(self.x_px / width_px, self.y_px / height_px, self.width_px / width_px, self.height_px / height_px)


class Fit(StrEnum):
    COVER = "cover"  # fills its box: what is over is cut off, as much on either side
    CONTAIN = "contain"  # whole, in the middle of its box
    BEST = "best"  # whole where its ground can be carried on around it, else cut to its box where little is lost


class Face(StrEnum):
    SANS = "sans"
    SANS_BOLD = "sans_bold"
    SERIF = "serif"


class Align(StrEnum):
    START = "start"  # left, or top
    MIDDLE = "middle"
    END = "end"


@dataclass(frozen=True, slots=True)
class Photo:
    """A JPEG or PNG of ours. `largest_scale`: it is never drawn larger than so many times its own size. `tile`: the
    colour of the box behind it; '' is the photo's own ground carried on where it is even, "none" no tile.
    `most_cut_frac`: how much of it may be lost for `Fit.BEST`."""

    data: bytes
    box: Box
    fit: Fit = Fit.CONTAIN
    largest_scale: float = 100.0
    tile: str = ""
    radius_px: int = 0
    most_cut_frac: float = 0.15

    def __post_init__(self) -> None:
        if self.tile not in ("", "none"):
            _check(self.tile)


@dataclass(frozen=True, slots=True)
class Block:
    """A filled rectangle. `opacity` lies in 0..1."""

    box: Box
    colour: str
    opacity: float = 1.0
    radius_px: int = 0

    def __post_init__(self) -> None:
        _check(self.colour)


@dataclass(frozen=True, slots=True)
class Words:
    """Text that is wrapped into its box: as large as `size_px`, smaller down to `smallest_px` where it does not fit
    otherwise, and with an ellipsis where it does not fit at all. `tracking_px`: space between letters on top of the
    font's own. `is_struck`: with a line through it, as a former price is."""

    text: str
    box: Box
    colour: str
    size_px: int
    smallest_px: int = 0  # 0: never smaller
    face: Face = Face.SANS
    align: Align = Align.START
    upright: Align = Align.START
    tracking_px: float = 0.0
    is_struck: bool = False

    def __post_init__(self) -> None:
        _check(self.colour)


Part = Photo | Block | Words


@dataclass(frozen=True, slots=True)
class Sheet:
    """`parts` are drawn one over the other, the first one first."""

    width_px: int
    height_px: int
    paper: str
    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        _check(self.paper)
        if not (0 < self.width_px <= LARGEST_PX and 0 < self.height_px <= LARGEST_PX):
            raise ValueError(f"not a size for a sheet: {self.width_px} x {self.height_px}")


def _check(colour: str) -> None:
    if COLOUR.fullmatch(colour) is None:
        raise ValueError(f"not a colour: {colour!r}")
