"""One campaign, five outlets: the same prices and promises in all of them, in both languages, until one changes."""

from __future__ import annotations

import email
import email.policy
import io
import json
import re
import zipfile
from datetime import date, timedelta
from html import unescape

import pypdfium2
import pytest
import zxingcpp
from flask import Flask
from PIL import Image

from commerce.clock import ManualClock
from commerce.domain.brand import Brand
from commerce.domain.campaign import Campaign, NotCampaigned, Outlet, Turned
from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import Region
from commerce.domain.money import Money
from commerce.domain.reservation import Refused
from commerce.domain.sheet import Words
from commerce.domain.team import Role
from commerce.drawing.lettering import set_in_box
from commerce.services.campaign_posts import LONGEST_TELEGRAM
from commerce.services.campaign_sheets import STORY, TIKTOK, texts_of
from commerce.wiring import Shop
from shoppable.studio.campaign_kit import PICTURES, Kit, jpeg_of, kit_of
from shoppable.studio.campaign_mail import mail_of
from tests.unit.shoppable.catalogues import publish_catalogue
from tests.unit.shoppable.shopping import HOST, Browser, text_of
from tests.unit.shoppable.staffing import StaffBrowser, add_member

HEADLINE = LocalText({"fr": "Le lin arrive & reste", "en": "Linen is here & stays"})
CLAIM = LocalText({"fr": "Livraison offerte dès 60 €", "en": "Free delivery from €60"})
NAMES = dict.fromkeys(Outlet, "link")
LANGUAGES = ("fr", "en")


@pytest.fixture
def hugo(app: Flask, shop: Shop) -> StaffBrowser:
    return StaffBrowser(app, shop, add_member(shop, "hugo", Role.MARKETER))


def ids(shop: Shop, *source_ids: str) -> list[int]:
    with shop.storage.read() as uow:
        return [found.id for each in source_ids if (found := uow.products.by_source_id(each))]


def make(shop: Shop, *source_ids: str) -> Campaign:
    wanted = ids(shop, *source_ids)
    made = shop.storage.write(lambda uow: shop.campaigning.make(uow, HEADLINE, wanted, NAMES, actor="test"))
    assert isinstance(made, Campaign), made
    return made


def cut(shop: Shop, clock: ManualClock, sku: str, now_minor: int, before_minor: int) -> None:
    """The price falls after two days at the old one."""
    clock.advance(timedelta(days=2))
    shop.storage.write(
        lambda uow: shop.catalog.set_price(uow, sku, Money(now_minor, "EUR"), Money(before_minor, "EUR"))
    )


def kit(app: Flask, shop: Shop, campaign: Campaign, language: str) -> Kit:
    with app.test_request_context(), shop.storage.read() as uow:
        return kit_of(uow, campaign, language)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\xa0", " ")


def says(app: Flask, kit: Kit) -> dict[str, str]:
    """What each render says, with plain spaces: of pictures and papers, what was drawn on them."""
    said = {picture.name: "\n".join(texts_of(kit.sheet(picture))) for picture in PICTURES}
    said["telegram caption"] = unescape(kit.telegram.caption)
    said["instagram caption"], said["tiktok caption"] = kit.caption(Outlet.INSTAGRAM), kit.caption(Outlet.TIKTOK)
    with app.test_request_context():
        mail = mail_of(kit)
    said["mail text"] = mail.text
    alts = " ".join(unescape(each) for each in re.findall(r'alt="([^"]*)"', mail.html))
    said["mail"] = f"{text_of(mail.html)} {alts}"
    return {name: plain(text) for name, text in said.items()}


EXPECTED = {
    "fr": {
        "P1": ("69,00 €", "au lieu de 79,00 €", "prix le plus bas des 30 jours précédents : 79,00 €"),
        "P2": ("65,00 €",),
        "all": ("Le lin arrive & reste", "Livraison offerte dès 60 € (jusqu’au 31 mars 2026)", "Prix au 12 mars 2026"),
    },
    "en": {
        "P1": ("€69.00", "instead of €79.00", "lowest price of the 30 days before: €79.00"),
        "P2": ("€65.00",),
        "all": ("Linen is here & stays", "Free delivery from €60 (until March 31, 2026)", "Prices on March 12, 2026"),
    },
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_render_says_the_same(app: Flask, shop: Shop, clock: ManualClock, language: str) -> None:
    clock.advance(timedelta(days=2))
    for sku in ("P1-navy-36", "P1-navy-38", "P1-navy-40", "P1-terracotta-38"):
        shop.storage.write(
            lambda uow, sku=sku: shop.catalog.set_price(uow, sku, Money(6900, "EUR"), Money(7900, "EUR"))  # type: ignore[misc]
        )
    brand = Brand(claim=CLAIM, claim_until=date(2026, 3, 31))
    shop.storage.write(lambda uow: uow.brand.put(brand, clock.now()))
    told = says(app, kit(app, shop, make(shop, "P1", "P2"), language))
    assert len(told) == 11
    for name, text in told.items():
        for fact in (each for facts in EXPECTED[language].values() for each in facts):
            assert fact in text, f"{name} does not say: {fact}"
        others = {"fr": r"\d+,\d\d €", "en": r"€\d+\.\d\d"}[language]
        prices = set(re.findall(others, text))
        assert prices == {each for each in prices if each in str(EXPECTED[language])}, f"{name} says another price"


def test_words_lie_where_the_apps_leave_them_uncovered(app: Flask, shop: Shop) -> None:
    made = kit(app, shop, make(shop, "P1", "P2", "P3", "P4", "P6"), "fr")
    for picture in (each for each in PICTURES if each.form in (STORY, TIKTOK)):
        safe = picture.form.safe
        for part in made.sheet(picture).parts:
            box = part.box
            assert safe.x_px <= box.x_px and box.x_px + box.width_px <= safe.x_px + safe.width_px, part
            assert safe.y_px <= box.y_px and box.y_px + box.height_px <= safe.y_px + safe.height_px, part
    assert (STORY.safe.y_px, TIKTOK.safe.width_px) == (270, 870)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_price_and_no_promise_is_ever_cut_short(app: Flask, shop: Shop, clock: ManualClock, language: str) -> None:
    """Titles may end in an ellipsis; what the law or the shop says beside a price may not."""
    clock.advance(timedelta(days=2))
    sold = ("P1", "P2", "P3", "P4", "P6")
    for number in ids(shop, *sold):
        with shop.storage.read() as uow:
            product = uow.products.get(number)
        assert product is not None
        for variant in product.variants:
            now, before = Money(variant.price.minor + 100_000, "EUR"), Money(variant.price.minor + 200_000, "EUR")
            shop.storage.write(
                lambda uow, sku=variant.sku, now=now, before=before: shop.catalog.set_price(uow, sku, now, before)  # type: ignore[misc]
            )
    long = "Livraison offerte dès 60 € partout en France, et retours gratuits trente jours"
    said = LocalText(dict.fromkeys(LANGUAGES, long))
    shop.storage.write(lambda uow: uow.brand.put(Brand(claim=said, claim_until=date(2026, 9, 30)), clock.now()))
    for count in range(1, len(sold) + 1):
        made = kit(app, shop, make(shop, *sold[:count]), language)
        titles = {item.title for item in made.said.items}
        for picture in PICTURES:
            for part in made.sheet(picture).parts:
                if isinstance(part, Words) and part.text not in titles:
                    drawn = "".join(set_in_box(part).lines)
                    assert drawn.replace(" ", "") == part.text.replace(" ", "").replace("\n", ""), picture.name


@pytest.mark.parametrize("count", range(1, 8))
def test_nothing_lies_over_anything_else(app: Flask, shop: Shop, count: int) -> None:
    made = kit(app, shop, make(shop, *("P1", "P2", "P3", "P4", "P6", "P7", "P8")[:count]), "en")
    for picture in PICTURES:
        boxes = [part.box for part in made.sheet(picture).parts if getattr(part, "text", "-")]
        for number, one in enumerate(boxes):
            for other in boxes[number + 1 :]:
                apart = (
                    one.x_px + one.width_px <= other.x_px
                    or other.x_px + other.width_px <= one.x_px
                    or one.y_px + one.height_px <= other.y_px
                    or other.y_px + other.height_px <= one.y_px
                )
                assert apart, (picture.name, one, other)


def test_a_price_that_changes_makes_it_out_of_date_until_it_is_read_again(
    app: Flask, shop: Shop, clock: ManualClock
) -> None:
    made = make(shop, "P2", "P3")
    page = f"/studio/campaigns/{made.id}"
    cut(shop, clock, "P2-blue-M", 5900, 6500)
    with shop.storage.read() as uow:
        (stale,) = shop.campaigning.stale(uow, made)
    assert stale.turned is Turned.PRICE
    for language, warning in (("fr", "Périmé : ne pas utiliser"), ("en", "Out of date: do not use")):
        for name, text in says(app, kit(app, shop, made, language)).items():
            assert warning in text, f"{name} does not say that it is out of date"
    hugo = StaffBrowser(app, shop, add_member(shop, "hugo", Role.MARKETER))
    assert "Denim jacket: €59.00 now, €65.00 in this campaign." in text_of(hugo.get(page).text)
    assert "Out of date" in text_of(hugo.get("/studio/campaigns").text)
    assert hugo.post(page, {"do": "read"}).headers["Location"] == f"{page}?done=read"
    now = text_of(hugo.get(page).text)
    assert "Out of date" not in now and "€59.00" in now
    with shop.storage.read() as uow:
        read = uow.campaigns.get(made.id)
    assert read is not None and read.links == made.links, "printed codes still lead where they led"


def test_a_promise_that_ends_and_a_product_that_goes_make_it_out_of_date(shop: Shop, clock: ManualClock) -> None:
    brand = Brand(claim=CLAIM, claim_until=date(2026, 3, 11))
    shop.storage.write(lambda uow: uow.brand.put(brand, clock.now()))
    made = make(shop, "P2", "P3")
    assert made.claim == CLAIM
    clock.advance(timedelta(days=2))
    with shop.storage.read() as uow:
        assert [each.turned for each in shop.campaigning.stale(uow, made)] == [Turned.CLAIM]
    assert make(shop, "P2").claim == LocalText()


def test_a_caption_keeps_within_what_telegram_takes_and_is_safe(app: Flask, shop: Shop) -> None:
    made = kit(app, shop, make(shop, "P7", "P1", "P2", "P3", "P4", "P6", "P8"), "en")
    caption = made.telegram.caption
    assert "<script>" not in caption and "&lt;script&gt;" in caption
    assert set(re.findall(r"<[^>]*>", caption)) == {"<b>", "</b>"}
    visible = unescape(re.sub(r"</?b>", "", caption))
    assert len(visible.encode("utf-16-le")) // 2 <= LONGEST_TELEGRAM
    assert [len(text) <= 40 for text, _ in made.telegram.buttons] == [True] * 8
    assert all(address.startswith(f"{HOST}/s/") for _, address in made.telegram.buttons)


@pytest.mark.parametrize(
    ("headline", "products", "reason"),
    [
        ({}, ["P1"], NotCampaigned.NO_HEADLINE),
        ({"fr": "Été"}, [], NotCampaigned.NO_PRODUCT),
        ({"fr": "Été"}, [99_999], NotCampaigned.NO_SUCH_PRODUCT),
        ({"fr": "Été"}, list(range(1, 15)), NotCampaigned.TOO_MANY),
    ],
)
def test_what_is_no_campaign(
    shop: Shop, headline: dict[str, str], products: list[object], reason: NotCampaigned
) -> None:
    wanted = [number for each in products for number in (ids(shop, each) if isinstance(each, str) else [each])]
    made = shop.storage.write(
        lambda uow: shop.campaigning.make(uow, LocalText(headline), wanted, NAMES, actor="test")  # type: ignore[arg-type]
    )
    assert made == Refused(reason)


# --- in the studio, and where the links lead


def test_from_a_page_of_a_catalogue_to_a_sale_that_says_so(
    app: Flask, shop: Shop, hugo: StaffBrowser, lea: Browser
) -> None:
    box, other = Region(0.1, 0.1, 0.3, 0.3), Region(0.5, 0.5, 0.3, 0.3)
    book = publish_catalogue(shop, [("P2-blue-M", box), ("P4-brown-", other)], pages=2).lookbook
    form = hugo.get(f"/studio/campaigns?catalogue={book.id}&page=2").text
    assert ">P4</textarea>" in form and f'value="catalogue:{book.id}:2"' in form
    assert ">P2 P4</textarea>" in hugo.get(f"/studio/campaigns?catalogue={book.id}").text
    wish = {"products": "P4, P2-blue-M", "source": f"catalogue:{book.id}:2", "headline-fr": "Le cuir"}
    made = hugo.post("/studio/campaigns", wish).headers["Location"]
    page = text_of(hugo.get(made).text)
    assert "Leather tote" in page and "€120.00" in page and "Prices and promises as of" in page
    with shop.storage.read() as uow:
        (campaign,) = uow.campaigns.all(9)
        labels = {link.label for link in uow.short_links.all(9)}
    assert labels == {
        "Le cuir · Telegram",
        "Le cuir · Instagram",
        "Le cuir · TikTok",
        "Le cuir · E-mail",
        "Le cuir · On paper",
    }
    code = campaign.links[Outlet.PRINT]
    landed = lea.get(f"/s/{code}")
    assert landed.headers["Location"] == campaign.path
    shown = text_of(lea.get(campaign.path).text)
    assert "Le cuir" in shown and "Leather tote" in shown and "Leaf through Spring" in shown
    assert lea.get(f"/s/{code}?to=catalogue").headers["Location"] == f"/l/{book.slug}#page-2"
    with app.test_request_context():
        mail = mail_of(kit(app, shop, campaign, "en"))
    assert f'href="{HOST}/s/{campaign.links[Outlet.EMAIL]}?to=catalogue"' in mail.html
    assert "Leaf through Spring" in text_of(mail.html)
    one = lea.get(f"/s/{code}?product={campaign.items[0].product_id}").headers["Location"]
    assert one.startswith(f"/p/{campaign.items[0].product_id}-")
    order = lea.buy("P4-brown-")
    assert order.came_from == f"link:{code}"
    assert "On paper" in text_of(hugo.get(made).text)
    assert hugo.post(made.partition("?")[0], {"do": "remove"}).status_code == 303
    assert lea.get(f"/s/{code}").headers["Location"] == "/"
    assert lea.get(campaign.path).status_code == 404


def test_what_is_no_campaign_is_said_and_nothing_typed_is_lost(hugo: StaffBrowser) -> None:
    answer = hugo.post("/studio/campaigns", {"products": "P1 NOPE", "headline-en": "Spring"})
    assert answer.status_code == 422
    assert "Nothing that the shop sells has this article number." in text_of(answer.text)
    assert ">P1 NOPE</textarea>" in answer.text and 'value="Spring"' in answer.text


def test_everything_comes_as_one_zip(app: Flask, shop: Shop, hugo: StaffBrowser) -> None:
    made = make(shop, "P1", "P4")
    answer = hugo.get(f"/studio/campaigns/{made.id}/all.zip")
    assert answer.mimetype == "application/zip" and "attachment" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert {name.partition("/")[0] for name in files} == set(LANGUAGES) and len(files) == 26
    sizes = {picture.name: (picture.form.width_px, picture.form.height_px) for picture in PICTURES}
    for name, size in sizes.items():
        assert Image.open(io.BytesIO(files[f"fr/{name}.jpg"])).size == size
    for language in LANGUAGES:
        _check_paper(files[f"{language}/a5.pdf"], f"{HOST}/s/{made.links[Outlet.PRINT]}", language)
    request = json.loads(files["en/telegram.json"])
    assert request["parse_mode"] == "HTML" and "Linen midi dress" in request["caption"]
    message = email.message_from_bytes(files["fr/mail.eml"], policy=email.policy.default)
    assert message["Subject"] == "Le lin arrive & reste" and message["X-Unsent"] == "1"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def _check_paper(pdf: bytes, address: str, language: str) -> None:
    """One page of the right size; its words can be searched, and its code read by a camera."""
    document = pypdfium2.PdfDocument(pdf)
    (page,) = document
    assert [round(side) for side in page.get_size()] == [420, 595]
    text = page.get_textpage().get_text_bounded()
    assert {"fr": "79,00 €", "en": "€79.00"}[language] in text, text
    (code,) = zxingcpp.read_barcodes(page.render(scale=2).to_pil())
    assert code.text == address
    document.close()


def test_a_stale_page_is_marked_in_the_picture_itself(app: Flask, shop: Shop, clock: ManualClock) -> None:
    made = make(shop, "P2")
    cut(shop, clock, "P2-blue-M", 5900, 6500)
    with app.test_request_context(), shop.storage.read() as uow:
        jpeg = jpeg_of(kit_of(uow, made, "en"), PICTURES[0])
    picture = Image.open(io.BytesIO(jpeg))
    red = picture.getpixel((80, picture.height // 2))
    assert red[0] > 110 and red[1] < 60, "a red band lies across it"
