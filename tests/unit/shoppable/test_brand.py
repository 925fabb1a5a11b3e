"""The brand kit in the studio: kept when it can be read, shown at once, its logo our own copy."""

from __future__ import annotations

import io
from datetime import date
from urllib.parse import urlencode

import pytest
from flask import Flask
from PIL import Image

from commerce.domain.brand import BLACK, WHITE, Brand, contrast
from commerce.domain.localtext import LocalText
from commerce.domain.team import Role
from commerce.wiring import Shop
from tests.unit.shoppable.shop_values import HOSTILE
from tests.unit.shoppable.shopping import text_of
from tests.unit.shoppable.staffing import StaffBrowser, add_member

GOOD: dict[str, object] = {
    "ink": "#101820", "paper": "#FFFFFF", "accent": "#0b5d4e", "tagline-fr": "Depuis 1998", "tagline-en": "Since 1998",
    "claim-fr": "Livraison offerte dès 60 €", "until": "2026-03-31",
}  # fmt: skip


@pytest.fixture
def hugo(app: Flask, shop: Shop) -> StaffBrowser:
    return StaffBrowser(app, shop, add_member(shop, "hugo", Role.MARKETER))


def kept(shop: Shop) -> Brand:
    with shop.storage.read() as uow:
        return uow.brand.get()


def logo() -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (300, 100), (10, 10, 120, 255)).save(out, "PNG")
    return out.getvalue()


def test_it_is_kept_and_said_again(shop: Shop, hugo: StaffBrowser) -> None:
    answer = hugo.post("/studio/brand", {**GOOD, "logo": (io.BytesIO(logo()), "logo.png")})
    assert answer.headers["Location"] == "/studio/brand?done=saved"
    brand = kept(shop)
    assert (brand.ink, brand.paper, brand.accent) == ("#101820", "#ffffff", "#0b5d4e")
    assert brand.claim == LocalText({"fr": "Livraison offerte dès 60 €"}) and brand.claim_until == date(2026, 3, 31)
    copy = shop.media.get(brand.logo_key)
    assert copy is not None and copy.startswith(b"\xff\xd8") and copy != logo(), "our own copy, not what came"
    page = hugo.get("/studio/brand").text
    assert 'value="#0b5d4e"' in page and f"/media/{brand.logo_key}" in page and 'value="2026-03-31"' in page
    hugo.post("/studio/brand", {**GOOD, "tagline-fr": "Lyon"})
    assert kept(shop).logo_key == brand.logo_key, "it stays when none is sent"
    hugo.post("/studio/brand", {**GOOD, "no-logo": "1"})
    assert kept(shop).logo_key == "" and shop.media.get(brand.logo_key) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ink": "#777777"}, "Words in this colour cannot be read on this paper"),
        ({"accent": "#7fd1ae"}, "Prices in this accent cannot be read on this paper"),
        ({"accent": "green"}, "A colour is written as #"),
        ({"paper": "#fff"}, "A colour is written as #"),
        ({"logo": (io.BytesIO(b"<svg onload='alert(1)'/>"), "logo.svg")}, "This picture cannot be read."),
        ({"logo": (io.BytesIO(b"\x89PNG\r\n\x1a\n and then nothing"), "logo.png")}, "This picture cannot be read."),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_typed_is_lost(
    shop: Shop, hugo: StaffBrowser, change: dict[str, object], said: str
) -> None:
    answer = hugo.post("/studio/brand", {**GOOD, **change})
    assert answer.status_code == 422 and said in text_of(answer.text)
    assert 'value="Depuis 1998"' in answer.text
    assert all(f'value="{typed}"' in answer.text for typed in change.values() if isinstance(typed, str))
    assert kept(shop) == Brand()


def test_what_the_form_says_is_shown_before_it_is_kept(shop: Shop, hugo: StaffBrowser) -> None:
    asked = {"ink": "#ffffff", "paper": "#203040", "accent": "#ffd27f", "claim-en": HOSTILE}
    answer = hugo.get("/studio/brand/preview.jpg")
    assert answer.status_code == 422, "it asks for colours"

    answer = hugo.get(f"/studio/brand/preview.jpg?{urlencode(asked)}")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    picture = Image.open(io.BytesIO(answer.data))
    assert picture.size == (1080, 1350)
    paper = picture.getpixel((5, 5))
    assert all(abs(one - other) < 4 for one, other in zip(paper, (0x20, 0x30, 0x40), strict=True))
    assert kept(shop) == Brand()
    assert hugo.get(f"/studio/brand/preview.jpg?{urlencode({**asked, 'ink': '#304050'})}").status_code == 422


def test_contrast_is_measured_as_the_guidelines_do() -> None:
    assert contrast(BLACK, WHITE) == 21 and contrast(WHITE, WHITE) == 1
    assert round(contrast("#767676", WHITE), 2) == 4.54 and round(contrast("#777777", WHITE), 2) == 4.48
    brand = Brand()
    assert min(contrast(brand.ink, brand.paper), contrast(brand.accent, brand.paper)) >= 4.5
    for accent in ("#000000", "#ffffff", "#ff0000", "#777777", "#2f6b4f", "#ffd27f"):
        made = Brand(accent=accent)
        assert contrast(made.on_accent, accent) >= 4.5, accent
    with pytest.raises(ValueError, match="not a colour"):
        Brand(ink="red")


def test_a_promise_ends_with_its_day() -> None:
    brand = Brand(claim=LocalText({"fr": "Deux pour un"}), claim_until=date(2026, 3, 31))
    assert brand.claim_on(date(2026, 3, 31)) == brand.claim
    assert brand.claim_on(date(2026, 4, 1)) == LocalText()
