"""In which language to answer: asked for in the address, chosen before, or preferred by the browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from flask import Flask, Response, g, request

from shoppable.site import site

COOKIE = "lang"
_ONE_YEAR_S = 365 * 24 * 3600


def language() -> str:
    """The language of this answer, always one that the shop offers."""
    if "language" not in g:
        g.language = _choose()
    return cast(str, g.language)


def _choose() -> str:
    offered = site().languages
    chosen = [request.args.get("lang", "")]
    if not request.path.startswith("/api/"):
        chosen.append(request.cookies.get(COOKIE, ""))
    for wanted in chosen:
        if wanted in offered:
            return wanted
    return request.accept_languages.best_match(list(offered)) or offered[0]


def prefer(languages: Sequence[str]) -> None:
    """The languages of whoever is known to ask, where this browser has not said another one."""
    if request.args.get("lang", "") in site().languages or request.cookies.get(COOKIE, "") in site().languages:
        return
    spoken = next((code for code in languages if code in site().languages), None)
    if spoken is not None:
        g.language = spoken


def translate(msgid: str, /, **values: object) -> str:
    """A sentence of the pages in the language of this answer."""
    return site().words(language(), msgid, **values)


def translate_plural(one: str, many: str, count: int, /, **values: object) -> str:
    return site().words.plural(language(), one, many, count, **values)


def remember(response: Response) -> Response:
    """Keeps a language that was asked for in the address of a page; it says nothing about a person. A part of a page is
    asked for in the language of that page, which nobody chose by that."""
    wanted = "" if "X-Part" in request.headers else request.args.get("lang", "")
    if wanted in site().languages and response.mimetype == "text/html" and request.cookies.get(COOKIE) != wanted:
        response.set_cookie(
            COOKIE, wanted, max_age=_ONE_YEAR_S, secure=site().shop.settings.is_https, httponly=True, samesite="Lax"
        )
    return response


def install(app: Flask) -> None:
    app.jinja_env.globals.update(_=translate, plural=translate_plural, language=language)
    app.after_request(remember)
