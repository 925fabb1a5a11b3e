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

from commerce.clock import ManualClock
from commerce.domain.stock import MovementReason
from commerce.wiring import Shop
from shoppable.api import idempotency
from shoppable.api.openapi import operations
from shoppable.site import site_of
from tests.unit.shoppable.api_description import SELLING, check
from tests.unit.shoppable.shopping import ADDRESS, BEARER, HOME, HOST, ORDER, V1, Agent, Browser


def test_every_operation_answers_as_described(
    app: Flask, client: FlaskClient, described: dict[str, Any], lea: Browser, agent: Agent
) -> None:
    """One call of each at least; whoever adds an operation adds its call here."""
    seen: set[tuple[str, str]] = {("/carts", "post")}

    def call(path: str, method: str, address: str, status: int, **more: Any) -> Any:
        answer = lea.send(method.upper(), f"{V1}{address}", **more)
        assert answer.status_code == status, answer.text
        seen.add((path, method))
        return check(described, f"{V1}{path}", method, answer)

    line = {"json": {"quantity": 1}}
    call("/carts/mark", "get", "/carts/mark", 200)
    call("/carts/lines/{sku}", "put", "/carts/lines/P1-navy-38", 200, **line)
    call("/carts/coupon", "put", "/carts/coupon", 200, json={"code": ""})
    call("/carts", "get", "/carts", 200)
    call("/carts/{cart}/lines/{sku}", "put", f"/carts/{agent.cart}/lines/P4-brown-", 200, **line)
    call("/carts/{cart}/coupon", "put", f"/carts/{agent.cart}/coupon", 409, json={"code": "NOPE"})
    call("/carts/{cart}", "get", f"/carts/{agent.cart}", 200)
    call("/carts/{cart}", "get", f"/carts/{'0' * 32}", 404)
    order = call("/checkout", "post", "/checkout", 201, json=ORDER, headers={"Idempotency-Key": "one-of-each"})
    call("/orders", "get", "/orders", 200)
    call("/orders/{order}", "get", f"/orders/{order['id']}", 200)
    call("/orders/{order}/cancel", "post", f"/orders/{order['id']}/cancel", 200)
    entered = {"source": "phone", "store": "S1", "fulfilment": "pickup", "lines": [{"sku": "P2-blue-M", "quantity": 1}]}
    phone = call("/orders", "post", "/orders", 201, json=entered, headers=BEARER)
    call("/orders/{order}/paid", "post", f"/orders/{phone['id']}/paid", 200, headers=BEARER)
    preparing = {"state": "preparing"}
    call("/orders/{order}/state", "post", f"/orders/{phone['id']}/state", 200, json=preparing, headers=BEARER)
    goodwill = {"reason": "goodwill", "amount_minor": 100}
    call("/orders/{order}/refunds", "post", f"/orders/{phone['id']}/refunds", 202, json=goodwill, headers=BEARER)
    wrong = {"code": "ZZZ-999", "by": "nadia"}
    call("/orders/{order}/handover", "post", f"/orders/{phone['id']}/handover", 422, json=wrong, headers=BEARER)
    mounted = {(path.removeprefix(V1), method) for path, method, _ in operations(app) if path.startswith(SELLING)}
    assert seen == mounted


# --- carts


def test_a_browsers_cart(described: dict[str, Any], lea: Browser) -> None:
    line = f"{V1}/carts/lines/P1-navy-38"
    put = lea.send("PUT", line, json={"quantity": 2})
    cart = check(described, f"{V1}/carts/lines/{{sku}}", "put", put)
    assert [(each["sku"], each["quantity"], each["unit_price_minor"]) for each in cart["lines"]] == [
        ("P1-navy-38", 2, 7900)
    ]
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
        ("NOPE", {"quantity": 1}, 404, "no_such_variant"),
        ("P8-red-", {"quantity": 1}, 409, "not_in_cart_sold_out"),
        ("P1-navy-38", {"quantity": 21}, 409, "not_in_cart_quantity"),
        ("P1-navy-38", {"quantity": -1}, 422, "bad_body"),
        ("P1-navy-38", {"quantity": "1"}, 422, "bad_body"),
        ("P1-navy-38", {}, 422, "bad_body"),
        ("P1-navy-38", {"price": 1}, 422, "bad_body"),
        ("P1-navy-38", {"saved": True}, 409, "not_in_cart_no_such_variant"),
    ],
)
def test_what_does_not_go_in(agent: Agent, sku: str, line: dict[str, Any], status: int, code: str) -> None:
    assert agent.put(sku, status, **line)["code"] == code


def test_a_machines_cart_is_known_by_its_id_alone(
    app: Flask, agent: Agent, lea: Browser, described: dict[str, Any]
) -> None:
    agent.put("P1-navy-38", quantity=1)
    mine = agent.call("/carts/{cart}", "get", f"/carts/{agent.cart}", 200)
    assert mine["id"] == agent.cart and mine["units"] == 1
    other = Agent(app, described)
    assert other.call("/carts/{cart}", "get", f"/carts/{other.cart}", 200)["units"] == 0
    assert lea.cart() == {}
    for wrong in ("0" * 32, "x", agent.cart.upper()):
        assert agent.client.get(f"{V1}/carts/{wrong}", base_url=HOST).status_code == 404
        assert (
            agent.client.put(f"{V1}/carts/{wrong}/lines/P2-blue-M", base_url=HOST, json={"quantity": 1}).status_code
            == 404
        )


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
    with app.test_request_context(
        f"{V1}/checkout", base_url=HOST, headers={"Idempotency-Key": "held-up-key"}, data=b"{}"
    ):
        held, release, answers = threading.Event(), threading.Event(), []

        def slow() -> idempotency.Answer:
            held.set()
            assert release.wait(10)
            return idempotency.Answer(201, {"n": 1})

    def first() -> None:
        with app.test_request_context(
            f"{V1}/checkout", base_url=HOST, headers={"Idempotency-Key": "held-up-key"}, data=b"{}"
        ):
            answers.append(idempotency.once("me", slow).json)

    thread = threading.Thread(target=first)
    thread.start()
    assert held.wait(10)

    def second(work: Callable[[], idempotency.Answer]) -> Any:
        with app.test_request_context(
            f"{V1}/checkout", base_url=HOST, headers={"Idempotency-Key": "held-up-key"}, data=b"{}"
        ):
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
        with app.test_request_context(
            f"{V1}/checkout", base_url=HOST, headers={"Idempotency-Key": "died-half-way"}, data=b"{}"
        ):
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
        ({"terms_accepted": False}, 422, "terms_not_accepted"),
        ({"fulfilment": "pickup"}, 422, "not_ordered_no_fulfilment"),
        ({"fulfilment": "pickup", "store": "S3"}, 409, "not_ordered_sold_out"),
        ({"email": "x"}, 422, "bad_body"),
        ({"address": {**ADDRESS, "country": "US"}}, 422, "not_ordered_no_delivery_there"),
        ({"address": {**ADDRESS, "country": "fr"}}, 422, "bad_body"),
        ({"provider": "gold"}, 422, "not_ordered_no_provider"),
        ({"expected_total_minor": -1}, 422, "bad_body"),
        ({"cart": "0" * 32}, 404, "no_such_cart"),
        ({"state": "paid"}, 422, "bad_body"),
    ],
)
def test_what_is_not_ordered(agent: Agent, change: dict[str, Any], status: int, code: str) -> None:
    agent.put("P1-navy-38", quantity=1)
    assert agent.order("some-key-or-other", status, **change)["code"] == code
    assert agent.call("/orders", "get", f"/orders?cart={agent.cart}", 200)["orders"] == []


def test_a_browser_orders_with_its_cookie_from_our_pages_alone(lea: Browser) -> None:
    lea.add("P1-navy-38")
    evil = lea.client.post(
        f"{V1}/checkout",
        json=ORDER,
        base_url=HOST,
        headers={"Origin": "https://evil.example", "Idempotency-Key": "evil-evil"},
    )
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
        agent.client.post(
            f"{V1}/checkout",
            base_url=HOST,
            json={"cart": agent.cart, **ORDER, "expected_total_minor": n},
            headers={"Idempotency-Key": f"key-number-{n}"},
        )
        for n in range(14)
    ]
    assert [answer.status_code for answer in answers[-2:]] == [429, 429] and answers[-1].headers["Retry-After"]


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
