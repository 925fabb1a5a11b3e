"""Whatever people, providers and the clock do, and in whatever order: money and stock add up after every step.

A state machine plays a small shop at random on both databases: carts, orders, payments that come, come late, twice or
never, providers that fail, cancellations, refunds, staff at the counter. After each step the doctor looks; in the end
everybody has time to answer, and what the provider collected is what the ledger says, to the last unit.

More of it: VITRINE_EXAMPLES=500 (a number of plays; then they differ from run to run).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from commerce.clock import ManualClock
from commerce.domain.customer import Contact
from commerce.domain.money import Money
from commerce.domain.order import ORDER_MOVES, Order, OrderState
from commerce.domain.payment import OPEN_PAYMENTS, Placed, RefundReason
from commerce.domain.stock import MovementReason
from commerce.ids import SeededIds
from commerce.payments.fake import FakeSession, Fault
from commerce.services import together
from commerce.storage import open_storage
from tests.unit.services.till import LEA, SAM, open_till
from vitrine.prove._databases import PostgresServer

PEOPLE = (LEA, SAM, Contact("whatsapp", "shop", "1003"))
SIZES = ("36", "38", "book")
TAGS = ("", "+twice", "+silent", "+late", "+shuffled", "+short", "+eager", "+start-timeout", "+slow-refund")
FAULTS = (Fault.TIMEOUT, Fault.TIMEOUT_DONE, Fault.BUSY, Fault.ERROR_500, Fault.ERROR_500_DONE, Fault.DECLINED)
CALLS = ("start", "look_up", "cancel", "refund", "look_up_refund")
# These say that nobody has been at work for a while, which the machine decides itself.
_OF_TIME = ("no message is stuck", "no event is stuck", "no payment is stuck")
_SETTLED = frozenset(
    {OrderState.PAID, OrderState.PREPARING, OrderState.READY, OrderState.SHIPPED, OrderState.COMPLETED}
)


class Shop(RuleBasedStateMachine):
    def __init__(self, new_database: Callable[[], str]) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="vitrine-play-"))
        self.clock = ManualClock(datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
        self.storage = open_storage(new_database())
        self.till = open_till(self.storage, self.clock, SeededIds(7), self.folder)
        self.stocked = {size: self.till.stock(size)[0] for size in SIZES}
        self.partly_refunded: set[str] = set()

    def teardown(self) -> None:
        try:
            self.everybody_answers()
        finally:
            self.storage.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- shoppers

    @rule(
        who=st.sampled_from(PEOPLE),
        lines=st.dictionaries(st.sampled_from(SIZES), st.integers(1, 2), min_size=1, max_size=2),
        provider=st.sampled_from(("fake", "fake", "fake", "pay_in_store")),
        tag=st.sampled_from(TAGS),
        home=st.booleans(),
    )
    def order(self, who: Contact, lines: dict[str, int], provider: str, tag: str, home: bool) -> None:
        pickup = "" if home and provider == "fake" else "S1"
        self.till.fill(lines, contact=who, provider=provider, email=f"shopper{tag}@example.org", pickup=pickup)
        placed = self.till.try_place(who)
        if isinstance(placed, Placed):
            self.till.selling.paying.begin(placed.attempt.id)

    @rule(who=st.sampled_from(PEOPLE))
    def press_again(self, who: Contact) -> None:
        if self.till._has_cart(who):
            self.till.try_place(who)

    @rule(who=st.sampled_from(PEOPLE), size=st.sampled_from(SIZES))
    def reserve(self, who: Contact, size: str) -> None:
        customer_id = self.till.customer(who)
        self.storage.write(
            lambda uow: self.till.reserving.place(
                uow, customer_id=customer_id, contact=who, store_id="S1", lines=[(self.till.variants[size], 1)]
            )
        )

    @rule(data=st.data(), heard=st.booleans())
    @precondition(lambda self: self.till.fake.control.sessions())
    def pay(self, data: st.DataObject, heard: bool) -> None:
        session = data.draw(st.sampled_from(self.sessions()))
        press = data.draw(
            st.sampled_from((self.till.fake.pay_session, self.till.fake.pay_session, self.till.fake.control.pay_late))
        )
        press(session.id)
        if heard:
            self.till.hear()

    @rule(data=st.data())
    @precondition(lambda self: self.till.fake.control.sessions())
    def card_declined(self, data: st.DataObject) -> None:
        self.till.fake.decline_session(data.draw(st.sampled_from(self.sessions())).id)

    @rule(data=st.data())
    @precondition(lambda self: self.orders())
    def change_ones_mind(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.orders()))
        self.storage.write(lambda uow: self.till.selling.orders.cancel(uow, order.id, order.customer_id))

    @rule(data=st.data())
    @precondition(lambda self: self.orders())
    def about_to_pay(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.orders()))
        attempt = self.till.attempts(Placed(order, None))[-1]  # type: ignore[arg-type]
        self.storage.write(lambda uow: self.till.selling.checkout.precheck(uow, attempt.id, order.total))

    # --- the provider, and time

    @rule()
    def calls_arrive(self) -> None:
        self.till.hear()

    @rule(what=st.sampled_from(CALLS), fault=st.sampled_from(FAULTS), times=st.integers(1, 3))
    def provider_fails(self, what: str, fault: Fault, times: int) -> None:
        self.till.fake.control.fail(what, fault, times)

    @rule(minutes=st.sampled_from((1, 6, 20, 36, 60)))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    @rule(minutes=st.sampled_from((0, 1, 6, 20, 36)))
    def tick(self, minutes: int) -> None:
        self.till.later(minutes=minutes)
        self.till.reserving.expire_due()

    # --- staff

    @rule(data=st.data())
    @precondition(lambda self: self.orders())
    def staff_move(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.orders()))
        likely = sorted(ORDER_MOVES[order.state])
        to_state = data.draw(st.sampled_from((*likely, *likely, *OrderState)))
        self.storage.write(lambda uow: self.till.selling.orders.advance(uow, order.id, to_state, actor="staff:nadia"))

    @rule(data=st.data())
    @precondition(lambda self: self.orders())
    def till_is_paid(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.orders()))
        self.storage.write(lambda uow: self.till.selling.paying.paid_at_counter(uow, order.id, "staff:nadia"))

    @rule(data=st.data(), minor=st.integers(1, 8000))
    @precondition(lambda self: self.orders())
    def give_money_back(self, data: st.DataObject, minor: int) -> None:
        order = data.draw(st.sampled_from(self.orders()))
        asked = self.storage.write(
            lambda uow: self.till.selling.refunding.ask(uow, order.id, minor, RefundReason.GOODWILL)
        )
        if isinstance(asked, list):
            self.partly_refunded.add(order.id)

    @rule(size=st.sampled_from(SIZES))
    def sell_what_waits_for_a_payment(self, size: str) -> None:
        """Staff take the unit of an unpaid order from under its hold, and sell it."""
        for order in self.orders():
            lines = [line for line in order.lines if line.variant_id == self.till.variants[size]]
            if order.state is not OrderState.PENDING_PAYMENT or order.store_id != "S1" or not lines:
                continue
            variant_id, now = self.till.variants[size], self.clock.now()
            hold_id = lines[0].hold_id
            self.storage.write(lambda uow: uow.stock.release(hold_id, MovementReason.RELEASE, now))
            self.storage.write(
                lambda uow: uow.stock.adjust(variant_id, "S1", -1, MovementReason.SALE, f"till-{now.isoformat()}", now)
            )
            return

    # --- what is always true

    def sessions(self) -> list[FakeSession]:
        """In an order that is the same whenever a play is played again: their names are drawn by lot."""
        found = self.till.fake.control.sessions()
        return sorted(
            found, key=lambda session: (session.order_number, self.till.attempt(session.attempt_id).created_at)
        )

    def orders(self) -> list[Order]:
        with self.storage.read() as uow:
            return uow.orders.find(limit=200)

    @invariant()
    def the_doctor_finds_nothing(self) -> None:
        wrong = [finding for finding in self.till.wrong() if not finding.startswith(_OF_TIME)]
        assert wrong == []

    @invariant()
    def paid_is_sold_or_on_its_way_back(self) -> None:
        for order in self.orders():
            with self.storage.read() as uow:
                attempts = uow.payments.of_order(order.id)
                sold = all(
                    (hold := uow.stock.hold(line.hold_id)) is not None and hold.state == "consumed"
                    for line in order.lines
                )
                entries = [entry.amount.minor for attempt in attempts for entry in uow.payments.ledger(attempt.id)]
            assert sum(entries) == order.paid_minor - order.refunded_minor
            if order.state in (OrderState.PAID, OrderState.SHIPPED, OrderState.COMPLETED):
                assert sold, order
            kept = sum(attempt.refundable_minor for attempt in attempts)
            if order.state is OrderState.PAID_UNFULFILLABLE:
                assert kept == 0 or any(refund.state == "failed" for refund in self.refunds(order)), order
            if order.id not in self.partly_refunded and order.state in _SETTLED:
                assert kept == (order.total_minor if sold else 0), order

    def refunds(self, order: Order) -> list[object]:
        with self.storage.read() as uow:
            return list(uow.payments.refunds_of(order.id))

    # --- and in the end

    def everybody_answers(self) -> None:
        """No fault any more, a day of time: nothing is open, and both books agree to the last unit."""
        fake = self.till.fake
        for what in CALLS:  # uses up what was to fail
            with fake._books.open() as books:
                while books.take_fault(what):
                    pass
        for _ in range(40):
            self.till.hear()
            self.till.later(minutes=45)
        self.the_doctor_finds_nothing()
        self.paid_is_sold_or_on_its_way_back()
        with self.storage.read() as uow:
            entries = [
                entry
                for order in uow.orders.find(limit=200)
                for attempt in uow.payments.of_order(order.id)
                for entry in uow.payments.ledger(attempt.id)
                if entry.provider == "fake"
            ]
            for order in uow.orders.find(limit=200):
                assert order.state is not OrderState.PENDING_PAYMENT, order
                states = [attempt.state for attempt in uow.payments.of_order(order.id) if attempt.provider == "fake"]
                assert not set(states) & OPEN_PAYMENTS, order
        collected = Money(
            sum(session.paid_minor - session.refunded_minor for session in fake.control.sessions()), "EUR"
        )
        assert sum(entry.amount.minor for entry in entries) == collected.minor
        since = self.clock.now() - timedelta(days=9)
        assert self.till.selling.paying.reconcile("fake", since) == []


@pytest.fixture(autouse=True)
def _one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a play can be played again: which of several threads draws the next name is nobody's choice."""
    monkeypatch.setattr(together, "THREADS", 1)


def _play(new_database: Callable[[], str], examples: int) -> None:
    wanted = os.environ.get("VITRINE_EXAMPLES")
    run_state_machine_as_test(
        lambda: Shop(new_database),
        settings=settings(
            max_examples=int(wanted) if wanted else examples,
            stateful_step_count=50,
            deadline=None,
            derandomize=not wanted,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


@pytest.mark.timeout(0 if os.environ.get("VITRINE_EXAMPLES") else 300)
def test_plays_on_sqlite(sqlite_template: Path, tmp_path: Path) -> None:
    made = iter(range(1_000_000))

    def new_database() -> str:
        path = tmp_path / f"shop-{next(made)}.db"
        shutil.copyfile(sqlite_template, path)
        return f"sqlite:///{path}"

    _play(new_database, 10)


@pytest.mark.timeout(0 if os.environ.get("VITRINE_EXAMPLES") else 300)
def test_plays_on_postgresql(postgres: PostgresServer) -> None:
    urls: list[str] = []

    def new_database() -> str:
        while urls:
            postgres.drop_database(urls.pop())
        urls.append(postgres.new_database())
        return urls[-1]

    try:
        _play(new_database, 3)
    finally:
        for url in urls:
            postgres.drop_database(url)
