"""What operators change over the JSON API: with their key alone, checked, and recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from commerce.wiring import Shop
from shoppable import create_app
from tests.unit.shoppable.api_description import BEARER
from tests.unit.shoppable.shop_values import KEY


def test_without_keys_there_is_no_door(make_shop: Callable[..., Shop]) -> None:
    client = create_app(make_shop()).test_client()
    assert client.patch("/api/v1/products/P2-blue-M/price", json={"price_minor": 1}, headers=BEARER).status_code in (
        404,
        405,
    )
    assert client.put("/api/v1/stock/P2-blue-M/S1", json={"on_hand": 1}, headers=BEARER).status_code == 404
    assert "/api/v1/stock/{sku}/{store}" not in client.get("/api/v1/openapi.json").json["paths"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        f"Basic {KEY}",
        f"Bearer {KEY}x",
        f"Bearer {KEY[:-1]}",
        "Bearer ü",
        f"Bearer {KEY},{KEY}",
    ],
)
def test_wrong_keys_change_nothing(shop: Shop, client: FlaskClient, header: str) -> None:
    answer = client.patch(
        "/api/v1/products/P2-blue-M/price", json={"price_minor": 1}, headers={"Authorization": header}
    )
    assert answer.status_code == 401
    product = shop.catalog.by_source_id("P2")
    assert product is not None and product.price_from.minor == 6500


def test_keys_may_be_rotated(make_shop: Callable[..., Shop]) -> None:
    client = create_app(make_shop(api_keys=f"{'n' * 20},{KEY}")).test_client()
    for key in ("n" * 20, KEY):
        answer = client.put(
            "/api/v1/stock/P2-blue-M/S1", json={"on_hand": 4}, headers={"Authorization": f"bearer {key}"}
        )
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "body",
    [{}, {"price_minor": -1}, {"price_minor": 1.5}, {"price_minor": "1"}, {"price_minor": True}, {"price_minor": None},
     {"price_minor": 10**13}, {"price_minor": 1, "currency": "usd"}, {"price_minor": 1, "currency": "USD"},
     {"price_minor": 1, "list_price_minor": "2"}, {"price_minor": 1, "extra": 1}, [], "x", 5],
)  # fmt: skip
def test_wrong_prices_change_nothing(shop: Shop, client: FlaskClient, body: Any) -> None:
    assert client.patch("/api/v1/products/P2-blue-M/price", json=body, headers=BEARER).status_code == 422
    product = shop.catalog.by_source_id("P2")
    assert product is not None and product.price_from.minor == 6500


@pytest.mark.parametrize(
    "body", [{}, {"on_hand": -1}, {"on_hand": 1.5}, {"on_hand": "3"}, {"on_hand": 10**7}, {"on_hand": [1]}]
)
def test_wrong_counts_change_nothing(shop: Shop, client: FlaskClient, body: Any) -> None:
    assert client.put("/api/v1/stock/P2-blue-M/S1", json=body, headers=BEARER).status_code == 422


def test_a_price_is_written_with_a_line_in_the_record(shop: Shop, client: FlaskClient) -> None:
    path = "/api/v1/products/P2-blue-M/price"
    first = client.patch(path, json={"price_minor": 4900, "list_price_minor": 6500}, headers=BEARER)
    again = client.patch(path, json={"price_minor": 4900, "list_price_minor": 6500}, headers=BEARER)
    assert first.json == {
        "sku": "P2-blue-M", "price_minor": 4900, "list_price_minor": 6500, "currency": "EUR", "changed": True,
    }  # fmt: skip
    assert again.json["changed"] is False
    from sqlalchemy import create_engine, text

    with create_engine(shop.settings.url_of_database).connect() as connection:
        lines = connection.execute(text("SELECT actor, action, subject, details FROM audit")).all()
    assert [(action, subject) for _, action, subject, _ in lines] == [("set_price", "P2-blue-M")]
    assert KEY not in str(lines)
