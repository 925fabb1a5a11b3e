"""The two values every channel speaks: Message (what a shopper sends) and Reply (what we answer)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from commerce.domain.customer import Contact
from commerce.domain.geo import GeoPoint
from commerce.domain.money import Money


@dataclass(frozen=True, slots=True)
class MediaRef:
    """A file a shopper sent, not fetched yet.

    `locator` is the channel's own handle (Telegram file_id, key in our media store, path). `size_bytes` 0: unknown.
    """

    locator: str
    kind: str = "photo"  # photo | file | voice | video | other
    mime: str = ""
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody is about to pay inside the channel, and the vendor waits for our yes or no.

    `query_id` names the question, `reference` is that of our invoice, `amount` what would be charged.
    """

    query_id: str
    reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Paid:
    """The channel's vendor took money for an invoice of ours. `charge_id` is the vendor's name of the payment."""

    reference: str
    amount: Money
    charge_id: str


@dataclass(frozen=True, slots=True)
class Message:
    """Anything a shopper sends, from any channel.

    Exactly what was sent is set: `text` (also the caption of a photo), `media`, `location`, `action` (the payload of a
    tapped button), `start` (the parameter of a deep link), `approval` and `paid` (their hand on an invoice of ours).
    `language_hint` is the app's language, not the text's.
    """

    contact: Contact
    event_id: str
    sent_at: datetime
    text: str = ""
    media: tuple[MediaRef, ...] = ()
    location: GeoPoint | None = None
    action: str = ""
    start: str | None = None
    approval: Approval | None = None
    paid: Paid | None = None
    language_hint: str = ""
    sender_name: str = ""
    came_from: str = ""  # the link that brought their browser to the shop, where the channel is one
    reply_to_ours: str = ""  # provider id of the message of ours that they answered, if the channel says so


class Ask(StrEnum):
    """Something a reply asks the channel to collect with its own widget, where it has one."""

    LOCATION = "location"


@dataclass(frozen=True, slots=True)
class Button:
    """A choice. Either `action` (sent back to us, at most 64 bytes) or `url` (opened by the shopper's app)."""

    label: str
    action: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        if bool(self.action) == bool(self.url):
            raise ValueError("a button has an action or a url, one of the two")
        if len(self.action.encode()) > 64:  # Telegram's callback_data: 1-64 bytes
            raise ValueError(f"action longer than 64 bytes: {self.action!r}")


@dataclass(frozen=True, slots=True)
class ReplyPicture:
    """A picture of ours: a key of the media store, or inline PNG bytes (a QR code). `alt` says what it shows."""

    alt: str
    media_key: str = ""
    png: bytes = b""


@dataclass(frozen=True, slots=True)
class ReplyDocument:
    """A text file that people keep, with a reply that has neither cards nor a picture.

    `url`: the page of ours that gives the same file to whom it belongs.
    """

    name: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """One product, one card. `facts` are short lines under the title (price first)."""

    title: str
    facts: tuple[str, ...]
    picture: ReplyPicture | None = None
    buttons: tuple[Button, ...] = ()
    url: str = ""
    product_id: int = 0


@dataclass(frozen=True, slots=True)
class InvoiceItem:
    """One line of an invoice. Negative for what is taken off."""

    label: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Invoice:
    """Something to pay inside the channel. `reference` comes back with the question whether it may be paid and with the
    payment; `items` sum up to what is charged, which is more than nothing. `pay_label` is on the button that pays."""

    reference: str
    title: str
    description: str
    currency: str
    items: tuple[InvoiceItem, ...]
    pay_label: str

    def __post_init__(self) -> None:
        if self.total_minor <= 0:
            raise ValueError(f"an invoice about nothing: {self.items}")

    @property
    def total_minor(self) -> int:
        return sum(item.amount_minor for item in self.items)


@dataclass(frozen=True, slots=True)
class Reply:
    """Anything we answer, channel-neutral. At most three cards; text first, then cards, then buttons.

    An `invoice` is left out where the channel has none: the text and the buttons must do without it. `speaker`: the
    person of the shop whose words these are, '' for the bot.
    """

    text: str
    cards: tuple[Card, ...] = ()
    buttons: tuple[Button, ...] = ()
    picture: ReplyPicture | None = None
    ask: Ask | None = None
    language: str = "en"
    invoice: Invoice | None = None
    document: ReplyDocument | None = None
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can show. Limits as its vendor documents them (see each channel's README)."""

    text_limit: int  # characters (UTF-16 units where the vendor counts so)
    caption_limit: int = 0
    buttons_per_message: int = 0  # 0: buttons become numbered lines of text
    button_label_limit: int = 64
    pictures: bool = False
    albums: bool = False
    location_request: bool = False
    invoices: bool = False
    documents: bool = False  # False: what a file says is said in the message
    markdown: bool = False
    reply_window_s: int | None = None  # None: may write at any time
    counts_utf16: bool = field(default=False)
    messages_per_s: int | None = None  # of the whole account; None: as many as there are
