"""Pictures of ours: random names, for ever the same bytes, and no other kind of file ever."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort

from shoppable.site import site

blueprint = Blueprint("media", __name__)

_KEY = re.compile(r"[0-9a-f]{32}\.(jpg|webp|png)")
_TYPES = {"jpg": "image/jpeg", "webp": "image/webp", "png": "image/png"}
_ONE_YEAR_S = 31_536_000


@blueprint.get("/media/<key>")
def picture(key: str) -> Response:
    """A file of the media store that we encoded ourselves. Uploads of shoppers have another suffix and stay inside."""
    match = _KEY.fullmatch(key)
    data = site().shop.media.get(key) if match else None
    if data is None or match is None:
        abort(404)
    response = Response(data, mimetype=_TYPES[match[1]])
    response.headers["Cache-Control"] = f"public, max-age={_ONE_YEAR_S}, immutable"
    response.headers["Content-Disposition"] = f'inline; filename="{key}"'
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # mails show it on pages of other sites
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
