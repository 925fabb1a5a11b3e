"""Orders that a store cannot fulfil, paid and unpaid: moved, refunded or cancelled, on both databases."""

from __future__ import annotations

import pytest

from commerce.domain.collecting import NotMoved, RejectReason
from commerce.domain.offering import ChoiceKind, NotTaken
from commerce.domain.order import OrderState
from commerce.domain.reservation import Refused
from commerce.domain.stock import MovementReason
from commerce.domain.stocktaking import StockEntry
from commerce.services.offering import Taken
from commerce.services.rejecting import Rejected
from tests.unit.services.offering_store import ALL_THREE, P1, P6, Store, shown


def test_an_unpaid_order_is_cancelled_and_becomes_a_reservation_elsewhere(store: Store) -> None:
    order = store.order(P1)
    offer = store.offered(order)
    assert shown(offer) == ALL_THREE
    assert store.now(order).state is OrderState.CANCELLED
    assert [kind for kind, _ in store.news()] == ["offer_made"]
    taken = store.take(offer, ChoiceKind.OTHER_STORE)
    assert isinstance(taken, Taken) and taken.reservation is not None
    assert taken.reservation.store_id == "S2"


def test_everything_that_was_ordered_comes_along_or_nothing(store: Store) -> None:
    for store_id in ("S1", "S2"):
        entry = StockEntry(MovementReason.COUNT, "P2-blue-m", store_id, 3, f"c-{store_id}")
        store.shop.storage.write(lambda uow, entry=entry: store.shop.stocktaking.enter(uow, entry, actor="staff:n"))
    order = store.order(P1, "P2-blue-m")
    offer = store.offered(order, RejectReason.OTHER)
    assert shown(offer) == [(ChoiceKind.OTHER_STORE, "S2", 14400), (ChoiceKind.SHIPPED, "WEB", 14400)]
    taken = store.take(offer, ChoiceKind.OTHER_STORE)
    assert isinstance(taken, Taken) and taken.reservation is not None
    assert {line.variant_id for line in taken.reservation.lines} == {store.variant(P1), store.variant("P2-blue-m")}


def test_a_paid_order_moves_to_the_other_store_as_it_is(store: Store) -> None:
    order = store.order(P1, paid=True)
    assert store.stock(P1, "S1") == (0, 0)
    offer = store.offered(order)
    assert shown(offer) == [(ChoiceKind.OTHER_STORE, "S2", 7900), (ChoiceKind.SHIPPED, "WEB", 7900)]
    assert store.now(order).state is OrderState.REFUND_PENDING  # nobody hands it over
    assert store.stock(P1, "S1") == (0, 0)  # sold, back on the shelf, and not there
    assert store.wrong() == []
    taken = store.take(offer, ChoiceKind.OTHER_STORE)
    assert isinstance(taken, Taken) and taken.order is not None
    now = store.now(order)
    assert taken.order == now
    assert (now.state, now.store_id, now.refunded_minor) == (OrderState.PAID, "S2", 0)
    assert now.pickup_code != order.pickup_code
    assert store.stock(P1, "S2") == (2, 0)
    assert store.take(offer, ChoiceKind.OTHER_STORE) == taken


@pytest.mark.parametrize("how", ["declined", "too late", "nothing to offer"])
def test_a_paid_order_is_refunded_where_nothing_is_taken(store: Store, how: str) -> None:
    if how == "nothing to offer":
        for number in range(3):
            store.sell(P1, "S2", f"s{number}")
        for number in range(5):
            store.sell(P1, "WEB", f"w{number}")
    order = store.order(P1, paid=True)
    rejected = store.reject(order)
    assert isinstance(rejected, Rejected)
    if rejected.offer is not None:
        with store.shop.storage.read() as uow:
            assert uow.payments.refunds_of(order.id) == []
    if how == "declined":
        assert rejected.offer is not None
        store.decline(rejected.offer)
    store.later(minutes=15)
    with store.shop.storage.read() as uow:
        (refund,) = uow.payments.refunds_of(order.id)
    assert refund.amount.minor == 7900
    assert store.now(order).state is OrderState.REFUND_PENDING
    assert store.stock(P1, "S2")[1] == 0


def test_an_order_that_waits_for_its_payment_or_goes_by_parcel_is_not_the_counters(store: Store) -> None:
    order = store.order(P1)
    store.shop.storage.write(lambda uow: store.shop.orders.end(uow, order, actor="x", note="", at=store.clock.now()))
    assert store.reject(order) == Refused(NotMoved.OVER)


def test_whoever_orders_at_the_store_that_was_offered_gets_the_unit_that_is_held(store: Store) -> None:
    """By the cart instead of by the button: a hold never counts against its owner."""
    offer = store.offered(store.reserve())
    for number in range(2):
        store.sell(P1, "S2", f"s{number}")
    assert store.stock(P1, "S2") == (1, 1)
    order = store.order(P1, store_id="S2")
    assert (order.store_id, order.state) == ("S2", OrderState.PLACED)
    assert (store.stock(P1, "S2"), store.stock(P6, "S1"), store.stock(P1, "WEB")) == ((1, 1), (1, 0), (5, 0))
    assert store.take(offer, ChoiceKind.OTHER_STORE) == Refused(NotTaken.OVER)
    assert store.take(offer, ChoiceKind.SHIPPED) == Refused(NotTaken.OVER)


def test_what_waits_in_place_of_a_paid_order_is_no_part_of_another(store: Store) -> None:
    paid = store.order(P1, paid=True)
    offer = store.offered(paid)
    store.order(P1, store_id="S2")
    assert store.stock(P1, "S2") == (3, 2)
    assert isinstance(store.take(offer, ChoiceKind.OTHER_STORE), Taken)
    assert store.now(paid).state is OrderState.PAID
