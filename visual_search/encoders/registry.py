"""Encoders by name. A new one is one file beside this and one line in `_ENCODERS`."""

from __future__ import annotations

from collections.abc import Callable

from visual_search.encoders.base import Encoder
from visual_search.errors import EncoderUnavailable

SHIPPED = "vitrine"
"""The encoder that is taken where none is named."""


def _imagenet() -> Encoder:
    from visual_search.encoders.imagenet import ImagenetEncoder

    return ImagenetEncoder()


def _vitrine() -> Encoder:
    from visual_search.encoders.vitrine import VitrineEncoder

    return VitrineEncoder()


_ENCODERS: dict[str, Callable[[], Encoder]] = {
    "vitrine": _vitrine,
    "imagenet": _imagenet,
}


def encoder_names() -> tuple[str, ...]:
    return tuple(_ENCODERS)


def open_encoder(name: str = SHIPPED) -> Encoder:
    """Loads the weights (about 0.1 s). Raises EncoderUnavailable for an unknown name or damaged files."""
    build = _ENCODERS.get(name)
    if build is None:
        known = ", ".join(_ENCODERS)
        raise EncoderUnavailable(f"there is no encoder named {name!r}; known: {known}")
    return build()
