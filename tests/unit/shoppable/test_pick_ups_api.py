"""What people come for, by machine: listed, and moved on by the version that was seen."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from commerce.domain.collecting import PickUpKind, PickUpRef
from commerce.domain.customer import Contact
from commerce.domain.reservation import Reservation
from commerce.ports import UnitOfWork
from commerce.wiring import Shop
from tests.unit.shoppable.api_description import check
from tests.unit.shoppable.shopping import BEARER, V1

LEA = Contact("telegram", "shop", "1001")


@pytest.fixture
def reserved(shop: Shop) -> str:
    def work(uow: UnitOfWork) -> str:
        lea = shop.customers.recognise(uow, LEA, name="Léa", language="fr")
        found = uow.products.by_sku("P1-navy-38")
        assert found is not None
        held = shop.reserving.place(uow, customer_id=lea.id, contact=LEA, store_id="S1", lines=[(found[1].id, 1)])
        assert isinstance(held, Reservation)
        return held.id

    return shop.storage.write(work)


def listed(client: FlaskClient, described: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"{V1}/pick-ups{query}", headers=BEARER)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = check(described, f"{V1}/pick-ups", "get", answer)["pick_ups"]
    return found


def move(
    client: FlaskClient, described: dict[str, Any], verb: str, id_: str, version: int, status: int = 200, **more: Any
) -> Any:
    body = {"version": version, "by": "nadia", **more}
    answer = client.post(f"{V1}/pick-ups/reservation/{id_}/{verb}", json=body, headers=BEARER)
    assert answer.status_code == status, answer.text
    return check(described, f"{V1}/pick-ups/{{kind}}/{{subject}}/{verb}", "post", answer)


def test_from_new_to_ready(client: FlaskClient, described: dict[str, Any], reserved: str, shop: Shop) -> None:
    (card,) = listed(client, described, "?store=S1&stage=new")
    assert (card["kind"], card["id"], card["name"], card["stage"]) == ("reservation", reserved, "Léa", "new")
    assert card["lines"] == [
        {"sku": "P1-navy-38", "title": "Robe midi en lin", "colour": "navy", "size": "38", "quantity": 1}
    ]
    assert (card["due_minor"], card["currency"], card["expires_at"]) == (7900, "EUR", "2026-03-11T18:00:00+00:00")
    assert "code" not in card, "whoever hands over asks for it"
    for verb, stage in (("accept", "accepted"), ("preparing", "preparing"), ("ready", "ready")):
        card = move(client, described, verb, reserved, card["version"])
        assert card["stage"] == stage
    assert listed(client, described, "?store=S2") == []
    assert listed(client, described, "?stage=new") == []
    assert [each["stage"] for each in listed(client, described)] == ["ready"]
    with shop.storage.read() as uow:
        actors = [m.actor for m in shop.collecting.history(uow, PickUpRef(PickUpKind.RESERVATION, reserved))]
    assert actors[0] == "shopper"
    assert all(actor.startswith("staff:nadia/api:") for actor in actors[1:])


def test_an_old_version_moves_nothing(client: FlaskClient, described: dict[str, Any], reserved: str) -> None:
    card = move(client, described, "accept", reserved, 1)
    assert move(client, described, "ready", reserved, 1, 409)["code"] == "stale"
    assert move(client, described, "accept", reserved, card["version"], 409)["code"] == "not_possible"
    assert move(client, described, "accept", "nothing", 1, 404)["code"] == "not_found"
    missing = client.post(f"{V1}/pick-ups/elephant/{reserved}/accept", json={"version": 1, "by": "x"}, headers=BEARER)
    assert missing.status_code == 404
    assert [each["stage"] for each in listed(client, described)] == ["accepted"]


def test_what_cannot_be_found_becomes_an_offer(client: FlaskClient, described: dict[str, Any], reserved: str) -> None:
    assert move(client, described, "reject", reserved, 9, 409, reason="not_found")["code"] == "stale"
    rejected = move(client, described, "reject", reserved, 1, reason="not_found")
    assert rejected == {"kind": "reservation", "id": reserved, "offered": True}
    assert [each["stage"] for each in listed(client, described, "?stage=rejected")] == ["rejected"]
    assert move(client, described, "accept", reserved, 2, 409)["code"] == "over"


@pytest.mark.parametrize(
    "body", [{}, {"version": 1}, {"version": "1", "by": "x"}, {"version": 0, "by": "x"}, {"version": 1, "by": ""}]
)
def test_wrong_bodies(client: FlaskClient, reserved: str, body: dict[str, Any]) -> None:
    answer = client.post(f"{V1}/pick-ups/reservation/{reserved}/accept", json=body, headers=BEARER)
    assert answer.status_code == 422


def test_keys_alone_and_stages_that_there_are(client: FlaskClient) -> None:
    assert client.get(f"{V1}/pick-ups").status_code == 401
    assert client.post(f"{V1}/pick-ups/order/x/accept", json={"version": 1, "by": "x"}).status_code == 401
    wrong = client.get(f"{V1}/pick-ups?stage=lost", headers=BEARER)
    assert (wrong.status_code, wrong.json["code"]) == (400, "bad_parameter")
