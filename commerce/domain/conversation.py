"""One conversation a customer, over every channel: who speaks for the shop, since when, and what was promised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from commerce.domain.customer import Contact
from commerce.domain.localtext import LocalText


class Voice(StrEnum):
    """Who answers the shopper."""

    BOT = "bot"
    NOBODY_YET = "nobody_yet"  # a person was asked for and is on the way: the bot is silent already
    PERSON = "person"


class HandoffReason(StrEnum):
    """Why a person is needed."""

    ASKED = "asked"
    NOT_UNDERSTOOD = "not_understood"  # twice running
    ANGRY = "angry"
    ORDER_TROUBLE = "order_trouble"
    BAD_RATING = "bad_rating"
    STAFF = "staff"  # somebody of the shop stepped in


class Matter(StrEnum):
    """What a conversation is about, as far as that says who should answer: the skill that is looked for."""

    NONE = ""
    RETURNS = "returns"
    PAYMENT = "payment"
    SIZES = "sizes"
    ORDERS = "orders"


@dataclass(frozen=True, slots=True)
class Need:
    """Why somebody wants a person, as far as it was said: nothing of it has to be asked again.

    `words`: the shopper's own, '' where only a button was tapped. `order_number` 0: none was named. `store_id` is the
    one nearest to them, where that is known. `looked_at`: products, the last one first.
    """

    reason: HandoffReason
    matter: Matter = Matter.NONE
    words: str = ""
    order_number: int = 0
    store_id: str = ""
    looked_at: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """The customer's one conversation. Whoever changes it says which `version` they saw.

    `unanswered_since`: when the shopper wrote what nobody has answered. `staff_spoke_at`: when a person answered last;
    the bot takes over again some hours after. `summary`: at most three lines, in the shop's first language.
    """

    customer_id: str
    voice: Voice
    reason: HandoffReason | None
    assigned_to: str  # a staff id, '' nobody
    store_id: str  # where it is about, '' anywhere
    language: str
    skill: str
    summary: str
    asked_at: datetime | None = None
    unanswered_since: datetime | None = None
    staff_spoke_at: datetime | None = None
    callback_offered_at: datetime | None = None
    said_goodbye_at: datetime | None = None
    version: int = 1

    @property
    def bot_is_silent(self) -> bool:
        return self.voice is not Voice.BOT


class NotSpeaking(StrEnum):
    """Why a member could not take, leave or give back a conversation."""

    NOT_FOUND = "not_found"
    CHANGED = "changed"  # somebody was faster: look again
    NOT_ALLOWED = "not_allowed"
    NOT_YOURS = "not_yours"  # somebody else answers it


class NotCalledBack(StrEnum):
    """Why a call could not be promised."""

    NOT_OPEN = "not_open"  # it is over, or nobody is in the store then
    NO_PHONE = "no_phone"  # we know no number


class NoteKind(StrEnum):
    """What was said or done outside of our channels."""

    CALL = "call"
    VISIT = "visit"
    NOTE = "note"


# Where a note is about: no channel of ours.
NOTE_CHANNELS = {NoteKind.CALL: "phone", NoteKind.VISIT: "counter", NoteKind.NOTE: ""}


class NotAnswered(StrEnum):
    """Why a staff member's words were not sent."""

    NOT_FOUND = "not_found"
    NO_CHANNEL = "no_channel"  # we know no way to reach this person
    WINDOW_CLOSED = "window_closed"  # the channel lets us write only so long after their last message
    TAKEN = "taken"  # somebody else answers this conversation
    EMPTY = "empty"
    TOO_LONG = "too_long"
    SAME_TWICE = "same_twice"  # the same canned reply, untouched, a second time: say so to send it anyway
    NO_PICTURES = "no_pictures"  # the channel carries none
    UNFILLED = "unfilled"  # a place for a fact is still in it


@dataclass(frozen=True, slots=True)
class Reach:
    """A channel on which a customer can be written to. `closes_at`: when its window closes (None: never);
    `is_open`: whether anything but a template may be sent now."""

    contact: Contact
    last_heard_at: datetime
    closes_at: datetime | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """Words of a person that are on their way: on `contact`, and as that entry of the thread."""

    entry_id: int
    contact: Contact
    conversation: Conversation


@dataclass(frozen=True, slots=True)
class AnswerRefused:
    """Nothing was sent. `reach` is the channel it was meant for, which carries `most` characters; `others` are those
    that are open instead; `held_by` is the member who answers; `missing` are the places that nothing was put into."""

    reason: NotAnswered
    reach: Reach | None = None
    others: tuple[Reach, ...] = ()
    most: int = 0
    held_by: str = ""
    missing: tuple[str, ...] = ()


class Shelf(StrEnum):
    """A part of the inbox."""

    WAITING = "waiting"  # somebody of the shop is wanted
    MINE = "mine"
    STORES = "stores"  # open ones about the member's stores, or about none
    ALL = "all"
    CLOSED = "closed"  # given back to the bot


@dataclass(frozen=True, slots=True)
class CannedReply:
    """Words that staff send often, with places for facts of this customer: see `PLACES`."""

    id: str
    title: str
    text: LocalText
    position: int = 0


PLACES = (
    "name", "member", "order", "order_status", "order_total", "item", "stock", "code", "until", "store", "address",
    "hours", "phone",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """A canned reply with this customer's facts in it. `missing`: places for which there is none; they stay in the text
    in braces until somebody fills them."""

    text: str
    missing: tuple[str, ...]


class NotCanned(StrEnum):
    """Why a canned reply could not be kept."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    UNKNOWN_PLACE = "unknown_place"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class StaffAnswer:
    """One answer of a person, for the share of canned replies and for how long shoppers wait."""

    staff_id: str
    customer_id: str
    at: datetime
    canned_id: str  # '' written freely
    edited: bool  # a canned reply that was changed before it was sent
    waited_s: int | None  # since the shopper's first unanswered message


class TouchKind(StrEnum):
    """A touch of the customer's timeline."""

    MESSAGE_IN = "message_in"
    MESSAGE_OUT = "message_out"
    NOTE = "note"
    CART = "cart"
    RESERVATION = "reservation"
    ORDER = "order"
    PAYMENT = "payment"
    RETURN = "return"
    LINKED = "linked"
    CONSENT = "consent"
    WAITING = "waiting"
    READING = "reading"  # in catalogues and on product pages, of whoever has agreed
    OFFER = "offer"  # in place of something that a store could not serve


@dataclass(frozen=True, slots=True)
class Touch:
    """One event of everything between a customer and the shop. `what` is the state or word, `subject` its id: of a
    cart's line, of a wait or an offer the variant's; of what was read the catalogue's and the product's ("b1:42").
    `text` is what people know it by (a number, a code, words)."""

    at: datetime
    kind: TouchKind
    channel: str
    subject: str
    what: str
    text: str = ""
    actor: str = ""
    amount_minor: int = 0
    currency: str = ""
