"""What is sold: products, their prices and pictures, and what changed about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from commerce.domain.money import Money
from commerce.domain.product import Picture, Product, Variant


class ChangeKind(StrEnum):
    PRODUCT = "product"
    PRICE = "price"
    STOCK = "stock"
    PICTURE = "picture"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Change:
    """Something about a product changed. `seq` only grows."""

    seq: int
    product_id: int
    what: ChangeKind


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture with what the import knows of it."""

    picture: Picture
    product_id: int
    source_ref: str
    sha256: str
    phash: str


class ArticleNumbers(NamedTuple):
    """What a variant that is offered is known by."""

    variant_id: int
    product_id: int
    sku: str
    gtin: str
    source_id: str  # the product's number


class ProductRepository(Protocol):
    """Products that are active, unless said otherwise."""

    def get(self, product_id: int) -> Product | None: ...

    def many(self, product_ids: Iterable[int]) -> dict[int, Product]:
        """Active products by id; ids that are gone are simply missing."""
        ...

    def by_source_id(self, source_id: str, source: str | None = None) -> Product | None: ...

    def by_sku(self, sku: str) -> tuple[Product, Variant] | None: ...

    def by_gtin(self, gtin: str) -> tuple[Product, Variant] | None: ...

    def by_variant(self, variant_id: int) -> tuple[Product, Variant] | None: ...

    def by_variants(self, variant_ids: Iterable[int]) -> dict[int, tuple[Product, Variant]]:
        """The same for many at once, by the variant's id; those that are gone are simply missing."""
        ...

    def after(self, product_id: int, limit: int) -> list[Product]:
        """Active products with a larger id, by id: for walking through all of them."""
        ...

    def numbers_after(self, variant_id: int, limit: int) -> list[ArticleNumbers]:
        """Of active variants with a larger id, by id: for walking through all of them."""
        ...

    def count(self) -> int: ...

    def set_price(self, variant_id: int, price: Money, list_price: Money | None, at: datetime) -> bool:
        """Writes the price, the past price and the change. False when it already was so."""
        ...

    def lowest_price_before(self, variant_id: int, window: timedelta) -> Money | None:
        """The lowest price that applied at any moment of the window before the present price began, in its currency;
        None where there was no other price."""
        ...

    def last_change(self) -> int:
        """Highest change number so far, 0 when there is none. Asked first in a view, it and `changes_after` know every
        change that was committed before; in a view that has looked at something already, and in a write, they may know
        fewer of them. Whatever they do not know yet comes later, with a higher number."""
        ...

    def changes_after(self, seq: int, limit: int) -> list[Change]: ...

    def change_mark(self, seq: int) -> str:
        """What tells this database's change of that number from every other database's; "" when there is none."""
        ...

    def picture(self, picture_id: int) -> StoredPicture | None: ...

    def picture_owners(self) -> list[tuple[int, int]]:
        """(picture id, product id) of every picture of active products whose file we have: little enough to read them
        all at once."""
        ...

    def pictures_ready_after(self, picture_id: int, limit: int) -> list[StoredPicture]:
        """Pictures of active products whose file we have, by id."""
        ...
