"""The payment providers' doors: POST /hooks/{provider}. Verify the bytes, commit the call, answer; effects come later.

Answers: 401 without a word when the call is not authentic; 413 too large; 200 once it is committed, be it new, known
already or beyond understanding; 503 with Retry-After when it could not be committed, so that the provider sends it
again. Never a redirect. A provider without its secret has no route.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from commerce.errors import StorageError

if TYPE_CHECKING:
    from commerce.wiring import Shop

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 4 * 1024 * 1024
RETRY_AFTER_S = 5


def payment_callbacks(shop: Shop, wake: Callable[[], None] = lambda: None) -> Blueprint:
    """One route for each provider that calls us. `wake` is called after a commit that brought something new."""
    blueprint = Blueprint("payment_callbacks", __name__)
    for name, provider in shop.providers.items():
        if provider.has_callbacks:
            blueprint.add_url_rule(f"/hooks/{name}", name, _view(shop, name, wake), methods=["POST"])
    return blueprint


def callback_url(shop: Shop, provider: str) -> str:
    """The address that the provider calls, as its dashboard and some signatures have it. Never from the Host header."""
    return f"{shop.settings.base_url}/hooks/{provider}"


def _view(shop: Shop, provider: str, wake: Callable[[], None]) -> Callable[[], Response]:
    def receive() -> Response:
        request.max_content_length = MAX_BODY_BYTES
        try:
            body = request.get_data(cache=False)
        except RequestEntityTooLarge:
            return Response(status=413)
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            answer = shop.paying.receive(provider, body, headers, callback_url(shop, provider))
        except StorageError as error:
            log.error("payment call not stored (%s): %s", provider, error)
            return Response(status=503, headers={"Retry-After": str(RETRY_AFTER_S)})
        if answer.status != 200:
            log.warning("payment call refused (%s): %s", provider, answer.status)
        elif answer.is_new:
            wake()
        return Response(status=answer.status)

    return receive
