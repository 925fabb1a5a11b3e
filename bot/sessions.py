"""What a conversation remembers between two messages. It expires, it is bounded, and nothing depends on it for ever."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from commerce.domain.customer import Contact
from commerce.domain.geo import GeoPoint
from commerce.domain.wish import Wish
from commerce.ports import UnitOfWork
from commerce.services.photos import RememberedPhoto

if TYPE_CHECKING:
    from pydantic import TypeAdapter

VERSION = 1
KEPT_FOR = timedelta(days=30)
LISTS_KEPT = 5
LONGEST_LIST = 12
QUEUE_KEPT = 30
CHOICES_KEPT = 24
LARGEST_BYTES = 48_000
_BROUGHT_FOR_S = 24 * 3600  # what somebody buys within a day is what the page has sold


@dataclass(frozen=True, slots=True)
class ShownItem:
    """A product as a list showed it: enough to resolve "the red one" later. Facts are looked up again before use."""

    product_id: int
    title: str
    category: str = ""
    colour: str = ""
    price_minor: int = 0
    size: str = ""  # when it was shown in that one alone


@dataclass(frozen=True, slots=True)
class Focus:
    """The product being talked about, with what was chosen of it. `colour` is as `options.colour_of` names it."""

    product_id: int
    colour: str = ""
    size: str = ""


class Question(StrEnum):
    """What we asked last and have no answer to yet."""

    SIZE = "size"
    COLOUR = "colour"
    PLACE = "place"
    CITY = "city"
    PRODUCT = "product"
    GARMENT = "garment"
    REMEMBER_SIZE = "remember_size"
    WHICH_RESERVATION = "which_reservation"
    PROBLEM = "problem"
    WITHDRAWAL_NAME = "withdrawal_name"
    HOW_TO_GET_IT = "how_to_get_it"
    ADDRESS = "address"
    CONFIRM_ADDRESS = "confirm_address"
    CONTACT = "contact"
    SEND_TO = "send_to"  # an order that is paid, in place of collecting it
    CONFIRM_SENDING = "confirm_sending"
    ORDER_NUMBER = "order_number"
    ORDER_CODE = "order_code"
    CODE = "code"
    TROUBLE = "trouble"
    PHONE = "phone"
    PROXY = "proxy"  # who comes instead
    VEHICLE = "vehicle"
    SPOT = "spot"


class Goal(StrEnum):
    """Where the questions lead."""

    NONE = ""
    STORES = "stores"
    RESERVE = "reserve"
    CHECKOUT = "checkout"
    CART = "cart"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Pending:
    """A question with what is needed once it is answered. `wording` is the question as it was shown, for the ledger, or
    the action that the answer completes."""

    question: Question
    goal: Goal = Goal.NONE
    store_id: str = ""
    size_system: str = ""
    size: str = ""
    wording: str = ""
    typed: str = ""  # what was answered, while something else is still to be said
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Choice:
    """A button of the last reply: its label or, where the channel numbers them, its number may be typed."""

    label: str
    action: str


@dataclass(frozen=True, slots=True)
class Session:
    """Everything a conversation remembers. `lists`: newest first. `queue`: results found but not shown yet."""

    language: str = ""
    lists: tuple[tuple[ShownItem, ...], ...] = ()
    wish: Wish = field(default_factory=Wish)
    queue: tuple[int, ...] = ()
    offset: int = 0
    focus: Focus | None = None
    pending: Pending | None = None
    location: GeoPoint | None = None
    place_name: str = ""
    photo: RememberedPhoto | None = None
    numbered_key: str = ""  # our copy of that photo with numbers on it
    photo_notice_given: bool = False
    choices: tuple[Choice, ...] = ()
    choices_numbered: bool = False
    recent_s: tuple[int, ...] = ()  # when the last messages were sent, for the flood guard
    flooded: bool = False
    contact_asked: bool = False  # for this checkout
    matter: str = ""  # what the talk is about, for whoever takes over, and the order's number
    order_number: int = 0
    problem_key: str = ""  # our copy of the photo that shows what is wrong, and the words with it
    problem_note: str = ""
    lost: int = 0  # messages running that nobody understood
    closing: str = ""  # the goodbye that was our last word
    heard_s: int = 0  # when the last message was sent
    came_from: str = ""  # the page of a catalogue or the link that brought them, and when
    came_from_s: int = 0

    def with_list(self, items: tuple[ShownItem, ...]) -> Session:
        """With one more list shown, the oldest forgotten."""
        return replace(self, lists=(items[:LONGEST_LIST], *self.lists)[:LISTS_KEPT]) if items else self

    def brought(self, came_from: str, at: datetime) -> Session:
        return replace(self, came_from=came_from, came_from_s=int(at.timestamp()))

    def source_of(self, at: datetime) -> str:
        """What brought them here lately; '' when nothing did."""
        return self.came_from if at.timestamp() - self.came_from_s < _BROUGHT_FOR_S else ""

    def at(self, point: GeoPoint, name: str = "") -> Session:
        """Somewhere, to about a hundred metres: no more is needed to find the nearest store."""
        rounded = GeoPoint(round(point.latitude, 3), round(point.longitude, 3))
        return replace(self, location=rounded, place_name=name)


@cache
def _adapter() -> TypeAdapter[Session]:
    from pydantic import TypeAdapter

    return TypeAdapter(Session)


def to_json(session: Session) -> str:
    """At most LARGEST_BYTES: what can be found again is dropped first."""
    whole = replace(session, queue=session.queue[:QUEUE_KEPT], choices=session.choices[:CHOICES_KEPT])
    less = replace(whole, lists=whole.lists[:2], choices=())
    least = replace(less, lists=(), photo=None, wish=Wish(), pending=None)
    for kept in (whole, less, least):
        body = _adapter().dump_json(kept, exclude_defaults=True).decode()
        text = f'{{"version":{VERSION},"session":{body}}}'
        if len(text.encode()) <= LARGEST_BYTES:
            return text
    return f'{{"version":{VERSION},"session":{{}}}}'


def from_json(text: str | None) -> Session:
    """The session; a fresh one for nothing, damage, or a version we do not know."""
    if not text:
        return Session()
    try:
        outer = json.loads(text)
        if not isinstance(outer, dict) or outer.get("version") != VERSION:
            return Session()
        return _adapter().validate_python(outer.get("session"))
    except ValueError:
        return Session()


def key_of(contact: Contact) -> str:
    return f"session:{contact.lane}"


def load(uow: UnitOfWork, contact: Contact, now: datetime) -> Session:
    return from_json(uow.state.get(key_of(contact), now))


def save(uow: UnitOfWork, contact: Contact, session: Session, now: datetime) -> None:
    uow.state.put(key_of(contact), to_json(session), now + KEPT_FOR)


__all__ = [
    "Choice", "Focus", "Goal", "Pending", "Question", "RememberedPhoto", "Session", "ShownItem", "Wish",
    "from_json", "key_of", "load", "save", "to_json",
]  # fmt: skip
