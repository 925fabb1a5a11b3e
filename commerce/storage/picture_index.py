"""The picture index in the shop's PostgreSQL database, so that several machines search one.

It is derived, as every index is: it lives in a schema of its own, `picture_index`, which may be dropped at any time and
is no part of the migrations. A generation is one table of vectors with its graph; the newest is the current one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from commerce.errors import SettingsError, StorageBusy
from commerce.storage.engine import parse_url, postgres_code, postgres_engine
from commerce.storage.indexed_pictures import IndexedPictures, table_of
from visual_search.errors import EyesUnavailable
from visual_search.gallery import Gallery
from visual_search.snapshot import Manifest, Snapshot
from visual_search.stores import Stored

_OLDEST = (0, 8)  # the first pgvector that goes on searching when a filter leaves too few
_OPTIONS = "-c hnsw.iterative_scan=relaxed_order -c hnsw.ef_search=200"
# Any constant that nothing else in the database locks.
_LOCK = text(f"SELECT pg_advisory_xact_lock({0x5669_7472_0002})")

_TABLES = """
CREATE SCHEMA IF NOT EXISTS picture_index;
CREATE TABLE IF NOT EXISTS picture_index.generation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    encoder text NOT NULL,
    revision text NOT NULL,
    dimension integer NOT NULL,
    change_seq bigint NOT NULL DEFAULT 0,
    is_current boolean NOT NULL DEFAULT false,
    begun_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX IF NOT EXISTS one_current ON picture_index.generation (is_current) WHERE is_current;
"""


class PostgresPictureIndex:
    """`visual_search.stores.IndexStore`. Changes of every machine are seen by all of them at once."""

    def __init__(self, database_url: str) -> None:
        """Makes what is missing. Raises SettingsError where this database cannot hold the index, StorageBusy when it
        does not answer."""
        url = parse_url(database_url)
        if url.get_backend_name() != "postgresql":
            raise SettingsError("VITRINE_VECTOR_STORE=pgvector needs VITRINE_DATABASE_URL to be a PostgreSQL database")
        self._engine: Engine = postgres_engine(url, options=_OPTIONS, pool_size=4)
        try:
            with self._engine.begin() as connection:
                connection.execute(_LOCK)
                _require_extension(connection)
                connection.exec_driver_sql(_TABLES)
        except OperationalError as error:
            raise StorageBusy("the database does not answer") from error

    def load(self) -> Stored | None:
        """See `IndexStore`. The database checks its own pages."""
        row = self._current()
        if row is None:
            return None
        gallery = self._gallery(row.id, row.encoder, row.revision, row.dimension)
        manifest = Manifest(row.encoder, row.revision, row.dimension, len(gallery), row.change_seq)
        return Stored(manifest, gallery)

    def first(self, encoder: str, revision: str, dimension: int) -> Gallery:
        """See `IndexStore`. Of several machines that found none, one makes it and all use it."""
        with self._engine.begin() as connection:
            connection.execute(_LOCK)
            row = connection.execute(_CURRENT).one_or_none()
            if row is None:
                made = self._make(connection, encoder, revision, dimension, is_current=True)
            elif (row.encoder, row.revision, row.dimension) == (encoder, revision, dimension):
                made = row.id
            else:
                raise EyesUnavailable(f"the index was made by another encoder ({row.encoder})")
        gallery = self._gallery(made, encoder, revision, dimension)
        gallery.index.settle()
        return gallery

    def fresh(self, encoder: str, revision: str, dimension: int) -> Gallery:
        """See `IndexStore`."""
        with self._engine.begin() as connection:
            made = self._make(connection, encoder, revision, dimension, is_current=False)
        return self._gallery(made, encoder, revision, dimension)

    def save(self, gallery: Gallery, encoder: str, revision: str, change_seq: int) -> str:
        """See `IndexStore`. Everything is in the database already: this says what it covers, and puts a rebuilt index
        in the place of the one before, which is dropped."""
        pictures = gallery.index
        assert isinstance(pictures, IndexedPictures)
        with self._engine.begin() as connection:
            connection.execute(_LOCK)
            known = connection.execute(
                text("SELECT is_current FROM picture_index.generation WHERE id = :id"), {"id": pictures.generation}
            ).scalar()
            if known is None:
                raise EyesUnavailable("another machine has replaced the picture index")
            if not known:
                connection.execute(text("UPDATE picture_index.generation SET is_current = false WHERE is_current"))
            connection.execute(
                text(
                    "UPDATE picture_index.generation SET is_current = true, change_seq = greatest(change_seq, :seq)"
                    " WHERE id = :id"
                ),
                {"id": pictures.generation, "seq": change_seq},
            )
            if not known:
                self._drop_old(connection)
        return f"generation-{pictures.generation:06d}"

    def fingerprint(self) -> bytes:
        """See `IndexStore`."""
        row = self._current()
        return b"" if row is None else str(row.id).encode()

    def salvage(self) -> Iterator[Snapshot]:
        """See `IndexStore`: nothing but the current one, which its gallery knows."""
        return iter(())

    def verify(self) -> int:
        """See `IndexStore`."""
        stored = self.load()
        return stored.manifest.count if stored else 0

    def close(self) -> None:
        """Closes the connections."""
        self._engine.dispose()

    def _current(self) -> Any:
        try:
            with self._engine.connect() as connection:
                return connection.execute(_CURRENT).one_or_none()
        except OperationalError as error:
            raise StorageBusy("the database does not answer") from error

    def _gallery(self, generation: int, encoder: str, revision: str, dimension: int) -> Gallery:
        def successor() -> int | None:
            row = self._current()
            same = row is not None and (row.encoder, row.revision, row.dimension) == (encoder, revision, dimension)
            return row.id if same else None

        pictures = IndexedPictures(self._engine, generation, dimension, successor)
        return Gallery(pictures, pictures)

    def _make(self, connection: Connection, encoder: str, revision: str, dimension: int, *, is_current: bool) -> int:
        made: int = connection.execute(
            text(
                "INSERT INTO picture_index.generation (encoder, revision, dimension, is_current)"
                " VALUES (:encoder, :revision, :dimension, :is_current) RETURNING id"
            ),
            {"encoder": encoder, "revision": revision, "dimension": dimension, "is_current": is_current},
        ).scalar_one()
        table = table_of(made)
        connection.exec_driver_sql(
            f"CREATE TABLE {table} (picture_id bigint PRIMARY KEY, vector vector({int(dimension)}),"
            " sha256 bytea, thumb bytea)"
        )
        connection.exec_driver_sql(f"CREATE INDEX ON {table} (sha256)")
        return made

    def _drop_old(self, connection: Connection) -> None:
        """What was current, and what rebuilds that were killed have left behind (none takes a day)."""
        old = connection.execute(
            text(
                "DELETE FROM picture_index.generation WHERE NOT is_current AND"
                " (begun_at < now() - interval '1 day' OR id < (SELECT id FROM picture_index.generation"
                " WHERE is_current)) RETURNING id"
            )
        ).scalars()
        for generation in old.all():
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table_of(generation)}")


_CURRENT = text("SELECT id, encoder, revision, dimension, change_seq FROM picture_index.generation WHERE is_current")


def _require_extension(connection: Connection) -> None:
    version = _version(connection)
    if version is None:
        try:
            with connection.begin_nested():
                connection.exec_driver_sql("CREATE EXTENSION vector")
        except DBAPIError as error:
            if not postgres_code(error):
                raise
            raise SettingsError(
                "VITRINE_VECTOR_STORE=pgvector: this database has no pgvector. Install it on the server, then run"
                f" CREATE EXTENSION vector as a superuser ({str(error.orig).partition(chr(10))[0]})"
            ) from error
        version = _version(connection)
    if version is None or tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
        raise SettingsError(f"VITRINE_VECTOR_STORE=pgvector needs pgvector 0.8 or newer, not {version}")


def _version(connection: Connection) -> str | None:
    version: str | None = connection.exec_driver_sql(
        "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
    ).scalar()
    return version
