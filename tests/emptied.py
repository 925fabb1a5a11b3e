"""PostgreSQL databases that one test after another uses: emptying one is quicker than copying a fresh one."""

from __future__ import annotations

from itertools import count
from time import monotonic, sleep

import psycopg
from sqlalchemy import make_url

from vitrine.prove._databases import PostgresServer

MOST_BYTES = 512 * 1024  # of a table that is worth emptying: deleted rows stay on its pages

# Whatever a test may have done to the tables themselves: a database that is not as it was is thrown away. Who adds or
# changes a row of these is numbered (xmin) after all that came before; who takes one away leaves fewer.
_KEPT = ("pg_class", "pg_attribute", "pg_constraint", "pg_trigger", "pg_extension")
_SHAPE = f"""
    SELECT concat_ws(' ',
        {", ".join(f"(SELECT concat(count(*), ':', max(xmin::text::bigint)) FROM {table})" for table in _KEPT)},
        (SELECT string_agg(setconfig::text, ',') FROM pg_db_role_setting),
        (SELECT string_agg(version_num, ',') FROM alembic_version)
    )
"""
_TABLES = """
    SELECT relname, pg_relation_size(oid) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
"""
_OTHERS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = %s AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
LEAVING_S, STAYING_S, LOOK_EVERY_S = 0.05, 5.0, 0.002  # who says goodbye is gone soon, and is not sent away
_SEQUENCES = "SELECT concat(quote_ident(schemaname), '.', quote_ident(sequencename)) FROM pg_sequences"


class EmptiedDatabases:
    """Databases with all tables and nothing in them, as a fresh copy has. To be closed."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._outside = psycopg.connect(server.url("postgres"), autocommit=True)
        self._idle: list[str] = []
        self._shape, self._numbers = "", dict[str, tuple[int, bool]]()
        self._names = count()

    def lend(self) -> str:
        """The address of one. Under a name of its own: who still believes to be in an old one cannot come back."""
        while self._idle:
            old, new = self._idle.pop(), f"emptied_{next(self._names)}"
            try:
                self._alone(_name(old))  # PostgreSQL itself would look again after a tenth of a second
                self._outside.execute(f"ALTER DATABASE {_name(old)} RENAME TO {new}".encode())
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

    def close(self) -> None:
        self._outside.close()

    def _alone(self, name: str) -> None:
        """Waits for whoever is in it to leave, and sends away who does not."""
        since, sent_away = monotonic(), False
        while (others := self._outside.execute(_OTHERS, (name,)).fetchall()) and monotonic() - since < STAYING_S:
            if not sent_away and monotonic() - since > LEAVING_S:
                sent_away = True
                for (pid,) in others:
                    self._outside.execute("SELECT pg_terminate_backend(%s)", (pid,))
            sleep(LOOK_EVERY_S)

    def _emptied(self, url: str) -> bool:
        try:
            self._alone(_name(url))
            with psycopg.connect(url, autocommit=True) as connection:
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
