"""Statements that go to the driver as they are: for the few that a durable order is made of.

Everywhere else statements are SQLAlchemy's, which costs 30 to 60 µs each to prepare, some ten times what SQLite needs
to run them. See docs/decisions/0014-durable-orders.md.
"""

from __future__ import annotations


class Direct:
    """One statement for both databases, its values in order, a `?` each."""

    __slots__ = ("key", "postgres", "sqlite")

    def __init__(self, statement: str, key: str = "") -> None:
        self.sqlite = statement
        self.postgres = statement.replace("?", "%s") + (f" RETURNING {key}" if key else "")
        self.key = key  # what `Transaction.insert_numbered` returns; SQLite's driver knows it without being asked


def insert_into(table: str, columns: str, *, key: str = "") -> Direct:
    """Inserts a row of those columns (names with spaces between them)."""
    names = columns.split()
    return Direct(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",  # noqa: S608 - our own names
        key,
    )
