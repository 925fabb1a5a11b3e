"""The rooms of the counter for an owner, who may enter all: on one line on a desk, the rarer ones in a menu."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from commerce.domain.staff import StaffTask, TaskKind
from commerce.domain.team import Role
from commerce.wiring import Shop
from tests.e2e.conftest import DESK, PHONE
from tests.e2e.test_board import reserve
from tests.e2e.test_shop_front import findings
from tests.journeys.counter import session_of
from tests.unit.shoppable.staffing import add_member

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.e2e


def enter(page: Page, shop: Shop, address: str, path: str, language: str) -> None:
    owner = add_member(shop, "olga", Role.OWNER, languages=(language,))
    page.context.add_cookies([{"name": "vitrine_staff", "value": session_of(shop, owner), "url": address}])
    page.goto(path)


def bottom(locator: Locator) -> float:
    box = locator.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_on_a_desk_the_rooms_and_the_tools_of_the_inbox_keep_to_one_line(
    window: Callable[..., Page], shop: Shop, address: str, language: str
) -> None:
    page = window(language, DESK)
    enter(page, shop, address, "/staff/inbox", language)
    assert page.locator("html").get_attribute("lang") == language
    rooms = page.locator(".counter-line > a").all()
    assert len(rooms) == 5
    for each in (page.locator("[data-menu] > summary"), page.locator(".counter-name")):
        assert abs(bottom(each) - bottom(rooms[0])) < 8
    assert len({bottom(room) for room in rooms}) == 1
    assert abs(bottom(page.locator("[data-sound]")) - bottom(page.locator("form[role=search] button"))) < 8


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1280"])
def test_the_menu_opens_and_closes_by_keys(
    window: Callable[..., Page], shop: Shop, address: str, size: dict[str, int]
) -> None:
    page = window("fr", size)
    enter(page, shop, address, "/staff", "fr")
    menu = page.locator("[data-menu] > summary")
    team = page.get_by_role("link", name="Équipe")
    assert not team.is_visible()
    menu.focus()
    page.keyboard.press("Enter")
    team.wait_for()
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    team.wait_for(state="hidden")
    assert menu.evaluate("summary => summary === document.activeElement")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")  # elsewhere
    team.wait_for(state="hidden")
    menu.click()
    team.click()
    page.wait_for_url("**/staff/team")
    assert menu.get_attribute("aria-current") == "true"
    assert not page.get_by_role("link", name="Équipe").is_visible()


def test_numbers_beside_the_rooms_come_and_go_by_themselves(
    window: Callable[..., Page], shop: Shop, address: str
) -> None:
    """On a page of a room that has none of its own, while in the others something happens for the first time."""
    page = window("fr", DESK)
    enter(page, shop, address, "/staff/stores", "fr")

    def number(room: str) -> Locator:
        return page.locator(f"[data-badge={room}]:visible")

    page.wait_for_function("document.documentElement.classList.contains('scripted')")
    assert [number(room).count() for room in ("board", "inbox", "refunds")] == [0, 0, 0]
    details = '{"order": 1, "order_id": "o1", "amount_minor": 100, "currency": "EUR", "asked_by": "x"}'
    asked = StaffTask("t1", TaskKind.REFUND_APPROVAL, "o1", details, "S1", shop.clock.now())
    shop.storage.write(lambda uow: uow.tasks.raise_task(asked))
    number("refunds").filter(has_text="1").wait_for()
    reserve(shop, "lea")
    number("board").filter(has_text="1").wait_for()
    shop.storage.write(lambda uow: uow.tasks.done(TaskKind.REFUND_APPROVAL, "o1", shop.clock.now()))
    number("refunds").wait_for(state="detached")
    assert number("board").text_content() == "1"
    assert len({bottom(room) for room in page.locator(".counter-line > a").all()}) == 1
