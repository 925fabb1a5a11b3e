"""The shop's memory: the only SQLAlchemy in the house. Rows never leave this package; values do.

`open_storage` gives the `commerce.ports.Storage` behind an address, `migrate` brings its tables up to date,
`open_picture_index` gives the picture index that several machines share. SQLAlchemy and Alembic are imported when one
of them is called, not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from commerce.storage.picture_index import PostgresPictureIndex
    from commerce.storage.sql_storage import SqlStorage

__all__ = ["migrate", "open_picture_index", "open_storage"]


def open_storage(database_url: str) -> SqlStorage:
    """Opens `sqlite:///path` (the folder is made) or `postgresql://…`. The tables must be there: see `migrate`.

    Raises SettingsError for an address that cannot work, StorageBusy when the database does not answer.
    """
    from commerce.storage.engine import parse_url

    url = parse_url(database_url)
    if url.get_backend_name() == "sqlite":
        from commerce.storage.sqlite_storage import SqliteStorage

        return SqliteStorage(url)
    from commerce.storage.postgres_storage import PostgresStorage

    return PostgresStorage(url)


def migrate(database_url: str) -> None:
    """Makes the tables, or brings them to the newest version. Several processes may call it at once.

    Raises SettingsError when a newer Vitrine has been here, StorageBusy when the database does not answer.
    """
    from commerce.storage.migrating import migrate_to_head

    migrate_to_head(database_url)


def open_picture_index(database_url: str, vector_store: str) -> PostgresPictureIndex | None:
    """The picture index that the database holds, made where it is missing; None where pictures are searched elsewhere.

    Raises SettingsError when this database cannot hold it, StorageBusy when it does not answer.
    """
    if vector_store != "pgvector":
        return None
    from commerce.storage.picture_index import PostgresPictureIndex

    return PostgresPictureIndex(database_url)
