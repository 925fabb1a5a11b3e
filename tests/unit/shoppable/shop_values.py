"""What the shop of these tests sells, and helpers to look at answers."""

from __future__ import annotations

import struct
import zlib
from datetime import UTC, datetime, time
from pathlib import Path

from commerce.clock import ManualClock
from commerce.domain.geo import GeoPoint
from commerce.domain.localtext import LocalText
from commerce.domain.money import Money
from commerce.domain.product import Picture, Product, Variant
from commerce.domain.stock import MovementReason
from commerce.domain.store import Opening, OpeningHours, Store, StoreKind
from commerce.ports import UnitOfWork
from commerce.settings import load_settings
from commerce.storage.seeding import add_product
from commerce.wiring import Shop, build_shop

KEY = "a-key-for-tests-0123456789"  # of an operator
HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"


def png(width: int = 8, height: int = 10, colour: tuple[int, int, int] = (40, 80, 70)) -> bytes:
    """A real one-colour PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes(colour) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _store(store_id: str, name: str, city: str, point: GeoPoint | None, closes: int, position: int) -> Store:
    day = (Opening(time(10), time(closes)),)
    return Store(
        id=store_id,
        name=LocalText({"fr": f"{city} {name}", "en": f"{city} {name}"}),
        short_name=LocalText({"fr": name, "en": name}),
        kind=StoreKind.PERMANENT if point else StoreKind.WEB,
        address="1 place de la République",
        city=city,
        postcode="69002",
        country="FR",
        point=point,
        timezone="Europe/Paris",
        hours=OpeningHours(week=(day,) * 6 + ((),)),
        phone="+33 4 00 00 00 00",
        position=position,
    )


STORES = (
    _store("S1", "Bellecour", "Lyon", GeoPoint(45.7579, 4.8320), 19, 0),
    _store("S2", "Part-Dieu", "Lyon", GeoPoint(45.7610, 4.8570), 20, 1),
    _store("S3", "Marais", "Paris", GeoPoint(48.8590, 2.3620), 19, 2),
    _store("WEB", "Entrepôt", "Lyon", None, 18, 3),
)

Line = tuple[str, str, int, dict[str, int]]  # colour, size, price in cents, units by store


def _product(
    shop: Shop,
    source_id: str,
    fr: str,
    en: str,
    category: str,
    lines: list[Line],
    *,
    brand: str = "Maison",
    pictures: int = 1,
) -> Product:
    variants = tuple(
        Variant(0, 0, f"{source_id}-{colour}-{size}", colour, colour, size, Money(price, "EUR"), position=number)
        for number, (colour, size, price, _) in enumerate(lines)
    )
    shown = tuple(
        Picture(0, number, shop.media.put(png(colour=(40 + number, 80, 70)), ".png"), width_px=8, height_px=10)
        for number in range(pictures)
    )
    return Product(
        0, "test", source_id, LocalText({"fr": fr, "en": en}), LocalText({"fr": f"{fr}.", "en": f"{en}."}), brand,
        category, "", "women", variants, shown, {"material": "linen"},
    )  # fmt: skip


def fill(shop: Shop) -> None:
    """Writes stores, products and stock."""
    sold: list[tuple[Product, list[Line]]] = []

    def sell(source_id: str, fr: str, en: str, category: str, lines: list[Line], brand: str = "Maison") -> None:
        sold.append((_product(shop, source_id, fr, en, category, lines, brand=brand, pictures=2), lines))

    sell("P1", "Robe midi en lin", "Linen midi dress", "dress", [
        ("navy", "36", 7900, {"S2": 2}),
        ("navy", "38", 7900, {"S1": 1, "S2": 3, "WEB": 5}),
        ("navy", "40", 7900, {"S2": 1}),
        ("terracotta", "38", 7900, {}),
    ])  # fmt: skip
    sell("P2", "Veste en jean", "Denim jacket", "jacket", [("blue", "M", 6500, {"S1": 4})])
    sell("P3", "Baskets blanches", "White sneakers", "sneakers", [("white", "42", 8990, {"S1": 1})])
    sell("P4", "Sac cabas en cuir", "Leather tote", "tote_bag", [("brown", "", 12000, {"WEB": 4})])
    sell("P6", "Robe midi en viscose", "Viscose midi dress", "dress", [("navy", "38", 5900, {"S1": 1})])
    sell("P7", f"Chemise {HOSTILE}", f"Shirt {HOSTILE}", "shirt", [("white", "M", 4500, {"S3": 2})], brand=HOSTILE)
    sell("P8", "Bonnet rouge", "Red beanie", "hat", [("red", "", 1900, {})])

    def write(uow: UnitOfWork) -> None:
        for store in STORES:
            uow.stores.put(store)
        for product, lines in sold:
            stored = add_product(uow, product, shop.clock.now())
            for variant, (_, _, _, units) in zip(stored.variants, lines, strict=True):
                for store_id, on_hand in units.items():
                    uow.stock.set_on_hand(variant.id, store_id, on_hand, MovementReason.COUNT, shop.clock.now())

    shop.storage.write(write)


def filled(folder: Path) -> Path:
    """A data folder with that shop in it, eyes shut."""
    clock = ManualClock(datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
    with build_shop(load_settings(data_dir=folder, encoder="none", secret_key="s" * 32), clock=clock) as shop:
        fill(shop)
    return folder
