"""Encoders by name. A new one is one file beside this and one line in `_ENCODERS`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from visual_search.encoders.base import Encoder
from visual_search.errors import EncoderUnavailable
from visual_search.fits import FitStore, base_of, is_fit

SHIPPED = "vitrine"
"""The encoder that is taken where none is named."""


def _imagenet() -> Encoder:
    from visual_search.encoders.imagenet import ImagenetEncoder

    return ImagenetEncoder()


def _objects() -> Encoder:
    from visual_search.encoders.objects import ObjectsEncoder

    return ObjectsEncoder()


def _vitrine() -> Encoder:
    from visual_search.encoders.vitrine import VitrineEncoder

    return VitrineEncoder()


_ENCODERS: dict[str, Callable[[], Encoder]] = {
    "vitrine": _vitrine,
    "imagenet": _imagenet,
    "objects": _objects,
}


def encoder_names() -> tuple[str, ...]:
    """Those that come with the product; open_clip and folders bring any number more."""
    return tuple(_ENCODERS)


def open_encoder(name: str = SHIPPED, fits: Path | None = None) -> Encoder:
    """The encoder of that name: a built-in one (about 0.1 s), one that was taught a catalogue (its fit lies in the
    folder `fits`), `open_clip:…`, or the path of a folder with an open_clip model (seconds, and as much memory as its
    weights). Raises EncoderUnavailable with the reason."""
    build = _ENCODERS.get(name)
    if build is not None:
        return build()
    if is_fit(name) and fits is not None:
        return _fitted(name, fits)
    if name.startswith("open_clip:") or "/" in name or Path(name).is_dir():
        from visual_search.encoders.clip import ClipEncoder

        return ClipEncoder(name.removeprefix("open_clip:") if name.startswith("open_clip:") else _folder(name))
    known = ", ".join(_ENCODERS)
    raise EncoderUnavailable(f"there is no encoder named {name!r}; known: {known}, open_clip:…, a folder")


def _fitted(name: str, fits: Path) -> Encoder:
    from visual_search.encoders.fitted import FittedEncoder
    from visual_search.encoders.vitrine import VitrineEncoder

    fit = FitStore(fits).load(name)
    base = open_encoder(base_of(name))
    if not isinstance(base, VitrineEncoder):
        raise EncoderUnavailable(f"the encoder {base.name} cannot be taught")
    return FittedEncoder(name, base, fit)


def _folder(name: str) -> str:
    path = Path(name).expanduser()
    if not path.is_dir():
        raise EncoderUnavailable(f"there is no folder {name}; models of open_clip are named open_clip:NAME/TAG")
    return str(path.resolve())
