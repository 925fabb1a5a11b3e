"""« Payer » under an order: that order is paid, once, whatever is in the cart by now; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.channels.recorder.send import Recorder
from bot.conversation.actions import CancelOrder, OrderStatus, PayOrder, PlaceOrder, encode, parse
from commerce.clock import ManualClock
from commerce.domain.cart import CheckoutDraft, Fulfilment
from commerce.domain.customer import Contact
from commerce.domain.money import Money
from commerce.domain.order import Order, OrderSource, OrderState
from commerce.domain.payment import OPEN_PAYMENTS, PaymentAttempt, PaymentState, Placed
from commerce.payments.fake import FakeControl, FakeProvider
from commerce.ports import UnitOfWork
from commerce.wiring import Shop
from tests.unit.bot.conftest import Desk

LINK = "pay €65.00 here"


@pytest.fixture
def desk(make_shop: Callable[..., Shop], database_url: str) -> Desk:
    url = "" if database_url.startswith("sqlite") else database_url
    shop = make_shop(fake_payments=True, database_url=url)
    return Desk(shop, Recorder(shop.media))


def put_in(desk: Desk, sku: str, contact: Contact | None = None) -> str:
    def work(uow: UnitOfWork) -> str:
        customer = desk.shop.customers.recognise(uow, contact or desk.contact(), name="Léa", language="en")
        found = uow.products.by_sku(sku)
        assert found is not None
        desk.shop.carts.add(uow, customer.id, found[1].id)
        draft = CheckoutDraft("Léa", "lea@example.com", "", Fulfilment.PICKUP, "S1", provider="fake")
        desk.shop.carts.set_draft(uow, customer.id, draft)
        return customer.id

    return desk.shop.storage.write(work)


def ordered(desk: Desk) -> Order:
    """Of the jacket, in this chat; something else has come into the cart since."""
    put_in(desk, "P2-blue-m")
    desk.say(action=encode(PlaceOrder("fake", 6500)))
    (order,) = orders(desk)
    put_in(desk, "P3-white-42")
    return order


def brought_in(desk: Desk) -> Order:
    """Ordered on a page before browser and chat became one person, with another cart in the chat."""
    page = Contact("webchat", "web", "c0ffee")
    on_page = put_in(desk, "P2-blue-m", page)

    def place(uow: UnitOfWork) -> Placed:
        placed = desk.shop.checkout.place(
            uow, customer_id=on_page, contact=page, source=OrderSource.WEB, language="en", expected_total_minor=6500
        )
        assert isinstance(placed, Placed)
        return placed

    placed = desk.shop.storage.write(place)
    desk.shop.paying.begin(placed.attempt.id)
    in_chat = put_in(desk, "P3-white-42")
    desk.shop.storage.write(lambda uow: uow.links.join(in_chat, on_page))
    return orders(desk)[0]


def orders(desk: Desk) -> list[Order]:
    with desk.shop.storage.read() as uow:
        return sorted(uow.orders.find(), key=lambda order: order.number)


def attempts(desk: Desk) -> list[PaymentAttempt]:
    with desk.shop.storage.read() as uow:
        return [attempt for order in uow.orders.find() for attempt in uow.payments.of_order(order.id)]


def fake(desk: Desk) -> FakeProvider:
    found = desk.shop.providers["fake"]
    assert isinstance(found, FakeProvider)
    return found


def pay_button(desk: Desk) -> str:
    last = desk.recorder.sent_to(desk.contact())[-1]
    (found,) = [b.action for m in last.outgoing for row in m.rows for b in row if b.label == "Pay"]
    return found


def deliver(desk: Desk) -> None:
    paying = desk.shop.paying
    fake(desk).deliver(lambda body, headers: paying.receive("fake", body, headers, "/hooks/fake").status < 300)
    desk.worker.run_until_quiet()


@pytest.mark.parametrize("how", [ordered, brought_in])
def test_the_order_that_is_shown_is_paid_and_nothing_else(desk: Desk, how: Callable[[Desk], Order]) -> None:
    order = how(desk)
    before = attempts(desk)
    desk.say(action=encode(OrderStatus(order.id)))
    button = pay_button(desk)
    assert parse(button) == PayOrder(order.id)
    for _ in range(3):
        assert LINK in "\n".join(desk.say(action=button)), "the same page to pay at, once more"
    assert [(each.id, each.state) for each in orders(desk)] == [(order.id, OrderState.PENDING_PAYMENT)]
    (attempt,) = attempts(desk)
    assert [each.id for each in before] == [attempt.id]
    fake(desk).pay_session(attempt.session_ref)
    deliver(desk)
    (paid,) = orders(desk)
    assert (paid.state, paid.paid_minor) == (OrderState.PAID, 6500)
    (told,) = desk.say(action=button)
    assert f"There is nothing to pay now for order {order.number}: paid, about to be prepared." in told
    assert len(attempts(desk)) == len(orders(desk)) == 1


@pytest.mark.parametrize("how", [ordered, brought_in])
def test_declined_it_is_paid_with_one_more_payment(desk: Desk, how: Callable[[Desk], Order]) -> None:
    order = how(desk)
    (first,) = attempts(desk)
    fake(desk).decline_session(first.session_ref)
    deliver(desk)
    event = desk.event(action=encode(PayOrder(order.id)))
    again = desk.event(action=encode(PayOrder(order.id)))
    desk.accept(event, again)
    desk.worker.run_until_quiet()
    second = attempts(desk)[-1]
    assert [each.state for each in attempts(desk)] == [PaymentState.FAILED, PaymentState.REQUIRES_ACTION]
    assert second.url and sum(LINK in text for text in desk.texts()) >= 1, "where to pay is told in this chat"
    fake(desk).pay_session(second.session_ref)
    deliver(desk)
    (paid,) = orders(desk)
    assert (paid.id, paid.state, paid.paid_minor) == (order.id, OrderState.PAID, 6500)
    assert not [each for each in attempts(desk) if each.state in OPEN_PAYMENTS]
    assert {session.id for session in FakeControl(fake(desk)).sessions() if session.paid_minor} == {second.session_ref}


def test_try_again_is_about_the_order_whose_payment_failed(desk: Desk) -> None:
    order = ordered(desk)
    (first,) = attempts(desk)
    fake(desk).decline_session(first.session_ref)
    deliver(desk)
    last = desk.recorder.sent_to(desk.contact())[-1]
    assert [parse(b.action) for m in last.outgoing for row in m.rows for b in row] == [PayOrder(order.id)]


def test_over_it_is_said_kindly_with_a_way_on(desk: Desk, clock: ManualClock) -> None:
    order = ordered(desk)
    clock.advance(timedelta(hours=2))
    told = desk.say(action=encode(PayOrder(order.id)))
    assert f"Order {order.number} is over: it was not paid in time. Nothing was charged." in told[0]
    (text,) = desk.say(action=encode(PayOrder(order.id)))
    assert f"Order {order.number} is over" in text
    assert len(orders(desk)) == 1


def test_called_off_nothing_is_paid(desk: Desk) -> None:
    order = ordered(desk)
    desk.say(action=encode(CancelOrder(order.id, 1)))
    texts = desk.say(action=encode(PayOrder(order.id)))
    assert "cancelled" in texts[0], texts
    assert len(attempts(desk)) == 1


def test_replaced_it_leads_to_the_order_that_took_its_place(desk: Desk) -> None:
    order = ordered(desk)
    desk.say(action=encode(PlaceOrder("fake", 15490)))
    first, second = orders(desk)
    assert (first.id, first.state) == (order.id, OrderState.CANCELLED)
    (text,) = desk.say(action=encode(PayOrder(order.id)))
    assert f"Order {first.number} was replaced by this one:" in text and f"Order {second.number}" in text
    assert parse(pay_button(desk)) == PayOrder(second.id)


def test_at_another_price_nothing_is_charged(desk: Desk) -> None:
    order = ordered(desk)
    desk.shop.storage.write(lambda uow: desk.shop.catalog.set_price(uow, "P2-blue-m", Money(7000, "EUR")))
    (text,) = desk.say(action=encode(PayOrder(order.id)))
    assert f"Order {order.number}: a price has changed since. You have not been charged." in text


def test_at_another_price_the_same_cart_is_shown_with_what_it_costs_now(desk: Desk) -> None:
    put_in(desk, "P2-blue-m")
    desk.say(action=encode(PlaceOrder("fake", 6500)))
    (order,) = orders(desk)
    desk.shop.storage.write(lambda uow: desk.shop.catalog.set_price(uow, "P2-blue-m", Money(7000, "EUR")))
    (text,) = desk.say(action=encode(PayOrder(order.id)))
    assert "The total has changed since." in text and "Total: €70.00" in text
    assert len(attempts(desk)) == 1


@pytest.mark.parametrize("forged", ["", "0" * 32])
def test_somebody_elses_order_looks_like_none(desk: Desk, forged: str) -> None:
    order = ordered(desk)
    action = encode(PayOrder(forged or order.id))
    assert desk.say(action=action, address="sam") == ["I cannot find this order."]
    assert len(attempts(desk)) == 1


@pytest.mark.parametrize("way", ["telegram", "pay_in_store", "nobody"])
def test_a_way_that_cannot_be_had_here_is_not_taken(desk: Desk, way: str) -> None:
    order = ordered(desk)
    desk.say(action=encode(PayOrder(order.id, way)))
    (attempt,) = attempts(desk)
    assert attempt.provider == "fake"
    assert orders(desk)[0].state is OrderState.PENDING_PAYMENT
