"""Stock and pauses told by machine: who may, what counts, what is refused with which words."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from commerce.clock import ManualClock
from commerce.domain.customer import Contact
from commerce.domain.reservation import Reservation
from commerce.wiring import Shop
from shoppable import create_app
from tests.unit.shoppable.shop_values import KEY

BEARER = {"Authorization": f"Bearer {KEY}"}
LEA = Contact("webchat", "web", "lea")
M_AT_S1 = {"sku": "P2-blue-M", "store": "S1"}


def post(client: FlaskClient, what: str, **body: Any) -> Any:
    answer = client.post(f"/api/v1/stock/{what}", json=M_AT_S1 | body, headers=BEARER)
    assert answer.status_code == 200, answer.text
    return answer.json


def problem(client: FlaskClient, what: str, language: str = "fr", **body: Any) -> tuple[int, str, str]:
    answer = client.post(f"/api/v1/stock/{what}", json=M_AT_S1 | body, headers=BEARER | {"Accept-Language": language})
    return answer.status_code, answer.json["code"], answer.json["detail"]


def reserve(shop: Shop) -> Reservation:
    """The denim jacket in M at S1, for Léa."""

    def work(uow: Any) -> Any:
        found = uow.products.by_sku("P2-blue-M")
        customer = shop.customers.recognise(uow, LEA, language="fr")
        return shop.reserving.place(uow, customer_id=customer.id, contact=LEA, store_id="S1", lines=[(found[1].id, 1)])

    held = shop.storage.write(work)
    assert isinstance(held, Reservation)
    return held


def test_a_receipt_counts_once(client: FlaskClient) -> None:
    post(client, "counts", on_hand=5, reference="morning")
    sold = post(client, "sales", quantity=2, reference="T-1", note="caisse 2")
    assert (sold["on_hand"], sold["available"], sold["counted"], sold["lost"]) == (3, 3, True, [])
    again = post(client, "sales", quantity=2, reference="T-1")
    assert (again["on_hand"], again["counted"]) == (3, False)
    assert post(client, "counts", on_hand=5, reference="morning")["on_hand"] == 3
    assert post(client, "returns", reference="T-1")["on_hand"] == 4
    assert post(client, "damage", reference="D-1")["on_hand"] == 3
    assert post(client, "not-found", reference="D-1")["on_hand"] == 2


def test_who_moved_what_and_why(client: FlaskClient) -> None:
    post(client, "counts", on_hand=5, reference="morning")
    post(client, "damage", reference="D-1", note="tache\x00 au col")
    found = client.get("/api/v1/stock/P2-blue-M/movements?store=S1&limit=2", headers=BEARER).json
    damage, count = found["movements"]
    assert (damage["reason"], damage["on_hand_change"], damage["note"]) == ("damage", -1, "tache au col")
    assert damage["by"].startswith("api:") and damage["by"] == count["by"]
    assert damage["at"] == "2026-03-10T09:00:00+00:00"
    older = client.get(f"/api/v1/stock/P2-blue-M/movements?store=S1&before={found['next_before']}", headers=BEARER).json
    assert older["movements"] and older["next_before"] is None
    assert all(each["id"] < count["id"] for each in older["movements"])


def test_a_unit_held_online_needs_an_override_and_its_owner_hears_of_it(shop: Shop) -> None:
    woken: list[int] = []
    client = create_app(shop, wake=lambda: woken.append(1)).test_client()
    post(client, "counts", on_hand=1, reference="morning")
    held = reserve(shop)
    status, code, words = problem(client, "sales", reference="T-1")
    assert (status, code) == (409, "held_online")
    assert words == "Ces pièces sont réservées en ligne. Avec «\xa0override\xa0», leurs propriétaires les perdent."
    assert problem(client, "sales", "en", reference="T-1")[2].startswith("These units are held online.")
    sold = post(client, "sales", reference="T-1", override=True)
    assert sold["lost"] == [{"kind": "reservation", "id": held.id, "quantity": 1}]
    assert (sold["on_hand"], sold["held"]) == (0, 0)
    assert woken
    with shop.storage.read() as uow:
        row = uow.outbox.next_in(LEA.lane, shop.clock.now())
    assert row is not None and row.message.kind == "reservation_lost"


def test_a_count_below_what_is_promised_says_what_is_missing(shop: Shop, client: FlaskClient) -> None:
    post(client, "counts", on_hand=1, reference="morning")
    reserve(shop)
    assert post(client, "counts", on_hand=0, reference="evening")["missing"] == 1
    with shop.storage.read() as uow:
        (task,) = uow.tasks.open()
    assert json.loads(task.details)["sku"] == "P2-blue-M"
    assert client.put("/api/v1/stock/P2-blue-M/S1", json={"on_hand": 2}, headers=BEARER).json["on_hand"] == 2
    with shop.storage.read() as uow:
        assert uow.tasks.open() == []


def test_refusals_say_why(client: FlaskClient) -> None:
    post(client, "counts", on_hand=1, reference="morning")
    assert problem(client, "sales", quantity=2, reference="T-1")[:2] == (409, "not_that_many")
    assert problem(client, "sales", reference="T-1", sku="nothing")[:2] == (404, "no_such_variant")
    assert problem(client, "sales", reference="T-1", store="S9")[:2] == (404, "no_such_store")
    for wrong in (
        {"reference": ""}, {"reference": "r" * 65}, {"quantity": 0, "reference": "r"}, {"quantity": 1},
        {"quantity": "1", "reference": "r"}, {"reference": "r", "extra": 1},
        {"reference": "r", "override": "yes"}, {"reference": " "},
    ):  # fmt: skip
        assert problem(client, "sales", **wrong)[:2] == (422, "bad_body")
    assert problem(client, "counts", on_hand=-1, reference="r")[0] == 422


def test_safety_stock_hides_the_last_one_from_every_page(shop: Shop, client: FlaskClient) -> None:
    post(client, "counts", on_hand=1, reference="morning")
    kept = client.put("/api/v1/stock/P2-blue-M/S1/safety", json={"safety": 1}, headers=BEARER).json
    assert (kept["on_hand"], kept["safety"], kept["available"], kept["band"]) == (1, 1, 0, "none")
    variant = client.get("/api/v1/products/P2").json["variants"][0]
    assert {place["store"]: place["band"] for place in variant["stores"]}["S1"] == "none"
    assert post(client, "sales", reference="T-1")["on_hand"] == 0


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}])
def test_nobody_without_a_key(client: FlaskClient, header: dict[str, str]) -> None:
    said = M_AT_S1 | {"reference": "T-1"}
    for what in ("sales", "damage", "not-found", "returns", "counts"):
        assert client.post(f"/api/v1/stock/{what}", json=said, headers=header).status_code == 401
    for address in ("P2-blue-M/movements", "differences"):
        assert client.get(f"/api/v1/stock/{address}", headers=header).status_code == 401
    assert client.put("/api/v1/stock/P2-blue-M/S1/safety", json={"safety": 1}, headers=header).status_code == 401
    assert client.put("/api/v1/stores/S1/pause", json={"minutes": 5}, headers=header).status_code == 401
    assert client.delete("/api/v1/stores/S1/pause", headers=header).status_code == 401


def test_without_keys_there_are_no_such_doors(make_shop: Callable[..., Shop]) -> None:
    client = create_app(make_shop()).test_client()
    assert client.post("/api/v1/stock/sales", json=M_AT_S1, headers=BEARER).status_code == 404
    assert client.put("/api/v1/stores/S1/pause", json={"minutes": 5}, headers=BEARER).status_code == 404


# --- pauses


def paused(client: FlaskClient) -> dict[str, str | None]:
    return {store["id"]: store["paused_until"] for store in client.get("/api/v1/stores").json["stores"]}


def test_a_pause_shows_on_every_page_and_ends_by_the_clock(client: FlaskClient, clock: ManualClock) -> None:
    answer = client.put("/api/v1/stores/S1/pause", json={"minutes": 45, "reason": "livraison"}, headers=BEARER)
    assert answer.json["until"] == "2026-03-10T09:45:00+00:00"
    assert (answer.json["reason"], answer.json["by"][:4]) == ("livraison", "api:")
    assert paused(client)["S1"] == "2026-03-10T09:45:00+00:00"
    assert paused(client)["S2"] is None
    page = client.get("/stores?lang=fr").text
    assert page.count("Pas de commandes en ligne ici en ce moment") == 1
    assert "livraison" not in page
    clock.advance(timedelta(minutes=45))
    assert paused(client)["S1"] is None
    assert "Pas de commandes en ligne" not in client.get("/stores?lang=fr").text


def test_a_pause_may_be_told_by_its_end_and_ended_early(client: FlaskClient) -> None:
    until = {"until": "2026-03-10T12:00:00+01:00"}
    assert client.put("/api/v1/stores/S1/pause", json=until, headers=BEARER).status_code == 200
    assert paused(client)["S1"] == "2026-03-10T11:00:00+00:00"
    assert client.delete("/api/v1/stores/S1/pause", headers=BEARER).status_code == 204
    assert paused(client)["S1"] is None
    again = client.delete("/api/v1/stores/S1/pause", headers=BEARER)
    assert (again.status_code, again.json["code"]) == (404, "not_paused")


def test_one_method_may_pause_alone(client: FlaskClient) -> None:
    body = {"minutes": 30, "method": "reserve"}
    answer = client.put("/api/v1/stores/S1/pause", json=body, headers=BEARER)
    assert (answer.status_code, answer.json["method"]) == (200, "reserve")
    assert paused(client)["S1"] is None, "orders go on"
    assert client.delete("/api/v1/stores/S1/pause", headers=BEARER).status_code == 404
    assert client.delete("/api/v1/stores/S1/pause?method=nothing", headers=BEARER).status_code == 400
    assert client.delete("/api/v1/stores/S1/pause?method=reserve", headers=BEARER).status_code == 204
    wrong = client.put("/api/v1/stores/S1/pause", json={"minutes": 30, "method": "lunch"}, headers=BEARER)
    assert wrong.status_code == 422


@pytest.mark.parametrize(
    "body",
    [{}, {"minutes": 0}, {"minutes": 10**6}, {"minutes": "5"}, {"until": "tomorrow"}, {"until": "2026-03-10T12:00:00"},
     {"until": "2026-03-10T08:00:00Z"}, {"until": "2027-03-10T12:00:00Z"},
     {"minutes": 5, "until": "2026-03-10T12:00:00Z"}],
)  # fmt: skip
def test_a_pause_without_a_good_end_is_refused(client: FlaskClient, body: dict[str, Any]) -> None:
    answer = client.put("/api/v1/stores/S1/pause", json=body, headers=BEARER)
    assert (answer.status_code, answer.json["code"]) == (422, "bad_body")
    assert paused(client)["S1"] is None
    assert client.put("/api/v1/stores/S9/pause", json={"minutes": 5}, headers=BEARER).status_code == 404
