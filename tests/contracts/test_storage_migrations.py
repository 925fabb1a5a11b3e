"""Migrations and `tables.py` say the same on both databases; nobody is left half-way."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint, Connection, inspect

from commerce.errors import SettingsError, StorageBusy
from commerce.storage import engine, migrating, open_storage
from commerce.storage.migrating import alembic_config, current_revision, locked
from commerce.storage.migrating import migrate_to_head as migrate  # all of it: other tests copy the tables
from commerce.storage.migrations import HEAD
from commerce.storage.tables import metadata
from tests.contracts.storage_values import NOW, a_store
from vitrine.prove._databases import PostgresServer

TWO_AT_ONCE = "import sys; from commerce.storage import migrate; migrate(sys.argv[1])"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'folder' / 'shop.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    server.execute("DROP DATABASE IF EXISTS empty WITH (FORCE)")
    server.execute("CREATE DATABASE empty")
    return server.url("empty")


def differences(connection: Connection) -> list[object]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    options = {"compare_type": True, "compare_server_default": connection.dialect.name == "postgresql"}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def test_migrations_make_exactly_the_tables(database_url: str) -> None:
    with locked(database_url) as connection:
        assert differences(connection) == []
        assert current_revision(connection) == HEAD
        assert set(inspect(connection).get_table_names()) == {"alembic_version", *metadata.tables}
        for table in metadata.tables.values():  # compare_metadata does not look at these
            expected = {check.name for check in table.constraints if isinstance(check, CheckConstraint)}
            assert {check["name"] for check in inspect(connection).get_check_constraints(table.name)} == expected


def test_the_newest_revision_is_the_one_we_say() -> None:
    from alembic.script import ScriptDirectory

    class NoConnection:
        pass

    script = ScriptDirectory.from_config(alembic_config(NoConnection()))  # type: ignore[arg-type]
    assert script.get_heads() == [HEAD]


def test_a_missing_table_would_be_noticed(sqlite_url: str) -> None:
    with locked(sqlite_url) as connection:
        connection.exec_driver_sql("DROP TABLE audit")
        connection.exec_driver_sql("DROP INDEX ix_variant_gtin")
        assert len(differences(connection)) == 2


def test_migrating_twice_changes_nothing(empty_url: str) -> None:
    migrate(empty_url)
    storage = open_storage(empty_url)
    storage.write(lambda uow: uow.stores.put(a_store()))
    migrate(empty_url)
    with storage.read() as uow:
        assert uow.stores.all() == [a_store()]
        assert uow.state.get("a", NOW) is None
    storage.close()


def test_processes_that_migrate_at_once_do_it_once(empty_url: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", TWO_AT_ONCE, empty_url], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(3)
    ]
    for process in processes:
        output, _ = process.communicate(timeout=100)
        assert (process.returncode, output) == (0, "")  # and quiet
    with locked(empty_url) as connection:
        assert differences(connection) == []


def test_who_comes_second_waits_for_a_long_migration(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than for a row, and tables in use are waited for as ever."""
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 50)
    with ThreadPoolExecutor() as others, locked(database_url):
        second = others.submit(migrate, database_url)
        with pytest.raises(TimeoutError):
            second.result(timeout=0.5)
    second.result(timeout=30)
    if database_url.startswith("postgresql"):
        with locked(database_url) as connection:
            assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "50ms"


def test_whose_turn_does_not_come_is_told(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "TURN_MS", 50)
    with locked(database_url), pytest.raises(StorageBusy, match="nothing was migrated"):
        migrate(database_url)


def test_an_up_to_date_database_does_not_load_alembic(sqlite_url: str) -> None:
    code = TWO_AT_ONCE + "; assert 'alembic' not in sys.modules and 'sqlalchemy.orm' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, sqlite_url], check=True, timeout=60)


def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    with locked(database_url) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SettingsError, match=r"newer Vitrine.*9999.*backup"):
        migrate(database_url)


def test_there_is_no_way_back_and_it_says_so(database_url: str) -> None:
    from alembic import command

    with pytest.raises(NotImplementedError, match="backup"), locked(database_url) as connection:
        command.downgrade(alembic_config(connection), "base")
    with locked(database_url) as connection:
        assert differences(connection) == []


def test_a_migration_that_fails_half_way_leaves_nothing(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic.operations import Operations

    made: list[str] = []
    make_table = Operations.create_index

    def fail_later(self: Operations, name: str, *rest: object, **more: object) -> None:
        made.append(name)
        if len(made) == 6:
            raise OSError("power cut")
        make_table(self, name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Operations, "create_index", fail_later)
    with pytest.raises(OSError, match="power cut"):
        migrate(empty_url)
    monkeypatch.undo()
    with locked(empty_url) as connection:
        assert inspect(connection).get_table_names() == []
    migrate(empty_url)
    with locked(empty_url) as connection:
        assert differences(connection) == []


def test_people_and_their_words_of_before_are_found(empty_url: str) -> None:
    """Version 5 indexes what is there already: names, what was said, and what orders say of people."""
    from alembic import command

    before = (
        "INSERT INTO customer (id, name, language, created_at_us) VALUES ('c', 'Léa Martin', 'fr', 1)",
        "INSERT INTO contact (channel, account, address, customer_id, last_inbound_at_us)"
        " VALUES ('telegram', 'bot', '42', 'c', 1)",
        "INSERT INTO thread_entry (channel, account, address, direction, body, at_us) VALUES"
        """ ('telegram', 'bot', '42', 'in', '{"text": "l’étiquette manque"}', 1),"""
        " ('telegram', 'bot', '42', 'in', 'no JSON', 1),"
        """ ('telegram', 'bot', '42', 'out', '{"text": "Bonjour"}', 1)""",
    )
    with locked(empty_url) as connection:
        command.upgrade(alembic_config(connection), "0004")
        for statement in before:
            connection.exec_driver_sql(statement)
    migrate(empty_url)
    storage = open_storage(empty_url)
    with storage.read() as uow:
        for typed, expected in {"lea": ["c"], "martin": ["c"], "etiquette": ["c"], "bonjour": [], "json": []}.items():
            assert uow.conversations.search(typed, 5) == expected, typed
    storage.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("shop.db", "must look like"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("mysql://root@localhost/shop", "SQLite and PostgreSQL"),
    ],
)
def test_addresses_that_cannot_work_are_refused(url: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        open_storage(url)
    with pytest.raises(SettingsError, match=says):
        migrate(url)
