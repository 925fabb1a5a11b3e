"""One open transaction, as the repositories use it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any, TypeAlias, cast

from sqlalchemy import Connection, CursorResult, Executable, Row, TextClause, text
from sqlalchemy.exc import DBAPIError

from commerce.ports import ChangeKind
from commerce.storage.changes import Changes
from commerce.storage.direct import Direct, as_postgres_counts, insert_into, postgres_together
from commerce.storage.prepared import Prepared

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
AnyResult: TypeAlias = CursorResult[*tuple[Any, ...]]

ROWS_A_STATEMENT = 100  # of an INSERT that PostgreSQL is given
_NO_VALUES: Mapping[str, Any] = MappingProxyType({})

_CHANGE = insert_into("catalogue_change", "product_id what at_us", postgres_table="unnumbered_change")
_CHANGE_OF_VARIANTS = Direct(
    "INSERT INTO catalogue_change (product_id, what, at_us) SELECT DISTINCT product_id, ?, ? FROM variant"
    " WHERE id IN (SELECT value FROM json_each(?)) ORDER BY product_id",
    postgres="INSERT INTO unnumbered_change (product_id, what, at_us) SELECT DISTINCT product_id, %s, %s::bigint"
    " FROM variant WHERE id IN (SELECT value::bigint FROM json_array_elements_text(%s::json)) ORDER BY product_id",
)


class Transaction:
    """Runs statements, and collects what they changed in the catalogue (see `Changes`)."""

    __slots__ = ("_connection", "_cursor", "_number_changes", "changes", "is_postgres")

    def __init__(self, connection: Connection, number_changes: Callable[[], None] | None = None) -> None:
        """`number_changes`: what a reader of the log calls first, if anything."""
        self._connection: Connection | None = connection
        self._number_changes = number_changes
        self._cursor: Any = None
        self.is_postgres = connection.dialect.name == "postgresql"
        self.changes = Changes()

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

    def rows(self, statement: Prepared, values: Mapping[str, Any] = _NO_VALUES) -> list[Any]:
        """The whole answer. As quick as `direct`, for statements that are SQLAlchemy's."""
        connection = self.connection
        if self._cursor is None and connection.dispatch.before_cursor_execute:
            return list(connection.execute(statement.statement, values))
        text = statement.text(self.is_postgres, values)
        return text.rows(self._in_driver(text.statement, text.values(values)))

    def row(self, statement: Prepared, values: Mapping[str, Any] = _NO_VALUES) -> Any:
        """The first row of the answer, or None."""
        found = self.rows(statement, values)
        return found[0] if found else None

    def run(self, statement: Prepared, values: Mapping[str, Any]) -> int:
        """How many rows it changed."""
        connection = self.connection
        if self._cursor is None and connection.dispatch.before_cursor_execute:
            return connection.execute(statement.statement, values).rowcount
        text = statement.text(self.is_postgres, values)
        return cast(int, self._in_driver(text.statement, text.values(values)).rowcount)

    def direct(self, statement: Direct, values: Sequence[Any]) -> int:
        """Runs it in the driver; how many rows it changed. Errors are those of `execute`."""
        as_text = statement.postgres if self.is_postgres else statement.sqlite
        return cast(int, self._directly(as_text, values).rowcount)

    def direct_many(self, statement: Direct, rows: Sequence[Sequence[Any]]) -> None:
        """Runs it for each row of values."""
        if rows:
            self._directly(statement.postgres if self.is_postgres else statement.sqlite, rows, many=True)

    def insert_many(self, statement: Direct, rows: Sequence[Sequence[Any]]) -> None:
        """An `insert_into` of several rows, or of none."""
        if not self.is_postgres:
            self.direct_many(statement, rows)
            return
        for start in range(0, len(rows), ROWS_A_STATEMENT):
            some = rows[start : start + ROWS_A_STATEMENT]
            self._directly(statement.postgres_rows(len(some)), [value for row in some for value in row])

    def insert_numbered(
        self, statement: Direct, values: Sequence[Any], *others: tuple[Direct, Sequence[Sequence[Any]]]
    ) -> int:
        """Inserts a row with those of other tables that belong to it; the number that the database drew for it."""
        if self.is_postgres:  # on one way to the server
            counts = tuple((insert, len(rows)) for insert, rows in others if rows)
            together = [*values, *(value for _, rows in others for row in rows for value in row)]
            return cast(int, self._directly(postgres_together(statement, counts), together).fetchone()[0])
        number = cast(int, self._directly(statement.sqlite, values).lastrowid)
        for insert, rows in others:
            self.insert_many(insert, rows)
        return number

    def ask(self, statement: str, values: Sequence[Any]) -> Any:
        """The first row of an answer, for a statement that one database alone is given."""
        return self._directly(statement, values).fetchone()

    def savepoint(self) -> AbstractContextManager[Any]:
        """Everything inside is undone when the block raises."""
        return self.connection.begin_nested()

    def note_product(self, product_id: int, what: ChangeKind, at_us: int) -> None:
        """Followers of the catalogue will hear of it once the transaction is committed; several notes make one row."""
        self.changes.product(product_id, what, at_us)

    def note_variant(self, variant_id: int, what: ChangeKind, at_us: int) -> None:
        """The same, for the product of a variant."""
        self.changes.variant(variant_id, what, at_us)

    def append(self, changes: Changes) -> None:
        """Writes them down. The last thing before COMMIT."""
        if not changes:
            return
        self.insert_many(_CHANGE, changes.products())
        for what, at_us, ids in changes.variants():
            self.direct(_CHANGE_OF_VARIANTS, (what, at_us, json.dumps(ids)))

    def number_changes(self) -> None:
        """To be called before the log is read: what was committed until now is in it, unless this transaction has
        looked at something already. Then it shows the database as of that moment, and the rest is for the next one."""
        if self._number_changes is not None:
            self._number_changes()

    def close(self) -> None:
        if self._cursor is not None:
            self._cursor.close()
        self._connection = self._cursor = None

    def _directly(self, as_text: str, values: Sequence[Any], *, many: bool = False) -> Any:
        connection = self.connection
        if self._cursor is None and connection.dispatch.before_cursor_execute:  # whoever listens hears of these, too
            return connection.exec_driver_sql(as_text, list(values) if many else tuple(values))
        return self._in_driver(as_postgres_counts(as_text) if self.is_postgres else as_text, values, many=many)

    def _in_driver(self, as_text: str, values: Sequence[Any], *, many: bool = False) -> Any:
        connection, cursor = self.connection, self._cursor
        if cursor is None:
            cursor = self._cursor = self._new_cursor(connection)
        try:
            (cursor.executemany if many else cursor.execute)(as_text, values)
        except connection.dialect.loaded_dbapi.Error as error:
            raise _as_sqlalchemy_says(error, as_text, connection) from error
        return cursor

    def _new_cursor(self, connection: Connection) -> Any:
        if not self.is_postgres:
            return connection.connection.cursor()
        from psycopg import RawCursor

        return RawCursor(cast(Any, connection.connection.dbapi_connection))


def _as_sqlalchemy_says(error: Exception, statement: str, connection: Connection) -> BaseException:
    """An error of the driver as `execute` would have raised it."""
    dialect = connection.dialect
    lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)  # type: ignore[arg-type]
    wrapped = DBAPIError.instance(
        statement, None, error, dialect.loaded_dbapi.Error, connection_invalidated=lost, dialect=dialect
    )
    if lost:
        connection.invalidate(error)
    return wrapped


def one_row_changed(result: AnyResult) -> bool:
    return result.rowcount == 1


def insert_once(table: str, columns: str, key: str) -> TextClause:
    """Inserts a row of those columns unless its key is there already: then no row was changed."""
    values = ", ".join(f":{column}" for column in columns.replace(",", " ").split())
    return text(f"INSERT INTO {table} ({columns}) VALUES ({values}) ON CONFLICT ({key}) DO NOTHING")  # noqa: S608
