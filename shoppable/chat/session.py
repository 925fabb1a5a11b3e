"""Who is talking: a random token in a cookie, known to the shop only by its keyed hash."""

from __future__ import annotations

import hashlib
import hmac
import re

from flask import Response, g, request

from commerce.domain.customer import Contact
from shoppable.site import site

CHANNEL, ACCOUNT = "webchat", "web"
_THIRTY_DAYS_S = 30 * 24 * 3600
_TOKEN = re.compile(r"[0-9a-f]{32}")


def cookie_name() -> str:
    """With the prefix by which browsers promise that no other host or path has set it, where there is TLS."""
    return "__Host-chat" if site().shop.settings.is_https else "chat"


def current() -> Contact | None:
    """The contact of this browser, or None when it has never said anything."""
    token = request.cookies.get(cookie_name(), "")
    return _contact(token) if _TOKEN.fullmatch(token) else None


def current_or_new() -> Contact:
    """The contact of this browser; a new one gets its cookie with the answer (see `keep`)."""
    known = current()
    if known is not None:
        return known
    g.new_chat_token = site().shop.ids.new_id()
    return _contact(g.new_chat_token)


def keep(response: Response) -> Response:
    """Sets the cookie of a contact that this request has made."""
    token = g.get("new_chat_token")
    if token:
        response.set_cookie(
            cookie_name(),
            token,
            max_age=_THIRTY_DAYS_S,
            secure=site().shop.settings.is_https,
            httponly=True,
            samesite="Lax",
            path="/",
        )
    return response


def leave(response: Response) -> Response:
    response.delete_cookie(cookie_name(), path="/", secure=site().shop.settings.is_https, httponly=True, samesite="Lax")
    return response


def sign(purpose: str, text: str) -> str:
    """128 bits that only this shop can make for this text."""
    key = site().shop.settings.signing_key.encode()
    return hmac.new(key, f"{purpose}\n{text}".encode(), hashlib.sha256).hexdigest()[:32]


def _contact(token: str) -> Contact:
    # Whoever reads the database or a log line with the address cannot take over the conversation with it.
    return Contact(CHANNEL, ACCOUNT, sign("chat", token))
