"""Money that staff give back: alone up to the limit of the shop, above it with a second person."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from commerce.domain.team import Role, StaffMember
from commerce.wiring import Shop
from shoppable import create_app
from tests.unit.shoppable.shop_values import KEY
from tests.unit.shoppable.shopping import Browser, text_of
from tests.unit.shoppable.staffing import StaffBrowser, add_member


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop(api_keys=KEY, fake_payments=True, refund_limit_minor=5000)


@pytest.fixture
def app(shop: Shop) -> Flask:
    return create_app(shop)


@pytest.fixture
def order(app: Flask, shop: Shop) -> str:
    """Paid, 65.00, to be picked up at S1."""
    return Browser(app, shop).buy("P2-blue-M", how="pickup", store="S1").id


@pytest.fixture
def nadia(shop: Shop) -> StaffMember:
    return add_member(shop, "nadia")


@pytest.fixture
def olga(shop: Shop) -> StaffMember:
    return add_member(shop, "olga", Role.OWNER)


def ask(browser: StaffBrowser, order: str, amount: str):
    return browser.post(f"/staff/orders/{order}/refund", {"amount": amount})


def refunded(shop: Shop, order: str) -> list[int]:
    with shop.storage.read() as uow:
        return [refund.amount.minor for refund in uow.payments.refunds_of(order)]


def actions(shop: Shop, order: str) -> list[tuple[str, str]]:
    with shop.storage.read() as uow:
        names = {f"staff:{member.id}": member.login for member in uow.team.all()}
        return [
            (names[entry.actor], entry.action)
            for entry in reversed(uow.audit.find(subject=order))
            if entry.action.startswith("refund")
        ]


def test_little_goes_back_at_once(app: Flask, shop: Shop, order: str, nadia: StaffMember) -> None:
    browser = StaffBrowser(app, shop, nadia)
    assert "up to €65.00" in text_of(browser.get(f"/staff/orders/{order}").text)
    assert ask(browser, order, "12,50").location == f"/staff/orders/{order}?done=refunded"
    assert refunded(shop, order) == [1250]
    assert actions(shop, order) == [("nadia", "refund_asked")]


@pytest.mark.parametrize("amount", ["", "0", "-5", "1.005", "1e99", "NaN", "a lot", "12.345"])
def test_what_is_no_amount(app: Flask, shop: Shop, order: str, nadia: StaffMember, amount: str) -> None:
    refused = ask(StaffBrowser(app, shop, nadia), order, amount)
    assert refused.status_code == 422 and "This is no amount." in text_of(refused.text)


def test_much_waits_for_a_second_person(
    app: Flask, shop: Shop, order: str, nadia: StaffMember, olga: StaffMember
) -> None:
    hers, owners = StaffBrowser(app, shop, nadia), StaffBrowser(app, shop, olga)
    assert ask(hers, order, "50.01").location.endswith("done=refund-waits")
    assert refunded(shop, order) == []
    assert "€50.01 wait for a second person" in text_of(hers.get(f"/staff/orders/{order}").text)
    assert ask(hers, order, "60").location.endswith("done=refund-waits")  # one request at a time: the first one
    shown = text_of(owners.get("/staff/refunds").text)
    assert "€50.01" in shown and "asked for by Nadia" in shown and "€60.00" not in shown
    other = owners.post(f"/staff/refunds/{order}/approve", {"amount_minor": "100"})
    assert other.status_code == 409 and refunded(shop, order) == []
    assert owners.post(f"/staff/refunds/{order}/approve", {"amount_minor": "5001"}).status_code == 303
    assert owners.post(f"/staff/refunds/{order}/approve", {"amount_minor": "5001"}).status_code == 404
    assert refunded(shop, order) == [5001]
    assert actions(shop, order) == [
        ("nadia", "refund_approval_asked"),
        ("olga", "refund_approved"),
        ("nadia", "refund_asked"),
    ]


def test_several_small_refunds_are_one_large_one(app: Flask, shop: Shop, order: str, nadia: StaffMember) -> None:
    browser = StaffBrowser(app, shop, nadia)
    assert ask(browser, order, "30").location.endswith("done=refunded")
    assert ask(browser, order, "20").location.endswith("done=refunded")
    assert ask(browser, order, "0.01").location.endswith("done=refund-waits")
    assert refunded(shop, order) == [3000, 2000]


def test_nobody_confirms_their_own_request(
    app: Flask, shop: Shop, order: str, nadia: StaffMember, olga: StaffMember
) -> None:
    browser = StaffBrowser(app, shop, nadia)
    ask(browser, order, "60")
    assert browser.post(f"/staff/refunds/{order}/approve", {"amount_minor": "6000"}).status_code == 403
    from commerce.services.team import Place

    promoted = Place("Nadia", Role.OWNER)
    shop.storage.write(lambda uow: shop.team.change(uow, nadia.id, nadia.version, promoted, actor="test"))
    page = text_of(browser.get("/staff/refunds").text)
    assert "€60.00" in page and "Confirm" not in page.replace("to confirm", "").replace("cannot confirm", "")
    assert browser.post(f"/staff/refunds/{order}/approve", {"amount_minor": "6000"}).status_code == 404
    assert refunded(shop, order) == []
    assert browser.post(f"/staff/refunds/{order}/decline").status_code == 303
    assert actions(shop, order)[-1] == ("nadia", "refund_declined")


def test_the_owner_needs_nobody_else(app: Flask, shop: Shop, order: str, olga: StaffMember) -> None:
    assert ask(StaffBrowser(app, shop, olga), order, "65").location.endswith("done=refunded")
    assert refunded(shop, order) == [6500]


def test_what_cannot_go_back_is_said_before_anybody_is_asked(
    app: Flask, shop: Shop, order: str, nadia: StaffMember
) -> None:
    browser = StaffBrowser(app, shop, nadia)
    assert ask(browser, order, "65.01").status_code == 409
    with shop.storage.read() as uow:
        assert shop.staff_refunds.waiting(uow) == []


def test_staff_of_another_store_do_not_find_the_order(app: Flask, shop: Shop, order: str) -> None:
    browser = StaffBrowser(app, shop, add_member(shop, "sam", stores=("S2",)))
    assert ask(browser, order, "1").status_code == ask(browser, "0" * 32, "1").status_code == 404
