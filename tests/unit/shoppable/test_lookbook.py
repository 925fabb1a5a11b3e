"""Catalogues as readers see them: pages, today's facts, what a place leads to, and what is counted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from commerce.clock import ManualClock
from commerce.domain.customer import Contact
from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import Did, Edition, Region, came_from
from commerce.domain.money import Money
from commerce.wiring import Shop
from shoppable.chat import session
from tests.unit.shoppable.catalogues import publish_catalogue
from tests.unit.shoppable.shop_values import HOSTILE
from tests.unit.shoppable.shopping import HOST, Browser, text_of

BOXES = [Region(0.1, 0.1, 0.3, 0.3), Region(0.5, 0.1, 0.3, 0.3), Region(0.1, 0.6, 0.3, 0.3)]
SKUS = ["P1-navy-38", "P3-white-42", "P2-blue-M"]
A = "0" * 15 + "a"


@pytest.fixture
def book(shop: Shop) -> Edition:
    """Page 1 leads to a dress and a jacket, page 2 to sneakers."""
    return publish_catalogue(shop, list(zip(SKUS, BOXES, strict=True)), pages=2)


@pytest.fixture
def reader(app: Flask, shop: Shop) -> Browser:
    return Browser(app, shop)


def product_of(shop: Shop, sku: str) -> int:
    with shop.storage.read() as uow:
        found = uow.products.by_sku(sku)
    assert found is not None
    return found[0].id


# --- the pages


def test_a_page_says_in_words_what_its_picture_shows(book: Edition, reader: Browser) -> None:
    answer = reader.get(f"/l/{book.lookbook.slug}")
    assert answer.status_code == 200
    said = text_of(answer.text)
    assert "2 pages" in said
    assert "Linen midi dress €79.00 In store: Bellecour and Part-Dieu" in said
    assert answer.text.count("lookbook-spots") == 2
    assert 'x="100" y="100" width="300" height="300"' in answer.text
    assert f'property="og:image" content="{HOST}/l/{book.lookbook.slug}/card.jpg?lang=en&amp;v=1"' in answer.text
    assert answer.text.index("Linen midi dress") < answer.text.index("Denim jacket") < answer.text.index("White sneak")


def test_in_french_too(book: Edition, app: Flask, shop: Shop) -> None:
    said = Browser(app, shop, "fr").read(f"/l/{book.lookbook.slug}")
    assert "Printemps" in said and "Robe midi en lin 79,00 €" in said


def test_the_shop_front_leads_to_the_newest(reader: Browser, shop: Shop, clock: ManualClock) -> None:
    assert "/l/" not in reader.get("/").text
    publish_catalogue(shop, [], title=LocalText({"en": "Older"}))
    clock.advance(timedelta(hours=1))
    newer = publish_catalogue(shop, [], title=LocalText({"en": "Newer"})).lookbook
    assert '<a href="/l/newer">Newer</a>' in reader.get("/").text
    shop.storage.write(lambda uow: shop.publishing.withdraw(uow, newer.id, actor="test"))
    assert '<a href="/l/older">Older</a>' in reader.get("/").text


def test_what_never_was_and_what_is_over(book: Edition, reader: Browser, shop: Shop) -> None:
    for path in ("/l/nothing", f"/l/{'a' * 500}", "/l/nothing/facts", "/embed/l/nothing", "/l/%00", "/l/a%00b/facts"):
        assert reader.get(path).status_code == 404, path
    draft = shop.storage.write(lambda uow: shop.publishing.withdraw(uow, book.lookbook.id, actor="test"))
    assert draft.version == 1
    for path in (f"/l/{book.lookbook.slug}", f"/l/{book.lookbook.slug}/facts", f"/embed/l/{book.lookbook.slug}"):
        answer = reader.get(path)
        assert answer.status_code == 410, path
        assert "This catalogue is over" in text_of(answer.text)


def test_only_the_embedded_page_may_be_framed(book: Edition, reader: Browser) -> None:
    own, embedded = reader.get(f"/l/{book.lookbook.slug}"), reader.get(f"/embed/l/{book.lookbook.slug}")
    assert own.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in own.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in embedded.headers
    assert "frame-ancestors *" in embedded.headers["Content-Security-Policy"]
    assert "script-src *" not in embedded.headers["Content-Security-Policy"]
    assert embedded.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert '<base target="_top">' in embedded.text
    assert "masthead" in own.text and "masthead" not in embedded.text


def test_a_script_of_ours_may_be_used_by_any_site(reader: Browser) -> None:
    answer = reader.get("/embed.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert "data-catalogue" in answer.text
    assert reader.get("/static/lookbook.js").headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_part_is_in_the_language_of_its_page(book: Edition, reader: Browser) -> None:
    path = f"/l/{book.lookbook.slug}"
    part = reader.get(f"{path}?lang=fr", **{"X-Part": "facts"})
    assert "79,00" in part.text and "Set-Cookie" not in part.headers  # nobody has chosen a language by that
    assert reader.get(f"{path}/facts?lang=fr").json == {"mark": part.text.partition('data-mark="')[2][:20]}
    assert "lang=fr" in reader.get(f"{path}?lang=fr").headers["Set-Cookie"]


def test_a_product_that_is_gone_is_left_out(book: Edition, reader: Browser, shop: Shop) -> None:
    dress = product_of(shop, SKUS[0])
    engine = create_engine(shop.settings.url_of_database)
    with engine.begin() as connection:
        connection.execute(text("UPDATE product SET active = :no WHERE source_id = 'P1'"), {"no": False})
    engine.dispose()
    said = reader.read(f"/l/{book.lookbook.slug}")
    assert "Linen midi dress" not in said and "Denim jacket" in said
    assert reader.get(f"/l/{book.lookbook.slug}/1/{dress}", **{"X-Part": "sheet"}).status_code == 404


class Tags(HTMLParser):
    """Names of all elements, as a browser would make them."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def test_hostile_words_stay_words(reader: Browser, shop: Shop) -> None:
    plain = publish_catalogue(shop, [(SKUS[0], BOXES[0])], title=LocalText({"en": "Plain"}))
    hostile = publish_catalogue(shop, [("P7-white-M", BOXES[0])], title=LocalText({"en": f"Shirts {HOSTILE}"}))
    shirt = product_of(shop, "P7-white-M")
    for path in ("/l/{}", "/embed/l/{}", "/l/{}/1/" + str(shirt)):
        answer = reader.get(path.format(hostile.lookbook.slug), **{"X-Part": "sheet"})
        assert answer.status_code == 200
        assert "alert(1)" in answer.text
        found, expected = Tags(), Tags()
        found.feed(answer.text)
        assert found.handlers == []
        if not path.endswith(str(shirt)):
            expected.feed(reader.get(path.format(plain.lookbook.slug)).text)
            assert found.names.count("script") == expected.names.count("script")
        assert "49" not in text_of(answer.text).replace("€49", "")


# --- what changes


def facts(reader: Browser, slug: str, etag: str = "") -> Any:
    return reader.get(f"/l/{slug}/facts", **({"If-None-Match": etag} if etag else {}))


def test_the_mark_changes_with_prices_and_stock_only(
    book: Edition, reader: Browser, shop: Shop, clock: ManualClock
) -> None:
    clock.advance(timedelta(days=1))
    slug = book.lookbook.slug
    first = facts(reader, slug)
    assert first.status_code == 200
    assert first.json["mark"] in reader.get(f"/l/{slug}").text
    assert facts(reader, slug, first.headers["ETag"]).status_code == 304
    shop.storage.write(lambda uow: shop.catalog.set_price(uow, SKUS[2], Money(5900, "EUR"), Money(6500, "EUR")))
    second = facts(reader, slug, first.headers["ETag"])
    assert second.status_code == 200 and second.json != first.json
    shown = text_of(reader.get(f"/l/{slug}", **{"X-Part": "facts"}).text)
    assert "Denim jacket €59.00" in shown and "<head" not in shown
    shop.storage.write(lambda uow: shop.catalog.set_on_hand(uow, SKUS[1], "S1", 0))
    assert "Lowest price of the last 30 days: €65.00" in shown
    third = facts(reader, slug, second.headers["ETag"])
    assert third.status_code == 200 and third.json != second.json
    assert "White sneakers €89.90 Sold out" in reader.read(f"/l/{slug}")
    shop.storage.write(lambda uow: shop.catalog.set_price(uow, "P8-red-", Money(1500, "EUR")))  # not in it
    assert facts(reader, slug, third.headers["ETag"]).status_code == 304


# --- what a place leads to


def sheet(reader: Browser, book: Edition, page: int, sku: str) -> Any:
    path = f"/l/{book.lookbook.slug}/{page}/{product_of(reader.shop, sku)}"
    return reader.get(path, **{"X-Part": "sheet"})


def test_a_sheet_says_price_sizes_and_stores(book: Edition, reader: Browser, shop: Shop) -> None:
    said = text_of(sheet(reader, book, 1, SKUS[0]).text)
    assert "Linen midi dress €79.00" in said
    assert "Choose navy · 36 navy · 38 navy · 40 Add to cart Notify me terracotta · 38" in said
    assert "Bellecour" in said and "Part-Dieu" in said and "Marais" not in said
    assert sheet(reader, book, 2, SKUS[0]).status_code == 404  # it is on page 1
    assert sheet(reader, book, 9, SKUS[0]).status_code == 404
    without_script = reader.get(f"/l/{book.lookbook.slug}/1/{product_of(shop, SKUS[0])}")
    assert without_script.status_code == 303
    assert without_script.location.endswith(f"?from={came_from(book.lookbook.id, 1)}")


def test_a_cart_remembers_the_page(book: Edition, reader: Browser, shop: Shop) -> None:
    source = came_from(book.lookbook.id, 2)
    assert f'name="source" value="{source}"' in sheet(reader, book, 2, SKUS[1]).text
    assert reader.add(SKUS[1], source=source).status_code == 303
    product = reader.get(f"/l/{book.lookbook.slug}/2/{product_of(shop, SKUS[1])}").location
    assert f'name="source" value="{source}"' in reader.get(product).text
    with shop.storage.read() as uow:
        cart = uow.carts.of_customer(_customer(reader, shop))
    assert cart is not None
    assert [line.source for line in cart.wanted] == [source]


# --- what readers do


def tell(reader: Browser, book: Edition, *events: dict[str, object], **more: object) -> int:
    answer = reader.send("POST", f"/l/{book.lookbook.slug}/events", json={"events": list(events), **more})
    return int(answer.status_code)


def figures(shop: Shop, book: Edition) -> list[tuple[int, int, int, int, int, int]]:
    now = shop.clock.now()
    with shop.storage.read() as uow:
        found = uow.reading.by_page(book.lookbook.id, now - timedelta(days=1), now + timedelta(days=1))
    return [(f.page, f.views, f.visitors, f.dwell_ms, f.hotspots, f.carts) for f in found]


def test_events_count_once_and_name_nobody_without_consent(book: Edition, reader: Browser, shop: Shop) -> None:
    reader.add(SKUS[0])  # somebody whom the shop would know
    turned, left = (
        {"id": A + "1", "did": "page", "page": 1},
        {"id": A + "2", "did": "page", "page": 1, "dwell_ms": 4000},
    )
    assert tell(reader, book, turned, left) == 204
    assert tell(reader, book, turned, left) == 204  # a browser that was not sure
    assert figures(shop, book) == [(1, 1, 0, 4000, 0, 0)]
    assert tell(reader, book, {"id": A + "3", "did": "hotspot", "page": 2, "product": 1}, consent=False) == 204
    assert figures(shop, book)[1] == (2, 0, 0, 0, 1, 0)
    with shop.storage.read() as uow:
        assert uow.tastes.looked_at(_customer(reader, shop), shop.clock.now() - timedelta(days=1), 5) == []


def test_with_consent_they_are_the_readers_own(book: Edition, reader: Browser, shop: Shop) -> None:
    reader.add(SKUS[0])
    product = product_of(shop, SKUS[1])
    assert tell(reader, book, {"id": A + "4", "did": "hotspot", "page": 2, "product": product}, consent=True) == 204
    with shop.storage.read() as uow:
        (seen,) = uow.tastes.looked_at(_customer(reader, shop), shop.clock.now() - timedelta(days=1), 5)
    assert (seen.did, seen.product_id, seen.lookbook_id, seen.page) == (Did.HOTSPOT, product, book.lookbook.id, 2)
    assert figures(shop, book) == [(2, 0, 1, 0, 1, 0)]


def test_whoever_agrees_is_known_from_then_on(book: Edition, reader: Browser, shop: Shop) -> None:
    assert tell(reader, book, {"id": A + "5", "did": "page", "page": 1}, consent=True) == 204
    assert figures(shop, book) == [(1, 1, 1, 0, 0, 0)]
    with shop.storage.read() as uow:
        assert uow.reading.last_page_of("", _customer(reader, shop)) == (book.lookbook.id, 1)


def _customer(reader: Browser, shop: Shop) -> str:
    cookie = reader.client.get_cookie("chat", domain="127.0.0.1")
    assert cookie is not None
    with reader.client.application.test_request_context(base_url=HOST), shop.storage.read() as uow:
        found = uow.customers.by_contact(Contact("webchat", "web", session.sign("chat", cookie.value)))
    assert found is not None
    return found.id


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"events": []},
        {"events": [{"id": "x", "did": "page"}]},
        {"events": [{"id": A + "6", "did": "bought"}]},
        {"events": [{"id": A + "6", "did": "page", "page": -1}]},
        {"events": [{"id": A + "6", "did": "page", "dwell_ms": 10**9}]},
        {"events": [{"id": A + "6", "did": "page", "customer": "somebody"}]},
        {"events": [{"id": A + "6", "did": "page"}], "consent": "yes"},
        {"events": [{"id": f"{number:032x}", "did": "page"} for number in range(51)]},
    ],
)
def test_garbage_is_not_counted(book: Edition, reader: Browser, shop: Shop, body: dict[str, object]) -> None:
    answer = reader.send("POST", f"/l/{book.lookbook.slug}/events", json=body)
    assert answer.status_code == 422
    assert figures(shop, book) == []


def test_pages_of_others_cannot_count(book: Edition, reader: Browser, shop: Shop) -> None:
    body = json.dumps({"events": [{"id": A + "7", "did": "page", "page": 1}]})
    path, headers = f"/l/{book.lookbook.slug}/events", {"Origin": "https://evil.example"}
    assert reader.send("POST", path, data=body, headers=headers, content_type="text/plain").status_code == 403
    assert reader.send("POST", path, data=body, headers=headers, content_type="application/json").status_code == 403
    assert reader.send("POST", path, data=body, content_type="text/plain").status_code == 415
    assert reader.send("POST", "/l/nothing/events", json=json.loads(body)).status_code == 404
    assert figures(shop, book) == []


def test_characters_that_no_database_keeps(book: Edition, reader: Browser, shop: Shop) -> None:
    event = {"id": A + "8", "did": "opened", "page": 1}
    assert tell(reader, book, event, source="news\x00letter") == 204
    now = shop.clock.now()
    with shop.storage.read() as uow:
        found = uow.reading.by_source(book.lookbook.id, now - timedelta(days=1), now + timedelta(days=1))
    assert [(each.source, each.opened) for each in found] == [("campaign:newsletter", 1)]
