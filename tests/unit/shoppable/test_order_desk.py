"""Orders as staff work on them, by machine: all sources in one list, moved on by version, money given back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from commerce.domain.order import OrderState
from commerce.wiring import Shop
from shoppable import create_app
from tests.unit.shoppable.api_description import check
from tests.unit.shoppable.shop_values import KEY
from tests.unit.shoppable.shopping import ADDRESS, BEARER, BELLECOUR, HOST, V1, Agent, Browser


def desk(client: FlaskClient, described: dict[str, Any], path: str, to: str, status: int, /, **body: Any) -> Any:
    answer: TestResponse = client.post(f"{V1}{to}", base_url=HOST, headers=BEARER, json=body)
    assert answer.status_code == status, answer.text
    return check(described, f"{V1}{path}", "post", answer)


def test_all_orders_of_every_source_in_one_list(
    client: FlaskClient, described: dict[str, Any], lea: Browser, agent: Agent
) -> None:
    web = lea.buy("P1-navy-38")
    agent.put("P4-brown-", quantity=1)
    by_agent = agent.order("an-agent-key", expected_total_minor=12490)
    line = [{"sku": "P2-blue-M", "quantity": 1}]
    phone = desk(
        client,
        described,
        "/orders",
        "/orders",
        201,
        source="phone",
        store="S1",
        fulfilment="pickup",
        lines=line,
        name="Sam",
        phone="+33 6 11 11 11 11",
    )
    counter = desk(
        client, described, "/orders", "/orders", 201, source="counter", store="S1", fulfilment="pickup", lines=line
    )
    market = desk(
        client,
        described,
        "/orders",
        "/orders",
        201,
        source="marketplace",
        store="WEB",
        fulfilment="delivery",
        lines=[{"sku": "P1-navy-38", "quantity": 1, "unit_price_minor": 7500}],
        address=ADDRESS,
        reference="M-1",
    )
    again = desk(
        client,
        described,
        "/orders",
        "/orders",
        201,
        source="marketplace",
        store="WEB",
        fulfilment="delivery",
        lines=[{"sku": "P1-navy-38", "quantity": 1, "unit_price_minor": 7500}],
        address=ADDRESS,
        reference="M-1",
    )
    assert again["id"] == market["id"] and phone["state"] == "placed"

    def listed(**query: str) -> list[str]:
        answer = client.get(f"{V1}/orders", query_string=query, base_url=HOST, headers=BEARER)
        return [each["id"] for each in check(described, f"{V1}/orders", "get", answer)["orders"]]

    assert listed() == [market["id"], counter["id"], phone["id"], by_agent["id"], web.id]
    assert listed(source="phone") == [phone["id"]] and listed(state="paid", source="web") == [web.id]
    assert listed(store="S1") == [counter["id"], phone["id"]] and listed(before=str(by_agent["number"])) == [web.id]
    assert client.get(f"{V1}/orders?state=lost", base_url=HOST, headers=BEARER).status_code == 400


def test_moving_on_with_the_version_that_was_seen(client: FlaskClient, described: dict[str, Any], lea: Browser) -> None:
    order = lea.buy("P1-navy-38", **BELLECOUR)
    path, address = "/orders/{order}/state", f"/orders/{order.id}/state"
    assert (
        desk(client, described, path, address, 409, state="preparing", version=order.version - 1)["code"]
        == "not_advanced_changed"
    )
    moved = desk(client, described, path, address, 200, state="preparing", version=order.version)
    assert moved["state"] == "preparing" and moved["version"] == order.version + 1
    assert desk(client, described, path, address, 409, state="shipped", version=0)["code"] == "not_advanced_changed"
    assert desk(client, described, path, address, 409, state="expired")["code"] == "not_advanced_not_allowed"
    assert desk(client, described, path, f"/orders/{'0' * 32}/state", 404, state="ready")["code"] == "no_such_order"


def test_paid_at_the_counter_and_given_back(client: FlaskClient, described: dict[str, Any], lea: Browser) -> None:
    order = lea.buy("P2-blue-M", provider="pay_in_store", **BELLECOUR)
    refund = f"/orders/{order.id}/refunds"
    assert (
        desk(client, described, "/orders/{order}/refunds", refund, 409, reason="goodwill", amount_minor=1)["code"]
        == "not_refunded_not_paid"
    )
    for _ in range(2):
        paid = desk(client, described, "/orders/{order}/paid", f"/orders/{order.id}/paid", 200)
        assert paid["state"] == "paid" and paid["paid_minor"] == 6500
    assert (
        desk(client, described, "/orders/{order}/refunds", refund, 409, reason="return", amount_minor=6501)["code"]
        == "not_refunded_too_much"
    )
    asked = desk(client, described, "/orders/{order}/refunds", refund, 202, reason="return", amount_minor=1000)
    assert [each["amount_minor"] for each in asked["refunds"]] == [1000]
    rest = desk(client, described, "/orders/{order}/refunds", refund, 202, reason="goodwill")
    assert sum(each["amount_minor"] for each in rest["refunds"]) == 5500


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong-wrong-wrong-wrong"}, {"Authorization": f"Basic {KEY}"}]
)
def test_the_desk_is_for_keys_alone(client: FlaskClient, lea: Browser, headers: dict[str, str]) -> None:
    order = lea.buy("P1-navy-38", **BELLECOUR)
    for path, body in (
        (
            "/orders",
            {
                "source": "counter",
                "store": "S1",
                "fulfilment": "pickup",
                "lines": [{"sku": "P2-blue-M", "quantity": 1}],
            },
        ),
        (f"/orders/{order.id}/state", {"state": "completed"}),
        (f"/orders/{order.id}/refunds", {"reason": "goodwill"}),
        (f"/orders/{order.id}/paid", {}),
    ):
        assert lea.send("POST", f"{V1}{path}", json=body, headers=headers).status_code == 401, path
    assert lea.order().state is OrderState.PAID
    if headers:
        assert client.get(f"{V1}/orders", base_url=HOST, headers=headers).status_code == 401


def test_without_keys_there_is_no_desk(make_shop: Callable[..., Shop]) -> None:
    client = create_app(make_shop(fake_payments=True)).test_client()
    assert client.post(f"{V1}/orders", base_url=HOST, json={}).status_code == 405
    assert client.post(f"{V1}/orders/{'0' * 32}/state", base_url=HOST, json={}).status_code == 404


def test_what_cannot_be_entered(shop: Shop, client: FlaskClient, described: dict[str, Any]) -> None:
    def enter(status: int, **changes: Any) -> str:
        body = {
            "source": "counter",
            "store": "S1",
            "fulfilment": "pickup",
            "lines": [{"sku": "P2-blue-M", "quantity": 1}],
        }
        code: str = desk(client, described, "/orders", "/orders", status, **{**body, **changes})["code"]
        return code

    assert enter(404, lines=[{"sku": "NOPE", "quantity": 1}]) == "no_such_variant"
    assert enter(409, lines=[{"sku": "P2-blue-M", "quantity": 20}]) == "not_entered_sold_out"
    assert enter(409, store="S9") == "not_entered_no_such_store"
    assert enter(409, fulfilment="delivery") == "not_entered_no_address"
    assert enter(422, source="web") == "bad_body" and enter(422, lines=[]) == "bad_body"
    assert enter(404, customer="0" * 32) == "no_such_customer"
