"""Addresses of our pictures in the size in which they are shown: the browser chooses, knowing its screen."""

from __future__ import annotations

from commerce.services.renditions import WIDTHS_PX
from shoppable.shelf import picture_path

_FRAME = 4 / 5  # width by height of what shows products; see `.tile-picture` in static/site.css


def sized_path(media_key: str, width_px: int) -> str:
    """For what is shown in one size. The picture as it is where it has no others."""
    if width_px not in WIDTHS_PX:
        raise ValueError(f"no picture is made {width_px} pixels wide")
    return f"/media/{width_px}/{media_key}" if _has_sizes(media_key) else picture_path(media_key)


def srcset(media_key: str, own_px: int | None = None, own_height_px: int | None = None) -> str:
    """For `srcset` of an image: the widths below its own, and itself. Without `own_px`, every width. '' where it has no
    others. A picture that is wider than the frames of products is cut on both sides: with `own_height_px`, each choice
    counts as wide as what is seen of it."""
    if not _has_sizes(media_key):
        return ""
    choices = {width: sized_path(media_key, width) for width in WIDTHS_PX if not own_px or width < own_px}
    if own_px and choices:
        choices[own_px] = picture_path(media_key)
    seen = min(1.0, _FRAME * own_height_px / own_px) if own_px and own_height_px else 1.0
    return ", ".join(f"{path} {max(1, round(width * seen))}w" for width, path in choices.items())


def _has_sizes(media_key: str) -> bool:
    """Feeds, catalogues and posts are kept as JPEGs; a shopper's own photo is for them alone and shown once."""
    return media_key.endswith(".jpg")
