"""What only PostgreSQL does to a writer: deadlocks, lost connections, commits of which nobody knows how they ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from commerce.errors import CommitUnknown, StorageBusy
from commerce.ports import UnitOfWork
from commerce.storage import open_storage
from commerce.storage.postgres_storage import PostgresStorage
from commerce.storage.unit_of_work import SqlUnitOfWork
from tests.contracts.storage_values import NOW, put_stock

LATER = NOW + timedelta(hours=9)
STORE = "bellecour"


@pytest.fixture
def storage(postgres_url: str) -> Iterator[PostgresStorage]:
    opened = open_storage(postgres_url)
    assert isinstance(opened, PostgresStorage)
    yield opened
    opened.close()


def run(uow: UnitOfWork, statement: str) -> None:
    assert isinstance(uow, SqlUnitOfWork)
    uow.transaction.connection.exec_driver_sql(statement)


def test_of_two_that_wait_for_each_other_one_is_run_again(storage: PostgresStorage) -> None:
    a, b = put_stock(storage, {"36": 10, "38": 10})
    both_hold_one = threading.Barrier(2)
    runs: list[int] = []

    def buy(number: int) -> None:
        first, second = (a, b) if number else (b, a)
        fresh = [True]

        def work(uow: UnitOfWork) -> None:
            runs.append(number)
            assert uow.stock.take(f"h{number}-1", [(first, 1)], STORE, "lea", LATER, NOW) is not None
            if fresh.pop() if fresh else False:
                both_hold_one.wait(10)
            assert uow.stock.take(f"h{number}-2", [(second, 1)], STORE, "lea", LATER, NOW) is not None

        storage.write(work)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(buy, range(2)))
    assert sorted(runs) in ([0, 0, 1], [0, 1, 1])
    with storage.read() as uow:
        assert [level.held for level in uow.stock.levels([a, b])] == [2, 2]


def test_a_connection_lost_before_the_commit_is_replaced_and_the_work_run_again(storage: PostgresStorage) -> None:
    runs: list[int] = []

    def work(uow: UnitOfWork) -> None:
        uow.state.put("a", str(len(runs)), LATER)
        runs.append(1)
        if len(runs) == 1:
            run(uow, "SELECT pg_terminate_backend(pg_backend_pid())")

    storage.write(work)
    assert len(runs) == 2
    with storage.read() as uow:
        assert uow.state.get("a", NOW) == "1"


def test_a_connection_that_is_always_lost_ends_as_busy(storage: PostgresStorage) -> None:
    def work(uow: UnitOfWork) -> None:
        run(uow, "SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(StorageBusy):
        storage.write(work)
    storage.write(lambda uow: uow.state.put("a", "1", LATER))


def test_a_connection_lost_in_the_commit_is_told_and_never_repeated(
    storage: PostgresStorage, postgres_url: str
) -> None:
    """A deferred trigger ends the server's side while it commits."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END $$"
        )
        connection.execute(
            "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON state DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION die()"
        )
    runs: list[int] = []

    def work(uow: UnitOfWork) -> None:
        runs.append(1)
        uow.state.put("a", "1", LATER)

    with pytest.raises(CommitUnknown):
        storage.write(work)
    assert len(runs) == 1
    with storage.read() as uow:  # the next one finds a new connection
        assert uow.state.get("a", NOW) is None


def test_a_serialization_failure_in_the_commit_is_repeated(storage: PostgresStorage, postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE SEQUENCE tries")
        connection.execute(
            "CREATE FUNCTION fail_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF nextval('tries') < 3 THEN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END IF; RETURN NULL; END $$"
        )
        connection.execute(
            "CREATE CONSTRAINT TRIGGER fail_first AFTER INSERT ON state DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION fail_first()"
        )
    runs: list[int] = []

    def work(uow: UnitOfWork) -> str:
        runs.append(1)
        uow.state.put("a", str(len(runs)), LATER)
        return f"run {len(runs)}"

    assert storage.write(work) == "run 3"
    with storage.read() as uow:
        assert uow.state.get("a", NOW) == "3"


def test_a_row_that_somebody_keeps_locked_is_busy(
    storage: PostgresStorage, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.write(lambda uow: uow.state.put("a", "1", LATER))
    impatient = open_storage(postgres_url + "&options=-c%20lock_timeout%3D100")
    with psycopg.connect(postgres_url) as connection:
        connection.execute("SELECT * FROM state FOR UPDATE")
        with pytest.raises(StorageBusy):
            impatient.write(lambda uow: uow.state.put("a", "2", LATER))
    impatient.close()


def test_a_server_that_is_not_there_is_busy() -> None:
    storage = open_storage("postgresql://postgres@127.0.0.1:9/shop")
    with pytest.raises(StorageBusy, match="does not answer"):
        storage.write(lambda uow: None)
    with pytest.raises(StorageBusy, match="does not answer"), storage.read():
        pass
    storage.close()


def test_a_connection_lost_while_reading_is_busy(storage: PostgresStorage) -> None:
    with pytest.raises(StorageBusy), storage.read() as uow:
        run(uow, "SELECT pg_terminate_backend(pg_backend_pid())")
    with storage.read() as uow:
        assert uow.state.get("a", NOW) is None


@pytest.mark.parametrize("code", ["53100", "25006", "57P01"])
def test_a_server_that_cannot_write_just_now_is_busy(storage: PostgresStorage, postgres_url: str, code: str) -> None:
    """A full disk, a standby, a server that is being stopped: at a statement, and in the commit."""

    def work(uow: UnitOfWork) -> None:
        run(uow, f"DO $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '{code}'; END $$")

    with pytest.raises(StorageBusy, match="not now"):
        storage.write(work)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION not_now() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '{code}'; END $$"
        )
        connection.execute(
            "CREATE CONSTRAINT TRIGGER not_now AFTER INSERT ON state DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION not_now()"
        )
    with pytest.raises(StorageBusy, match="not now"):
        storage.write(lambda uow: uow.state.put("a", "1", LATER))
    with storage.read() as uow:
        assert uow.state.get("a", NOW) is None
