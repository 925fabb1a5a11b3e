"""Statements that go to the driver as they are: for the few that a durable order is made of.

Everywhere else statements are SQLAlchemy's, which costs 30 to 60 µs each to prepare, some ten times what SQLite needs
to run them. See docs/decisions/0014-durable-orders.md.
"""

from __future__ import annotations

from functools import lru_cache


class Direct:
    """One statement for both databases, its values in order, a `?` each."""

    __slots__ = ("key", "postgres", "row", "sqlite")

    def __init__(self, statement: str, *, postgres: str = "", row: str = "", key: str = "") -> None:
        self.sqlite = statement
        self.postgres = (postgres or statement.replace("?", "%s")) + (f" RETURNING {key}" if key else "")
        self.row = row.replace("?", "%s")  # the part that an INSERT of several rows repeats
        self.key = key  # what `Transaction.insert_numbered` returns; SQLite's driver knows it without being asked

    def postgres_rows(self, count: int) -> str:
        """An INSERT of so many rows at once: a way to the server and back is dearer than a long statement."""
        return f"{self.postgres}{f', {self.row}' * (count - 1)}"


def insert_into(table: str, columns: str, *, key: str = "", postgres_table: str = "") -> Direct:
    """Inserts a row of those columns (names with spaces between them)."""
    names = columns.split()
    row = f"({', '.join('?' * len(names))})"
    values = f"({', '.join(names)}) VALUES {row}"
    on_postgres = f"INSERT INTO {postgres_table or table} {values}".replace("?", "%s")
    return Direct(f"INSERT INTO {table} {values}", postgres=on_postgres, row=row, key=key)


@lru_cache(maxsize=512)
def as_postgres_counts(statement: str) -> str:
    """`$1`, `$2` … for each `%s`: a statement that psycopg need not read."""
    first, *rest = statement.split("%s")
    return first + "".join(f"${n}{part}" for n, part in enumerate(rest, 1))


@lru_cache(maxsize=256)
def postgres_together(numbered: Direct, others: tuple[tuple[Direct, int], ...]) -> str:
    """One statement that inserts a row and so many rows of each of the others, and returns the first one's key."""
    parts = [f"numbered AS ({numbered.postgres})"]
    parts += [f"more{n} AS ({insert.postgres_rows(count)})" for n, (insert, count) in enumerate(others)]
    return f"WITH {', '.join(parts)} SELECT {numbered.key} FROM numbered"  # noqa: S608 - our own names
