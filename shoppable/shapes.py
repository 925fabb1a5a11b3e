"""The JSON of the API, as types: what mypy checks is what openapi.json says. Of carts and orders: `selling_shapes.py`;
of the web chat: `chat_shapes.py`."""

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
