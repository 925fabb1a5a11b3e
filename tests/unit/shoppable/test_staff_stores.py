"""What a store takes on: pauses of one thing or all, and the hours in which people may come."""

from __future__ import annotations

import pytest
from flask import Flask

from commerce.domain.collecting import CollectingRules
from commerce.domain.staff import PauseMethod
from commerce.domain.team import Role
from commerce.wiring import Shop
from tests.unit.shoppable.staffing import StaffBrowser, add_member


@pytest.fixture
def nadia(app: Flask, shop: Shop) -> StaffBrowser:
    return StaffBrowser(app, shop, add_member(shop))


def in_force(shop: Shop) -> list[PauseMethod]:
    with shop.storage.read() as uow:
        return [pause.method for pause in shop.pausing.each_in_force(uow, "S1")]


def test_one_thing_pauses_and_goes_on(nadia: StaffBrowser, shop: Shop) -> None:
    form = {"minutes": "30", "method": "reserve", "reason": "inventory"}
    assert nadia.post("/staff/stores/S1/pause", form).status_code == 303
    assert in_force(shop) == [PauseMethod.RESERVE]
    page = nadia.get("/staff/stores").text
    assert "Takes no reservations until today 10:30" in page and "inventory" in page
    assert "Takes no online orders until" not in page
    assert nadia.post("/staff/stores/S1/resume", {"method": ""}).status_code == 303
    assert in_force(shop) == [PauseMethod.RESERVE]
    nadia.post("/staff/stores/S1/resume", {"method": "reserve"})
    assert in_force(shop) == []


def test_all_of_it_pauses(nadia: StaffBrowser, shop: Shop) -> None:
    for method in ("", "elephant"):
        nadia.post("/staff/stores/S1/pause", {"minutes": "60", "method": method})
        assert in_force(shop) == [PauseMethod.ALL]
    assert "Takes no online orders until today 11:00" in nadia.get("/staff/stores").text
    assert nadia.post("/staff/stores/S2/pause", {"minutes": "60"}).status_code == 404


def test_the_owner_says_how_many_come_at_a_time(app: Flask, shop: Shop, nadia: StaffBrowser) -> None:
    form = {"slot_minutes": "30", "slot_capacity": "4", "prep_minutes": "20"}
    assert nadia.post("/staff/stores/S1/rules", form).status_code in (403, 404)
    owner = StaffBrowser(app, shop, add_member(shop, "olga", Role.OWNER))
    assert owner.post("/staff/stores/S1/rules", form).status_code == 303
    with shop.storage.read() as uow:
        assert uow.pick_ups.rules("S1") == CollectingRules("S1", 30, 4, 20, curbside=False)
        assert len(shop.slots.coming(uow, "S1")) > 10
    assert owner.post("/staff/stores/S1/rules", {**form, "slot_minutes": "0"}).status_code == 422
