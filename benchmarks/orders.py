"""Durable orders a second with many clients: the shop's own way, beside competing writers and beside the limit."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import orders_raw as raw
from benchmarks.orders_clients import LINES, Measured, Over, Short, baskets, in_threads
from benchmarks.tables import Table, keep, ms
from commerce.domain.cart import Fulfilment
from commerce.domain.customer import Contact, Customer
from commerce.domain.localtext import LocalText
from commerce.domain.mail import OutboundMessage
from commerce.domain.money import Money
from commerce.domain.order import Order, OrderEvent, OrderLine, OrderSource, OrderState
from commerce.domain.pricing import TaxLine
from commerce.domain.product import Product, Variant
from commerce.domain.stock import MovementReason
from commerce.domain.store import OpeningHours, Store, StoreKind
from commerce.ids import RandomIds
from commerce.ports import Storage, UnitOfWork

CLIENTS = 32
SKUS, UNITS = 2_000, 1_000_000
SCARCE_SKUS, SCARCE_UNITS = 20, 1_000

_DATABASES = ("SQLite", "PostgreSQL")
_TITLE = LocalText({"fr": "Robe d’été en lin", "en": "Linen summer dress"})
_PAYABLE = timedelta(minutes=30)
_FOLLOWS_EVERY_S = 0.5
_STORE = Store(
    id="bellecour",
    name=LocalText({"fr": "Bellecour"}),
    short_name=LocalText({"fr": "Bellecour"}),
    kind=StoreKind.PERMANENT,
    address="3 place Bellecour",
    city="Lyon",
    postcode="69002",
    country="FR",
    point=None,
    timezone="Europe/Paris",
    hours=OpeningHours(week=((),) * 7, exceptions={}),
)


class Shopping:
    """The shop's own way: stock is held, the order with its lines and its history is stored, and news of it leaves
    through the outbox; all of it through the repositories, one unit of work an order."""

    def __init__(self, storage: Storage, skus: int, units: int, clients: int) -> None:
        self._storage, self._ids, self._followed = storage, RandomIds(), 0
        self._people = [Contact("telegram", "shop", f"{number}") for number in range(clients)]
        self._variants = storage.write(lambda uow: self._fill(uow, skus, units))

    def client(self, number: int, seed: int) -> Callable[[], None]:
        basket = baskets(seed + number, len(self._variants))
        contact = self._people[number]

        def order() -> None:
            variants = [self._variants[sku - 1] for sku in basket()]
            order_id, hold_id = self._ids.new_key(), self._ids.new_key()
            if not self._storage.write(lambda uow: self._place(uow, order_id, hold_id, variants, contact)):
                raise Short

        return order

    def run(self, clients: int, seconds: float, seed: int) -> Measured:
        over = threading.Event()
        follower = threading.Thread(target=self._follow, args=(over,))
        follower.start()
        measured = in_threads(lambda number: self.client(number, seed), clients, seconds)
        over.set()
        follower.join()
        return measured

    def _follow(self, over: threading.Event) -> None:
        """As the shop's indexes do: every change is read, and on PostgreSQL numbered, while people order."""
        while not over.wait(_FOLLOWS_EVERY_S):
            while True:
                with self._storage.read() as uow:
                    changes = uow.products.changes_after(self._followed, 1_000)
                if not changes:
                    break
                self._followed = changes[-1].seq

    def fight(self, clients: int, attempts: int, seed: int) -> Measured:
        """So many attempts altogether, whether they end with an order or not."""
        tickets = iter(range(attempts))

        def until_they_are_used_up(number: int) -> Callable[[], None]:
            order = self.client(number, seed)

            def one() -> None:
                if next(tickets, None) is None:
                    raise Over
                order()

            return one

        return in_threads(until_they_are_used_up, clients, 3600)

    def left(self) -> list[int]:
        """Units of each thing that nobody holds."""
        with self._storage.read() as uow:
            return [level.available for level in uow.stock.levels(self._variants)]

    def _fill(self, uow: UnitOfWork, skus: int, units: int) -> list[int]:
        from commerce.storage.seeding import add_product

        now = datetime.now(UTC)
        uow.stores.put(_STORE)
        for contact in self._people:
            uow.customers.add(Customer(_person(contact), "", "fr", now), contact, now)
        variants = []
        for number in range(skus // 4):
            sizes = tuple(
                Variant(0, 0, f"s{number}-{size}", "navy", "", size, Money(7900, "EUR"), None, "", position)
                for position, size in enumerate(("36", "38", "40", "42"))
            )
            product = Product(
                0, "bench", f"p{number}", _TITLE, LocalText({}), "", "dress", "", "women", sizes, (), {}, "", True
            )
            variants += [variant.id for variant in add_product(uow, product, now).variants]
        for variant_id in variants:
            uow.stock.set_on_hand(variant_id, "bellecour", units, MovementReason.COUNT, now)
        return variants

    def _place(self, uow: UnitOfWork, order_id: str, hold_id: str, variants: Sequence[int], contact: Contact) -> bool:
        now = datetime.now(UTC)
        until = now + _PAYABLE
        holds = uow.stock.take(
            hold_id, [(variant, 1) for variant in variants], "bellecour", f"order:{order_id}", until, now
        )
        if holds is None:
            return False
        lines = tuple(
            OrderLine(n, hold.variant_id, f"sku-{hold.variant_id}", _TITLE, 1, 7900, 0, 2000, 1317, 7900, hold.id)
            for n, hold in enumerate(holds)
        )
        order = Order(
            order_id, 0, _person(contact), "", OrderState.PENDING_PAYMENT, OrderSource.BOT, contact.channel, "fr",
            Fulfilment.PICKUP, "bellecour", "Léa", "lea@example.org", "", None, lines, "EUR", 7900 * len(lines), 0, 0,
            (TaxLine(2000, 19749, 3951),), True, 7900 * len(lines), 0, 0, "", "KLM-234", now, until, None, 1,
        )  # fmt: skip
        stored = uow.orders.add(order, contact, OrderEvent(now, None, OrderState.PENDING_PAYMENT, "shopper"))
        uow.outbox.add(OutboundMessage(contact, "order_placed", f'{{"number":{stored.number}}}'), now)
        return True


def _person(contact: Contact) -> str:
    return f"customer-{contact.address}"


@dataclass(slots=True)
class _Way:
    """One of the ways that a table compares."""

    name: str
    run: Callable[[float, int], Measured]
    rounds: list[Measured] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        return statistics.median(measured.per_s for measured in self.rounds)

    @property
    def cpu_us(self) -> float:
        return 1e6 * statistics.median(measured.cpu_s / len(measured.took_s) for measured in self.rounds)

    @property
    def took_s(self) -> list[float]:
        return [took for measured in self.rounds for took in measured.took_s]


@contextmanager
def _sqlite(folder: Path, clients: int) -> Iterator[tuple[list[_Way], Shopping]]:
    from commerce.storage import open_storage
    from vitrine.prove._databases import sqlite_database

    competing, grouped, same = (folder / f"{name}.db" for name in ("competing", "grouped", "same"))
    for path in (competing, grouped):
        raw.make_sqlite(path, SKUS, UNITS)
    of_peer = open_storage(sqlite_database(folder, "same.db"))
    Shopping(of_peer, SKUS, UNITS, clients)
    of_peer.close()
    storage = open_storage(sqlite_database(folder))
    ours = Shopping(storage, SKUS, UNITS, clients)
    scarce = open_storage(sqlite_database(folder, "scarce.db"))

    def same_rows(seconds: float, seed: int) -> Measured:
        return raw.sqlite_grouped(same, SKUS, clients, seconds, seed, raw.place_in_shop)

    yield (
        [
            _Way(
                f"{clients} competing processes, raw driver",
                lambda seconds, seed: raw.sqlite_competing(competing, SKUS, clients, seconds, seed),
            ),
            _Way(
                f"limit: {clients} threads, one raw writer, up to 64 a commit",
                lambda seconds, seed: raw.sqlite_grouped(grouped, SKUS, clients, seconds, seed),
            ),
            _Way("the same, writing the rows that the shop writes", same_rows),
            _Way(f"Vitrine, {clients} threads", lambda seconds, seed: ours.run(clients, seconds, seed)),
        ],
        Shopping(scarce, SCARCE_SKUS, SCARCE_UNITS // SCARCE_SKUS, clients),
    )
    storage.close()
    scarce.close()


@contextmanager
def _postgres(clients: int) -> Iterator[tuple[list[_Way], Shopping]]:
    from commerce.storage import open_storage
    from vitrine.prove._databases import postgres_server

    with postgres_server() as server:
        server.execute("CREATE DATABASE peers")
        url = server.url("peers")
        raw.make_postgres(url, SKUS, UNITS)
        storage, scarce = open_storage(server.new_database()), open_storage(server.new_database())
        ours = Shopping(storage, SKUS, UNITS, clients)
        yield (
            [
                _Way(
                    f"{clients} competing processes, raw driver",
                    lambda seconds, seed: raw.postgres_competing(url, SKUS, clients, seconds, seed),
                ),
                _Way(
                    f"limit: {clients} processes, an order in one statement",
                    lambda seconds, seed: raw.postgres_competing(url, SKUS, clients, seconds, seed, one_statement=True),
                ),
                _Way(f"Vitrine, {clients} threads", lambda seconds, seed: ours.run(clients, seconds, seed)),
            ],
            Shopping(scarce, SCARCE_SKUS, SCARCE_UNITS // SCARCE_SKUS, clients),
        )
        storage.close()
        scarce.close()


def _compare(title: str, ways: Sequence[_Way], rounds: int, seconds: float, seed: int, folder: Path) -> Table:
    syncs = []
    for number in range(rounds):
        syncs.append(raw.fdatasync_ms(folder))
        for way in ways if number % 2 == 0 else reversed(ways):
            way.rounds.append(way.run(seconds, seed + 1000 * number))
    competing, ours = ways[0], ways[-1]
    table = Table(
        title,
        ("way", "orders/s", "of each round", "ms p50 / p99 / max", "cpu µs an order", "Vitrine is"),
        of="an order",
    )
    for way in ways:
        each = ", ".join(f"{measured.per_s:,.0f}" for measured in way.rounds)
        took = way.took_s
        spread = f"{ms(took, 50):.1f} / {ms(took, 99):.1f} / {max(took) * 1e3:.0f}"
        pairs = [mine.per_s / theirs.per_s for mine, theirs in zip(ours.rounds, way.rounds, strict=True)]
        table.add(way.name, f"{way.per_s:,.0f}", each, spread, f"{way.cpu_us:.0f}", f"{statistics.median(pairs):.2f}×")
        table.bars.append((way.name, way.cpu_us / 1e3))
    times = ms(competing.took_s, 99) / ms(ours.took_s, 99)
    table.notes = [
        f"{rounds} rounds of {seconds:g} s each way, one after the other, every second round in reverse;"
        f" fdatasync of a page before each round: {', '.join(f'{sync:.2f}' for sync in syncs)} ms",
        f"the competing writers' p99 is {times:.1f} times Vitrine's",
        "an order of the peers is three conditional decrements, a row, three lines and a row of the outbox; the shop"
        " also writes three holds, three movements, an event, and what followers of the catalogue must hear, and one of"
        " them reads that twice a second",
        "cpu is the clients' (the database runs in them with SQLite, beside them with PostgreSQL)",
    ]
    return table


def _contest(scarce: Shopping, clients: int, attempts: int, seed: int) -> str:
    """Many attempts at few units: what was sold and what is left must be what there was."""
    before = sum(scarce.left())
    fought = scarce.fight(clients, attempts, seed)
    left = scarce.left()
    sold = LINES * len(fought.took_s)
    oversold = sold + sum(left) - before
    if oversold or min(left) < 0:
        raise RuntimeError(f"sold {sold}, left {left} of {before}")
    tried = len(fought.took_s) + fought.short
    return (
        f"{tried:,} attempts at {before:,} units of {len(left)} things: {len(fought.took_s)} orders,"
        f" {sold} sold, {sum(left)} left, 0 oversold"
    )


def run(
    database: str,
    rounds: int = 5,
    seconds: float = 3.0,
    attempts: int = 100_000,
    seed: int = 20261126,
    clients: int = CLIENTS,
) -> list[Table]:
    """The table of one database; [] where it cannot be started."""
    from vitrine.prove._databases import NoPostgres

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        try:
            with _sqlite(folder, clients) if database == "SQLite" else _postgres(clients) as (ways, scarce):
                title = f"Durable orders, {database}, {clients} clients"
                table = _compare(title, ways, rounds, seconds, seed, folder)
                table.notes.append(_contest(scarce, clients, attempts, seed))
        except NoPostgres as reason:
            print(f"left out: {reason}")
            return []
    table.show()
    return [table]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.orders", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--attempts", type=int, default=100_000, help="at too few units")
    parser.add_argument("--database", choices=_DATABASES, action="append", help="both when none is named")
    options = parser.parse_args(arguments)
    for database in options.database or _DATABASES:
        # A hundredth there: each attempt is some ways to the server and back.
        attempts = options.attempts if database == "SQLite" else options.attempts // 100
        keep(f"orders_{database.lower()}", run(database, options.rounds, options.seconds, attempts))


if __name__ == "__main__":
    main()
