"""A prepared statement answers as SQLAlchemy's own does."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, event, insert, select, text, update

from commerce.ports import Storage, UnitOfWork
from commerce.storage.prepared import Prepared
from commerce.storage.tables import store, variant
from commerce.storage.transaction import Transaction
from commerce.storage.unit_of_work import SqlUnitOfWork
from tests.contracts.storage_values import a_product, a_store, put_product

_BY_ID = select(variant).where(variant.c.id.in_(bindparam("ids", expanding=True))).order_by(variant.c.id)
_IN_SIZES = (
    select(variant.c.sku, variant.c.active)
    .where(variant.c.size.in_(["36", "40"]), variant.c.id > bindparam("above"), variant.c.active)
    .order_by(variant.c.id)
    .limit(2)
)
_STORE = select(store).where(store.c.id == bindparam("store_id"))
_RENAME = (
    update(variant)
    .where(variant.c.sku == bindparam("old"))
    .values(sku=bindparam("new"), active=bindparam("is_active"))
    .returning(variant.c.id, variant.c.active)
)


def db(uow: UnitOfWork) -> Transaction:
    assert isinstance(uow, SqlUnitOfWork)
    return uow.transaction


@pytest.fixture
def variant_ids(storage: Storage) -> list[int]:
    storage.write(lambda uow: uow.stores.put(a_store()))
    found = []
    for n in range(9):
        found += [one.id for one in put_product(storage, a_product(f"p{n}", ("36", "38", "40"))).variants]
    return found


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 9, 27])
def test_a_list_of_any_length(storage: Storage, variant_ids: list[int], count: int) -> None:
    given = {"ids": variant_ids[:count]}
    with storage.read() as uow:
        rows = db(uow).rows(Prepared(_BY_ID), given)
        assert rows == [tuple(row) for row in db(uow).execute(_BY_ID, given)]
        assert [row.id for row in rows] == variant_ids[:count]
        assert all(row.active is True for row in rows)


def test_values_that_are_the_statements_own(storage: Storage, variant_ids: list[int]) -> None:
    with storage.read() as uow:
        for above in (0, variant_ids[3], variant_ids[-1]):
            rows = db(uow).rows(Prepared(_IN_SIZES), {"above": above})
            assert rows == [tuple(row) for row in db(uow).execute(_IN_SIZES, {"above": above})]
        assert db(uow).row(Prepared(_IN_SIZES), {"above": variant_ids[-1]}) is None


def test_types_that_sqlite_does_not_have(storage: Storage, variant_ids: list[int]) -> None:
    with storage.read() as uow:
        row = db(uow).row(Prepared(_STORE), {"store_id": "bellecour"})
        assert row == tuple(db(uow).execute(_STORE, {"store_id": "bellecour"}).one())
        assert (row.open_from, row.open_until) == (a_store().open_from, a_store().open_until)


def test_changes_are_counted_and_answer(storage: Storage, variant_ids: list[int]) -> None:
    rename = Prepared(_RENAME)
    count = Prepared(text("UPDATE variant SET gtin = :gtin WHERE size = :size AND gtin <> :gtin"))

    def work(uow: UnitOfWork) -> None:
        (row,) = db(uow).rows(rename, {"old": "p0-36", "new": "other", "is_active": False})
        assert (row.id, row.active) == (variant_ids[0], False)
        assert db(uow).rows(rename, {"old": "p0-36", "new": "other", "is_active": False}) == []
        assert db(uow).run(count, {"gtin": "100%", "size": "38"}) == 9
        assert db(uow).run(count, {"gtin": "100%", "size": "38"}) == 0

    storage.write(work)


def test_errors_are_those_of_sqlalchemy(storage: Storage) -> None:
    from sqlalchemy.exc import IntegrityError

    add = Prepared(insert(store))
    row = dict.fromkeys(store.columns.keys())
    with pytest.raises(IntegrityError):
        storage.write(lambda uow: db(uow).run(add, row))
    with pytest.raises(KeyError):
        storage.write(lambda uow: db(uow).run(add, {"id": "a"}))


def test_whoever_listens_hears_of_it(storage: Storage, variant_ids: list[int]) -> None:
    heard: list[str] = []
    with storage.read() as uow:
        event.listen(db(uow).connection, "before_cursor_execute", lambda *call: heard.append(call[2]))
        assert [row.id for row in db(uow).rows(Prepared(_BY_ID), {"ids": variant_ids[:3]})] == variant_ids[:3]
    assert len(heard) == 1
