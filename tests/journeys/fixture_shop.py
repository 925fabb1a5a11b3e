"""A fixture shop like that of the journeys, written straight into the tables: quick, and without pictures."""

from __future__ import annotations

from datetime import time

from commerce.domain.geo import GeoPoint
from commerce.domain.localtext import LocalText
from commerce.domain.money import Money
from commerce.domain.product import Product, Variant
from commerce.domain.stock import MovementReason
from commerce.domain.store import Opening, OpeningHours, Store, StoreKind
from commerce.ports import UnitOfWork
from commerce.storage.seeding import add_product
from commerce.wiring import Shop


def _store(store_id: str, city: str, short: str, point: GeoPoint | None, closes: int, position: int) -> Store:
    day = (Opening(time(10), time(closes)),)
    return Store(
        id=store_id,
        name=LocalText({"fr": f"{city} {short}"}),
        short_name=LocalText({"fr": short}),
        kind=StoreKind.PERMANENT if point else StoreKind.WEB,
        address="1 place du Marché",
        city=city,
        postcode="69002" if city == "Lyon" else "75003",
        country="FR",
        point=point,
        timezone="Europe/Paris",
        hours=OpeningHours(week=(day,) * 7),
        phone="+33 4 00 00 00 00",
        position=position,
    )


STORES = (
    _store("S1", "Lyon", "Bellecour", GeoPoint(45.7579, 4.8320), 19, 0),
    _store("S2", "Lyon", "Part-Dieu", GeoPoint(45.7610, 4.8570), 20, 1),
    _store("S3", "Paris", "Marais", GeoPoint(48.8590, 2.3620), 19, 2),
    _store("WEB", "Lyon", "Entrepôt", None, 18, 3),
)

Line = tuple[str, str, dict[str, int]]  # colour, size, units by store

PRODUCTS: tuple[tuple[str, str, str, str, int, dict[str, str], tuple[Line, ...]], ...] = (
    ("P1", "Robe midi en lin", "Linen midi dress", "dress", 7900, {"material": "linen"}, (
        ("navy", "36", {}), ("navy", "38", {"S1": 1, "S2": 3, "S3": 0, "WEB": 5}), ("navy", "40", {"S2": 1}),
        ("terracotta", "36", {}), ("terracotta", "38", {}), ("terracotta", "40", {}),
    )),
    ("P2", "Veste en jean", "Denim jacket", "jacket", 6500, {"material": "denim"}, (
        ("blue", "S", {"S1": 2}), ("blue", "M", {"S1": 3}), ("blue", "L", {"S2": 1}),
    )),
    ("P3", "Baskets blanches", "White sneakers", "sneakers", 8990, {"material": "leather"}, (
        ("white", "41", {}), ("white", "42", {"S1": 1, "WEB": 0}),
    )),
    ("P4", "Sac cabas en cuir", "Leather tote", "tote_bag", 12000, {"material": "leather"}, (
        ("brown", "", {"WEB": 4}),
    )),
    ("P6", "Robe midi en viscose", "Viscose midi dress", "dress", 5900, {"material": "viscose"}, (
        ("navy", "38", {"S1": 1}),
    )),
)  # fmt: skip


def load(shop: Shop) -> None:
    """Writes stores, products and stock."""
    now = shop.clock.now()

    def write(uow: UnitOfWork) -> None:
        for store in STORES:
            uow.stores.put(store)
        for source_id, fr, en, category, price, attributes, lines in PRODUCTS:
            variants = tuple(
                Variant(0, 0, f"{source_id}-{colour}-{size}", colour, colour, size, Money(price, "EUR"), position=n)
                for n, (colour, size, _) in enumerate(lines)
            )
            product = Product(
                0, "fixture", source_id, LocalText({"fr": fr, "en": en}), LocalText({"fr": fr, "en": en}), "Maison",
                category, "", "women", variants,
                (), attributes,
            )  # fmt: skip
            stored = add_product(uow, product, now)
            for variant, (_, _, units) in zip(stored.variants, lines, strict=True):
                for store_id, on_hand in units.items():
                    uow.stock.set_on_hand(variant.id, store_id, on_hand, MovementReason.COUNT, now)

    shop.storage.write(write)
