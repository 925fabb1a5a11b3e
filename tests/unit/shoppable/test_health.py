"""What operators ask: alive, ready and why not, counters."""

from __future__ import annotations

import logging
import shutil
from datetime import timedelta
from typing import NamedTuple

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from commerce.wiring import Shop
from shoppable import create_app
from shoppable.health import HEARTBEAT
from tests.unit.shoppable.shop_values import KEY


def beat(shop: Shop) -> None:
    until = shop.clock.now() + timedelta(seconds=30)
    shop.storage.write(lambda uow: uow.state.put(HEARTBEAT, "worker", until))


def test_the_worker_and_the_pages_mean_the_same_line() -> None:
    from bot.chores import ALIVE

    assert ALIVE == HEARTBEAT


def test_ready_says_each_reason(shop: Shop, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    silent = client.get("/readyz")
    assert silent.status_code == 503 and silent.json["reasons"] == ["worker_silent"]
    assert silent.json["status"] == "unready"
    beat(shop)
    seen = {"state": "off", "revision": "", "pictures": 0, "changing_encoder": False, "why": ""}
    assert client.get("/readyz").json == {"status": "ready", "reasons": [], "photo_search": seen}

    class Usage(NamedTuple):
        total: int
        used: int
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(1000, 951, 49))
    assert client.get("/readyz").json["reasons"] == ["disk_full"]
    monkeypatch.undo()
    shop.text_index.remove(range(1, 100))
    assert client.get("/readyz").json["reasons"] == ["index_empty"]


def test_a_closed_database_is_not_ready_and_the_process_still_alive(shop: Shop, client: FlaskClient) -> None:
    beat(shop)
    path = shop.settings.data_dir / "vitrine.db"
    shop.storage.close()
    for name in (path, path.with_name("vitrine.db-wal"), path.with_name("vitrine.db-shm")):
        name.unlink(missing_ok=True)
    path.mkdir()
    answer = client.get("/readyz")
    assert answer.status_code == 503 and "database" in answer.json["reasons"]
    assert client.get("/healthz").status_code == 200


def test_metrics_count_requests_by_route(client: FlaskClient) -> None:
    for path in ("/", "/p/1", "/p/1-x", "/p/none", "/api/v1/products?q=robe+secrete"):
        client.get(path)
    text = client.get("/metrics").text
    counted = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "vitrine_http_requests_total"
    }
    assert counted["/p/<address>", "200"] == 2 and counted["/p/<address>", "404"] == 1
    assert counted["/api/v1/products", "200"] == 1
    assert "secrete" not in text
    assert "vitrine_products 7.0" in text and "vitrine_indexed_products 7.0" in text


def test_metrics_are_for_this_machine_or_a_key(shop: Shop) -> None:
    client = create_app(shop).test_client()
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics", environ_base=elsewhere).status_code == 404
    for header in ("Bearer wrong", "Bearer ", "", f"Basic {KEY}"):
        assert client.get("/metrics", environ_base=elsewhere, headers={"Authorization": header}).status_code == 404
    key = {"Authorization": f"Bearer {KEY}"}
    assert client.get("/metrics", environ_base=elsewhere, headers=key).status_code == 200


def test_the_log_tells_routes_and_never_what_was_asked(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shoppable.requests")
    client.get("/?q=robe+secrete", headers={"Cookie": "chat=cookie-secret"})
    client.get("/media/" + "0" * 32 + ".jpg")
    lines = [record.getMessage() for record in caplog.records if record.name == "shoppable.requests"]
    assert len(lines) == 2 and lines[0].startswith("GET / 200 ") and lines[1].startswith("GET /media/<key> 404 ")
    assert "secret" not in caplog.text and "127.0.0.1" not in caplog.text
