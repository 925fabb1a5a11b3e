"""What a picture may cost, and what shape it gets. Needs no library: the child imports this too."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

MIB = 1024 * 1024
THUMB_PX = 8


@dataclass(frozen=True, slots=True)
class Limits:
    """Defaults are those of the threat model: a picture that needs more is refused, politely."""

    max_bytes: int = 10 * MIB
    """Checked before the child sees anything."""
    max_pixels: int = 40_000_000
    """Read from the header, before any pixel is decoded."""
    min_side_px: int = 16
    """A tracking pixel or a spacer is not a photo of anything."""
    timeout_s: float = 5.0
    """Wall clock for one picture; then the child is killed."""
    memory_bytes: int = 448 * MIB
    """Address space on top of the idle child (about 40 MB), so that it stays under 512 MB in all."""
    clean_px: int = 1280
    """Longest side of the copy that is kept and shown."""
    clean_quality: int = 85
    view_px: int = 384
    """Longest side of the pixels that garments are cut from."""
    heic: bool = False
    """HEIC and AVIF decoders have had exploited holes: off unless the owner turns them on."""

    def as_dict(self) -> dict[str, int | float | bool]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Resize:
    """How a picture becomes the square that its encoder was trained on."""

    mode: Literal["squash", "shortest", "longest"] = "squash"
    """Squashed; or the shortest side fits and the middle is cut out; or the longest fits and the rest is filled."""
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"
    fill: int = 0
    """Grey level, 0 to 255, beside a picture whose longest side fits."""

    def as_dict(self) -> dict[str, str | int]:
        return asdict(self)
