"""The way of a whole feed into the catalogue: staged in temporary tables, then applied in one transaction.

Staging tables belong to one connection: they take no lock on the shop, and after a crash they are simply not there. The
catalogue is the old one until the commit of `apply`, and the new one from then on. `apply` writes only what differs, so the
list of changes that indexes follow is as short as the truth.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from commerce.errors import CommitUnknown, StorageBusy
from commerce.storage.changes import CHANGE_LOCK
from commerce.storage.engine import PG_BUSY, PG_RETRY, parse_url, postgres_engine, sqlite_engine, sqlite_is_busy
from commerce.storage.feed_sql import APPLY, APPLY_STOCK, COLUMNS, COUNTS, INDEXES, RESOLVE, STAGING

_NAMED = re.compile(r"(?<![:\w]):([a-z_]+)")
_FETCH_ROWS = 10_000


class Overtaken(Exception):
    """Another import of the same source began later; this one must not be applied."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last import of a source that was applied: its report as it was stored."""

    run_id: int
    report: Mapping[str, Any]


@dataclass(slots=True)
class Applied:
    """What `apply` did, in rows. `media_keys`: pictures that are gone, for the media store to forget."""

    counts: dict[str, int]
    media_keys: list[str] = field(default_factory=list)


class _Driver(Protocol):
    def cursor(self) -> Any: ...


class FeedStaging:
    """One import of one source. A context manager; leaving it forgets everything that was not applied.

    All methods raise StorageBusy when the database is held by somebody else for too long.
    """

    def __init__(self, database_url: str, source: str) -> None:
        url = parse_url(database_url)
        self.is_postgres = url.get_backend_name() == "postgresql"
        self._engine = postgres_engine(url) if self.is_postgres else sqlite_engine(url, read_only=False)
        self._raw = self._engine.raw_connection()
        driver: Any = self._raw.driver_connection
        self._driver: Any = driver
        if self.is_postgres:
            driver.autocommit = True
        self.source = source
        self._cursor: Any = driver.cursor()
        for table, columns in STAGING.items():
            self._cursor.execute(f"CREATE TEMPORARY TABLE {table} ({columns})")
        if not self.is_postgres:
            self._cursor.execute("PRAGMA temp.cache_size = -8192")

    def __enter__(self) -> FeedStaging:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives the connection up: the temporary tables go with it."""
        self._raw.invalidate()
        self._engine.dispose()

    # --- runs

    def last_run(self) -> LastRun | None:
        row = self._one(
            "SELECT id, report FROM feed_run WHERE source = :source AND state = 'applied' ORDER BY id DESC LIMIT 1"
        )
        return LastRun(row[0], json.loads(row[1])) if row else None

    def begin_run(self, at_us: int) -> int:
        """Writes down that an import began. One that was still running, or that died, is refused from now on."""
        with _Transaction(self):
            self._run(
                "UPDATE feed_run SET state = 'refused', finished_at_us = :at, report = :report"
                " WHERE source = :source AND state IN ('reading', 'staged')",
                at=at_us, report='{"stop": "overtaken"}',
            )  # fmt: skip
            row = self._one(
                "INSERT INTO feed_run (source, started_at_us, state) VALUES (:source, :at, 'reading') RETURNING id",
                at=at_us,
            )
        assert row is not None
        return int(row[0])

    def end_run(self, run_id: int, state: str, at_us: int, report: Mapping[str, object]) -> None:
        """For runs that change nothing: refused, unchanged."""
        with _Transaction(self):
            self._run(
                "UPDATE feed_run SET state = :state, finished_at_us = :at, report = :report"
                " WHERE id = :run AND state IN ('reading', 'staged')",
                state=state, at=at_us, report=json.dumps(report, ensure_ascii=False), run=run_id,
            )  # fmt: skip

    # --- what the last feed was

    def known_digests(self) -> NDArray[np.uint64]:
        """Digests of the last feed's items, uint64 [n, 2], in the order of `known_ids`."""
        parts = [
            np.frombuffer(b"".join(bytes(row[0]).ljust(16, b"\0") for row in rows), np.uint64).reshape(-1, 2)
            for rows in self._pages("SELECT digest FROM feed_item WHERE source = :source ORDER BY item_id")
        ]
        return np.concatenate(parts) if parts else np.empty((0, 2), np.uint64)

    def known_ids(self, wanted: NDArray[np.bool_]) -> Iterator[str]:
        """Item ids of the last feed where `wanted` (bool [n]) says so."""
        position = 0
        for rows in self._pages("SELECT item_id FROM feed_item WHERE source = :source ORDER BY item_id"):
            for row, want in zip(rows, wanted[position : position + len(rows)].tolist(), strict=True):
                if want:
                    yield row[0]
            position += len(rows)

    def family_of(self, item_ids: Iterable[str], groups: Iterable[str]) -> set[str]:
        """Items that share a product with any of these items, or that belong to any of these groups."""
        self._run("DELETE FROM st_ask")
        self.load("st_ask", ((item, "") for item in item_ids))
        self.load("st_ask", (("", group) for group in groups))
        rows = self._all(
            "SELECT v.sku FROM variant v JOIN product p ON p.id = v.product_id WHERE p.source = :source AND (p.id IN"
            " (SELECT w.product_id FROM variant w JOIN st_ask a ON a.item_id = w.sku)"
            " OR p.source_id IN (SELECT a.grp FROM st_ask a WHERE a.grp <> ''))"
        )
        return {row[0] for row in rows}

    def has_new_items(self) -> bool:
        """Something staged is not in the shop yet."""
        return (
            self._one("SELECT 1 FROM st_variant s LEFT JOIN variant v ON v.sku = s.sku WHERE v.id IS NULL LIMIT 1")
            is not None
        )

    # --- staging

    def load(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        """Appends rows to a staging table; columns are those of `feed_sql.COLUMNS`."""
        columns = COLUMNS[table]
        names = ", ".join(columns)
        if self.is_postgres:
            with self._cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join("?" * len(columns))
        self._cursor.execute("BEGIN")
        try:
            self._cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
        finally:
            self._cursor.execute("COMMIT")

    def finish_loading(self, run_id: int, *, full: bool) -> None:
        """Indexes for what comes next; `full`: the staged items are the whole feed, so whatever is not there is gone."""
        for statement in INDEXES:
            self._cursor.execute(statement)
        if self.is_postgres:
            for table in STAGING:
                self._cursor.execute(f"ANALYZE {table}")
        if full:
            self._run(
                "INSERT INTO st_drop (sku) SELECT v.sku FROM variant v JOIN product p ON p.id = v.product_id"
                " WHERE p.source = :source AND v.active AND NOT EXISTS (SELECT 1 FROM st_variant s WHERE s.sku = v.sku)"
                " AND NOT EXISTS (SELECT 1 FROM st_kept k WHERE k.sku = v.sku)"
            )
        if run_id:
            with _Transaction(self):
                self._run("UPDATE feed_run SET state = 'staged' WHERE id = :run AND state = 'reading'", run=run_id)

    def remove_duplicates(self, limit: int) -> tuple[int, list[tuple[int, str, int]]]:
        """Items named twice keep their first line. How many were left out, and the first of them: line, id, first line."""
        ranked = "(SELECT line, sku, MIN(line) OVER (PARTITION BY sku) AS first FROM st_variant) AS ranked WHERE line > first"
        found = self._all(f"SELECT line, sku, first FROM {ranked} ORDER BY line LIMIT {limit:d}")
        if not found:
            return 0, []
        row = self._one(f"SELECT COUNT(*) FROM {ranked}")
        self._run(f"DELETE FROM st_variant WHERE line IN (SELECT line FROM {ranked})")
        return int(row[0]) if row else 0, [(line, sku, first) for line, sku, first in found]

    def remove_taken(self, limit: int) -> list[tuple[int, str, str]]:
        """Items whose SKU belongs to another source: left out. Line, id, that source."""
        where = (
            " FROM st_variant s JOIN variant v ON v.sku = s.sku JOIN product p ON p.id = v.product_id"
            " WHERE p.source <> :source"
        )
        found = self._all(f"SELECT s.line, s.sku, p.source{where} ORDER BY s.line LIMIT {limit:d}")
        if found:
            self._run(f"DELETE FROM st_variant WHERE line IN (SELECT s.line{where})")
        return [(line, sku, source) for line, sku, source in found]

    def check_stock(self, limit: int) -> list[tuple[int, str, str, str]]:
        """Inventory lines that fit nothing are left out: (line, what, id, store), what: duplicate, store or item."""
        checks = {
            "store": "NOT EXISTS (SELECT 1 FROM store t WHERE t.id = st_stock.store_id)",
            "item": "NOT EXISTS (SELECT 1 FROM st_variant s WHERE s.sku = st_stock.sku) AND NOT EXISTS (SELECT 1 FROM"
            " variant v JOIN product p ON p.id = v.product_id WHERE v.sku = st_stock.sku AND p.source = :source)",
            "duplicate": "EXISTS (SELECT 1 FROM st_stock o WHERE o.sku = st_stock.sku AND o.store_id = st_stock.store_id"
            " AND o.line < st_stock.line)",
        }
        found: list[tuple[int, str, str, str]] = []
        for what, where in checks.items():
            rows = self._all(f"SELECT line, sku, store_id FROM st_stock WHERE {where} ORDER BY line LIMIT {limit:d}")
            if rows:
                found += [(line, what, sku, store) for line, sku, store in rows]
                self._run(f"DELETE FROM st_stock WHERE {where}")
        return found

    def stage_counts(self) -> dict[str, int]:
        """active_products, active_items, dropped_products, dropped_items, staged_items: for the guard against shrinking."""
        return {name: int((self._one(sql) or (0,))[0]) for name, sql in COUNTS.items()}

    # --- applying

    def apply(
        self, run_id: int, at_us: int, report: Mapping[str, object], *, stock_complete: bool, dry_run: bool
    ) -> Applied:
        """Old catalogue to new, in one transaction, durable when it returns. A dry run rolls back at the end.

        `report` is stored with the run, with the counts added. `stock_complete`: the staged stock is everything there is,
        so shelves it does not name are empty. Raises Overtaken, StorageBusy, CommitUnknown; then nothing was changed
        (CommitUnknown: `last_run` tells).
        """
        counts: dict[str, int] = {}
        with _Transaction(self, rollback=dry_run):
            if run_id and not self._run(
                "UPDATE feed_run SET state = 'applied' WHERE id = :run AND state = 'staged'", run=run_id
            ):
                raise Overtaken
            steps = [*RESOLVE, *APPLY]
            for name, statement in steps:
                done = self._run(statement, at=at_us)
                counts[name] = counts.get(name, 0) + max(0, done)
            media_keys = [row[0] for row in self._all("SELECT media_key FROM st_media WHERE media_key <> ''")]
            self._stock(run_id, at_us, counts, complete=stock_complete)
            if self.is_postgres:  # so many are numbered at once, and only readers of the log wait for that
                self._run("SELECT pg_advisory_xact_lock(:key)", key=CHANGE_LOCK)
            counts["changes"] = self._run(
                "INSERT INTO catalogue_change (product_id, what, at_us)"
                " SELECT DISTINCT product_id, what, CAST(:at AS BIGINT) FROM st_change ORDER BY product_id, what",
                at=at_us,
            )
            shown = {name: count for name, count in counts.items() if not name.startswith("_")}
            if run_id:
                self._run(
                    "UPDATE feed_run SET finished_at_us = :at, report = :report WHERE id = :run",
                    at=at_us, run=run_id, report=json.dumps({**report, "counts": shown}, ensure_ascii=False),
                )  # fmt: skip
        return Applied(shown, media_keys)

    def _stock(self, run_id: int, at_us: int, counts: dict[str, int], *, complete: bool) -> None:
        for name, statement in APPLY_STOCK:
            if name == "_emptied" and not complete:
                continue
            if name == "_locked":
                if self.is_postgres:
                    self._run(statement)
                continue
            done = self._run(statement, at=at_us, reference=f"feed:{run_id}")
            counts[name] = counts.get(name, 0) + max(0, done)

    # --- statements

    def _run(self, statement: str, **values: object) -> int:
        """Rows touched. `:source` is always there."""
        self._execute(statement, values)
        return int(self._cursor.rowcount)

    def _one(self, statement: str, **values: object) -> Sequence[Any] | None:
        self._execute(statement, values)
        row: Sequence[Any] | None = self._cursor.fetchone()
        return row

    def _all(self, statement: str, **values: object) -> list[Sequence[Any]]:
        self._execute(statement, values)
        rows: list[Sequence[Any]] = self._cursor.fetchall()
        return rows

    def _pages(self, statement: str) -> Iterator[list[Sequence[Any]]]:
        cursor = self._driver.cursor()
        cursor.execute(self._dialect(statement), {"source": self.source})
        while rows := cursor.fetchmany(_FETCH_ROWS):
            yield rows
        cursor.close()

    def _execute(self, statement: str, values: Mapping[str, object]) -> None:
        known = {"source": self.source, **values}
        used = {name: known[name] for name in _NAMED.findall(statement)}
        try:
            self._cursor.execute(self._dialect(statement), used)
        except Exception as error:
            if self._is_busy(error):
                raise StorageBusy(str(error)) from error
            raise

    def _dialect(self, statement: str) -> str:
        return _NAMED.sub(r"%(\1)s", statement.replace("%", "%%")) if self.is_postgres else statement

    def _is_busy(self, error: BaseException) -> bool:
        if self.is_postgres:
            code = getattr(error, "sqlstate", None) or ""
            return code in PG_RETRY or code.startswith(PG_BUSY)
        return sqlite_is_busy(error)


class _Transaction:
    """BEGIN that takes the write lock at once, COMMIT at the end, ROLLBACK when something is raised."""

    def __init__(self, staging: FeedStaging, *, rollback: bool = False) -> None:
        self._staging, self._rollback = staging, rollback

    def __enter__(self) -> None:
        self._staging._run("BEGIN" if self._staging.is_postgres else "BEGIN IMMEDIATE")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None or self._rollback:
            self._staging._run("ROLLBACK")
            return
        try:
            self._staging._run("COMMIT")
        except StorageBusy:
            self._staging._run("ROLLBACK")
            raise
        except Exception as lost:
            raise CommitUnknown(str(lost)) from lost
