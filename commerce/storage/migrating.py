"""Brings a database to the newest tables. Alembic is imported only when there is something to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError, OperationalError

from commerce.errors import SettingsError, StorageBusy, StorageError
from commerce.storage.engine import parse_url, postgres_engine, sqlite_engine, sqlite_is_busy, sqlite_unusable
from commerce.storage.migrations import HEAD

if TYPE_CHECKING:
    from alembic.config import Config

# Any constant that nothing else in the database locks.
MIGRATION_LOCK = 0x5669_746D  # "Vitm"
# Who comes second waits for the whole migration of the first, which takes longer than anybody waits for a row.
TURN_MS = 60_000


def migrate_to_head(database_url: str) -> None:
    """See `commerce.storage.migrate`. All or nothing: a migration that is cut leaves the old tables."""
    with locked(database_url) as connection:
        if current_revision(connection) == HEAD:
            return
        from alembic import command

        config = alembic_config(connection)
        _refuse_unknown(config, current_revision(connection))
        command.upgrade(config, "head")


def make_revision(database_url: str, message: str, number: str) -> str:
    """For developers: writes versions/<number>_<message>.py with the difference between a database at the last revision
    and `tables.py`. Returns its path; read it, correct it, and put its number into `migrations.HEAD`."""
    with locked(database_url) as connection:
        from alembic import command

        script = command.revision(alembic_config(connection), message, autogenerate=True, rev_id=number)
    assert script is not None and not isinstance(script, list)
    return script.path


def current_revision(connection: Connection) -> str | None:
    """None for a database without tables of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def alembic_config(connection: Connection) -> Config:
    from pathlib import Path

    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


@contextmanager
def locked(database_url: str) -> Iterator[Connection]:
    """A transaction that no other migration runs beside; committed when the block ends well. Raises StorageBusy where
    its turn does not come within a minute."""
    url = parse_url(database_url)
    if url.get_backend_name() == "sqlite":
        engine = sqlite_engine(url, read_only=False)
        turn = [f"PRAGMA busy_timeout = {TURN_MS}", "BEGIN IMMEDIATE"]
    else:
        engine = postgres_engine(url)
        turn = [
            f"SET LOCAL lock_timeout = {TURN_MS}",
            f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})",
            "SET LOCAL lock_timeout TO DEFAULT",  # nobody waits so long for tables that are in use
        ]
    try:
        with engine.connect() as connection:
            for statement in turn:
                connection.exec_driver_sql(statement)
            yield connection
            connection.commit()
    except DBAPIError as error:
        if sqlite_is_busy(error) or (url.get_backend_name() == "postgresql" and isinstance(error, OperationalError)):
            raise StorageBusy("the database is busy or does not answer: nothing was migrated") from error
        if reason := sqlite_unusable(error):
            raise StorageError(f"the database cannot be used: {reason}") from error
        raise
    finally:
        engine.dispose()


def _refuse_unknown(config: Config, revision: str | None) -> None:
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise SettingsError(
            f"the database was made by a newer Vitrine (its tables are at {revision}, this one knows up to {HEAD}):"
            " install that version again, or restore a backup from before it"
        )
