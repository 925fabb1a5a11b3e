"""The door, one's own account, the team and the record in a real browser: keys alone, no scripts needed, and axe."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp
import pytest

from commerce.domain.team import Role, StaffMember
from commerce.wiring import Shop
from tests.e2e.conftest import DESK, PHONE
from tests.e2e.test_shop_front import findings_by_day_and_by_night
from tests.unit.shoppable.staffing import PASSWORD, add_member

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e


@pytest.fixture
def olga(shop: Shop) -> StaffMember:
    return add_member(shop, "olga", Role.OWNER, password=PASSWORD)


def typed(page: Page, *texts: str) -> None:
    """From the field that has the focus on, one field after the other, and Enter."""
    page.locator("input:focus").wait_for(state="attached")  # a page that has just come gives it late
    for number, text in enumerate(texts):
        if number:
            page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Enter")


@pytest.mark.parametrize(("language", "size"), [("fr", PHONE), ("en", DESK)], ids=["fr-390", "en-1280"])
def test_an_owner_comes_in_sets_up_the_app_and_comes_in_again(
    window: Callable[..., Page], shop: Shop, olga: StaffMember, language: str, size: dict[str, int]
) -> None:
    page = window(language, size, java_script_enabled=False)
    page.goto("/staff/team")
    typed(page, "olga", PASSWORD)  # the login has the focus already
    page.wait_for_url("**/staff/account/second-factor**")
    page.locator("main summary").click()
    secret = (page.locator("code").text_content() or "").replace(" ", "")
    assert page.locator("img[src^='data:image/svg']").bounding_box()["width"] == 240
    totp = pyotp.TOTP(secret)
    page.locator("input[name=code]").fill(totp.at(shop.clock.now()))
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/team")  # where she wanted to go
    page.locator(".counter-self button").click()
    page.wait_for_url("**/staff/sign-in")
    typed(page, "olga", PASSWORD)
    page.locator("input[name=ticket]").wait_for(state="attached")
    shop.clock.advance(timedelta(seconds=30))
    typed(page, totp.at(shop.clock.now()))
    page.wait_for_url("**/staff")


def test_an_invitation_from_the_teams_page_to_the_first_page(
    window: Callable[..., Page], shop: Shop, olga: StaffMember
) -> None:
    from playwright.sync_api import Error

    owners, theirs = window("en"), window("fr", PHONE)
    owners.goto("/staff/sign-in")
    typed(owners, "olga", PASSWORD)
    owners.get_by_role("link", name="Later").click()
    owners.goto("/staff/team")
    owners.get_by_label("Login").fill("nadia")
    owners.get_by_label("Name", exact=True).fill("Nadia")
    owners.get_by_label("Bellecour").check()
    owners.get_by_role("button", name="Add and make the invitation").click()
    link = owners.get_by_label("Link").input_value()
    theirs.goto(link)
    typed(theirs, PASSWORD, PASSWORD)
    theirs.locator("[data-live=board]").wait_for()
    owners.goto("/staff/team")
    owners.get_by_role("link", name="Nadia").click()
    owners.get_by_role("button", name="Let go").click()
    owners.get_by_text("They are out").wait_for()
    with suppress(Error):  # their page may be on its way there by itself
        theirs.goto("/staff")
    theirs.wait_for_url("**/staff/sign-in**")


def test_axe_and_no_page_scrolls_sideways(window: Callable[..., Page], shop: Shop, olga: StaffMember) -> None:
    nadia = add_member(shop, "nadia", skills=("retours", "retouches"))
    invitation = shop.storage.write(lambda uow: shop.team.invite(uow, nadia.id, actor="test"))
    link = shop.storage.write(lambda uow: shop.signing_in.link_for(uow, olga, actor="test"))
    page = window("fr", PHONE)

    def look(path: str) -> None:
        page.goto(path)
        for summary in page.locator("main details:not([open]) > summary").all():
            summary.click()
        assert findings_by_day_and_by_night(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path

    for path in ("/staff/sign-in", f"/staff/invitation/{invitation}", f"/staff/link/{link}"):
        look(path)
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_url("**/second-factor**")
    for path in (
        "/staff/account/second-factor", "/staff/account", "/staff/team", f"/staff/team/{nadia.id}", "/staff/audit",
        "/staff/refunds",
    ):  # fmt: skip
        look(path)
