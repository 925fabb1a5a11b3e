"""Encoders by name. A new one is one file beside this and one line in `_ENCODERS`."""

from __future__ import annotations

from collections.abc import Callable

from visual_search.encoders.base import Encoder
from visual_search.errors import EncoderUnavailable

SHIPPED = "imagenet"
"""What the name "vitrine" stands for today: the encoder that comes with the product."""


def _imagenet() -> Encoder:
    from visual_search.encoders.imagenet import ImagenetEncoder

    return ImagenetEncoder()


_ENCODERS: dict[str, Callable[[], Encoder]] = {
    "imagenet": _imagenet,
}


def encoder_names() -> tuple[str, ...]:
    return tuple(_ENCODERS)


def open_encoder(name: str = "vitrine") -> Encoder:
    """Loads the weights (about 0.1 s). Raises EncoderUnavailable for an unknown name or damaged files."""
    build = _ENCODERS.get(SHIPPED if name == "vitrine" else name)
    if build is None:
        known = ", ".join(("vitrine", *_ENCODERS))
        raise EncoderUnavailable(f"there is no encoder named {name!r}; known: {known}")
    return build()
