"""PostgreSQL: read committed with conditional updates; what the server asks to repeat is repeated."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from commerce.errors import CommitUnknown, StorageBusy
from commerce.ports import UnitOfWork
from commerce.storage.changes import Changes, number_changes
from commerce.storage.engine import PG_BUSY, PG_RETRY, postgres_code, postgres_engine
from commerce.storage.sql_storage import SqlStorage, reading
from commerce.storage.transaction import Transaction

T = TypeVar("T")

TRIES = 10
FIRST_PAUSE_S = 0.005  # doubled at each try, of which a random part is slept


# Any constant that nothing else in the database locks.
_QUEUE_UP = text(f"SELECT pg_advisory_xact_lock({0x5669_7472_0001})")


class _Again(Exception):
    """Nothing was written, and it may well work next time."""


class PostgresStorage(SqlStorage):
    """See `commerce.storage.open_storage`. Connects at the first use."""

    def __init__(self, url: URL) -> None:
        super().__init__()
        self._engine = postgres_engine(url)
        self._snapshots = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        self._check_open()
        try:
            with _connected(self._snapshots) as connection, reading(connection, self._number_changes) as unit_of_work:
                yield unit_of_work
        except DBAPIError as error:
            if error.connection_invalidated or postgres_code(error).startswith(PG_BUSY):
                raise StorageBusy(_why(error)) from error
            raise

    def write(self, work: Callable[[UnitOfWork], T]) -> T:
        self._check_write()
        for tried in range(1, TRIES + 1):
            try:
                return self._try(work, again=tried > 1)
            except _Again as again:
                if tried == TRIES:
                    why = _why(again.__cause__)
                    raise StorageBusy(f"the database refused {TRIES} times: {why}") from again.__cause__
                # A random part of it: those who collided do not meet again.
                time.sleep(random.random() * FIRST_PAUSE_S * 2**tried)  # noqa: S311 - no secret
        raise AssertionError("unreachable")

    def close(self) -> None:
        self._closed = True
        self._engine.dispose()

    def _number_changes(self) -> None:
        """On another connection: the reader's own writes nothing, and has no snapshot yet (see `Transaction`)."""
        with _connected(self._engine) as connection:
            number_changes(connection)

    def _try(self, work: Callable[[UnitOfWork], T], *, again: bool) -> T:
        with _connected(self._engine) as connection:
            try:
                connection.begin()
                if again:  # those who collided go on one after the other, or they collide again
                    connection.execute(_QUEUE_UP)
                changes = Changes()
                result = self._run(work, connection, changes)
                Transaction(connection).append(changes)
            except DBAPIError as error:
                code = postgres_code(error)
                if code in PG_RETRY or error.connection_invalidated:  # before COMMIT: nothing was written
                    raise _Again from error
                if code.startswith(PG_BUSY):
                    raise StorageBusy(_why(error)) from error
                raise
            self._commit(connection)
            return result

    def _commit(self, connection: Connection) -> None:
        try:
            connection.commit()
        except DBAPIError as error:
            connection.invalidate()  # whatever state it is in, nobody gets it again
            if postgres_code(error) in PG_RETRY:
                raise _Again from error
            if error.connection_invalidated or not postgres_code(error):
                raise CommitUnknown("the connection was lost while committing") from error
            if postgres_code(error).startswith(PG_BUSY):  # an answer: it was rolled back
                raise StorageBusy(_why(error)) from error
            raise


def _connected(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except PoolTimeout as error:
        raise StorageBusy("too many readers and writers at once") from error
    except OperationalError as error:
        raise StorageBusy(f"the database does not answer: {_why(error)}") from error


def _why(error: BaseException | None) -> str:
    """What the server says of itself, in one line; a row's values it would tell in a second one."""
    return str(getattr(error, "orig", error)).partition("\n")[0]
