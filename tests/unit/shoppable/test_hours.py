"""Hours to come at, on the pages and for machines: asked with the order, changed until it is ready."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from commerce.domain.collecting import CollectingRules
from commerce.domain.order import Order, OrderState
from commerce.wiring import Shop
from shoppable import coming
from tests.unit.shoppable.shopping import BELLECOUR, Agent, Browser, text_of


@pytest.fixture
def lea(app: Flask, shop: Shop) -> Browser:
    rules = CollectingRules("S1", slot_minutes=120, slot_capacity=1)
    shop.storage.write(lambda uow: shop.slots.set_rules(uow, rules, actor="staff:owner"))
    return Browser(app, shop)


@pytest.fixture
def described(client: FlaskClient) -> dict[str, Any]:
    return client.get("/api/v1/openapi.json").get_json()


def offered(html: str) -> list[str]:
    return [value for value in re.findall(r'name="slot" value="([^"]*)"', html) if value]


def chosen(shop: Shop, order: Order) -> str:
    with shop.storage.read() as uow:
        at = coming.slot_of(uow, order)
    return at.astimezone(UTC).isoformat() if at else ""


def to_bellecour(app: Flask, shop: Shop, sku: str = "P2-blue-M") -> Browser:
    browser = Browser(app, shop)
    browser.add(sku)
    browser.tell(**BELLECOUR)
    return browser


def test_the_hour_is_chosen_with_the_order(app: Flask, shop: Shop, lea: Browser) -> None:
    lea.add("P2-blue-M")
    lea.tell(**BELLECOUR)
    shown = lea.get("/checkout").text
    hours = offered(shown)
    assert len(hours) >= 3 and len(set(hours)) == len(hours)
    read = text_of(shown)
    assert "When would you like to collect it?" in read and "today" in read and "I will say later" in read
    assert lea.pay("pay_in_store", slot=hours[1]).status_code == 303
    order = lea.order()
    assert order.state is OrderState.PLACED and chosen(shop, order) == hours[1]
    page = lea.get(f"/orders/{order.id}").text
    assert "You come: today" in text_of(page) and "Another hour" in text_of(page)
    assert lea.get(f"/api/v1/orders/{order.id}").json["slot_at"] == hours[1]
    assert hours[1] not in offered(to_bellecour(app, shop, "P6-navy-38").get("/checkout").text), "it is full for others"


def test_full_meanwhile_offers_the_next_and_loses_nothing(app: Flask, shop: Shop, lea: Browser) -> None:
    lea.add("P2-blue-M")
    lea.tell(**BELLECOUR)
    hours = offered(lea.get("/checkout").text)
    to_bellecour(app, shop).pay("pay_in_store", slot=hours[0])
    answer = lea.pay("pay_in_store", slot=hours[0])
    assert answer.status_code == 409 and "That hour cannot be had any more" in text_of(answer.text)
    assert offered(answer.text) == hours[1:]
    kept = re.search(r'value="pay_in_store"[^>]* checked', answer.text)
    assert kept and re.search(r'name="terms" value="yes" required checked', answer.text)
    assert lea.cart() == {"P2-blue-M": 1} and lea.get("/api/v1/orders").json["orders"] == []
    assert lea.pay("pay_in_store", slot=hours[1]).status_code == 303


def test_what_was_said_stays_when_something_else_is_wrong(lea: Browser) -> None:
    lea.add("P2-blue-M")
    lea.tell(**BELLECOUR)
    hours = offered(lea.get("/checkout").text)
    answer = lea.post("/checkout/pay", provider="pay_in_store", total=lea.total(), slot=hours[2])
    assert answer.status_code == 422 and re.search(f'value="{re.escape(hours[2])}" required checked', answer.text)
    assert lea.pay("pay_in_store", slot="soon").status_code == 422


def test_later_and_another_hour_until_it_is_ready(app: Flask, shop: Shop, lea: Browser) -> None:
    order = lea.buy("P2-blue-M", **BELLECOUR)  # paid online, no hour said
    page = lea.get(f"/orders/{order.id}").text
    hours = offered(page)
    assert order.state is OrderState.PAID and "When would you like to collect it?" in text_of(page)
    path = f"/orders/{order.id}"
    mark = lea.get(f"{path}/mark").json["mark"]
    for hour in hours[:2]:
        assert lea.post(f"{path}/slot", slot=hour).status_code == 303
        assert chosen(shop, order) == hour
    assert lea.get(f"{path}/mark").json["mark"] != mark
    assert "Pick-up: today" in lea.read(f"{path}/receipt")
    Browser(app, shop).post(f"{path}/slot", slot=hours[0])
    assert chosen(shop, order) == hours[1], "a stranger changes nothing"
    taken = to_bellecour(app, shop)
    taken.pay("pay_in_store", slot=hours[0])
    refused = lea.post(f"{path}/slot", slot=hours[0])
    assert refused.status_code == 409 and "That hour cannot be had any more" in text_of(refused.text)
    for state in (OrderState.PREPARING, OrderState.READY):
        shop.storage.write(lambda uow, to=state: shop.orders.advance(uow, order.id, to, actor="staff:s1"))
    assert offered(lea.get(path).text) == [] and "You come: today" in lea.read(path)
    assert lea.post(f"{path}/slot", slot=hours[2]).status_code == 409


def test_one_that_waits_for_its_payment_keeps_its_hour(shop: Shop, lea: Browser) -> None:
    lea.add("P2-blue-M")
    lea.tell(**BELLECOUR)
    hours = offered(lea.get("/checkout").text)
    lea.play(lea.pay("fake", slot=hours[0]).headers["Location"], "decline")
    order = lea.order()
    assert order.state is OrderState.PENDING_PAYMENT and chosen(shop, order) == hours[0]
    assert re.search(f'value="{re.escape(hours[0])}" required checked', lea.get("/checkout").text)
    assert lea.post(f"/orders/{order.id}/slot", slot=hours[1]).status_code == 303
    assert chosen(shop, order) == hours[1]


def test_without_room_for_so_many_nothing_is_asked(app: Flask, shop: Shop) -> None:
    browser = to_bellecour(app, shop)
    assert "When would you like" not in browser.read("/checkout")
    assert browser.pay("pay_in_store").status_code == 303
    order = browser.order()
    assert "When would you like" not in browser.read(f"/orders/{order.id}")
    at = datetime(2026, 3, 10, 13, tzinfo=UTC).isoformat()
    refused = browser.post(f"/orders/{order.id}/slot", slot=at)
    assert refused.status_code == 409 and "This store gives no hours" in text_of(refused.text)


def test_machines_read_them_and_take_one(app: Flask, shop: Shop, lea: Browser, described: dict[str, Any]) -> None:
    agent = Agent(app, described)
    listed = agent.call("/stores/{store}/slots", "get", "/stores/S1/slots", 200)["slots"]
    assert [slot["left"] for slot in listed[:2]] == [1, 1] and listed[0]["words"].startswith("aujourd’hui")
    assert agent.call("/stores/{store}/slots", "get", "/stores/S2/slots", 200)["slots"] == []
    agent.call("/stores/{store}/slots", "get", "/stores/none/slots", 404)
    agent.put("P2-blue-M", quantity=1)
    pick_up = {"fulfilment": "pickup", "store": "S1", "expected_total_minor": 6500}
    agent.order("", 422, **pick_up, slot="noon")
    ordered = agent.order("first-order", **pick_up, slot=listed[0]["starts_at"])
    with shop.storage.read() as uow:
        order = uow.orders.get(ordered["id"])
    assert order is not None and chosen(shop, order) == listed[0]["starts_at"]
    other = Agent(app, described)
    other.put("P2-blue-M", quantity=1)
    refused = other.order("second-order", 409, **pick_up, slot=listed[0]["starts_at"])
    assert refused["code"] == "not_ordered_slot_full"
