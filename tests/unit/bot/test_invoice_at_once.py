"""« payer » where the chat has invoices: one order with the summary, and only where nothing is left to decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.channels.recorder.send import CAPABILITIES, Recorder
from bot.conversation.actions import ChangeCheckout, CollectAt, Pay, PlaceOrder, ShipIt, encode
from bot.messages import Invoice
from commerce.clock import ManualClock
from commerce.domain.cart import CheckoutDraft, Fulfilment
from commerce.domain.order import Order, OrderState
from commerce.domain.payment import PaymentAttempt
from commerce.domain.promotion import Promotion, PromotionKind
from commerce.ports import UnitOfWork
from commerce.wiring import Shop
from tests.unit.bot.conftest import Desk
from vitrine.standins.telegram import PROVIDER_TOKEN

BOT = "700700700"
HELD, ABOVE = "everything is held for you until", "Its invoice is above, in this chat."


class InMemoryTelegram(Recorder):
    """The recorder's events and memory, under the name whose way to pay is an invoice."""

    name, account = "telegram", BOT


@pytest.fixture
def make_desk(make_shop: Callable[..., Shop]) -> Callable[..., Desk]:
    def make(**changes: object) -> Desk:
        known = {"telegram_token": f"{BOT}:" + "t" * 30, "telegram_api_url": "http://127.0.0.1:1"}
        known |= {"telegram_payment_token": PROVIDER_TOKEN, "delivery_countries": "FR"}
        shop = make_shop(**(known | {"fake_payments": True} | changes))
        paid_here = bool(shop.settings.secrets_of("telegram_payment_token"))
        return Desk(shop, InMemoryTelegram(shop.media, replace(CAPABILITIES, invoices=paid_here)))

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()


def put_in(desk: Desk, *skus: str, store_id: str = "S1", coupon: str = "") -> None:
    """In Léa's cart, and where it is collected: known already."""

    def work(uow: UnitOfWork) -> None:
        customer = desk.shop.customers.recognise(uow, desk.contact(), name="Léa", language="en")
        for sku in skus:
            found = uow.products.by_sku(sku)
            assert found is not None
            desk.shop.carts.add(uow, customer.id, found[1].id)
        if store_id:
            draft = CheckoutDraft(fulfilment=Fulfilment.PICKUP, store_id=store_id)
            desk.shop.carts.set_draft(uow, customer.id, draft)
        if coupon:
            assert isinstance(desk.shop.carts.apply_coupon(uow, customer.id, coupon), Promotion)

    desk.shop.storage.write(work)


def orders(desk: Desk) -> list[Order]:
    with desk.shop.storage.read() as uow:
        return sorted(uow.orders.find(), key=lambda order: order.number)


def attempts(desk: Desk, order: Order) -> list[PaymentAttempt]:
    with desk.shop.storage.read() as uow:
        return uow.payments.of_order(order.id)


def invoices(desk: Desk) -> list[Invoice]:
    return [m.invoice for sent in desk.recorder.sent_to(desk.contact()) for m in sent.outgoing if m.invoice]


def labels(desk: Desk) -> list[str]:
    """Of the last summary."""
    shown = [m for sent in desk.recorder.sent_to(desk.contact()) for m in sent.outgoing if m.text.startswith("Summary")]
    return [button.label for row in shown[-1].rows for button in row]


@pytest.mark.parametrize("asked", [{"text": "pay"}, {"action": encode(Pay())}])
def test_one_order_and_one_invoice_however_often_it_is_said(desk: Desk, asked: dict[str, str]) -> None:
    put_in(desk, "P3-white-42")
    first, *more = desk.say(**asked)
    assert "Total: €89.90" in first and HELD in first and ABOVE not in first
    assert more, "the invoice follows"
    assert labels(desk) == ["Payment link", "Pay in store", "Add an e-mail or phone", "Change", "Cancel"]
    for _ in range(3):
        (again,) = desk.say(**asked)
        assert HELD in again and ABOVE in again
    desk.say(action=encode(PlaceOrder("telegram", 8990)))  # of a summary further up
    (order,) = orders(desk)
    (attempt,) = attempts(desk, order)
    (invoice,) = invoices(desk)
    assert (invoice.total_minor, invoice.reference) == (8990, attempt.id)


def test_twice_before_anything_was_answered(desk: Desk) -> None:
    put_in(desk, "P3-white-42")
    desk.accept(desk.event("pay"), desk.event("pay"))
    desk.worker.run_until_quiet()
    assert len(orders(desk)) == len(invoices(desk)) == 1


def test_a_parcel_is_ordered_once_its_address_is_confirmed(desk: Desk) -> None:
    put_in(desk, "P4-brown", store_id="")
    desk.say("pay")
    desk.say(action=encode(ShipIt()))
    desk.say("Léa Martin, 12 rue de la République, 69002 Lyon")
    assert orders(desk) == []
    assert HELD in desk.say("yes")[0]
    assert [order.total_minor for order in orders(desk)] == [12490]
    assert [invoice.total_minor for invoice in invoices(desk)] == [12490]


def test_changed_after_the_invoice_it_is_another_order_with_another_invoice(desk: Desk) -> None:
    put_in(desk, "P1-navy-38")
    desk.say("pay")
    desk.say(action=encode(ChangeCheckout("how")))
    desk.say(action=encode(CollectAt("S2")))
    desk.worker.run_until_quiet()
    assert [(order.store_id, order.state) for order in orders(desk)] == [
        ("S1", OrderState.CANCELLED),
        ("S2", OrderState.PENDING_PAYMENT),
    ]
    assert len(invoices(desk)) == 2


def test_what_is_being_paid_on_a_page_is_left_alone(desk: Desk) -> None:
    put_in(desk, "P3-white-42")
    desk.say("pay")
    desk.say(action=encode(PlaceOrder("fake", 8990)))
    (order,) = orders(desk)
    before = attempts(desk, order)[-1]
    assert before.provider == "fake"
    (text,) = desk.say("pay")
    assert HELD not in text
    assert labels(desk)[:3] == ["Pay", "Payment link", "Pay in store"]
    assert attempts(desk, order)[-1] == before
    assert len(invoices(desk)) == 1


def test_what_costs_nothing_waits_for_a_tap(desk: Desk) -> None:
    desk.shop.storage.write(lambda uow: uow.promotions.put(Promotion("GIFT", PromotionKind.PERCENT, 10000, "EUR")))
    put_in(desk, "P3-white-42", coupon="GIFT")
    (text,) = desk.say("pay")
    assert "Summary" in text and "Order" in labels(desk)
    assert orders(desk) == []


def test_a_code_that_counts_no_longer_is_nothing_to_order_with(desk: Desk, clock: ManualClock) -> None:
    ends = clock.now() + timedelta(hours=1)
    code = Promotion("SPRING10", PromotionKind.PERCENT, 1000, "EUR", ends_at=ends)
    desk.shop.storage.write(lambda uow: uow.promotions.put(code))
    put_in(desk, "P3-white-42", coupon="SPRING10")
    clock.advance(timedelta(hours=2))
    (text,) = desk.say("pay")
    assert "Total: €89.90" in text and "Pay" in labels(desk)
    assert orders(desk) == [] and invoices(desk) == []


def test_too_many_open_orders_are_refused_in_words(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(max_open_reservations=1)
    put_in(desk, "P2-blue-m")
    desk.say("pay")
    desk.say(action=encode(PlaceOrder("pay_in_store", 6500)))
    put_in(desk, "P3-white-42")
    (text,) = desk.say("pay")
    assert "as many unpaid orders as one person may have" in text
    assert [order.state for order in orders(desk)] == [OrderState.PLACED]


def test_without_a_provider_of_invoices_it_stays_two_taps(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(telegram_payment_token="")
    put_in(desk, "P3-white-42")
    (text,) = desk.say("pay")
    assert "Summary" in text and HELD not in text
    assert labels(desk)[:2] == ["Pay", "Pay in store"]
    assert orders(desk) == []


def test_an_invoice_may_be_the_only_way_there_is(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(fake_payments=False)
    put_in(desk, "P4-brown", store_id="")
    desk.say(action=encode(ShipIt()))
    desk.say("Léa Martin, 12 rue de la République, 69002 Lyon")
    assert HELD in desk.say("yes")[0]
    assert labels(desk) == ["Add an e-mail or phone", "Change", "Cancel"]
    assert len(invoices(desk)) == 1
