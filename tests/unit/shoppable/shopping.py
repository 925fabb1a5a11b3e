"""A shopper at a browser without scripts: forms, redirects, and what a person reads."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from commerce.domain.order import Order
from commerce.wiring import Shop
from tests.unit.shoppable.api_description import check
from tests.unit.shoppable.shop_values import KEY

HOST = "http://127.0.0.1:8000"
ORIGIN = {"Origin": HOST}
LEA = {"name": "Léa", "email": "lea@example.com", "phone": "+33 6 00 00 00 00"}
HOME = {"how": "delivery", "line1": "1 rue Mercière", "postcode": "69002", "city": "Lyon", "country": "FR"}
BELLECOUR = {"how": "pickup", "store": "S1"}

BEARER = {"Authorization": f"Bearer {KEY}"}
V1 = "/api/v1"
ADDRESS = {"name": "Sam", "line1": "1 rue Mercière", "postcode": "69002", "city": "Lyon", "country": "FR"}
ORDER: dict[str, Any] = {
    "name": "Sam",
    "email": "sam@example.com",
    "fulfilment": "delivery",
    "address": ADDRESS,
    "provider": "fake",
    "terms_accepted": True,
    "expected_total_minor": 8390,
}


def text_of(html: str) -> str:
    """What a person reads, with plain spaces."""
    html = re.sub(r"<(script|style|title).*?</\1>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).replace("\u202f", " ").replace("\xa0", " ")


def variant_of(shop: Shop, sku: str) -> int:
    with shop.storage.read() as uow:
        found = uow.products.by_sku(sku)
    assert found is not None
    return found[1].id


class Browser:
    """With a cookie jar of its own. `language` is what the browser prefers."""

    def __init__(self, app: Flask, shop: Shop, language: str = "en") -> None:
        self.client: FlaskClient = app.test_client()
        self.shop, self.language = shop, language

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, base_url=HOST, headers={"Accept-Language": self.language, **headers})

    def post(self, path: str, **form: object) -> TestResponse:
        headers = {"Accept-Language": self.language, **ORIGIN}
        return self.client.post(path, base_url=HOST, headers=headers, data=form)

    def send(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> TestResponse:
        return self.client.open(
            path,
            method=method,
            base_url=HOST,
            headers={"Accept-Language": self.language, **ORIGIN, **(headers or {})},
            **more,
        )

    def read(self, path: str) -> str:
        """The page as a person reads it, redirects followed."""
        answer = self.client.get(path, base_url=HOST, headers={"Accept-Language": self.language}, follow_redirects=True)
        assert answer.status_code == 200, (path, answer.status_code)
        return text_of(answer.text)

    # --- shopping

    def add(self, sku: str, quantity: int = 1, **more: object) -> TestResponse:
        return self.post("/cart/add", variant=variant_of(self.shop, sku), quantity=quantity, **more)

    def line(self, sku: str, do: str, **more: object) -> TestResponse:
        return self.post("/cart/lines", variant=variant_of(self.shop, sku), do=do, **more)

    def cart(self) -> dict[str, int]:
        """Units wanted by SKU."""
        return {line["sku"]: line["quantity"] for line in self.get("/api/v1/carts").json["lines"]}

    def tell(self, **details: str) -> None:
        answer = self.post("/checkout/details", **{**LEA, **details})
        assert answer.status_code == 303, text_of(answer.text)

    def total(self) -> str:
        """What the checkout page would charge, in minor units, as its form says."""
        found = re.search(r'name="total" value="(\d+)"', self.get("/checkout").text)
        assert found, text_of(self.get("/checkout").text)
        return found[1]

    def pay(self, provider: str, **more: str) -> TestResponse:
        total = more.pop("total", None) or self.total()
        return self.post("/checkout/pay", **{"provider": provider, "terms": "yes", "total": total, **more})

    def order(self) -> Order:
        """The newest order of this browser."""
        listed = self.get("/api/v1/orders").json["orders"]
        with self.shop.storage.read() as uow:
            found = uow.orders.get(listed[0]["id"])
        assert found is not None
        return found

    def buy(self, sku: str, *, provider: str = "fake", do: str = "pay", **details: str) -> Order:
        """From the product to the provider's page and one of its buttons; back at the shop."""
        self.add(sku)
        self.tell(**(details or HOME))
        leave = self.pay(provider)
        assert leave.status_code == 303, text_of(leave.text)
        if provider == "fake":
            self.play(leave.headers["Location"], do)
        return self.order()

    def play(self, leave: str, do: str) -> TestResponse:
        """On from the page that leads to the provider, and a button pressed there."""
        url = re.search(r'content="0;url=([^"]+)"', self.get(leave).text)
        assert url, leave
        return self.post(unescape(url[1]).removeprefix(HOST), do=do)


class Agent:
    """A machine without cookies: what it knows is the id of its cart."""

    def __init__(self, app: Flask, described: dict[str, Any]) -> None:
        self.client, self.described = app.test_client(use_cookies=False), described
        self.cart = self.call("/carts", "post", "/carts", 201)["id"]

    def call(self, path: str, method: str, address: str, status: int, **more: Any) -> Any:
        answer = self.client.open(f"{V1}{address}", method=method.upper(), base_url=HOST, **more)
        assert answer.status_code == status, answer.text
        return check(self.described, f"{V1}{path}", method, answer)

    def put(self, sku: str, status: int = 200, **line: Any) -> Any:
        return self.call("/carts/{cart}/lines/{sku}", "put", f"/carts/{self.cart}/lines/{sku}", status, json=line)

    def order(self, key: str, status: int = 201, **more: Any) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return self.call(
            "/checkout", "post", "/checkout", status, json={"cart": self.cart, **ORDER, **more}, headers=headers
        )
