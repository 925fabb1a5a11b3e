"""The web chat over HTTP: one effect a message, everybody their own conversation, only from the shop's own pages."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from werkzeug.test import TestResponse

from bot.channels import build_channels
from bot.conversation.action_codes import parse
from bot.conversation.actions import Cancel, Extend
from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.domain.customer import Contact
from commerce.domain.mail import Direction
from commerce.domain.reservation import Reservation
from commerce.wiring import Shop
from shoppable import create_app
from shoppable.site import EXTENSION
from tests.unit.shoppable.shop_values import HOSTILE, png
from tests.unit.shoppable.shopping import BELLECOUR, Browser, variant_of

ORIGIN = {"Origin": "http://127.0.0.1:8000"}
HOST = "http://127.0.0.1:8000"


@pytest.fixture
def say(client: FlaskClient) -> Callable[..., TestResponse]:
    number = 0

    def say(**what: Any) -> TestResponse:
        nonlocal number
        number += 1
        what.setdefault("client_msg_id", f"message-{number:04}")
        return client.post("/api/v1/chat/messages", json=what, headers=ORIGIN, base_url=HOST)

    return say


def rows(shop: Shop, query: str) -> list[Any]:
    engine = create_engine(shop.settings.url_of_database)
    with engine.connect() as connection:
        found = list(connection.execute(text(query)).all())
    engine.dispose()
    return found


def bodies(shop: Shop) -> list[dict[str, Any]]:
    return [json.loads(body) for (body,) in rows(shop, "SELECT body FROM inbox ORDER BY id")]


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


# --- hearing


@pytest.fixture
def worker(shop: Shop) -> Worker:
    return Worker(shop, build_channels(shop.settings, shop.media).values())


def hear(client: FlaskClient, after: int = 0, **query: Any) -> Any:
    answer = client.get("/api/v1/chat/events", query_string={"after": after, **query}, base_url=HOST)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_conversation_is_heard_in_order(
    client: FlaskClient, say: Callable[..., TestResponse], worker: Worker
) -> None:
    assert hear(client) == {"events": [], "last_id": 0}
    say(client_msg_id="my-message", text="linnen dress navy", language="en")
    worker.run_until_quiet()
    heard = hear(client)
    said, told = heard["events"][0], heard["events"][1]
    assert said["said"]["text"] == "linnen dress navy" and said["said"]["client_msg_id"] == "my-message"
    assert told["reply"]["text"] == "Showing “linen dress navy”."
    card = told["reply"]["cards"][0]
    assert card["title"] == "Linen midi dress" and card["facts"][0] == "€79.00"
    assert card["url"].startswith("/p/") and client.get(card["picture"]["url"]).status_code == 200
    assert hear(client, heard["last_id"]) == {"events": [], "last_id": heard["last_id"]}


def test_nobody_hears_the_conversation_of_another(app: Flask, say: Callable[..., TestResponse], worker: Worker) -> None:
    say(text="robe")
    worker.run_until_quiet()
    stranger = app.test_client()
    assert hear(stranger)["events"] == []
    stranger.set_cookie("chat", "0" * 32)
    assert hear(stranger)["events"] == []
    for odd in ("x", "0" * 31, "G" * 32, "' OR 1=1--", "0" * 3000):
        stranger.set_cookie("chat", odd)
        assert hear(stranger)["events"] == []


def test_leaving_forgets_the_conversation_in_this_browser(
    client: FlaskClient, say: Callable[..., TestResponse], worker: Worker
) -> None:
    say(text="robe")
    worker.run_until_quiet()
    assert hear(client)["events"]
    assert client.delete("/api/v1/chat/session", headers=ORIGIN, base_url=HOST).status_code == 204
    assert hear(client)["events"] == []


def test_notes_of_staff_and_foreign_addresses_stay_inside(
    shop: Shop, client: FlaskClient, say: Callable[..., TestResponse]
) -> None:
    say(text="robe")
    ((address,),) = rows(shop, "SELECT address FROM inbox")
    contact, now = Contact("webchat", "web", address), shop.clock.now()
    buttons = [
        {"label": "x", "url": url, "action": ""} for url in ("javascript:alert(1)", "//evil", "https://ok.example/")
    ]
    body = json.dumps({"text": HOSTILE, "buttons": buttons, "cards": [], "language": "en"})

    def write(uow: Any) -> None:
        uow.threads.add(contact, Direction.NOTE, json.dumps({"text": "a note"}), now)
        uow.threads.add(contact, Direction.OUT, body, now)

    shop.storage.write(write)
    events = hear(client)["events"]
    assert len(events) == 1
    assert [button["url"] for button in events[0]["reply"]["buttons"]] == ["", "", "https://ok.example/"]
    assert events[0]["reply"]["text"] == HOSTILE  # as text: the page never makes markup of it


def test_a_long_look_ends_as_soon_as_something_is_said(
    app: Flask, client: FlaskClient, say: Callable[..., TestResponse], worker: Worker
) -> None:
    say(text="robe")
    timer = threading.Timer(0.5, worker.run_until_quiet)
    timer.start()
    began = time.monotonic()
    assert hear(client, wait=20)["events"]
    timer.join()
    assert 0.3 < time.monotonic() - began < 10


def test_a_stream_tells_lines_with_their_ids(
    client: FlaskClient, say: Callable[..., TestResponse], worker: Worker
) -> None:
    say(text="linen dress", language="en")
    worker.run_until_quiet()
    stream = {"Accept": "text/event-stream"}
    with client.get("/api/v1/chat/events", headers=stream, base_url=HOST, buffered=False) as answer:
        assert answer.mimetype == "text/event-stream" and answer.headers["Cache-Control"] == "no-store"
        lines = iter(answer.response)
        parts = [part.decode() if isinstance(part, bytes) else part for part in (next(lines), next(lines), next(lines))]
    assert parts[0] == "retry: 1000\n\n"
    identity, kind, data = parts[2].strip().split("\n")
    assert identity.startswith("id: ") and kind == "event: line"
    assert json.loads(data.removeprefix("data: "))["reply"]["cards"]
    last = {**stream, "Last-Event-ID": identity[4:]}
    with client.get("/api/v1/chat/events", headers=last, base_url=HOST, buffered=False) as answer:
        lines = iter(answer.response)
        next(lines)
        say(text="merci", language="en")
        worker.run_until_quiet()
        more = next(lines)
        assert '"merci"' in (more.decode() if isinstance(more, bytes) else more)


def test_streams_have_so_many_places_and_give_them_back(
    app: Flask, client: FlaskClient, say: Callable[..., TestResponse]
) -> None:
    say(text="robe")
    stream = {"Accept": "text/event-stream"}
    places = app.extensions[EXTENSION].streams
    taken = 0
    while places.take():
        taken += 1
    assert taken == app.extensions[EXTENSION].shop.settings.web_threads // 3
    full = client.get("/api/v1/chat/events", headers=stream, base_url=HOST)
    assert full.status_code == 503 and full.headers["Retry-After"] == "3" and full.json["code"] == "no_place"
    assert client.get("/api/v1/chat/events?wait=5", base_url=HOST).status_code == 503
    assert hear(client)["events"] == []  # a short look needs no place
    places.give_back()
    for _ in range(3):  # opened and closed without ever being read
        client.get("/api/v1/chat/events", headers=stream, base_url=HOST, buffered=False).close()
    assert places.take() and not places.take()


def test_somebody_who_never_spoke_keeps_no_stream_open(client: FlaskClient) -> None:
    assert client.get("/api/v1/chat/events", headers={"Accept": "text/event-stream"}, base_url=HOST).status_code == 204


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


def test_a_greeting_is_what_is_known(shop: Shop, client: FlaskClient, say: Callable[..., TestResponse]) -> None:
    def greeting() -> dict[str, Any]:
        answer = client.get("/api/v1/chat/greeting", base_url=HOST)
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.get_json()

    assert greeting()["known"] is False
    worker = Worker(shop, [build_channels(shop.settings, shop.media)["webchat"]])
    say(text="hello")
    worker.run_until_quiet()
    assert greeting() | {"known": True, "reservations": [], "last_order": None} == greeting()
    product = shop.catalog.by_source_id("P1")
    assert product is not None
    variant = product.variant(colour="navy", size="38")
    assert variant is not None
    say(action=f"reserve:{variant.id}:S1")
    worker.run_until_quiet()
    [held] = greeting()["reservations"]
    assert (held["store"], held["state"]) == ("S1", "held")
    stranger = client.application.test_client()
    assert stranger.get("/api/v1/chat/greeting", base_url=HOST).get_json()["known"] is False


def test_the_hello_of_who_ordered_on_the_pages(app: Flask, shop: Shop) -> None:
    lea = Browser(app, shop)
    assert " data-known" not in lea.get("/chat").text, "nobody is asked about who has no cookie"
    order = lea.buy("P2-blue-M", **BELLECOUR)
    assert " data-known" in lea.get("/chat").text
    said = lea.get("/api/v1/chat/greeting").json
    lines = said["text"].replace("\u202f", " ").split("\n")
    assert lines[1:] == [
        f"Your order no. {order.number}: Paid.",
        "What are you looking for? Write it your way, or send a photo.",
    ]
    assert said["buttons"] == [{"label": f"Order {order.number}", "action": "", "url": f"/orders/{order.id}"}]
    new = Browser(app, shop).get("/api/v1/chat/greeting").json
    assert new["text"].startswith("Hello! What are you") and new["buttons"] == []


def test_the_hello_says_what_is_kept(app: Flask, shop: Shop) -> None:
    """Its buttons are what the chat understands."""
    lea = Browser(app, shop)
    lea.add("P2-blue-M")
    with shop.storage.read() as uow:
        [contact] = [Contact("webchat", "web", row) for (row,) in rows(shop, "SELECT address FROM contact")]
        customer = uow.customers.by_contact(contact)
    assert customer is not None
    held = shop.storage.write(
        lambda uow: shop.reserving.place(
            uow,
            customer_id=customer.id,
            contact=contact,
            store_id="S1",
            lines=[(variant_of(shop, "P6-navy-38"), 1)],
        )
    )
    assert isinstance(held, Reservation)
    said = lea.get("/api/v1/chat/greeting").json
    assert f"Your reservation {held.code} is kept at" in said["text"]
    assert [parse(button["action"]) for button in said["buttons"]] == [Extend(held.id), Cancel(held.id)]
