"""What the web chat hears over HTTP: everybody their own conversation, in order, and a hello that knows them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.channels import build_channels
from bot.conversation.action_codes import parse
from bot.conversation.actions import Cancel, Extend
from bot.worker import Worker
from commerce.domain.customer import Contact
from commerce.domain.mail import Direction
from commerce.domain.reservation import Reservation
from commerce.wiring import Shop
from shoppable.site import EXTENSION
from tests.unit.shoppable.chatting import HOST, ORIGIN, rows
from tests.unit.shoppable.shop_values import HOSTILE
from tests.unit.shoppable.shopping import BELLECOUR, Browser, variant_of


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
