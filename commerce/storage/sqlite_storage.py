"""SQLite: readers on snapshots beside one writer that commits several works at once.

A durable commit waits for the disk. Works that arrive meanwhile queue up, and the next commit takes up to 64 of them,
each in a savepoint of its own, so that one that fails takes nothing with it. There is no writer thread to start or
stop: whoever is at the head of the queue runs the batch for all and then wakes the next head. Nobody in this process
ever waits on SQLite's lock against a neighbour; only a second process can make it busy.

Whoever wrote together comes back together: a leader waits a moment for those of the last commit, or every other commit
would be for the one who came back first.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, TypeVar, cast

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from commerce.errors import CommitUnknown, StorageBusy, StorageError
from commerce.ports import UnitOfWork
from commerce.storage.changes import Changes
from commerce.storage.engine import sqlite_engine, sqlite_is_busy, sqlite_unusable
from commerce.storage.sql_storage import SqlStorage, reading
from commerce.storage.transaction import Transaction

T = TypeVar("T")

WORKS_A_COMMIT = 64
GATHER_S, LOOK_EVERY_S = 0.001, 0.0001


class _Job:
    """A work on its way. `turn` is let go when it is finished, or when its thread is to run the next batch (`leads`).

    A bare lock: an Event costs several times as much to make, to set and to wait for.
    """

    __slots__ = ("context", "error", "finished", "leads", "result", "turn", "work")

    def __init__(self, work: Callable[[UnitOfWork], Any]) -> None:
        self.work = work
        self.context = copy_context()  # the work may run in another caller's thread
        self.turn = threading.Lock()
        self.turn.acquire()
        self.leads = False
        self.finished = False
        self.result: Any = None
        self.error: BaseException | None = None

    def fail(self, error: BaseException) -> None:
        """With its own error if it had one."""
        self.result, self.error, self.finished = None, self.error or error, True


class _TransactionLost(Exception):
    """SQLite rolled the whole transaction back by itself (disk full, I/O error): the works before are gone too."""


class SqliteStorage(SqlStorage):
    """See `commerce.storage.open_storage`."""

    def __init__(self, url: URL) -> None:
        super().__init__()
        self._writer = sqlite_engine(url, read_only=False)
        self._readers = sqlite_engine(url, read_only=True)
        self._mutex = threading.Lock()
        self._queue: deque[_Job] = deque()
        self._somebody_leads = False
        self._companions = 1  # works of the last commit
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
        job = _Job(work)
        with self._mutex:
            self._queue.append(job)
            leads = not self._somebody_leads
            self._somebody_leads = True
        if not leads:
            try:
                job.turn.acquire()
            except BaseException:  # interrupted: nobody may wait for a leader that has gone
                self._leave(job)
                raise
        if not job.finished:
            self._lead(job)
        if job.error is not None:
            raise job.error
        return cast(T, job.result)

    def close(self) -> None:
        self._closed = True
        self._writer.dispose()
        self._readers.dispose()

    def _leave(self, job: _Job) -> None:
        with self._mutex:
            if job not in self._queue:
                return  # done, or in the batch that runs now
            self._queue.remove(job)
            if job.leads:
                self._pass_on()

    def _pass_on(self) -> None:
        """Wakes the next leader, if anybody waits. The mutex is held."""
        self._somebody_leads = bool(self._queue)
        if self._queue:
            self._queue[0].leads = True
            self._queue[0].turn.release()

    def _gather(self) -> None:
        """Waits a moment for those who shared the last commit; never where one writes alone."""
        until = time.monotonic() + GATHER_S
        while len(self._queue) < self._companions and time.monotonic() < until:
            time.sleep(LOOK_EVERY_S)

    def _lead(self, own: _Job) -> None:
        """Runs the batch at the head of the queue (`own` is its first) and wakes its owners and the next leader."""
        self._gather()
        with self._mutex:
            batch = [self._queue.popleft() for _ in range(min(WORKS_A_COMMIT, len(self._queue)))]
        self._companions = len(batch)
        try:
            self._commit_together(batch)
        except StorageBusy as error:
            # Everybody in the queue has waited for the same lock: they hear it now, not one timeout after the other.
            with self._mutex:
                batch.extend(self._queue)
                self._queue.clear()
            for job in batch:
                if not job.finished:
                    job.fail(StorageBusy(str(error)))  # one each: a traceback belongs to one thread
        except Exception as error:
            for job in batch:
                if not job.finished:
                    job.fail(error)
        finally:
            # After an interrupt of this thread the works of the others are still to be done.
            left = [job for job in batch if not job.finished and job is not own]
            with self._mutex:
                self._queue.extendleft(reversed(left))
                self._pass_on()
            for job in batch:
                if job.finished and job is not own:
                    job.turn.release()

    def _commit_together(self, batch: Sequence[_Job]) -> None:
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

    def _transact(self, batch: Sequence[_Job], *, alone: bool) -> None:
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

    def _do(self, job: _Job, connection: Connection, changes: Changes, *, alone: bool) -> None:
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

    def _append(self, changes: Changes, batch: Sequence[_Job], connection: Connection, *, alone: bool) -> None:
        """Once a commit what all its works have changed in the catalogue: most of them sell the same few things."""
        try:
            changes.append(Transaction(connection))
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
