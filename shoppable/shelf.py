"""What stands on the shelves for a set of products: read once a request, asked many times."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime

from commerce.domain.geo import GeoPoint
from commerce.domain.product import Picture, Product, Variant
from commerce.domain.stock import Band, StockLevel
from commerce.domain.store import Store
from commerce.ports import UnitOfWork
from commerce.services.photos import SUFFIX


class Shelf:
    """Stock of some products at every store. Stores come nearest first where a place is given, else by position."""

    def __init__(
        self, stores: Sequence[Store], levels: Iterable[StockLevel], *, at: datetime, near: GeoPoint | None = None
    ) -> None:
        self.distance_m = {
            store.id: near.distance_m(store.point) for store in stores if near is not None and store.point is not None
        }
        visited = [store for store in stores if is_to_be_visited(store, at)]
        self.stores = sorted(visited, key=lambda store: (self.distance_m.get(store.id, float("inf")), store.position))
        places = {store.id for store in visited}
        online = {store.id for store in stores if not store.takes_visitors}
        self._bands: dict[int, dict[str, Band]] = {}  # by variant and store, where there is some
        self._online: dict[int, int] = {}
        for level in levels:
            if level.available and level.store_id in places:
                self._bands.setdefault(level.variant_id, {})[level.store_id] = level.band
            elif level.available and level.store_id in online:
                self._online[level.variant_id] = self._online.get(level.variant_id, 0) + level.available

    @classmethod
    def of(cls, uow: UnitOfWork, products: Iterable[Product], at: datetime, near: GeoPoint | None = None) -> Shelf:
        """Two statements, however many products."""
        ids = [variant.id for product in products for variant in product.variants]
        return cls(uow.stores.all(), uow.stock.levels(ids) if ids else (), at=at, near=near)

    def band(self, variant: Variant, store: Store) -> Band:
        return self._bands.get(variant.id, {}).get(store.id, Band.NONE)

    def band_online(self, variant: Variant) -> Band:
        """By parcel, all warehouses together."""
        return StockLevel(variant.id, "", self._online.get(variant.id, 0), 0).band

    def is_available(self, variant: Variant) -> bool:
        """In some store, or by parcel."""
        return variant.id in self._bands or variant.id in self._online

    def stores_with(self, variants: Iterable[Variant]) -> list[Store]:
        """Stores that have at least one of them."""
        having = {store_id for variant in variants for store_id in self._bands.get(variant.id, ())}
        return [store for store in self.stores if store.id in having]


def is_to_be_visited(store: Store, at: datetime) -> bool:
    """Shoppers can walk into it, now or within two months."""
    return store.takes_visitors and (store.closes_at(at) is not None or store.next_opening(at) is not None)


def slug(text: str) -> str:
    """« Robe midi en lin » → "robe-midi-en-lin"; '' when nothing is left."""
    plain = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:80].rstrip("-")


def product_path(product: Product, language: str) -> str:
    """Path of its page. The number decides; the words are for people."""
    return f"/p/{product.id}-{slug(product.title(language))}".rstrip("-")


def main_picture(product: Product, variant: Variant | None = None) -> Picture | None:
    """See `Product.picture_for`."""
    return product.picture_for(variant)


def picture_path(media_key: str) -> str:
    """Where a picture of ours is shown: a shopper's own photo only to that shopper."""
    if not media_key:
        return ""
    return f"/photo/{media_key}" if media_key.endswith(SUFFIX) else f"/media/{media_key}"
