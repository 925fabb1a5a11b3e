"""What a channel is: the port, and what it hands over. The registry is in `bot.channels`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.messages import Button, Capabilities, Invoice, MediaRef, Message, ReplyDocument, ReplyPicture
from commerce.domain.customer import Contact
from commerce.domain.mail import InboundEvent


class Outgoing(Protocol):
    """One message as `bot.render` leaves it: cut to this channel's limits, plain text, nothing to interpret.

    `kind`: text | picture | album | location_request | document | invoice. `rows` are buttons; the `text` of a picture
    or of a document is its caption.
    """

    @property
    def kind(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def pictures(self) -> Sequence[ReplyPicture]: ...
    @property
    def rows(self) -> Sequence[Sequence[Button]]: ...
    @property
    def invoice(self) -> Invoice | None: ...
    @property
    def document(self) -> ReplyDocument | None: ...


@dataclass(frozen=True, slots=True)
class PaymentAnswer:
    """Our yes or no to an `Approval`. `why_not` is read by the shopper, '' with a yes."""

    query_id: str
    ok: bool
    why_not: str = ""


class Channel(Protocol):
    """One way to reach people. Safe for many threads."""

    @property
    def name(self) -> str: ...
    @property
    def account(self) -> str:
        """Our own side: which bot, which number."""
        ...

    @property
    def capabilities(self) -> Capabilities: ...

    def parse(self, event: InboundEvent) -> Message | None:
        """The message in an event that was stored; None: nothing for a conversation. Never raises."""
        ...

    def send(self, contact: Contact, outgoing: Sequence[Outgoing]) -> str:
        """Delivers the messages in order and returns the vendor's ids of them, by commas.

        Raises RetryLater (nothing more was delivered; call again with the same messages, those that were delivered are
        not sent again), SendRefused (never will be), SendUnknown (the vendor did not answer).
        """
        ...

    def answer_payment(self, answer: PaymentAnswer) -> None:
        """Tells the vendor whether a payment may go on. Raises like `send`; SendRefused also where there is nothing of
        the kind, and for a question that was answered or is too old."""
        ...

    def fetch_media(self, ref: MediaRef, max_bytes: int) -> bytes:
        """The bytes of a file that somebody sent. Raises FetchRefused."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Received:
    """One event out of a vendor's call.

    `problem`: why it cannot be interpreted ('' when it can): it goes to the dead letters. `answer`: JSON that the
    vendor takes in our answer to the call.
    """

    event: InboundEvent
    problem: str = ""
    answer: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hook:
    """The vendor's door: POST /hooks/{name}."""

    name: str
    verify: Callable[[Mapping[str, str], bytes], bool]  # headers and the raw body; before anything is read
    split: Callable[[bytes, datetime], list[Received]]  # never raises
