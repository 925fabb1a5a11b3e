"""A page that somebody opens from a campaign (utm_source), from a frame of ours in another site, or from a link of
another site while we do not know them."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request

from commerce.domain.sources import EMBED, campaign
from commerce.domain.sources import site as other_site
from shoppable import brought
from shoppable.chat import session
from shoppable.site import site

_INSIDE = ("/staff", "/studio", "/api", "/embed")  # no shopper arrives there, or not with a cookie


def install(app: Flask) -> None:
    app.after_request(_noted)


def _noted(response: Response) -> Response:
    is_page = request.method == "GET" and response.status_code == 200 and response.mimetype == "text/html"
    if not is_page or request.path.startswith(_INSIDE) or response.cache_control.public:
        return response
    before = brought.remembered()
    came = campaign(request.args.get("utm_source", "")) or _led_here(is_new=not before and session.current() is None)
    return brought.remember(response, came) if came and came != before else response


def _led_here(is_new: bool) -> str:
    """What the page before says; a browser does not tell more than its address, and often less."""
    try:
        before = urlsplit(request.headers.get("Referer", ""))
        host = before.hostname or ""
    except ValueError:
        return ""
    if host in {urlsplit(site().shop.settings.base_url).hostname, urlsplit(request.host_url).hostname}:
        return campaign(EMBED) if before.path.startswith("/embed/") else ""
    return other_site(host) if is_new and "." in host else ""
