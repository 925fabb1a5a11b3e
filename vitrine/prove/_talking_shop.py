"""A small shop that can be talked to, on a scratch database: three stores, four products, plenty of stock."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commerce.domain.customer import Contact
from commerce.domain.geo import GeoPoint
from commerce.domain.localtext import LocalText
from commerce.domain.mail import Direction
from commerce.domain.money import Money
from commerce.domain.product import Product, Variant
from commerce.domain.stock import MovementReason
from commerce.domain.store import Opening, OpeningHours, Store, StoreKind
from commerce.ids import SeededIds
from commerce.ports import Clock, UnitOfWork
from commerce.settings import load_settings
from commerce.storage.seeding import add_product
from vitrine.prove._quiet import quiet

if TYPE_CHECKING:
    from commerce.wiring import Shop

SECRET = "proof-webhook-secret"  # noqa: S105  # opens a scratch shop for as long as a proof runs
UNITS = 100_000  # of everything everywhere: who comes first changes nothing for the others

_STORES = (
    ("S1", "Lyon", "Bellecour", GeoPoint(45.7579, 4.8320)),
    ("S2", "Lyon", "Part-Dieu", GeoPoint(45.7610, 4.8570)),
    ("S3", "Paris", "Marais", GeoPoint(48.8590, 2.3620)),
)
_PRODUCTS = (
    ("P1", "Robe midi en lin", "Linen midi dress", "dress", 7900, "navy", ("36", "38", "40")),
    ("P2", "Veste en jean", "Denim jacket", "jacket", 6500, "blue", ("S", "M", "L")),
    ("P3", "Baskets blanches", "White sneakers", "sneakers", 8990, "white", ("41", "42")),
    ("P6", "Robe midi en viscose", "Viscose midi dress", "dress", 5900, "navy", ("38",)),
)
_CODE = re.compile(r"\b[A-Z]{3}-\d{3}\b")
_ID = re.compile(r"[0-9a-f]{32}(\.\w+)?")
_PNG = re.compile(r'"png":"[^"]*"')


@contextmanager
def talking_shop(
    database_url: str, folder: Path, clock: Clock, seed: int, *, languages: str = "fr,en", **settings: Any
) -> Iterator[Shop]:
    """Built as any shop is, filled, its indexes ready. `settings` are those of `commerce.settings`."""
    from bot.channels import rules_of_channels
    from commerce.wiring import build_shop

    chosen = load_settings(
        data_dir=folder,
        database_url=database_url,
        encoder="none",
        secret_key="proof" * 8,
        languages=languages,
        **settings,
    )
    with quiet(), build_shop(chosen, clock=clock, ids=SeededIds(seed), channels=rules_of_channels()) as shop:
        shop.storage.write(lambda uow: _fill(uow, shop))
        shop.index_keeper.refresh()
        yield shop


def _fill(uow: UnitOfWork, shop: Shop) -> None:
    now = shop.clock.now()
    always = OpeningHours(((Opening(time(0), time.max),),) * 7)
    for place, (store_id, city, short, point) in enumerate(_STORES):
        name, short_name = LocalText({"fr": f"{city} {short}"}), LocalText({"fr": short})
        uow.stores.put(
            Store(
                store_id, name, short_name, StoreKind.PERMANENT, "1 rue du Port", city, "69002", "FR", point,
                "Europe/Paris", always, position=place,
            )
        )  # fmt: skip
    for source_id, french, english, category, price_minor, colour, sizes in _PRODUCTS:
        title = LocalText({"fr": french, "en": english})
        variants = tuple(
            Variant(0, 0, f"{source_id}-{size}", colour, colour, size, Money(price_minor, "EUR"), position=place)
            for place, size in enumerate(sizes)
        )
        product = Product(0, "proof", source_id, title, title, "Maison", category, "", "women", variants)
        for variant in add_product(uow, product, now).variants:
            for store_id, *_ in _STORES:
                uow.stock.set_on_hand(variant.id, store_id, UNITS, MovementReason.COUNT, now)


def facts(shop: Shop) -> dict[str, object]:
    """What no text may change: prices, stock, reservations."""
    with shop.storage.read() as uow:
        products = uow.products.after(0, 1_000)
        levels = uow.stock.levels([variant.id for product in products for variant in product.variants])
    return {
        "prices": sorted((v.sku, v.price.minor, v.price.currency) for p in products for v in p.variants),
        "stock": sorted((level.variant_id, level.store_id, level.on_hand, level.held) for level in levels),
    }


def thread(shop: Shop, contact: Contact) -> list[str]:
    """Everything that was said, one line each, without what chance chose (codes, ids, the pictures of codes)."""
    with shop.storage.read() as uow:
        entries = uow.threads.after(contact, 0, 100_000)
    return [f"{entry.direction} {_by_chance(entry.body)}" for entry in entries]


def last_actions(shop: Shop, contact: Contact) -> list[str]:
    """What the buttons of the last reply send back, those that name something made by chance left out."""
    with shop.storage.read() as uow:
        entries = uow.threads.after(contact, 0, 100_000)
    for entry in reversed(entries):
        if entry.direction is Direction.OUT:
            body = json.loads(entry.body)
            buttons = [*(b for card in body["cards"] for b in card["buttons"]), *body["buttons"]]
            return [b["action"] for b in buttons if b["action"] and not _ID.search(b["action"])]
    return []


def person_facts(shop: Shop, contact: Contact) -> object:
    """What the shop knows of a person and holds for them."""
    with shop.storage.read() as uow:
        customer = uow.customers.by_contact(contact)
        if customer is None:
            return None
        fit = {system: memory.size for system, memory in uow.customers.fit(customer.id).items()}
        held = uow.reservations.of_customer(customer.id, only_open=False)
    lines = sorted(
        (r.store_id, r.state.value, sorted((line.variant_id, line.quantity) for line in r.lines)) for r in held
    )
    return [customer.name, customer.language, fit, lines]


def _by_chance(body: str) -> str:
    return _PNG.sub('"png":""', _ID.sub("id", _CODE.sub("CODE", body)))
