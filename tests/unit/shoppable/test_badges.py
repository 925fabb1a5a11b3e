"""The numbers beside the rooms of the team are those of what stands in the rooms, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from bot.channels import rules_of_channels
from commerce.clock import ManualClock
from commerce.domain.conversation import Conversation, HandoffReason, Voice
from commerce.domain.customer import Contact, Customer
from commerce.domain.staff import StaffTask, TaskKind
from commerce.domain.team import Role
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from shoppable import create_app
from tests.contracts.pick_up_values import order_here, put_every_state
from tests.contracts.selling_values import put_people
from tests.contracts.storage_values import NOW, put_stock
from tests.unit.shoppable.conftest import SETTINGS
from tests.unit.shoppable.staffing import StaffBrowser, add_member

STORES, NOTHING_THERE = ("bellecour", "presquile"), "annecy"


@pytest.fixture
def shop(tmp_path: Path, clock: ManualClock, database_url: str) -> Iterator[Shop]:
    settings = load_settings(**(SETTINGS | {"data_dir": tmp_path / "data", "database_url": database_url}))
    with build_shop(settings, clock=clock, channels=rules_of_channels()) as shop:
        yield shop


@pytest.fixture
def variants(shop: Shop) -> list[int]:
    put_people(shop.storage)
    return put_stock(shop.storage, {"36": 500, "38": 500}, (*STORES, NOTHING_THERE))


def badges(browser: StaffBrowser, path: str = "/staff/account") -> dict[str, int]:
    """As a page shows them; where nothing waits there is none."""
    found = re.findall(r'data-badge="(\w+)">(\d+)<', browser.get(path).text)
    return {room: int(number) for room, number in found}


def counted_live(browser: StaffBrowser) -> dict[str, int]:
    """As pages that are open hear of them."""
    answer = browser.get("/staff/live").json
    assert answer is not None
    return {room: number for room, number in answer["badges"].items() if number}


def new_on_the_board(browser: StaffBrowser) -> int:
    column = browser.get("/staff").text.partition('aria-labelledby="column-new"')[2].partition("</section>")[0]
    return column.count("data-card=")


def waiting_in_the_inbox(browser: StaffBrowser) -> int:
    """Those that nobody has, and their own; what waits for somebody else stands there, too."""
    lines = re.findall(r'class="inbox-line voice-(\w+)"(.*?)</a>', browser.get("/staff/inbox").text, re.DOTALL)
    return sum(voice == "nobody_yet" or 'class="tag mine"' in line for voice, line in lines)


def put_conversations(shop: Shop, staff_ids: list[str]) -> None:
    """One for whoever may speak, answered and not, held by each and by nobody."""
    for number, (voice, unanswered, held_by) in enumerate(product(Voice, (None, NOW), ["", *staff_ids])):
        person, contact = Customer(f"{number:032}", f"P{number}", "fr", NOW), Contact("telegram", "7000", str(number))
        talk = Conversation(
            person.id, voice, HandoffReason.ASKED, held_by, STORES[number % 2], "fr", "", "", NOW, unanswered
        )
        shop.storage.write(lambda uow, p=person, c=contact: uow.customers.add(p, c, NOW))
        shop.storage.write(lambda uow, t=talk: uow.conversations.add(t))


def put_refunds(shop: Shop, order_ids: list[str]) -> None:
    """Each asked for, the first one answered; and another thing to do for each."""
    for id_, kind in product(order_ids, (TaskKind.REFUND_APPROVAL, TaskKind.RETURN)):
        details = f'{{"order": 1, "order_id": "{id_}", "amount_minor": 100, "currency": "EUR", "asked_by": "x"}}'
        task = StaffTask(f"{id_}-{kind.value}"[:32], kind, id_, details, STORES[0], NOW)
        shop.storage.write(lambda uow, task=task: uow.tasks.raise_task(task))
    shop.storage.write(lambda uow: uow.tasks.done(TaskKind.REFUND_APPROVAL, order_ids[0], NOW))


def test_everybody_is_told_how_much_stands_in_their_rooms(shop: Shop, variants: list[int]) -> None:
    app = create_app(shop)
    put_every_state(shop.storage, variants, STORES)
    team = {
        "nadia": add_member(shop, "nadia", stores=STORES[:1]),
        "samir": add_member(shop, "samir", stores=STORES),
        "zoe": add_member(shop, "zoe", stores=(NOTHING_THERE,)),
        "hugo": add_member(shop, "hugo", Role.MARKETER),
        "olga": add_member(shop, "olga", Role.OWNER),
    }
    put_conversations(shop, [team["nadia"].id, team["olga"].id])
    put_refunds(shop, ["o1", "o2", "o3"])
    seen = {}
    for login, member in team.items():
        browser = StaffBrowser(app, shop, member)
        shown = badges(browser)
        assert shown == counted_live(browser), login
        listed = {}
        if login != "hugo":
            listed = {"board": new_on_the_board(browser), "inbox": waiting_in_the_inbox(browser)}
        if login == "olga":
            listed["refunds"] = browser.get("/staff/refunds").text.count('<li class="sheet">')
        assert shown == {room: number for room, number in listed.items() if number}, login
        seen[login] = shown
    # A reservation held, an order placed and one paid are new, until the store accepts them.
    assert [seen[login].get("board", 0) for login in team] == [3, 6, 0, 0, 6]
    # Six that nobody has taken over, and whom they have and leave without an answer.
    assert [seen[login].get("inbox", 0) for login in team] == [7, 6, 6, 0, 7]
    assert seen["olga"]["refunds"] == 2


def test_a_page_asks_as_little_of_a_full_shop_as_of_an_empty_one(shop: Shop, variants: list[int]) -> None:
    browser = StaffBrowser(create_app(shop), shop, add_member(shop, "olga", Role.OWNER))
    browser.get("/staff/account")  # what is asked once

    def asked() -> list[str]:
        statements: list[str] = []

        def listen(*call: object) -> None:
            statements.append(str(call[2]))

        event.listen(Engine, "before_cursor_execute", listen)
        try:
            browser.get("/staff/account")
        finally:
            event.remove(Engine, "before_cursor_execute", listen)
        return statements

    empty = asked()
    for number in range(101):
        order_here(shop.storage, variants, f"o{number}")
    assert badges(browser) == {"board": 99}, "more are not counted"
    assert asked() == empty
    assert sum("count(" in each for each in empty) == 4, "both kinds of pick-ups, the inbox, refunds: once a page"


def test_a_page_that_is_open_hears_of_every_number_and_of_nothing_else(shop: Shop, variants: list[int]) -> None:
    owner = StaffBrowser(create_app(shop), shop, add_member(shop, "olga", Role.OWNER))
    tag = owner.get("/staff/live").headers["ETag"]

    def changed() -> bool:
        nonlocal tag
        answer = owner.get("/staff/live", **{"If-None-Match": tag})
        tag = answer.headers.get("ETag", tag)
        return answer.status_code == 200

    assert not changed()
    order_here(shop.storage, variants, "o1")
    assert changed() and not changed()
    put_refunds(shop, ["o1", "o2"])
    assert changed() and not changed()
    assert counted_live(owner) == {"board": 1, "refunds": 1}
    shop.storage.write(lambda uow: uow.tasks.done(TaskKind.REFUND_APPROVAL, "o2", NOW))
    assert changed() and counted_live(owner) == {"board": 1}
