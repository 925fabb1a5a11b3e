"""News of prices under the real server: as a stream where there is a place, by asking where there is none."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from commerce.clock import ManualClock
from commerce.domain.lookbook import Region
from commerce.domain.money import Money
from commerce.wiring import Shop
from tests.unit.shoppable.catalogues import publish_catalogue
from vitrine.serve import running

WEB_THREADS = 12  # two places for listeners
LIVE_S = 5.0
SNEAKERS = "P3-white-42"


@pytest.fixture
def served(make_shop: Callable[..., Shop]) -> Iterator[tuple[Shop, str]]:
    """With the address of its catalogue's news."""
    shop = make_shop(port=0, web_threads=WEB_THREADS)
    slug = publish_catalogue(shop, [(SNEAKERS, Region(0.1, 0.1, 0.3, 0.3))]).lookbook.slug
    with running(shop, web=True) as address:
        yield shop, f"{address}/l/{slug}/facts"


class Ear:
    """An open connection."""

    def __init__(self, address: str, **headers: str) -> None:
        parts = urlsplit(address)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        self._connection.request("GET", parts.path, headers={"Accept-Language": "en", **headers})
        self.answer = self._connection.getresponse()

    @classmethod
    def listening(cls, address: str) -> Ear:
        return cls(address, Accept="text/event-stream")

    def next_mark(self) -> str:
        while True:
            line = self.answer.readline()
            assert line, "the stream is over"
            if line.startswith(b"data: "):
                return line.removeprefix(b"data: ").decode().strip()

    def hang_up(self) -> None:
        self.answer.close()  # it holds the socket too
        self._connection.close()


def asked(address: str) -> str:
    return str(json.loads(Ear(address).answer.read())["mark"])


def test_a_change_is_told_at_once(served: tuple[Shop, str], clock: ManualClock) -> None:
    shop, address = served
    ear = Ear.listening(address)
    assert ear.answer.status == 200
    assert (ear.answer.getheader("Content-Type") or "").startswith("text/event-stream")
    first = ear.next_mark()
    assert first == asked(address)
    clock.advance(timedelta(hours=1))
    began = time.monotonic()
    shop.storage.write(lambda uow: shop.catalog.set_price(uow, SNEAKERS, Money(7500, "EUR")))
    second = ear.next_mark()
    took_s = time.monotonic() - began
    assert second != first and second == asked(address)
    assert took_s < LIVE_S
    print(f"told after {took_s:.2f} s")
    ear.hang_up()


def test_beyond_the_places_a_page_asks(served: tuple[Shop, str], clock: ManualClock) -> None:
    shop, address = served
    ears = [Ear.listening(address) for _ in range(WEB_THREADS // 6)]
    before = [ear.next_mark() for ear in ears]
    late = Ear.listening(address)
    assert late.answer.status == 503 and late.answer.getheader("Retry-After")  # browsers do not try it again
    assert json.loads(late.answer.read())["code"] == "no_place"
    assert {asked(address)} == set(before)
    shop.storage.write(lambda uow: shop.catalog.set_on_hand(uow, SNEAKERS, "S1", 0))
    assert asked(address) not in before
    ears[0].hang_up()
    deadline = time.monotonic() + 15
    while Ear.listening(address).answer.status == 503:  # the place comes back
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_catalogue_that_is_withdrawn_ends_its_streams(served: tuple[Shop, str]) -> None:
    shop, address = served
    ear = Ear.listening(address)
    ear.next_mark()
    with shop.storage.read() as uow:
        (book,) = uow.lookbooks.shown()
    shop.storage.write(lambda uow: shop.publishing.withdraw(uow, book.id, actor="test"))
    with pytest.raises(AssertionError, match="the stream is over"):
        ear.next_mark()
    assert Ear.listening(address).answer.status == 410
