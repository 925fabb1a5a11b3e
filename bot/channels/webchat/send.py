"""The page reads the thread, where each reply is stored in the transaction that caused it: nothing to deliver."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from bot.channels.port import Outgoing, PaymentAnswer
from bot.channels.webchat.parse import UPLOAD, parse
from bot.messages import Capabilities, MediaRef, Message
from commerce.domain.customer import Contact
from commerce.domain.mail import InboundEvent
from commerce.errors import FetchRefused, SendRefused
from commerce.ports import MediaStore

CAPABILITIES = Capabilities(
    text_limit=20_000,
    caption_limit=4_000,
    buttons_per_message=60,
    button_label_limit=80,
    pictures=True,
    albums=True,
    location_request=True,
    documents=True,
)


class WebChat:
    name = "webchat"
    account = "web"
    capabilities = CAPABILITIES

    def __init__(self, media: MediaStore) -> None:
        self._media = media

    def parse(self, event: InboundEvent) -> Message | None:
        return parse(event)

    def send(self, contact: Contact, outgoing: Sequence[Outgoing]) -> str:
        said = "\x1e".join(message.text for message in outgoing)
        return "thread-" + hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def answer_payment(self, answer: PaymentAnswer) -> None:
        raise SendRefused("nobody pays inside this channel")

    def fetch_media(self, ref: MediaRef, max_bytes: int) -> bytes:
        data = self._media.get(ref.locator) if UPLOAD.fullmatch(ref.locator) else None
        if data is None:
            raise FetchRefused("gone")
        if len(data) > max_bytes:
            raise FetchRefused("too_large")
        return data

    def close(self) -> None:
        """Nothing is open."""
