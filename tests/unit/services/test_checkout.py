"""From a cart to an order: what it holds, what it replaces, and why it is refused; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, text

from commerce.domain.order import NotOrdered, OrderRefused, OrderSource, OrderState
from commerce.domain.payment import PaymentState, Placed
from commerce.domain.promotion import Promotion, PromotionKind
from commerce.domain.reservation import ReservationState
from commerce.domain.staff import StorePause
from tests.unit.services.till import HOME, SAM, Till


def test_an_order_holds_its_stock_and_waits_for_its_payment(till: Till):
    till.fill({"38": 1, "36": 2})
    placed = till.place()
    order = placed.order
    assert (order.state, order.total_minor) == (OrderState.PENDING_PAYMENT, 3 * 7900)
    assert order.expires_at == till.clock.now() + timedelta(minutes=35)
    assert (till.stock("38"), till.stock("36")) == ((1, 1), (4, 2))
    assert [line.title("fr") for line in order.lines] == ["Robe midi en lin, 36", "Robe midi en lin, 38"]
    attempt = placed.attempt
    assert (attempt.state, attempt.amount, attempt.next_check_at) == (
        PaymentState.CREATED,
        order.total,
        till.clock.now(),
    )
    assert attempt.idempotency_key
    assert attempt.expires_at == till.clock.now() + timedelta(minutes=30)
    assert len(till.cart().wanted) == 2, "until it is paid"
    assert order.pickup_code == ""
    assert till.wrong() == []


@pytest.mark.parametrize(("provider", "most"), [("fake", 24), ("pay_in_store", 28)])
def test_ordering_asks_nothing_twice(till: Till, provider: str, most: int):
    till.fill({"38": 1, "36": 2}, provider=provider)
    said: list[tuple[str, str]] = []

    def hear(connection, cursor, statement: str, values, context, many):
        said.append((statement, str(values)))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        till.place()
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    asked = [one for one in said if one[0].startswith("SELECT")]
    assert len(asked) > 8
    assert len(asked) == len(set(asked))
    assert len(said) <= most


def test_the_same_cart_again_is_the_same_order(till: Till):
    first = till.begun()
    again = till.place()
    assert (again.order.id, again.attempt.id) == (first.order.id, first.attempt.id)
    assert till.stock("38") == (1, 1)


def test_another_content_replaces_it_and_takes_its_stock_over(till: Till):
    first = till.begun()
    till.fill({"38": 1, "36": 1})
    second = till.place()
    assert second.order.id != first.order.id
    assert till.order(first).state is OrderState.CANCELLED
    assert f"replaced by order {second.order.number}" in till.notes(first)
    assert (till.stock("38"), till.stock("36")) == ((1, 1), (4, 1))
    assert till.fake.session(first.attempt.session_ref).state == "open"
    till.selling.paying.tick()
    assert till.fake.session(first.attempt.session_ref).state == "canceled"
    assert till.attempt(first.attempt.id).state is PaymentState.CANCELED
    assert till.wrong() == []


def test_a_replacement_that_cannot_be_had_leaves_the_first_as_it_was(till: Till):
    first = till.begun()
    till.fill({"38": 1, "36": 1})
    till.set_stock("36", 0)
    refused = till.try_place()
    assert refused == OrderRefused(NotOrdered.SOLD_OUT, (till.variants["36"],))
    assert till.order(first).state is OrderState.PENDING_PAYMENT
    assert till.stock("38") == (1, 1)


def test_ones_own_reservation_becomes_part_of_the_order(till: Till):
    reserved = till.reserve("38")
    till.fill({"38": 1}, contact=SAM)
    assert till.try_place(SAM) == OrderRefused(NotOrdered.SOLD_OUT, (till.variants["38"],))
    till.fill({"38": 1})
    assert till.quote().lines[0].available == 1, "a hold never counts against its owner"
    placed = till.place()
    with till.storage.read() as uow:
        over = uow.reservations.get(reserved.id)
        assert over.state is ReservationState.CANCELLED
        assert uow.reservations.events(reserved.id)[-1].note == f"became order {placed.order.number}"
    assert till.stock("38") == (1, 1)
    assert till.wrong() == []


def test_a_reservation_of_more_than_the_cart_stays(till: Till):
    reserved = till.reserve("38", "36")
    till.fill({"36": 1})
    till.place()
    with till.storage.read() as uow:
        assert uow.reservations.get(reserved.id).is_open
    assert till.stock("36") == (4, 2)


def test_a_total_that_was_not_shown_is_refused(till: Till):
    till.fill()
    shown = till.quote().totals.total_minor
    till.set_price("38", 8900)
    assert till.try_place(expected=shown) == OrderRefused(NotOrdered.PRICE_CHANGED)
    assert till.stock("38") == (1, 0)
    assert isinstance(till.try_place(expected=8900), Placed)


def test_the_price_is_frozen_when_it_is_held(till: Till):
    placed = till.begun()
    till.set_price("38", 9900)
    till.pay(placed)
    till.hear()
    order = till.order(placed)
    assert (order.state, order.total_minor, order.paid_minor) == (OrderState.PAID, 7900, 7900)


def test_paying_at_the_counter_places_it_at_once(till: Till):
    till.fill(provider="pay_in_store")
    placed = till.place()
    order = placed.order
    assert order.state is OrderState.PLACED
    assert order.pickup_code
    assert order.expires_at.isoformat() == "2026-03-11T19:00:00+01:00", "like a reservation: the next day's closing"
    assert placed.attempt.state is PaymentState.REQUIRES_ACTION
    assert till.cart().wanted == ()
    assert till.news() == [("order_placed", {"order_id": order.id})]
    again = till.place()
    assert again.order.id == order.id, "a button pressed twice orders once"
    assert till.wrong() == []


def test_from_a_provider_to_the_counter_and_back(till: Till):
    first = till.begun()
    till.fill(provider="pay_in_store")
    at_counter = till.place()
    assert at_counter.order.id == first.order.id
    assert at_counter.order.state is OrderState.PLACED
    assert till.stock("38") == (1, 1)
    till.selling.paying.tick()
    assert till.fake.session(first.attempt.session_ref).state == "canceled"
    assert till.wrong() == []


def test_another_attempt_after_a_refusal_keeps_the_order(till: Till):
    first = till.begun(email="lea+start-declined@example.org")
    assert till.attempt(first.attempt.id).state is PaymentState.FAILED
    assert till.kinds_of_news() == ["payment_failed"]
    again = till.place()
    assert again.order.id == first.order.id
    assert again.attempt.id != first.attempt.id
    assert again.attempt.idempotency_key != first.attempt.idempotency_key


@pytest.mark.parametrize(
    ("fill", "reason"),
    [
        ({"lines": {}}, NotOrdered.EMPTY),
        ({"lines": {"40": 1}}, NotOrdered.SOLD_OUT),
        ({"lines": {"38": 2}}, NotOrdered.SOLD_OUT),
        ({"lines": {"36": 21}}, NotOrdered.QUANTITY),
        ({"fulfilment": None}, NotOrdered.NO_FULFILMENT),
        ({"store_id": ""}, NotOrdered.NO_FULFILMENT),
        ({"pickup": "GONE", "lines": {"36": 1}}, NotOrdered.STORE_NOT_OPEN),
        ({"pickup": "WEB"}, NotOrdered.STORE_NOT_OPEN),
        ({"pickup": "nowhere"}, NotOrdered.STORE_NOT_OPEN),
        ({"pickup": "", "address": None}, NotOrdered.NO_ADDRESS),
        ({"provider": "unheard-of"}, NotOrdered.NO_PROVIDER),
        ({"provider": ""}, NotOrdered.NO_PROVIDER),
        ({"pickup": "", "provider": "pay_in_store"}, NotOrdered.NO_PROVIDER),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_taken(till: Till, fill: dict, reason: NotOrdered):
    till.fill(**fill)
    refused = till.try_place()
    assert isinstance(refused, OrderRefused)
    assert refused.reason is reason
    assert reason in till.quote().missing
    assert [till.stock(size)[1] for size in ("36", "38", "40")] == [0, 0, 0]


def test_no_parcel_goes_there(till: Till):
    till.fill(pickup="", address=replace(HOME, country="US"))
    assert till.try_place() == OrderRefused(NotOrdered.NO_DELIVERY_THERE)


def test_somebody_on_a_page_says_how_to_be_reached_and_somebody_in_a_chat_need_not(till: Till):
    till.fill(contact=SAM, email="")
    assert till.try_place(SAM) == OrderRefused(NotOrdered.NO_CONTACT)
    assert isinstance(till.try_place(SAM, source=OrderSource.BOT), Placed)


def test_a_paused_store_says_when_it_goes_on(till: Till):
    until = till.clock.now() + timedelta(minutes=30)
    till.storage.write(lambda uow: uow.pauses.put(StorePause("S1", until, "", "staff:nadia")))
    till.fill()
    assert till.try_place() == OrderRefused(NotOrdered.STORE_PAUSED, resumes_at=until)
    till.clock.advance(timedelta(minutes=31))
    assert isinstance(till.try_place(), Placed)


def test_one_person_cannot_hold_the_shop(till: Till):
    for _ in range(3):
        till.fill({"36": 1}, provider="pay_in_store")
        till.place()
        till.clock.advance(timedelta(minutes=3))
    till.fill({"36": 1})
    assert till.try_place() == OrderRefused(NotOrdered.TOO_MANY_OPEN)


def test_safety_stock_is_not_sold_online(till: Till):
    till.storage.write(lambda uow: uow.transaction.execute(text("UPDATE stock SET safety = 3")))
    till.fill({"36": 2})
    assert till.quote().lines[0].available == 1
    assert till.try_place() == OrderRefused(NotOrdered.SOLD_OUT, (till.variants["36"],))


def test_a_parcel_comes_from_the_stock_that_has_all_of_it(till: Till):
    till.fill({"36": 1, "book": 1}, pickup="")
    quote = till.quote()
    assert quote.store_id == "WEB"
    assert quote.totals.delivery_minor == 490
    placed = till.place()
    assert till.stock("36", "WEB") == (4, 1)
    assert [(tax.rate_bp, tax.tax_minor) for tax in placed.order.taxes] == [(550, 104), (2000, 1399)]
    assert placed.order.total_minor == 7900 + 2000 + 490


def test_delivery_is_free_from_a_value_on(till: Till):
    till.fill({"36": 2}, pickup="")
    assert till.quote().totals.delivery_minor == 0


def promotion(till: Till, **changes: object) -> None:
    values: dict = {"code": "MARS10", "kind": PromotionKind.PERCENT, "value": 1000, "currency": "EUR", **changes}
    till.storage.write(lambda uow: uow.promotions.put(Promotion(**values)))


def uses(till: Till) -> int:
    with till.storage.read() as uow:
        return uow.promotions.get("MARS10").uses


def test_a_promotion_counts_orders_that_are_not_over_unpaid(till: Till):
    promotion(till, max_uses=1)
    till.fill({"36": 1}, coupon="MARS10")
    placed = till.place()
    assert (placed.order.total_minor, placed.order.coupon, uses(till)) == (7110, "MARS10", 1)
    assert till.quote().not_applied is None, "its own use does not count against it"
    assert till.place().order.id == placed.order.id
    till.fill({"36": 2}, coupon="MARS10")
    replaced = till.place()
    assert (replaced.order.total_minor, uses(till)) == (14220, 1)
    till.fill({"36": 1}, coupon="MARS10", contact=SAM)
    assert till.quote(SAM).not_applied == "used_up"
    assert till.place(SAM).order.total_minor == 7900
    till.later(minutes=36)
    assert uses(till) == 0
    assert till.wrong() == []


def test_a_promotion_once_a_person(till: Till):
    promotion(till, once_per_customer=True)
    till.paid(lines={"36": 1}, coupon="MARS10")
    till.fill({"36": 1}, coupon="MARS10")
    assert till.quote().not_applied == "used_by_you"


def test_what_costs_nothing_is_paid_when_it_is_placed(till: Till):
    promotion(till, value=10_000)
    till.fill({"36": 1}, coupon="MARS10", provider="")
    placed = till.place()
    assert (placed.order.state, placed.order.total_minor) == (OrderState.PAID, 0)
    assert till.stock("36") == (3, 0)
    assert till.kinds_of_news() == ["order_paid"]
    assert till.cart().wanted == ()
    till.selling.paying.tick()
    assert till.wrong() == []


def test_two_people_who_became_one_do_not_block_themselves(till: Till):
    sams = till.begun(SAM)
    till.fill({"38": 1})
    assert till.quote().lines[0].available == 0
    customer_id = till.customer()
    till.storage.write(lambda uow: uow.orders.set_customer([sams.order.id], customer_id))
    assert till.quote().lines[0].available == 1
    again = till.place()
    assert again.order.id == sams.order.id, "it is the same order"
    till.fill({"38": 1, "36": 1})
    placed = till.place()
    assert till.order(sams).state is OrderState.CANCELLED
    assert (till.order(placed).state, till.stock("38")) == (OrderState.PENDING_PAYMENT, (1, 1))
    assert till.wrong() == []
