"""The web chat over HTTP: one effect a message, only from the shop's own pages, photos for their owner alone."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from commerce.clock import ManualClock
from commerce.wiring import Shop
from shoppable import create_app
from tests.unit.shoppable.chatting import HOST, ORIGIN, bodies, rows
from tests.unit.shoppable.shop_values import HOSTILE, png


def test_the_same_message_twice_takes_effect_once(shop: Shop, say: Callable[..., TestResponse]) -> None:
    first = say(client_msg_id="one-and-only", text="robe lin")
    again = [say(client_msg_id="one-and-only", text="robe lin") for _ in range(3)]
    assert first.status_code == 202
    assert first.json == {"client_msg_id": "one-and-only", "duplicate": False, "person": False}
    assert {answer.status_code for answer in again} == {200} and all(answer.json["duplicate"] for answer in again)
    assert [body["text"] for body in bodies(shop)] == ["robe lin"]


def test_two_browsers_with_the_same_id_are_two_messages(shop: Shop, app: Flask) -> None:
    for _ in range(2):
        answer = app.test_client().post(
            "/api/v1/chat/messages", json={"client_msg_id": "same-same", "text": "hi"}, headers=ORIGIN, base_url=HOST
        )
        assert answer.status_code == 202
    assert len(bodies(shop)) == 2
    assert len({address for (address,) in rows(shop, "SELECT address FROM inbox")}) == 2


def test_the_worker_is_woken(shop: Shop) -> None:
    woken: list[bool] = []
    client = create_app(shop, wake=lambda: woken.append(True)).test_client()
    client.post("/api/v1/chat/messages", json={"client_msg_id": "12345678", "text": "a"}, headers=ORIGIN, base_url=HOST)
    assert woken == [True]


def test_the_cookie_is_a_secret_that_the_database_does_not_know(shop: Shop, say: Callable[..., TestResponse]) -> None:
    cookie = say(text="hello").headers["Set-Cookie"]
    token = cookie.split("=")[1].split(";")[0]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie and "Secure" not in cookie
    assert len(token) == 32
    assert rows(shop, f"SELECT count(*) FROM inbox WHERE address LIKE '%{token}%' OR lane LIKE '%{token}%'") == [(0,)]
    assert "Set-Cookie" not in say(text="again").headers


def test_with_tls_the_cookie_is_bound_to_the_host(make_shop: Callable[..., Shop]) -> None:
    client = create_app(make_shop(base_url="https://shop.example")).test_client()
    answer = client.post(
        "/api/v1/chat/messages",
        json={"client_msg_id": "12345678", "text": "a"},
        headers={"Origin": "https://shop.example"},
        base_url="https://shop.example",
    )
    assert answer.status_code == 202
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-chat=") and "Secure" in cookie and "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8000.evil.example"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "https://127.0.0.1:8000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_pages_of_others_cannot_speak_for_a_shopper(shop: Shop, client: FlaskClient, headers: dict[str, str]) -> None:
    message = {"client_msg_id": "12345678", "text": "a"}
    for answer in (
        client.post("/api/v1/chat/messages", json=message, headers=headers, base_url=HOST),
        client.post("/api/v1/chat/uploads", data={"photo": (io.BytesIO(png()), "a")}, headers=headers, base_url=HOST),
        client.delete("/api/v1/chat/session", headers=headers, base_url=HOST),
    ):
        assert answer.status_code == 403 and answer.json["code"] in {"cross_origin", "no_origin"}
        assert "Set-Cookie" not in answer.headers
    assert bodies(shop) == []


def test_a_form_of_another_page_is_not_json(client: FlaskClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = client.post(
            "/api/v1/chat/messages",
            data='{"client_msg_id":"12345678","text":"a"}',
            content_type=kind,
            headers=ORIGIN,
            base_url=HOST,
        )
        assert answer.status_code == 415


@pytest.mark.parametrize(
    "body",
    [
        {"text": "no id"},
        {"client_msg_id": "short", "text": "a"},
        {"client_msg_id": "a" * 65, "text": "a"},
        {"client_msg_id": "bad id!!", "text": "a"},
        {"client_msg_id": 12345678, "text": "a"},
        {"client_msg_id": ["12345678"], "text": "a"},
        {"client_msg_id": "12345678"},
        {"client_msg_id": "12345678", "text": ""},
        {"client_msg_id": "12345678", "text": " \n\x00\x07 "},
        {"client_msg_id": "12345678", "text": 5},
        {"client_msg_id": "12345678", "text": {"a": 1}},
        {"client_msg_id": "12345678", "text": "a" * 4001},
        {"client_msg_id": "12345678", "action": "a" * 65},
        {"client_msg_id": "12345678", "action": ["show:1"]},
        {"client_msg_id": "12345678", "location": {"latitude": 91, "longitude": 0}},
        {"client_msg_id": "12345678", "location": {"latitude": "45", "longitude": "4"}},
        {"client_msg_id": "12345678", "location": [45, 4]},
        {"client_msg_id": "12345678", "media": "x"},
        {"client_msg_id": "12345678", "media": ["a.b", "c.d", "e.f", "g.h"]},
        {"client_msg_id": "12345678", "media": ["0" * 32 + ".upload." + "0" * 32]},
        {"client_msg_id": "12345678", "media": ["../../etc/passwd."]},
        {"client_msg_id": "12345678", "media": [""]},
        {"client_msg_id": "12345678", "text": "a", "admin": True},
        {"client_msg_id": "12345678", "text": "a", "language": "../fr"},
        "hello",
        [],
        5,
    ],
)
def test_whatever_is_not_a_message_is_refused_and_nothing_stored(shop: Shop, client: FlaskClient, body: Any) -> None:
    answer = client.post("/api/v1/chat/messages", json=body, headers=ORIGIN, base_url=HOST)
    assert answer.status_code == 422, answer.text
    assert bodies(shop) == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"client_msg_id":"12345678","text":"\xff"}',
        b'{"client_msg_id":"12345678","text":"\\ud800"}',
        b"[" * 5000,
    ],
)
def test_whatever_is_not_json_is_refused(shop: Shop, client: FlaskClient, raw: bytes) -> None:
    answer = client.post(
        "/api/v1/chat/messages", data=raw, content_type="application/json", headers=ORIGIN, base_url=HOST
    )
    assert answer.status_code == 422, answer.text
    assert bodies(shop) == []


def test_hostile_words_are_kept_as_words(shop: Shop, say: Callable[..., TestResponse]) -> None:
    for words in (HOSTILE, "' OR 1=1 --", "%s%n%x", "a\u202eb", "👩‍👩‍👧‍👧", "e" + "\u0301" * 500, "{{7*7}}"):
        assert say(text=words).status_code == 202
    assert bodies(shop)[0]["text"] == HOSTILE


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ma carte 4111 1111 1111 1111 merci", "ma carte •••• •••• •••• 1111 merci"),
        ("5500-0000-0000-0004", "••••-••••-••••-0004"),
        ("378282246310005", "•••••••••••0005"),
        ("4111111111111112", "4111111111111112"),  # fails Luhn's check
        ("3017620422003", "3017620422003"),  # a barcode, typed alone
        ("0612345678", "0612345678"),
    ],
)
def test_card_numbers_do_not_reach_the_database(
    shop: Shop, say: Callable[..., TestResponse], typed: str, stored: str
) -> None:
    say(text=typed)
    assert bodies(shop)[0]["text"] == stored


# --- photos


def upload(client: FlaskClient, data: bytes) -> TestResponse:
    photo = {"photo": (io.BytesIO(data), "../../evil.php")}
    return client.post("/api/v1/chat/uploads", data=photo, headers=ORIGIN, base_url=HOST)


def test_a_photo_is_kept_for_its_owner_alone(
    shop: Shop, app: Flask, client: FlaskClient, say: Callable[..., TestResponse], clock: ManualClock
) -> None:
    answer = upload(client, png())
    assert answer.status_code == 201
    token = answer.json["token"]
    key = token.rpartition(".")[0]
    assert say(media=[token], text="la même en vert").status_code == 202
    assert bodies(shop)[0]["media"] == [{"key": key, "mime": ""}]
    assert client.get(f"/media/{key}").status_code == 404  # what a stranger sent is never served
    with shop.storage.read() as uow:
        assert uow.photos.due(clock.now(), 10) == []
    clock.advance(timedelta(hours=25))
    with shop.storage.read() as uow:
        assert uow.photos.due(clock.now(), 10) == [key]
    stranger = app.test_client()
    message = {"client_msg_id": "12345678", "media": [token]}
    refused = stranger.post("/api/v1/chat/messages", json=message, headers=ORIGIN, base_url=HOST)
    assert refused.status_code == 422 and refused.json["code"] == "no_such_upload"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 415),
        (b"<svg onload=alert(1)>", 415),
        (b"%PDF-1.7", 415),
        (b"GIF89", 415),
        (b"MZ" + bytes(100), 415),
        (b"\xff\xd8\xff" + bytes(10 * 1024 * 1024), 413),
        (bytes(15 * 1024 * 1024 + 10), 413),
    ],
)
def test_what_is_no_photo_is_not_kept(shop: Shop, client: FlaskClient, data: bytes, status: int) -> None:
    assert upload(client, data).status_code == status
    assert rows(shop, "SELECT count(*) FROM shopper_photo") == [(0,)]


def test_too_fast_is_said_politely(client: FlaskClient, say: Callable[..., TestResponse]) -> None:
    say(text="hello")
    answers = [say(text="again") for _ in range(40)]
    slow = next(answer for answer in answers if answer.status_code == 429)
    assert int(slow.headers["Retry-After"]) >= 1 and slow.json["code"] == "too_fast"
