"""Which short link brought this browser: a cookie of ours that ends with the browser's session and names nobody."""

from __future__ import annotations

from flask import Response, request

from commerce.services.short_links import CODE, source_of
from shoppable.site import site

_COOKIE = "came"


def source(better: str = "", otherwise: str = "web") -> str:
    """What a line of the cart says: what is known better, the link that brought them, or the door."""
    code = request.cookies.get(_COOKIE, "")
    return better or (source_of(code) if CODE.fullmatch(code) else otherwise)


def remember(response: Response, code: str) -> Response:
    response.set_cookie(_COOKIE, code, secure=site().shop.settings.is_https, httponly=True, samesite="Lax", path="/")
    return response
