"""Carts, checkout and orders by machine: as described, once each, and nobody else's."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from commerce.clock import ManualClock
from commerce.domain.order import OrderState
from commerce.domain.stock import MovementReason
from commerce.wiring import Shop
from shoppable import create_app
from shoppable.api import idempotency
from shoppable.site import site_of
from tests.unit.shoppable.conftest import KEY
from tests.unit.shoppable.shopping import BELLECOUR, HOME, HOST, Browser
from tests.unit.shoppable.test_api import check

BEARER = {"Authorization": f"Bearer {KEY}"}
V1 = "/api/v1"
ADDRESS = {"name": "Sam", "line1": "1 rue Mercière", "postcode": "69002", "city": "Lyon", "country": "FR"}
ORDER: dict[str, Any] = {
    "name": "Sam", "email": "sam@example.com", "fulfilment": "delivery", "address": ADDRESS, "provider": "fake",
    "terms_accepted": True, "expected_total_minor": 8390,
}  # fmt: skip


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop(api_keys=KEY, fake_payments=True)


@pytest.fixture
def lea(app: Flask, shop: Shop) -> Browser:
    return Browser(app, shop)


@pytest.fixture
def described(client: FlaskClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get(f"{V1}/openapi.json").json
    return document


class Agent:
    """A machine without cookies: what it knows is the id of its cart."""

    def __init__(self, app: Flask, described: dict[str, Any]) -> None:
        self.client, self.described = app.test_client(use_cookies=False), described
        self.cart = self.call("/carts", "post", "/carts", 201)["id"]

    def call(self, path: str, method: str, address: str, status: int, **more: Any) -> Any:
        answer = self.client.open(f"{V1}{address}", method=method.upper(), base_url=HOST, **more)
        assert answer.status_code == status, answer.text
        return check(self.described, f"{V1}{path}", method, answer)

    def put(self, sku: str, status: int = 200, **line: Any) -> Any:
        return self.call("/carts/{cart}/lines/{sku}", "put", f"/carts/{self.cart}/lines/{sku}", status, json=line)

    def order(self, key: str, status: int = 201, **more: Any) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return self.call("/checkout", "post", "/checkout", status, json={"cart": self.cart, **ORDER, **more}, headers=headers)


@pytest.fixture
def agent(app: Flask, described: dict[str, Any]) -> Agent:
    return Agent(app, described)


# --- carts


def test_a_browsers_cart(described: dict[str, Any], lea: Browser) -> None:
    line = f"{V1}/carts/lines/P1-navy-38"
    put = lea.send("PUT", line, json={"quantity": 2})
    cart = check(described, f"{V1}/carts/lines/{{sku}}", "put", put)
    assert [(each["sku"], each["quantity"], each["unit_price_minor"]) for each in cart["lines"]] == [("P1-navy-38", 2, 7900)]
    assert cart["totals"]["total_minor"] == 15800 and cart["units"] == 2 and "no_fulfilment" in cart["missing"]
    lea.send("PUT", line, json={"quantity": 1})
    aside = check(described, f"{V1}/carts/lines/{{sku}}", "put", lea.send("PUT", line, json={"saved": True}))
    assert aside["lines"] == [] and aside["saved"][0]["sku"] == "P1-navy-38" and aside["totals"] is None
    lea.send("PUT", line, json={"saved": False})
    assert lea.cart() == {"P1-navy-38": 1}
    assert check(described, f"{V1}/carts", "get", lea.get(f"{V1}/carts"))["id"] == ""
    check(described, f"{V1}/carts/mark", "get", lea.get(f"{V1}/carts/mark"))
    lea.send("PUT", line, json={"quantity": 0})
    assert lea.cart() == {} and "Linen" not in lea.read("/cart")


@pytest.mark.parametrize(
    ("sku", "line", "status", "code"),
    [
        ("NOPE", {"quantity": 1}, 404, "no_such_variant"), ("P8-red-", {"quantity": 1}, 409, "not_in_cart_sold_out"),
        ("P1-navy-38", {"quantity": 21}, 409, "not_in_cart_quantity"), ("P1-navy-38", {"quantity": -1}, 422, "bad_body"),
        ("P1-navy-38", {"quantity": "1"}, 422, "bad_body"), ("P1-navy-38", {}, 422, "bad_body"),
        ("P1-navy-38", {"price": 1}, 422, "bad_body"), ("P1-navy-38", {"saved": True}, 409, "not_in_cart_no_such_variant"),
    ],
)  # fmt: skip
def test_what_does_not_go_in(agent: Agent, sku: str, line: dict[str, Any], status: int, code: str) -> None:
    assert agent.put(sku, status, **line)["code"] == code


def test_a_machines_cart_is_known_by_its_id_alone(app: Flask, agent: Agent, lea: Browser, described: dict[str, Any]) -> None:
    agent.put("P1-navy-38", quantity=1)
    mine = agent.call("/carts/{cart}", "get", f"/carts/{agent.cart}", 200)
    assert mine["id"] == agent.cart and mine["units"] == 1
    other = Agent(app, described)
    assert other.call("/carts/{cart}", "get", f"/carts/{other.cart}", 200)["units"] == 0
    assert lea.cart() == {}
    for wrong in ("0" * 32, "x", agent.cart.upper()):
        assert agent.client.get(f"{V1}/carts/{wrong}", base_url=HOST).status_code == 404
        assert agent.client.put(f"{V1}/carts/{wrong}/lines/P2-blue-M", base_url=HOST, json={"quantity": 1}).status_code == 404


def test_codes(shop: Shop, agent: Agent, lea: Browser, described: dict[str, Any]) -> None:
    from commerce.domain.promotion import Promotion, PromotionKind

    shop.storage.write(lambda uow: uow.promotions.put(Promotion("TEN", PromotionKind.PERCENT, 1000, "EUR")))
    agent.put("P1-navy-38", quantity=1)
    path, address = "/carts/{cart}/coupon", f"/carts/{agent.cart}/coupon"
    assert agent.call(path, "put", address, 409, json={"code": "NOPE"})["code"] == "not_applied_unknown"
    assert agent.call(path, "put", address, 200, json={"code": "ten"})["totals"]["discount_minor"] == 790
    assert agent.call(path, "put", address, 200, json={"code": ""})["totals"]["discount_minor"] == 0
    lea.add("P1-navy-38")
    own = lea.send("PUT", f"{V1}/carts/coupon", json={"code": "TEN"})
    assert check(described, f"{V1}/carts/coupon", "put", own)["totals"]["total_minor"] == 7110


# --- checkout


def test_an_order_and_where_to_pay_it(shop: Shop, agent: Agent) -> None:
    agent.put("P1-navy-38", quantity=1)
    ordered = agent.order("first-key")
    assert ordered["totals"]["total_minor"] == 8390 and ordered["state"] == "pending_payment"
    assert ordered["payment"]["url"].startswith(f"{HOST}/pay/fake/") and ordered["payment"]["amount_minor"] == 8390
    assert agent.client.get(ordered["url"].removeprefix(HOST), base_url=HOST).status_code == 200
    found = agent.call("/orders/{order}", "get", f"/orders/{ordered['id']}?cart={agent.cart}", 200)
    assert found["source"] == "agent" and found["number"] == ordered["number"] and found["pickup_code"] == ""
    listed = agent.call("/orders", "get", f"/orders?cart={agent.cart}", 200)
    assert [each["id"] for each in listed["orders"]] == [ordered["id"]]


def test_the_key_is_required(agent: Agent) -> None:
    agent.put("P1-navy-38", quantity=1)
    assert agent.order("", 400)["code"] == "idempotency_key_required"
    assert agent.order("short", 400)["code"] == "idempotency_key_invalid"
    assert agent.order("é" * 20, 400)["code"] == "idempotency_key_invalid"


def test_the_same_request_again_is_the_same_answer(shop: Shop, agent: Agent, clock: ManualClock) -> None:
    agent.put("P1-navy-38", quantity=1)
    first = agent.order("the-same-key")
    assert agent.order("the-same-key") == first
    assert agent.order("the-same-key", 422, name="Somebody else")["code"] == "idempotency_key_reused"
    clock.advance(timedelta(hours=25))
    assert agent.order("the-same-key") == first
    assert len(agent.call("/orders", "get", f"/orders?cart={agent.cart}", 200)["orders"]) == 1


def test_a_refusal_again_is_the_same_refusal(shop: Shop, agent: Agent) -> None:
    agent.put("P1-navy-38", quantity=1)
    assert agent.order("wrong-total", 409, expected_total_minor=1)["code"] == "not_ordered_price_changed"
    assert agent.order("wrong-total", 409, expected_total_minor=1)["code"] == "not_ordered_price_changed"
    assert agent.order("right-total")["totals"]["total_minor"] == 8390


def test_two_carts_may_use_the_same_key(app: Flask, agent: Agent, described: dict[str, Any]) -> None:
    other = Agent(app, described)
    for each in (agent, other):
        each.put("P1-navy-38", quantity=1)
    assert agent.order("popular-key")["id"] != other.order("popular-key")["id"]


def test_while_the_first_is_at_work(app: Flask, shop: Shop, agent: Agent, clock: ManualClock) -> None:
    """The first one's process is held up between ordering and answering; it dies, and the next one takes over."""
    with app.test_request_context(f"{V1}/checkout", base_url=HOST, headers={"Idempotency-Key": "held-up-key"}, data=b"{}"):
        held, release, answers = threading.Event(), threading.Event(), []

        def slow() -> idempotency.Answer:
            held.set()
            assert release.wait(10)
            return idempotency.Answer(201, {"n": 1})

    def first() -> None:
        with app.test_request_context(f"{V1}/checkout", base_url=HOST, headers={"Idempotency-Key": "held-up-key"}, data=b"{}"):
            answers.append(idempotency.once("me", slow).json)

    thread = threading.Thread(target=first)
    thread.start()
    assert held.wait(10)

    def second(work: Callable[[], idempotency.Answer]) -> Any:
        with app.test_request_context(f"{V1}/checkout", base_url=HOST, headers={"Idempotency-Key": "held-up-key"}, data=b"{}"):
            return idempotency.once("me", work).json

    from shoppable.problems import Problem

    with pytest.raises(Problem) as refused:
        second(lambda: idempotency.Answer(201, {"n": 2}))
    assert (refused.value.status, refused.value.code) == (409, "in_flight")
    release.set()
    thread.join()
    assert answers == [{"n": 1}] and second(lambda: idempotency.Answer(201, {"n": 3})) == {"n": 1}


def test_a_key_whose_process_died_is_taken_up(app: Flask, shop: Shop, clock: ManualClock) -> None:
    assert site_of(app).shop is shop

    def once(work: Callable[[], idempotency.Answer]) -> Any:
        with app.test_request_context(f"{V1}/checkout", base_url=HOST, headers={"Idempotency-Key": "died-half-way"}, data=b"{}"):
            return idempotency.once("me", work).json

    class Killed(BaseException):
        pass

    def dies() -> idempotency.Answer:
        raise Killed

    original = idempotency._forget
    try:
        idempotency._forget = lambda key: None  # a killed process tidies nothing up
        with pytest.raises(Killed):
            once(dies)
    finally:
        idempotency._forget = original
    clock.advance(idempotency.AT_WORK + timedelta(seconds=1))
    assert once(lambda: idempotency.Answer(201, {"n": 2})) == {"n": 2}


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"terms_accepted": False}, 422, "terms_not_accepted"), ({"fulfilment": "pickup"}, 422, "not_ordered_no_fulfilment"),
        ({"fulfilment": "pickup", "store": "S3"}, 409, "not_ordered_sold_out"), ({"email": "x"}, 422, "bad_body"),
        ({"address": {**ADDRESS, "country": "US"}}, 422, "not_ordered_no_delivery_there"),
        ({"address": {**ADDRESS, "country": "fr"}}, 422, "bad_body"), ({"provider": "gold"}, 422, "not_ordered_no_provider"),
        ({"expected_total_minor": -1}, 422, "bad_body"), ({"cart": "0" * 32}, 404, "no_such_cart"), ({"state": "paid"}, 422, "bad_body"),
    ],
)  # fmt: skip
def test_what_is_not_ordered(agent: Agent, change: dict[str, Any], status: int, code: str) -> None:
    agent.put("P1-navy-38", quantity=1)
    assert agent.order("some-key-or-other", status, **change)["code"] == code
    assert agent.call("/orders", "get", f"/orders?cart={agent.cart}", 200)["orders"] == []


def test_a_browser_orders_with_its_cookie_from_our_pages_alone(lea: Browser) -> None:
    lea.add("P1-navy-38")
    evil = lea.client.post(f"{V1}/checkout", json=ORDER, base_url=HOST, headers={"Origin": "https://evil.example", "Idempotency-Key": "evil-evil"})
    assert evil.status_code == 403
    assert lea.send("POST", f"{V1}/checkout", json=ORDER, headers={"Idempotency-Key": "mine-mine"}).status_code == 201


def test_nothing_of_a_person_is_kept_with_the_key(shop: Shop, agent: Agent) -> None:
    from sqlalchemy import create_engine, text

    agent.put("P1-navy-38", quantity=1)
    agent.order("a-private-key")
    engine = create_engine(shop.settings.url_of_database)
    with engine.connect() as connection:
        kept = [str(row) for row in connection.execute(text("SELECT key, value FROM state WHERE key LIKE 'once:%'"))]
    engine.dispose()
    assert len(kept) == 1
    for private in ("Sam", "sam@example.com", "Mercière", "a-private-key", agent.cart):
        assert private not in kept[0]


def test_too_often(app: Flask, described: dict[str, Any]) -> None:
    agent = Agent(app, described)
    agent.put("P1-navy-38", quantity=1)
    answers = [
        agent.client.post(f"{V1}/checkout", base_url=HOST, json={"cart": agent.cart, **ORDER, "expected_total_minor": n}, headers={"Idempotency-Key": f"key-number-{n}"})
        for n in range(14)
    ]
    assert [answer.status_code for answer in answers[-2:]] == [429, 429] and answers[-1].headers["Retry-After"]


# --- operators


def desk(client: FlaskClient, described: dict[str, Any], path: str, address: str, status: int, **body: Any) -> Any:
    answer: TestResponse = client.post(f"{V1}{address}", base_url=HOST, headers=BEARER, json=body)
    assert answer.status_code == status, answer.text
    return check(described, f"{V1}{path}", "post", answer)


def test_all_orders_of_every_source_in_one_list(client: FlaskClient, described: dict[str, Any], lea: Browser, agent: Agent) -> None:
    web = lea.buy("P1-navy-38")
    agent.put("P4-brown-", quantity=1)
    by_agent = agent.order("an-agent-key", expected_total_minor=12490)
    line = [{"sku": "P2-blue-M", "quantity": 1}]
    phone = desk(client, described, "/orders", "/orders", 201, source="phone", store="S1", fulfilment="pickup", lines=line,
                 name="Sam", phone="+33 6 11 11 11 11")  # fmt: skip
    counter = desk(client, described, "/orders", "/orders", 201, source="counter", store="S1", fulfilment="pickup", lines=line)
    market = desk(client, described, "/orders", "/orders", 201, source="marketplace", store="WEB", fulfilment="delivery",
                  lines=[{"sku": "P1-navy-38", "quantity": 1, "unit_price_minor": 7500}], address=ADDRESS, reference="M-1")  # fmt: skip
    again = desk(client, described, "/orders", "/orders", 201, source="marketplace", store="WEB", fulfilment="delivery",
                 lines=[{"sku": "P1-navy-38", "quantity": 1, "unit_price_minor": 7500}], address=ADDRESS, reference="M-1")  # fmt: skip
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
    assert desk(client, described, path, address, 409, state="preparing", version=order.version - 1)["code"] == "not_advanced_changed"
    moved = desk(client, described, path, address, 200, state="preparing", version=order.version)
    assert moved["state"] == "preparing" and moved["version"] == order.version + 1
    assert desk(client, described, path, address, 409, state="shipped", version=0)["code"] == "not_advanced_changed"
    assert desk(client, described, path, address, 409, state="expired")["code"] == "not_advanced_not_allowed"
    assert desk(client, described, path, f"/orders/{'0' * 32}/state", 404, state="ready")["code"] == "no_such_order"


def test_paid_at_the_counter_and_given_back(client: FlaskClient, described: dict[str, Any], lea: Browser) -> None:
    order = lea.buy("P2-blue-M", provider="pay_in_store", **BELLECOUR)
    refund = f"/orders/{order.id}/refunds"
    assert desk(client, described, "/orders/{order}/refunds", refund, 409, reason="goodwill", amount_minor=1)["code"] == "not_refunded_not_paid"
    for _ in range(2):
        paid = desk(client, described, "/orders/{order}/paid", f"/orders/{order.id}/paid", 200)
        assert paid["state"] == "paid" and paid["paid_minor"] == 6500
    assert desk(client, described, "/orders/{order}/refunds", refund, 409, reason="return", amount_minor=6501)["code"] == "not_refunded_too_much"
    asked = desk(client, described, "/orders/{order}/refunds", refund, 202, reason="return", amount_minor=1000)
    assert [each["amount_minor"] for each in asked["refunds"]] == [1000]
    rest = desk(client, described, "/orders/{order}/refunds", refund, 202, reason="goodwill")
    assert sum(each["amount_minor"] for each in rest["refunds"]) == 5500


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong-wrong-wrong-wrong"}, {"Authorization": f"Basic {KEY}"}])
def test_the_desk_is_for_keys_alone(client: FlaskClient, lea: Browser, headers: dict[str, str]) -> None:
    order = lea.buy("P1-navy-38", **BELLECOUR)
    for path, body in (
        ("/orders", {"source": "counter", "store": "S1", "fulfilment": "pickup", "lines": [{"sku": "P2-blue-M", "quantity": 1}]}),
        (f"/orders/{order.id}/state", {"state": "completed"}), (f"/orders/{order.id}/refunds", {"reason": "goodwill"}),
        (f"/orders/{order.id}/paid", {}),
    ):  # fmt: skip
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
        body = {"source": "counter", "store": "S1", "fulfilment": "pickup", "lines": [{"sku": "P2-blue-M", "quantity": 1}]}
        code: str = desk(client, described, "/orders", "/orders", status, **{**body, **changes})["code"]
        return code

    assert enter(404, lines=[{"sku": "NOPE", "quantity": 1}]) == "no_such_variant"
    assert enter(409, lines=[{"sku": "P2-blue-M", "quantity": 20}]) == "not_entered_sold_out"
    assert enter(409, store="S9") == "not_entered_no_such_store"
    assert enter(409, fulfilment="delivery") == "not_entered_no_address"
    assert enter(422, source="web") == "bad_body" and enter(422, lines=[]) == "bad_body"
    assert enter(404, customer="0" * 32) == "no_such_customer"


def test_cancelling_ones_own(described: dict[str, Any], agent: Agent) -> None:
    agent.put("P1-navy-38", quantity=1)
    ordered = agent.order("to-be-cancelled")
    path, address = "/orders/{order}/cancel", f"/orders/{ordered['id']}/cancel"
    assert agent.client.post(f"{V1}{address}", base_url=HOST).status_code == 403  # neither cookie nor cart
    agent.call(path, "post", f"{address}?cart={agent.cart}", 200)


def test_stock_is_the_same_on_every_door(shop: Shop, lea: Browser, agent: Agent) -> None:
    shop.storage.write(lambda uow: shop.catalog.set_on_hand(uow, "P1-navy-38", "WEB", 1, MovementReason.COUNT))
    lea.add("P1-navy-38")
    lea.tell(**HOME)
    agent.put("P1-navy-38", quantity=1)
    agent.order("first-come")
    answer = lea.post("/checkout/pay", provider="fake", terms="yes", total="8390")
    assert answer.status_code == 409
    assert json.loads(lea.get(f"{V1}/orders").text)["orders"] == []
