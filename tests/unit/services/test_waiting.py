"""Whoever waits is told in turn, on both databases: each with a unit that is held, once, by day, and only if wanted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from commerce.clock import ManualClock
from commerce.domain.cart import Fulfilment
from commerce.domain.customer import Contact
from commerce.domain.offering import NotTaken
from commerce.domain.order import OrderState
from commerce.domain.payment import Placed
from commerce.domain.reservation import Refused, Reservation, ReservationState
from commerce.domain.stock import MovementReason
from commerce.domain.stocktaking import StockEntry
from commerce.domain.waiting import NotWaiting, StockWaiter, WaitState
from commerce.ids import SeededIds
from commerce.ports import ReservationRules
from commerce.services.alternatives import Alternatives
from commerce.services.giving_way import GivingWay
from tests.unit.services.offering_store import HOME, LEA, SAM, Store

PAIR, BAG = "P3-white-42", "P4-brown"
HUGO = Contact("telegram", "shop", "1003")


@dataclass
class Queue:
    """People who wait for the white sneakers in 42, of which there are none."""

    store: Store

    def wait(self, contact: Contact = LEA, *, sku: str = PAIR, at: str = "") -> StockWaiter | Refused[NotWaiting]:
        customer_id, variant_id = self.store.customer(contact), self.store.variant(sku)
        self.store.clock.advance(timedelta(seconds=1))
        return self.store.shop.storage.write(
            lambda uow: self.store.shop.waiting.wait(
                uow, customer_id=customer_id, contact=contact, variant_id=variant_id, store_id=at
            )
        )

    def waits(self, contact: Contact = LEA, *, sku: str = PAIR, at: str = "") -> StockWaiter:
        waiter = self.wait(contact, sku=sku, at=at)
        assert isinstance(waiter, StockWaiter)
        return waiter

    def comes_back(self, units: int = 1, store_id: str = "S1", sku: str = PAIR) -> None:
        number = self.store.clock.advance(timedelta(milliseconds=1)).isoformat()
        entry = StockEntry(MovementReason.RETURN, sku, store_id, units, number)
        self.store.shop.storage.write(lambda uow: self.store.shop.stocktaking.enter(uow, entry, actor="staff:nadia"))

    def told(self) -> list[str]:
        """Who is told when the clock strikes, by the id of their wait."""
        self.store.shop.waiting.tick()
        return [str(facts["waiter_id"]) for kind, facts in self.store.news() if kind == "back_in_stock"]

    def take(self, waiter: StockWaiter, contact: Contact = LEA) -> Reservation | StockWaiter | Refused[NotTaken]:
        customer_id = self.store.customer(contact)
        return self.store.shop.storage.write(lambda uow: self.store.shop.waiting.take(uow, waiter.id, customer_id))

    def leave(self, waiter: StockWaiter, contact: Contact = LEA) -> StockWaiter | Refused[NotTaken]:
        customer_id = self.store.customer(contact)
        return self.store.shop.storage.write(lambda uow: self.store.shop.waiting.leave(uow, waiter.id, customer_id))

    def state(self, waiter: StockWaiter) -> WaitState:
        with self.store.shop.storage.read() as uow:
            found = uow.waiters.get(waiter.id)
        assert found is not None
        return found.state


@pytest.fixture
def queue(store: Store) -> Queue:
    store.sell(PAIR, "S1", "last")
    return Queue(store)


def test_the_first_is_told_alone_and_then_the_second(queue: Queue, clock: ManualClock) -> None:
    lea, sam = queue.waits(), queue.waits(SAM)
    assert queue.told() == []
    queue.comes_back()
    assert queue.told() == [lea.id]
    assert queue.store.stock(PAIR, "S1") == (1, 1)
    assert queue.told() == []  # once
    clock.advance(timedelta(hours=2))
    assert queue.told() == [sam.id]
    assert (queue.state(lea), queue.state(sam)) == (WaitState.PASSED, WaitState.TOLD)
    assert queue.take(lea) == Refused(NotTaken.OVER)
    assert queue.store.stock(PAIR, "S1") == (1, 1)


def test_as_many_are_told_as_there_are_units(queue: Queue) -> None:
    lea, sam, hugo = queue.waits(), queue.waits(SAM, at="S1"), queue.waits(HUGO)
    queue.comes_back(2)
    assert queue.told() == [lea.id, sam.id]
    queue.comes_back(store_id="S2")
    assert queue.told() == [hugo.id]


def test_a_store_that_was_named_is_waited_for(queue: Queue) -> None:
    there, anywhere = queue.waits(at="S1"), queue.waits(SAM)
    queue.comes_back(store_id="S2")
    assert queue.told() == [anywhere.id]
    queue.comes_back()
    assert queue.told() == [there.id]


def test_a_reservation_that_is_over_is_heard_of_too(queue: Queue, clock: ManualClock) -> None:
    queue.comes_back()
    reservation = queue.store.reserve(PAIR, contact=HUGO)
    lea = queue.waits()
    assert queue.told() == []
    clock.advance(timedelta(days=1, hours=9))  # the store has closed
    queue.store.shop.reserving.expire_due()
    assert queue.told() == [lea.id]
    with queue.store.shop.storage.read() as uow:
        over = uow.reservations.get(reservation.id)
    assert over is not None and over.state is ReservationState.EXPIRED


def test_a_tap_reserves_the_unit_that_was_held_until_the_normal_deadline(queue: Queue, clock: ManualClock) -> None:
    lea = queue.waits()
    queue.comes_back()
    queue.told()
    assert queue.take(lea, SAM) == Refused(NotTaken.NOT_FOUND)
    taken = queue.take(lea)
    assert isinstance(taken, Reservation)
    assert (taken.store_id, taken.state) == ("S1", ReservationState.HELD)
    assert taken.expires_at == datetime(2026, 3, 11, 18, tzinfo=UTC)
    assert queue.take(lea) == taken  # a second tap
    assert queue.state(lea) is WaitState.SERVED
    clock.advance(timedelta(hours=2))
    assert queue.told() == []
    assert queue.store.stock(PAIR, "S1") == (1, 1)


def test_wanting_it_no_more_makes_it_the_next_ones(queue: Queue) -> None:
    lea, sam = queue.waits(), queue.waits(SAM)
    queue.comes_back()
    assert queue.told() == [lea.id]
    assert queue.leave(lea, SAM) == Refused(NotTaken.NOT_FOUND)
    assert isinstance(queue.leave(lea), StockWaiter)
    assert queue.leave(lea) == Refused(NotTaken.OVER)
    assert queue.told() == [sam.id]
    queue.leave(sam, SAM)
    assert queue.told() == []
    assert queue.store.stock(PAIR, "S1") == (1, 0)


def test_who_may_wait_for_what(queue: Queue) -> None:
    assert queue.wait(sku=BAG) == Refused(NotWaiting.IN_STOCK)
    assert queue.wait(sku="P1-navy-40", at="S1") != Refused(NotWaiting.IN_STOCK)
    assert queue.wait(at="nowhere") == Refused(NotWaiting.NO_SUCH_VARIANT)
    assert queue.wait(at="WEB") == Refused(NotWaiting.NO_SUCH_VARIANT)
    queue.waits()
    assert queue.wait() == Refused(NotWaiting.ALREADY)
    most = queue.store.shop.settings.max_waits
    customer_id, now = queue.store.customer(), queue.store.clock.now()
    skus = ["P1-navy-36", "P1-navy-40", "P3-white-41", "P3-white-43", "P2-blue-s", "P2-blue-l"]
    places = [(sku, store_id) for sku in skus for store_id in ("S1", "S2", "S3")]
    results = [queue.wait(sku=sku, at=store_id) for sku, store_id in places]
    with queue.store.shop.storage.read() as uow:
        assert len(queue.store.shop.waiting.open_of(uow, customer_id)) == most
    assert results[-1] == Refused(NotWaiting.TOO_MANY)
    assert now <= queue.store.clock.now()


def test_at_night_nobody_is_told_and_nobody_loses_their_place(queue: Queue, clock: ManualClock) -> None:
    lea, sam = queue.waits(), queue.waits(SAM)
    clock.set(datetime(2026, 3, 10, 20, 30, tzinfo=UTC))  # 21:30 at the store
    queue.comes_back()
    assert queue.told() == []
    assert queue.store.stock(PAIR, "S1") == (1, 0)  # nothing is held for whoever sleeps
    clock.set(datetime(2026, 3, 11, 6, 59, tzinfo=UTC))
    assert queue.told() == []
    clock.set(datetime(2026, 3, 11, 7, 0, tzinfo=UTC))
    assert queue.told() == [lea.id]
    with queue.store.shop.storage.read() as uow:
        found = uow.waiters.get(lea.id)
    assert found is not None and found.until == datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
    assert queue.state(sam) is WaitState.WAITING


def test_a_store_that_takes_no_orders_tells_nobody_until_it_does(queue: Queue, clock: ManualClock) -> None:
    lea = queue.waits()
    until = clock.now() + timedelta(minutes=30)
    queue.store.shop.storage.write(lambda uow: queue.store.shop.pausing.pause(uow, "S1", until, "", actor="x"))
    queue.comes_back()
    assert queue.told() == []
    clock.advance(timedelta(minutes=31))
    assert queue.told() == [lea.id]


def test_what_the_store_sells_meanwhile_is_lost_and_the_place_is_not(queue: Queue) -> None:
    lea, sam = queue.waits(), queue.waits(SAM)
    queue.comes_back()
    queue.told()
    queue.store.sell(PAIR, "S1", "again")
    assert queue.store.stock(PAIR, "S1") == (0, 0)
    assert queue.state(lea) is WaitState.WAITING
    assert [kind for kind, _ in queue.store.news()] == ["wait_lost"]
    assert queue.take(lea) == Refused(NotTaken.GONE)
    queue.comes_back()
    assert queue.told() == [lea.id]
    assert queue.state(sam) is WaitState.WAITING


def test_what_is_reserved_while_the_counter_looks_is_not_taken_away(queue: Queue, clock: ManualClock) -> None:
    """Two transactions on PostgreSQL: the till has seen a unit that waits for its owner, who reserves it before the
    till takes it."""
    shop, lea = queue.store.shop, queue.waits()
    queue.comes_back()
    queue.told()
    with shop.storage.read() as uow:
        (seen,) = uow.stock_records.held_for(queue.store.variant(PAIR), "S1")
    assert isinstance(queue.take(lea), Reservation)
    rules = ReservationRules(None, timedelta(), 5)
    alternatives = Alternatives(clock, SeededIds(seed=71), rules, timedelta(minutes=15), ships=True)
    giving_way = GivingWay(clock, shop.reserving, alternatives, {"pay_in_store"})
    assert not shop.storage.write(lambda uow: giving_way.loses(uow, seen, "staff:nadia"))
    assert queue.state(lea) is WaitState.SERVED
    assert queue.store.stock(PAIR, "S1") == (1, 1)
    assert queue.store.wrong() == []


def test_one_that_can_only_be_sent_is_in_the_cart_and_theirs_until_it_is_ordered(queue: Queue) -> None:
    for number in range(4):
        queue.store.sell(BAG, "WEB", f"b{number}")
    lea = queue.waits(sku=BAG)
    queue.comes_back(store_id="WEB", sku=BAG)
    assert queue.told() == [lea.id]
    taken = queue.take(lea)
    assert isinstance(taken, StockWaiter)
    shop, customer_id = queue.store.shop, queue.store.customer()
    with shop.storage.read() as uow:
        cart = uow.carts.of_customer(customer_id)
    assert cart is not None and cart.draft.fulfilment is Fulfilment.DELIVERY
    draft = replace(cart.draft, name="Léa", address=HOME, email="lea@example.org", provider="fake")
    shop.storage.write(lambda uow: shop.carts.set_draft(uow, customer_id, draft))
    placed = queue.store.place()
    assert isinstance(placed, Placed) and placed.order.state is OrderState.PENDING_PAYMENT
    assert queue.state(lea) is WaitState.SERVED
    assert queue.store.stock(BAG, "WEB") == (1, 1)


def test_two_workers_tell_everybody_once(queue: Queue) -> None:
    people = [Contact("telegram", "shop", f"2{number:03d}") for number in range(12)]
    ids = [queue.waits(contact).id for contact in people]
    queue.comes_back(5)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: queue.store.shop.waiting.tick(), range(8)))
    told = [str(facts["waiter_id"]) for kind, facts in queue.store.news() if kind == "back_in_stock"]
    assert sorted(told) == sorted(ids[:5])
    assert queue.store.stock(PAIR, "S1") == (5, 5)


def test_too_many_reservations_are_no_way_round_the_limit(queue: Queue) -> None:
    lea = queue.waits()
    for sku in ("P1-navy-38", "P6-navy-38", "P2-blue-s", "P2-blue-m"):
        queue.store.reserve(sku)
    queue.store.reserve("P2-blue-s")
    queue.comes_back()
    queue.told()
    assert queue.take(lea) == Refused(NotTaken.TOO_MANY)
    assert queue.state(lea) is WaitState.TOLD
