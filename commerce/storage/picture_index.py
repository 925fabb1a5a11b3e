"""The picture index in the shop's PostgreSQL database, so that several machines search one.

It is derived, as every index is: it lives in a schema of its own, `picture_index`, which may be dropped at any time and
is no part of the migrations. A generation is one table of vectors with its graph, by one revision of one encoder.

One is current. Beside it there may be one that is being built, those whose builders were killed, and for some minutes
the one of another encoder that was current before: machines that still look through that encoder search it until they
have taken the new one over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import DBAPIError, OperationalError

from commerce.errors import SettingsError, StorageBusy
from commerce.storage.engine import parse_url, postgres_code, postgres_engine
from commerce.storage.indexed_pictures import IndexedPictures, table_of
from visual_search.errors import EyesUnavailable, RebuildRunning
from visual_search.gallery import Gallery
from visual_search.snapshot import MadeBy, Manifest, Snapshot
from visual_search.stores import Stored

_OLDEST = (0, 8)  # the first pgvector that goes on searching when a filter leaves too few
_OPTIONS = "-c hnsw.iterative_scan=relaxed_order -c hnsw.ef_search=200"
# Any constants that nothing else in the database locks.
_LOCK = text(f"SELECT pg_advisory_xact_lock({0x5669_7472_0002})")
_ENTER_WORKSHOP = text(f"SELECT pg_try_advisory_lock({0x5669_7472_0003})")

_TABLES = """
CREATE SCHEMA IF NOT EXISTS picture_index;
CREATE TABLE IF NOT EXISTS picture_index.generation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    encoder text NOT NULL,
    revision text NOT NULL,
    dimension integer NOT NULL,
    change_seq bigint NOT NULL DEFAULT 0,
    is_current boolean NOT NULL DEFAULT false,
    retired_at timestamptz
);
CREATE UNIQUE INDEX IF NOT EXISTS one_current ON picture_index.generation (is_current) WHERE is_current;
"""


class PostgresPictureIndex:
    """`visual_search.stores.IndexStore`. Changes of every machine are seen by all of them at once."""

    is_shared = True

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
                _drop(connection, _FORGET_RETIRED)
        except OperationalError as error:
            raise StorageBusy("the database does not answer") from error

    def made_by(self) -> MadeBy | None:
        """See `IndexStore`."""
        row = self._current()
        return None if row is None else MadeBy(row.encoder, row.revision, row.dimension)

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

    @contextmanager
    def workshop(self) -> Iterator[PostgresWorkshop]:
        """See `IndexStore`. The lock goes with its connection, and so with a process that is killed."""
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # closed at the end and not used again
        with connection:
            if not connection.execute(_ENTER_WORKSHOP).scalar_one():
                raise RebuildRunning("another process is building the picture index")
            yield PostgresWorkshop(self)

    def save(self, gallery: Gallery, encoder: str, revision: str, change_seq: int) -> str:
        """See `IndexStore`. Everything is in the database already: this says what it covers, and puts a rebuilt index
        in the place of the one before. That one is dropped at once if it was of the same encoder: whoever has it open
        goes on with the new one."""
        pictures = gallery.index
        assert isinstance(pictures, IndexedPictures)
        key = {"id": pictures.generation}
        with self._engine.begin() as connection:
            connection.execute(_LOCK)
            known = connection.execute(_STATE, key).one_or_none()
            if known is None or known.retired:
                raise EyesUnavailable("another machine has replaced the picture index")
            if not known.is_current:
                connection.execute(_RETIRE)
            connection.execute(_SAVED, {**key, "seq": change_seq})
            if not known.is_current:
                _drop(connection, _FORGET_SUPERSEDED, {"encoder": encoder, "revision": revision})
            _drop(connection, _FORGET_RETIRED)
        return f"generation-{pictures.generation:06d}"

    def fingerprint(self) -> bytes:
        """See `IndexStore`."""
        row = self._current()
        return b"" if row is None else str(row.id).encode()

    def salvage(self) -> Iterator[Snapshot]:
        """See `IndexStore`: nothing but the current one, which its gallery knows."""
        return iter(())

    def unfinished(self) -> Iterator[Snapshot]:
        """What was built and never saved. Only who is in the workshop may ask: of others it may be at work."""
        with self._engine.connect() as connection:
            rows = connection.execute(_UNFINISHED).all()
        for row in rows:
            gallery = self._gallery(row.id, row.encoder, row.revision, row.dimension)
            yield gallery.to_snapshot(row.encoder, row.revision, 0)

    def drop_unfinished(self) -> None:
        """As `unfinished`."""
        with self._engine.begin() as connection:
            connection.execute(_LOCK)
            _drop(connection, _FORGET_UNFINISHED)

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


class PostgresWorkshop:
    """`visual_search.stores.Workshop`: what is built lies in a table of its own from the start."""

    def __init__(self, store: PostgresPictureIndex) -> None:
        self._store = store

    def keep(self, gallery: Gallery, made_by: MadeBy) -> None:
        """See `Workshop`. It is there already."""

    def kept(self) -> Iterator[Snapshot]:
        """See `Workshop`."""
        return self._store.unfinished()

    def clear(self) -> None:
        """See `Workshop`."""
        self._store.drop_unfinished()


_CURRENT = text("SELECT id, encoder, revision, dimension, change_seq FROM picture_index.generation WHERE is_current")
_STATE = text("SELECT is_current, retired_at IS NOT NULL AS retired FROM picture_index.generation WHERE id = :id")
_RETIRE = text("UPDATE picture_index.generation SET is_current = false, retired_at = now() WHERE is_current")
_SAVED = text(
    "UPDATE picture_index.generation SET is_current = true, change_seq = greatest(change_seq, :seq) WHERE id = :id"
)
_UNFINISHED = text(
    "SELECT id, encoder, revision, dimension FROM picture_index.generation"
    " WHERE NOT is_current AND retired_at IS NULL ORDER BY id DESC"
)
_FORGET_UNFINISHED = text(
    "DELETE FROM picture_index.generation WHERE NOT is_current AND retired_at IS NULL RETURNING id"
)
_FORGET_SUPERSEDED = text(
    "DELETE FROM picture_index.generation"
    " WHERE retired_at IS NOT NULL AND encoder = :encoder AND revision = :revision RETURNING id"
)
_FORGET_RETIRED = text(
    "DELETE FROM picture_index.generation WHERE retired_at < now() - interval '10 minutes' RETURNING id"
)


def _drop(connection: Connection, forget: TextClause, parameters: dict[str, Any] | None = None) -> None:
    for generation in connection.execute(forget, parameters or {}).scalars().all():
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table_of(generation)}")


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
