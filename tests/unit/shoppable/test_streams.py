"""Streams under the real server: a line arrives at once, and who hangs up gives the place back."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from commerce.domain.customer import Contact
from commerce.domain.mail import Direction
from commerce.wiring import Shop
from shoppable.chat.session import ACCOUNT, CHANNEL
from tests.unit.shoppable.chatting import rows
from vitrine.serve import running

WEB_THREADS = 9  # three places


@pytest.fixture
def served(make_shop: Callable[..., Shop]) -> Iterator[tuple[Shop, str]]:
    shop = make_shop(port=0, web_threads=WEB_THREADS)
    with running(shop, web=True) as address:
        yield shop, address


class Reader:
    """A browser's connection with its cookie."""

    def __init__(self, address: str, cookie: str = "") -> None:
        parts = urlsplit(address)
        self.address, self.cookie = address, cookie
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)

    def say(self, text: str) -> None:
        body = json.dumps({"client_msg_id": f"id-{time.monotonic_ns()}", "text": text})
        headers = {"Origin": self.address, "Content-Type": "application/json"}
        self._connection.request("POST", "/api/v1/chat/messages", body, headers)
        answer = self._connection.getresponse()
        answer.read()
        assert answer.status == 202
        self.cookie = (answer.getheader("Set-Cookie") or "").split(";")[0] or self.cookie

    def stream(self) -> http.client.HTTPResponse:
        headers = {"Cookie": self.cookie, "Accept": "text/event-stream"}
        self._connection.request("GET", "/api/v1/chat/events", headers=headers)
        return self._connection.getresponse()

    def hang_up(self) -> None:
        self._connection.close()


def test_a_line_arrives_while_the_stream_is_open(served: tuple[Shop, str]) -> None:
    shop, address = served
    reader = Reader(address)
    reader.say("hello")
    ((contact_address,),) = rows(shop, "SELECT address FROM inbox")
    answer = reader.stream()
    assert answer.status == 200 and answer.readline() == b"retry: 1000\n" and answer.readline() == b"\n"
    contact, body = Contact(CHANNEL, ACCOUNT, contact_address), json.dumps({"text": "Bonjour", "language": "fr"})
    began = time.monotonic()
    shop.storage.write(lambda uow: uow.threads.add(contact, Direction.OUT, body, shop.clock.now()))
    lines = [answer.readline() for _ in range(3)]
    assert time.monotonic() - began < 10
    assert lines[0].startswith(b"id: ") and b"Bonjour" in lines[2]
    reader.hang_up()


def test_who_hangs_up_gives_the_place_back_and_pages_are_served_meanwhile(served: tuple[Shop, str]) -> None:
    _, address = served
    speaker = Reader(address)
    speaker.say("hello")
    readers = [Reader(address, speaker.cookie) for _ in range(WEB_THREADS // 3)]
    for reader in readers:
        answer = reader.stream()
        assert answer.status == 200 and answer.readline()
    late = Reader(address, speaker.cookie)
    refused = late.stream()
    assert refused.status == 503 and refused.getheader("Retry-After") == "3"
    refused.read()
    parts = urlsplit(address)
    page = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    page.request("GET", "/")
    assert page.getresponse().status == 200
    page.close()
    readers[0].hang_up()
    until = time.monotonic() + 10
    while (answer := late.stream()).status == 503:
        assert time.monotonic() < until, "the place did not come back"
        answer.read()
        time.sleep(0.2)
    assert answer.status == 200
    for reader in (*readers[1:], late):
        reader.hang_up()
