"""Addresses of our pictures in the size in which they are shown: the browser chooses, knowing its screen."""

from __future__ import annotations

from commerce.services.renditions import WIDTHS_PX
from shoppable.shelf import picture_path


def sized_path(media_key: str, width_px: int) -> str:
    """For what is shown in one size. The picture as it is where it has no others."""
    if width_px not in WIDTHS_PX:
        raise ValueError(f"no picture is made {width_px} pixels wide")
    return f"/media/{width_px}/{media_key}" if _has_sizes(media_key) else picture_path(media_key)


def srcset(media_key: str, own_px: int | None = None) -> str:
    """For `srcset` of an image: the widths below its own, and itself. Without `own_px`, every width. '' where it has no
    others."""
    if not _has_sizes(media_key):
        return ""
    choices = [f"{sized_path(media_key, width)} {width}w" for width in WIDTHS_PX if not own_px or width < own_px]
    own = [f"{picture_path(media_key)} {own_px}w"] if own_px else []
    return ", ".join(choices + own) if choices else ""


def _has_sizes(media_key: str) -> bool:
    """Feeds, catalogues and posts are kept as JPEGs; a shopper's own photo is for them alone and shown once."""
    return media_key.endswith(".jpg")
