"""The one constructor: walls, words and rooms around a shop."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.middleware.proxy_fix import ProxyFix

from commerce.i18n import Translator
from shoppable import arriving, health, language, media, observe, pages, pos_events, problems, security, studio
from shoppable import counter as staff_pages
from shoppable.api import (
    carts,
    chat,
    checkout,
    counter,
    customers,
    openapi,
    operators,
    order_desk,
    orders,
    pauses,
    pick_ups,
    products,
    recommendations,
    stock,
    stores,
    waits,
)
from shoppable.limits import Buckets, Places
from shoppable.payment_callbacks import payment_callbacks
from shoppable.site import EXTENSION, Site, site

if TYPE_CHECKING:
    from commerce.wiring import Shop

_LARGEST_REQUEST_BYTES = 1024 * 1024
_LARGEST_FORM_BYTES = 500_000
_ONE_HOUR_S = 3600


def create_app(shop: Shop, *, wake: Callable[[], None] = lambda: None) -> Flask:
    """The web application of a shop. `wake` is called after something was put into the inbox.

    A third of the server's threads (setting WEB_THREADS) may wait for chat answers, a sixth for prices that change in
    an open catalogue; the rest always serves pages.
    """
    here = Path(__file__).parent
    app = Flask(__name__, static_folder=str(here / "static"), template_folder=str(here / "templates"))
    app.config.update(
        MAX_CONTENT_LENGTH=_LARGEST_REQUEST_BYTES,
        MAX_FORM_MEMORY_SIZE=_LARGEST_FORM_BYTES,
        TRUSTED_HOSTS=security.trusted_hosts(shop.settings),
        SEND_FILE_MAX_AGE_DEFAULT=_ONE_HOUR_S,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions[EXTENSION] = Site(
        shop=shop,
        wake=wake,
        words=Translator(here),
        buckets=Buckets(time.monotonic),
        streams=Places(max(1, shop.settings.web_threads // 3)),
        listeners=Places(shop.settings.web_threads // 6),
    )
    if shop.settings.trust_proxy:
        hops = shop.settings.trust_proxy
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]

    # Flask runs what is registered after a request in reverse order: the walls are put up last.
    security.install(app)
    language.install(app)
    arriving.install(app)
    observe.install(app)
    problems.install(app)
    pages.install(app)
    app.register_blueprint(staff_pages.blueprint)
    app.register_blueprint(studio.blueprint)
    for room in (media, health, products, recommendations, stores, chat, carts, checkout, orders, waits):
        app.register_blueprint(room.blueprint)
    app.register_blueprint(payment_callbacks(shop, wake))
    if shop.settings.secrets_of("api_keys"):
        for room in (operators, customers, stock, pauses, order_desk, counter, pick_ups):
            app.register_blueprint(room.blueprint)
    if shop.settings.secrets_of("pos_secret"):
        app.register_blueprint(pos_events.blueprint)
    app.add_url_rule("/api/v1/openapi.json", "api_openapi", _openapi(app))
    return app


def _openapi(app: Flask) -> Callable[[], ResponseReturnValue]:
    @openapi.describes(openapi.Operation("This description", {200: None}, problems=()))
    def describe() -> ResponseReturnValue:
        settings = site().shop.settings
        response: Response = jsonify(openapi.document(app, title=settings.shop_name, address=settings.base_url))
        response.headers["Cache-Control"] = "public, max-age=300"
        return response

    return describe
