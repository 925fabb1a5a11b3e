"""Addresses and engines: how each database is opened, and which of its errors mean "try again"."""

from __future__ import annotations

import importlib.util
import select
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from commerce.errors import SettingsError

BUSY_TIMEOUT_MS = 5000
TRUSTED_S = 10.0  # a connection that was used so recently is there, unless it says otherwise

SQLITE_BUSY, SQLITE_LOCKED = 5, 6  # primary result codes, www.sqlite.org/rescode.html
SQLITE_UNUSABLE = {8, 10, 11, 13, 14, 26}  # read-only, I/O error, corrupt, full, cannot open, not a database
PG_RETRY = {"40001", "40P01"}  # serialization_failure, deadlock_detected: run the transaction again
# What passes without our doing: lock_not_available, query_canceled, insufficient resources (a full disk, too many
# connections), operator intervention (stopping, starting up), read_only_sql_transaction (a standby after a failover).
PG_BUSY = ("55P03", "57014", "53", "57P", "25006")


def parse_url(database_url: str) -> URL:
    """Checks the address. Raises SettingsError with what to write instead."""
    try:
        url = make_url(database_url)
    except ArgumentError:
        raise SettingsError(
            "the database address must look like sqlite:///path or postgresql://user@host/name"
        ) from None
    match url.get_backend_name():
        case "sqlite":
            if not url.database or url.database == ":memory:" or "mode=memory" in str(url):
                raise SettingsError("SQLite needs a file: sqlite:///path (readers and the writer open it separately)")
            return url.set(drivername="sqlite+pysqlite")
        case "postgresql":
            if importlib.util.find_spec("psycopg") is None:
                raise SettingsError("PostgreSQL needs its driver: pip install 'vitrine[postgres]'")
            return url.set(drivername="postgresql+psycopg")
        case other:
            raise SettingsError(f"no database of the kind {other!r}: SQLite and PostgreSQL are supported")


def sqlite_engine(url: URL, *, read_only: bool) -> Engine:
    """An engine whose connections are in the driver's autocommit mode: transactions are begun in so many words.

    The writer keeps one connection; readers get a handful, on which writing is an error.
    """
    assert url.database is not None
    Path(url.database).expanduser().absolute().parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url.set(database=str(Path(url.database).expanduser())),
        pool_size=8 if read_only else 1,
        max_overflow=56 if read_only else 0,
        pool_timeout=BUSY_TIMEOUT_MS / 1000,
        pool_use_lifo=True,  # the same few connections stay warm
        connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection, record: ConnectionPoolEntry) -> None:  # type: ignore[no-untyped-def]
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        if not read_only:
            cursor.execute("PRAGMA journal_mode = WAL")  # kept in the file: readers find it so
        cursor.execute("PRAGMA synchronous = FULL")  # a commit is on the disk when it returns
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA cache_size = {-8192 if read_only else -16384}")  # KiB
        # Pages of the log before they go into the file: of SQLite's thousand, a few commits under load are made.
        cursor.execute("PRAGMA wal_autocheckpoint = 4000")
        cursor.execute("PRAGMA journal_size_limit = 67108864")  # bytes: a big import does not leave a big WAL behind
        if read_only:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    return engine


def postgres_engine(url: URL, *, options: str = "", pool_size: int = 8) -> Engine:
    """Read committed, durable commits, nobody waits for a lock longer than the busy timeout. `options`: more settings
    of each connection, as `-c name=value`.

    Options in the address (`?options=-c …`) come after ours and win.
    """
    theirs = url.query.get("options", "")
    engine = create_engine(
        url.difference_update_query(["options"]),
        isolation_level="READ COMMITTED",
        pool_size=pool_size,
        max_overflow=pool_size,  # a server takes 100 connections by default: six of our processes fit
        pool_timeout=BUSY_TIMEOUT_MS / 1000,
        connect_args={
            "connect_timeout": 5,  # seconds
            "application_name": "vitrine",
            "options": f"-c lock_timeout={BUSY_TIMEOUT_MS} -c synchronous_commit=on"
            f" -c idle_in_transaction_session_timeout=60000 {options}"
            f" {theirs if isinstance(theirs, str) else ' '.join(theirs)}",
        },
    )

    @event.listens_for(engine, "connect")
    def _configure(connection, record: ConnectionPoolEntry) -> None:  # type: ignore[no-untyped-def]
        from psycopg.types.numeric import Int8Dumper

        # psycopg sends small numbers as smallint: the server would prepare a statement anew for each size of number.
        connection.adapters.register_dumper(int, Int8Dumper)

    @event.listens_for(engine, "checkin")
    def _used(connection, record: ConnectionPoolEntry) -> None:  # type: ignore[no-untyped-def]
        record.info["used_at_s"] = monotonic()

    @event.listens_for(engine, "checkout")
    def _is_there(connection, record: ConnectionPoolEntry, fairy: object) -> None:  # type: ignore[no-untyped-def]
        """As `pool_pre_ping`, which costs a way to the server for every transaction: asks only where the server has
        said something that nobody asked for (that it closes the connection), or after a while."""
        idle_s = monotonic() - record.info.get("used_at_s", monotonic())
        if idle_s > TRUSTED_S or has_more_to_read(connection):
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise InvalidatePoolError from error  # all that are as old are made anew

    return engine


def has_more_to_read(connection: Any) -> bool:
    look = select.poll()
    look.register(connection.fileno(), select.POLLIN)
    return bool(look.poll(0))


def sqlite_is_busy(error: BaseException) -> bool:
    """Somebody else holds the file: nothing of the statement took effect."""
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF in (SQLITE_BUSY, SQLITE_LOCKED)


def sqlite_unusable(error: BaseException) -> str:
    """Why the file cannot be used, now or at all; '' when that is not what happened."""
    cause = getattr(error, "orig", error)
    code = getattr(cause, "sqlite_errorcode", None)
    return str(cause) if isinstance(code, int) and code & 0xFF in SQLITE_UNUSABLE else ""


def postgres_code(error: DBAPIError) -> str:
    """SQLSTATE, '' when the server never answered (postgresql.org/docs/current/errcodes-appendix.html)."""
    return getattr(error.orig, "sqlstate", None) or ""
