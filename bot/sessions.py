"""What a conversation remembers between two messages. It expires, it is bounded, and nothing depends on it for ever."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from commerce.domain.customer import Contact
from commerce.domain.geo import GeoPoint
from commerce.domain.wish import Wish
from commerce.ports import SeenPhoto, UnitOfWork

if TYPE_CHECKING:
    from pydantic import TypeAdapter

VERSION = 1
KEPT_FOR = timedelta(days=30)
LISTS_KEPT = 5
LONGEST_LIST = 12
QUEUE_KEPT = 30
CHOICES_KEPT = 24
LARGEST_BYTES = 48_000


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
    REMEMBER_SIZE = "remember_size"
    WHICH_RESERVATION = "which_reservation"


class Goal(StrEnum):
    """Where the questions lead."""

    NONE = ""
    STORES = "stores"
    RESERVE = "reserve"


@dataclass(frozen=True, slots=True)
class Pending:
    """A question with what is needed once it is answered. `wording` is the question as it was shown, for the ledger."""

    question: Question
    goal: Goal = Goal.NONE
    store_id: str = ""
    size_system: str = ""
    size: str = ""
    wording: str = ""


@dataclass(frozen=True, slots=True)
class RememberedPhoto:
    """A photo to search with again, without the photo: base64 of float16, and its end in epoch seconds."""

    vector: str
    sha256: str
    phash: str
    encoder: str
    expires_s: int

    @classmethod
    def of(cls, photo: SeenPhoto, expires_at: datetime) -> RememberedPhoto:
        packed = base64.b64encode(photo.vector.astype("<f2").tobytes()).decode()
        return cls(packed, photo.sha256, photo.phash, photo.encoder, int(expires_at.timestamp()))

    def seen(self, now: datetime) -> SeenPhoto | None:
        """The photo without its file, its vector of unit length again; None when its time is over."""
        if now.timestamp() >= self.expires_s:
            return None
        raw = np.frombuffer(base64.b64decode(self.vector), dtype="<f2")
        vector: NDArray[np.float32] = raw.astype(np.float32)
        norm = float(np.linalg.norm(vector))
        if not norm > 0:
            return None
        return SeenPhoto(vector / np.float32(norm), b"", self.sha256, self.phash, self.encoder)


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
    photo_notice_given: bool = False
    choices: tuple[Choice, ...] = ()
    choices_numbered: bool = False
    recent_s: tuple[int, ...] = ()  # when the last messages were sent, for the flood guard
    flooded: bool = False

    def with_list(self, items: tuple[ShownItem, ...]) -> Session:
        """With one more list shown, the oldest forgotten."""
        return replace(self, lists=(items[:LONGEST_LIST], *self.lists)[:LISTS_KEPT]) if items else self

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
