"""What `Storage.read` and `Storage.write` promise, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from datetime import timedelta

import pytest

from commerce.ports import Storage, UnitOfWork
from commerce.storage import open_storage
from tests.contracts.storage_values import NOW, a_store

TOMORROW = NOW + timedelta(days=1)


def stored(storage: Storage, key: str) -> str | None:
    with storage.read() as uow:
        return uow.state.get(key, NOW)


def test_a_write_returns_what_its_work_returned_and_is_there_for_everybody(storage: Storage, database_url: str) -> None:
    def work(uow: UnitOfWork) -> str:
        uow.state.put("a", "1", TOMORROW)
        return "done"

    assert storage.write(work) == "done"
    assert stored(storage, "a") == "1"
    other = open_storage(database_url)
    assert stored(other, "a") == "1"
    other.close()


def test_an_exception_rolls_everything_back_and_goes_through(storage: Storage) -> None:
    storage.write(lambda uow: uow.state.put("a", "old", TOMORROW))

    def work(uow: UnitOfWork) -> None:
        uow.state.put("a", "new", TOMORROW)
        uow.state.put("b", "new", TOMORROW)
        uow.stores.put(a_store())
        raise KeyError("no")

    with pytest.raises(KeyError, match="no"):
        storage.write(work)
    assert stored(storage, "a") == "old"
    assert stored(storage, "b") is None
    with storage.read() as uow:
        assert uow.stores.all() == []


def test_writing_through_a_view_is_an_error_and_writes_nothing(storage: Storage) -> None:
    with pytest.raises(Exception, match=r"(?i)read.?only"), storage.read() as uow:
        uow.state.put("a", "1", TOMORROW)
    assert stored(storage, "a") is None


def test_a_view_does_not_change_while_others_write(storage: Storage) -> None:
    storage.write(lambda uow: uow.state.put("a", "1", TOMORROW))
    with storage.read() as uow:
        assert uow.state.get("a", NOW) == "1"
        storage.write(lambda writer: writer.state.put("a", "2", TOMORROW))
        assert uow.state.get("a", NOW) == "1"
    assert stored(storage, "a") == "2"


def test_a_write_inside_the_work_of_a_write_is_refused_at_once(storage: Storage) -> None:
    def inner(uow: UnitOfWork) -> None:
        uow.state.put("a", "1", TOMORROW)

    with pytest.raises(RuntimeError, match="inside the work"):
        storage.write(lambda uow: storage.write(inner))
    assert stored(storage, "a") is None
    storage.write(inner)
    assert stored(storage, "a") == "1"


def test_a_view_may_be_opened_inside_the_work_of_a_write(storage: Storage) -> None:
    storage.write(lambda uow: uow.state.put("a", "1", TOMORROW))
    assert storage.write(lambda uow: stored(storage, "a")) == "1"


def test_a_unit_of_work_is_over_with_its_transaction(storage: Storage) -> None:
    kept: list[UnitOfWork] = []
    storage.write(kept.append)
    with storage.read() as uow:
        kept.append(uow)
    for over in kept:
        with pytest.raises(RuntimeError, match="over"):
            over.state.get("a", NOW)


def test_a_failing_view_gives_its_connection_back(storage: Storage) -> None:
    for _ in range(100):  # more than the pool holds
        with pytest.raises(ZeroDivisionError), storage.read() as uow:
            assert uow.state.get("a", NOW) is None
            _ = 1 / 0
    assert stored(storage, "a") is None


def test_many_threads_write_and_those_that_fail_take_nothing_with_them(storage: Storage) -> None:
    class Refused(Exception):
        pass

    def one(number: int) -> int:
        def work(uow: UnitOfWork) -> int:
            uow.state.put(f"n{number}", "here", TOMORROW)
            if number % 3 == 0:
                raise Refused(number)
            return number * 2

        try:
            return storage.write(work)
        except Refused as refused:
            assert refused.args == (number,)
            return -1

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(one, range(300)))
    assert results == [-1 if n % 3 == 0 else n * 2 for n in range(300)]
    with storage.read() as uow:
        there = [uow.state.get(f"n{n}", NOW) is not None for n in range(300)]
    assert there == [n % 3 != 0 for n in range(300)]


def test_read_modify_write_on_one_lease_has_one_winner(storage: Storage) -> None:
    barrier = threading.Barrier(8)

    def one(number: int) -> bool:
        barrier.wait()
        return storage.write(lambda uow: uow.leases.take("in:x", f"worker-{number}", NOW, TOMORROW))

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(one, range(8))) == [False] * 7 + [True]


def test_work_sees_the_context_of_its_own_caller(storage: Storage) -> None:
    who: ContextVar[str] = ContextVar("who")
    seen: dict[str, str] = {}

    def one(name: str) -> None:
        who.set(name)
        for _ in range(20):
            storage.write(lambda uow: seen.__setitem__(name, who.get()))
            assert seen[name] == name

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, [f"caller {n}" for n in range(8)]))


def test_after_close_nothing_is_written(database_url: str) -> None:
    storage = open_storage(database_url)
    storage.write(lambda uow: uow.state.put("a", "1", TOMORROW))
    storage.close()
    with pytest.raises(Exception, match="closed"):
        storage.write(lambda uow: uow.state.put("a", "2", TOMORROW))
