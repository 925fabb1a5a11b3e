"""Fixtures for every test: a clock that stands still, repeatable ids, and a shop's memory on both databases.

`storage` runs a test twice: on SQLite and on a real PostgreSQL, which is skipped with the reason where it cannot start.
Each test gets a database of its own, with all tables and nothing in them.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from commerce.clock import ManualClock
from commerce.ids import SeededIds
from commerce.ports import Storage
from commerce.storage import open_storage
from tests.emptied import EmptiedDatabases
from tests.made_once import make_once
from vitrine.prove._databases import NoPostgres, PostgresServer, postgres_server, sqlite_database

# No test is judged by the clock: a machine that is busy proves nothing about an example.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 3 << 30


def _temporary_files_in_memory() -> None:
    """Where there is room: thousands of small databases wait for the disk otherwise. TMPDIR, where it is set, is kept.

    What is proved here about databases is proved against processes that die, whose files outlive them there, too.
    """
    if "TMPDIR" in os.environ or not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ENOUGH_BYTES:
        return
    folder = MEMORY / f"vitrine-tests-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


_temporary_files_in_memory()  # now: before anything, pytest itself included, asks for a temporary folder
make_once()


@pytest.hookimpl(trylast=True)  # after they were shuffled
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that may take long, by their timeouts, come first: in the end all processes have small work left."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


def pytest_collection_finish() -> None:
    """Thousands of tests and all that they import stay to the end: no collection of garbage walks them again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture
def clock() -> ManualClock:
    """Tuesday 10 March 2026, 10:00 in Paris; moves when told."""
    return ManualClock(datetime(2026, 3, 10, 9, 0, tzinfo=UTC))


@pytest.fixture
def ids() -> SeededIds:
    return SeededIds()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of public data beside the checkout (VITRINE_SHARED overrides); skips without it."""
    folder = Path(os.environ.get("VITRINE_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    if not (folder / "data").is_dir():
        pytest.skip(f"no public data at {folder} (set VITRINE_SHARED)")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server a test process; commits do not wait for the disk. Skips with the reason where it cannot start."""
    try:
        with postgres_server(durable=False) as server:
            yield server
    except NoPostgres as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty shop with all tables, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    sqlite_database(folder)
    return folder / "shop.db"


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A SQLite database with all tables."""
    shutil.copyfile(sqlite_template, tmp_path / "shop.db")
    return f"sqlite:///{tmp_path / 'shop.db'}"


@pytest.fixture(scope="session")
def emptied_databases(postgres: PostgresServer) -> Iterator[EmptiedDatabases]:
    with closing(EmptiedDatabases(postgres)) as databases:
        yield databases


@pytest.fixture
def postgres_url(emptied_databases: EmptiedDatabases) -> Iterator[str]:
    """A PostgreSQL database with all tables."""
    url = emptied_databases.lend()
    yield url
    emptied_databases.give_back(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Both databases, one after the other."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def storage(database_url: str) -> Iterator[Storage]:
    """Both databases, one after the other, opened."""
    opened = open_storage(database_url)
    yield opened
    opened.close()
