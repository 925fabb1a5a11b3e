"""Where an order is: for whoever it belongs to without a number, for nobody else without a code."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.channels.recorder.send import Recorder
from bot.conversation.actions import CancelOrder, OrderStatus, PlaceOrder, encode
from bot.conversation.order_status import CODE_TRIES, CODES_A_DAY
from commerce.clock import ManualClock
from commerce.domain.cart import CheckoutDraft, Fulfilment
from commerce.domain.order import OrderState
from commerce.wiring import Shop
from tests.unit.bot.conftest import Desk

CODE = re.compile(r"\b[A-Z]{3}-\d{3}\b")


@pytest.fixture
def desk(make_shop: Callable[..., Shop]) -> Desk:
    shop = make_shop(fake_payments=True)
    return Desk(shop, Recorder(shop.media))


def an_order(desk: Desk, address: str, *, way: str = "pay_in_store") -> tuple[str, int]:
    """Somebody orders the sneakers; id and number."""
    shop = desk.shop

    def fill(uow) -> None:
        found = uow.products.by_sku("P2-blue-m")
        customer = shop.customers.recognise(uow, desk.contact(address), name=address.title(), language="en")
        shop.carts.add(uow, customer.id, found[1].id)
        shop.carts.set_draft(uow, customer.id, CheckoutDraft(fulfilment=Fulfilment.PICKUP, store_id="S1"))

    shop.storage.write(fill)
    desk.say(action=encode(PlaceOrder(way, 6500)), address=address)
    with shop.storage.read() as uow:
        order = uow.orders.find(limit=1)[0]
    return order.id, order.number


def test_whoever_has_one_order_needs_no_number(desk: Desk) -> None:
    _, number = an_order(desk, "lea")
    (text,) = desk.say("where is my order?")
    assert f"Order {number}" in text and "to be paid at Lyon Bellecour" in text and "€65.00" in text


def test_a_number_of_one_s_own_is_shown(desk: Desk) -> None:
    _, number = an_order(desk, "lea")
    (text,) = desk.say(f"my order {number}")
    assert f"Order {number}" in text and CODE.search(text)


def test_somebody_else_s_number_looks_like_one_that_does_not_exist(desk: Desk) -> None:
    _, number = an_order(desk, "lea")
    foreign = desk.say(f"my order {number}", address="sam")
    missing = desk.say("my order 999999", address="kim")
    assert [text.replace(str(number), "#") for text in foreign] == [text.replace("999999", "#") for text in missing]
    assert "€65.00" not in foreign[0]


def test_a_code_sent_to_the_order_s_chat_opens_it_once(desk: Desk) -> None:
    _, number = an_order(desk, "lea")
    desk.say("where is my order?", address="sam")
    desk.say(str(number), address="sam")
    code = CODE.search(desk.texts("lea")[-1])
    assert code
    (text,) = desk.say(code.group(), address="sam")
    assert f"Order {number}" in text and "Denim jacket" in text
    assert not CODE.search(text), "the code of the counter stays with its owner"
    assert "€65.00" not in " ".join(desk.say(code.group(), address="sam"))


def test_a_code_lasts_ten_minutes_and_takes_few_tries(desk: Desk, clock: ManualClock) -> None:
    _, number = an_order(desk, "lea")
    desk.say(f"my order {number}", address="sam")
    code = CODE.search(desk.texts("lea")[-1])
    assert code
    wrong = "AAA-000" if code.group() != "AAA-000" else "AAA-001"
    for _ in range(CODE_TRIES):
        desk.say(wrong, address="sam", after_s=15)
    assert "€65.00" not in " ".join(desk.say(code.group(), address="sam"))
    desk.say(f"my order {number}", address="kim")
    code = CODE.search(desk.texts("lea")[-1])
    assert code
    clock.advance(timedelta(minutes=11))
    assert "€65.00" not in " ".join(desk.say(code.group(), address="kim"))


def test_nobody_fishes_for_numbers_nor_fills_a_stranger_s_chat(desk: Desk) -> None:
    _, number = an_order(desk, "lea")
    before = len(desk.texts("lea"))
    for _ in range(CODES_A_DAY + 3):
        desk.say(f"my order {number}", address="sam", after_s=15)
    for address in ("kim", "joe", "ann"):
        desk.say(f"my order {number}", address=address, after_s=15)
    assert len(desk.texts("lea")) - before <= CODES_A_DAY


def test_an_order_is_called_off_by_its_owner_after_a_question(desk: Desk) -> None:
    order_id, number = an_order(desk, "lea")
    assert "I cannot find this order." in desk.say(action=encode(CancelOrder(order_id, 1)), address="sam")[0]
    assert desk.say(action=encode(OrderStatus(order_id)), address="sam") == ["I cannot find this order."]
    (asked,) = desk.say(action=encode(CancelOrder(order_id)))
    assert f"Cancel order {number}" in asked
    desk.say(action=encode(CancelOrder(order_id, 1)))
    with desk.shop.storage.read() as uow:
        order = uow.orders.get(order_id)
    assert order is not None and order.state is OrderState.CANCELLED
