"""A small shop whose window people look at: what is in it, what they look at and buy, and what they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from commerce.clock import ManualClock
from commerce.domain.customer import Contact
from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import (
    Did,
    FoundBy,
    Hotspot,
    Lookbook,
    LookbookState,
    Origin,
    Page,
    ReadingEvent,
    Region,
    Review,
)
from commerce.domain.order import Order, OrderState
from commerce.domain.product import Product
from commerce.domain.recommending import Because, Recommendation
from commerce.domain.stock import MovementReason
from commerce.ids import SeededIds
from commerce.ports import UnitOfWork
from commerce.settings import load_settings
from commerce.storage.seeding import add_product
from commerce.wiring import Shop, build_shop
from tests.contracts.selling_values import PLACED, an_order
from tests.unit.services.things import a_store, a_thing
from tests.unit.services.till import LEA

# source id: French title, category, sizes
THINGS = {
    "linen": ("Robe midi en lin", "dress", ("36", "38")),
    "viscose": ("Robe midi en viscose", "dress", ("36", "38")),
    "wrap": ("Robe portefeuille", "dress", ("36", "38")),
    "trench": ("Trench beige", "trench_coat", ("36", "38")),
    "parka": ("Parka kaki", "parka", ("S", "M")),
    "sneakers": ("Baskets blanches", "sneakers", ("38", "39")),
    "tote": ("Sac cabas", "tote_bag", ("",)),
    "scarf": ("Foulard", "scarf", ("",)),
    "lipstick": ("Rouge à lèvres", "lipstick", ("",)),
    "jeans": ("Jean brut", "jeans", ("36", "38")),
}


@dataclass
class Window:
    """The shop, its products by name, and what people do there."""

    shop: Shop
    clock: ManualClock
    products: dict[str, Product]
    told: int = field(default=0)

    def who(self, contact: Contact = LEA) -> str:
        return self.shop.storage.write(lambda uow: self.shop.customers.recognise(uow, contact)).id

    def stock(self, name: str, units: int, store: str = "S1", size: str | None = None) -> None:
        def work(uow: UnitOfWork) -> None:
            for variant in self.products[name].variants:
                if size in (None, variant.size):
                    uow.stock.set_on_hand(variant.id, store, units, MovementReason.COUNT, self.clock.now())

        self.shop.storage.write(work)

    def looks(
        self, did: Did, name: str = "", *, page: int = 0, dwell_ms: int = 0, times: int = 1, contact: Contact = LEA
    ) -> None:
        customer_id = self.who(contact)
        for _ in range(times):
            self.told += 1
            event = ReadingEvent(
                f"told-{self.told}", did, self.clock.now(), "" if did is Did.VIEW else "b" * 32, page,
                self.products[name].id if name else 0, dwell_ms, "v", customer_id,
            )  # fmt: skip
            self.shop.storage.write(lambda uow, event=event: uow.reading.add([event]))

    def buys(self, *names: str, contact: Contact = LEA, ago: timedelta = timedelta()) -> Order:
        customer_id = self.who(contact)
        variants = [self.products[name].variants[0].id for name in names]
        new = an_order(variants, self.shop.ids.new_id())
        values = {"customer_id": customer_id, "store_id": "S1", "created_at": self.clock.now() - ago, "cart_id": ""}
        order = replace(new, state=OrderState.COMPLETED, expires_at=None, **values)
        return self.shop.storage.write(lambda uow: uow.orders.add(order, contact, PLACED))

    def publishes(self, *pages: tuple[str, ...]) -> Lookbook:
        """A catalogue whose pages show these products, the first one largest."""
        title = LocalText({"fr": "Printemps", "en": "Spring"})
        book = Lookbook(
            "b" * 32, "printemps", title, Origin.PICTURES, LookbookState.DRAFT, 0, 1, self.clock.now()
        )  # fmt: skip
        spots = [
            Hotspot(
                f"{number:02}{place}", number, Region(0.1, 0.1, 0.5 - 0.1 * place, 0.3), self.products[name].id, 0,
                FoundBy.HAND, Review.CONFIRMED,
            )
            for number, names in enumerate(pages, 1)
            for place, name in enumerate(names)
        ]  # fmt: skip
        kept = [Page(number, f"{number}.jpg", 600, 800) for number in range(1, len(pages) + 1)]
        assert self.shop.storage.write(lambda uow: uow.lookbooks.add(book, kept, spots))
        return self.shop.storage.write(lambda uow: uow.lookbooks.publish(book, self.clock.now()))

    def chooses(self, *, allowed: bool, contact: Contact = LEA) -> None:
        customer_id = self.who(contact)
        self.shop.storage.write(
            lambda uow: self.shop.recommending.choose(
                uow, customer_id, allowed=allowed, wording="Stop", language="en", channel=contact.channel
            )
        )

    def shown(self, contact: Contact | None = LEA, **more: object) -> tuple[Recommendation, ...]:
        self.clock.advance(timedelta(minutes=6))  # what everybody is shown is remembered for five minutes
        customer_id = self.who(contact) if contact else ""
        return self.shop.recommending.for_customer(customer_id, **more)  # type: ignore[arg-type]

    def names(self, contact: Contact | None = LEA, **more: object) -> list[str]:
        return [each.product.source_id for each in self.shown(contact, **more)]

    def why(self, name: str, contact: Contact | None = LEA) -> Because | None:
        reasons = {each.product.source_id: each.reason.because for each in self.shown(contact)}
        return reasons.get(name)


@contextmanager
def open_window(folder: Path, database_url: str, clock: ManualClock, ids: SeededIds) -> Iterator[Window]:
    """Three of everything at one store."""
    settings = load_settings(data_dir=folder, database_url=database_url, encoder="none", secret_key="s" * 32)
    with build_shop(settings, clock=clock, ids=ids) as shop:

        def fill(uow: UnitOfWork) -> dict[str, Product]:
            uow.stores.put(a_store("S1"))
            return {
                name: add_product(
                    uow, a_thing(name, category, {"fr": title}, sizes, gender="women", colour=("", "")), clock.now()
                )
                for name, (title, category, sizes) in THINGS.items()
            }

        window = Window(shop, clock, shop.storage.write(fill))
        for name in THINGS:
            window.stock(name, 3)
        shop.index_keeper.refresh()
        yield window
