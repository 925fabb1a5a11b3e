"""Keeps what is sent, in order, and fails when told to."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from bot.channels.port import Outgoing, PaymentAnswer
from bot.channels.recorder.parse import parse
from bot.graphemes import length
from bot.intake import clean
from bot.messages import Capabilities, MediaRef, Message
from commerce.domain.customer import Contact
from commerce.domain.mail import InboundEvent
from commerce.errors import FetchRefused, SendRefused, SendUnknown, VendorError
from commerce.ports import MediaStore

CAPABILITIES = Capabilities(
    text_limit=4096,
    caption_limit=1024,
    buttons_per_message=60,
    button_label_limit=64,
    pictures=True,
    albums=True,
    location_request=True,
    documents=True,
)

_LONGEST = 100_000


@dataclass(frozen=True, slots=True)
class Sent:
    """One delivery: everything that one call of `send` handed over."""

    contact: Contact
    outgoing: tuple[Outgoing, ...]


class Recorder:
    name = "recorder"
    account = "memory"

    def __init__(self, media: MediaStore, capabilities: Capabilities = CAPABILITIES) -> None:
        self.capabilities = capabilities
        self._media = media
        self._lock = threading.Lock()
        self._sent: list[Sent] = []
        self._failures: deque[VendorError] = deque()
        self.payment_answers: list[PaymentAnswer] = []

    def parse(self, event: InboundEvent) -> Message | None:
        return parse(event)

    def send(self, contact: Contact, outgoing: Sequence[Outgoing]) -> str:
        """As strict as a vendor: what `bot.render` should have cut or cleaned is refused."""
        for message in outgoing:
            limit = (
                self.capabilities.caption_limit
                if message.pictures or message.document
                else self.capabilities.text_limit
            )
            if length(message.text, utf16=self.capabilities.counts_utf16) > limit:
                raise SendRefused("message is too long")
            if clean(message.text, _LONGEST) != message.text:
                raise SendRefused("message holds characters that no vendor takes")
        with self._lock:
            failure = self._failures.popleft() if self._failures else None
            if failure is None or isinstance(failure, SendUnknown):
                self._sent.append(Sent(contact, tuple(outgoing)))  # unknown: it arrived, its receipt did not
            if failure is not None:
                raise failure
            return str(len(self._sent))

    def answer_payment(self, answer: PaymentAnswer) -> None:
        if not self.capabilities.invoices:
            raise SendRefused("nobody pays inside this channel")
        with self._lock:
            if any(given.query_id == answer.query_id for given in self.payment_answers):
                raise SendRefused("query is too old or was answered")
            failure = self._failures.popleft() if self._failures else None
            if failure is None or isinstance(failure, SendUnknown):
                self.payment_answers.append(answer)
            if failure is not None:
                raise failure

    def fail_with(self, *failures: VendorError) -> None:
        """The next calls of `send` or `answer_payment` raise these, one each."""
        with self._lock:
            self._failures.extend(failures)

    def sent_to(self, contact: Contact) -> list[Sent]:
        with self._lock:
            return [sent for sent in self._sent if sent.contact == contact]

    @property
    def sent(self) -> list[Sent]:
        with self._lock:
            return list(self._sent)

    def fetch_media(self, ref: MediaRef, max_bytes: int) -> bytes:
        data = self._media.get(ref.locator)
        if data is None:
            raise FetchRefused("gone")
        if len(data) > max_bytes:
            raise FetchRefused("too_large")
        return data

    def close(self) -> None:
        """Nothing is open."""
