"""Statements of SQLAlchemy's that are made into text once, and go to the driver as that.

What SQLAlchemy does at each execution costs several times what the statement itself does. A statement that is always
the same, but for its values, need not pay for it. See docs/decisions/0014-durable-orders.md.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Executable
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

_SQLITE: Dialect = sqlite.dialect(paramstyle="qmark")
_POSTGRES: Dialect = postgresql.psycopg.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


class Prepared:
    """A statement with its texts for both databases. Its values are named, as they are for SQLAlchemy; they are given
    to the driver as they are. A list of them takes the place of a `bindparam(..., expanding=True)`."""

    def __init__(self, statement: Executable) -> None:
        self.statement = statement
        self._texts: dict[tuple[bool, int], Text] = {}
        binds = _compiled(statement, _SQLITE).binds
        self._list = next((name for name, bind in binds.items() if bind.expanding and bind.required), "")

    def text(self, is_postgres: bool, values: Mapping[str, Any]) -> Text:
        """For these values."""
        count = _next_size(len(values[self._list])) if self._list else 0
        found = self._texts.get((is_postgres, count))
        if found is None:
            found = self._texts[is_postgres, count] = self._made(_POSTGRES if is_postgres else _SQLITE, count)
        return found

    def _made(self, dialect: Dialect, count: int) -> Text:
        compiled = _compiled(self.statement, dialect)
        own = {name: bind.effective_value for name, bind in compiled.binds.items()}
        if self._list:
            own[self._list] = [None] * count
        expanded = compiled.construct_expanded_state(own)
        in_list = {name: n for n, name in enumerate(expanded.parameter_expansion.get(self._list, ()))}
        names = expanded.positiontup or ()
        order = [(self._list, in_list[name]) if name in in_list else (name, None) for name in names]
        # SQLite has neither dates nor yes and no; psycopg's values are right as they are.
        columns = getattr(self.statement, "exported_columns", ()) if dialect is _SQLITE else ()
        read = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        return Text(
            expanded.statement,
            order,
            {name: expanded.parameters[name] for name in names if expanded.parameters[name] is not None},
            [(n, how) for n, how in enumerate(read) if how is not None],
        )


class Text:
    """For one database, and for so many values in the list. `order`: of each place, the name of its value, and which
    of them where that is a list. `own`: values that are the statement's own. `read`: columns to be translated."""

    __slots__ = ("_make", "_order", "_own", "_read", "statement")

    def __init__(
        self,
        statement: str,
        order: Sequence[tuple[str, int | None]],
        own: Mapping[str, Any],
        read: Sequence[tuple[int, Callable[[Any], Any]]],
    ) -> None:
        self.statement = statement
        self._order, self._own, self._read = order, own, read
        self._make: Callable[[Iterable[Any]], Any] | None = None

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """One for each place."""
        if self._own:
            given = {**self._own, **given}
        found = []
        for name, n in self._order:
            value = given[name]
            found.append(value if n is None else value[min(n, len(value) - 1)])
        return found

    def rows(self, cursor: Any) -> list[Any]:
        """All of the answer, as tuples whose fields are called as the columns are."""
        if self._make is None:
            names = [column[0] for column in cursor.description]
            self._make = cast(Any, namedtuple("Row", names, rename=True))._make
        found = cursor.fetchall()
        if self._read:
            found = [self._translated(row) for row in found]
        return list(map(self._make, found))

    def _translated(self, row: Sequence[Any]) -> list[Any]:
        translated = list(row)
        for n, how in self._read:
            translated[n] = how(translated[n])
        return translated


def _compiled(statement: Executable, dialect: Dialect) -> SQLCompiler:
    return cast(SQLCompiler, cast(ClauseElement, statement).compile(dialect=dialect))


def _next_size(count: int) -> int:
    """The next power of two. The last value stands in the places that are left, so that lists of all lengths need a
    dozen texts."""
    return 1 << max(0, count - 1).bit_length()
