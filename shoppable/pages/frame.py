"""What every page shares: language links, money and distances in words, the links to the other rooms."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask, Response, make_response, render_template, request

from commerce.domain.money import Money
from commerce.errors import StorageError
from commerce.i18n import format_deadline, format_distance, format_money, format_time, locale_of
from shoppable import recommended, shopper
from shoppable.chat import greeting, session
from shoppable.language import language, translate
from shoppable.shelf import picture_path
from shoppable.site import site
from shoppable.sized import sized_path, srcset

_WORDS_OF_FORMS = 300


def page(template: str, **values: object) -> Response:
    """A page in the language of this answer. Prices and stock are of this moment, so browsers ask again every time."""
    return finished(render_template(template, **values))


def finished(html: str) -> Response:
    """The same of what has been rendered already."""
    response = make_response(html)
    response.headers["Content-Language"] = language()
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(["Accept-Language", "Cookie"])
    return response


def here(**changes: object) -> str:
    """The path of this page with some parameters changed; None takes one away."""
    values = {key: value[:_WORDS_OF_FORMS] for key, value in request.args.items() if key != "lang"}
    for key, value in changes.items():
        values.pop(key, None)
        if value not in (None, ""):
            values[key] = str(value)
    return f"{request.path}?{urlencode(values)}" if values else request.path


def money(price: Money) -> str:
    return format_money(price, language())


def distance(metres: float) -> str:
    return format_distance(metres, language())


def clock(moment: datetime, timezone: str) -> str:
    return format_time(moment, language(), timezone)


def when(moment: datetime, now: datetime, timezone: str) -> str:
    return format_deadline(moment, now, language(), timezone)


def language_name(code: str) -> str:
    """The language's own name: "Français", "English"."""
    return str(locale_of(code).get_language_name(code) or code).capitalize()


def country_name(code: str) -> str:
    """« Belgique » for "BE"."""
    return str(locale_of(language()).territories.get(code, code))


def telegram_link() -> str:
    name = site().shop.settings.telegram_username.removeprefix("@")
    return f"https://t.me/{name}" if name else ""


def _values() -> dict[str, object]:
    settings = site().shop.settings
    return {
        "shop_name": settings.shop_name,
        "base_url": settings.base_url,
        "languages": site().languages,
        "telegram": telegram_link(),
    }


def cart_count() -> int | None:
    """How many things are in this browser's cart, for the head of every page; None when nobody can tell."""
    contact = session.current()
    if contact is None:
        return 0
    try:
        with site().shop.storage.read() as uow:
            customer = shopper.customer_of(uow, contact)
            cart = site().shop.carts.of(uow, customer.id) if customer else None
    except StorageError:  # a page that says "one moment, please" must not fail over it
        return None
    return sum(each.quantity for each in cart.wanted) if cart else 0


def has_session() -> bool:
    """Whether this browser may be known: only then is it worth asking who it is."""
    return session.current() is not None


def chat_words() -> dict[str, str]:
    """What the chat's script says by itself."""
    return {
        "you": translate("You:"),
        "shop": translate("{shop}:", shop=site().shop.settings.shop_name),
        "hello": greeting.unknown(),
        "writing": translate("is writing…"),
        "ready": translate("Answers in a moment"),
        "person": translate("Our team answers you here"),
        "offline": translate("No connection. What you write will be sent as soon as it is back."),
        "unsent": translate("Not sent yet. We keep trying."),
        "failed": translate("This could not be sent."),
        "photo": translate("Photo"),
        "photoLooking": translate("Looking at your photo…"),
        "photoReady": translate("Photo ready to send"),
        "photoTooLarge": translate("This photo is too large: at most 10 MB."),
        "photoUnreadable": translate("This is not a photo that we can read. Send a JPEG, PNG or WebP."),
        "removePhoto": translate("Remove the photo"),
        "place": translate("My position"),
        "locating": translate("Looking for your position…"),
        "noPlace": translate("We could not get your position. Type your town or postcode instead."),
        "leave": translate("Start a new conversation? This one will disappear from this browser."),
    }


def _asset(app: Flask) -> Callable[[str], str]:
    """Addresses of static files that change when the file does, so that browsers may keep them."""
    known: dict[str, str] = {}

    def asset(name: str) -> str:
        if name not in known:
            digest = hashlib.sha256((Path(str(app.static_folder)) / name).read_bytes()).hexdigest()
            known[name] = f"/static/{name}?v={digest[:12]}"
        return known[name]

    return asset


def _fresh_modules(response: Response) -> Response:
    """A script that another script imports has no version in its address: browsers ask whether it is still the same."""
    if request.endpoint == "static" and "v" not in request.args:
        response.headers["Cache-Control"] = "no-cache"
    return response


def install(app: Flask) -> None:
    app.after_request(_fresh_modules)
    app.context_processor(_values)
    app.jinja_env.filters.update(money=money, distance=distance, picture=picture_path, language_name=language_name)
    app.jinja_env.filters.update(country=country_name, sized=sized_path, srcset=srcset)
    app.jinja_env.globals.update(here=here, clock=clock, when=when, asset=_asset(app), chat_words=chat_words)
    app.jinja_env.globals.update(cart_count=cart_count, has_session=has_session)
    app.jinja_env.globals.update(reading_refused=recommended.is_refused)
