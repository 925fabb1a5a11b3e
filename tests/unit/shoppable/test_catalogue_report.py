"""What the studio tells of a catalogue: every figure is one that was made here."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from commerce.clock import ManualClock
from commerce.domain.lookbook import Did, ReadingEvent, came_from
from commerce.domain.team import Role, StaffMember
from commerce.wiring import Shop
from tests.unit.shoppable.leafing import product_of, publish, tell
from tests.unit.shoppable.shopping import HOME, Browser, text_of
from tests.unit.shoppable.staffing import StaffBrowser, add_member


@pytest.fixture
def hugo(app: Flask, shop: Shop) -> StaffBrowser:
    return StaffBrowser(app, shop, add_member(shop, "hugo", Role.MARKETER))


def hugo_of(shop: Shop) -> StaffMember:
    with shop.storage.read() as uow:
        return next(each for each in uow.team.all() if each.login == "hugo")


def file_of(hugo: StaffBrowser, path: str) -> list[list[str]]:
    answer = hugo.get(path)
    assert answer.status_code == 200 and answer.mimetype == "text/csv"
    return list(csv.reader(StringIO(answer.text.removeprefix("\ufeff"))))


def read_by_lea(shop: Shop, app: Flask) -> Browser:
    """Opened from a letter, two pages, one place, one thing into the cart and bought."""
    lea, bag = Browser(app, shop), product_of(shop, "P4")
    tell(
        lea,
        {"did": "opened", "page": 1},
        {"did": "page", "page": 1},
        {"did": "page", "page": 1, "dwell_ms": 4_000},
        {"did": "page", "page": 4},
        {"did": "page", "page": 4, "dwell_ms": 9_000},
        {"did": "hotspot", "page": 4, "product": bag},
        {"did": "cart", "page": 4, "product": bag},
        consent=True,
        source="newsletter",
    )
    return lea


def test_nobody_has_read_it_yet(shop: Shop, hugo: StaffBrowser) -> None:
    book = publish(shop, "P1", "P4")
    page = hugo.get(f"/studio/{book.id}/report")
    assert page.status_code == 200
    assert "Nobody has opened it in that time." in text_of(page.text)


def test_from_the_cover_to_the_till(shop: Shop, app: Flask, hugo: StaffBrowser) -> None:
    book = publish(shop, "P1", "P4")
    lea = read_by_lea(shop, app)
    sam = Browser(app, shop)
    tell(sam, {"did": "opened", "page": 1}, {"did": "page", "page": 1}, {"did": "page", "page": 1, "dwell_ms": 1_000})
    lea.add("P4-brown-", source=came_from(book.id, 4))
    lea.tell(**HOME)
    lea.play(lea.pay("fake").headers["Location"], "pay")
    order = lea.order()
    whole = hugo.get(f"/studio/{book.id}/report?days=7").text
    steps = "Opened 2; Pages turned 3; Places opened 1; Added to the cart 1; Went to the till 1; Ordered 1; Paid for 1"
    assert f"From the cover to the till: {steps}" in whole
    assert "€124.90 from 1 order" in text_of(whole) and order.total_minor == 12490
    assert "Views by page: Page 1 2; Page 4 1" in whole
    pages = file_of(hugo, f"/studio/{book.id}/report/pages.csv?days=7")
    assert pages == [
        ["page", "views", "visitors", "mean_stay_s", "median_stay_s", "places_opened", "carts"],
        ["1", "2", "1", "2.5", "2.5", "0", "0"],
        ["4", "1", "1", "9.0", "9.0", "1", "1"],
    ]
    (bag,) = file_of(hugo, f"/studio/{book.id}/report/products.csv")[1:]
    assert bag == [str(product_of(shop, "P4")), "Leather tote", "1", "1", "1", "0"]
    sources = file_of(hugo, f"/studio/{book.id}/report/sources.csv")
    assert sources == [
        ["source", "name", "opened", "carts", "orders", "currency", "gross_minor", "net_minor"],
        ["", "", "1", "0", "1", "EUR", "12490", "12490"],
        ["campaign:newsletter", "Campaign: newsletter", "1", "1", "0", "", "0", "0"],
    ]
    assert file_of(hugo, f"/studio/{book.id}/report/orders.csv")[1:] == [["1", "EUR", "12490", "12490"]]
    assert file_of(hugo, f"/studio/{book.id}/report/channels.csv")[1:] == [["webchat", "1", "EUR", "12490", "12490"]]
    assert file_of(hugo, f"/studio/{book.id}/report/places.csv")[1:] == [
        ["4", str(product_of(shop, "P4")), "Leather tote", "1", "1"]
    ]
    days = file_of(hugo, f"/studio/{book.id}/report/days.csv?days=7")[1:]
    assert [int(count) for _, count, _ in days] == [0, 0, 0, 0, 0, 0, 3], "every day, those without readers too"
    assert [version for _, _, version in days][-1] == "version 1"
    assert 'aria-label="Page 4; Linen midi dress: 0; Leather tote: 1"' in whole, "the warmth of a page, in words"


def test_what_goes_back_is_not_sold(shop: Shop, app: Flask, hugo: StaffBrowser) -> None:
    book = publish(shop, "P1", "P4")
    lea = Browser(app, shop)
    lea.add("P4-brown-", source=came_from(book.id, 4))
    lea.tell(**HOME)
    lea.play(lea.pay("fake").headers["Location"], "pay")
    owner = StaffBrowser(app, shop, add_member(shop, "nadia", Role.OWNER))
    assert owner.post(f"/staff/orders/{lea.order().id}/refund", {"amount": "24.90"}).status_code == 303
    assert shop.paying.tick() == 1
    assert file_of(hugo, f"/studio/{book.id}/report/orders.csv")[1:] == [["1", "EUR", "12490", "10000"]]
    whole = text_of(hugo.get(f"/studio/{book.id}/report").text)
    assert "€100.00 from 1 order" in whole and "€124.90 before what was given back" in whole


def test_beside_the_days_before(shop: Shop, app: Flask, hugo: StaffBrowser, clock: ManualClock) -> None:
    book = publish(shop, "P1", "P4")
    for _ in range(4):
        tell(Browser(app, shop), {"did": "opened", "page": 1})
    clock.advance(timedelta(days=7))
    hugo = StaffBrowser(app, shop, hugo_of(shop))
    for _ in range(3):
        tell(Browser(app, shop), {"did": "opened", "page": 1})
    steps = file_of(hugo, f"/studio/{book.id}/report/steps.csv?days=7")
    assert steps[:2] == [["step", "count", "count_before"], ["opened", "3", "4"]]
    assert "−25 %" in hugo.get(f"/studio/{book.id}/report?days=7").text


def test_a_day_is_the_shop_s(shop: Shop, app: Flask, hugo: StaffBrowser, clock: ManualClock) -> None:
    """Half an hour after midnight in Paris it is still yesterday in Greenwich."""
    book = publish(shop, "P1", "P4")
    assert shop.settings.timezone == "Europe/Paris"
    night = clock.now().astimezone(ZoneInfo("Europe/Paris")).replace(hour=0, minute=30) + timedelta(days=2)
    clock.advance(night - clock.now())
    tell(Browser(app, shop), {"did": "page", "page": 1})
    hugo = StaffBrowser(app, shop, hugo_of(shop))
    days = file_of(hugo, f"/studio/{book.id}/report/days.csv?days=7")[1:]
    assert days[-1][:2] == [night.date().isoformat(), "1"]


def test_the_period_is_chosen(shop: Shop, app: Flask, hugo: StaffBrowser, clock: ManualClock) -> None:
    book = publish(shop, "P1", "P4")
    read_by_lea(shop, app)
    clock.advance(timedelta(days=8))
    hugo = StaffBrowser(app, shop, hugo_of(shop))
    assert "Nobody has opened it" in hugo.get(f"/studio/{book.id}/report?days=7").text
    assert "Nobody has opened it" not in hugo.get(f"/studio/{book.id}/report?days=30").text
    assert hugo.get(f"/studio/{book.id}/report?days=1%00").status_code == 200, "what is no choice is the usual one"


def test_a_source_that_is_a_formula_is_text_in_the_file(shop: Shop, hugo: StaffBrowser) -> None:
    book = publish(shop, "P1", "P4")
    event = ReadingEvent("e" * 32, Did.OPENED, shop.clock.now(), book.id, 1, source='=HYPERLINK("http://evil")')
    shop.storage.write(lambda uow: uow.reading.add([event]))
    assert file_of(hugo, f"/studio/{book.id}/report/sources.csv")[1][0] == '\'=HYPERLINK("http://evil")'


def test_what_is_not_there(shop: Shop, hugo: StaffBrowser) -> None:
    book = publish(shop, "P1", "P4")
    for path in (f"/studio/{'f' * 32}/report", f"/studio/{book.id}/report/people.csv"):
        assert hugo.get(path).status_code == 404


def test_in_french(shop: Shop, app: Flask, hugo: StaffBrowser) -> None:
    book = publish(shop, "P1", "P4")
    read_by_lea(shop, app)
    said = text_of(hugo.get(f"/studio/{book.id}/report?lang=fr").text)
    assert "Comment « Printemps » est lu" in said and "Par page" in said
