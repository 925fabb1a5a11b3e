"""Pictures of ours: random names, for ever the same bytes, and no other kind of file ever."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort

from shoppable.site import site

blueprint = Blueprint("media", __name__)

_KEY = re.compile(r"[0-9a-f]{32}\.(jpg|webp|png)")
_TYPES = {"jpg": "image/jpeg", "webp": "image/webp", "png": "image/png"}
_ONE_YEAR_S = 31_536_000
_FOR_EVER = f"public, max-age={_ONE_YEAR_S}, immutable"


@blueprint.get("/media/<key>")
def picture(key: str) -> Response:
    """A file of the media store that we encoded ourselves. Uploads of shoppers have another suffix and stay inside."""
    data = site().shop.media.get(key) if _KEY.fullmatch(key) else None
    if data is None:
        abort(404)
    return _answer(key, data, _FOR_EVER)


@blueprint.get("/media/<int:width_px>/<key>")
def sized(width_px: int, key: str) -> Response:
    """The same picture in one of the few widths that pages name; see `sized.py`."""
    made = site().shop.renditions.sized(key, width_px) if _KEY.fullmatch(key) else None
    if made is None:
        abort(404)
    return _answer(key, made.data, _FOR_EVER if made.is_final else "no-store")


def _answer(key: str, data: bytes, kept: str) -> Response:
    response = Response(data, mimetype=_TYPES[key.rpartition(".")[2]])
    response.headers["Cache-Control"] = kept
    response.headers["Content-Disposition"] = f'inline; filename="{key}"'
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # mails show it on pages of other sites
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
