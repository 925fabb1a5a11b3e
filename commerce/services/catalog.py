"""The catalogue: reading products, changing prices and counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from commerce.domain.money import Money
from commerce.domain.product import Product, Variant
from commerce.domain.stock import MovementReason, StockLevel
from commerce.domain.store import Store
from commerce.ports import Clock, Storage, UnitOfWork

# Directive 98/6/EC, article 6a: a cut is announced beside the lowest price of at least the 30 days before it.
PRIOR_PRICE_WINDOW = timedelta(days=30)


class Catalog:
    """What the shop sells. Reading methods open their own view; writing ones belong to the caller's unit of work."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage, self._clock = storage, clock

    def product(self, product_id: int) -> Product | None:
        with self._storage.read() as uow:
            return uow.products.get(product_id)

    def by_source_id(self, source_id: str) -> Product | None:
        with self._storage.read() as uow:
            return uow.products.by_source_id(source_id)

    def levels(self, variant_ids: Iterable[int]) -> list[StockLevel]:
        """Every place that has, or had, one of these variants."""
        with self._storage.read() as uow:
            return uow.stock.levels(variant_ids)

    def stores(self) -> list[Store]:
        """All of them, the web warehouse too, in the shop's order."""
        with self._storage.read() as uow:
            return uow.stores.all()

    def prior_price(self, variant: Variant) -> Money | None:
        """The lowest price of the 30 days before a cut, to be shown beside it; None without a cut or another price."""
        if not is_cut(variant):
            return None
        with self._storage.read() as uow:
            return prior_price(uow, variant)

    def set_price(self, uow: UnitOfWork, sku: str, price: Money, list_price: Money | None = None) -> bool:
        """False when no such SKU exists, or its price already is so. `list_price` is the price before a cut."""
        found = uow.products.by_sku(sku)
        return found is not None and uow.products.set_price(found[1].id, price, list_price, self._clock.now())

    def set_on_hand(
        self, uow: UnitOfWork, sku: str, store_id: str, on_hand: int, reason: MovementReason = MovementReason.COUNT
    ) -> StockLevel | None:
        """What was counted on the shelf; never below what is held for somebody. None: no such SKU or store."""
        found = uow.products.by_sku(sku)
        if found is None or uow.stores.get(store_id) is None:
            return None
        return uow.stock.set_on_hand(found[1].id, store_id, on_hand, reason, self._clock.now())

    def sell(self, uow: UnitOfWork, sku: str, store_id: str, quantity: int, reference: str) -> bool:
        """A sale at the counter. `reference` (the till's own number) makes it count once.

        False: no such SKU, too few on the shelf, or a reference that was counted before.
        """
        found = uow.products.by_sku(sku)
        return found is not None and uow.stock.adjust(
            found[1].id, store_id, -quantity, MovementReason.SALE, reference, self._clock.now()
        )


def is_cut(variant: Variant) -> bool:
    """Whether it is told with a higher price of before."""
    return variant.list_price is not None and variant.list_price.minor > variant.price.minor


def prior_price(uow: UnitOfWork, variant: Variant) -> Money | None:
    """`Catalog.prior_price`, in the caller's unit of work."""
    return uow.products.lowest_price_before(variant.id, PRIOR_PRICE_WINDOW) if is_cut(variant) else None
