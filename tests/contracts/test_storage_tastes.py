"""What people looked at and bought, as recommendations need it, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from commerce.domain.customer import Contact, Customer
from commerce.domain.lookbook import Did, FoundBy, Hotspot, Lookbook, LookbookState, ReadingEvent, Region, Review
from commerce.domain.order import OrderState
from commerce.domain.product import Product
from commerce.domain.recommending import Looked
from commerce.ports import Storage, UnitOfWork
from tests.contracts.selling_values import LEA_PERSON, SAM_PERSON, an_order, put_order, put_people
from tests.contracts.storage_values import NOW, SAM, a_product, a_store, put_product
from tests.contracts.test_storage_catalogues import BOOK, PAGES

NADIA = Customer("e" * 32, "Nadia", "fr", NOW)
DAY = timedelta(days=1)


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.fixture
def products(storage: Storage) -> list[Product]:
    """Five, and three people."""
    put_people(storage)
    storage.write(lambda uow: uow.customers.add(NADIA, Contact("webchat", "web", "nadia"), NOW))
    storage.write(lambda uow: uow.stores.put(a_store()))
    return [put_product(storage, a_product(f"p{number}", ("36", "38"))) for number in range(5)]


def buys(storage: Storage, who: Customer, *products: Product, when: datetime = NOW, state: str = "completed") -> None:
    variants = [product.variants[0].id for product in products]
    with storage.read() as uow:
        count = len(uow.orders.of_customer(who.id))
    order = replace(
        an_order(variants, f"{who.name} {count}", who), created_at=when, state=OrderState(state), expires_at=None
    )
    put_order(storage, variants, order=order, contact=SAM)


# --- reading ----------------------------------------------------------------------------------------------------------


def did(number: int, what: Did, minutes: float, who: Customer | None = LEA_PERSON, **more: object) -> ReadingEvent:
    values: dict[str, object] = {"lookbook_id": BOOK.id, "page": 0, **more}
    return ReadingEvent(
        f"event-{number}", what, at(minutes), visitor="v" if who else "", customer_id=who.id if who else "", **values
    )  # type: ignore[arg-type]


READ = (
    did(1, Did.PAGE, 1, page=4),
    did(2, Did.PAGE, 2, page=4, dwell_ms=9_000),
    did(3, Did.PAGE, 3, page=5),
    did(4, Did.PAGE, 4, page=4),
    did(5, Did.HOTSPOT, 5, page=4, product_id=7),
    did(6, Did.VIEW, 6, lookbook_id="", product_id=7),
    did(7, Did.VIEW, 7, lookbook_id="", product_id=7, dwell_ms=21_000),
    did(8, Did.OPENED, 8),
    did(9, Did.PAGE, 9, SAM_PERSON, page=4),
    did(10, Did.PAGE, 10, None, page=4),
)


def test_what_somebody_looked_at_newest_first(storage: Storage) -> None:
    storage.write(lambda uow: uow.reading.add(READ))
    with storage.read() as uow:
        assert uow.tastes.looked_at(LEA_PERSON.id, NOW, 9) == [
            Looked(Did.VIEW, "", 0, 7, 1, 21_000, at(7)),
            Looked(Did.HOTSPOT, BOOK.id, 4, 7, 1, 0, at(5)),
            Looked(Did.PAGE, BOOK.id, 4, 0, 2, 9_000, at(4)),
            Looked(Did.PAGE, BOOK.id, 5, 0, 1, 0, at(3)),
        ]
        assert [each.page for each in uow.tastes.looked_at(LEA_PERSON.id, NOW, 2)] == [0, 4]
        assert len(uow.tastes.looked_at(LEA_PERSON.id, at(4.5), 9)) == 2
        assert uow.tastes.looked_at("f" * 32, NOW, 9) == []


def test_who_is_forgotten_goes_on_counting(storage: Storage) -> None:
    storage.write(lambda uow: uow.reading.add(READ))
    assert storage.write(lambda uow: uow.tastes.forget(LEA_PERSON.id)) == 8
    assert storage.write(lambda uow: uow.tastes.forget(LEA_PERSON.id)) == 0
    with storage.read() as uow:
        assert uow.tastes.looked_at(LEA_PERSON.id, NOW, 9) == []
        assert uow.reading.last_page_of("", LEA_PERSON.id) is None
        assert len(uow.tastes.looked_at(SAM_PERSON.id, NOW, 9)) == 1
        figures = {each.page: each for each in uow.reading.by_page(BOOK.id, NOW, NOW + DAY)}
    assert (figures[4].views, figures[4].dwell_ms, figures[4].hotspots) == (4, 9_000, 1)


# --- catalogues -------------------------------------------------------------------------------------------------------


def spot(name: str, page: int, product: Product, width: float = 0.2) -> Hotspot:
    place = Region(0.1, 0.1, width, 0.2)
    return Hotspot(name * 32, page, place, product.id, 0, FoundBy.HAND, Review.CONFIRMED)


@pytest.fixture
def book(storage: Storage, products: list[Product]) -> Lookbook:
    """Page 1: the first product small, the second large, and twice. Page 2: the first and the third."""
    first, second, third = products[:3]
    spots = (
        spot("1", 1, first), spot("2", 1, second, 0.5), spot("3", 1, second), spot("4", 2, first), spot("5", 2, third),
    )  # fmt: skip
    assert storage.write(lambda uow: uow.lookbooks.add(BOOK, PAGES, spots))
    return storage.write(lambda uow: uow.lookbooks.publish(BOOK, NOW))


def test_what_a_page_leads_to_the_largest_first(storage: Storage, book: Lookbook, products: list[Product]) -> None:
    first, second, third = (product.id for product in products[:3])
    with storage.read() as uow:
        assert uow.tastes.leads_to(book, {1, 2, 9}) == {1: (second, first), 2: (first, third)}
        assert uow.tastes.leads_to(book, {2}) == {2: (first, third)}
        assert uow.tastes.leads_to(book, ()) == {}


def test_what_is_on_the_same_page(storage: Storage, book: Lookbook, products: list[Product]) -> None:
    first, second, third = (product.id for product in products[:3])
    with storage.read() as uow:
        assert uow.tastes.beside([first], 9) == [(first, second), (first, third)]
        assert uow.tastes.beside([second, third], 9) == [(second, first), (third, first)]
        assert uow.tastes.beside([first], 1) == [(first, second)]
        assert uow.tastes.beside([], 9) == []
    storage.write(lambda uow: uow.lookbooks.set_state(book, LookbookState.WITHDRAWN))
    with storage.read() as uow:
        assert uow.tastes.beside([first], 9) == []


# --- orders -----------------------------------------------------------------------------------------------------------


def test_what_several_people_bought_together(storage: Storage, products: list[Product]) -> None:
    first, second, third, fourth, fifth = products
    buys(storage, LEA_PERSON, first, second, fourth)
    buys(storage, SAM_PERSON, first, second, third)
    buys(storage, NADIA, first, second, third)
    buys(storage, NADIA, first, fourth, state="cancelled")
    buys(storage, NADIA, first, fifth, when=NOW - 400 * DAY)

    def together(*ids: Product, but: str = "", people: int = 2, limit: int = 9) -> list[tuple[int, int, int]]:
        with storage.read() as uow:
            since = NOW - 365 * DAY
            asked = [product.id for product in ids]
            return uow.tastes.bought_with(asked, since, but=but, people=people, limit=limit)

    assert together(first) == [(first.id, second.id, 3), (first.id, third.id, 2)]
    assert together(first, but=LEA_PERSON.id) == [(first.id, second.id, 2), (first.id, third.id, 2)]
    assert together(first, but=SAM_PERSON.id) == [(first.id, second.id, 2)]  # one person alone says nothing
    assert together(first, people=1, limit=2) == [(first.id, second.id, 3), (first.id, third.id, 2)]
    assert together(second, third) == [
        (second.id, first.id, 3),
        (second.id, third.id, 2),
        (third.id, first.id, 2),
        (third.id, second.id, 2),
    ]
    assert together() == []


def test_what_came_back_was_not_bought_together(storage: Storage, products: list[Product]) -> None:
    first, second = products[:2]
    buys(storage, LEA_PERSON, first, second)
    buys(storage, SAM_PERSON, first, second)

    def work(uow: UnitOfWork) -> None:
        (order,) = uow.orders.of_customer(SAM_PERSON.id)
        assert uow.orders.returned(order.id, 1, 1)

    storage.write(work)
    with storage.read() as uow:
        assert uow.tastes.bought_with([first.id], NOW - DAY, but="", people=2, limit=9) == []
        assert uow.tastes.best_sellers(NOW - DAY, orders=99, people=2, limit=9) == [first.id]


def test_best_sellers_are_what_most_people_ordered(storage: Storage, products: list[Product]) -> None:
    first, second, third, fourth, fifth = products
    for who in (LEA_PERSON, SAM_PERSON, NADIA):
        buys(storage, who, second)
    for who in (LEA_PERSON, SAM_PERSON):
        buys(storage, who, first, third)
    for _ in range(5):
        buys(storage, NADIA, fourth)  # one person, however often
    for who in (LEA_PERSON, SAM_PERSON, NADIA):
        buys(storage, who, fifth, when=NOW - 31 * DAY)
        buys(storage, who, fourth, state="expired")
    with storage.read() as uow:
        assert uow.tastes.best_sellers(NOW - 30 * DAY, orders=99, people=2, limit=9) == [second.id, third.id, first.id]
        assert uow.tastes.best_sellers(NOW - 30 * DAY, orders=99, people=2, limit=1) == [second.id]
        assert uow.tastes.best_sellers(NOW + DAY, orders=99, people=2, limit=9) == []
        assert uow.tastes.best_sellers(NOW - 40 * DAY, orders=3, people=2, limit=9) == [fifth.id]


def test_the_newest_products_first(storage: Storage, products: list[Product]) -> None:
    put_product(storage, a_product("gone", active=False))
    with storage.read() as uow:
        assert uow.tastes.newest(3) == [product.id for product in reversed(products[2:])]
