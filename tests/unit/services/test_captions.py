"""Captions: what is left for people, and which products they surely mean."""

from __future__ import annotations

import pytest

from commerce.services.captions import own_path, products_in, title_of
from tests.unit.services.conftest import Small

SHOP = "https://www.shop.example"


@pytest.mark.parametrize(
    ("caption", "title"),
    [
        ("Robe en lin 🌿\n.\n.\n#lin #lyon", "Robe en lin 🌿"),
        ("#ootd Jeudi\n\nau   comptoir #été2026", "Jeudi au comptoir"),
        ("À voir sur https://shop.example/p/12-robe?x=1 et www.shop.example/links !", "À voir sur et !"),
        ("Ici : shop.example/p/12-robe", "Ici"),
        ("One tap away: https://shop.example/p/12 👇\n•\n#ootd", "One tap away"),
        ("Trois robes : lin, coton, soie", "Trois robes : lin, coton, soie"),
        ("100 % coton, 20.50 € chez @amie & co", "100 % coton, 20.50 € chez @amie & co"),
        ("R&D#1 reste", "R&D#1 reste"),
        ("#tout #en #tags", ""),
        ("", ""),
    ],
)
def test_the_words_for_people(caption: str, title: str) -> None:
    assert title_of(caption) == title


def test_long_ones_end_between_words() -> None:
    title = title_of("mot " * 400)
    assert len(title) <= 500 and title.endswith("mot…")


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("https://shop.example/p/12-robe?utm_source=ig", "/p/12-robe"),
        ("http://www.SHOP.example/p/12.", "/p/12"),
        ("shop.example/links)", "/links"),
        ("/p/12-robe", "/p/12-robe"),
        ("https://shop.example.evil.com/p/12", ""),
        ("https://evil.com/shop.example/p/12", ""),
        ("shop.example@evil.com/p/12", ""),
    ],
)
def test_our_own_addresses(address: str, path: str) -> None:
    assert own_path(address, SHOP) == path


@pytest.mark.parametrize(
    "caption",
    [
        "La robe : {base}/p/{id}-robe-d-ete !",
        "shop.example/p/{id}",
        "(/p/{id})",
        "Réf. {sku}, en boutique",
        "« {sku} »",
        "{sku_in_capitals}",
        "Code {gtin}.",
        "{base}/buy/{sku}:1,nothing:2?coupon=ETE",
    ],
)
def test_what_it_surely_means(small: Small, caption: str) -> None:
    with small.storage.read() as uow:
        product = uow.products.after(0, 1)[0]
        sku, gtin = product.variants[1].sku, product.variants[1].gtin
        said = caption.format(base=SHOP, id=product.id, sku=sku, sku_in_capitals=sku.upper(), gtin=gtin)
        assert products_in(uow, said, SHOP) == (product.id,)


@pytest.mark.parametrize(
    "caption",
    ["Rien", "#{sku}", "@{sku}", "https://elsewhere.example/p/{id}-robe", "{base}/p/999999", "En 2026, 38 ou 40 ?", ""],
)
def test_what_it_does_not(small: Small, caption: str) -> None:
    with small.storage.read() as uow:
        product = uow.products.after(0, 1)[0]
        assert products_in(uow, caption.format(base=SHOP, id=product.id, sku=product.variants[1].sku), SHOP) == ()
