"""A small real shop on SQLite behind the real application: three stores, a warehouse, a handful of products."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from tests.unit.shoppable.shop_values import fill

from commerce.clock import ManualClock
from commerce.settings import Settings, load_settings
from commerce.wiring import Shop, build_shop
from shoppable import create_app

KEY = "a-key-for-tests-0123456789"


@pytest.fixture
def make_shop(tmp_path: Path, clock: ManualClock) -> Iterator[Callable[..., Shop]]:
    """Opens the shop of these tests with some settings changed."""
    opened: list[Shop] = []

    def make(**changes: object) -> Shop:
        values = {"data_dir": tmp_path / "data", "encoder": "none", "secret_key": "s" * 32, "shop_name": "Maison Test"}
        shop = build_shop(load_settings(**(values | changes)), clock=clock)
        opened.append(shop)
        with shop.storage.read() as uow:
            empty = uow.products.count() == 0
        if empty:
            fill(shop)
        shop.index_keeper.refresh()
        return shop

    yield make
    for shop in opened:
        shop.close()


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop(api_keys=KEY)


@pytest.fixture
def settings(shop: Shop) -> Settings:
    return shop.settings


@pytest.fixture
def app(shop: Shop) -> Flask:
    return create_app(shop)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
