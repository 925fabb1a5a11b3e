"""Vectors and marks of pictures in one table of PostgreSQL, searched by pgvector (github.com/pgvector/pgvector)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from psycopg import adapters
from psycopg.adapt import Dumper
from psycopg.pq import Format
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from commerce.errors import StorageBusy
from commerce.storage.engine import PG_BUSY, PG_RETRY, postgres_code
from visual_search.errors import EyesUnavailable
from visual_search.marks import SHA_BYTES, distances
from visual_search.ports import check_query, check_vectors
from visual_search.values import MARK_BYTES, Ids, Marks, Vectors

T = TypeVar("T")

_FEW = 2_000
"""Up to so many kept rows are compared exactly, found by their key (measured)."""
_UNDEFINED_TABLE = "42P01"


class Packed:
    """A one-dimensional array on its way to the server: int64 as bigint[], float32 as real[]."""

    def __init__(self, values: NDArray[Any]) -> None:
        self.values = values


class _PackedDumper(Dumper):
    """The binary form of an array (src/backend/utils/adt/arrayfuncs.c, array_send), made at once by numpy: a list of
    40,000 Python integers takes longer than the search."""

    format = Format.BINARY

    def get_key(self, obj: Packed, format: Any) -> Any:
        return (self.cls, obj.values.dtype.str)

    def upgrade(self, obj: Packed, format: Any) -> Dumper:
        dumper = _PackedDumper(self.cls, None)
        dumper.oid = 1016 if obj.values.dtype.kind == "i" else 1021  # _int8, _float4
        return dumper

    def dump(self, obj: Packed) -> bytes:
        values = obj.values
        element = 20 if values.dtype.kind == "i" else 700  # int8, float4
        head = np.array([1, 0, element, len(values), 1], ">i4")  # dimensions, no nulls, type, length, first index
        items = np.empty(len(values), [("size", ">i4"), ("value", values.dtype.newbyteorder(">"))])
        items["size"] = values.dtype.itemsize
        items["value"] = values
        return head.tobytes() + items.tobytes()


adapters.register_dumper(Packed, _PackedDumper)


class IndexedPictures:
    """`visual_search.ports.VectorStore` and `MarkStore`: one generation of the shared index, one row a picture.

    When another machine has put a newer generation of the same encoder in place, this one goes on with that.
    Searching raises EyesUnavailable, changing StorageBusy, when the database does not answer.
    """

    def __init__(self, engine: Engine, generation: int, dimension: int, successor: Callable[[], int | None]) -> None:
        """`successor`: the current generation of the same encoder; None where there is none."""
        self.generation = generation
        self.dimension = dimension
        self._engine = engine
        self._readers = engine.execution_options(isolation_level="AUTOCOMMIT")  # one statement: half the round trips
        self._successor = successor

    # Vectors

    def __len__(self) -> int:
        return int(self._read("SELECT count(vector) FROM {table}", {})[0][0])

    def __contains__(self, picture_id: int) -> bool:
        rows = self._read("SELECT 1 FROM {table} WHERE picture_id = :id AND vector IS NOT NULL", {"id": picture_id})
        return bool(rows)

    def add(self, ids: ArrayLike, vectors: Vectors) -> None:
        """See `VectorStore`."""
        wanted = np.ascontiguousarray(ids, np.int64).reshape(-1)
        given = np.ascontiguousarray(vectors, np.float32)
        check_vectors(wanted, given, self.dimension)
        self._write_each(
            "INSERT INTO {table} (picture_id, vector) VALUES (:id, CAST(CAST(:vector AS real[]) AS vector))"
            " ON CONFLICT (picture_id) DO UPDATE SET vector = excluded.vector",
            [{"id": one, "vector": Packed(row)} for one, row in zip(wanted.tolist(), given, strict=True)],
        )

    def remove(self, ids: ArrayLike) -> int:
        """See `VectorStore`. Marks go as well."""
        statement = (
            "WITH gone AS (DELETE FROM {table} WHERE picture_id = ANY(:ids) RETURNING vector)"
            " SELECT count(vector) FROM gone"
        )
        parameters = {"ids": Packed(np.asarray(ids, np.int64).reshape(-1))}
        return self._following(lambda run: int(run(statement, parameters).scalar_one()))

    def search(self, vectors: Vectors, k: int, allowed_ids: Ids | None = None) -> tuple[Vectors, Ids]:
        """See `VectorStore`. By the graph, going on until enough allowed ones are found; exact for few."""
        queries = np.ascontiguousarray(np.atleast_2d(vectors), np.float32)
        check_query(queries, k, self.dimension)
        allowed = None if allowed_ids is None else np.unique(np.asarray(allowed_ids, np.int64))
        scores = np.full((len(queries), k), -np.inf, np.float32)
        found = np.full((len(queries), k), -1, np.int64)
        for line, query in enumerate(queries):
            rows = self._nearest(query, k, allowed)
            for place, (picture_id, cosine) in enumerate(rows):
                scores[line, place], found[line, place] = cosine, picture_id
        return scores, found

    def vectors_of(self, ids: ArrayLike) -> Vectors:
        """See `VectorStore`."""
        wanted = np.asarray(ids, np.int64).reshape(-1)
        rows = self._read(
            "SELECT picture_id, vector_send(vector) FROM {table} WHERE picture_id = ANY(:ids) AND vector IS NOT NULL",
            {"ids": Packed(np.unique(wanted))},
        )
        by_id = dict(rows)
        return self._stacked([by_id[picture_id] for picture_id in wanted.tolist()])

    def ids(self) -> Ids:
        """See `VectorStore`."""
        rows = self._read("SELECT picture_id FROM {table} WHERE vector IS NOT NULL ORDER BY 1", {})
        return np.array([picture_id for (picture_id,) in rows], np.int64)

    def snapshot(self) -> tuple[Ids, Vectors]:
        """See `VectorStore`."""
        rows = self._read(
            "SELECT picture_id, vector_send(vector) FROM {table} WHERE vector IS NOT NULL ORDER BY picture_id", {}
        )
        return np.array([picture_id for picture_id, _ in rows], np.int64), self._stacked([sent for _, sent in rows])

    def lists(self) -> None:
        """The graph stays in the database."""

    def settle(self) -> None:
        """Builds the graph where there is none yet: until then every search compares all rows."""

        def work(run: Callable[..., Any]) -> None:
            run("SET LOCAL maintenance_work_mem = '512MB'", {})  # a graph that does not fit is built ten times slower
            run(
                f"CREATE INDEX IF NOT EXISTS vectors_{self.generation}_graph ON {{table}}"
                " USING hnsw (vector vector_ip_ops) WITH (m = 16, ef_construction = 200)",
                {},
            )
            run("ANALYZE {table}", {})  # or the planner, which knows nothing of a new table, compares all rows

        self._following(work)

    def close(self) -> None:
        """Nothing goes on in the background here."""

    # Marks

    def put(self, ids: Sequence[int], marks: Sequence[bytes]) -> None:
        """See `MarkStore`."""
        if wrong := [len(mark) for mark in marks if len(mark) != MARK_BYTES]:
            raise ValueError(f"a mark has {MARK_BYTES} bytes, not {wrong[0]}")
        self._write_each(
            "INSERT INTO {table} (picture_id, sha256, thumb) VALUES (:id, :sha256, :thumb)"
            " ON CONFLICT (picture_id) DO UPDATE SET sha256 = excluded.sha256, thumb = excluded.thumb",
            [
                {"id": picture_id, "sha256": mark[:SHA_BYTES], "thumb": mark[SHA_BYTES:]}
                for picture_id, mark in zip(ids, marks, strict=True)
            ],
        )

    def drop(self, ids: Sequence[int]) -> None:
        """See `MarkStore`. Vectors go as well."""
        self.remove(np.array(ids, np.int64))

    def with_sha256(self, digest: bytes) -> list[int]:
        """See `MarkStore`."""
        rows = self._read("SELECT picture_id FROM {table} WHERE sha256 = :sha256 ORDER BY 1", {"sha256": digest})
        return [picture_id for (picture_id,) in rows]

    def thumb(self, picture_id: int) -> bytes:
        """See `MarkStore`."""
        return self._marks([picture_id])[picture_id][SHA_BYTES:]

    def thumb_distances(self, thumb: bytes, ids: Sequence[int]) -> NDArray[np.float32]:
        """See `MarkStore`."""
        marks = self._marks(ids)
        return distances(thumb, [marks.get(picture_id) for picture_id in ids])

    def as_rows(self, ids: Ids) -> Marks:
        """See `MarkStore`."""
        marks = self._marks(ids)
        joined = b"".join(marks[picture_id] for picture_id in ids.tolist())
        return np.frombuffer(joined, np.uint8).reshape(len(ids), MARK_BYTES)

    # The database

    def _nearest(self, query: Vectors, k: int, allowed: Ids | None) -> list[Any]:
        parameters: dict[str, Any] = {"query": Packed(query), "k": k}
        if allowed is None:
            return self._read(_NEAR.format(kept=""), parameters)
        parameters["ids"] = Packed(allowed)
        if len(allowed) > _FEW:
            rows = self._read(_NEAR.format(kept="AND picture_id = ANY(:ids)"), parameters)
            if len(rows) == min(k, len(allowed)):
                return rows
        # Few; or the allowed ones lie so far away that the graph was left before enough were met.
        return self._read(_AMONG_FEW, parameters)

    def _marks(self, ids: Sequence[int] | Ids) -> dict[int, bytes]:
        rows = self._read(
            "SELECT picture_id, sha256 || thumb FROM {table} WHERE picture_id = ANY(:ids) AND thumb IS NOT NULL",
            {"ids": Packed(np.asarray(ids, np.int64))},
        )
        return {picture_id: bytes(mark) for picture_id, mark in rows}

    def _stacked(self, sent: list[bytes]) -> Vectors:
        """vector_send: two 16-bit integers (dimension, unused), then the numbers, all big-endian."""
        if not sent:
            return np.empty((0, self.dimension), np.float32)
        joined = np.frombuffer(b"".join(bytes(one)[4:] for one in sent), ">f4")
        return joined.astype(np.float32).reshape(len(sent), self.dimension)

    def _read(self, statement: str, parameters: dict[str, Any]) -> list[Any]:
        try:
            return self._following(lambda run: run(statement, parameters).all(), self._readers)
        except StorageBusy as busy:
            raise EyesUnavailable(str(busy)) from busy

    def _write_each(self, statement: str, parameters: list[dict[str, Any]]) -> None:
        if parameters:
            # In the order of their ids: two machines that write the same pictures do not wait for each other in a ring.
            self._following(lambda run: run(statement, sorted(parameters, key=lambda one: int(one["id"]))))

    def _following(self, work: Callable[[Callable[..., Any]], T], engine: Engine | None = None) -> T:
        """Runs `work` in one transaction on the table of this generation, or of the one that has taken its place."""
        try:
            try:
                with (engine or self._engine).begin() as connection:
                    return work(self._run_on(connection))
            except DBAPIError as error:
                if postgres_code(error) != _UNDEFINED_TABLE:
                    raise
            successor = self._successor()
            if successor is None or successor == self.generation:
                raise EyesUnavailable("another machine has replaced the picture index by one of another encoder")
            self.generation = successor
            with (engine or self._engine).begin() as connection:
                return work(self._run_on(connection))
        except PoolTimeout as error:
            raise StorageBusy("too many search for pictures at once") from error
        except DBAPIError as error:
            code = postgres_code(error)
            if error.connection_invalidated or not code or code in PG_RETRY or code.startswith(PG_BUSY):
                raise StorageBusy(f"the database: {str(error.orig).partition(chr(10))[0]}") from error
            raise

    def _run_on(self, connection: Connection) -> Callable[..., Any]:
        table = table_of(self.generation)
        return lambda statement, parameters: connection.execute(text(statement.replace("{table}", table)), parameters)


def table_of(generation: int) -> str:
    return f"picture_index.vectors_{generation}"


_QUERY = "CAST(CAST(:query AS real[]) AS vector)"
# `<#>` is the negative inner product: the smallest first. The graph's order is nearly right, so it is put right.
_NEAR = (
    f"WITH near AS MATERIALIZED (SELECT picture_id, vector <#> {_QUERY} AS far FROM {{{{table}}}}"
    f" WHERE vector IS NOT NULL {{kept}} ORDER BY vector <#> {_QUERY} LIMIT :k)"
    " SELECT picture_id, -far FROM near ORDER BY far, picture_id"
)
_AMONG_FEW = (
    "WITH kept AS MATERIALIZED (SELECT picture_id, vector FROM {table}"
    " WHERE picture_id = ANY(:ids) AND vector IS NOT NULL)"
    f" SELECT picture_id, -(vector <#> {_QUERY}) FROM kept ORDER BY vector <#> {_QUERY}, picture_id LIMIT :k"
)
