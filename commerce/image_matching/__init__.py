"""Photos to products, and products to those that look like them: over the eyes, or honestly off."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from commerce.image_matching.off import NoImageMatcher
from commerce.image_matching.over_eyes import EyesImageMatcher
from commerce.ports import ImageMatcher

if TYPE_CHECKING:
    from visual_search.stores import IndexStore

__all__ = ["EyesImageMatcher", "NoImageMatcher", "fits_folder", "open_image_matcher", "picture_index_folder"]


def picture_index_folder(directory: Path) -> Path:
    """Where the picture index lies below `directory`. Its manifest says which encoder made it."""
    return directory / "pictures"


def fits_folder(directory: Path) -> Path:
    """Where what the encoder was taught lies below `directory`."""
    return directory / "fits"


def open_image_matcher(directory: Path, encoder: str, shared: IndexStore | None = None) -> ImageMatcher:
    """The shop's eyes, with the index below `directory`, or `shared` with other machines; "off" where they cannot be
    opened."""
    try:
        from visual_search.api import Eyes
    except ImportError as missing:
        return NoImageMatcher(f"a library is missing: {missing.name}")
    eyes = Eyes.open(shared or picture_index_folder(directory), encoder, fits=fits_folder(directory))
    if not eyes.status.encoder:
        reason = eyes.status.reason
        eyes.close()
        return NoImageMatcher(reason)
    return EyesImageMatcher(eyes)
