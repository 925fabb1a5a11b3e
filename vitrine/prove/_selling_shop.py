"""A shop that sells on a scratch database: a store, a warehouse, a few things, make-believe money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commerce.clock import ManualClock
from commerce.domain.cart import CheckoutDraft, Fulfilment, PostalAddress
from commerce.domain.customer import Contact, Customer
from commerce.domain.localtext import LocalText
from commerce.domain.money import Money
from commerce.domain.order import OrderRefused, OrderSource
from commerce.domain.payment import Placed
from commerce.domain.product import Product, Variant
from commerce.domain.stock import MovementReason, StockLevel
from commerce.domain.store import Opening, OpeningHours, Store, StoreKind
from commerce.ids import SeededIds
from commerce.ports import UnitOfWork
from commerce.settings import load_settings
from commerce.storage.seeding import add_product
from vitrine.doctor import check
from vitrine.prove._quiet import quiet

if TYPE_CHECKING:
    from commerce.payments.fake import FakeProvider
    from commerce.wiring import Shop

START = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
STORE, WAREHOUSE = "centre", "web"
CHANNELS = ("telegram", "webchat", "terminal")
_HOME = PostalAddress("Proof", "1 rue du Port", "69002", "Lyon", "FR")


@dataclass(frozen=True)
class SellingShop:
    """`variants`: ids of the things in stock, in the order asked for."""

    shop: Shop
    clock: ManualClock
    variants: tuple[int, ...]

    @property
    def fake(self) -> FakeProvider:
        from commerce.payments.fake import FakeProvider

        provider = self.shop.providers["fake"]
        assert isinstance(provider, FakeProvider)
        return provider

    def person(self, number: int) -> tuple[str, Contact]:
        """A customer and the contact through which they come: channels take turns."""
        return f"{number:032x}", Contact(CHANNELS[number % len(CHANNELS)], "proof", str(number))

    def know(self, people: range) -> None:
        """Those customers exist."""

        def work(uow: UnitOfWork) -> None:
            for number in people:
                customer_id, contact = self.person(number)
                uow.customers.add(Customer(customer_id, f"P{number}", "fr", START), contact, START)

        self.shop.storage.write(work)

    def fill(
        self,
        uow: UnitOfWork,
        customer_id: str,
        wanted: Mapping[int, int],
        *,
        provider: str = "fake",
        fulfilment: Fulfilment = Fulfilment.PICKUP,
        email: str = "",
    ) -> None:
        """Puts (variant, quantity) into somebody's cart, and everything that the checkout would ask."""
        for variant_id, quantity in wanted.items():
            self.shop.carts.add(uow, customer_id, variant_id, quantity)
        draft = CheckoutDraft(
            name="Proof",
            email=email or "proof@example.com",
            phone="+33600000000",
            fulfilment=fulfilment,
            store_id=STORE if fulfilment is Fulfilment.PICKUP else "",
            address=_HOME if fulfilment is Fulfilment.DELIVERY else None,
            provider=provider,
            terms_accepted=True,
        )
        self.shop.carts.set_draft(uow, customer_id, draft)

    def place(self, uow: UnitOfWork, number: int, source: OrderSource = OrderSource.WEB) -> Placed | OrderRefused:
        """Orders what is in the person's cart."""
        customer_id, contact = self.person(number)
        return self.shop.checkout.place(
            uow, customer_id=customer_id, contact=contact, source=source, language="fr", expected_total_minor=None
        )

    def receive(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Takes a call of the make-believe provider."""
        answer = self.shop.paying.receive("fake", body, headers, f"{self.shop.settings.base_url}/hooks/fake")
        return answer.status == 200

    def level(self, variant_id: int, store_id: str = STORE) -> StockLevel:
        with self.shop.storage.read() as uow:
            (level,) = uow.stock.levels([variant_id], store_id)
        return level

    def set_on_hand(self, variant_id: int, units: int, store_id: str = STORE) -> None:
        at = self.clock.now()
        self.shop.storage.write(
            lambda uow: uow.stock.set_on_hand(variant_id, store_id, units, MovementReason.COUNT, at)
        )

    def breaches(self) -> list[str]:
        """What the doctor finds broken. Looked at as of the start: nobody sends this shop's messages."""
        return [f"{found.name}: {found.detail}" for found in check(self.shop.storage, START) if not found.ok]


@contextmanager
def selling_shop(
    database_url: str,
    folder: Path,
    seed: int,
    *,
    units: tuple[int, ...],
    at_warehouse: int = 0,
    people: int = 0,
    clock: ManualClock | None = None,
    **settings: Any,
) -> Iterator[SellingShop]:
    """Built as any shop is: one store that never closes, a warehouse, one variant for each number of units. A database
    that was filled before is left as it is."""
    from commerce.wiring import build_shop

    clock = clock or ManualClock(START)
    chosen = load_settings(
        data_dir=folder,
        database_url=database_url,
        encoder="none",
        secret_key="proof" * 8,
        fake_payments=True,
        pay_in_store=True,
        max_open_reservations=1_000_000,
        hold_s=2 * 3600,
        **settings,
    )
    with quiet(), build_shop(chosen, clock=clock, ids=SeededIds(seed)) as shop:
        variants = shop.storage.write(partial(_fill, units=units, at_warehouse=at_warehouse))
        selling = SellingShop(shop, clock, variants)
        if people:
            selling.know(range(people))
        yield selling


def _fill(uow: UnitOfWork, *, units: tuple[int, ...], at_warehouse: int) -> tuple[int, ...]:
    if known := uow.products.by_source_id("dress", "scratch"):
        return tuple(variant.id for variant in known.variants)
    uow.stores.put(_store(STORE, StoreKind.PERMANENT))
    uow.stores.put(_store(WAREHOUSE, StoreKind.WEB))
    title = LocalText({"fr": "Robe", "en": "Dress"})
    product = Product(
        0, "scratch", "dress", title, title, "", "dress", "", "women",
        tuple(
            Variant(0, 0, f"dress-{n}", "navy", "marine", str(34 + 2 * n), Money(7900 + n, "EUR"), position=n)
            for n in range(len(units))
        ),
    )  # fmt: skip
    stored = add_product(uow, product, START)
    for variant, quantity in zip(stored.variants, units, strict=True):
        uow.stock.set_on_hand(variant.id, STORE, quantity, MovementReason.COUNT, START)
        uow.stock.set_on_hand(variant.id, WAREHOUSE, at_warehouse, MovementReason.COUNT, START)
    return tuple(variant.id for variant in stored.variants)


def _store(store_id: str, kind: StoreKind) -> Store:
    always = ((Opening(time(0), time.max),),) * 7
    name = LocalText({"fr": store_id.title(), "en": store_id.title()})
    return Store(
        store_id, name, name, kind, "1 rue du Port", "Lyon", "69002", "FR", None, "Europe/Paris", OpeningHours(always)
    )
