"""The inbox in a real browser, by the keyboard alone, on a telephone and on a desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from commerce.clock import ManualClock
from commerce.domain.conversation import Voice
from commerce.domain.customer import Customer
from commerce.domain.team import Role, StaffMember
from commerce.services.signing_in import SignedIn
from commerce.wiring import Shop
from tests.e2e.conftest import DESK, PHONE
from tests.e2e.running_shop import running_shop
from tests.unit.shoppable.shop_values import fill, png
from tests.unit.shoppable.staffing import add_member
from tests.unit.shoppable.talking import LEA_TELEGRAM, canned, lea_asks, says

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

AXE = Path(__file__).parent / "vendor" / "axe.min.js"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 10, 9, 0, tzinfo=UTC))


@pytest.fixture
def running(tmp_path: Path, clock: ManualClock) -> Iterator[tuple[Shop, str]]:
    with running_shop(tmp_path / "data", fill, clock=clock, shop_name="Maison Test") as shop_and_address:
        yield shop_and_address


@pytest.fixture
def nadia(shop: Shop) -> StaffMember:
    canned(shop)
    return add_member(shop, "nadia")


@pytest.fixture
def lea(shop: Shop, nadia: StaffMember, clock: ManualClock) -> Customer:
    return lea_asks(shop, clock, photo=png(160, 200))


def signed_in(window: Callable[..., Page], shop: Shop, member: StaffMember, address: str, **more: Any) -> Page:
    token = shop.storage.write(lambda uow: shop.signing_in.link_for(uow, member, actor="test"))
    entered = shop.signing_in.with_link(token)
    assert isinstance(entered, SignedIn)
    page = window(**more)
    page.context.add_cookies([{"name": "vitrine_staff", "value": entered.secret, "url": address}])
    return page


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.innerText || document.activeElement.name"))


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1280"])
def test_a_conversation_by_the_keyboard_alone(
    window: Callable[..., Page], shop: Shop, nadia: StaffMember, lea: Customer, address: str, size: dict[str, int]
) -> None:
    page = signed_in(window, shop, nadia, address, size=size)
    page.goto("/staff/inbox")
    page.get_by_text("on a été coupés").first.wait_for()
    page.keyboard.press("j")
    assert focused(page).startswith("Léa")
    page.keyboard.press("Enter")
    page.get_by_text("mauvaise couleur").first.wait_for()
    # an answer: R, the words, Ctrl+Enter
    page.keyboard.press("r")
    page.keyboard.type("Bonjour Léa, je m’en occupe.")
    page.keyboard.press("Control+Enter")
    page.locator(".inbox-answer .told", has_text="Sent on Telegram.").wait_for()
    page.locator(".entry.out.person", has_text="je m’en occupe").wait_for()
    page.get_by_text("A person answers").wait_for()
    assert page.locator("#answer-text").input_value() == ""
    # a call: N, the words, Ctrl+Enter
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("Rappelée, échange accordé.")
    page.keyboard.press("Control+Enter")
    page.locator(".entry.note", has_text="échange accordé").wait_for()
    # and back to the bot
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.get_by_text("The bot answers", exact=True).wait_for()
    with shop.storage.read() as uow:
        found = uow.conversations.get(lea.id)
    assert found is not None and found.voice is Voice.BOT


def test_what_comes_in_appears_while_somebody_writes(
    window: Callable[..., Page], shop: Shop, nadia: StaffMember, lea: Customer, address: str
) -> None:
    page = signed_in(window, shop, nadia, address)
    page.goto(f"/staff/inbox/{lea.id}")
    page.keyboard.press("r")
    page.keyboard.type("Je regarde")
    says(shop, LEA_TELEGRAM, "vous êtes là ?")
    page.locator(".entry.in", has_text="vous êtes là").wait_for()
    assert page.locator("#answer-text").input_value() == "Je regarde"
    assert page.evaluate("document.activeElement.id") == "answer-text"
    page.reload()
    assert page.locator("#answer-text").input_value() == "Je regarde"  # kept until it is sent


def test_a_ready_made_reply_is_put_where_one_writes(
    window: Callable[..., Page], shop: Shop, nadia: StaffMember, lea: Customer, address: str
) -> None:
    page = signed_in(window, shop, nadia, address)
    page.goto(f"/staff/inbox/{lea.id}")
    page.locator("#answer-text").fill("D’abord ceci.")
    page.get_by_label("Ready-made reply").select_option(label="Parcel")
    page.get_by_role("button", name="Put in").click()
    page.get_by_text("Still to be filled in:").wait_for()
    assert page.locator("#answer-text").input_value() == "D’abord ceci.\nVotre commande {order}"
    assert page.evaluate("String(getSelection())") == "{order}"
    page.keyboard.type("1042")
    assert page.locator("#answer-text").input_value().endswith("Votre commande 1042")


def test_the_inbox_works_without_scripts(
    window: Callable[..., Page], shop: Shop, nadia: StaffMember, lea: Customer, address: str
) -> None:
    page = signed_in(window, shop, nadia, address, size=PHONE, java_script_enabled=False)
    page.goto("/staff/inbox")
    page.get_by_role("link", name="Léa").click()
    page.get_by_role("button", name="Take over").click()
    page.get_by_text("You answer this conversation. The bot is silent.").wait_for()
    page.get_by_label("Your answer").last.fill("Bonjour Léa.")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("Sent.").wait_for()
    page.get_by_role("button", name="Give back to the bot").click()
    page.get_by_text("The bot answers again.").wait_for()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1280"])
def test_pages_are_for_everybody(
    window: Callable[..., Page], shop: Shop, lea: Customer, address: str, size: dict[str, int]
) -> None:
    """No finding of axe that is serious or worse, nothing to scroll sideways."""
    owner = add_member(shop, "owner", Role.OWNER)
    page = signed_in(window, shop, owner, address, size=size)
    paths = (
        "/staff/inbox", f"/staff/inbox/{lea.id}?canned=c1", f"/staff/customers/{lea.id}", "/staff/replies",
        "/staff/reports",
    )  # fmt: skip
    for path in paths:
        page.goto(path)
        page.evaluate(AXE.read_text())
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            found = page.evaluate(
                "axe.run({ resultTypes: ['violations'] })"
                ".then(r => r.violations.filter(v => ['serious', 'critical'].includes(v.impact)))"
            )
            wrong = [(scheme, each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found]
            assert wrong == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
