"""The vendors' doors: POST /hooks/{channel}. Verify the bytes, commit the event, answer; everything else comes later.

Answers: 401 without a word when the call is not authentic; 413 too large; 200 once the events are committed, be they
new, known already or beyond understanding (dead letters); 503 with Retry-After when they could not be committed, so
that the vendor sends them again. Never a redirect. This module imports no vendor's library.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Protocol

import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from bot.channels import Hook, Received, build_hooks
from commerce.errors import StorageError
from commerce.ports import Clock, Storage, UnitOfWork
from commerce.settings import Settings

MAX_BODY_BYTES = 4 * 1024 * 1024  # the largest vendor batch is 3 MB (Meta)
RETRY_AFTER_S = 5

log = structlog.get_logger(__name__)


class WebhookShop(Protocol):
    """What the doors need of a shop."""

    @property
    def settings(self) -> Settings: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def storage(self) -> Storage: ...


def webhooks(shop: WebhookShop, wake: Callable[[], None] | None = None) -> Blueprint:
    """One route for each channel that has its secret. `wake` is called after a commit that brought something new."""
    blueprint = Blueprint("webhooks", __name__)
    for hook in build_hooks(shop.settings):
        blueprint.add_url_rule(f"/hooks/{hook.name}", hook.name, _view(shop, hook, wake), methods=["POST"])
    return blueprint


def _view(shop: WebhookShop, hook: Hook, wake: Callable[[], None] | None) -> Callable[[], Response]:
    def receive() -> Response:
        request.max_content_length = MAX_BODY_BYTES
        try:
            body = request.get_data(cache=False)
        except RequestEntityTooLarge:
            return Response(status=413)
        if not hook.verify(dict(request.headers), body):
            log.warning("webhook refused", hook=hook.name)
            return Response(status=401)
        events = hook.split(body, shop.clock.now())
        try:
            new = accept(shop, events)
        except StorageError as error:
            log.error("webhook not stored", hook=hook.name, error=str(error))
            return Response(status=503, headers={"Retry-After": str(RETRY_AFTER_S)})
        if new and wake:
            wake()
        answer = events[0].answer if len(events) == 1 else {}
        return _json(answer) if answer else Response(status=200)

    return receive


def accept(shop: WebhookShop, events: list[Received], also: Callable[[UnitOfWork], None] | None = None) -> int:
    """Commits the events and what else belongs to them, all or none. How many were new. Raises StorageError."""

    def work(uow: UnitOfWork) -> int:
        now = shop.clock.now()
        new = 0
        for received in events:
            if received.problem:
                new += uow.inbox.dead_letter(received.event, received.problem, now)
            else:
                new += uow.inbox.accept(received.event, now)
        if also:
            also(uow)
        return new

    return shop.storage.write(work)


def _json(answer: object) -> Response:
    return Response(json.dumps(answer), status=200, content_type="application/json")
