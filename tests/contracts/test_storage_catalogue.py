"""`ProductRepository` and `StoreRepository` on both databases."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from commerce.domain.money import Money
from commerce.domain.product import Product
from commerce.domain.stock import MovementReason
from commerce.ports import Change, ChangeKind, Storage, UnitOfWork
from commerce.storage.seeding import add_product
from commerce.storage.unit_of_work import SqlUnitOfWork
from tests.contracts.storage_values import NOW, a_product, a_store, euros, put_product, put_stock


def run(storage: Storage, statement: str) -> None:
    def work(uow: UnitOfWork) -> None:
        assert isinstance(uow, SqlUnitOfWork)
        uow.transaction.connection.exec_driver_sql(statement)

    storage.write(work)


def test_a_product_comes_back_as_it_was_written(storage: Storage) -> None:
    stored = put_product(storage, a_product())
    with storage.read() as uow:
        assert uow.products.get(stored.id) == stored
        assert uow.products.get(stored.id + 1) is None
        assert uow.products.by_source_id("p1") == stored
        assert uow.products.by_source_id("p1", "main") == stored
        assert uow.products.by_source_id("p1", "other") is None
        thirty_eight = stored.variants[1]
        assert uow.products.by_sku("p1-38") == (stored, thirty_eight)
        assert uow.products.by_gtin(thirty_eight.gtin) == (stored, thirty_eight)
        assert uow.products.by_variant(thirty_eight.id) == (stored, thirty_eight)
        found = uow.products.by_variants([10**9, *(one.id for one in stored.variants), thirty_eight.id])
        assert found == {one.id: (stored, one) for one in stored.variants}
        assert uow.products.by_variants([]) == {}
        assert uow.products.by_sku("p1-40") is None
        assert uow.products.by_gtin("") is None
        assert uow.products.by_variant(10**9) is None


def test_numbers_are_walked_through_by_variant(storage: Storage) -> None:
    one, gone = put_product(storage, a_product("p1")), put_product(storage, a_product("gone", active=False))
    run(storage, f"UPDATE variant SET active = false WHERE id = {one.variants[0].id}")
    with storage.read() as uow:
        every = uow.products.numbers_after(0, 100)
        offered = one.variants[1:]
        assert [number.variant_id for number in every] == [each.id for each in offered]
        assert every[0] == (offered[0].id, one.id, offered[0].sku, offered[0].gtin, "p1")
        assert uow.products.numbers_after(every[0].variant_id, 1) == every[1:2]
        assert gone.id not in {number.product_id for number in every}


def test_what_is_not_offered_is_not_found(storage: Storage) -> None:
    gone = put_product(storage, a_product("gone", active=False))
    bare = put_product(storage, a_product("bare", sizes=()))
    part = put_product(storage, a_product("part", sizes=("36", "38", "40")))
    run(storage, "UPDATE variant SET active = false WHERE sku = 'part-38'")
    last = put_product(storage, a_product("last", sizes=("36",)))
    run(storage, "UPDATE variant SET active = false WHERE sku = 'last-36'")
    with storage.read() as uow:
        found = uow.products.many([gone.id, bare.id, part.id, last.id, 10**9])
        assert list(found) == [part.id]
        assert [variant.size for variant in found[part.id].variants] == ["36", "40"]
        every = [variant.id for product in (gone, bare, part, last) for variant in product.variants]
        assert list(uow.products.by_variants(every)) == [part.variants[0].id, part.variants[2].id]
        assert uow.products.count() == 1
        assert uow.products.after(0, 10) == [found[part.id]]
        assert uow.products.by_source_id("gone") is None
        for sku in ("gone-36", "part-38", "last-36"):
            assert uow.products.by_sku(sku) is None


def test_walking_through_all_products_meets_each_once(storage: Storage) -> None:
    ids = [put_product(storage, a_product(f"p{n}", active=n % 3 != 0)).id for n in range(10)]
    met: list[int] = []
    last = 0
    with storage.read() as uow:
        while page := uow.products.after(last, 2):
            assert len(page) <= 2
            met += [product.id for product in page]
            last = met[-1]
        assert uow.products.count() == len(met)
    assert met == [id_ for n, id_ in enumerate(ids) if n % 3 != 0]


def test_a_batch_takes_three_statements_however_big(storage: Storage) -> None:
    ids = [put_product(storage, a_product(f"p{n}")).id for n in range(60)]
    with storage.read() as uow:
        assert isinstance(uow, SqlUnitOfWork)
        statements: list[str] = []
        engine = uow.transaction.connection.engine

        def count(_connection, _cursor, statement, *_rest) -> None:  # type: ignore[no-untyped-def]
            statements.append(statement)

        event.listen(engine, "before_cursor_execute", count)
        assert set(uow.products.many(ids)) == set(ids)
        event.remove(engine, "before_cursor_execute", count)
    assert len(statements) == 3


def test_pictures_that_are_ready_can_be_walked(storage: Storage) -> None:
    first = put_product(storage, a_product("p1"))
    put_product(storage, a_product("gone", active=False))
    second = put_product(storage, a_product("p2"))
    with storage.read() as uow:
        ready = uow.products.pictures_ready_after(0, 10)
        assert [(found.product_id, found.picture) for found in ready] == [
            (first.id, first.pictures[0]),
            (second.id, second.pictures[0]),
        ]
        assert uow.products.pictures_ready_after(ready[0].picture.id, 10) == ready[1:]
        assert uow.products.picture(ready[0].picture.id) == ready[0]
        assert uow.products.picture(10**9) is None
    run(storage, f"UPDATE picture SET state = 'failed' WHERE product_id = {second.id}")
    with storage.read() as uow:
        assert uow.products.pictures_ready_after(ready[0].picture.id, 10) == []
        stripped = uow.products.get(second.id)
        assert stripped is not None and stripped.pictures == ()


# --- prices ---------------------------------------------------------------------------------------------------------


def set_price(storage: Storage, variant_id: int, minor: int, day: float, list_minor: int | None = None) -> bool:
    list_price = None if list_minor is None else euros(list_minor)
    at = NOW + timedelta(days=day)
    return storage.write(lambda uow: uow.products.set_price(variant_id, euros(minor), list_price, at))


def lowest(storage: Storage, variant_id: int, days: float = 30) -> Money | None:
    with storage.read() as uow:
        return uow.products.lowest_price_before(variant_id, timedelta(days=days))


def test_a_price_is_written_once(storage: Storage) -> None:
    variant = put_product(storage, a_product()).variants[0]
    assert set_price(storage, variant.id, 6900, 1, 9900) is True
    assert set_price(storage, variant.id, 6900, 2, 9900) is False
    with storage.read() as uow:
        assert [change.what for change in uow.products.changes_after(0, 10)] == [ChangeKind.PRODUCT, ChangeKind.PRICE]
        found = uow.products.by_variant(variant.id)
        assert found is not None
        assert (found[1].price, found[1].list_price) == (euros(6900), euros(9900))
    assert set_price(storage, variant.id, 6900, 3, None) is True
    with storage.read() as uow:
        found = uow.products.by_variant(variant.id)
        assert found is not None and found[1].list_price is None
    with pytest.raises(LookupError):
        set_price(storage, 10**9, 100, 1)
    with pytest.raises(ValueError, match="currenc"):
        storage.write(lambda uow: uow.products.set_price(variant.id, euros(1), Money(2, "CAD"), NOW))


def test_the_lowest_price_before_a_cut_knows_every_price_that_applied(storage: Storage) -> None:
    variant = put_product(storage, a_product()).variants[0]  # 79 € from day 0
    assert lowest(storage, variant.id) is None, "there was no other price"
    set_price(storage, variant.id, 5000, 10)
    assert lowest(storage, variant.id) == euros(7900)
    set_price(storage, variant.id, 9000, 12)
    set_price(storage, variant.id, 6000, 41)  # a cut on day 41: the price of 50 € ended on day 12
    assert lowest(storage, variant.id, 30) == euros(5000)
    assert lowest(storage, variant.id, 29) == euros(9000), "it ended just before the window"
    assert lowest(storage, variant.id, 1) == euros(9000)
    assert lowest(storage, 10**9) is None


def test_prices_of_another_currency_are_not_compared(storage: Storage) -> None:
    variant = put_product(storage, a_product()).variants[0]
    storage.write(lambda uow: uow.products.set_price(variant.id, Money(12000, "CAD"), None, NOW + timedelta(days=1)))
    assert lowest(storage, variant.id) is None


def test_a_clock_set_back_leaves_a_sane_history(storage: Storage) -> None:
    variant = put_product(storage, a_product()).variants[0]
    set_price(storage, variant.id, 5000, 10)
    set_price(storage, variant.id, 6000, 9)  # the clock went back a day
    set_price(storage, variant.id, 7000, 20)
    assert lowest(storage, variant.id, 5) == euros(6000)


def test_price_changes_from_many_threads_leave_one_history(storage: Storage) -> None:
    variant = put_product(storage, a_product()).variants[0]
    prices = list(range(4000, 4040))
    random.Random(3).shuffle(prices)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda price: set_price(storage, variant.id, price, 1), prices))
    with storage.read() as uow:
        assert isinstance(uow, SqlUnitOfWork)
        rows = uow.transaction.connection.exec_driver_sql("SELECT price_minor FROM past_price ORDER BY id").scalars()
        found = uow.products.by_variant(variant.id)
        assert found is not None
        assert sorted([*rows, found[1].price.minor]) == [*range(4000, 4040), 7900]


# --- changes --------------------------------------------------------------------------------------------------------


def test_changes_are_told_once_a_transaction_and_only_when_committed(storage: Storage) -> None:
    with storage.read() as uow:
        assert uow.products.last_change() == 0
        assert uow.products.changes_after(0, 10) == []
    a, b = put_stock(storage, {"36": 5, "38": 5})
    with storage.read() as uow:
        start = uow.products.last_change()
        owner = uow.products.by_variant(a)
        assert owner is not None
        product_id = owner[0].id
        assert {change.what for change in uow.products.changes_after(0, 10)} == {ChangeKind.PRODUCT, ChangeKind.STOCK}

    def sell_both(uow: UnitOfWork) -> None:
        uow.stock.adjust(a, "bellecour", -1, MovementReason.SALE, "", NOW)
        uow.stock.adjust(b, "bellecour", -1, MovementReason.SALE, "", NOW)
        uow.stock.adjust(b, "bellecour", -1, MovementReason.SALE, "", NOW)

    def fail(uow: UnitOfWork) -> None:
        sell_both(uow)
        raise KeyError

    with pytest.raises(KeyError):
        storage.write(fail)
    with storage.read() as uow:
        assert uow.products.last_change() == start
    storage.write(sell_both)
    with storage.read() as uow:
        assert uow.products.changes_after(start, 10) == [
            Change(uow.products.last_change(), product_id, ChangeKind.STOCK)
        ]
    storage.write(lambda uow: uow.stock.take("h", [(a, 1)], "bellecour", "lea", NOW, NOW))
    storage.write(lambda uow: uow.stock.release("h", MovementReason.RELEASE, NOW))
    storage.write(lambda uow: uow.stock.set_on_hand(a, "bellecour", 9, MovementReason.COUNT, NOW))
    storage.write(lambda uow: uow.stock.set_on_hand(a, "bellecour", 9, MovementReason.COUNT, NOW))  # nothing new
    with storage.read() as uow:
        changes = uow.products.changes_after(start, 10)
        assert [change.what for change in changes] == [ChangeKind.STOCK] * 4
        assert uow.products.changes_after(start, 2) == changes[:2]


# --- stores ---------------------------------------------------------------------------------------------------------


def test_a_store_comes_back_as_it_was_written(storage: Storage) -> None:
    store = a_store()
    bare = replace(a_store("web", 1), point=None, open_from=None, open_until=None, phone="")

    def work(uow: UnitOfWork) -> None:
        uow.stores.put(bare)
        uow.stores.put(store)

    storage.write(work)
    with storage.read() as uow:
        assert uow.stores.get("bellecour") == store
        assert uow.stores.get("web") == bare
        assert uow.stores.get("nowhere") is None
        assert uow.stores.all() == [store, bare]
        found = uow.stores.get("bellecour")
        assert found is not None and found.hours.exceptions == store.hours.exceptions
    moved = replace(store, address="4 place Bellecour", position=5)
    storage.write(lambda uow: uow.stores.put(moved))
    with storage.read() as uow:
        assert uow.stores.all() == [bare, moved]


def test_seeding_tells_followers(storage: Storage) -> None:
    def work(uow: UnitOfWork) -> Product:
        return add_product(uow, a_product(), NOW)

    product = storage.write(work)
    with storage.read() as uow:
        assert [(change.product_id, change.what) for change in uow.products.changes_after(0, 9)] == [
            (product.id, ChangeKind.PRODUCT)
        ]


def test_a_change_has_a_mark_and_pictures_have_owners(storage: Storage) -> None:
    stored = put_product(storage, a_product())
    put_product(storage, a_product("gone", active=False))
    with storage.read() as uow:
        last = uow.products.last_change()
        marks = [uow.products.change_mark(seq) for seq in range(last + 2)]
        assert marks[0] == marks[-1] == ""
        assert len(set(marks[1:])) == last + 1
        assert uow.products.change_mark(last) == marks[last]
        owners = [(picture.id, stored.id) for picture in stored.pictures if picture.media_key]
        assert owners
        assert sorted(uow.products.picture_owners()) == owners
        ready = uow.products.pictures_ready_after(0, 100)
        assert [(one.picture.id, one.product_id) for one in ready] == owners
