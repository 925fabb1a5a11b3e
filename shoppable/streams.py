"""Answers that stay open: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).

Each keeps a thread of the server, so there are only so many places; beyond them a page looks again every few seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from flask import Response, request, stream_with_context

from shoppable.limits import Places
from shoppable.problems import Problem

LOOK_EVERY_S = 0.25
_LOOK_AGAIN_S = 3
_SIGN_OF_LIFE_S = 4.0  # proxies close what is silent; and where `gone` cannot tell, writing shows that nobody listens
_LONGEST_S = 60.0  # then the browser comes back by itself, and places go round
_COME_BACK_MS = 1_000


def stream(look: Callable[[], Iterable[str]], gone: Callable[[], bool], every_s: float = LOOK_EVERY_S) -> Iterator[str]:
    """For about a minute: whatever `look` has to say, as whole events. `gone` says whether the caller has hung up."""
    yield f"retry: {_COME_BACK_MS}\n\n"
    began = spoke = time.monotonic()
    while time.monotonic() - began < _LONGEST_S and not gone():
        now = time.monotonic()
        for event in look():
            spoke = now
            yield event
        if now - spoke >= _SIGN_OF_LIFE_S:
            spoke = now
            yield ": still here\n\n"
        time.sleep(every_s)


def answer(places: Places, lines: Iterator[str]) -> Response:
    """The stream, if there is a place; otherwise the problem "no_place"."""
    if not places.take():
        raise no_place()
    response = Response(stream_with_context(lines), mimetype="text/event-stream")
    response.call_on_close(places.give_back)  # the server closes every answer, one that was never begun too
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would collect the lines otherwise
    return response


def no_place() -> Problem:
    return Problem(503, "no_place", "Many people are here just now. Please look again.", retry_after_s=_LOOK_AGAIN_S)


def gone() -> Callable[[], bool]:
    """Whether the caller has hung up, where the server can tell (waitress, with channel_request_lookahead)."""
    asked: Callable[[], bool] | None = request.environ.get("waitress.client_disconnected")
    return asked or (lambda: False)


def is_wanted() -> bool:
    """Whether this request asks for a stream."""
    return request.accept_mimetypes.best == "text/event-stream"
