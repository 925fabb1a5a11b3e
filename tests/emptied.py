"""PostgreSQL databases that one test after another uses: emptying one is quicker than copying a fresh one."""

from __future__ import annotations

from itertools import count

import psycopg
from sqlalchemy import make_url

from vitrine.prove._databases import PostgresServer

MOST_BYTES = 512 * 1024  # of a table that is worth emptying: deleted rows stay on its pages

# Whatever a test may have done to the tables themselves: a database that is not as it was is thrown away.
_SHAPE = """
    SELECT md5(string_agg(piece, ',' ORDER BY piece)) FROM (
        SELECT concat('c', oid, '=', xmin) AS piece FROM pg_class
        UNION ALL SELECT concat('a', attrelid, '.', attnum, '=', xmin) FROM pg_attribute
        UNION ALL SELECT concat('k', oid, '=', xmin) FROM pg_constraint
        UNION ALL SELECT concat('t', oid, '=', xmin) FROM pg_trigger
        UNION ALL SELECT concat('e', oid) FROM pg_extension
        UNION ALL SELECT concat('s', setconfig) FROM pg_db_role_setting
        UNION ALL SELECT concat('v', version_num) FROM alembic_version
    ) AS pieces
"""
_TABLES = """
    SELECT relname, pg_relation_size(oid) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
"""
_HANG_UP = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
_SEQUENCES = "SELECT concat(quote_ident(schemaname), '.', quote_ident(sequencename)) FROM pg_sequences"


class EmptiedDatabases:
    """Databases with all tables and nothing in them, as a fresh copy has."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._idle: list[str] = []
        self._shape, self._numbers = "", dict[str, tuple[int, bool]]()
        self._names = count()

    def lend(self) -> str:
        """The address of one. Under a name of its own: who still believes to be in an old one cannot come back."""
        while self._idle:
            old, new = self._idle.pop(), f"emptied_{next(self._names)}"
            try:
                self._server.execute(f"ALTER DATABASE {_name(old)} RENAME TO {new}")
                return self._server.url(new)
            except psycopg.Error:  # somebody is in it again
                self._server.drop_database(old)
        url = self._server.new_database()
        if not self._shape:
            with psycopg.connect(url, autocommit=True) as connection:
                self._shape, self._numbers = _shape(connection), _numbers(connection)
        return url

    def give_back(self, url: str) -> None:
        if self._emptied(url):
            self._idle.append(url)
        else:
            self._server.drop_database(url)

    def _emptied(self, url: str) -> bool:
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(_HANG_UP)
                if _shape(connection) != self._shape:
                    return False
                tables = connection.execute(_TABLES).fetchall()
                if any(size > MOST_BYTES for _, size in tables):
                    return False
                connection.execute("SET session_replication_role = replica")  # in any order of the tables
                used = [name for name, size in tables if size]
                if used:
                    connection.execute("; ".join(f'DELETE FROM "{name}"' for name in used).encode())
                for name, state in _numbers(connection).items():
                    if state != self._numbers[name]:
                        connection.execute("SELECT setval(%s, %s, %s)", (name, *self._numbers[name]))
                return True
        except psycopg.Error:
            return False


def _shape(connection: psycopg.Connection) -> str:
    row = connection.execute(_SHAPE).fetchone()
    assert row is not None
    return str(row[0])


def _numbers(connection: psycopg.Connection) -> dict[str, tuple[int, bool]]:
    """Where each sequence stands: a number, and whether it was given already."""
    names = [name for (name,) in connection.execute(_SEQUENCES)]
    looks = " UNION ALL ".join(f"SELECT '{name}', last_value, is_called FROM {name}" for name in names)
    return {name: (number, given) for name, number, given in connection.execute(looks.encode())}


def _name(url: str) -> str:
    return str(make_url(url).database)
