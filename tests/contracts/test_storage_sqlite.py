"""What only SQLite does: one writer at a time, several works a commit, a file that somebody else may hold."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection

from commerce.errors import CommitUnknown, StorageBusy, StorageError
from commerce.ports import UnitOfWork
from commerce.storage import migrate, open_storage
from commerce.storage.sqlite_storage import SqliteStorage
from commerce.storage.unit_of_work import SqlUnitOfWork
from tests.contracts.storage_values import NOW, a_product, put_product

LATER = NOW + timedelta(hours=9)


@pytest.fixture
def storage(sqlite_url: str) -> Iterator[SqliteStorage]:
    opened = open_storage(sqlite_url)
    assert isinstance(opened, SqliteStorage)
    yield opened
    opened.close()


def pragma(uow: UnitOfWork, name: str) -> object:
    assert isinstance(uow, SqlUnitOfWork)
    return uow.transaction.connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def queued(storage: SqliteStorage, count: int) -> None:
    """Waits until so many works wait for the one that runs."""
    deadline = time.monotonic() + 10
    while storage._together.waiting() < count:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def get(storage: SqliteStorage, key: str) -> str | None:
    with storage.read() as uow:
        return uow.state.get(key, NOW)


def test_the_settings_that_durability_rests_on(storage: SqliteStorage) -> None:
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
    assert storage.write(lambda uow: {name: pragma(uow, name) for name in expected}) == expected
    with storage.read() as uow:
        assert {name: pragma(uow, name) for name in expected} == expected
        assert pragma(uow, "query_only") == 1


def test_works_that_wait_share_a_commit(storage: SqliteStorage, sqlite_url: str) -> None:
    entered, go_on = threading.Event(), threading.Event()
    path = sqlite_url.removeprefix("sqlite:///")

    def first(uow: UnitOfWork) -> None:
        entered.set()
        assert go_on.wait(10)

    with ThreadPoolExecutor(12) as pool, sqlite3.connect(path) as watcher:
        slow = pool.submit(storage.write, first)
        assert entered.wait(10)
        before = watcher.execute("PRAGMA data_version").fetchone()
        others = [pool.submit(storage.write, lambda uow, n=n: uow.state.put(f"k{n}", "v", LATER)) for n in range(10)]
        queued(storage, 10)
        seen_at_the_end: list[int] = []

        def last(uow: UnitOfWork) -> None:  # in the batch with the others: sees them, nobody else does yet
            seen_at_the_end.append(sum(uow.state.get(f"k{n}", NOW) is not None for n in range(10)))
            seen_at_the_end.append(sum(get(storage, f"k{n}") is not None for n in range(10)))

        final = pool.submit(storage.write, last)
        queued(storage, 11)
        go_on.set()
        for future in (slow, *others, final):
            future.result(10)
        assert seen_at_the_end == [10, 0]
        assert watcher.execute("PRAGMA data_version").fetchone() != before
    assert all(get(storage, f"k{n}") == "v" for n in range(10))


def test_a_batch_that_fills_the_disk_is_done_one_by_one(storage: SqliteStorage) -> None:
    """SQLite may undo the whole transaction by itself: the works that fit must still be done."""
    entered, go_on = threading.Event(), threading.Event()
    with storage._writer.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 8}")

    def first(uow: UnitOfWork) -> None:
        entered.set()
        assert go_on.wait(10)

    def put(name: str, size: int) -> str:
        try:
            storage.write(lambda uow: uow.state.put(name, "x" * size, LATER))
        except StorageError as error:
            return str(error)
        return "done"

    with ThreadPoolExecutor(8) as pool:
        slow = pool.submit(storage.write, first)
        assert entered.wait(10)
        futures = []
        for number, (name, size) in enumerate((("a", 10), ("big", 10**6), ("b", 10))):
            futures.append(pool.submit(put, name, size))
            queued(storage, number + 1)
        go_on.set()
        slow.result(10)
        a, big, b = (future.result(10) for future in futures)
    assert (a, b) == ("done", "done")
    assert "full" in big
    assert get(storage, "a") is not None and get(storage, "b") is not None
    assert get(storage, "big") is None
    assert put("c", 10) == "done"


@pytest.mark.parametrize("error_name", ["SQLITE_FULL", "SQLITE_IOERR_FSYNC"])
def test_a_commit_that_fails_is_told_to_those_whose_work_is_lost(
    storage: SqliteStorage, monkeypatch: pytest.MonkeyPatch, error_name: str
) -> None:
    """Full: nothing was written, so all are tried one by one. Any other trouble: nobody can know, nobody repeats."""
    entered, go_on = threading.Event(), threading.Event()
    failures = [error_name]
    commit = storage._writer.dialect.do_commit

    def failing(connection: DBAPIConnection) -> None:
        if failures and started:
            error = sqlite3.OperationalError("no")
            error.sqlite_errorname = failures.pop()
            raise error
        commit(connection)

    started: list[int] = []

    def first(uow: UnitOfWork) -> None:
        entered.set()
        assert go_on.wait(10)

    def put(number: int) -> str:
        def work(uow: UnitOfWork) -> None:
            started.append(number)
            uow.state.put(f"k{number}", "v", LATER)

        try:
            storage.write(work)
        except CommitUnknown:
            return "unknown"
        return "done"

    monkeypatch.setattr(storage._writer.dialect, "do_commit", failing)
    with ThreadPoolExecutor(8) as pool:
        slow = pool.submit(storage.write, first)
        assert entered.wait(10)
        futures = [pool.submit(put, number) for number in range(3)]
        queued(storage, 3)
        go_on.set()
        slow.result(10)
        answers = [future.result(10) for future in futures]
    assert not failures
    if error_name == "SQLITE_FULL":
        assert answers == ["done"] * 3
        assert sorted(started) == [0, 0, 1, 1, 2, 2]
        assert [get(storage, f"k{number}") for number in range(3)] == ["v"] * 3
    else:
        assert answers == ["unknown"] * 3
        assert sorted(started) == [0, 1, 2]
    assert put(9) == "done"


def test_a_file_that_somebody_else_holds_is_busy_for_all_who_wait(storage: SqliteStorage, sqlite_url: str) -> None:
    with storage._writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 1500")
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def put(number: int) -> bool:
        try:
            storage.write(lambda uow: uow.state.put(f"k{number}", "v", LATER))
        except StorageBusy:
            return False
        return True

    started = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(put, range(8)))
    assert time.monotonic() - started < 8  # one wait together, not one after the other
    assert get(storage, "k0") is None  # reading goes on
    other.execute("COMMIT")
    other.close()
    assert put(1)


def test_a_second_process_that_writes_is_waited_for(storage: SqliteStorage, sqlite_url: str) -> None:
    code = (
        "import sys, datetime\n"
        "from commerce.storage import open_storage\n"
        "storage = open_storage(sys.argv[1])\n"
        "later = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)\n"
        "for n in range(100):\n"
        "    storage.write(lambda uow: uow.state.put(f'other-{n}', 'v', later))\n"
    )
    other = subprocess.Popen([sys.executable, "-c", code, sqlite_url])
    for number in range(100):
        storage.write(lambda uow, n=number: uow.state.put(f"own-{n}", "v", LATER))
    assert other.wait(60) == 0
    assert all(get(storage, f"{who}-{n}") == "v" for who in ("own", "other") for n in range(100))


def test_a_process_that_is_killed_leaves_whole_transactions(sqlite_url: str) -> None:
    code = (
        "import sys, datetime\n"
        "from commerce.storage import open_storage\n"
        "storage = open_storage(sys.argv[1])\n"
        "later = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)\n"
        "def put(uow, n):\n"
        "    uow.state.put(f'a-{n}', 'v', later)\n"
        "    uow.state.put(f'b-{n}', 'v', later)\n"
        "n = 0\n"
        "while True:\n"
        "    storage.write(lambda uow: put(uow, n))\n"
        "    n += 1\n"
        "    print(n, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, sqlite_url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = 0
    while told < 50:
        told = int(process.stdout.readline())
    process.kill()
    rest = process.stdout.read().splitlines(keepends=True)
    told = max([told, *(int(line) for line in rest if line.endswith("\n"))])
    process.wait(10)
    storage = open_storage(sqlite_url)
    with storage.read() as uow:
        assert isinstance(uow, SqlUnitOfWork)
        count = uow.transaction.connection.exec_driver_sql(
            "SELECT sum(key LIKE 'a-%'), sum(key LIKE 'b-%') FROM state"
        ).one()
        assert pragma(uow, "integrity_check") == "ok"
    assert count[0] == count[1] and count[0] in (told, told + 1)
    storage.close()


@pytest.fixture
def interrupt_main_thread() -> Iterator[None]:
    """SIGUSR1 raises KeyboardInterrupt in the main thread, as Ctrl-C would."""

    def raise_it(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, raise_it)
    yield
    signal.signal(signal.SIGUSR1, before)


def test_an_interrupt_while_waiting_leaves_the_queue_whole(storage: SqliteStorage, interrupt_main_thread: None) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def first(uow: UnitOfWork) -> None:
        entered.set()
        assert go_on.wait(10)

    def interrupt() -> None:
        queued(storage, 1)
        time.sleep(0.05)  # the main thread has gone to sleep
        os.kill(os.getpid(), signal.SIGUSR1)

    with ThreadPoolExecutor(4) as pool:
        slow = pool.submit(storage.write, first)
        assert entered.wait(10)
        pool.submit(interrupt)
        with pytest.raises(KeyboardInterrupt):
            storage.write(lambda uow: uow.state.put("never", "v", LATER))
        go_on.set()
        slow.result(10)
        pool.submit(storage.write, lambda uow: uow.state.put("after", "v", LATER)).result(10)
    assert get(storage, "after") == "v"
    assert get(storage, "never") is None


def test_an_interrupt_in_the_middle_of_a_batch_loses_nobodys_work(
    storage: SqliteStorage, interrupt_main_thread: None
) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def first(uow: UnitOfWork) -> None:
        entered.set()
        assert go_on.wait(10)

    def mine(uow: UnitOfWork) -> None:
        uow.state.put("mine", "v", LATER)
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(5)

    def others() -> None:
        queued(storage, 1)
        futures = [pool.submit(storage.write, lambda uow, n=n: uow.state.put(f"k{n}", "v", LATER)) for n in range(3)]
        queued(storage, 4)
        go_on.set()
        for future in futures:
            future.result(10)

    with ThreadPoolExecutor(8) as pool:
        slow = pool.submit(storage.write, first)
        assert entered.wait(10)
        rest = pool.submit(others)
        with pytest.raises(KeyboardInterrupt):
            storage.write(mine)
        rest.result(20)
        slow.result(10)
    assert get(storage, "mine") is None
    assert [get(storage, f"k{n}") for n in range(3)] == ["v"] * 3


def test_a_file_that_is_not_a_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    path.write_bytes(b"this is a picture, not a database" * 100)
    with pytest.raises(StorageError, match="not a database"):
        open_storage(f"sqlite:///{path}")
    with pytest.raises(StorageError, match="not a database"):
        migrate(f"sqlite:///{path}")


def test_a_batch_of_fifty_products_takes_as_many_statements_as_one(storage: SqliteStorage) -> None:
    ids = [put_product(storage, a_product(f"p{n}", ("34", "36", "38", "40"))).id for n in range(50)]

    def statements(product_ids: list[int]) -> int:
        seen: list[str] = []
        with storage.read() as uow:
            assert isinstance(uow, SqlUnitOfWork)
            event.listen(uow.transaction.connection, "before_cursor_execute", lambda *call: seen.append(call[2]))
            assert len(uow.products.many(product_ids)) == len(product_ids)
        return len(seen)

    assert statements(ids) == statements(ids[:1]) <= 4
