"""SQLite: readers on snapshots beside one writer that commits several works at once.

A durable commit waits for the disk, so works that arrive meanwhile share the next one (see `Together`), each in a
savepoint of its own: one that fails takes nothing with it. Nobody in this process ever waits on SQLite's lock against a
neighbour; only a second process can make it busy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar, cast

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from commerce.errors import CommitUnknown, StorageBusy, StorageError
from commerce.ports import UnitOfWork
from commerce.storage.changes import Changes
from commerce.storage.engine import sqlite_engine, sqlite_is_busy, sqlite_unusable
from commerce.storage.sql_storage import SqlStorage, reading
from commerce.storage.together import Job, Together
from commerce.storage.transaction import Transaction

T = TypeVar("T")


class _TransactionLost(Exception):
    """SQLite rolled the whole transaction back by itself (disk full, I/O error): the works before are gone too."""


class SqliteStorage(SqlStorage):
    """See `commerce.storage.open_storage`."""

    def __init__(self, url: URL) -> None:
        super().__init__()
        self._writer = sqlite_engine(url, read_only=False)
        self._readers = sqlite_engine(url, read_only=True)
        self._together = Together(self._commit_together)
        try:
            self._writer.connect().close()  # makes the file and its WAL before the first reader comes
        except DBAPIError as error:
            raise _translated(error) from error

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        self._check_open()
        try:
            connection = self._readers.connect()
        except (PoolTimeout, OperationalError) as error:
            raise _translated(error) from error
        with connection:
            # Deferred: the snapshot is taken by the first statement and stays until the end.
            connection.exec_driver_sql("BEGIN")
            try:
                with reading(connection) as unit_of_work:
                    yield unit_of_work
            except OperationalError as error:
                if sqlite_is_busy(error):
                    raise _translated(error) from error
                raise

    def write(self, work: Callable[[UnitOfWork], T]) -> T:
        self._check_write()
        return self._together.do(work)

    def close(self) -> None:
        self._closed = True
        self._writer.dispose()
        self._readers.dispose()

    def _commit_together(self, batch: Sequence[Job]) -> None:
        try:
            self._transact(batch, alone=len(batch) == 1)
        except _TransactionLost:
            for job in batch:
                try:
                    self._transact([job], alone=True)
                except StorageBusy:
                    raise
                except Exception as error:  # this one's trouble; the next may well fit
                    job.fail(error)

    def _transact(self, batch: Sequence[Job], *, alone: bool) -> None:
        """One transaction. Marks every job finished, or raises and has written nothing."""
        try:
            connection = self._writer.connect()
        except (PoolTimeout, OperationalError) as error:
            raise _translated(error) from error
        with connection:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except OperationalError as error:
                raise _translated(error) from error
            changes = Changes()
            for job in batch:
                self._do(job, connection, changes, alone=alone)
            if any(job.error is None for job in batch):
                self._append(changes, batch, connection, alone=alone)
            if any(job.error is None for job in batch):
                self._commit(connection, alone=alone)
            else:
                connection.rollback()
            for job in batch:
                job.finished = True

    def _do(self, job: Job, connection: Connection, changes: Changes, *, alone: bool) -> None:
        job.error = None
        driver = cast(sqlite3.Connection, connection.connection.dbapi_connection)
        try:
            if not alone:
                driver.execute("SAVEPOINT work")
            try:
                job.result = job.context.run(self._run, job.work, connection, changes)
            except BaseException:
                if not alone and driver.in_transaction:
                    driver.execute("ROLLBACK TO work")
                raise
            finally:
                if not alone and driver.in_transaction:
                    driver.execute("RELEASE work")
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if not driver.in_transaction and not alone:
                raise _TransactionLost from error
            job.result, job.error = None, _translated(error)

    def _append(self, changes: Changes, batch: Sequence[Job], connection: Connection, *, alone: bool) -> None:
        """Once a commit what all its works have changed in the catalogue: most of them sell the same few things."""
        try:
            Transaction(connection).append(changes)
        except DBAPIError as error:
            if not alone:
                raise _TransactionLost from error
            batch[0].result, batch[0].error = None, _translated(error)

    def _commit(self, connection: Connection, *, alone: bool) -> None:
        try:
            connection.commit()
        except DBAPIError as error:
            if sqlite_is_busy(error):
                connection.rollback()
                raise _translated(error) from error
            code = getattr(error.orig, "sqlite_errorname", "")
            connection.invalidate()
            if code == "SQLITE_FULL":  # the log could not grow: the commit record was not written
                if not alone:
                    raise _TransactionLost from error
                raise StorageError("the disk is full: nothing was written") from error
            raise CommitUnknown(f"the disk failed while committing ({code})") from error


def _translated(error: BaseException) -> BaseException:
    if isinstance(error, PoolTimeout):
        return StorageBusy("too many readers at once")
    if isinstance(error, OperationalError) and sqlite_is_busy(error):
        return StorageBusy("another process is writing to the database")
    if isinstance(error, DBAPIError) and (reason := sqlite_unusable(error)):
        return StorageError(f"the database cannot be used: {reason}")
    return error
