"""The peers and the limits of `orders`: raw drivers, tables with nothing but an order, no repositories.

An order is three conditional decrements, a row, three lines and a row of the outbox, in one durable transaction.
"""

from __future__ import annotations

import os
import queue
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.orders_clients import Measured, Short, baskets, in_processes, in_threads, run_child

WORKS_A_COMMIT = 64
_BUSY_S = 30

_TABLES = (
    "CREATE TABLE stock (sku INTEGER PRIMARY KEY, qty INTEGER NOT NULL CHECK (qty >= 0))",
    "CREATE TABLE orders (id {serial}, customer TEXT NOT NULL, total INTEGER NOT NULL, at_us BIGINT NOT NULL)",
    "CREATE TABLE order_line (order_id BIGINT NOT NULL, position INTEGER NOT NULL, sku INTEGER NOT NULL,"
    " quantity INTEGER NOT NULL, price INTEGER NOT NULL, PRIMARY KEY (order_id, position))",
    "CREATE TABLE outbox (id {serial}, address TEXT NOT NULL, body TEXT NOT NULL)",
)
_TAKE = "UPDATE stock SET qty = qty - 1 WHERE sku = ? AND qty >= 1"
_ORDER = "INSERT INTO orders (customer, total, at_us) VALUES (?, ?, ?)"
_LINE = "INSERT INTO order_line (order_id, position, sku, quantity, price) VALUES (?, ?, ?, 1, 7900)"
_OUTBOX = "INSERT INTO outbox (address, body) VALUES (?, ?)"


# --- SQLite ---------------------------------------------------------------------------------------------------------


def make_sqlite(path: Path, skus: int, units: int) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for table in _TABLES:
            connection.execute(table.format(serial="INTEGER PRIMARY KEY AUTOINCREMENT"))
        connection.executemany("INSERT INTO stock VALUES (?, ?)", ((sku, units) for sku in range(1, skus + 1)))
    connection.close()


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _place(cursor: sqlite3.Cursor, skus: Sequence[int], customer: str) -> None:
    for sku in skus:
        if cursor.execute(_TAKE, (sku,)).rowcount != 1:
            raise Short
    number = cursor.execute(_ORDER, (customer, 23700, time.time_ns() // 1000)).lastrowid
    cursor.executemany(_LINE, [(number, position, sku) for position, sku in enumerate(skus)])
    cursor.execute(_OUTBOX, (customer, f'{{"order": {number}}}'))


def _sqlite_client(path: Path, skus: int, seed: int, pipe: Connection, seconds: float) -> None:
    """One process that writes beside others: each waits until SQLite lets it in."""
    connection = _open(path)
    basket, cursor = baskets(seed, skus), connection.cursor()

    def order() -> None:
        wanted = basket()
        while True:
            with suppress(sqlite3.OperationalError):  # busy, even after the timeout: again
                cursor.execute("BEGIN IMMEDIATE")
                break
        try:
            _place(cursor, wanted, f"customer-{seed}")
        except Short:
            cursor.execute("ROLLBACK")
            raise
        cursor.execute("COMMIT")

    run_child(order, pipe, seconds)


def sqlite_competing(path: Path, skus: int, clients: int, seconds: float, seed: int) -> Measured:
    return in_processes(_sqlite_client, (path, skus), clients, seconds, seed)


def sqlite_grouped(
    path: Path,
    skus: int,
    clients: int,
    seconds: float,
    seed: int,
    place: Callable[[sqlite3.Cursor, Sequence[int], str], None] = _place,
) -> Measured:
    """The limit: threads that hand their orders to one writer, which commits up to 64 at once, a savepoint each."""
    inbox: queue.SimpleQueue[_Wish | None] = queue.SimpleQueue()

    def write() -> None:
        connection = _open(path)
        cursor = connection.cursor()
        while (first := inbox.get()) is not None:
            batch = [first]
            with suppress(queue.Empty):
                while len(batch) < WORKS_A_COMMIT and (more := inbox.get_nowait()) is not None:
                    batch.append(more)
            cursor.execute("BEGIN IMMEDIATE")
            for wish in batch:
                cursor.execute("SAVEPOINT one")
                try:
                    place(cursor, wish.skus, wish.customer)
                except Short:
                    wish.is_short = True
                    cursor.execute("ROLLBACK TO one")
                cursor.execute("RELEASE one")
            cursor.execute("COMMIT")
            for wish in batch:
                wish.done.release()
        connection.close()

    def client(number: int) -> Callable[[], None]:
        basket = baskets(seed + number, skus)
        done = threading.Lock()
        done.acquire()

        def order() -> None:
            wish = _Wish(basket(), f"customer-{number}", done)
            inbox.put(wish)
            done.acquire()
            if wish.is_short:
                raise Short

        return order

    writer = threading.Thread(target=write)
    writer.start()
    measured = in_threads(client, clients, seconds)
    inbox.put(None)
    writer.join()
    return measured


@dataclass(slots=True)
class _Wish:
    skus: list[int]
    customer: str
    done: threading.Lock
    is_short: bool = False


def _insert(table: str, columns: str) -> str:
    names = columns.split()
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


_SHOP_TAKE = (
    "UPDATE stock SET held = held + 1 WHERE variant_id = ? AND store_id = 'bellecour' AND on_hand - held - safety >= 1"
)
_SHOP_HOLD = _insert("hold", "id variant_id store_id quantity owner state expires_at_us created_at_us")
_SHOP_MOVE = _insert("stock_movement", "variant_id store_id on_hand_change held_change reason reference at_us")
_SHOP_ORDER = _insert(
    "shop_order",
    "id customer_id state source channel account contact_address language fulfilment store_id currency subtotal_minor"
    " taxes tax_included total_minor created_at_us expires_at_us",
)
_SHOP_LINE = _insert(
    "order_line",
    "order_id position variant_id sku title quantity unit_price_minor tax_rate_bp tax_minor total_minor hold_id",
)
_SHOP_EVENT = _insert("order_event", "order_id to_state actor at_us")
_SHOP_OUTBOX = _insert("outbox", "channel account address lane kind body repeat_safe created_at_us")
_SHOP_CHANGE = (
    "INSERT INTO catalogue_change (product_id, what, at_us)"
    " SELECT DISTINCT product_id, 'stock', ? FROM variant WHERE id IN (?, ?, ?)"
)


def place_in_shop(cursor: sqlite3.Cursor, variants: Sequence[int], customer: str) -> None:
    """The rows that the shop writes for an order, into the shop's own tables, as text that was written beforehand."""
    at_us = time.time_ns() // 1000
    until_us, order_id = at_us + 1_800_000_000, f"{at_us // 1000:012x}{random.getrandbits(80):020x}"
    for variant in variants:
        if cursor.execute(_SHOP_TAKE, (variant,)).rowcount != 1:
            raise Short
    holds = [(f"{order_id[:28]}-{n:03d}", variant) for n, variant in enumerate(variants)]
    cursor.executemany(
        _SHOP_HOLD, [(hold, v, "bellecour", 1, order_id, "active", until_us, at_us) for hold, v in holds]
    )
    cursor.executemany(_SHOP_MOVE, [(v, "bellecour", 0, 1, "hold", hold, at_us) for hold, v in holds])
    number = cursor.execute(
        _SHOP_ORDER,
        (order_id, customer, "pending_payment", "bot", "telegram", "shop", customer, "fr", "pickup", "bellecour", "EUR",
         23700, "[]", True, 23700, at_us, until_us),
    ).lastrowid  # fmt: skip
    cursor.executemany(
        _SHOP_LINE,
        [(order_id, n, v, f"sku-{v}", "{}", 1, 7900, 2000, 1317, 7900, hold) for n, (hold, v) in enumerate(holds)],
    )
    cursor.execute(_SHOP_EVENT, (order_id, "pending_payment", "shopper", at_us))
    told = f'{{"number":{number}}}'
    cursor.execute(_SHOP_OUTBOX, ("telegram", "shop", customer, "telegram:shop", "order_placed", told, True, at_us))
    cursor.execute(_SHOP_CHANGE, (at_us, *variants))


def fdatasync_ms(folder: Path, times: int = 200) -> float:
    """Of one page written to the end of a file: the median, in milliseconds."""
    took = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(times):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    return sorted(took)[times // 2] * 1e3


# --- PostgreSQL -----------------------------------------------------------------------------------------------------

_PG_TAKE, _PG_OUTBOX = _TAKE.replace("?", "%s"), _OUTBOX.replace("?", "%s")
_PG_ORDER, _PG_LINE = f"{_ORDER.replace('?', '%s')} RETURNING id", _LINE.replace("?", "%s")
# The same as one statement: nothing is written when one of the three is short.
_PG_ALL = """
WITH wanted AS (
  SELECT sku FROM stock WHERE sku = ANY(%(skus)s) AND qty >= 1 ORDER BY sku FOR UPDATE
), enough AS (SELECT count(*) = cardinality(%(skus)s) AS yes FROM wanted
), taken AS (
  UPDATE stock SET qty = qty - 1 FROM wanted, enough WHERE stock.sku = wanted.sku AND enough.yes RETURNING stock.sku
), placed AS (
  INSERT INTO orders (customer, total, at_us) SELECT %(customer)s, 23700, %(at_us)s FROM enough WHERE yes RETURNING id
), lines AS (
  INSERT INTO order_line (order_id, position, sku, quantity, price)
  SELECT placed.id, row_number() OVER (ORDER BY taken.sku), taken.sku, 1, 7900 FROM placed, taken
), told AS (
  INSERT INTO outbox (address, body) SELECT %(customer)s, '{"order": ' || id || '}' FROM placed
) SELECT id FROM placed
"""


def make_postgres(url: str, skus: int, units: int) -> None:
    import psycopg

    with psycopg.connect(url) as connection:
        for table in _TABLES:
            connection.execute(table.format(serial="BIGSERIAL PRIMARY KEY").encode())
        connection.execute("INSERT INTO stock SELECT n, %s FROM generate_series(1, %s) n", (units, skus))


def _postgres_client(url: str, skus: int, one_statement: bool, seed: int, pipe: Connection, seconds: float) -> None:
    import psycopg

    connection = psycopg.connect(url)
    basket, cursor = baskets(seed, skus), connection.cursor()
    customer = f"customer-{seed}"

    def statements(wanted: Sequence[int]) -> None:
        for sku in wanted:
            if cursor.execute(_PG_TAKE, (sku,)).rowcount != 1:
                raise Short
        (number,) = cursor.execute(_PG_ORDER, (customer, 23700, time.time_ns() // 1000)).fetchone() or (0,)
        for position, sku in enumerate(wanted):
            cursor.execute(_PG_LINE, (number, position, sku))
        cursor.execute(_PG_OUTBOX, (customer, f'{{"order": {number}}}'))

    def statement(wanted: Sequence[int]) -> None:
        values = {"skus": list(wanted), "customer": customer, "at_us": time.time_ns() // 1000}
        if cursor.execute(_PG_ALL, values).fetchone() is None:
            raise Short

    place = statement if one_statement else statements

    def order() -> None:
        wanted = basket()
        while True:
            try:
                place(wanted)
                connection.commit()
                return
            except Short:
                connection.rollback()
                raise
            except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
                connection.rollback()

    run_child(order, pipe, seconds)


def postgres_competing(
    url: str, skus: int, clients: int, seconds: float, seed: int, *, one_statement: bool = False
) -> Measured:
    return in_processes(_postgres_client, (url, skus, one_statement), clients, seconds, seed)
