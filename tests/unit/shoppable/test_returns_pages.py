"""What comes back, on the pages and over the API: two steps, one receipt, its owner's alone; codes at the counter."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from commerce.clock import ManualClock
from commerce.domain.order import Order, OrderState
from commerce.domain.returns import ReturnKind, ReturnRequest
from commerce.wiring import Shop
from tests.unit.shoppable.shopping import BEARER, Browser

PARIS = ZoneInfo("Europe/Paris")
BUTTON = "Withdraw from contract here"


def moved(shop: Shop, order: Order, *states: OrderState) -> Order:
    for state in states:
        result = shop.storage.write(
            lambda uow, to=state: shop.orders.advance(uow, order.id, to, actor="staff:nadia")  # type: ignore[misc]
        )
        assert isinstance(result, Order), result
        order = result
    return order


@pytest.fixture
def delivered(shop: Shop, lea: Browser) -> Order:
    return moved(shop, lea.buy("P1-navy-38"), OrderState.SHIPPED, OrderState.COMPLETED)


def requests(shop: Shop, order: Order) -> list[ReturnRequest]:
    with shop.storage.read() as uow:
        return uow.returns.of_order(order.id)


def refunds(shop: Shop, order: Order) -> list[int]:
    with shop.storage.read() as uow:
        return [refund.amount.minor for refund in uow.payments.refunds_of(order.id)]


def form_of(page: str) -> dict[str, object]:
    """What a browser would send if nothing was changed."""
    lines = re.findall(r'name="line" value="(\d+)" checked', page)
    seen = re.search(r'name="seen" value="(\d+)"', page)
    lanes = re.findall(r'<option value="([^"]+)"', page)
    name = re.search(r'name="name" value="([^"]*)"', page)
    assert lines and seen and lanes and name, page
    return {"line": lines, "seen": seen[1], "to": lanes[0], "name": name[1]}


# --- the legal withdrawal


def test_two_steps_and_a_receipt(shop: Shop, lea: Browser, delivered: Order, clock: ManualClock) -> None:
    page = lea.read(f"/orders/{delivered.id}")
    assert BUTTON in page and "until 24 March 2026 inclusive" in page
    page = lea.get(f"/orders/{delivered.id}/withdrawal").text
    assert "Confirm withdrawal" in page and "€83.90" in page
    form = form_of(page)
    assert form["name"] == "Léa"
    for _ in range(2):  # a second tap on the same button
        done = lea.post(f"/orders/{delivered.id}/withdrawal", **form)
        assert done.status_code == 303
    (withdrawn,) = requests(shop, delivered)
    assert (withdrawn.kind, withdrawn.refund_minor) == (ReturnKind.WITHDRAWAL, 8390)
    assert refunds(shop, delivered) == [8390]
    assert "Your withdrawal was received" in lea.read(done.headers["Location"])
    file = lea.get(f"/orders/{delivered.id}/withdrawal.txt")
    assert file.data.decode() == withdrawn.receipt, "byte for byte"
    assert (file.mimetype, file.headers["Cache-Control"]) == ("text/plain", "no-store")
    assert "attachment" in file.headers["Content-Disposition"]
    assert BUTTON not in lea.read(f"/orders/{delivered.id}")


def test_nobody_else_sees_or_withdraws(app: Flask, shop: Shop, lea: Browser, delivered: Order) -> None:
    form = form_of(lea.get(f"/orders/{delivered.id}/withdrawal").text)
    sam = Browser(app, shop)
    sam.add("P2-blue-M")
    for browser in (sam, Browser(app, shop)):
        for below in ("/withdrawal", "/return", "/withdrawal.txt"):
            assert browser.get(f"/orders/{delivered.id}{below}").status_code == 404
        for below in ("/withdrawal", "/return"):
            assert browser.post(f"/orders/{delivered.id}{below}", **form).status_code == 404
    assert requests(shop, delivered) == []
    lea.post(f"/orders/{delivered.id}/withdrawal", **form)
    assert sam.get(f"/orders/{delivered.id}/withdrawal.txt").status_code == 404


def test_with_its_link_the_receipt_can_be_had(app: Flask, shop: Shop, lea: Browser, delivered: Order) -> None:
    lea.post(f"/orders/{delivered.id}/withdrawal", **form_of(lea.get(f"/orders/{delivered.id}/withdrawal").text))
    url = shop.order_links.url(delivered.id, "/withdrawal.txt").removeprefix(shop.settings.base_url)
    assert Browser(app, shop).get(url).status_code == 200


def test_another_sites_page_cannot_withdraw(lea: Browser, shop: Shop, delivered: Order) -> None:
    form = form_of(lea.get(f"/orders/{delivered.id}/withdrawal").text)
    answer = lea.client.post(
        f"/orders/{delivered.id}/withdrawal", data=form, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code in (400, 403)
    assert requests(shop, delivered) == []


def test_day_fifteen(shop: Shop, lea: Browser, delivered: Order, clock: ManualClock) -> None:
    form = form_of(lea.get(f"/orders/{delivered.id}/withdrawal").text)
    clock.set(datetime(2026, 3, 25, 0, 0, tzinfo=PARIS))
    page = lea.read(f"/orders/{delivered.id}")
    assert BUTTON not in page and "The time to withdraw from the contract is over." in page
    assert lea.post(f"/orders/{delivered.id}/withdrawal", **form).status_code == 409
    assert requests(shop, delivered) == []


def test_nothing_chosen_is_nothing_done(shop: Shop, lea: Browser, delivered: Order) -> None:
    form = form_of(lea.get(f"/orders/{delivered.id}/withdrawal").text)
    assert lea.post(f"/orders/{delivered.id}/withdrawal", **{**form, "line": []}).status_code == 409
    for odd in ("x", "-1", "99", "9" * 40, "é"):
        assert lea.post(f"/orders/{delivered.id}/withdrawal", **{**form, "line": [odd]}).status_code == 409
    assert requests(shop, delivered) == []


# --- exchange and return


def test_an_exchange_is_held_and_its_code_is_on_the_page(shop: Shop, lea: Browser, delivered: Order) -> None:
    page = lea.get(f"/orders/{delivered.id}/return").text
    assert re.findall(r'<option value="(exchange|return|problem)"', page) == ["exchange", "return", "problem"]
    instead = re.search(r'name="instead">.*?<option value="(\d+)"', page, re.DOTALL)
    assert instead, page
    with shop.storage.read() as uow:
        levels = uow.stock.levels([int(instead[1])])
        store = next(each.store_id for each in levels if each.available > 0 and each.store_id != "WEB")
    asked = {"line": "0", "kind": "exchange", "reason": "too_small", "instead": instead[1], "way": "store"}
    assert lea.post(f"/orders/{delivered.id}/return", **asked, store=store).status_code == 303
    (held,) = requests(shop, delivered)
    assert held.code in lea.read(f"/orders/{delivered.id}")
    assert lea.post(f"/orders/{delivered.id}/return", **asked, store=store).status_code == 409
    received = lea.send(
        "POST",
        f"/api/v1/returns/{held.id}/receive",
        headers=BEARER,
        json={"code": held.code, "by": "nadia", "store": store, "resellable": True},
    )
    assert (received.status_code, received.json["state"]) == (200, "settled")


@pytest.mark.parametrize(
    "form", [{}, {"kind": "withdrawal", "line": "0"}, {"kind": "return"}, {"kind": "x", "line": "é"}]
)
def test_half_a_form_is_asked_again(shop: Shop, lea: Browser, delivered: Order, form: dict[str, str]) -> None:
    assert lea.post(f"/orders/{delivered.id}/return", **form).status_code == 422
    assert requests(shop, delivered) == []


# --- the counter, by machine


def test_handing_over_by_machine(shop: Shop, lea: Browser) -> None:
    order = moved(shop, lea.buy("P1-navy-38", how="pickup", store="S1"), OrderState.READY)
    address = f"/api/v1/orders/{order.id}/handover"
    assert lea.send("POST", address, json={"code": order.pickup_code, "by": "nadia"}).status_code == 401
    wrong = lea.send("POST", address, headers=BEARER, json={"code": "XYZ-999", "by": "nadia"})
    assert (wrong.status_code, wrong.json["code"]) == (422, "wrong_code")
    done = lea.send("POST", address, headers=BEARER, json={"code": order.pickup_code, "by": "nadia", "to": "Marc"})
    assert (done.status_code, done.json["state"], done.json["to"]) == (200, "completed", "Marc")
    again = lea.send("POST", address, headers=BEARER, json={"code": order.pickup_code, "by": "nadia"})
    assert (again.status_code, again.json["code"]) == (409, "already")
    assert "10:" in again.json["detail"]


def test_guessing_by_machine_is_locked(shop: Shop, lea: Browser) -> None:
    order = moved(shop, lea.buy("P1-navy-38", how="pickup", store="S1"), OrderState.READY)
    address = f"/api/v1/orders/{order.id}/handover"
    for _ in range(5):
        assert lea.send("POST", address, headers=BEARER, json={"code": "XYZ-999", "by": "n"}).status_code == 422
    locked = lea.send("POST", address, headers=BEARER, json={"code": order.pickup_code, "by": "n"})
    assert (locked.status_code, locked.json["code"]) == (429, "locked")
    assert 0 < int(locked.headers["Retry-After"]) <= 600


def test_saying_no_by_machine(shop: Shop, lea: Browser, delivered: Order) -> None:
    asked = {"line": "0", "kind": "return", "reason": "changed_mind", "way": "parcel"}
    assert lea.post(f"/orders/{delivered.id}/return", **asked).status_code == 303
    (request,) = requests(shop, delivered)
    address = f"/api/v1/returns/{request.id}/reject"
    assert lea.send("POST", address, headers=BEARER, json={"by": "nadia", "note": "Worn"}).json["state"] == "rejected"
    assert lea.send("POST", address, headers=BEARER, json={"by": "nadia", "note": "Worn"}).status_code == 409
    missing = lea.send("POST", f"/api/v1/returns/{'0' * 32}/reject", headers=BEARER, json={"by": "n", "note": "x"})
    assert missing.status_code == 404


def test_the_list_of_withdrawals(shop: Shop, lea: Browser, delivered: Order) -> None:
    form = form_of(lea.get(f"/orders/{delivered.id}/withdrawal").text)
    lea.post(f"/orders/{delivered.id}/withdrawal", **{**form, "name": "=cmd|' /C calc'!A0"})
    assert lea.get("/api/v1/withdrawals.csv").status_code == 401
    listed = lea.send("GET", "/api/v1/withdrawals.csv", headers=BEARER)
    assert listed.mimetype == "text/csv"
    assert "'=cmd" in listed.text and ",=cmd" not in listed.text
