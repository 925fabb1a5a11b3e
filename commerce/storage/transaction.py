"""One open transaction, as the repositories use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

from sqlalchemy import Connection, CursorResult, Executable, Row, TextClause, bindparam, text

from commerce.ports import ChangeKind
from commerce.storage.mapping import id_batches

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
AnyResult: TypeAlias = CursorResult[*tuple[Any, ...]]

# Any constant that nothing else in the database locks.
CHANGE_LOCK = 0x5669_7472  # "Vitr"

_NOTE_PRODUCTS = text("INSERT INTO catalogue_change (product_id, what, at_us) VALUES (:product_id, :what, :at_us)")
_NOTE_VARIANTS = text(
    "INSERT INTO catalogue_change (product_id, what, at_us)"
    " SELECT DISTINCT product_id, :what, :at_us FROM variant WHERE id IN :ids ORDER BY product_id"
).bindparams(bindparam("ids", expanding=True))


class Transaction:
    """Runs statements, and writes down what changed in the catalogue.

    Changes are collected and appended by the last statements before COMMIT. Followers read `catalogue_change` by "seq
    larger than the last I saw", so a number must never appear below one that was already visible. On SQLite there is
    one writer and nothing to do. On PostgreSQL two transactions may draw 5 and 6 and commit 6 first; therefore the
    append takes an advisory lock that lasts until the commit: numbers are drawn in the order of commits. As it is the
    last lock that a transaction takes, it cannot be part of a deadlock, and a long import holds it only while it
    appends. (Filtering by pg_snapshot_xmin instead would make every change wait for the longest running import.)
    """

    def __init__(self, connection: Connection) -> None:
        self._connection: Connection | None = connection
        self.is_postgres = connection.dialect.name == "postgresql"
        self._products: dict[tuple[int, ChangeKind], int] = {}
        self._variants: dict[tuple[int, ChangeKind], int] = {}

    @property
    def connection(self) -> Connection:
        """For modules of this package that load in bulk. RuntimeError when the transaction is over."""
        if self._connection is None:
            raise RuntimeError("this unit of work is over: its work has been committed or rolled back")
        return self._connection

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> AnyResult:
        return self.connection.execute(statement, parameters)

    def savepoint(self) -> AbstractContextManager[Any]:
        """Everything inside is undone when the block raises."""
        return self.connection.begin_nested()

    def note_product(self, product_id: int, what: ChangeKind, at_us: int) -> None:
        """Followers of the catalogue will hear of it once the transaction is committed; several notes make one row."""
        self._products[product_id, what] = at_us

    def note_variant(self, variant_id: int, what: ChangeKind, at_us: int) -> None:
        """The same, for the product of a variant."""
        self._variants[variant_id, what] = at_us

    def lock_changes(self) -> None:
        """To be called right before rows are added to catalogue_change, as late as possible (see the class)."""
        if self.is_postgres:
            self.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHANGE_LOCK})

    def finish(self) -> None:
        """Appends the changes. The last thing before COMMIT."""
        if not (self._products or self._variants):
            return
        self.lock_changes()
        if self._products:
            self.execute(
                _NOTE_PRODUCTS,
                [
                    {"product_id": i, "what": what.value, "at_us": at}
                    for (i, what), at in sorted(self._products.items())
                ],
            )
        for what in sorted({what for _, what in self._variants}):
            ids = [i for i, kind in self._variants if kind is what]
            at_us = max(at for (_, kind), at in self._variants.items() if kind is what)
            for batch in id_batches(ids):
                self.execute(_NOTE_VARIANTS, {"what": what.value, "at_us": at_us, "ids": batch})
        self._products.clear()
        self._variants.clear()

    def close(self) -> None:
        self._connection = None


def one_row_changed(result: AnyResult) -> bool:
    return result.rowcount == 1


def insert_once(table: str, columns: str, key: str) -> TextClause:
    """Inserts a row of those columns unless its key is there already: then no row was changed."""
    values = ", ".join(f":{column}" for column in columns.replace(",", " ").split())
    return text(f"INSERT INTO {table} ({columns}) VALUES ({values}) ON CONFLICT ({key}) DO NOTHING")  # noqa: S608
