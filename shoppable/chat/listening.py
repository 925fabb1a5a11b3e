"""Waiting for what is said next: as a stream of server-sent events, or one long look for those that cannot stream.

Both keep a thread of the server, so there are only so many places; beyond them the page looks again every few seconds.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

from commerce.domain.customer import Contact
from shoppable.chat import entries
from shoppable.shapes import ChatEvents

LOOK_EVERY_S = 0.25
_SIGN_OF_LIFE_S = 4.0  # proxies close what is silent; and where `gone` cannot tell, writing shows that nobody listens
_LONGEST_STREAM_S = 60.0  # then the browser comes back by itself, and places go round
_COME_BACK_MS = 1_000


def wait_for_more(contact: Contact, after: int, wait_s: float, gone: Callable[[], bool]) -> ChatEvents:
    """What was said after that entry, as soon as there is something, or nothing after `wait_s` seconds.

    `gone` says whether the caller has hung up.
    """
    until = time.monotonic() + wait_s
    while True:
        events = entries.read(contact, after)
        if events["events"] or time.monotonic() >= until or gone():
            return events
        time.sleep(min(LOOK_EVERY_S, max(0.0, until - time.monotonic())))


def stream(read: Callable[[int], ChatEvents], after: int, gone: Callable[[], bool]) -> Iterator[str]:
    """Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) for about a minute.

    `read` gives what was said after an entry; `gone` says whether the caller has hung up.
    """
    yield f"retry: {_COME_BACK_MS}\n\n"
    began = spoke = time.monotonic()
    while time.monotonic() - began < _LONGEST_STREAM_S and not gone():
        events = read(after)
        for event in events["events"]:
            yield f"id: {event['id']}\nevent: line\ndata: {json.dumps(event)}\n\n"
        after = events["last_id"]
        now = time.monotonic()
        if events["events"]:
            spoke = now
        elif now - spoke >= _SIGN_OF_LIFE_S:
            spoke = now
            yield ": still here\n\n"
        time.sleep(LOOK_EVERY_S)
