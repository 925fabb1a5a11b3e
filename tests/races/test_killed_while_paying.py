"""The process dies at every write of a purchase, just before or just after it is durable; the next process goes on.

In the end the shopper has paid once for one order, or has all of their money back; no unit is sold twice or lost.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from commerce.clock import ManualClock
from commerce.domain.order import OrderSource, OrderState
from commerce.domain.payment import Placed
from commerce.domain.stock import MovementReason
from commerce.ids import RandomIds
from commerce.ports import Storage, UnitOfWork
from commerce.storage import open_storage
from tests.unit.services.till import Till, open_till, sell_with

T = TypeVar("T")
WRITES_AT_MOST = 60


class Killed(BaseException):
    """What no handler of the shop catches."""


class Dying:
    """A storage whose process dies at the nth write. Reads go on: only what is durable matters."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.dies_at, self.is_durable, self.writes = 0, False, 0

    def read(self) -> AbstractContextManager[UnitOfWork]:
        return self._storage.read()

    def write(self, work: Callable[[UnitOfWork], T]) -> T:
        self.writes += 1
        if self.writes == self.dies_at and not self.is_durable:
            raise Killed
        result = self._storage.write(work)
        if self.writes == self.dies_at:
            raise Killed
        return result

    def close(self) -> None:
        self._storage.close()


def buy(till: Till) -> None:
    """A conversation orders, the tick asks for the session, the shopper pays, the provider calls."""
    placed = till.try_place(source=OrderSource.BOT)
    till.selling.paying.tick()
    pay_what_is_open(till)
    till.hear()
    if isinstance(placed, Placed):
        till.selling.paying.tick()


def change_ones_mind(till: Till) -> None:
    """And then wants the money back."""
    buy(till)
    cancel(till)
    till.selling.paying.tick()


def pay_what_is_open(till: Till) -> None:
    for session in till.fake.control.sessions():
        if session.state == "open":
            till.fake.pay_session(session.id)


def cancel(till: Till) -> None:
    customer_id = till.customer()
    with till.storage.read() as uow:
        orders = uow.orders.of_customer(customer_id)
    for order in orders:
        if order.state is OrderState.PAID:
            till.storage.write(lambda uow, order_id=order.id: till.selling.orders.cancel(uow, order_id, customer_id))


@pytest.fixture(params=["before it is durable", "when it is durable"])
def is_durable(request: pytest.FixtureRequest) -> bool:
    return request.param == "when it is durable"


@pytest.fixture
def new_till(sqlite_template: Path, tmp_path: Path) -> Iterator[Callable[[], Till]]:
    """Shops of which the process can die; each test of one write has one of its own. SQLite: what is killed is ours."""
    opened: list[Storage] = []

    def make() -> Till:
        folder = tmp_path / f"shop-{len(opened)}"
        folder.mkdir()
        shutil.copyfile(sqlite_template, folder / "shop.db")
        opened.append(open_storage(f"sqlite:///{folder / 'shop.db'}"))
        clock = ManualClock(datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
        return open_till(Dying(opened[-1]), clock, RandomIds(), folder)

    yield make
    for storage in opened:
        storage.close()


def killed_at_every_write(
    new_till: Callable[[], Till], story: Callable[[Till], None], is_durable: bool
) -> Iterator[tuple[int, Till]]:
    """The story up to its nth write; then what the next process finds, without any of the first one's memory."""
    for n in range(1, WRITES_AT_MOST):
        till = new_till()
        till.fill({"38": 1})
        dying = till.storage
        assert isinstance(dying, Dying)
        dying.writes, dying.dies_at, dying.is_durable = 0, n, is_durable
        try:
            story(till)
        except Killed:
            dying.dies_at = 0
            yield n, sell_with(till, till.fake)
        else:
            assert n > 5, "the story must have had its writes"
            return
    raise AssertionError("a story without end")


def sales(till: Till) -> int:
    with till.storage.read() as uow:
        movements = uow.stock_records.movements(till.variants["38"], "S1", limit=100)
    return sum(movement.reason is MovementReason.SALE for movement in movements)


def collected(till: Till) -> int:
    """What the shopper is out of pocket, as the provider sees it."""
    return sum(session.paid_minor - session.refunded_minor for session in till.fake.control.sessions())


def test_one_purchase(new_till: Callable[[], Till], is_durable: bool) -> None:
    for n, till in killed_at_every_write(new_till, buy, is_durable):
        # The shopper, without an answer, asks again; the provider calls again; time goes on.
        till.try_place(source=OrderSource.BOT)
        for _ in range(6):
            till.later(minutes=1)
            pay_what_is_open(till)
            till.hear()
        with till.storage.read() as uow:
            orders = uow.orders.of_customer(till.customer())
        assert [order.state for order in orders] == [OrderState.PAID], n
        assert (collected(till), sales(till), till.stock("38")) == (7900, 1, (0, 0)), n
        assert till.kinds_of_news().count("order_paid") == 1, n
        assert till.wrong() == [], n


def test_one_purchase_and_its_refund(new_till: Callable[[], Till], is_durable: bool) -> None:
    for n, till in killed_at_every_write(new_till, change_ones_mind, is_durable):
        with till.storage.read() as uow:
            before = uow.orders.of_customer(till.customer())
        if not before or before[0].state is OrderState.PENDING_PAYMENT:
            continue  # the other test's
        for _ in range(8):
            till.later(minutes=3)
            till.hear()
            cancel(till)
        with till.storage.read() as uow:
            (order,) = uow.orders.of_customer(till.customer())
        assert (order.state, order.refunded_minor) == (OrderState.REFUNDED, 7900), n
        assert (collected(till), till.stock("38")) == (0, (1, 0)), n
        assert len(till.fake.control.refunds()) == 1, n
        assert till.kinds_of_news().count("refund_done") == 1, n
        assert till.wrong() == [], n


def test_an_order_that_nobody_pays(new_till: Callable[[], Till], is_durable: bool) -> None:
    def story(till: Till) -> None:
        till.try_place(source=OrderSource.BOT)
        till.selling.paying.tick()
        till.later(minutes=41)
        till.later(minutes=41)

    for n, till in killed_at_every_write(new_till, story, is_durable):
        for _ in range(4):
            till.later(minutes=30)
        with till.storage.read() as uow:
            states = {order.state for order in uow.orders.of_customer(till.customer())}
        assert states <= {OrderState.EXPIRED}, n
        assert till.stock("38") == (1, 0), n
        assert {session.state for session in till.fake.control.sessions()} <= {"canceled", "expired"}, n
        assert till.wrong() == [], n
