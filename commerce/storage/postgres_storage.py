"""PostgreSQL: read committed with conditional updates; what the server asks to repeat is repeated.

A work that comes alone is a transaction of its own. Works that come while others are being written share one (see
`Together`), a savepoint each: they wait for the disk, and for their turn to tell of changes, once and not each.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from commerce.errors import CommitUnknown, StorageBusy
from commerce.ports import UnitOfWork
from commerce.storage.changes import Changes
from commerce.storage.engine import PG_BUSY, PG_RETRY, postgres_code, postgres_engine
from commerce.storage.sql_storage import SqlStorage, reading
from commerce.storage.together import Job, Together
from commerce.storage.transaction import Transaction

T = TypeVar("T")

LEADERS = 2  # a work that waits for a row that somebody else holds does not keep all others waiting
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
        self._together = Together(self._write, leaders=LEADERS, one_lock=False)
        self._snapshots = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        self._check_open()
        try:
            connection = self._snapshots.connect()
        except (PoolTimeout, OperationalError) as error:
            raise StorageBusy("the database does not answer") from error
        try:
            with connection, reading(connection) as unit_of_work:
                yield unit_of_work
        except DBAPIError as error:
            if error.connection_invalidated or postgres_code(error).startswith(PG_BUSY):
                raise StorageBusy(_why(error)) from error
            raise

    def write(self, work: Callable[[UnitOfWork], T]) -> T:
        self._check_write()
        return self._together.do(work)

    def close(self) -> None:
        self._closed = True
        self._engine.dispose()

    def _write(self, batch: Sequence[Job]) -> None:
        """Marks every job finished."""
        alone = batch
        if len(batch) > 1:
            try:
                alone = self._try_together(batch)
            except _Again:  # nothing was written
                pass
        for job in alone:
            try:
                job.result, job.error = self._until_it_works(job), None
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                job.result, job.error = None, error
            job.finished = True

    def _until_it_works(self, job: Job) -> Any:
        for tried in range(1, TRIES + 1):
            try:
                return self._try_alone(job, again=tried > 1)
            except _Again as again:
                if tried == TRIES:
                    raise StorageBusy(f"the database refused {TRIES} times") from again.__cause__
                # A random part of it: those who collided do not meet again.
                time.sleep(random.random() * FIRST_PAUSE_S * 2**tried)  # noqa: S311 - no secret
        raise AssertionError("unreachable")

    def _try_alone(self, job: Job, *, again: bool) -> Any:
        with self._connected() as connection:
            try:
                connection.begin()
                if again:  # those who collided go on one after the other, or they collide again
                    connection.execute(_QUEUE_UP)
                changes = Changes()
                result = job.context.run(self._run, job.work, connection, changes)
                changes.append(Transaction(connection))
            except DBAPIError as error:
                raise _meant(error) from error.orig
            self._commit(connection)
            return result

    def _try_together(self, batch: Sequence[Job]) -> list[Job]:
        """One transaction. Marks the jobs finished that are in it or failed by themselves; returns those that the
        server asks to repeat."""
        changes, again = Changes(), list[Job]()
        with self._connected() as connection:
            try:
                connection.begin()
                # Each work takes its rows in order, several together do not: batches, also those of other processes,
                # go one after the other.
                connection.execute(_QUEUE_UP)
                driver: Any = connection.connection.cursor()
                driver.execute("SAVEPOINT work")
                for job in batch:
                    try:
                        self._do(job, connection, changes)
                    except _Again:
                        again.append(job)
                    # On one way to the server: what went well is kept, and the next one begins.
                    went_well = job.error is None and job not in again
                    driver.execute("RELEASE work; SAVEPOINT work" if went_well else "ROLLBACK TO work", prepare=False)
                changes.append(Transaction(connection))
            except DBAPIError as error:
                raise _meant(error) from error.orig
            except self._engine.dialect.loaded_dbapi.Error as error:  # of a savepoint: the connection is gone
                connection.invalidate()
                raise _Again from error
            self._commit(connection)
        for job in batch:
            job.finished = job not in again
        return again

    def _do(self, job: Job, connection: Connection, changes: Changes) -> None:
        job.error = None
        try:
            job.result = job.context.run(self._run, job.work, connection, changes)
        except KeyboardInterrupt:
            raise
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            meant = _meant(error)
            if isinstance(meant, _Again):
                raise meant from error.orig
            job.result, job.error = None, meant
        except BaseException as error:
            job.result, job.error = None, error

    def _connected(self) -> Connection:
        try:
            return self._engine.connect()
        except PoolTimeout as error:
            raise StorageBusy("too many writers at once") from error
        except OperationalError as error:
            raise StorageBusy("the database does not answer") from error

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


def _meant(error: DBAPIError) -> Exception:
    """What an error before COMMIT means: again, later, or never."""
    code = postgres_code(error)
    if code in PG_RETRY or error.connection_invalidated:
        return _Again()
    return StorageBusy(_why(error)) if code.startswith(PG_BUSY) else error


def _why(error: DBAPIError) -> str:
    return str(error.orig).partition("\n")[0]
