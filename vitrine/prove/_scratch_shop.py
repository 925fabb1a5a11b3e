"""A small shop on a scratch database, with enough of everything to fight over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from commerce.clock import ManualClock
from commerce.domain.customer import Contact, Customer
from commerce.domain.localtext import LocalText
from commerce.domain.money import Money
from commerce.domain.product import Product, Variant
from commerce.domain.stock import MovementReason, StockLevel
from commerce.domain.store import Opening, OpeningHours, Store, StoreKind
from commerce.ids import SeededIds
from commerce.ports import ReservationRules, Storage, UnitOfWork
from commerce.services.reserving import Reserving
from commerce.storage import open_storage
from commerce.storage.seeding import add_product
from vitrine.doctor import check

START = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
STORE = "centre"
CHANNELS = ("telegram", "webchat", "terminal")


@dataclass(frozen=True)
class ScratchShop:
    """`variants`: ids of the things in stock, in the order asked for."""

    storage: Storage
    clock: ManualClock
    reserving: Reserving
    variants: tuple[int, ...]
    people: int

    def person(self, number: int) -> tuple[str, Contact]:
        """A customer and the contact through which they come: channels take turns."""
        number %= self.people
        return f"{number:032x}", Contact(CHANNELS[number % len(CHANNELS)], "scratch", str(number))

    def level(self, variant_id: int) -> StockLevel:
        with self.storage.read() as uow:
            (level,) = uow.stock.levels([variant_id], STORE)
        return level

    def set_on_hand(self, variant_id: int, units: int) -> None:
        self.storage.write(
            lambda uow: uow.stock.set_on_hand(variant_id, STORE, units, MovementReason.COUNT, self.clock.now())
        )

    def breaches(self) -> list[str]:
        """What the doctor finds broken. Looked at as of the start: nobody sends this shop's messages."""
        return [f"{found.name}: {found.detail}" for found in check(self.storage, START) if not found.ok]


@contextmanager
def scratch_shop(
    database_url: str, seed: int, *, units: tuple[int, ...], people: int, hold: timedelta = timedelta(hours=2)
) -> Iterator[ScratchShop]:
    """One store that never closes, one variant for each number of units, and as many people."""
    storage = open_storage(database_url)
    clock = ManualClock(START)
    rules = ReservationRules(duration=hold, grace=timedelta(0), max_open_per_customer=1_000_000)

    def work(uow: UnitOfWork) -> tuple[int, ...]:
        uow.stores.put(_store())
        stored = add_product(uow, _product(len(units)), START)
        for variant, quantity in zip(stored.variants, units, strict=True):
            uow.stock.set_on_hand(variant.id, STORE, quantity, MovementReason.COUNT, START)
        for number in range(people):
            contact = Contact(CHANNELS[number % len(CHANNELS)], "scratch", str(number))
            uow.customers.add(Customer(f"{number:032x}", "", "fr", START), contact, START)
        return tuple(variant.id for variant in stored.variants)

    try:
        variants = storage.write(work)
        yield ScratchShop(storage, clock, Reserving(storage, clock, SeededIds(seed), rules), variants, people)
    finally:
        storage.close()


class Tally:
    """Counts from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.counts: dict[str, int] = {}

    def add(self, what: str, by: int = 1) -> None:
        with self._lock:
            self.counts[what] = self.counts.get(what, 0) + by

    def __getitem__(self, what: str) -> int:
        return self.counts.get(what, 0)


def p99_ms(times_s: list[float]) -> float:
    """The time that 99 of 100 stay under, in milliseconds."""
    return sorted(times_s)[int(len(times_s) * 0.99)] * 1000 if times_s else 0.0


def _store() -> Store:
    always = ((Opening(time(0), time.max),),) * 7
    name = LocalText({"fr": "Centre", "en": "Centre"})
    return Store(
        STORE, name, name, StoreKind.PERMANENT, "1 rue du Port", "Lyon", "69002", "FR", None, "Europe/Paris",
        OpeningHours(always),
    )  # fmt: skip


def _product(variants: int) -> Product:
    title = LocalText({"fr": "Robe", "en": "Dress"})
    return Product(
        0, "scratch", "dress", title, title, "", "dress", "", "women",
        tuple(
            Variant(0, 0, f"dress-{n}", "navy", "marine", str(34 + 2 * n), Money(7900, "EUR"), position=n)
            for n in range(variants)
        ),
    )  # fmt: skip
