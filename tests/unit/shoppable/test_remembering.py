"""Lists are remembered, facts never."""

from __future__ import annotations

from flask.testing import FlaskClient

from commerce.domain.money import Money
from commerce.domain.stock import MovementReason
from commerce.wiring import Shop
from shoppable.pages.remembering import Listed, Remembered
from tests.unit.shoppable.test_limits import Watch
from tests.unit.shoppable.test_pages import text_of


def test_a_list_is_asked_for_again_when_it_is_old() -> None:
    watch, asked = Watch(), []

    def ask() -> Listed:
        asked.append(watch.now_s)
        return Listed((len(asked),), 1)

    lists = Remembered(watch)
    assert [lists.of("a", 10, ask).ids for _ in range(3)] == [(1,), (1,), (1,)]
    assert lists.of("b", 10, ask).ids == (2,)
    watch.now_s += 10
    assert lists.of("a", 10, ask).ids == (3,)


def test_nothing_is_not_remembered_and_memory_is_bounded() -> None:
    asked: list[int] = []
    lists = Remembered(Watch(), most=3)

    def empty() -> Listed:
        asked.append(0)
        return Listed((), 0)

    assert lists.of("a", 10, empty) == lists.of("a", 10, empty) and len(asked) == 2
    for number in range(5):
        lists.of(number, 10, lambda number=number: Listed((number,), 1))  # type: ignore[misc]
    assert lists.of(4, 10, empty).ids == (4,) and lists.of(0, 10, empty).ids == ()


def test_a_remembered_list_shows_the_prices_and_stock_of_this_moment(shop: Shop, client: FlaskClient) -> None:
    def tile() -> str:
        page = text_of(client.get("/?lang=en").text)
        return page[page.index("Denim jacket") :][:80]

    assert "€65.00" in tile() and "In store: Bellecour" in tile()
    shop.storage.write(lambda uow: shop.catalog.set_price(uow, "P2-blue-M", Money(4321, "EUR")))
    shop.storage.write(lambda uow: shop.catalog.set_on_hand(uow, "P2-blue-M", "S1", 0, MovementReason.COUNT))
    shop.storage.write(lambda uow: shop.catalog.set_on_hand(uow, "P2-blue-M", "S3", 1, MovementReason.COUNT))
    assert "€43.21" in tile() and "In store: Marais" in tile()


def test_similar_products_show_the_prices_of_this_moment(shop: Shop, client: FlaskClient) -> None:
    product = shop.catalog.by_source_id("P1")
    assert product is not None
    path = f"/p/{product.id}?lang=en"
    assert "Viscose midi dress Same type, colour, material, and brand €59.00" in text_of(client.get(path).text)
    shop.storage.write(lambda uow: shop.catalog.set_price(uow, "P6-navy-38", Money(5555, "EUR")))
    assert "Viscose midi dress Same type, colour, material, and brand €55.55" in text_of(client.get(path).text)
