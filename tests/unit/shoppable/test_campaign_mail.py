"""The mail of a campaign: bought from by its links, the price of the moment in it, as mail programs want it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
from flask import Flask
from PIL import Image

from commerce.clock import ManualClock
from commerce.domain.brand import Brand
from commerce.domain.campaign import Outlet
from commerce.domain.money import Money
from commerce.domain.team import Role
from commerce.drawing.plain import plain_png
from commerce.services.share_cards import price_sheet
from commerce.wiring import Shop
from shoppable.studio.campaign_mail import Mail, mail_of
from tests.unit.shoppable.catalogues import publish_catalogue
from tests.unit.shoppable.shopping import HOST, Browser, text_of
from tests.unit.shoppable.staffing import StaffBrowser, add_member
from tests.unit.shoppable.test_campaigns import ids, kit, make, plain
from tests.unit.shoppable.test_posts import a_photo
from tests.unit.shoppable.test_sized import sell_photographed


def mail(app: Flask, shop: Shop, *source_ids: str, language: str = "en", unsubscribe: str = "") -> Mail:
    made = kit(app, shop, make(shop, *source_ids), language)
    with app.test_request_context():
        return mail_of(made, unsubscribe=unsubscribe)


def links(html: str, label: str) -> list[str]:
    """Paths of the links that say so."""
    found = re.findall(r'<a [^>]*href="([^"]+)"[^>]*>([^<]+)</a>', html)
    return [unescape(address).removeprefix(HOST) for address, said in found if unescape(said) == label]


def set_price(shop: Shop, sku: str, minor: int) -> None:
    shop.storage.write(lambda uow: shop.catalog.set_price(uow, sku, Money(minor, "EUR")))


def test_clicked_after_a_price_change_the_cart_has_the_new_price(app: Flask, shop: Shop, lea: Browser) -> None:
    sent = mail(app, shop, "P2", "P4")
    assert "€65.00" in sent.text
    set_price(shop, "P2-blue-M", 4900)
    (tote,) = [each for each in links(sent.html, "Add to cart") if "P4-brown-" in each]
    (jacket,) = [each for each in links(sent.html, "Add to cart") if "P2-blue-M" in each]
    cart = lea.read(jacket)
    assert "Denim jacket" in cart and "€49.00" in cart and "€65.00" not in cart
    lea.get(tote)
    assert lea.cart() == {"P2-blue-M": 1, "P4-brown-": 1}


def test_what_is_bought_from_it_says_so(app: Flask, shop: Shop, lea: Browser) -> None:
    campaign = make(shop, "P4")
    with app.test_request_context():
        sent = mail_of(kit(app, shop, campaign, "en"))
    (add,) = links(sent.html, "Add to cart")
    code = campaign.links[Outlet.EMAIL]
    assert add == f"/buy/P4-brown-:1?from=link:{code}&lang=en"
    lea.get(add)
    with shop.storage.read() as uow:
        (customer,) = uow.customers.after("", 10)
        cart = shop.carts.of(uow, customer.id)
        link = uow.short_links.get(code)
    assert cart is not None and [line.source for line in cart.lines] == [f"link:{code}"]
    assert link is not None and link.clicks == 1
    lea.add("P2-blue-M")  # what she finds afterwards came by it, too
    with shop.storage.read() as uow:
        cart = shop.carts.of(uow, customer.id)
    assert cart is not None and {line.source for line in cart.lines} == {f"link:{code}"}


@pytest.mark.parametrize("source", ["link:none", "link:../x", "catalogue:x", "link:" + "a" * 80, ""])
def test_a_source_that_is_none_of_ours_is_not_written_down(shop: Shop, lea: Browser, source: str) -> None:
    lea.get(f"/buy/P4-brown-:1?from={source}")
    with shop.storage.read() as uow:
        (customer,) = uow.customers.after("", 10)
        cart = shop.carts.of(uow, customer.id)
    assert cart is not None and [line.source for line in cart.lines] == ["link"]


def test_one_chooses_among_the_sizes_that_are_there(app: Flask, shop: Shop, lea: Browser) -> None:
    sent = mail(app, shop, "P1")
    assert [len(links(sent.html, f"navy · {size}")) for size in ("36", "38", "40")] == [1, 1, 1], sent.text
    assert "P1-terracotta-38" not in sent.html, "it is sold out"
    lea.get(links(sent.html, "navy · 40")[0])
    assert lea.cart() == {"P1-navy-40": 1}


# --- the price at the moment of opening


def pixels(png: bytes) -> bytes:
    return Image.open(io.BytesIO(png)).convert("RGB").tobytes()


def picture_path(sent: Mail) -> str:
    found = re.search(r'src="([^"]+/mail/price/[^"]+)"', sent.html)
    assert found
    return unescape(found[1]).removeprefix(HOST)


@pytest.mark.parametrize(("language", "said"), [("fr", "49,00\xa0€"), ("en", "€49.00")])
def test_the_picture_shows_the_price_of_the_moment(
    app: Flask, shop: Shop, lea: Browser, language: str, said: str
) -> None:
    path = picture_path(mail(app, shop, "P2", language=language))
    before = lea.get(path)
    assert (before.mimetype, before.headers["Cache-Control"]) == ("image/png", "no-store")
    assert before.headers["Cross-Origin-Resource-Policy"] == "cross-origin" and len(before.data) < 10_000
    set_price(shop, "P2-blue-M", 4900)
    after = lea.get(path)
    with shop.storage.read() as uow:
        brand = uow.brand.get()
    assert pixels(after.data) == pixels(plain_png(price_sheet(brand, price=said, lines=()))) != pixels(before.data)


def test_it_says_what_is_sold_out_and_what_was_before(shop: Shop, lea: Browser, clock: ManualClock) -> None:
    (beanie,), (jacket,) = ids(shop, "P8"), ids(shop, "P2")
    clock.advance(timedelta(days=2))
    shop.storage.write(lambda uow: shop.catalog.set_price(uow, "P2-blue-M", Money(5900, "EUR"), Money(6500, "EUR")))
    cut = ("au lieu de 65,00\xa0€", "prix le plus bas des 30 jours précédents\u202f: 65,00\xa0€")
    for product_id, expected in (
        (beanie, price_sheet(Brand(), price="Épuisé pour le moment.", lines=(), is_sold_out=True)),
        (jacket, price_sheet(Brand(), price="59,00\xa0€", lines=cut)),
    ):
        shown = lea.get(f"/mail/price/{product_id}.png?lang=fr").data
        assert pixels(shown) == pixels(plain_png(expected))
    assert lea.get("/mail/price/999999.png").status_code == 404


def test_the_text_in_the_pictures_place_says_when_the_price_was_so(app: Flask, shop: Shop) -> None:
    for language, said in (
        ("fr", "65,00 €. Prix au 10 mars 2026 ; dans votre panier, c’est celui du moment."),
        ("en", "€65.00. Prices on March 10, 2026; in your cart it is that of the moment."),
    ):
        html = mail(app, shop, "P2", language=language).html
        assert said in plain(unescape(html)), language


# --- as mail programs want it


def test_its_preview_runs_nothing_and_fetches_pictures_of_ours_alone(app: Flask, shop: Shop) -> None:
    hugo = StaffBrowser(app, shop, add_member(shop, "hugo", Role.MARKETER))
    page = f"/studio/campaigns/{make(shop, 'P7').id}"
    shown = hugo.get(f"{page}/mail.html?in=fr")
    policy = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "frame-ancestors 'self'" in policy
    outside = re.sub(r'="[^"]*"', "", shown.text)  # inside of an attribute's quotes a tag is none
    assert "<script" not in outside and "&lt;script&gt;" in outside
    assert re.search(r"<iframe sandbox src=", hugo.get(page).text)
    draft = hugo.get(f"{page}/mail.eml?in=fr")
    assert draft.headers["Content-Disposition"] == 'attachment; filename="mail-fr.eml"'
    assert hugo.get(f"{page}/none.jpg").status_code == hugo.get(f"{page}/telegram.pdf").status_code == 404


class Looked(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_its_html_is_what_mail_programs_show(app: Flask, shop: Shop, language: str) -> None:
    sent = mail(app, shop, "P7", "P1", "P4", language=language)
    looked = Looked()
    looked.feed(sent.html)
    names = {tag for tag, _ in looked.tags}
    assert not names & {"script", "form", "iframe", "object", "embed", "link", "svg", "video"}
    assert ("html", language) in [(tag, values.get("lang")) for tag, values in looked.tags]
    for tag, values in looked.tags:
        assert not [name for name in values if name.startswith("on")]
        if tag == "table":
            assert values["role"] == "presentation", "laid out by tables that nobody reads aloud as tables"
        if tag == "img":
            assert values.get("alt"), values
        for name in ("src", "href"):
            assert name not in values or str(values[name]).startswith(f"{HOST}/"), values
        width = values.get("width") or ""
        assert not width.isdecimal() or int(width) <= 600
    assert "prefers-color-scheme: dark" in sent.html and "color-scheme" in sent.html
    assert len([1 for tag, values in looked.tags if tag == "a" and values.get("style")]) > 5, "styles are inlined"
    assert len(sent.html.encode()) < 102_000, "longer ones are cut off by Gmail"


def test_a_way_out_is_in_its_heads_and_at_its_foot_where_the_sender_names_one(app: Flask, shop: Shop) -> None:
    way = "https://mail.example/no-more?of=1&who=2"
    sent = mail(app, shop, "P2", unsubscribe=way)
    message = sent.as_message()
    assert message["List-Unsubscribe"] == f"<{way}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert way in sent.text and way in unescape(sent.html)
    without = mail(app, shop, "P2").as_message()
    assert "List-Unsubscribe" not in without and without["To"] is None
    assert "cart is always that of the moment" in text_of(mail(app, shop, "P2").html)


def test_its_pictures_are_as_large_as_a_phone_shows_them(app: Flask, shop: Shop) -> None:
    sell_photographed(shop, 1)
    book = publish_catalogue(shop, [], pictures=[a_photo(800, 1000)])
    html = mail(app, shop, "shirt-0").html
    (picture,) = re.findall(rf'<img src="{HOST}(/media/[^"]+)" width="200"', html)
    shown = Image.open(io.BytesIO(app.test_client().get(picture, base_url=HOST).data))
    assert shown.width == 720
    with_leaf = replace(kit(app, shop, make(shop, "P4"), "en"), leaf=(book, book.pages[0]))
    with app.test_request_context():
        html = mail_of(with_leaf).html
    key = book.pages[0].picture_key
    assert re.search(rf'<img src="{HOST}/media/480/{key}" width="240" height="300"', html)
