"""The record of what was done: added to, looked through, and never changed, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from commerce.ports import Storage, UnitOfWork
from commerce.storage.unit_of_work import SqlUnitOfWork
from tests.contracts.storage_values import NOW

HOUR = timedelta(hours=1)


def fill(uow: UnitOfWork) -> None:
    uow.audit.add("staff:a", "member_added", "staff:b", {"role": "staff"}, NOW)
    uow.audit.add("staff:a", "order_moved", "o1", {"to": "ready"}, NOW + HOUR)
    uow.audit.add("clock", "order_moved", "o2", {}, NOW + 2 * HOUR)
    uow.audit.add("staff:b", "store_paused", "100%_sure", {}, NOW + 3 * HOUR)


def test_the_record_is_looked_through(storage: Storage) -> None:
    storage.write(fill)

    def found(**asked: object) -> list[str]:
        with storage.read() as uow:
            return [entry.subject for entry in uow.audit.find(**asked)]  # type: ignore[arg-type]

    assert found() == ["100%_sure", "o2", "o1", "staff:b"]
    assert found(limit=2) == ["100%_sure", "o2"]
    with storage.read() as uow:
        newest = uow.audit.find(limit=1)[0]
        assert (newest.at, newest.actor, newest.action) == (NOW + 3 * HOUR, "staff:b", "store_paused")
        assert uow.audit.find(subject="o1")[0].details == {"to": "ready"}
    assert found(before_id=newest.id) == ["o2", "o1", "staff:b"]
    assert found(actor="staff:a") == ["o1", "staff:b"]
    assert found(action="order_moved", actor="clock") == ["o2"]
    assert found(subject="b") == found(subject="staff:b") == ["staff:b"]
    assert found(subject="%") == found(subject="o") == []
    assert found(since=NOW + HOUR, until=NOW + 3 * HOUR) == ["o2", "o1"]


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"])
def test_nobody_changes_the_record(storage: Storage, statement: str) -> None:
    storage.write(fill)

    def tamper(uow: UnitOfWork) -> None:
        assert isinstance(uow, SqlUnitOfWork)
        uow.transaction.connection.exec_driver_sql(statement)

    with pytest.raises(DBAPIError, match="append-only"):
        storage.write(tamper)
    with storage.read() as uow:
        assert len(uow.audit.find()) == 4
