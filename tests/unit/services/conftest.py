"""A dress in three sizes, at two stores of Lyon, one of which is closed on Wednesdays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from commerce.clock import ManualClock
from commerce.domain.customer import Contact
from commerce.domain.stock import MovementReason
from commerce.domain.store import OpeningHours, StoreKind
from commerce.ids import SeededIds
from commerce.ports import ReservationRules, Storage, UnitOfWork
from commerce.services.carts import Carts
from commerce.services.catalog import Catalog
from commerce.services.customers import Customers
from commerce.services.linking import Linking
from commerce.services.promotions import Promotions
from commerce.services.reserving import Reserving
from commerce.storage.seeding import add_product
from tests.unit.services import offering_store
from tests.unit.services.things import DAY, DRESS, a_store, a_thing
from tests.unit.services.till import Till, open_till
from tests.unit.services.window import Window, open_window

LEA = Contact("telegram", "shop", "1001")
SAM = Contact("webchat", "web", "1002")
GTINS = ("", "3614270000003", "")


@dataclass
class Small:
    """The verbs over one dress: sizes 36, 38 and 40; `variants` by size."""

    storage: Storage
    clock: ManualClock
    catalog: Catalog
    customers: Customers
    reserving: Reserving
    variants: dict[str, int]
    promotions: Promotions
    carts: Carts
    linking: Linking

    def available(self, size: str, store_id: str = "S1") -> int:
        return {level.store_id: level.available for level in self.catalog.levels([self.variants[size]])}[store_id]

    def customer(self, contact: Contact = LEA) -> str:
        return self.storage.write(lambda uow: self.customers.recognise(uow, contact, language="fr")).id

    def place(self, *sizes: str, contact: Contact = LEA, store_id: str = "S1"):
        customer_id = self.customer(contact)
        return self.storage.write(
            lambda uow: self.reserving.place(
                uow,
                customer_id=customer_id,
                contact=contact,
                store_id=store_id,
                lines=[(self.variants[size], 1) for size in sizes],
            )
        )


@pytest.fixture
def small(storage: Storage, clock: ManualClock, ids: SeededIds) -> Small:
    def fill(uow: UnitOfWork) -> dict[str, int]:
        wednesdays_off = OpeningHours(week=(DAY, DAY, (), DAY, DAY, DAY, ()))
        uow.stores.put(a_store("S1", name="Bellecour"))
        uow.stores.put(a_store("S2", hours=wednesdays_off, name="Part-Dieu"))
        uow.stores.put(a_store("WEB", StoreKind.WEB, OpeningHours(), name="Web"))
        uow.stores.put(a_store("GONE", hours=OpeningHours(), name="Marché"))
        sizes = ("36", "38", "40")
        dress = add_product(uow, a_thing("P1", "dress", DRESS, sizes, gender="women", gtins=GTINS), clock.now())
        variants = {variant.size: variant.id for variant in dress.variants}
        for size, count in (("36", 4), ("38", 1), ("40", 0)):
            for store_id in ("S1", "S2", "WEB", "GONE"):
                uow.stock.set_on_hand(variants[size], store_id, count, MovementReason.COUNT, clock.now())
        return variants

    variants = storage.write(fill)
    rules = ReservationRules(duration=None, grace=timedelta(), max_open_per_customer=2)
    customers, promotions = Customers(clock, ids), Promotions(clock)
    carts = Carts(clock, ids, promotions)
    return Small(
        storage,
        clock,
        Catalog(storage, clock),
        customers,
        Reserving(storage, clock, ids, rules),
        variants,
        promotions,
        carts,
        Linking(clock, ids, customers, carts, b"k" * 32),
    )


@pytest.fixture
def selling(small: Small, clock: ManualClock, ids: SeededIds):
    from tests.unit.services.selling import Selling

    return Selling(small, clock, ids)


@pytest.fixture
def counter(small: Small, clock: ManualClock, ids: SeededIds):
    from tests.unit.services.counter import open_counter

    return open_counter(small, clock, ids)


@pytest.fixture
def window(database_url: str, tmp_path: Path, clock: ManualClock, ids: SeededIds) -> Iterator[Window]:
    """A shop that shows what it has, on both databases."""
    with open_window(tmp_path / "data", database_url, clock, ids) as opened:
        yield opened


@pytest.fixture
def till(storage: Storage, clock: ManualClock, ids: SeededIds, tmp_path: Path) -> Till:
    """A shop that sells, on both databases."""
    return open_till(storage, clock, ids, tmp_path)


@pytest.fixture
def store(database_url: str, tmp_path: Path, clock: ManualClock) -> Iterator[offering_store.Store]:
    """The journeys' shop, on both databases; in the end everything in it adds up."""
    with offering_store.open_store(database_url, tmp_path / "shop", clock) as opened:
        yield opened
