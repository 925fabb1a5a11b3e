"""What both databases have in common."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from sqlalchemy import Connection

from commerce.errors import StorageError
from commerce.ports import UnitOfWork
from commerce.storage.changes import Changes
from commerce.storage.transaction import Transaction
from commerce.storage.unit_of_work import SqlUnitOfWork

T = TypeVar("T")


class SqlStorage(ABC):
    """`commerce.ports.Storage`, safe for many threads."""

    def __init__(self) -> None:
        self._this_thread = threading.local()
        self._closed = False

    @abstractmethod
    def read(self) -> AbstractContextManager[UnitOfWork]:
        """A consistent view for reading; writing through it is an error. Raises StorageBusy."""

    @abstractmethod
    def write(self, work: Callable[[UnitOfWork], T]) -> T:
        """Runs `work` in one transaction, durable when this returns; see `commerce.ports.Storage`."""

    @abstractmethod
    def close(self) -> None:
        """Closes the connections. Reading and writing raise StorageError from then on."""

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("the storage is closed")

    def _check_write(self) -> None:
        self._check_open()
        if getattr(self._this_thread, "at_work", False):
            raise RuntimeError("a write inside the work of another write: use the unit of work that you were given")

    def _run(self, work: Callable[[UnitOfWork], T], connection: Connection, changes: Changes) -> T:
        """Gives `work` its unit of work; at its end, adds what it changed in the catalogue to `changes`."""
        transaction = Transaction(connection)
        self._this_thread.at_work = True
        try:
            result = work(SqlUnitOfWork(transaction))
            changes.add(transaction.changes)
            return result
        finally:
            self._this_thread.at_work = False
            transaction.close()


@contextmanager
def reading(connection: Connection, number_changes: Callable[[], None] | None = None) -> Iterator[UnitOfWork]:
    """A unit of work that ends with the block; what happened in it is undone."""
    transaction = Transaction(connection, number_changes)
    if not connection.in_transaction():
        connection.begin()  # statements that go to the driver do not begin one
    try:
        yield SqlUnitOfWork(transaction)
    finally:
        transaction.close()
        connection.rollback()
