"""A small real shop on SQLite behind the real application: three stores, a warehouse, a handful of products."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.channels import rules_of_channels
from commerce.clock import ManualClock
from commerce.settings import Settings, load_settings
from commerce.storage import engine
from commerce.wiring import Shop, build_shop
from shoppable import create_app
from tests.unit.shoppable.chatting import HOST, ORIGIN
from tests.unit.shoppable.seeing import fill_seeing
from tests.unit.shoppable.shop_values import KEY, filled
from tests.unit.shoppable.shopping import Agent, Browser

SETTINGS: dict[str, object] = {"encoder": "none", "secret_key": "s" * 32, "shop_name": "Maison Test"}


@pytest.fixture(scope="session")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the shop of these tests, to be copied."""
    return filled(tmp_path_factory.mktemp("filled") / "data")


@pytest.fixture
def make_shop(tmp_path: Path, clock: ManualClock, filled_folder: Path) -> Iterator[Callable[..., Shop]]:
    """Opens the shop of these tests with some settings changed."""
    folder = tmp_path / "data"
    shutil.copytree(filled_folder, folder)
    opened: list[Shop] = []

    def make(**changes: object) -> Shop:
        shop = build_shop(
            load_settings(**(SETTINGS | {"data_dir": folder} | changes)), clock=clock, channels=rules_of_channels()
        )
        opened.append(shop)
        shop.index_keeper.refresh()
        return shop

    yield make
    for shop in opened:
        shop.close()


@pytest.fixture(scope="session")
def seeing_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a shop that sees, to be copied."""
    folder = tmp_path_factory.mktemp("seeing") / "data"
    clock = ManualClock(datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
    with build_shop(load_settings(data_dir=folder, secret_key="s" * 32), clock=clock) as shop:
        fill_seeing(shop)
    return folder


@pytest.fixture
def seeing(seeing_folder: Path, tmp_path: Path, clock: ManualClock) -> Iterator[Shop]:
    folder = tmp_path / "seeing"
    shutil.copytree(seeing_folder, folder)
    with build_shop(load_settings(data_dir=folder, secret_key="s" * 32), clock=clock) as shop:
        shop.index_keeper.refresh()
        yield shop


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shop that is opened now waits for a database that somebody else has for a moment, and not for seconds."""
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 100)


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop(api_keys=KEY, fake_payments=True)


@pytest.fixture
def settings(shop: Shop) -> Settings:
    return shop.settings


@pytest.fixture
def app(shop: Shop) -> Flask:
    return create_app(shop)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def say(client: FlaskClient) -> Callable[..., TestResponse]:
    """Says something in the web chat, as a message of its own."""
    number = 0

    def say(**what: Any) -> TestResponse:
        nonlocal number
        number += 1
        what.setdefault("client_msg_id", f"message-{number:04}")
        return client.post("/api/v1/chat/messages", json=what, headers=ORIGIN, base_url=HOST)

    return say


@pytest.fixture
def described(client: FlaskClient) -> dict[str, Any]:
    """The API as it describes itself."""
    document: dict[str, Any] = client.get("/api/v1/openapi.json").json
    return document


@pytest.fixture
def lea(app: Flask, shop: Shop) -> Browser:
    """A shopper."""
    return Browser(app, shop)


@pytest.fixture
def agent(app: Flask, described: dict[str, Any]) -> Agent:
    """A shopping machine."""
    return Agent(app, described)
