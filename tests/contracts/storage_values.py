"""Values that the storage contracts write: short to make, all fields filled."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from commerce.domain.customer import Contact
from commerce.domain.geo import GeoPoint
from commerce.domain.localtext import LocalText
from commerce.domain.mail import InboundEvent
from commerce.domain.money import Money
from commerce.domain.product import Picture, Product, Variant
from commerce.domain.stock import MovementReason
from commerce.domain.store import Opening, OpeningHours, Store, StoreKind
from commerce.ports import Storage, UnitOfWork
from commerce.storage.seeding import add_product

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
LEA = Contact("telegram", "shop_bot", "42")
SAM = Contact("webchat", "web", "chat-7")


def euros(minor: int) -> Money:
    return Money(minor, "EUR")


def a_store(store_id: str = "bellecour", position: int = 0) -> Store:
    day = (Opening(time(10), time(13)), Opening(time(14), time(19)))
    return Store(
        id=store_id,
        name=LocalText({"fr": "Bellecour, Lyon", "en": "Bellecour, Lyons"}),
        short_name=LocalText({"fr": "Bellecour"}),
        kind=StoreKind.POP_UP,
        address="3 place Bellecour",
        city="Lyon",
        postcode="69002",
        country="FR",
        point=GeoPoint(45.7578, 4.832),
        timezone="Europe/Paris",
        hours=OpeningHours(
            week=(day,) * 5 + ((Opening(time(9, 30), time.max),), ()),
            exceptions={date(2026, 12, 25): (), date(2026, 12, 24): (Opening(time(9), time(16)),)},
        ),
        phone="+33400000000",
        open_from=date(2026, 1, 1),
        open_until=date(2026, 12, 31),
        position=position,
    )


def a_product(source_id: str = "p1", sizes: tuple[str, ...] = ("36", "38"), *, active: bool = True) -> Product:
    return Product(
        id=0,
        source="main",
        source_id=source_id,
        title=LocalText({"fr": "Robe d’été", "en": "Summer dress"}),
        description=LocalText({"en": "Cotton."}),
        brand="Maison",
        category="dress",
        category_words="Robes",
        gender="women",
        variants=tuple(
            Variant(
                id=0,
                product_id=0,
                sku=f"{source_id}-{size}",
                colour="navy",
                colour_words="bleu nuit",
                size=size,
                price=euros(7900),
                list_price=euros(9900),
                gtin=f"40000000{source_id}{size}"[:14],
                position=position,
            )
            for position, size in enumerate(sizes)
        ),
        pictures=(Picture(0, 0, f"{source_id}-a.jpg", None, 600, 800), Picture(0, 1, "")),
        attributes={"material": "cotton"},
        url="https://shop.example/p1",
        active=active,
    )


def put_product(storage: Storage, product: Product) -> Product:
    return storage.write(lambda uow: add_product(uow, product, NOW))


def put_stock(storage: Storage, quantities: dict[str, int], stores: tuple[str, ...] = ("bellecour",)) -> list[int]:
    """One product with a size a name; that many of each at each store. Returns the variant ids."""

    def work(uow: UnitOfWork) -> list[int]:
        for position, store_id in enumerate(stores):
            uow.stores.put(a_store(store_id, position))
        stored = add_product(uow, a_product("stocked", tuple(quantities)), NOW)
        for variant, quantity in zip(stored.variants, quantities.values(), strict=True):
            for store_id in stores:
                uow.stock.set_on_hand(variant.id, store_id, quantity, MovementReason.COUNT, NOW)
        return [variant.id for variant in stored.variants]

    return storage.write(work)


def an_event(event_id: str = "e1", contact: Contact = LEA, sent_at: datetime = NOW) -> InboundEvent:
    return InboundEvent(contact, event_id, sent_at, b'{"text": "bonjour \xc3\xa9t\xc3\xa9"}')
