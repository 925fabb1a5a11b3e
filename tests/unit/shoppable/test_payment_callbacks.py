"""The providers' doors: only what is authentic gets in, once, and nothing is called received that was not kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text

from commerce.domain.order import OrderState
from commerce.payments.fake import FakeProvider
from commerce.wiring import Shop
from shoppable import create_app
from shoppable.payment_callbacks import MAX_BODY_BYTES
from tests.unit.shoppable.shopping import HOME, HOST, Browser

HOOK = "/hooks/fake"


@pytest.fixture
def call(shop: Shop, app: Flask) -> Iterator[tuple[bytes, Mapping[str, str], str]]:
    """An authentic call that has not been made yet: body, headers, the order that it pays."""
    lea, provider = Browser(app, shop), shop.providers["fake"]
    assert isinstance(provider, FakeProvider)
    lea.add("P1-navy-38")
    lea.tell(**HOME)
    lea.pay("fake")
    order = lea.order()
    with shop.storage.read() as uow:
        attempt = uow.payments.of_order(order.id)[0]
    provider.pay_session(attempt.session_ref)
    [(due, headers)] = provider.calls_due()
    yield due.body, headers, order.id


def rows(shop: Shop) -> int:
    engine = create_engine(shop.settings.url_of_database)
    with engine.connect() as connection:
        found: int = connection.execute(text("SELECT count(*) FROM payment_event")).scalar_one()
    engine.dispose()
    return found


def state(shop: Shop, order_id: str) -> OrderState:
    with shop.storage.read() as uow:
        order = uow.orders.get(order_id)
    assert order
    return order.state


def test_authentic_once_and_again(shop: Shop, client: FlaskClient, call: Any) -> None:
    body, headers, order_id = call
    for _ in range(3):
        answer = client.post(HOOK, data=body, headers=headers, base_url=HOST)
        assert answer.status_code == 200 and answer.data == b""
    assert rows(shop) == 1 and state(shop, order_id) is OrderState.PAID


def test_whatever_the_host_header_says(shop: Shop, client: FlaskClient, call: Any) -> None:
    body, headers, order_id = call
    assert client.post(HOOK, data=body, headers=headers, base_url="http://localhost:9999").status_code == 200
    assert state(shop, order_id) is OrderState.PAID


@pytest.mark.parametrize("change", ["absent", "empty", "wrong", "bytes", "other body", "old"])
def test_not_authentic(shop: Shop, client: FlaskClient, call: Any, change: str) -> None:
    body, headers, order_id = call
    [(name, value)] = headers.items()
    sent = {
        "absent": {}, "empty": {name: ""}, "wrong": {name: value[:-1] + ("0" if value[-1] != "0" else "1")},
        "bytes": {name: "t=1,v1=\u00e9"}, "other body": headers, "old": {name: value.replace("t=", "t=1")},
    }[change]  # fmt: skip
    answer = client.post(HOOK, data=body + (b" " if change == "other body" else b""), headers=sent, base_url=HOST)
    assert answer.status_code == 401 and answer.data == b""
    assert rows(shop) == 0 and state(shop, order_id) is OrderState.PENDING_PAYMENT


def test_authentic_and_beyond_understanding(shop: Shop, client: FlaskClient) -> None:
    provider = shop.providers["fake"]
    assert isinstance(provider, FakeProvider)
    for body in (b"{not json", b"\xff\xfe\x00", b"[]", b"null"):
        stamp = int(shop.clock.now().timestamp())
        signed = {"Fake-Signature": f"t={stamp},v1={provider._signature(stamp, body)}"}
        answer = client.post(HOOK, data=body, headers=signed, base_url=HOST)
        assert answer.status_code == 200, body


def test_too_large(client: FlaskClient) -> None:
    answer = client.post(HOOK, data=b"x" * (MAX_BODY_BYTES + 1), base_url=HOST)
    assert answer.status_code == 413 and answer.data == b""


@pytest.mark.usefixtures("impatient")
def test_not_kept_is_not_received(shop: Shop, client: FlaskClient, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full: the provider hears 503 and sends it again."""
    body, headers, order_id = call

    with sqlite3.connect(shop.settings.data_dir / "vitrine.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = client.post(HOOK, data=body, headers=headers, base_url=HOST)
        other.execute("ROLLBACK")
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "5"
    assert client.post(HOOK, data=body, headers=headers, base_url=HOST).status_code == 200
    assert state(shop, order_id) is OrderState.PAID


def test_without_a_secret_there_is_no_route(make_shop: Callable[..., Shop]) -> None:
    client = create_app(make_shop()).test_client()
    for name in ("fake", "stripe", "square", "pay_in_store", "telegram"):
        assert client.post(f"/hooks/{name}", base_url=HOST).status_code == 404


def test_never_a_redirect_and_never_read(client: FlaskClient) -> None:
    assert client.get(HOOK, base_url=HOST).status_code == 405
    assert client.post(f"{HOOK}/", base_url=HOST).status_code == 404
