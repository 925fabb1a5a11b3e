"""Parcels in place of what a store could not serve: at the promised price, and for what is paid without another charge;
on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from commerce.domain.cart import Fulfilment, PostalAddress
from commerce.domain.collecting import PickUpKind, PickUpRef, RejectReason
from commerce.domain.money import Money
from commerce.domain.offering import ChoiceKind, NotTaken, Offer, OfferState
from commerce.domain.order import Order, OrderState
from commerce.domain.payment import Placed
from commerce.domain.promotion import Promotion, PromotionKind
from commerce.domain.reservation import Refused
from commerce.services.offering import Taken
from tests.unit.services.offering_store import HOME, P1, Store

ABROAD = PostalAddress("Léa", "1 rue", "1000", "Lausanne", "CH")


def reprice(store: Store, minor: int, sku: str = P1) -> None:
    store.shop.storage.write(lambda uow: store.shop.catalog.set_price(uow, sku, Money(minor, "EUR")))


def to_be_sent(store: Store) -> None:
    """What is in the cart goes home, to be paid on a page."""
    customer_id = store.customer()
    with store.shop.storage.read() as uow:
        cart = uow.carts.of_customer(customer_id)
    assert cart is not None
    draft = replace(cart.draft, name="Léa", address=HOME, email="lea@example.org", provider="fake")
    store.shop.storage.write(lambda uow: store.shop.carts.set_draft(uow, customer_id, draft))


def parcel(store: Store, offer: Offer) -> Placed:
    assert isinstance(store.take(offer, ChoiceKind.SHIPPED), Taken)
    to_be_sent(store)
    return store.place()


def prices(order: Order) -> list[int]:
    return [line.unit_price_minor for line in order.lines]


# --- the price


@pytest.mark.parametrize(("today", "costs"), [(9900, 7900), (7900, 7900), (5900, 5900)])
def test_it_costs_what_was_promised_or_less(store: Store, today: int, costs: int) -> None:
    reservation = store.reserve()
    reprice(store, today)
    offer = store.offered(reservation)
    shipped = next(choice for choice in offer.choices if choice.kind is ChoiceKind.SHIPPED)
    assert shipped.total.minor == costs
    placed = parcel(store, offer)
    assert prices(placed.order) == [costs]
    assert placed.order.subtotal_minor == costs
    assert placed.attempt.amount.minor == costs + placed.order.delivery_minor


def test_raised_after_the_offer_the_promise_is_kept_to_the_last_moment(store: Store) -> None:
    offer = store.offered(store.reserve())
    assert isinstance(store.take(offer, ChoiceKind.SHIPPED), Taken)
    reprice(store, 9900)
    to_be_sent(store)
    placed = store.place()
    assert prices(placed.order) == [7900]
    again = store.place()
    assert again.order.id == placed.order.id, "the same order once more, at the same price"
    approved = store.shop.storage.write(
        lambda uow: store.shop.checkout.precheck(uow, placed.attempt.id, placed.attempt.amount)
    )
    assert isinstance(approved, Order)
    paid_again = store.shop.storage.write(lambda uow: store.shop.checkout.pay_order(uow, store.now(placed.order)))
    assert isinstance(paid_again, Placed)


@pytest.mark.parametrize("raised", ["before", "after"])
def test_a_promised_order_that_is_replaced_keeps_its_price(store: Store, raised: str) -> None:
    reservation = store.reserve()
    if raised == "before":
        reprice(store, 9900)
    placed = parcel(store, store.offered(reservation))
    reprice(store, 9900)
    assert isinstance(store.shop.storage.write(lambda uow: store.shop.checkout.pay_order(uow, placed.order)), Placed)
    assert prices(placed.order) == [7900]
    customer_id = store.customer()
    with store.shop.storage.read() as uow:
        cart = uow.carts.of_customer(customer_id)
    assert cart is not None
    elsewhere = replace(cart.draft, address=replace(HOME, line1="2 rue"))
    store.shop.storage.write(lambda uow: store.shop.carts.set_draft(uow, customer_id, elsewhere))
    replaced = store.place()
    assert replaced.order.id != placed.order.id and prices(replaced.order) == [7900]


def test_more_of_it_than_was_offered_costs_what_it_costs(store: Store) -> None:
    reservation = store.reserve()
    reprice(store, 9900)
    offer = store.offered(reservation)
    assert isinstance(store.take(offer, ChoiceKind.SHIPPED), Taken)
    customer_id, variant_id = store.customer(), store.variant(P1)
    store.shop.storage.write(lambda uow: store.shop.carts.add(uow, customer_id, variant_id))
    to_be_sent(store)
    assert prices(store.place().order) == [9900]


def test_the_promise_ends_with_the_offer_and_is_for_parcels_alone(store: Store) -> None:
    reservation = store.reserve()
    reprice(store, 9900)
    offer = store.offered(reservation)
    assert isinstance(store.take(offer, ChoiceKind.SHIPPED), Taken)
    customer_id = store.customer()
    with store.shop.storage.read() as uow:
        cart = uow.carts.of_customer(customer_id)
        assert cart is not None
        there = replace(cart, draft=replace(cart.draft, fulfilment=Fulfilment.PICKUP, store_id="S2"))
        quote = store.shop.quoting.quote(uow, there, customer_id=customer_id)
        assert [line.unit_price.minor for line in quote.lines] == [9900]
        assert [
            line.unit_price.minor for line in store.shop.quoting.quote(uow, cart, customer_id=customer_id).lines
        ] == [7900]
    store.later(minutes=16)
    to_be_sent(store)
    assert prices(store.place().order) == [9900]


def test_what_a_code_took_off_stays_off(store: Store) -> None:
    ten = Promotion(code="DIX", kind=PromotionKind.PERCENT, value=1000, currency="EUR")
    store.shop.storage.write(lambda uow: uow.promotions.put(ten))
    customer_id = store.customer()
    store.shop.storage.write(lambda uow: store.shop.carts.add(uow, customer_id, store.variant(P1)))
    assert isinstance(
        store.shop.storage.write(lambda uow: store.shop.carts.apply_coupon(uow, customer_id, "DIX")), Promotion
    )
    order = store.order()
    assert order.total_minor == 7110
    placed = parcel(store, store.offered(order))
    assert placed.order.subtotal_minor == 7110


# --- what is paid


def send(store: Store, offer: Offer, address: PostalAddress | None = HOME) -> Taken | Refused[NotTaken]:
    position = next(choice.position for choice in offer.choices if choice.kind is ChoiceKind.SHIPPED)
    customer_id = store.customer()
    return store.shop.storage.write(
        lambda uow: store.shop.offering.take(uow, offer.id, position, customer_id, sent_to=address)
    )


def test_a_paid_order_is_sent_and_nothing_more_is_charged(store: Store) -> None:
    order = store.order(P1, paid=True)
    reprice(store, 12900)
    offer = store.offered(order)
    web = store.stock(P1, "WEB")
    assert send(store, offer, None) == Refused(NotTaken.NO_ADDRESS)
    assert send(store, offer, ABROAD) == Refused(NotTaken.NO_DELIVERY_THERE)
    assert store.now(order).state is OrderState.REFUND_PENDING
    taken = send(store, offer)
    assert isinstance(taken, Taken)
    now = store.now(order)
    assert taken.order == now
    assert (now.state, now.fulfilment, now.address, now.store_id) == (
        OrderState.PAID, Fulfilment.DELIVERY, HOME, "WEB",
    )  # fmt: skip
    assert (now.pickup_code, now.delivery_minor, now.total_minor, now.paid_minor) == ("", 0, 7900, 7900)
    assert store.stock(P1, "WEB") == (web[0] - 1, 0)
    assert store.stock(P1, "S2")[1] == 0, "the other choice is free again"
    assert send(store, offer) == taken, "a second tap answers the same"
    with store.shop.storage.read() as uow:
        assert len(uow.payments.of_order(order.id)) == 1 and uow.payments.refunds_of(order.id) == []
        events = uow.orders.events(order.id)
        assert uow.pick_ups.get(PickUpRef(PickUpKind.ORDER, order.id)) is None, "nobody comes for it"
    assert events[-1].note == "by parcel instead, the shop pays for it"
    assert store.wrong() == []
    store.later(minutes=16)
    assert store.now(order).state is OrderState.PAID
    moved = store.shop.storage.write(
        lambda uow: store.shop.orders.advance(uow, order.id, OrderState.SHIPPED, actor="staff:nadia")
    )
    assert isinstance(moved, Order) and moved.state is OrderState.SHIPPED


def test_a_paid_order_sent_too_late_is_refunded(store: Store) -> None:
    order = store.order(P1, paid=True)
    offer = store.offered(order)
    store.clock.advance(timedelta(minutes=15))
    assert send(store, offer) == Refused(NotTaken.OVER)
    store.later(seconds=1)
    with store.shop.storage.read() as uow:
        assert [refund.amount.minor for refund in uow.payments.refunds_of(order.id)] == [7900]


def test_where_no_parcel_goes_a_paid_order_is_offered_none(store: Store) -> None:
    for number in range(5):
        store.sell(P1, "WEB", f"w{number}")
    offer = store.offered(store.order(P1, paid=True), RejectReason.DAMAGED)
    assert [choice.kind for choice in offer.choices] == [ChoiceKind.OTHER_STORE]
    assert offer.state is OfferState.OPEN
