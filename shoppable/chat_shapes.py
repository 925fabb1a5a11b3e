"""The JSON of the web chat, as types; see `shapes.py`."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from shoppable.shapes import Iso

_exact = with_config(ConfigDict(extra="forbid"))


@_exact
class Location(TypedDict):
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]


@_exact
class ChatMessage(TypedDict):
    """Something a shopper says. The same `client_msg_id` twice takes effect once. `media` are tokens of uploads."""

    client_msg_id: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{8,64}$")]
    text: NotRequired[Annotated[str, Field(max_length=4000)]]
    action: NotRequired[Annotated[str, Field(max_length=64)]]
    start: NotRequired[Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,64}$")]]
    location: NotRequired[Location]
    media: NotRequired[Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=3)]]
    language: NotRequired[Annotated[str, Field(pattern="^[a-z]{2}(-[A-Za-z]{2})?$")]]


@_exact
class ChatAccepted(TypedDict):
    """`person`: somebody of the shop answers, in their own time, and the bot is silent."""

    client_msg_id: str
    duplicate: bool
    person: bool


@_exact
class ChatPicture(TypedDict):
    alt: str
    url: str


@_exact
class ChatButton(TypedDict):
    """Either `action` (send it back) or `url` (open it)."""

    label: str
    action: str
    url: str


@_exact
class ChatCard(TypedDict):
    title: str
    facts: list[str]
    picture: ChatPicture | None
    buttons: list[ChatButton]
    url: str


@_exact
class ChatDocument(TypedDict):
    """A file to keep."""

    name: str
    url: str


@_exact
class ChatReply(TypedDict):
    """`speaker`: the person of the shop who wrote it, "" for the bot."""

    text: str
    cards: list[ChatCard]
    buttons: list[ChatButton]
    picture: ChatPicture | None
    document: ChatDocument | None
    ask: str | None
    language: str
    speaker: str


@_exact
class ChatSaid(TypedDict):
    """What the shopper said, as the page shows it again after a reload."""

    client_msg_id: str
    text: str
    action: str
    photos: int
    location: bool


@_exact
class ChatEvent(TypedDict):
    """One line of the conversation: `said` when it came from the shopper, `reply` when from the shop."""

    id: int
    at: Iso
    said: ChatSaid | None
    reply: ChatReply | None


@_exact
class ChatEvents(TypedDict):
    """In order. Ask again with `after` = `last_id`."""

    events: list[ChatEvent]
    last_id: int


@_exact
class KnownOrder(TypedDict):
    number: int
    state: str
    is_open: bool


@_exact
class KnownReservation(TypedDict):
    code: str
    store: str
    state: str
    expires_at: Iso


@_exact
class KnownOffer(TypedDict):
    """Something else in place of what could not be found; its units are held until then."""

    id: str
    expires_at: Iso


@_exact
class KnownWait(TypedDict):
    """Something that was waited for is back: a unit is held at that store until then."""

    variant_id: int
    store: str
    until: Iso


@_exact
class Recognised(TypedDict):
    """What a greeting is made of, the same on every channel. Somebody new has no name and nothing else. `text` and
    `buttons`: the greeting as the web chat says it."""

    known: bool
    name: str
    language: str
    last_order: KnownOrder | None
    reservations: list[KnownReservation]
    offers: list[KnownOffer]
    waits: list[KnownWait]
    text: str
    buttons: list[ChatButton]


@_exact
class Uploaded(TypedDict):
    """`token` goes into `media` of a message of the same browser session."""

    token: str
