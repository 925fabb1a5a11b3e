"""Replies on standard output, as text: buttons are numbered lines, pictures are named."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.channels.port import Outgoing, PaymentAnswer
from bot.channels.terminal.parse import parse
from bot.graphemes import cut
from bot.intake import clean
from bot.messages import Capabilities, MediaRef, Message
from commerce.domain.customer import Contact
from commerce.domain.mail import InboundEvent
from commerce.errors import FetchRefused, SendRefused

TEXT_LIMIT = 40_000  # characters of one reply; more is a mistake somewhere
CAPABILITIES = Capabilities(
    text_limit=TEXT_LIMIT,
    caption_limit=TEXT_LIMIT,
    buttons_per_message=0,
    pictures=True,
    albums=True,
    location_request=True,
)


class Terminal:
    """`write` gets each reply as one block of lines; without one, replies are only counted."""

    name = "terminal"
    account = "local"
    capabilities = CAPABILITIES

    def __init__(self, write: Callable[[str], None] | None = None) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._count = 0

    def parse(self, event: InboundEvent) -> Message | None:
        return parse(event)

    def send(self, contact: Contact, outgoing: Sequence[Outgoing]) -> str:
        # `clean` also drops escape sequences: no text of a stranger or a feed may steer the terminal.
        lines = [line for message in outgoing for line in (_named(message), clean(message.text, TEXT_LIMIT))]
        if any(message.kind == "location_request" for message in outgoing):
            lines.append("  > location LAT,LON")
        block = cut("\n".join(filter(None, lines)), TEXT_LIMIT)
        with self._lock:
            self._count += 1
            if self._write and block:
                self._write(block)
            return str(self._count)

    def answer_payment(self, answer: PaymentAnswer) -> None:
        raise SendRefused("nobody pays inside this channel")

    def fetch_media(self, ref: MediaRef, max_bytes: int) -> bytes:
        try:
            with Path(ref.locator).open("rb") as file:
                data = file.read(max_bytes + 1)
        except (OSError, ValueError):
            raise FetchRefused("gone") from None
        if len(data) > max_bytes:
            raise FetchRefused("too_large")
        return data

    def close(self) -> None:
        """Nothing is open."""


def _named(message: Outgoing) -> str:
    """What the pictures of a message show, for there is no place to show them."""
    return " ".join(f"🖼 {clean(picture.alt, 200)}" for picture in message.pictures)
