"""Waiting from a page: the button of what is sold out, and the browser's own list by the API."""

from __future__ import annotations

import pytest
from flask import Flask

from commerce.domain.stock import MovementReason
from commerce.wiring import Shop
from tests.unit.shoppable.shopping import HOST, Browser, variant_of

PAIR = "P3-white-42"


@pytest.fixture
def sold_out(shop: Shop) -> int:
    variant, now = variant_of(shop, PAIR), shop.clock.now()
    shop.storage.write(lambda uow: uow.stock.set_on_hand(variant, "S1", 0, MovementReason.COUNT, now))
    return variant


def write(lea: Browser, method: str, path: str, origin: str = HOST, **body: object):
    return lea.client.open(path, method=method, base_url=HOST, headers={"Origin": origin}, json=body if body else None)


def test_what_is_sold_out_in_the_chosen_size_can_be_waited_for(lea: Browser, shop: Shop, sold_out: int) -> None:
    page = lea.get("/p/3?size=42").text
    assert f'data-chat-action="whenback:{sold_out}"' in page and ">Notify me</a>" in page
    assert "whenback:" not in lea.get("/p/1?colour=navy&size=38").text  # in stock
    assert "whenback:" not in lea.get("/p/1?colour=navy").text  # no size is chosen
    chat = lea.get(f"/chat?product=3&back={sold_out}").text
    assert f'data-opening-action="whenback:{sold_out}"' in chat and "Notify me: White sneakers, 42" in chat
    assert 'data-opening-action="show:3"' in lea.get("/chat?product=3&back=999").text


def test_the_browsers_own_list(lea: Browser, app: Flask, shop: Shop, sold_out: int) -> None:
    assert lea.get("/api/v1/waits").json == {"waits": []}
    made = write(lea, "POST", "/api/v1/waits", sku=PAIR)
    assert made.status_code == 201 and made.json is not None
    assert (made.json["sku"], made.json["store"], made.json["state"]) == (PAIR, "", "waiting")
    assert lea.get("/api/v1/waits").json == {"waits": [made.json]}
    again = write(lea, "POST", "/api/v1/waits", sku=PAIR)
    assert (again.status_code, again.json["code"]) == (409, "not_waiting_already")  # type: ignore[index]
    in_stock = write(lea, "POST", "/api/v1/waits", sku="P1-navy-38")
    assert in_stock.json is not None and in_stock.json["code"] == "not_waiting_in_stock"
    assert write(lea, "POST", "/api/v1/waits", sku="none").status_code == 404
    address = f"/api/v1/waits/{made.json['id']}"
    assert write(Browser(app, shop), "DELETE", address).status_code == 404  # somebody else's
    assert write(lea, "DELETE", address, origin="https://elsewhere.example").status_code == 403
    assert write(lea, "DELETE", address).status_code == 204
    assert write(lea, "DELETE", address).status_code == 404
    assert lea.get("/api/v1/waits").json == {"waits": []}


def test_what_is_back_is_on_the_list_with_its_time(lea: Browser, shop: Shop, sold_out: int) -> None:
    write(lea, "POST", "/api/v1/waits", sku=PAIR, store="S1")
    now = shop.clock.now()
    shop.storage.write(lambda uow: uow.stock.set_on_hand(sold_out, "S1", 1, MovementReason.COUNT, now))
    shop.waiting.tick()
    found = lea.get("/api/v1/waits").json
    assert found is not None
    (wait,) = found["waits"]
    assert (wait["state"], wait["held_at"]) == ("told", "S1") and wait["until"] is not None
