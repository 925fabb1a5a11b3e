"""The JSON API: what it answers is what openapi.json says, for every operation that is mounted."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from shoppable.api.openapi import operations
from tests.unit.shoppable.api_description import BEARER, HOST, ORIGIN, SELLING, check
from tests.unit.shoppable.shop_values import png


def test_the_description_is_valid_and_complete(app: Flask, described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    mounted = {
        rule.rule.replace("<path:", "{").replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
    }
    assert mounted == set(described["paths"])
    assert len(operations(app)) == sum(len(methods) for methods in described["paths"].values())


def test_every_operation_answers_as_described(app: Flask, client: FlaskClient, described: dict[str, Any]) -> None:
    """One call of each at least; whoever adds an operation adds its call here."""
    seen: set[tuple[str, str]] = set()

    def call(path: str, method: str, address: str, status: int, **values: Any) -> Any:
        answer = client.open(address, method=method.upper(), **HOST, **values)
        assert answer.status_code == status, answer.text
        seen.add((path, method))
        return check(described, path, method, answer)

    v1 = "/api/v1"
    call(f"{v1}/openapi.json", "get", f"{v1}/openapi.json", 200)
    call(f"{v1}/products", "get", f"{v1}/products?q=robe&near=45.76,4.84", 200)
    call(f"{v1}/products", "get", f"{v1}/products?limit=0", 400)
    call(f"{v1}/products/{{product}}", "get", f"{v1}/products/P1", 200)
    call(f"{v1}/products/{{product}}", "get", f"{v1}/products/none", 404)
    call(f"{v1}/similar", "get", f"{v1}/similar?id=P1", 200)
    call(f"{v1}/similar", "get", f"{v1}/similar?id=none", 404)
    call(f"{v1}/similar", "post", f"{v1}/similar", 503, data={"photo": (io.BytesIO(png()), "a.png")})
    call(f"{v1}/recommendations", "get", f"{v1}/recommendations?limit=3&near=45.76,4.84", 200)
    call(f"{v1}/recommendations", "get", f"{v1}/recommendations?cart=nothing", 404)
    call(f"{v1}/stores", "get", f"{v1}/stores?near=69002&variant=P1-navy-38", 200)
    call(f"{v1}/stores", "get", f"{v1}/stores?variant=nothing", 404)
    price = f"{v1}/products/{{sku}}/price"
    call(price, "patch", f"{v1}/products/P2-blue-M/price", 200, json={"price_minor": 6000}, headers=BEARER)
    call(price, "patch", f"{v1}/products/none/price", 404, json={"price_minor": 6000}, headers=BEARER)
    call(price, "patch", f"{v1}/products/P2-blue-M/price", 401, json={"price_minor": 6000})
    stock = f"{v1}/stock/{{sku}}/{{store}}"
    call(stock, "put", f"{v1}/stock/P2-blue-M/S1", 200, json={"on_hand": 9}, headers=BEARER)
    call(stock, "put", f"{v1}/stock/P2-blue-M/S9", 404, json={"on_hand": 9}, headers=BEARER)
    said: dict[str, Any] = {"sku": "P2-blue-M", "store": "S1"}
    for what in ("sales", "damage", "not-found", "returns"):
        call(f"{v1}/stock/{what}", "post", f"{v1}/stock/{what}", 200, json=said | {"reference": "r1"}, headers=BEARER)
    many = said | {"reference": "r2", "quantity": 99}
    call(f"{v1}/stock/sales", "post", f"{v1}/stock/sales", 409, json=many, headers=BEARER)
    counted = said | {"reference": "r3", "on_hand": 9}
    call(f"{v1}/stock/counts", "post", f"{v1}/stock/counts", 200, json=counted, headers=BEARER)
    moves = f"{v1}/stock/{{sku}}/movements"
    call(moves, "get", f"{v1}/stock/P2-blue-M/movements?store=S1&limit=2", 200, headers=BEARER)
    call(moves, "get", f"{v1}/stock/nothing/movements", 404, headers=BEARER)
    call(f"{stock}/safety", "put", f"{v1}/stock/P2-blue-M/S1/safety", 200, json={"safety": 1}, headers=BEARER)
    call(f"{v1}/stock/differences", "get", f"{v1}/stock/differences", 200, headers=BEARER)
    pause = f"{v1}/stores/{{store}}/pause"
    call(pause, "put", f"{v1}/stores/S1/pause", 200, json={"minutes": 30, "reason": "livraison"}, headers=BEARER)
    call(pause, "delete", f"{v1}/stores/S1/pause", 204, headers=BEARER)
    call(pause, "delete", f"{v1}/stores/S1/pause", 404, headers=BEARER)
    message = {"client_msg_id": "12345678", "text": "robe"}
    call(f"{v1}/chat/messages", "post", f"{v1}/chat/messages", 202, json=message, headers=ORIGIN)
    call(f"{v1}/chat/messages", "post", f"{v1}/chat/messages", 200, json=message, headers=ORIGIN)
    call(f"{v1}/chat/messages", "post", f"{v1}/chat/messages", 422, json={"client_msg_id": 12345678}, headers=ORIGIN)
    call(f"{v1}/chat/events", "get", f"{v1}/chat/events?after=0", 200)
    photo = {"photo": (io.BytesIO(png()), "a.png")}
    call(f"{v1}/chat/uploads", "post", f"{v1}/chat/uploads", 201, data=photo, headers=ORIGIN)
    call(f"{v1}/chat/session", "delete", f"{v1}/chat/session", 204, headers=ORIGIN)
    call(f"{v1}/chat/greeting", "get", f"{v1}/chat/greeting", 200)
    call(f"{v1}/customers", "get", f"{v1}/customers", 200, headers=BEARER)
    call(f"{v1}/waits", "get", f"{v1}/waits", 200)
    wait = call(f"{v1}/waits", "post", f"{v1}/waits", 201, json={"sku": "P1-terracotta-38"}, headers=ORIGIN)
    call(f"{v1}/waits/{{wait}}", "delete", f"{v1}/waits/{wait['id']}", 204, headers=ORIGIN)
    call(f"{v1}/stores/{{store}}/slots", "get", f"{v1}/stores/S1/slots", 200)
    call(f"{v1}/pick-ups", "get", f"{v1}/pick-ups?store=S1", 200, headers=BEARER)
    move = {"version": 1, "by": "nadia"}
    for step, more in (("accept", {}), ("preparing", {}), ("ready", {}), ("reject", {"reason": "other"})):
        path = f"{v1}/pick-ups/{{kind}}/{{subject}}/{step}"
        call(path, "post", f"{v1}/pick-ups/reservation/{'0' * 32}/{step}", 404, json=move | more, headers=BEARER)
    by, where, nothing = (
        {"code": "ABC-123", "by": "nadia"},
        {"store": "S1"},
        "0" * 32,
    )  # done for real: test_returns_pages
    for path, body in (
        ("/reservations/{reservation}/handover", by),
        ("/returns/{request_id}/receive", {**by, **where, "resellable": True}),
        ("/returns/{request_id}/handover", {**by, **where}),
        ("/returns/{request_id}/reject", {"by": "nadia", "note": "Worn."}),
    ):
        address = re.sub(r"\{\w+\}", nothing, f"{v1}{path}")
        call(f"{v1}{path}", "post", address, 404, json=body, headers=BEARER)
    call(f"{v1}/withdrawals.csv", "get", f"{v1}/withdrawals.csv", 200, headers=BEARER)
    assert seen == {(path, method) for path, method, _ in operations(app) if not path.startswith(SELLING)}


def test_hits_have_the_promised_shape(client: FlaskClient) -> None:
    answer = client.get("/api/v1/products?q=linnen+dress&lang=en&near=45.7600,4.8400").json
    first = answer["hits"][0]
    assert {"id", "title", "url", "price_minor", "currency", "score", "why"} <= set(first)
    assert (first["id"], first["title"], first["price_minor"], first["currency"]) == (
        "P1",
        "Linen midi dress",
        7900,
        "EUR",
    )
    assert first["url"] == f"http://127.0.0.1:8000/p/{first['product_id']}"
    assert first["why"] == "words" and 0 < first["score"] <= 1
    assert first["sizes"] == ["36", "38", "40"] and first["in_stock"] is True
    assert first["nearest"] == {"store": "S1", "name": "Lyon Bellecour", "distance_m": 663}
    assert answer["read_as"] == "linen dress" and answer["took_ms"] >= 0


def test_french_comes_with_french(client: FlaskClient) -> None:
    assert client.get("/api/v1/products?q=robe+lin", headers={"Accept-Language": "fr"}).json["hits"][0]["title"] == (
        "Robe midi en lin"
    )


def ids(answer: TestResponse) -> list[str]:
    return [hit["id"] for hit in answer.json["hits"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("size=42", {"P3"}),
        ("colour=navy&size=38", {"P1", "P6"}),
        ("colour=bleu+marine&size=38&lang=fr", {"P1", "P6"}),
        ("category=robe&price_max_minor=6000&lang=fr", {"P6"}),
        ("category=dress&price_min_minor=6000", {"P1"}),
        ("store=S1&category=sneakers", {"P3"}),
        ("colour=terracotta&size=38&in_stock=true", set()),  # together on one variant: that one is sold out
        ("gender=femme&category=sneakers&lang=fr", {"P3"}),
        ("colour=no-such-colour", set()),
    ],
)
def test_conditions(client: FlaskClient, query: str, expected: set[str]) -> None:
    assert set(ids(client.get(f"/api/v1/products?{query}"))) == expected


def test_nothing_says_what_broke_and_the_floor(client: FlaskClient) -> None:
    answer = client.get("/api/v1/products?q=robe+midi&price_max_minor=500&lang=fr").json
    assert answer["hits"] == [] and answer["broken"] == "price" and answer["price_floor_minor"] == 5900
    assert answer["nearest"][0]["id"] == "P6"


def test_cursors_walk_through_everything_once(client: FlaskClient) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get("/api/v1/products", query_string={"limit": 2, "cursor": cursor})
        seen += ids(answer)
        cursor = answer.json["next_cursor"]
    assert len(seen) == len(set(seen)) and {"P1", "P2", "P3", "P4", "P6", "P7"} <= set(seen)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=51", "limit=x", "limit=1.5", "limit=%F0%9F%91%8D", "limit=٣",
     "cursor=x", "cursor=o99999", "cursor=-1",
     "price_max_minor=-1", "price_max_minor=1e3", "price_min_minor=" + "9" * 30, "in_stock=perhaps", "near=Xqzzk",
     "near=91,0", "near=NaN,NaN", "q=" + "a" * 501, "size=" + "a" * 41],
)  # fmt: skip
def test_wrong_parameters_are_named(client: FlaskClient, query: str) -> None:
    for lang, words in (("fr", "«"), ("en", "“")):
        answer = client.get(f"/api/v1/products?{query}", headers={"Accept-Language": lang})
        assert answer.status_code == 400, answer.text
        assert answer.mimetype == "application/problem+json"
        assert answer.json["code"] == "bad_parameter" and words in answer.json["detail"]
        assert answer.json["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("path", "status", "fr", "en"),
    [
        ("/api/v1/products/none", 404, "Cet article n’existe pas.", "There is no such product."),
        (
            "/api/v1/nowhere",
            404,
            "Il n’y a rien à cette adresse, ou il n’y a plus rien.",
            "There is nothing at this address",
        ),
        ("/api/v1/chat/messages", 405, "Cette adresse existe", "This address exists"),
    ],
)
def test_problems_speak_both_languages(client: FlaskClient, path: str, status: int, fr: str, en: str) -> None:
    for lang, words in (("fr", fr), ("en", en)):
        for answer in (client.get(path, headers={"Accept-Language": lang}), client.get(f"{path}?lang={lang}")):
            assert answer.status_code == status and answer.mimetype == "application/problem+json"
            assert answer.json["detail"].startswith(words)
            assert answer.headers["Content-Language"] == lang
            assert set(answer.json) == {"type", "title", "status", "detail", "code", "request_id"}


def test_a_surprise_is_a_500_without_a_trace(app: Flask) -> None:
    def surprise() -> str:
        raise RuntimeError("secret detail")

    app.add_url_rule("/api/v1/surprise", "surprise", surprise)
    app.add_url_rule("/surprise", "surprise_page", surprise)
    for path in ("/api/v1/surprise", "/surprise"):
        answer = app.test_client().get(path)
        assert answer.status_code == 500
        assert "secret detail" not in answer.text and "Traceback" not in answer.text


def test_a_product_by_its_own_id_tells_bands_and_never_counts(client: FlaskClient) -> None:
    product = client.get("/api/v1/products/P1?lang=en").json
    by_sku = {variant["sku"]: variant for variant in product["variants"]}
    assert {place["store"]: place["band"] for place in by_sku["P1-navy-38"]["stores"]} == {
        "S1": "last", "S2": "few", "S3": "none",
    }  # fmt: skip
    assert by_sku["P1-navy-38"]["available_online"] == "in_stock"
    assert "on_hand" not in str(product)


def test_stores_nearest_first(client: FlaskClient) -> None:
    stores = client.get("/api/v1/stores?near=48.86,2.35&lang=en").json["stores"]
    assert stores[0]["id"] == "S3" and "WEB" not in {store["id"] for store in stores}
    with_it = client.get("/api/v1/stores?near=45.7600,4.8400&variant=P1-navy-38").json["stores"]
    assert [(store["id"], store["band"], store["distance_m"]) for store in with_it[:2]] == [
        ("S1", "last", 663), ("S2", "few", 1323),
    ]  # fmt: skip
    assert with_it[0]["open_now"] is True and with_it[0]["closes_at"] == "2026-03-10T18:00:00+00:00"
