"""A database that another test has used is as good as a fresh one, or is not used again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from commerce.storage import open_storage
from tests.contracts.storage_values import NOW, an_event, put_stock
from tests.emptied import EmptiedDatabases
from vitrine.prove._databases import PostgresServer


@pytest.fixture
def databases(postgres: PostgresServer) -> Iterator[EmptiedDatabases]:
    with closing(EmptiedDatabases(postgres)) as databases:
        yield databases


def rows(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        counts = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone() for (name,) in names}
    return {name: found[0] for name, found in counts.items() if found and found[0]}


def order_numbers(url: str) -> object:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT last_value, is_called FROM shop_order_number_seq").fetchone()


def drop(postgres: PostgresServer, *urls: str) -> None:
    for url in urls:
        postgres.drop_database(url)


def test_nothing_is_left_in_it_and_numbers_begin_anew(postgres: PostgresServer, databases: EmptiedDatabases) -> None:
    url = databases.lend()
    fresh, numbers = rows(url), order_numbers(url)
    storage = open_storage(url)
    first = put_stock(storage, {"36": 2})
    storage.write(lambda uow: uow.inbox.accept(an_event(), NOW))
    storage.write(lambda uow: uow.orders.number_after(2000))
    assert order_numbers(url) != numbers
    assert len(rows(url)) > len(fresh) + 3
    databases.give_back(url)
    again = databases.lend()
    assert again != url and rows(again) == fresh and order_numbers(again) == numbers
    with pytest.raises(Exception, match="does not answer"), storage.read():
        pass  # whoever was in it stays outside
    storage.close()
    storage = open_storage(again)
    assert put_stock(storage, {"36": 2}) == first
    storage.close()
    drop(postgres, again)


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE more (id int)",
        "ALTER TABLE store ADD COLUMN more int",
        "DROP INDEX IF EXISTS ix_audit_at; ALTER TABLE inbox DROP CONSTRAINT pk_inbox CASCADE",
        "UPDATE alembic_version SET version_num = '0000'",
        "INSERT INTO catalogue_change (product_id, what, at_us) SELECT n, 'stock', n FROM generate_series(1, 20000) n",
    ],
    ids=["a table more", "a column more", "a constraint less", "another version", "a lot of rows"],
)
def test_one_that_is_not_as_it_was_is_not_used_again(
    postgres: PostgresServer, databases: EmptiedDatabases, change: str
) -> None:
    url = databases.lend()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(change.encode())
    databases.give_back(url)
    fresh = databases.lend()
    assert rows(fresh) == {"alembic_version": 1}
    with psycopg.connect(postgres.url("postgres")) as connection:
        name = url.partition("@/")[2].partition("?")[0]
        assert connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None
    drop(postgres, fresh)
