"""The JSON of the API, as types: what mypy checks is what openapi.json says."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

_exact = with_config(ConfigDict(extra="forbid"))

Minor = Annotated[int, Field(ge=0, le=10**12, description="Amount in minor units (cents).")]
BandName = Literal["none", "last", "few", "in_stock"]
Iso = Annotated[str, Field(description="Moment, ISO 8601 in UTC.")]


@_exact
class Problem(TypedDict):
    """Problem details (RFC 9457). `code` is stable; `title` and `detail` are in the caller's language."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str


@_exact
class Near(TypedDict):
    """The nearest store that has it."""

    store: str
    name: str
    distance_m: int | None


@_exact
class Hit(TypedDict):
    """One product of an answer. `id` is its own id where it comes from; `score` compares only within one answer.
    `exact`: the very product of the photo or barcode. `band`: how alike, where looks were compared. `shared`: what a
    similar product has in common (looks, kind, colour, material, pattern, brand)."""

    id: str
    product_id: int
    title: str
    brand: str
    url: str
    picture: str
    price_minor: int
    list_price_minor: int | None
    currency: str
    category: str
    colours: list[str]
    sizes: list[str]
    sizes_in_stock: list[str]
    in_stock: bool
    nearest: Near | None
    score: float
    why: str
    exact: bool
    band: Literal["very_close", "close", "far", ""]
    shared: list[str]


@_exact
class Hits(TypedDict):
    """Best first. `unknown` are words found nowhere. Where nothing satisfies all conditions, `nearest` holds products
    that break exactly one, named in `broken`."""

    hits: list[Hit]
    total: int
    read_as: str
    unknown: list[str]
    nearest: list[Hit]
    broken: str
    price_floor_minor: int | None
    next_cursor: str | None
    took_ms: float


@_exact
class Garment(TypedDict):
    """Something to wear in a photo. `box`: left, top, right, bottom as fractions of the upright photo; ask again with
    it to search for this alone. `category` is '' where nobody can tell."""

    box: list[float]
    category: str
    label: str


@_exact
class PhotoHits(Hits):
    """With what there is to choose from in the photo, surest first."""

    garments: list[Garment]


@_exact
class StoreStock(TypedDict):
    store: str
    band: BandName


@_exact
class VariantFacts(TypedDict):
    """One thing that can be sold. Exact counts are not told; `available_online` is the parcel stock's."""

    sku: str
    colour: str
    colour_words: str
    size: str
    gtin: str
    price_minor: int
    list_price_minor: int | None
    currency: str
    available_online: BandName
    stores: list[StoreStock]


@_exact
class PictureFacts(TypedDict):
    url: str
    width_px: int
    height_px: int


@_exact
class ProductFacts(TypedDict):
    """A product with its variants, today's prices and bands of stock."""

    id: str
    product_id: int
    source: str
    title: str
    description: str
    brand: str
    category: str
    gender: str
    url: str
    merchant_url: str
    attributes: dict[str, str]
    pictures: list[PictureFacts]
    variants: list[VariantFacts]


@_exact
class PhotoQuestion(TypedDict):
    """A photo to search with, words that narrow it ("in green"), and the part of it that is meant: left, top, right,
    bottom as fractions of its width and height."""

    photo_base64: Annotated[str, Field(max_length=14_000_000)]
    words: NotRequired[Annotated[str, Field(max_length=500)]]
    box: NotRequired[Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=4, max_length=4)]]


@_exact
class StoreFacts(TypedDict):
    """A store. `band` and `distance_m` only where a variant and a place were asked about. `paused_until`: it takes no
    online orders until then."""

    id: str
    name: str
    short_name: str
    kind: str
    address: str
    postcode: str
    city: str
    country: str
    latitude: float | None
    longitude: float | None
    phone: str
    timezone: str
    open_now: bool
    closes_at: Iso | None
    opens_at: Iso | None
    paused_until: Iso | None
    distance_m: int | None
    band: BandName | None


@_exact
class Stores(TypedDict):
    stores: list[StoreFacts]


@_exact
class SlotFacts(TypedDict):
    """`left`: how many more may come then. `words`: as people say it."""

    starts_at: Iso
    ends_at: Iso
    left: int
    words: str


@_exact
class Slots(TypedDict):
    """Hours with room, soonest first; none where people come when they like."""

    slots: list[SlotFacts]


@_exact
class NewPrice(TypedDict):
    """A price from now on. `list_price_minor`: the price before a cut, null when there is none."""

    price_minor: Minor
    list_price_minor: NotRequired[Minor | None]
    currency: NotRequired[Annotated[str, Field(pattern="^[A-Z]{3}$")]]


@_exact
class PriceWritten(TypedDict):
    sku: str
    price_minor: int
    list_price_minor: int | None
    currency: str
    changed: bool


@_exact
class NewCount(TypedDict):
    """How many there are, counted just now."""

    on_hand: Annotated[int, Field(ge=0, le=1_000_000)]


@_exact
class StockWritten(TypedDict):
    sku: str
    store: str
    on_hand: int
    held: int
    available: int
    band: BandName


@_exact
class CustomerFacts(TypedDict):
    """One person, however many doors they use. `channels`: where they have written from, the latest first; `came_from`:
    the first thing that is known to have brought them, such as "catalogue:<id>:4" or "link:<code>"."""

    id: str
    name: str
    language: str
    channels: list[str]
    came_from: str
    created_at: Iso


@_exact
class CustomersListed(TypedDict):
    """In the order of their ids; `next_cursor` null: that was all."""

    customers: list[CustomerFacts]
    next_cursor: str | None


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
