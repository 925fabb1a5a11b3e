"""Where carts, orders and customers come from: kept from the page of a catalogue to the counter."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask

from commerce.domain.lookbook import came_from
from commerce.domain.order import OrderSource
from commerce.domain.team import Role
from commerce.wiring import Shop
from tests.unit.shoppable.leafing import SLUG, product_of, publish, tell
from tests.unit.shoppable.shopping import HOME, Browser, text_of
from tests.unit.shoppable.staffing import StaffBrowser, add_member


@pytest.fixture
def lea(app: Flask, shop: Shop) -> Browser:
    return Browser(app, shop)


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
        (figures,) = uow.reading.orders_from(book.id, since, until)
        products = uow.reading.by_product(book.id, since, until)
    assert (figures.orders, figures.total_minor) == (1, order.total_minor)
    assert [(each.product_id, each.units_ordered) for each in products] == [(product_of(shop, "P4"), 1)]


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
