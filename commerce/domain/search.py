"""What a shopper looks for, and what was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from commerce.domain.geo import GeoPoint
from commerce.domain.money import Money
from commerce.domain.product import Product, Variant
from commerce.domain.stock import Band
from commerce.domain.store import Store


class Why(StrEnum):
    """Why a product is among the answers."""

    WORDS = "words"
    EXACT_PICTURE = "exact_picture"  # the very photo of our own catalogue
    BARCODE = "barcode"  # the number under a barcode in the photo
    VERY_CLOSE = "very_close"
    CLOSE = "close"
    FAR = "far"  # the nearest by its picture, but not near
    ATTRIBUTES = "attributes"


class Hit(NamedTuple):
    """One product of an answer, best first. `score` lies in 0..1 and compares only within one answer."""

    product_id: int
    score: float
    why: Why

    @property
    def is_exact(self) -> bool:
        """It is the very product, not one like it."""
        return self.why in (Why.EXACT_PICTURE, Why.BARCODE)


class Shared(StrEnum):
    """What a product has in common with the one it resembles."""

    LOOKS = "looks"  # by their pictures
    KIND = "kind"
    COLOUR = "colour"
    MATERIAL = "material"
    PATTERN = "pattern"
    BRAND = "brand"


@dataclass(frozen=True, slots=True)
class Filters:
    """What an answer must satisfy. Empty means no condition. All conditions hold together on ONE variant
    (a navy 38 under 60 € is one SKU, not three)."""

    categories: frozenset[str] = frozenset()  # lexicon keys, already widened to their kin
    colours: frozenset[str] = frozenset()
    without_colours: frozenset[str] = frozenset()
    genders: frozenset[str] = frozenset()
    sizes: frozenset[str] = frozenset()  # casefolded
    price_min_minor: int | None = None
    price_max_minor: int | None = None
    store_ids: frozenset[str] = frozenset()
    in_stock: bool = False  # somewhere, or in `store_ids` when given
    product_ids: frozenset[int] | None = None  # only among these ("same but under 60" among those shown)

    @property
    def is_empty(self) -> bool:
        return self == Filters()


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """`words` are free words for the text index (not yet corrected); filters are certain."""

    words: str = ""
    language: str = "en"
    filters: Filters = field(default_factory=Filters)
    limit: int = 10
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A product of an answer with today's facts. `variants` are those that satisfy the filters (at least one).
    `shared`: why it is called similar to another product."""

    product: Product
    hit: Hit
    variants: tuple[Variant, ...]
    shared: tuple[Shared, ...] = ()

    @property
    def price_from(self) -> Money:
        return min((v.price for v in self.variants), key=lambda price: price.minor)


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """Products found, best first.

    `read_as`: the query after correction, in the shopper's own word order.
    `total`: how many satisfy everything (a floor when the index stopped early).
    `nearest`: when nothing satisfies every condition, the closest ones that break exactly one condition, named in
    `broken` ("price", "size", "colour", "stock", "words", …); never mixed into `found`.
    `price_floor`: the real lowest price without the price condition, when the budget is what failed.
    `unknown`: words of the query that nothing in the shop answers to; what was found is for the others.
    """

    found: tuple[Found, ...]
    read_as: str
    total: int
    nearest: tuple[Found, ...] = ()
    broken: str = ""
    price_floor: Money | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreOffer:
    """A store that has (or has not) a variant, seen from where the shopper is."""

    store: Store
    band: Band
    available: int
    distance_m: float | None


@dataclass(frozen=True, slots=True)
class NearRequest:
    """Which stores have this variant, nearest first."""

    variant_id: int
    near: GeoPoint | None
    include_empty: bool = False
