"""A shop's own till at its door: signed, once, in its own order, and never lost."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from commerce.clock import ManualClock
from commerce.wiring import Shop
from shoppable import create_app

SECRET = "a-secret-of-the-till-0123"
OLD = "the-secret-of-before-0123"


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop(pos_secret=f"{SECRET},{OLD}")


@pytest.fixture
def client(shop: Shop) -> FlaskClient:
    return create_app(shop).test_client()


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def send(client: FlaskClient, body: bytes, header: str | None = None) -> TestResponse:
    given = signature(body) if header is None else header
    return client.post("/hooks/pos", data=body, headers={"X-Vitrine-Signature": given})


def event(clock: ManualClock, name: str = "e1", kind: str = "sale", quantity: int = 1, **more: Any) -> bytes:
    line = {"sku": "P2-blue-M", "quantity": quantity}
    said = {
        "id": name, "type": kind, "occurred_at": clock.now().isoformat(), "store": "S1", "lines": [line],
    }  # fmt: skip
    return json.dumps(said | more).encode()


def on_hand(shop: Shop) -> int:
    with shop.storage.read() as uow:
        found = uow.products.by_sku("P2-blue-M")
        assert found is not None
        return {level.store_id: level.on_hand for level in uow.stock.levels([found[1].id])}["S1"]


def kept(shop: Shop) -> list[tuple[str, str]]:
    """(event id, state) of what was kept."""
    import sqlite3

    with sqlite3.connect(shop.settings.data_dir / "vitrine.db") as db:
        return db.execute("SELECT event_id, state FROM payment_event ORDER BY id").fetchall()


def test_an_event_takes_effect_once(shop: Shop, client: FlaskClient, clock: ManualClock) -> None:
    before = on_hand(shop)
    body = event(clock)
    first, second = send(client, body), send(client, body)
    assert (first.status_code, first.json["new"], first.json["applied"]) == (200, True, 1)
    assert (second.status_code, second.json) == (200, {"new": False})
    assert on_hand(shop) == before - 1
    changed = event(clock, quantity=9)  # the same id with something else in it is the same event
    assert send(client, changed).json == {"new": False}
    assert on_hand(shop) == before - 1
    assert send(client, event(clock, "e2"), signature(event(clock, "e2"), OLD)).json["new"]
    assert kept(shop) == [("e1", "done"), ("e2", "done")]


@pytest.mark.parametrize(
    "header",
    ["", "sha256=", "sha256=" + "0" * 64, signature(b"something else"), signature(b"{}", "another-secret-of-a-till")],
)
def test_what_is_not_signed_is_not_heard(shop: Shop, client: FlaskClient, clock: ManualClock, header: str) -> None:
    answer = send(client, event(clock), header)
    assert (answer.status_code, answer.data) == (401, b"")
    hexadecimal = signature(event(clock)).removeprefix("sha256=")
    assert send(client, event(clock), hexadecimal).status_code == 401
    assert client.post("/hooks/pos", data=event(clock)).status_code == 401
    odd = client.post("/hooks/pos", data=event(clock), headers={"X-Vitrine-Signature": "sha256=\u00e9"})
    assert odd.status_code == 401
    assert kept(shop) == []


def test_a_known_signature(client: FlaskClient) -> None:
    """Computed with OpenSSL: printf '{"id":"e1"}' | openssl dgst -sha256 -hmac a-secret-of-the-till-0123"""
    wanted = "3477b75efe81acae24c8e2a9d4fd4f712193233016861089889e27fdc193aa39"
    assert signature(b'{"id":"e1"}') == f"sha256={wanted}"
    assert send(client, b'{"id":"e1"}', f"sha256={wanted}").status_code == 200


def test_without_a_secret_there_is_no_such_door(make_shop: Callable[..., Shop], clock: ManualClock) -> None:
    client = create_app(make_shop()).test_client()
    assert send(client, event(clock)).status_code == 404


def test_an_older_count_never_overwrites_a_newer_one(shop: Shop, client: FlaskClient, clock: ManualClock) -> None:
    clock.advance(timedelta(minutes=5))
    older = (clock.now() - timedelta(minutes=1)).isoformat()
    assert send(client, event(clock, "c2", "count", 7)).json["applied"] == 1
    assert send(client, event(clock, "c1", "count", 3, occurred_at=older)).json["stale"] == 1
    assert send(client, event(clock, "s1", "sale", occurred_at=older)).json["stale"] == 1
    assert on_hand(shop) == 7
    newer = [{"sku": "P2-blue-M", "quantity": 6, "version": 2}]
    assert send(client, event(clock, "c3", "count", lines=newer)).json["applied"] == 1
    assert (
        send(client, event(clock, "c4", "count", lines=[newer[0] | {"version": 1, "quantity": 9}])).json["stale"] == 1
    )
    assert on_hand(shop) == 6


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"\xff", b"{}", b"[" * 50_000,
        {"type": "theft"}, {"id": ""}, {"id": "e" * 49}, {"id": 5}, {"occurred_at": "yesterday"}, {"lines": []},
        {"occurred_at": "2026-03-10T09:00:00"}, {"occurred_at": "2026-03-10T09:06:00Z"}, {"store": ""},
        {"lines": [{"sku": "P2-blue-M", "quantity": 0}]}, {"lines": [{"sku": "P2-blue-M", "quantity": -1}]},
        {"lines": [{"sku": "P2-blue-M", "quantity": "1"}]}, {"lines": [{"sku": "P2-blue-M", "quantity": 1, "x": 1}]},
        {"lines": [{"sku": "P2-blue-M", "quantity": 1}] * 501}, {"note": "n" * 501},
    ],
)  # fmt: skip
def test_what_nobody_can_read_is_kept_for_a_person(
    shop: Shop, client: FlaskClient, clock: ManualClock, body: bytes | dict[str, Any]
) -> None:
    before = on_hand(shop)
    sent = body if isinstance(body, bytes) else event(clock, **body)
    for _ in range(2):
        answer = send(client, sent)
        assert (answer.status_code, answer.json) == (200, {"new": False, "dead_letter": True})
    assert [state for _, state in kept(shop)] == ["dead"]
    assert on_hand(shop) == before


def test_things_we_do_not_know_become_a_task(shop: Shop, client: FlaskClient, clock: ManualClock) -> None:
    lines = [{"sku": "nothing", "quantity": 1}, {"sku": "P2-blue-M", "quantity": 1}]
    answer = send(client, event(clock, lines=lines))
    assert (answer.json["applied"], answer.json["unknown"]) == (1, 1)
    with shop.storage.read() as uow:
        (task,) = uow.tasks.open()
    assert json.loads(task.details) == {"source": "pos", "item": "nothing", "place": "S1"}


def test_a_body_without_end_is_not_read(client: FlaskClient) -> None:
    assert send(client, b" " * (1024 * 1024 + 1)).status_code == 413


@pytest.mark.usefixtures("impatient")
def test_what_cannot_be_kept_comes_again(shop: Shop, client: FlaskClient, clock: ManualClock) -> None:
    """Somebody else has the database for longer than we wait for it."""
    import sqlite3

    before = on_hand(shop)
    other = sqlite3.connect(shop.settings.data_dir / "vitrine.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = send(client, event(clock))
    other.rollback()
    other.close()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert send(client, event(clock)).json["new"]
    assert on_hand(shop) == before - 1
