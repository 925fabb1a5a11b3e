"""Buckets: a burst, then a steady pace, in bounded memory; places are counted."""

from __future__ import annotations

import threading
from dataclasses import replace

from flask import Flask

from shoppable.limits import SEARCH, Buckets, Places, Rate, is_loopback
from shoppable.site import EXTENSION


class Watch:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_burst_and_then_a_steady_pace() -> None:
    watch = Watch()
    buckets, rate = Buckets(watch), Rate(burst=3, per_s=0.5)
    assert [buckets.wait_s("a", "me", rate) for _ in range(3)] == [0, 0, 0]
    assert buckets.wait_s("a", "me", rate) == 2.0
    assert buckets.wait_s("a", "you", rate) == 0 and buckets.wait_s("b", "me", rate) == 0
    watch.now_s += 2
    assert buckets.wait_s("a", "me", rate) == 0
    assert buckets.wait_s("a", "me", rate) > 0
    watch.now_s += 1000
    assert [buckets.wait_s("a", "me", rate) for _ in range(4)][:3] == [0, 0, 0]


def test_being_refused_costs_nothing_more() -> None:
    watch = Watch()
    buckets, rate = Buckets(watch), Rate(burst=1, per_s=1)
    buckets.wait_s("a", "me", rate)
    for _ in range(100):
        assert buckets.wait_s("a", "me", rate) == 1.0
    watch.now_s += 1
    assert buckets.wait_s("a", "me", rate) == 0


def test_memory_is_bounded() -> None:
    buckets = Buckets(Watch(), most=100)
    for number in range(5000):
        buckets.wait_s("a", str(number), Rate(1, 1))
    assert len(buckets) == 100


def test_places_are_never_given_twice() -> None:
    places, most, now, lock = Places(5), 0, 0, threading.Lock()

    def visit() -> None:
        nonlocal most, now
        for _ in range(200):
            with places.one() as taken:
                if taken:
                    with lock:
                        now += 1
                        most = max(most, now)
                    with lock:
                        now -= 1

    threads = [threading.Thread(target=visit) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= most <= 5
    assert [places.take() for _ in range(6)] == [True] * 5 + [False]


def test_this_machine() -> None:
    assert is_loopback("127.0.0.1") and is_loopback("127.8.9.1") and is_loopback("::1")
    assert (
        not is_loopback("203.0.113.1")
        and not is_loopback("")
        and not is_loopback(None)
        and not is_loopback("localhost")
    )


def test_one_address_is_slowed_down_and_another_is_not(app: Flask) -> None:
    app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], buckets=Buckets(Watch()))
    client = app.test_client()

    def search(address: str) -> int:
        return client.get("/api/v1/products?q=robe", environ_base={"REMOTE_ADDR": address}).status_code

    statuses = [search("203.0.113.1") for _ in range(SEARCH.burst + 1)]
    assert statuses == [200] * SEARCH.burst + [429]
    assert search("203.0.113.2") == 200
    page = client.get("/", environ_base={"REMOTE_ADDR": "203.0.113.1"})
    assert page.status_code == 429 and page.mimetype == "text/html" and page.headers["Retry-After"] == "1"
    assert search("127.0.0.1") == 200
