"""What brought this browser: a cookie of ours that ends with the browser's session and names nobody."""

from __future__ import annotations

from flask import Response, request

from commerce.domain.sources import SOURCE, led_into
from shoppable.site import site

_COOKIE = "came"


def source(better: str = "", otherwise: str = "web") -> str:
    """What a line of the cart says: what is known better (and, of a catalogue, what led into it), what brought them, or
    the door."""
    came = remembered()
    return led_into(better, came) if better else came or otherwise


def remember(response: Response, came: str) -> Response:
    response.set_cookie(_COOKIE, came, secure=site().shop.settings.is_https, httponly=True, samesite="Lax", path="/")
    return response


def remembered() -> str:
    came = request.cookies.get(_COOKIE, "")
    return came if SOURCE.fullmatch(came) else ""
