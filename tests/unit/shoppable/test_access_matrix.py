"""Every door of the shop, knocked at by everybody, with things of theirs and of others.

What is expected comes from `shoppable.doors` alone. A door without a line there fails.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from commerce.clock import ManualClock
from commerce.domain.stock import MovementReason
from commerce.domain.team import Permission
from commerce.settings import load_settings
from commerce.wiring import build_shop
from shoppable.doors import DOORS, Door, Who
from tests.unit.shoppable.doors import SAFE, SKU, Visitor, World, told
from tests.unit.shoppable.shopping import variant_of
from vitrine.every_door import SETTINGS, whole_app

KEY = {"Authorization": f"Bearer {SETTINGS['api_keys']}"}
# Doors behind which the shopper of these tests has nothing yet: asked for what is not there, everybody hears 404.
NOTHING_YET = {"returns.receipt"}
OUTSIDE = "203.0.113.9"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, filled_folder: Path) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("doors") / "data"
    shutil.copytree(filled_folder, folder)
    clock = ManualClock(datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
    settings = load_settings(
        **(SETTINGS | {"data_dir": folder, "max_open_reservations": 10_000, "refund_limit_minor": 0})
    )
    with build_shop(settings, clock=clock) as shop:
        shop.index_keeper.refresh()
        count = MovementReason.COUNT
        shop.storage.write(lambda uow: uow.stock.set_on_hand(variant_of(shop, SKU), "S1", 100_000, count, clock.now()))
        yield World(whole_app(shop), shop)


@pytest.fixture(autouse=True)
def tidy(world: World) -> Iterator[None]:
    yield
    world.tidy()


def rules_of(world: World, door: Door) -> list[tuple[Rule, str]]:
    return [
        (rule, method)
        for rule in world.app.url_map.iter_rules(door.endpoint)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def test_every_door_is_named_once(world: World) -> None:
    named = Counter(door.endpoint for door in DOORS)
    assert {endpoint for endpoint, times in named.items() if times > 1} == set()
    there = {rule.endpoint for rule in world.app.url_map.iter_rules()}
    assert there - set(named) == set(), "say in shoppable/doors.py who may go through these"
    assert set(named) - there == set(), "these are not there any more"


def test_pages_ask_for_what_the_table_says(world: World) -> None:
    for door in DOORS:
        view = world.app.view_functions[door.endpoint]
        if isinstance(door.who, Permission) or door.who is Who.TEAM:
            asked = view.__dict__.get("needs", "nothing")
            assert asked == (door.who if isinstance(door.who, Permission) else None), door.endpoint
        elif door.endpoint.startswith("staff."):
            assert view.__dict__.get("is_open") is True, door.endpoint


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.endpoint)
def test_a_door(world: World, door: Door) -> None:
    for rule, method in rules_of(world, door):
        match door.who:
            case Who.ANYBODY | Who.SELF:
                _for_anybody(world, rule, method)
            case Who.ITS_SHOPPER:
                _for_its_shopper(world, rule, method)
            case Who.SHOPPER_OR_MACHINE:
                if rule.arguments:
                    _for_its_shopper(world, rule, method)
                assert _with_key(world, rule, method) not in {401, 403, 404}
            case Who.SECRET:
                _for_whoever_has_the_address(world, rule, method)
            case Who.MACHINES:
                _for_machines(world, rule, method)
            case Who.HERE:
                _for_this_machine(world, rule, method)
            case Who.SIGNED:
                for visitor in Visitor:
                    assert world.knock(world.client(visitor), rule, method, world.own(rule)).status_code == 401
            case _:
                _for_the_team(world, door, rule, method)


def is_at_the_door(answer: TestResponse) -> bool:
    return answer.status_code == 303 and answer.location.startswith("/staff/sign-in")


def _for_anybody(world: World, rule: Rule, method: str) -> None:
    for visitor in Visitor:
        answer = world.knock(world.client(visitor), rule, method, world.own(rule))
        assert answer.status_code not in {401, 403, 404}, (visitor, answer.status_code)
        assert answer.status_code < 500 or rule.endpoint == "health.ready", visitor
        assert not is_at_the_door(answer), visitor
        answer.close()


def _for_its_shopper(world: World, rule: Rule, method: str) -> None:
    missing = world.missing(rule)
    for visitor in set(Visitor) - {Visitor.SHOPPER_A}:
        client, own = world.client(visitor), world.own(rule)
        foreign = told(world.knock(client, rule, method, own), own)
        assert foreign == told(world.knock(client, rule, method, missing), missing), visitor
        assert foreign[0] == 404, visitor
    mine = world.knock(world.client(Visitor.SHOPPER_A), rule, method, world.own(rule))
    assert (mine.status_code == 404) == (rule.endpoint in NOTHING_YET)
    assert mine.status_code not in {401, 403} and mine.status_code < 500


def _for_whoever_has_the_address(world: World, rule: Rule, method: str) -> None:
    for visitor in Visitor:
        client, own = world.client(visitor), world.own(rule)
        if method not in SAFE and (get := _page_of(world, rule)):
            world.knock(client, get, "GET", own)  # as a person would: the page first, then its button
        answer = world.knock(client, rule, method, own)
        assert answer.status_code not in {401, 403, 404} and answer.status_code < 500, (visitor, answer.text)
        assert world.knock(client, rule, method, world.missing(rule)).status_code == 404, visitor


def _page_of(world: World, rule: Rule) -> Rule | None:
    return next(
        (each for each in world.app.url_map.iter_rules() if each.rule == rule.rule and "GET" in each.methods), None
    )


def _for_machines(world: World, rule: Rule, method: str) -> None:
    missing = world.missing(rule)
    for visitor in Visitor:
        client, own = world.client(visitor), world.own(rule)
        without = told(world.knock(client, rule, method, own), own)
        assert without == told(world.knock(client, rule, method, missing), missing), visitor
        assert without[0] == 401, visitor
    assert _with_key(world, rule, method) not in {401, 403}


def _with_key(world: World, rule: Rule, method: str) -> int:
    client = world.app.test_client(use_cookies=False)
    answer = world.knock(client, rule, method, world.own(rule), headers=KEY, address=OUTSIDE)
    assert answer.status_code < 500
    return answer.status_code


def _for_this_machine(world: World, rule: Rule, method: str) -> None:
    for visitor in Visitor:
        client = world.client(visitor)
        assert world.knock(client, rule, method, {}, address=OUTSIDE).status_code == 404, visitor
        assert world.knock(client, rule, method, {}).status_code == 200, visitor
    assert _with_key(world, rule, method) == 200


def _for_the_team(world: World, door: Door, rule: Rule, method: str) -> None:
    script = {"Accept": "application/json"}
    for visitor in Visitor:
        member = world.members.get(visitor)
        own, missing = world.own(rule), world.missing(rule)
        if member is None or visitor is Visitor.LEFT:
            client = world.client(visitor)
            assert is_at_the_door(world.knock(client, rule, method, own)), visitor
            assert is_at_the_door(world.knock(client, rule, method, missing)), visitor
            assert world.knock(client, rule, method, own, headers=script).status_code == 401, visitor
            continue
        if isinstance(door.who, Permission) and not member.may(door.who):
            for values in (own, missing):
                assert world.knock(world.client(visitor), rule, method, values).status_code == 403, visitor
            continue
        if method not in SAFE:
            client = world.client(visitor)
            assert world.knock(client, rule, method, own, with_token=False).status_code == 403, visitor
            elsewhere = {"Origin": "https://evil.example"}
            assert world.knock(client, rule, method, own, headers=elsewhere).status_code == 403, visitor
        client = world.client(visitor)
        not_there = told(world.knock(client, rule, method, missing), missing)
        if own:
            assert not_there[0] == 404, visitor
        answer = world.knock(client, rule, method, own)
        if own and door.is_of_one_store and not member.works_at("S1"):
            assert told(answer, own) == not_there, visitor
        else:
            assert answer.status_code not in {401, 403, 404} and answer.status_code < 500, (visitor, answer.text)
            assert not is_at_the_door(answer) or rule.endpoint == "staff.sign_out", visitor
