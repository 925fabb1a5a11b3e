"""The database fails at the first statement, then at the second, … until a run meets no fault: never half a thing.

What runs is one step of a conversation as a worker does it: reserve, save the session, answer, mark the event done.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, timedelta

import psycopg
import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

from commerce.clock import ManualClock
from commerce.domain.customer import Customer
from commerce.domain.mail import Direction, OutboundMessage
from commerce.domain.reservation import Refused, Reservation
from commerce.errors import StorageError
from commerce.ids import SeededIds
from commerce.ports import ReservationRules, Storage, UnitOfWork
from commerce.services.reserving import Reserving
from commerce.storage.postgres_storage import PostgresStorage
from commerce.storage.sqlite_storage import SqliteStorage
from tests.contracts.storage_values import LEA, NOW, an_event, put_stock
from vitrine.doctor import check

STEPS_AT_MOST = 60


class _Fault(Exception):
    """What a driver raises; each test says which."""


@pytest.fixture
def shop(storage: Storage) -> Iterator[tuple[Storage, Reserving, list[int]]]:
    variants = put_stock(storage, {"36": 2, "38": 2})
    storage.write(lambda uow: uow.customers.add(Customer("lea", "Léa", "fr", NOW), LEA, NOW))
    storage.write(lambda uow: uow.inbox.accept(an_event(), NOW))
    rules = ReservationRules(duration=timedelta(hours=2), grace=timedelta(0), max_open_per_customer=5)
    yield storage, Reserving(storage, ManualClock(NOW.astimezone(UTC)), SeededIds(), rules), variants


def engine_of(storage: Storage) -> Engine:
    if isinstance(storage, SqliteStorage):
        return storage._writer
    assert isinstance(storage, PostgresStorage)
    return storage._engine


def step(reserving: Reserving, variants: list[int], uow: UnitOfWork) -> Reservation:
    row = uow.inbox.next_in(LEA.lane, NOW)
    assert row is not None
    lines = [(variant_id, 1) for variant_id in variants]
    answer = reserving.place(uow, customer_id="lea", contact=LEA, store_id="bellecour", lines=lines)
    assert not isinstance(answer, Refused), answer
    uow.state.put(f"session:{LEA.lane}", answer.id, NOW + timedelta(days=1))
    uow.threads.add(LEA, Direction.OUT, "{}", NOW)
    uow.outbox.add(OutboundMessage(LEA, "reply", "{}"), NOW)
    assert uow.inbox.done(row.id, NOW)
    return answer


def traces(storage: Storage) -> set[bool]:
    """Whether each part of the step is there: {True}, {False}, or, if it was done by half, both."""
    with storage.read() as uow:
        return {
            uow.inbox.next_in(LEA.lane, NOW) is None,
            bool(uow.reservations.of_customer("lea", only_open=True)),
            uow.state.get(f"session:{LEA.lane}", NOW) is not None,
            bool(uow.threads.after(LEA, 0, 10)),
            uow.outbox.next_in(LEA.lane, NOW) is not None,
            any(level.held for level in uow.stock.levels(range(1, 10))),
        }


def driver_error(storage: Storage) -> Exception:
    if isinstance(storage, SqliteStorage):
        return sqlite3.OperationalError("disk I/O error")
    return psycopg.errors.IoError("could not write")


def test_a_fault_at_the_kth_statement_leaves_all_or_nothing(shop: tuple[Storage, Reserving, list[int]]) -> None:
    storage, reserving, variants = shop
    engine = engine_of(storage)
    seen, fail_at, armed = 0, 0, False

    def fault(*_: object) -> None:
        nonlocal seen
        seen += armed
        if armed and seen == fail_at:
            raise driver_error(storage)

    event.listen(engine, "before_cursor_execute", fault)
    for fail_at in range(1, STEPS_AT_MOST):
        seen, armed = 0, True
        try:
            storage.write(lambda uow: step(reserving, variants, uow))
        except (DBAPIError, StorageError):
            armed = False
        else:
            break
        assert traces(storage) == {False}
        assert [found.name for found in check(storage, NOW) if not found.ok] == []
    armed = False
    assert 15 < fail_at == seen + 1  # every statement had its turn
    assert traces(storage) == {True}
    assert [found.name for found in check(storage, NOW) if not found.ok] == []


def test_a_fault_in_the_commit_leaves_all_or_nothing(
    shop: tuple[Storage, Reserving, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, reserving, variants = shop

    def fail(_connection: object) -> None:
        raise driver_error(storage)

    with monkeypatch.context() as patch:
        patch.setattr(engine_of(storage).dialect, "do_commit", fail)
        with pytest.raises((DBAPIError, StorageError)):
            storage.write(lambda uow: step(reserving, variants, uow))
    assert traces(storage) == {False}
    storage.write(lambda uow: step(reserving, variants, uow))
    assert traces(storage) == {True}
    assert [found.name for found in check(storage, NOW) if not found.ok] == []


@pytest.mark.parametrize("when", ["first", "middle", "last"])
def test_an_error_of_the_work_itself_leaves_nothing(shop: tuple[Storage, Reserving, list[int]], when: str) -> None:
    storage, reserving, variants = shop

    def work(uow: UnitOfWork) -> None:
        if when == "first":
            raise _Fault
        step(reserving, variants, uow)
        if when == "middle":
            raise _Fault
        uow.audit.add("test", "after", "step", {}, NOW)
        raise _Fault

    with pytest.raises(_Fault):
        storage.write(work)
    assert traces(storage) == {False}
    assert [found.name for found in check(storage, NOW) if not found.ok] == []
