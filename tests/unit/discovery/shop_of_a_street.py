"""A small shop with real storage, indexes and media, in which every answer can be reasoned about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from commerce.domain.geo import GeoPoint
from commerce.domain.localtext import LocalText
from commerce.domain.money import Money
from commerce.domain.product import Picture, Product, Variant
from commerce.domain.stock import MovementReason
from commerce.domain.store import Opening, OpeningHours, Store, StoreKind
from commerce.facets import ColumnFacets
from commerce.lexicon import lexicon
from commerce.ports import ImageMatcher, MediaStore, Storage, UnitOfWork
from commerce.services.discovery import Discovery
from commerce.services.index_keeper import IndexKeeper
from commerce.storage.seeding import add_product
from commerce.text_index import FuzzyTextIndex

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Street:
    """The shop: what the tests ask and change."""

    storage: Storage
    discovery: Discovery
    keeper: IndexKeeper
    text_index: FuzzyTextIndex
    facets: ColumnFacets
    image_matcher: ImageMatcher
    media: MediaStore

    def ids(self, *source_ids: str) -> list[int]:
        with self.storage.read() as uow:
            products = [uow.products.by_source_id(source_id) for source_id in source_ids]
        return [product.id for product in products if product is not None]

    def product(self, source_id: str) -> Product:
        with self.storage.read() as uow:
            found = uow.products.by_source_id(source_id)
        assert found is not None
        return found

    def set_price(self, sku: str, minor: int) -> None:
        def work(uow: UnitOfWork) -> None:
            found = uow.products.by_sku(sku)
            assert found is not None
            uow.products.set_price(found[1].id, Money(minor, "EUR"), None, NOW)

        self.storage.write(work)

    def set_on_hand(self, sku: str, store_id: str, on_hand: int) -> None:
        def work(uow: UnitOfWork) -> None:
            found = uow.products.by_sku(sku)
            assert found is not None
            uow.stock.set_on_hand(found[1].id, store_id, on_hand, MovementReason.COUNT, NOW)

        self.storage.write(work)

    def add(self, product: Product, on_hand: int = 3, store_id: str = "bellecour") -> Product:
        def work(uow: UnitOfWork) -> Product:
            stored = add_product(uow, product, NOW)
            for variant in stored.variants:
                uow.stock.set_on_hand(variant.id, store_id, on_hand, MovementReason.COUNT, NOW)
            return stored

        return self.storage.write(work)


def a_store(store_id: str, name: str, point: GeoPoint | None, position: int, kind: StoreKind, **more: object) -> Store:
    day = (Opening(time(10), time(19)),)
    store = Store(
        id=store_id,
        name=LocalText({"fr": name, "en": name}),
        short_name=LocalText({"fr": name.split()[-1]}),
        kind=kind,
        address="1 rue",
        city="Lyon",
        postcode="69002",
        country="FR",
        point=point,
        timezone="Europe/Paris",
        hours=OpeningHours(week=(day,) * 6 + ((),)),
        position=position,
    )
    return replace(store, **more)  # type: ignore[arg-type]


STORES = (
    a_store("part-dieu", "Lyon Part-Dieu", GeoPoint(45.7605, 4.8590), 0, StoreKind.PERMANENT),
    a_store("bellecour", "Lyon Bellecour", GeoPoint(45.7578, 4.8320), 1, StoreKind.PERMANENT),
    a_store("web", "Web", None, 2, StoreKind.WEB),
    a_store("truck", "Lyon Truck", None, 3, StoreKind.TRUCK),
    a_store("gone", "Lyon Pop-up", GeoPoint(45.76, 4.84), 4, StoreKind.POP_UP, open_until=date(2026, 2, 1)),
)


def a_product(
    source_id: str,
    title: tuple[str, str],
    category: str,
    variants: Sequence[tuple[str, str, int]],
    *,
    brand: str = "Maison",
    gender: str = "women",
    pictures: Sequence[str] = (),
    **attributes: str,
) -> Product:
    """`title` in French and English; `variants` are colour, size and price in cents."""
    return Product(
        id=0,
        source="main",
        source_id=source_id,
        title=LocalText({"fr": title[0], "en": title[1]}),
        description=LocalText({}),
        brand=brand,
        category=category,
        category_words="",
        gender=gender,
        variants=tuple(
            Variant(0, 0, f"{source_id}-{colour}-{size}".upper(), colour, colour, size, Money(price, "EUR"))
            for colour, size, price in variants
        ),
        pictures=tuple(Picture(0, place, key) for place, key in enumerate(pictures)),
        attributes=attributes,
    )


def sizes(colour: str, price: int, *labels: str) -> list[tuple[str, str, int]]:
    return [(colour, label, price) for label in labels or ("36", "38", "40")]


CATALOGUE = (
    a_product("P1", ("Robe midi en lin", "Linen midi dress"), "dress", sizes("navy", 7900), material="linen"),
    a_product("P2", ("Robe midi en viscose", "Viscose midi dress"), "dress", sizes("navy", 5900), brand="Rive"),
    a_product("P3", ("Robe d’été fleurie", "Floral summer dress"), "dress", sizes("red", 4900), brand="Rive"),
    a_product("P4", ("Sac cabas en cuir", "Leather tote bag"), "handbag", [("black", "", 12900)], brand="Anse"),
    a_product("P5", ("Chemise en lin", "Linen shirt"), "shirt", sizes("white", 5500, "S", "M", "L"), gender="men"),
    a_product("P6", ("T-shirt uni", "Plain T-shirt"), "tshirt", sizes("black", 1900, "S", "M"), gender="unisex"),
    a_product(
        "P7",
        ("Jean droit", "Straight jeans"),
        "jeans",
        [*sizes("blue", 6900, "38"), *sizes("black", 7900, "40")],
        brand="Rive",
    ),
)


def open_street(storage: Storage, image_matcher: ImageMatcher, media: MediaStore) -> Street:
    """Everything in stock at Bellecour but the red dress, which is sold out; then the indexes filled."""
    words = lexicon()
    text_index, facets = FuzzyTextIndex(words), ColumnFacets()
    keeper = IndexKeeper(storage, text_index, facets, image_matcher, media, words)
    discovery = Discovery(storage, text_index, facets, image_matcher, words)
    street = Street(storage, discovery, keeper, text_index, facets, image_matcher, media)

    def stores(uow: UnitOfWork) -> None:
        for store in STORES:
            uow.stores.put(store)

    storage.write(stores)
    for product in CATALOGUE:
        street.add(product, on_hand=0 if product.source_id == "P3" else 3)
    keeper.refresh()
    return street
