"""Durable orders a second with many clients: the shop's own way, beside competing writers and beside the limit."""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import orders_raw as raw
from benchmarks.orders_raw import Measured, Short
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
from commerce.ids import RandomIds
from commerce.ports import Storage, UnitOfWork

CLIENTS = 32
SKUS, UNITS = 2_000, 1_000_000
SCARCE_SKUS, SCARCE_UNITS = 20, 1_000

_TITLE = LocalText({"fr": "Robe d’été en lin", "en": "Linen summer dress"})
_PAYABLE = timedelta(minutes=30)


class Shopping:
    """The shop's own way: stock is held, the order with its lines and its history is stored, and news of it leaves
    through the outbox; all of it through the repositories, one unit of work an order."""

    def __init__(self, storage: Storage, skus: int, units: int, clients: int) -> None:
        self._storage, self._ids = storage, RandomIds()
        self._people = [Contact("telegram", "shop", f"{number}") for number in range(clients)]
        self._variants = storage.write(lambda uow: self._fill(uow, skus, units))

    def client(self, number: int, seed: int) -> Callable[[], None]:
        basket = raw.baskets(seed + number, len(self._variants))
        contact = self._people[number]

        def order() -> None:
            variants = [self._variants[sku - 1] for sku in basket()]
            order_id, hold_id = self._ids.new_key(), self._ids.new_key()
            if not self._storage.write(lambda uow: self._place(uow, order_id, hold_id, variants, contact)):
                raise Short

        return order

    def run(self, clients: int, seconds: float, seed: int) -> Measured:
        return raw.in_threads(lambda number: self.client(number, seed), clients, seconds)

    def left(self) -> list[int]:
        """Units of each thing that nobody holds."""
        with self._storage.read() as uow:
            return [level.available for level in uow.stock.levels(self._variants)]

    def _fill(self, uow: UnitOfWork, skus: int, units: int) -> list[int]:
        from commerce.storage.seeding import add_product
        from tests.contracts.storage_values import a_store

        now = datetime.now(UTC)
        uow.stores.put(a_store())
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
    def took_s(self) -> list[float]:
        return [took for measured in self.rounds for took in measured.took_s]


@contextmanager
def _sqlite(folder: Path, clients: int) -> Iterator[list[_Way]]:
    from commerce.storage import open_storage
    from vitrine.prove._databases import sqlite_database

    raw.make_sqlite(folder / "competing.db", SKUS, UNITS)
    raw.make_sqlite(folder / "grouped.db", SKUS, UNITS)
    storage = open_storage(sqlite_database(folder))
    ours = Shopping(storage, SKUS, UNITS, clients)
    yield [
        _Way(
            f"{clients} competing processes, raw sqlite3",
            lambda seconds, seed: raw.sqlite_competing(folder / "competing.db", SKUS, clients, seconds, seed),
        ),
        _Way(
            f"limit: {clients} threads, one raw writer, up to 64 a commit",
            lambda seconds, seed: raw.sqlite_grouped(folder / "grouped.db", SKUS, clients, seconds, seed),
        ),
        _Way(f"Vitrine, {clients} threads", lambda seconds, seed: ours.run(clients, seconds, seed)),
    ]
    storage.close()


def _compare(title: str, ways: Sequence[_Way], rounds: int, seconds: float, seed: int, folder: Path) -> Table:
    syncs = []
    for number in range(rounds):
        syncs.append(raw.fdatasync_ms(folder))
        for way in ways if number % 2 == 0 else reversed(ways):
            way.rounds.append(way.run(seconds, seed + 1000 * number))
    competing, ours = ways[0], ways[-1]
    table = Table(title, ("way", "orders/s", "of each round", "ms p50 / p99 / max", "ours is"))
    for way in ways:
        each = ", ".join(f"{measured.per_s:,.0f}" for measured in way.rounds)
        took = way.took_s
        times = f"{ms(took, 50):.1f} / {ms(took, 99):.1f} / {max(took) * 1e3:.0f}"
        pairs = [mine.per_s / theirs.per_s for mine, theirs in zip(ours.rounds, way.rounds, strict=True)]
        table.add(way.name, f"{way.per_s:,.0f}", each, times, f"{statistics.median(pairs):.2f}×")
        table.bars.append((way.name, 1e3 / way.per_s))
    table.notes = [
        f"{rounds} rounds of {seconds:g} s each way, one after the other, every second time in reverse; "
        f"fdatasync of a page between them: {min(syncs):.2f} to {max(syncs):.2f} ms",
        f"p99 is {ms(competing.took_s, 99) / ms(ours.took_s, 99):.0f} times shorter than the competing writers'",
    ]
    return table


def run(rounds: int = 5, seconds: float = 3.0, seed: int = 20261126, clients: int = CLIENTS) -> list[Table]:
    tables = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ways = stack.enter_context(_sqlite(folder, clients))
        tables.append(_compare(f"Durable orders, SQLite, {clients} clients", ways, rounds, seconds, seed, folder))
    for table in tables:
        table.show()
    return tables


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.orders", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args(arguments)
    keep("orders", run(options.rounds, options.seconds))


if __name__ == "__main__":
    main()
