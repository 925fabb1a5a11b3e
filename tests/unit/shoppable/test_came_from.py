"""Where carts, orders and customers come from: kept from the page of a catalogue to the counter."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from io import StringIO

import pytest
from flask import Flask

from commerce.domain.lookbook import came_from
from commerce.domain.order import OrderSource
from commerce.domain.team import Role
from commerce.ports.publishing import UnitFigures
from commerce.wiring import Shop
from tests.unit.shoppable.leafing import SLUG, product_of, publish, tell
from tests.unit.shoppable.shopping import HOME, HOST, Browser, text_of
from tests.unit.shoppable.staffing import StaffBrowser, add_member


def bought(lea: Browser, shop: Shop) -> None:
    """The bag of page 4, as the sheet of its hotspot puts it into the cart."""
    answer = lea.get(f"/l/{SLUG}/4/{product_of(shop, 'P4')}", **{"X-Part": "sheet"})
    source = re.search(r'name="source" value="([^"]+)"', answer.text)
    assert source
    lea.add("P4-brown-", source=source[1])
    lea.tell(**HOME)
    lea.pay("fake")


def test_an_order_says_from_which_page_it_came(shop: Shop, lea: Browser, app: Flask) -> None:
    book = publish(shop, "P1", "P4")
    bought(lea, shop)
    order = lea.order()
    assert order.came_from == came_from(book.id, 4)
    assert order.source is OrderSource.CATALOGUE
    assert lea.get("/api/v1/orders").json["orders"][0]["came_from"] == order.came_from
    with shop.storage.read() as uow:
        customer = uow.customers.get(order.customer_id)
    assert customer is not None and customer.came_from == order.came_from
    hugo = StaffBrowser(app, shop, add_member(shop, "hugo", Role.OWNER))
    assert "(Page 4 of Spring)" in text_of(hugo.get(f"/staff/orders/{order.id}").text)
    assert "Came from: Page 4 of Spring" in text_of(hugo.get(f"/staff/customers/{order.customer_id}").text)


def test_the_report_finds_it_under_another_address_too(shop: Shop, lea: Browser) -> None:
    book = publish(shop, "P1", "P4")
    bought(lea, shop)
    lea.play(lea.pay("fake").headers["Location"], "pay")
    order = lea.order()

    def move(uow):
        draft = uow.lookbooks.edition(book, 0)
        assert draft is not None

        return uow.lookbooks.save_draft(replace(draft.lookbook, slug="ete"), pages=None, hotspots=draft.hotspots)

    shop.storage.write(move)
    with shop.storage.read() as uow:
        since, until = order.created_at - timedelta(days=1), order.created_at + timedelta(days=1)
        (figures,) = uow.attribution.sold(since, until, came_from(book.id))
        units = uow.attribution.units(since, until, came_from(book.id))
    assert (figures.orders, figures.paid, figures.gross_minor) == (1, 1, order.total_minor)
    assert units == {product_of(shop, "P4"): UnitFigures(1, 0)}


def test_a_link_to_the_product_keeps_the_page(shop: Shop, lea: Browser) -> None:
    book = publish(shop, "P4")
    (link,) = set(re.findall(r'href="([^"]+\?from=[^"]+)"', lea.get(f"/l/{SLUG}").text))
    assert f'name="source" value="{came_from(book.id, 4)}"' in lea.get(unescape(link)).text


def test_what_brought_a_customer_first_stays(shop: Shop, lea: Browser) -> None:
    lea.add("P1-navy-38", source="link:first")
    shop.clock.advance(timedelta(seconds=1))
    lea.add("P4-brown-", source="link:second")
    lea.tell(**HOME)
    lea.pay("fake")
    order = lea.order()
    with shop.storage.read() as uow:
        customer = uow.customers.get(order.customer_id)
    assert customer is not None
    assert (customer.came_from, order.came_from) == ("link:first", "link:second")


def source_after(lea: Browser, sku: str = "P1-navy-38") -> str:
    lea.add(sku)
    with lea.shop.storage.read() as uow:
        (customer,) = uow.customers.after("", 10)
        cart = lea.shop.carts.of(uow, customer.id)
    assert cart is not None
    return max(cart.lines, key=lambda line: line.added_at).source


def test_a_campaign_and_another_site_are_remembered(shop: Shop, lea: Browser, app: Flask) -> None:
    lea.get("/?utm_source=Lettre+d%27été&utm_medium=mail")
    assert source_after(lea) == "campaign:lettre-d-t"
    shop.clock.advance(timedelta(seconds=1))
    lea.get("/", Referer="https://www.blog.example/post?x=1")
    assert source_after(lea, "P4-brown-") == "campaign:lettre-d-t", "who is known already has not just been found"


@pytest.mark.parametrize(
    ("referer", "source"),
    [
        ("https://www.blog.example/post?x=1", "site:blog.example"),
        ("https://blog.example:8443/", "site:blog.example"),
        ("http://127.0.0.1:8000/l/printemps", "web"),
        ("http://[bad", "web"),
        ("nonsense", "web"),
    ],
)
def test_where_somebody_new_followed_a_link(lea: Browser, referer: str, source: str) -> None:
    lea.get("/", Referer=referer)
    assert source_after(lea) == source


def test_what_is_not_a_shopper_s_page_sets_no_cookie(lea: Browser) -> None:
    for path in (
        "/healthz?utm_source=x",
        "/api/v1/openapi.json?utm_source=x",
        "/staff?utm_source=x",
        "/no?utm_source=x",
    ):
        assert "came=" not in str(lea.get(path).headers.getlist("Set-Cookie"))
    assert "HttpOnly" in str(lea.get("/?utm_source=x").headers.getlist("Set-Cookie"))


def test_a_code_in_print_is_told_from_the_web(shop: Shop, lea: Browser, app: Flask) -> None:
    book = publish(shop, "P1", "P4")
    hugo = StaffBrowser(app, shop, add_member(shop, "hugo", Role.OWNER))
    whole = hugo.get(f"/studio/{book.id}/qr.svg")
    page = hugo.get(f"/studio/{book.id}/qr.svg?page=4")
    assert page.mimetype == "image/svg+xml" and page.text != whole.text
    assert "printemps-4.svg" in page.headers["Content-Disposition"]
    assert hugo.get(f"/studio/{book.id}/qr.svg?page=9").status_code == 404
    lea.get(f"/l/{SLUG}?utm_source=qr")  # what the code says
    bought(lea, shop)
    order = lea.order()
    assert order.came_from == f"catalogue:{book.id}:4:campaign:qr"
    assert order.source is OrderSource.CATALOGUE
    assert "(Page 4 of Spring, via QR code)" in text_of(hugo.get(f"/staff/orders/{order.id}").text)


def test_a_frame_in_another_site_says_so(shop: Shop, lea: Browser) -> None:
    book = publish(shop, "P4")
    (link,) = set(re.findall(r'href="([^"]+\?from=[^"]+)"', lea.get(f"/embed/l/{SLUG}").text))
    lea.get(unescape(link), Referer=f"{HOST}/embed/l/{SLUG}")  # in the whole window
    lea.add("P4-brown-", source=came_from(book.id, 4))
    lea.tell(**HOME)
    lea.pay("fake")
    assert lea.order().came_from == f"catalogue:{book.id}:4:campaign:embed"


def test_orders_by_what_brought_them(shop: Shop, lea: Browser, app: Flask) -> None:
    publish(shop, "P1", "P4")
    bought(lea, shop)
    sam = Browser(app, shop)
    sam.add("P1-navy-38")
    sam.tell(**HOME)
    sam.pay("fake")
    hugo = StaffBrowser(app, shop, add_member(shop, "hugo", Role.OWNER))

    def listed(query: str) -> list[list[str]]:
        answer = hugo.get(f"/staff/orders.csv?{query}")
        assert answer.mimetype == "text/csv"
        return [row[4:6] for row in csv.reader(StringIO(answer.text.removeprefix("\ufeff")))][1:]

    from_page = [lea.order().came_from, "Page 4 of Spring"]
    assert listed("") == [["", ""], from_page]
    assert listed("came=catalogue") == [from_page]
    assert listed("came=unknown") == [["", ""]]
    assert listed("came=link") == []
    assert listed("came=nonsense") == [["", ""], from_page]
    shown = hugo.get("/staff/orders?came=catalogue").text
    assert "Page 4 of Spring" in shown and "/staff/orders.csv?came=catalogue" in shown


def test_where_people_come_from(shop: Shop, lea: Browser, app: Flask) -> None:
    book = publish(shop, "P1", "P4")
    hugo = StaffBrowser(app, shop, add_member(shop, "hugo", Role.MARKETER))
    assert "Nobody new in that time." in text_of(hugo.get("/studio/sources").text)
    bought(lea, shop)
    lea.play(lea.pay("fake").headers["Location"], "pay")
    sam = Browser(app, shop)
    sam.get("/?utm_source=letter")
    sam.add("P3-white-42")
    answer = hugo.get("/studio/sources.csv?days=7")
    rows = list(csv.reader(StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows == [
        ["source", "name", "customers", "carts", "orders", "currency", "gross_minor", "net_minor"],
        ["catalogue:" + book.id, "Catalogue: Spring", "1", "0", "1", "EUR", "12490", "12490"],
        ["campaign:letter", "Campaign: letter", "1", "1", "0", "", "0", "0"],
    ]
    said = text_of(hugo.get("/studio/sources?lang=fr").text)
    assert "D’où viennent les gens" in said and "Catalogue : Spring" not in said


def test_what_comes_from_nowhere_says_so(lea: Browser) -> None:
    lea.add("P1-navy-38")
    lea.tell(**HOME)
    lea.pay("fake")
    order = lea.order()
    assert (order.came_from, order.source) == ("", OrderSource.WEB)


def test_the_chat_begins_on_the_page(shop: Shop, lea: Browser) -> None:
    book = publish(shop, "P1", "P4")
    opened = lea.get(f"/chat?catalogue={SLUG}&page=4").text
    assert f'data-opening-action="leaf:{book.id}:4:0"' in opened
    assert 'data-opening-label="Page 4 of Spring"' in opened
    bag = product_of(shop, "P4")
    assert f"leaf:{book.id}:4:{bag}" in lea.get(f"/chat?catalogue={SLUG}&page=4&product={bag}").text
    for odd in ("catalogue=nothing", "catalogue=../x", f"catalogue={SLUG}&page=x"):
        assert lea.get(f"/chat?{odd}").status_code == 200
    assert "data-opening-action" not in lea.get("/chat?catalogue=nothing&page=4").text


def test_a_reader_who_agrees_is_known_to_the_chat_and_another_is_not(shop: Shop, lea: Browser, app: Flask) -> None:
    book = publish(shop, "P1", "P4")
    assert tell(lea, {"did": "page", "page": 3}, consent=True).status_code == 204
    assert tell(lea, {"did": "page", "page": 4}, consent=True).status_code == 204
    sam = Browser(app, shop)
    answer = tell(sam, {"did": "page", "page": 2})
    assert "Set-Cookie" not in answer.headers
    lea.add("P1-navy-38")
    with shop.storage.read() as uow:
        (known,) = uow.customers.after("", 10)
        assert uow.reading.last_page_of("", known.id) == (book.id, 4)
