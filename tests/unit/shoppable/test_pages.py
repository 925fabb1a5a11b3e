"""Pages as shoppers get them: both languages, no script needed, nothing of a feed is ever markup."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from commerce.clock import ManualClock
from commerce.domain.money import Money
from commerce.domain.stock import MovementReason
from commerce.wiring import Shop
from shoppable import create_app
from tests.unit.shoppable.shop_values import HOSTILE


def text_of(html: str) -> str:
    """What a person reads."""
    html = re.sub(r"<script.*?</script>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).replace("\u202f", " ").replace("\xa0", " ")


def product_path(client: FlaskClient, words: str) -> str:
    page = client.get("/", query_string={"q": words, "lang": "en"}).text
    found = re.search(r'class="tile-link" href="(/p/[^"]+)"', page)
    assert found, page
    return found[1]


def test_the_front_shows_what_is_there_with_price_sizes_and_stores(client: FlaskClient) -> None:
    english, french = (text_of(client.get(f"/?lang={code}").text) for code in ("en", "fr"))
    assert "Linen midi dress" in english and "€79.00" in english
    assert "36 · 38 · 40" in english and "In store: Bellecour and Part-Dieu" in english
    assert "Robe midi en lin" in french and "79,00 €" in french and "En magasin : Bellecour et Part-Dieu" in french


@pytest.mark.parametrize(
    ("headers", "query", "cookie", "language"),
    [
        ({}, "", "", "fr"),  # the shop's first language
        ({"Accept-Language": "en-CA,en;q=0.9,fr;q=0.5"}, "", "", "en"),
        ({"Accept-Language": "de"}, "", "", "fr"),
        ({"Accept-Language": "en"}, "", "fr", "fr"),
        ({"Accept-Language": "en"}, "fr", "en", "fr"),
        ({"Accept-Language": "en"}, "xx", "", "en"),
        ({}, "<script>", "../../etc", "fr"),
    ],
)
def test_language(client: FlaskClient, headers: dict[str, str], query: str, cookie: str, language: str) -> None:
    if cookie:
        client.set_cookie("lang", cookie)
    answer = client.get("/", headers=headers, query_string={"lang": query} if query else {})
    assert f'<html lang="{language}">' in answer.text
    assert answer.headers["Content-Language"] == language
    assert "Accept-Language" in answer.headers["Vary"] and "Cookie" in answer.headers["Vary"]


def test_the_switch_is_on_each_page_and_keeps_the_question(client: FlaskClient) -> None:
    for path in ("/", "/?q=robe&page=2", "/stores", "/chat", product_path(client, "linen dress")):
        page = client.get(path, headers={"Accept-Language": "fr"}).text
        other = re.search(r'<a href="([^"]+)" hreflang="en"', page)
        assert other, path
        client.delete_cookie("lang")
        switched = client.get(unescape(other[1]))
        assert '<html lang="en">' in switched.text
        assert "lang=en" in switched.headers["Set-Cookie"]
        client.delete_cookie("lang")
        for code in ("fr", "en"):
            assert re.search(rf'<link rel="alternate" hreflang="{code}" href="http://127.0.0.1:8000/', page)
    assert "q=robe" in unescape(client.get("/?q=robe").text)


def test_search_forgives_typos_and_says_how_it_read_them(client: FlaskClient) -> None:
    page = text_of(client.get("/?q=linnen+dress&lang=en").text)
    assert "Showing “linen dress”." in page
    assert page.index("Linen midi dress") < (
        page.find("Viscose midi dress") if "Viscose midi dress" in page else len(page)
    )


def test_conditions_hold_together_and_can_be_taken_away(client: FlaskClient) -> None:
    page = client.get("/?q=robe&size=40&price_max=80&colour=navy&store=S2&lang=fr").text
    assert "Robe midi en lin" in page and "Robe midi en viscose" not in page
    assert "jusqu’à 80,00 €" in text_of(page)
    assert "size=40" not in unescape(re.search(r'class="condition" href="([^"]+)"><span>Taille 40', page)[1])  # type: ignore[index]


def test_nothing_found_says_so_with_the_real_floor(client: FlaskClient) -> None:
    page = text_of(client.get("/?q=robe+midi&price_max=5&lang=fr").text)
    assert "Nous n’avons rien d’exactement pareil." in page
    assert "cela commence à 59,00 €" in page


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=-1", "page=99999999999999999", "page=x", "price_max=NaN", "price_max=1e9", "price_max=-5",
     "size=%00",
     "colour=%F0%9F%92%A5", "category=' OR 1=1--", "store=../..", "q=" + "a" * 5000, "q=%ED%A0%80"],
)  # fmt: skip
def test_odd_addresses_still_give_a_page(client: FlaskClient, query: str) -> None:
    assert client.get(f"/?{query}").status_code == 200


def test_a_product_page_shows_price_colours_sizes_and_stores(client: FlaskClient) -> None:
    path = product_path(client, "linen dress")
    page = client.get(path, query_string={"lang": "en", "colour": "navy", "size": "38", "near": "45.7600,4.8400"}).text
    shown = text_of(page)
    assert "Linen midi dress" in shown and "€79.00" in shown
    places = shown[shown.index("In store today") :]
    assert re.search(r"Lyon Bellecour 0\.7 km open until 7:00 PM .*?last one", places)
    assert re.search(r"Lyon Part-Dieu 1\.3 km .*?a few left", places)
    assert re.search(r"Paris Marais 392 km .*?not here", places)
    assert places.index("Bellecour") < places.index("Part-Dieu")
    assert re.search(r'class="size-choice" aria-current="true">38<', page)
    terracotta = client.get(path, query_string={"lang": "fr", "colour": "terracotta"}).text
    assert "pas dans cette couleur" in text_of(terracotta) and "Épuisé pour le moment" in text_of(terracotta)


def test_a_town_gives_distances_and_an_unknown_one_says_so(client: FlaskClient) -> None:
    path = product_path(client, "linen dress")
    assert "Distances depuis Paris" in text_of(
        client.get(path, query_string={"lang": "fr", "near": "75004 Paris"}).text
    )
    unknown = text_of(client.get(path, query_string={"lang": "fr", "near": "Xqzzk"}).text)
    assert "Nous ne connaissons pas le lieu « Xqzzk »" in unknown


def test_reserving_leads_into_the_chat_with_the_product(client: FlaskClient) -> None:
    page = client.get(product_path(client, "linen dress"), query_string={"lang": "en"}).text
    link = unescape(re.search(r'<a class="button quiet-button" href="([^"]+)"', page)[1])  # type: ignore[index]
    chat = client.get(link).text
    assert re.search(r'data-opening-action="stores:\d+" data-opening-label="Reserve in store: Linen midi dress"', chat)
    for odd in ("0", "-1", "x", "99999999", "1;drop", "9" * 30):
        assert "data-opening-action" not in client.get("/chat", query_string={"product": odd}).text


def test_a_cut_price_stands_beside_the_lowest_of_thirty_days(
    shop: Shop, client: FlaskClient, clock: ManualClock
) -> None:
    path = product_path(client, "denim jacket")
    assert "30 derniers jours" not in client.get(path, query_string={"lang": "fr"}).text
    clock.advance(timedelta(days=5))
    shop.storage.write(lambda uow: shop.catalog.set_price(uow, "P2-blue-M", Money(4900, "EUR"), Money(6500, "EUR")))
    shown = text_of(client.get(path, query_string={"lang": "fr"}).text)
    assert "49,00 € avant : 65,00 € Prix le plus bas des 30 derniers jours : 65,00 €" in shown


def test_structured_data_says_what_the_page_says(client: FlaskClient) -> None:
    page = client.get(product_path(client, "linen dress"), query_string={"lang": "en"}).text
    data = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)[1])  # type: ignore[index]
    assert data["@type"] == "Product" and data["name"] == "Linen midi dress" and len(data["offers"]) == 4
    by_sku = {offer["sku"]: offer for offer in data["offers"]}
    assert by_sku["P1-navy-38"]["price"] == "79.00" and by_sku["P1-navy-38"]["priceCurrency"] == "EUR"
    assert by_sku["P1-navy-38"]["availability"] == "https://schema.org/InStock"
    assert by_sku["P1-terracotta-38"]["availability"] == "https://schema.org/OutOfStock"


def test_words_of_a_feed_are_never_markup(client: FlaskClient) -> None:
    path = product_path(client, "shirt")
    for address in ("/?q=shirt&lang=en", f"{path}?lang=en", f"/chat?product={path[3:].split('-')[0]}"):
        page = client.get(address).text
        assert "<script>alert" not in page and "49" not in re.findall(r"\{\{.*?\}\}", page)
        assert HOSTILE not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    data = re.search(r'<script type="application/ld\+json">(.*?)</script>', client.get(path).text, re.S)
    assert data and json.loads(data[1])["brand"]["name"] == HOSTILE


@pytest.mark.parametrize(
    "where", ["q", "near", "size", "colour", "category", "store", "price_max", "page", "lang", "product", "made_up"]
)
@pytest.mark.parametrize("path", ["/", "/chat", "/stores", "/p/1", "/nowhere"])
def test_what_is_typed_into_an_address_is_never_markup(client: FlaskClient, path: str, where: str) -> None:
    page = client.get(path, query_string={where: '"><img src=x onerror=alert(1)>'}).text
    assert "<img src=x" not in page and 'onerror=alert(1)"' not in page


@pytest.mark.parametrize(
    "path",
    ["/p/999999", "/p/x", "/p/0", "/p/1/../2", "/p/%00", "/p/-1", "/p/1e9", "/p/" + "9" * 40, "/p/1-Ünïcode", "/nope"],
)
def test_what_is_not_there_is_a_friendly_404(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept-Language": "fr"})
    assert answer.status_code == 404
    assert "Introuvable" in answer.text and "Vers la boutique" in answer.text


def test_the_number_decides_and_the_words_are_for_people(client: FlaskClient) -> None:
    path = product_path(client, "linen dress")
    number = path[3:].split("-")[0]
    assert path == f"/p/{number}-linen-midi-dress"
    same = client.get(f"/p/{number}-anything-else?lang=en")
    assert same.status_code == 200
    assert f'<link rel="canonical" href="http://127.0.0.1:8000/p/{number}-linen-midi-dress">' in same.text


def test_stores_with_their_hours_in_both_languages(client: FlaskClient) -> None:
    french, english = (text_of(client.get(f"/stores?lang={code}").text) for code in ("fr", "en"))
    assert (
        "Lyon Bellecour Ouvert jusqu’à 19:00" in french
        and "Mardi 10:00 – 19:00" in french
        and "Dimanche fermé" in french
    )
    assert "Lyon Bellecour Open until 7:00 PM" in english and "Tuesday 10:00 AM – 7:00 PM" in english
    assert "Entrepôt" not in french


def test_no_style_or_script_in_the_markup(client: FlaskClient) -> None:
    for path in ("/?lang=en", "/stores", "/chat", product_path(client, "linen dress"), "/nope"):
        page = client.get(path).text
        assert " style=" not in page and "<style" not in page and not re.search(r"\son[a-z]+=", page)
        for attributes in re.findall(r"<script([^>]*)>", page):
            assert "src=" in attributes or 'type="application/' in attributes


@pytest.mark.parametrize("path", ["/?lang=en", "/?q=dress&lang=en"])
def test_the_front_costs_the_same_for_one_or_many_products(make_shop: Callable[..., Shop], path: str) -> None:
    shop = make_shop()
    client = create_app(shop).test_client()
    assert _statements(shop, client, f"{path}&size=42") <= 14
    assert _statements(shop, client, path) <= 14


def _statements(shop: Shop, client: FlaskClient, path: str) -> int:
    client.get(path)
    count = 0

    def one_more(*_: object) -> None:
        nonlocal count
        count += 1

    from sqlalchemy import Engine

    event.listen(Engine, "before_cursor_execute", one_more)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", one_more)
    return count


def test_sold_out_is_marked_and_comes_back(shop: Shop, client: FlaskClient) -> None:
    path = product_path(client, "beanie")
    assert "Sold out for the moment." in client.get(path, query_string={"lang": "en"}).text
    shop.storage.write(lambda uow: shop.catalog.set_on_hand(uow, "P8-red-", "S3", 2, MovementReason.COUNT))
    shown = text_of(client.get(path, query_string={"lang": "en"}).text)
    assert "Sold out" not in shown and "a few left" in shown


def test_pages_are_made_for_one_shopper_and_asked_for_every_time(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/").headers["Cache-Control"] == "private, no-cache"
    assert client.get("/chat").headers["Cache-Control"] == "no-store"


def test_what_no_store_has_cannot_be_reserved_in_one(client: FlaskClient) -> None:
    shown = text_of(client.get(product_path(client, "leather tote"), query_string={"lang": "en"}).text)
    assert "In our warehouse only, in no store today." in shown and "Reserve in store" not in shown


def test_telegram_is_linked_where_there_is_a_bot(make_shop: Callable[..., Shop]) -> None:
    without, named = (
        create_app(make_shop(**more)).test_client() for more in ({}, {"telegram_username": "@a_shop_bot"})
    )
    for path in ("/", "/chat"):
        assert "t.me" not in without.get(path).text
        assert 'href="https://t.me/a_shop_bot"' in named.get(path).text
