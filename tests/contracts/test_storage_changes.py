"""Followers of the catalogue's log miss nothing and see nothing out of order, whoever writes and whoever dies."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from commerce.domain.product import Product
from commerce.errors import StorageBusy
from commerce.ports import Change, ChangeKind, Storage, UnitOfWork
from commerce.storage import open_storage
from commerce.storage.changes import CHANGE_LOCK, NUMBERED_AT_ONCE
from tests.contracts.storage_values import NOW, a_product, euros, put_product

WRITERS, CHANGES_EACH, FOLLOWERS = 16, 15, 3


@pytest.fixture
def product(storage: Storage) -> Product:
    return put_product(storage, a_product())


@pytest.fixture
def on_postgres(postgres_url: str) -> Iterator[Storage]:
    opened = open_storage(postgres_url)
    yield opened
    opened.close()


def change_price(
    storage: Storage, product: Product, minor: int, *, before_commit: Callable[[], None] | None = None
) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.products.set_price(product.variants[0].id, euros(minor), None, NOW)
        if before_commit is not None:
            before_commit()

    storage.write(work)


def log(storage: Storage, after: int = 0) -> list[Change]:
    with storage.read() as uow:
        return uow.products.changes_after(after, 100_000)


def last(storage: Storage) -> int:
    with storage.read() as uow:
        return uow.products.last_change()


def test_all_followers_read_one_log_of_concurrent_writers(storage: Storage, database_url: str) -> None:
    """Writers that end in another order than they began must not hide a change below a number already read."""
    products = [put_product(storage, a_product(f"p{n}")) for n in range(WRITERS)]
    start = last(storage)
    over = threading.Event()

    def follow(number: int) -> list[Change]:
        followed: list[Change] = []
        own = open_storage(database_url)  # as another process has it
        seen = start
        while True:
            ending = over.is_set()
            with own.read() as uow:
                changes = uow.products.changes_after(seen, 5 + number)
            followed += changes
            seen = changes[-1].seq if changes else seen
            if ending and not changes:
                own.close()
                return followed

    def write(number: int) -> None:
        chance = random.Random(number)
        for price in range(1, CHANGES_EACH + 1):
            # Transactions overlap and end out of order.
            pause_s = chance.random() * 0.004
            change_price(storage, products[number], price, before_commit=lambda: time.sleep(pause_s))

    with ThreadPoolExecutor(FOLLOWERS) as followers, ThreadPoolExecutor(WRITERS) as writers:
        reading = [followers.submit(follow, number) for number in range(FOLLOWERS)]
        list(writers.map(write, range(WRITERS)))
        over.set()
        logs = [one.result(60) for one in reading]
    assert all(one == logs[0] for one in logs)
    assert [change.seq for change in logs[0]] == sorted({change.seq for change in logs[0]})
    assert sorted(change.product_id for change in logs[0]) == sorted(
        product.id for product in products for _ in range(CHANGES_EACH)
    )
    assert log(storage, start) == logs[0], "whoever comes later reads the same"


_WRITES_AND_DIES = """
import os, sys
from commerce.storage import open_storage
from tests.contracts.test_storage_changes import NOW, euros
storage = open_storage(sys.argv[1])
storage.write(lambda uow: uow.products.set_price(int(sys.argv[2]), euros(123), None, NOW))
os._exit(9)
"""


def test_a_process_that_dies_after_its_commit_is_heard(storage: Storage, database_url: str, product: Product) -> None:
    start = last(storage)
    dead = subprocess.run([sys.executable, "-c", _WRITES_AND_DIES, database_url, str(product.variants[0].id)])
    assert dead.returncode == 9
    (change,) = log(storage, start)
    assert (change.product_id, change.what) == (product.id, ChangeKind.PRICE)
    assert log(storage, start) == [change], "once"


def test_what_a_view_cannot_see_yet_comes_later(storage: Storage, product: Product) -> None:
    start = last(storage)
    with storage.read() as uow:
        assert uow.products.get(product.id) == product  # from here on it shows this moment
        change_price(storage, product, 1)
        seen = uow.products.changes_after(start, 10)
        assert seen == []
    assert [change.product_id for change in log(storage, start)] == [product.id]


def test_whoever_is_cut_while_numbering_loses_nothing(on_postgres: Storage, postgres_url: str) -> None:
    """The server's side ends twice in the middle of it: the rows wait for whoever comes next."""
    product = put_product(on_postgres, a_product())
    start = last(on_postgres)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE SEQUENCE tries")
        connection.execute(
            "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('tries') < 3 THEN"
            " PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); END IF; RETURN NULL; END $$"
        )
        connection.execute(
            "CREATE TRIGGER cut AFTER INSERT ON catalogue_change FOR EACH STATEMENT EXECUTE FUNCTION cut()"
        )
    for price in (1, 2, 3):
        change_price(on_postgres, product, price)
    for _ in range(2):
        with pytest.raises(StorageBusy):
            log(on_postgres, start)
    found = log(on_postgres, start)
    assert [(change.product_id, change.what) for change in found] == [(product.id, ChangeKind.PRICE)] * 3
    assert log(on_postgres, start) == found


def test_nobody_who_sells_waits_for_whoever_numbers(on_postgres: Storage, postgres_url: str) -> None:
    product = put_product(on_postgres, a_product())
    start = last(on_postgres)
    impatient = open_storage(postgres_url + "&options=-c%20lock_timeout%3D100")
    with psycopg.connect(postgres_url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (CHANGE_LOCK,))  # a long import, say
        change_price(impatient, product, 1)
        with pytest.raises(StorageBusy):
            log(impatient, start)
    assert [change.product_id for change in log(impatient, start)] == [product.id]
    impatient.close()


def test_many_that_waited_for_a_reader_are_all_numbered_in_their_order(on_postgres: Storage, postgres_url: str) -> None:
    many = 2 * NUMBERED_AT_ONCE + 1
    with psycopg.connect(postgres_url) as connection:
        connection.execute(
            "INSERT INTO unnumbered_change (product_id, what, at_us)"
            " SELECT n, 'stock', n FROM generate_series(1, %s) n",
            (many,),
        )
    assert last(on_postgres) == many
    assert [change.product_id for change in log(on_postgres)] == list(range(1, many + 1))


def test_a_standby_reads_what_was_numbered(on_postgres: Storage, postgres_url: str) -> None:
    product = put_product(on_postgres, a_product())
    known = log(on_postgres)
    change_price(on_postgres, product, 1)
    standby = open_storage(postgres_url + "&options=-c%20default_transaction_read_only%3Don")
    assert log(standby) == known
    standby.close()
    assert len(log(on_postgres)) == len(known) + 1
