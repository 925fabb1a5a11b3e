"""What is suggested on the pages, why, and what shoppers say about it."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

from flask import Flask

from commerce.domain.customer import Contact, Purpose
from commerce.domain.lookbook import Did
from commerce.domain.recommending import Looked
from commerce.wiring import Shop
from shoppable.chat import session
from shoppable.recommended import READER, REFUSE
from tests.unit.shoppable.leafing import publish, tell
from tests.unit.shoppable.shopping import HOST, Browser, text_of

SWITCH = "Suggest nothing from what I do"


def look(reader: Browser, product_id: int, *, consent: bool = True, dwell_ms: int = 0, event_id: str = "") -> int:
    told = {"id": event_id or str(uuid4()), "consent": consent, "dwell_ms": dwell_ms}
    return int(reader.send("POST", f"/p/{product_id}/views", json=told).status_code)


def product_id(shop: Shop, source_id: str) -> int:
    with shop.storage.read() as uow:
        found = uow.products.by_source_id(source_id)
    assert found is not None
    return found.id


def customer_id(reader: Browser) -> str:
    cookie = reader.client.get_cookie("chat", domain="127.0.0.1")
    assert cookie is not None, "nobody is known"
    with reader.client.application.test_request_context(base_url=HOST), reader.shop.storage.read() as uow:
        found = uow.customers.by_contact(Contact("webchat", "web", session.sign("chat", cookie.value)))
    assert found is not None
    return found.id


def looked_at(reader: Browser) -> list[Looked]:
    with reader.shop.storage.read() as uow:
        since = reader.shop.clock.now() - timedelta(days=1)
        return uow.tastes.looked_at(customer_id(reader), since, 9)


# --- looking at a product


def test_looking_at_a_product_is_remembered_of_whoever_agrees(lea: Browser, shop: Shop) -> None:
    dress = product_id(shop, "P1")
    same = str(uuid4())
    assert look(lea, dress, event_id=same) == look(lea, dress, event_id=same) == 204
    assert look(lea, dress, dwell_ms=25_000) == 204
    (seen,) = looked_at(lea)
    assert (seen.did, seen.product_id, seen.times, seen.dwell_ms) == (Did.VIEW, dress, 1, 25_000)


def test_without_consent_it_counts_and_nobody_gets_a_cookie(lea: Browser, shop: Shop) -> None:
    dress = product_id(shop, "P1")
    assert look(lea, dress, consent=False) == 204
    assert lea.client.get_cookie("chat", domain="127.0.0.1") is None
    lea.add("P1-navy-38")  # somebody whom the shop knows
    assert look(lea, dress, consent=False) == 204
    assert looked_at(lea) == []
    assert look(lea, 10**9) == 404
    assert lea.client.post(f"/p/{dress}/views", base_url=HOST, json={"id": str(uuid4())}).status_code == 403


def test_the_page_of_a_product_tells_where_looking_is_counted_and_writes_nothing(lea: Browser, shop: Shop) -> None:
    dress = product_id(shop, "P1")
    html = lea.get(f"/p/{dress}").text
    assert f'data-seen-at="/p/{dress}/views"' in html
    assert "product.js" in html
    with shop.storage.read() as uow:
        since = shop.clock.now() - timedelta(days=1)
        assert uow.reading.by_source("", since, since + timedelta(days=2)) == []


# --- suggestions on pages


def test_pages_suggest_to_whom_the_shop_knows_something(lea: Browser, shop: Shop) -> None:
    publish(shop, "P1", "P2")
    assert "for-you-foot" not in lea.get("/").text
    for _ in range(3):
        tell(lea, {"did": "page", "page": 4}, consent=True)
    front = lea.get("/").text
    assert "Seen on p. 4 of Spring" in text_of(front)
    assert SWITCH in text_of(front)
    assert "For you" in text_of(front)
    dress = product_id(shop, "P1")
    page = lea.get(f"/p/{dress}").text
    part = page[page.index('id="for-you"') :]
    assert "Seen on p. 4 of Spring" in text_of(part)
    assert f"/p/{dress}-" not in part, "they are looking at it"
    links = re.findall(r'class="tile-link" href="([^"]+)"', page)
    assert len(links) == len(set(links)), "nothing stands on a page twice"
    assert "for-you-foot" not in lea.get("/?q=robe").text


def test_everybody_may_see_what_sells_and_what_is_new(lea: Browser) -> None:
    answer = lea.get("/for-you")
    said = text_of(answer.text)
    assert "New here" in said and "Seen on" not in said
    assert answer.headers["Cache-Control"] == "no-store"
    assert 'name="allowed" value="yes"' in answer.text and 'name="allowed" value="no"' in answer.text


def test_the_switch_ends_it_everywhere_and_the_ledger_has_its_words(lea: Browser, shop: Shop) -> None:
    publish(shop, "P1", "P2")
    for _ in range(3):
        tell(lea, {"did": "page", "page": 4}, consent=True)
    done = lea.post("/for-you/choice", allowed="no")
    assert (done.status_code, done.headers["Location"]) == (303, "/for-you?done=no")
    said = lea.read("/for-you?done=no")
    assert "we have forgotten what you looked at" in said
    assert "Seen on" not in said + lea.read("/")
    assert looked_at(lea) == []
    tell(lea, {"did": "page", "page": 4}, consent=True)  # the browser has not heard of it yet
    look(lea, product_id(shop, "P1"))
    assert looked_at(lea) == []
    assert 'data-reading-choice="refused"' in lea.get("/l/printemps").text
    with shop.storage.read() as uow:
        kept = uow.customers.consent(customer_id(lea), Purpose.RECOMMENDING)
    assert kept is not None
    assert (kept.granted, kept.wording, kept.source, kept.channel) == (False, REFUSE, "page", "webchat")

    lea.post("/for-you/choice", allowed="yes")
    tell(lea, {"did": "page", "page": 4}, consent=True)
    assert "Seen on p. 4 of Spring" in lea.read("/for-you")


def test_the_tick_under_a_catalogue_is_told_too(lea: Browser, shop: Shop) -> None:
    ticked = lea.send(
        "POST", "/for-you/choice", data={"allowed": "yes", "where": "catalogue"}, headers={"X-Part": "choice"}
    )
    assert ticked.status_code == 204
    with shop.storage.read() as uow:
        kept = uow.customers.consent(customer_id(lea), Purpose.RECOMMENDING)
    assert kept is not None
    assert (kept.granted, kept.wording, kept.source) == (True, READER, "catalogue")


def test_a_no_makes_nobody_known(lea: Browser) -> None:
    assert lea.post("/for-you/choice", allowed="no").status_code == 303
    assert lea.client.get_cookie("chat", domain="127.0.0.1") is None


def test_a_page_of_somebody_else_chooses_nothing(lea: Browser) -> None:
    answer = lea.client.post(
        "/for-you/choice", base_url=HOST, data={"allowed": "yes"}, headers={"Origin": "https://elsewhere.example"}
    )
    assert answer.status_code == 403


# --- the API


def test_the_api_says_why_in_words_and_as_values(lea: Browser, shop: Shop) -> None:
    publish(shop, "P1", "P2")
    for _ in range(3):
        tell(lea, {"did": "page", "page": 4}, consent=True)
    found = lea.get("/api/v1/recommendations?limit=2&lang=fr").json
    assert (found["choice"], found["personal"], len(found["items"])) == ("unasked", True, 2)
    first = found["items"][0]
    assert (first["because"], first["catalogue"], first["page"], first["about"]) == ("page", "printemps", 4, "")
    assert first["reason"].startswith("Vu p. 4 du catalogue Printemps")
    assert first["product"]["id"] in ("P1", "P2")


def test_a_machines_cart_is_a_proof_of_its_own(app: Flask, lea: Browser, shop: Shop) -> None:
    other = app.test_client()
    cart = other.post("/api/v1/carts", base_url=HOST).json["id"]
    other.put(f"/api/v1/carts/{cart}/lines/P1-navy-38", base_url=HOST, json={"quantity": 1})
    publish(shop, "P1", "P2")

    def reasons(address: str) -> set[str]:
        answer = lea.client.get(address, base_url=HOST).json
        return {each["because"] for each in answer["items"]}

    assert "goes_with_cart" in reasons(f"/api/v1/recommendations?cart={cart}")
    assert "goes_with_cart" not in reasons("/api/v1/recommendations")


def test_what_goes_with_the_cart_is_no_longer_said_after_a_no(lea: Browser, shop: Shop) -> None:
    publish(shop, "P1", "P2")
    lea.add("P1-navy-38")
    assert "Goes with “Linen midi dress” in your cart" in lea.read("/for-you")
    lea.post("/for-you/choice", allowed="no")
    assert "Goes with" not in lea.read("/for-you")
