"""The walls: headers on every answer, which hosts we answer to, and who may write with a browser's cookie."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

from commerce.settings import LOOPBACK, Settings
from shoppable.problems import Problem
from shoppable.site import site

PAGE_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob: data:",  # blob: previews of one's own photo; data: QR codes in replies
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
FILE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
_IN_ANY_FRAME = "frame-ancestors *"
_TWO_YEARS_S = 63_072_000


def trusted_hosts(settings: Settings) -> list[str]:
    """Hosts that we answer to: the shop's own and this machine (health checks, the demo)."""
    own = urlsplit(settings.base_url).hostname or ""
    return sorted({own, *LOOPBACK} - {"", "::1"})  # Werkzeug compares names and IPv4 addresses only


def require_same_origin() -> None:
    """Refuses a write that a page of somebody else made the browser send.

    Browsers name the page's origin in every cross-origin write, and `Sec-Fetch-Site` on top (Fetch standard); whatever
    names neither is no browser of ours and does not get to use a cookie.
    """
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if fetch_site is not None and fetch_site != "same-origin":
        raise Problem(403, "cross_origin", "This can only be done from the shop's own pages.")
    origin = request.headers.get("Origin")
    if origin is None and fetch_site is None:
        raise Problem(403, "no_origin", "This can only be done from the shop's own pages.")
    if origin is not None and origin not in {site().origin, request.host_url.rstrip("/")}:
        raise Problem(403, "cross_origin", "This can only be done from the shop's own pages.")


def let_forms_lead_to(response: Response, *origins: str) -> None:
    """Forms of this page may end at these other sites too: browsers hold `form-action` against redirects as well."""
    response.headers["Content-Security-Policy"] = PAGE_POLICY.replace(
        "form-action 'self'", " ".join(("form-action 'self'", *origins))
    )


def may_be_styled(response: Response, style: str) -> None:
    """Lets this one style sheet stand in the page itself, known by its hash.

    https://www.w3.org/TR/CSP3/#match-element-to-source-list
    """
    if style:
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        policy = response.headers.get("Content-Security-Policy", PAGE_POLICY)
        response.headers["Content-Security-Policy"] = f"{policy}; style-src 'self' 'sha256-{digest}'"


def may_be_framed(response: Response) -> None:
    """Pages of anybody may show this one in a frame: nothing on it is done with one press that cannot be undone."""
    policy = response.headers.get("Content-Security-Policy", PAGE_POLICY)
    response.headers["Content-Security-Policy"] = policy.replace("frame-ancestors 'none'", _IN_ANY_FRAME)
    may_be_used_anywhere(response)


def may_be_used_anywhere(response: Response) -> None:
    """Pages of anybody may fetch this file: the same for everybody, and nobody's secret."""
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"


def _no_nul() -> None:
    """No name of ours holds the character NUL, and PostgreSQL refuses to be asked for one: there is no such thing."""
    if "\x00" in request.path:
        abort(404)


def _headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", PAGE_POLICY if response.mimetype == "text/html" else FILE_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    if _IN_ANY_FRAME not in headers["Content-Security-Policy"]:  # X-Frame-Options knows no "anybody"
        headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "geolocation=(self), camera=(), microphone=(), payment=()")
    if request.path.startswith("/api/"):
        headers.setdefault("Cache-Control", "no-store")
    if site().shop.settings.is_https:
        headers.setdefault("Strict-Transport-Security", f"max-age={_TWO_YEARS_S}; includeSubDomains")
    return response


def install(app: Flask) -> None:
    app.after_request(_headers)
    app.before_request(_no_nul)
