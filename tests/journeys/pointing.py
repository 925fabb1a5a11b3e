"""Eyes that are told where the garments are, in photos that a test made itself.

What they answer is what the real eyes say of those parts; only where things are and what they are called is said by
hand, so that what is tested behind does not depend on how well drawings are recognised.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commerce.image_matching import EyesImageMatcher
from commerce.wiring import Shop
from visual_search.api import Eyes
from visual_search.values import Box, PictureRefused, Seen

Told = Sequence[tuple[bytes, Sequence[tuple[tuple[float, float, float, float], str]]]]
"""Photos, and in each where something is, and what (a category)."""

_SAME_LEVELS = 4.0  # thumbs of one photo, saved again by a browser, differ by less


class PointedEyes:
    def __init__(self, eyes: Eyes, told: Told) -> None:
        self._eyes = eyes
        self._told = [(self._thumb(eyes.look(photo)), parts) for photo, parts in told]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._eyes, name)

    def look(self, data: bytes) -> Seen | PictureRefused:
        seen = self._eyes.look(data)
        if isinstance(seen, PictureRefused):
            return seen
        thumb = self._thumb(seen)
        found = []
        for known, parts in self._told:
            if np.abs(known - thumb).mean() >= _SAME_LEVELS:
                continue
            for part, kind in parts:
                there = self._eyes.look_at(data, Box(*part))
                assert isinstance(there, Seen)
                found.append(replace(there.garments[0], kind=kind))
        return replace(seen, garments=tuple(found)) if found else seen

    @staticmethod
    def _thumb(seen: Seen | PictureRefused) -> NDArray[np.float32]:
        assert isinstance(seen, Seen)
        return np.frombuffer(seen.picture.thumb, np.uint8).astype(np.float32)


@contextmanager
def point_out(shop: Shop, told: Told) -> Iterator[None]:
    """Tells the shop's eyes for a while."""
    matcher = shop.image_matcher
    assert isinstance(matcher, EyesImageMatcher)
    eyes = matcher._eyes
    matcher._eyes = PointedEyes(eyes, told)  # type: ignore[assignment]
    try:
        yield
    finally:
        matcher._eyes = eyes
