"""Waiting for what is said next: as a stream of server-sent events, or one long look for those that cannot stream."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

from commerce.domain.customer import Contact
from shoppable import streams
from shoppable.chat import entries
from shoppable.chat_shapes import ChatEvents


def wait_for_more(contact: Contact, after: int, wait_s: float, gone: Callable[[], bool]) -> ChatEvents:
    """What was said after that entry, as soon as there is something, or nothing after `wait_s` seconds.

    `gone` says whether the caller has hung up.
    """
    until = time.monotonic() + wait_s
    while True:
        events = entries.read(contact, after)
        if events["events"] or time.monotonic() >= until or gone():
            return events
        time.sleep(min(streams.LOOK_EVERY_S, max(0.0, until - time.monotonic())))


def stream(read: Callable[[int], ChatEvents], after: int, gone: Callable[[], bool]) -> Iterator[str]:
    """Server-sent events for about a minute. `read` gives what was said after an entry."""

    def look() -> Iterator[str]:
        nonlocal after
        said = read(after)
        for event in said["events"]:
            yield f"id: {event['id']}\nevent: line\ndata: {json.dumps(event)}\n\n"
        after = said["last_id"]

    return streams.stream(look, gone)
