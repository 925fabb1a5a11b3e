"""Short links: to pages of ours alone, counted once a person, and what is bought afterwards says so."""

from __future__ import annotations

import pytest
from flask import Flask

from bot.channels import build_channels
from bot.worker import Worker
from commerce.domain.lookbook import Did, NotShortened, ShortLink
from commerce.domain.order import OrderSource
from commerce.domain.reservation import Refused
from commerce.domain.team import Role
from commerce.wiring import Shop
from tests.unit.shoppable.leafing import publish, tell
from tests.unit.shoppable.shopping import HOME, Browser, text_of, variant_of
from tests.unit.shoppable.staffing import StaffBrowser, add_member


@pytest.fixture
def hugo(app: Flask, shop: Shop) -> StaffBrowser:
    return StaffBrowser(app, shop, add_member(shop, "hugo", Role.MARKETER))


def make(shop: Shop, where: str, label: str = "Window", code: str = "") -> ShortLink | Refused[NotShortened]:
    return shop.storage.write(lambda uow: shop.short_links.make(uow, where, label, code=code, actor="test"))


def clicks(shop: Shop, code: str) -> int:
    with shop.storage.read() as uow:
        link = uow.short_links.get(code)
    assert link is not None
    return link.clicks


def test_made_in_the_studio_and_followed(shop: Shop, hugo: StaffBrowser, lea: Browser) -> None:
    made = hugo.post("/studio/links", {"path": "/stores?lang=fr", "label": "Window, April", "code": "window"})
    assert made.headers["Location"] == "/studio/links?made=window"
    listed = text_of(hugo.get("/studio/links?made=window").text)
    assert "Made: http://127.0.0.1:8000/s/window" in listed and "Window, April" in listed
    assert hugo.get("/studio/links/window/qr.svg").mimetype == "image/svg+xml"
    followed = lea.get("/s/window")
    assert (followed.status_code, followed.headers["Location"]) == (302, "/stores?lang=fr")
    assert followed.headers["Cache-Control"] == "no-store"
    assert clicks(shop, "window") == 1
    assert lea.get("/s/no-such-link").status_code == 404


def test_what_is_bought_afterwards_says_so(shop: Shop, lea: Browser, app: Flask) -> None:
    make(shop, "/", "Window, April", "window")
    lea.get("/s/window")
    lea.add("P1-navy-38")
    lea.tell(**HOME)
    lea.pay("fake")
    order = lea.order()
    assert (order.came_from, order.source) == ("link:window", OrderSource.LINK)
    nadia = StaffBrowser(app, shop, add_member(shop, "nadia", Role.OWNER))
    assert "(Link: Window, April)" in text_of(nadia.get(f"/staff/orders/{order.id}").text)


def test_what_is_put_in_by_the_chat_says_so_too(shop: Shop, lea: Browser) -> None:
    make(shop, "/chat", code="window")
    lea.get("/s/window")
    worker = Worker(shop, build_channels(shop.settings, shop.media).values())
    bag = variant_of(shop, "P4-brown-")
    said = {"client_msg_id": "0123456789abcdef", "action": f"add:0:{bag}"}
    assert lea.send("POST", "/api/v1/chat/messages", json=said).status_code == 202
    worker.run_until_quiet()
    with shop.storage.read() as uow:
        (customer,) = uow.customers.after("", 10)
        cart = shop.carts.of(uow, customer.id)
    assert cart is not None and [line.source for line in cart.lines] == ["link:window"]
    assert customer.came_from == "link:window"


def test_the_studio_says_what_a_link_has_sold(shop: Shop, lea: Browser, app: Flask, hugo: StaffBrowser) -> None:
    make(shop, "/", "Window, April", "window")
    for _ in range(2):
        buyer = Browser(app, shop)
        buyer.get("/s/window")
        buyer.buy("P4-brown-")
    waiting = Browser(app, shop)  # has not paid, so nothing is sold
    waiting.get("/s/window")
    waiting.add("P1-navy-38")
    waiting.tell(**HOME)
    waiting.pay("fake")
    total = lea.buy("P4-brown-").total_minor  # nobody brought her
    assert total == 12490
    assert f"/s/window / 3 2 · €{2 * total / 100:.2f}" in text_of(hugo.get("/studio/links").text)


def test_what_is_known_better_is_kept(shop: Shop, lea: Browser) -> None:
    make(shop, "/", code="window")
    lea.get("/s/window")
    lea.add("P1-navy-38", source="catalogue:abc:4")
    lea.get("/buy/P4-brown-:1")
    lea.client.put("/api/v1/carts/lines/P3-white-42", json={"quantity": 1}, headers={"Origin": "http://127.0.0.1:8000"},
                   base_url="http://127.0.0.1:8000")  # fmt: skip
    with shop.storage.read() as uow:
        (customer,) = uow.customers.after("", 10)
        cart = shop.carts.of(uow, customer.id)
    assert cart is not None
    assert [line.source for line in cart.lines] == ["catalogue:abc:4:link:window", "link:window", "link:window"]
    assert customer.came_from == "catalogue:abc:4:link:window"


@pytest.mark.parametrize(
    "where",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "http://127.0.0.1:8000.evil.example/",
        "http://127.0.0.1:8000@evil.example/",
        "/a\r\nSet-Cookie: x=1",
        "",
        "stores",
        "/" + "a" * 500,
    ],
)
def test_nowhere_but_to_the_shop(shop: Shop, lea: Browser, where: str) -> None:
    assert make(shop, where) == Refused(NotShortened.NOT_OURS)
    planted = ShortLink("planted", where, "as if it had been stored", shop.clock.now())
    shop.storage.write(lambda uow: uow.short_links.add(planted))
    assert lea.get("/s/planted").status_code == 404, "it is looked at again when it is followed"


def test_a_whole_address_of_ours_is_a_path(shop: Shop) -> None:
    made = make(shop, f"{shop.settings.base_url}/l/printemps#page-4")
    assert isinstance(made, ShortLink) and made.path == "/l/printemps#page-4"


def test_refusals_in_words(shop: Shop, hugo: StaffBrowser) -> None:
    make(shop, "/", code="window")
    for form, said in (
        ({"path": "/", "label": " "}, "Give it a label"),
        ({"path": "/", "label": "x", "code": "-A-"}, "A code has small letters"),
        ({"path": "/", "label": "x", "code": "window"}, "Another link has this code."),
        ({"path": "//evil.example", "label": "x"}, "leads to a page of this shop"),
    ):
        answer = hugo.post("/studio/links", dict(form))
        assert answer.status_code == 422 and said in text_of(answer.text)
    assert hugo.get("/studio/links/none/qr.svg").status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Purpose": "prefetch;prerender"}, 503),
        ({"Purpose": "prefetch"}, 503),
        ({"User-Agent": "TelegramBot (like TwitterBot)"}, 302),
        ({"User-Agent": "facebookexternalhit/1.1"}, 302),
        ({"User-Agent": "WhatsApp/2.23"}, 302),
    ],
)
def test_who_only_looks_is_not_counted(shop: Shop, lea: Browser, headers: dict[str, str], status: int) -> None:
    make(shop, "/stores", code="window")
    answer = lea.get("/s/window", **headers)
    assert answer.status_code == status
    assert "Set-Cookie" not in answer.headers
    assert clicks(shop, "window") == 0


def test_a_reader_that_a_link_brought_is_counted_to_it(shop: Shop, lea: Browser, hugo: StaffBrowser) -> None:
    book = publish(shop, "P1")
    make(shop, "/l/printemps", "Window, April", "window")
    lea.get("/s/window")
    tell(lea, {"did": "opened", "page": 1})
    assert "Link: Window, April" in text_of(hugo.get(f"/studio/{book.id}/report").text)
    with shop.storage.read() as uow:
        since = shop.clock.now().replace(year=2025)
        sources = {each.source for each in uow.reading.by_source("", since, shop.clock.now().replace(year=2027))}
    assert sources == {"link:window"}, Did.LINK
