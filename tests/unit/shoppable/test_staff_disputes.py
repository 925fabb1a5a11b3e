"""A payment that a bank asks back: what the team sees of it, and that its shopper sees nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from commerce.domain.dispute import DisputeState
from commerce.domain.team import Role
from commerce.payments.fake import FakeProvider
from commerce.wiring import Shop
from shoppable import create_app
from shoppable.pages.fake_payment import tell_the_shop
from tests.unit.shoppable.shop_values import KEY
from tests.unit.shoppable.shopping import Browser, text_of
from tests.unit.shoppable.staffing import StaffBrowser, add_member

ON_BOARD = "The customer’s bank asks for this money back: ask before you hand it over."


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop(api_keys=KEY, fake_payments=True)


@pytest.fixture
def app(shop: Shop) -> Flask:
    return create_app(shop)


@pytest.fixture
def order(lea: Browser) -> str:
    """Paid, 65.00, to be picked up at S1."""
    return lea.buy("P2-blue-M", how="pickup", store="S1").id


def disputed(shop: Shop, order: str, state: DisputeState) -> None:
    provider = shop.providers["fake"]
    assert isinstance(provider, FakeProvider)
    with shop.storage.read() as uow:
        (attempt,) = uow.payments.of_order(order)
    provider.control.dispute(attempt.session_ref, state)
    tell_the_shop(shop)


def test_the_team_sees_it_on_the_order_the_list_and_the_board(app: Flask, shop: Shop, order: str) -> None:
    nadia = StaffBrowser(app, shop, add_member(shop, "nadia"))
    disputed(shop, order, DisputeState.NEEDS_RESPONSE)
    page = text_of(nadia.get(f"/staff/orders/{order}").text)
    assert "Dispute €65.00 · the bank asks for the money back · withheld until then fraudulent" in page
    assert "nothing can be given back until it has decided" in page and "Give back, up to" not in page
    assert "Dispute" in text_of(nadia.get("/staff/orders").text)
    assert ON_BOARD in text_of(nadia.get("/staff").text)
    assert ON_BOARD in text_of(nadia.get(f"/staff/pick-ups/order/{order}").text)
    refused = nadia.post(f"/staff/orders/{order}/refund", {"amount": "5"})
    assert refused.status_code == 409 and "The customer’s bank is asking for this money" in text_of(refused.text)


def test_the_refund_of_another_system_is_refused_too(app: Flask, shop: Shop, order: str) -> None:
    disputed(shop, order, DisputeState.UNDER_REVIEW)
    answer = app.test_client().post(
        f"/api/v1/orders/{order}/refunds", json={"reason": "goodwill"}, headers={"Authorization": f"Bearer {KEY}"}
    )
    assert (answer.status_code, answer.json["code"]) == (409, "not_refunded_disputed"), answer.text


def test_lost_it_is_shown_as_gone(app: Flask, shop: Shop, order: str) -> None:
    olga = StaffBrowser(app, shop, add_member(shop, "olga", Role.OWNER))
    disputed(shop, order, DisputeState.LOST)
    page = text_of(olga.get(f"/staff/orders/{order}").text)
    assert "over: the bank has given the money back" in page and "withheld" not in page
    assert ON_BOARD not in text_of(olga.get("/staff").text)


@pytest.mark.parametrize("state", list(DisputeState))
def test_its_shopper_sees_nothing_of_it(app: Flask, shop: Shop, lea: Browser, order: str, state: DisputeState) -> None:
    before = text_of(lea.get(f"/orders/{order}").text)
    disputed(shop, order, state)
    after = text_of(lea.get(f"/orders/{order}").text)
    for word in ("ispute", "bank asks", "fraud", "withheld"):
        assert word not in after
    if state is not DisputeState.LOST:
        assert after == before
