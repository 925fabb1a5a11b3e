"""What a printed page shows: numbers in every dress, captions, lists, names with a price, pictures without a word."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import cast

import pytest
from PIL import Image
from sqlalchemy import update

from commerce.domain.lookbook import Doubt, FoundBy, Hotspot, Region, Review
from commerce.domain.printed import PrintedPage, Word
from commerce.ids import SeededIds
from commerce.ports import UnitOfWork
from commerce.settings import load_settings
from commerce.storage.tables import variant
from commerce.storage.unit_of_work import SqlUnitOfWork
from commerce.wiring import Shop, build_shop
from vitrine.fixture import build_fixture

_HIGH = 0.015
P1_PICTURE = Region(0.1, 0.1, 0.3, 0.3)
P4_PICTURE = Region(0.6, 0.1, 0.3, 0.3)


@pytest.fixture(scope="module")
def seeing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("proposing") / "data"
    with build_shop(load_settings(data_dir=folder, secret_key="s" * 32), ids=SeededIds(3)) as shop:
        build_fixture(shop)
        shop.index_keeper.catch_up()
        yield shop


def words(text: str, x: float, y: float) -> list[Word]:
    """One line; each sign is as wide as half its height."""
    found, left = [], x
    for each in text.split(" "):
        width = _HIGH * 0.5 * len(each)
        found.append(Word(each, Region(left, y, width, _HIGH)))
        left += width + _HIGH * 0.3
    return found


def caption(*lines: str, x: float, y: float) -> list[Word]:
    return [word for row, line in enumerate(lines) for word in words(line, x, y + row * _HIGH * 1.2)]


def page_of(shop: Shop, said: list[Word], pictures: dict[Region, str]) -> PrintedPage:
    """A page with the fixture's pictures at those places, the later ones on top."""
    sheet = Image.new("RGB", (1000, 1000), "white")
    images = shop.settings.data_dir / "fixture" / "images"
    for where, source_id in pictures.items():
        size = round(where.width_frac * 1000), round(where.height_frac * 1000)
        picture = Image.open(next(images.glob(f"{source_id}-*.jpg"))).convert("RGB").resize(size)
        sheet.paste(picture, (round(where.x_frac * 1000), round(where.y_frac * 1000)))
    jpeg = io.BytesIO()
    sheet.save(jpeg, "JPEG", quality=92)
    largest_first = sorted(pictures, key=lambda region: -region.width_frac * region.height_frac)
    return PrintedPage(1, jpeg.getvalue(), 1000, 1000, tuple(said), tuple(largest_first))


def proposed(shop: Shop, said: list[Word], pictures: dict[Region, str] | None = None) -> tuple[Hotspot, ...]:
    return shop.publishing.proposing.propose([page_of(shop, said, pictures or {})]).hotspots


def sku_of(shop: Shop, spot: Hotspot) -> str:
    with shop.storage.read() as uow:
        found = uow.products.by_variant(spot.variant_id)
        return found[1].sku if found else (uow.products.many([spot.product_id])[spot.product_id].source_id)


@pytest.mark.parametrize(
    ("line", "sku"),
    [
        ("Réf. P1 navy 38", "P1-navy-38"),
        ("P1NAVY38", "P1-navy-38"),
        ("ref:p1-NAVY/38", "P1-navy-38"),
        ("P1-navy-36/38/40", "P1"),
        ("Art. P1 navy 36 38", "P1"),
        ("P1-navy", "P1"),  # what the SKUs of a colour share
        ("P4 brown", "P4-brown"),
    ],
)
def test_a_number_in_every_dress(seeing: Shop, line: str, sku: str) -> None:
    (spot,) = proposed(seeing, caption("Une chose", line, x=0.1, y=0.5))
    assert (sku_of(seeing, spot), spot.review) == (sku, Review.SURE)


def test_a_number_over_two_lines(seeing: Shop) -> None:
    (spot,) = proposed(seeing, caption("Robe en lin P1-navy-", "38 bleue", x=0.1, y=0.5))
    assert sku_of(seeing, spot) == "P1-navy-38"


def test_a_caption_belongs_to_the_picture_above_it(seeing: Shop) -> None:
    """Its number stands nearer to the next picture than to its own."""
    below = Region(0.1, 0.49, 0.3, 0.3)
    said = caption("Robe midi en lin", "79,00 €", "P1-navy-38", x=0.1, y=0.41)
    said += caption("Sac cabas en cuir", "120,00 €", "P4-brown", x=0.1, y=0.80)
    dress, bag = proposed(seeing, said, {P1_PICTURE: "P1", below: "P4"})
    assert dress.review is bag.review is Review.SURE
    assert dress.region.y_frac == pytest.approx(0.1)
    assert dress.region.y_frac + dress.region.height_frac < 0.49
    assert bag.region.y_frac == pytest.approx(0.49)


def test_a_former_price_beside_today_s(seeing: Shop) -> None:
    (spot,) = proposed(seeing, caption("99,00 € 79 €", "P1-navy-38", x=0.1, y=0.5))
    assert (spot.printed_price_minor, spot.review) == (7900, Review.SURE)
    (wrong,) = proposed(seeing, caption("99,00 € 89 €", "P1-navy-38", x=0.1, y=0.5))
    assert wrong.doubts == (Doubt.OTHER_PRICE,)


def test_a_price_list(seeing: Shop) -> None:
    said: list[Word] = []
    for row, (number, price) in enumerate((("P1-navy-38", "79,00 €"), ("P2-blue-M", "66,00 €"), ("P4-brown", "120 €"))):
        said += [*words(number, 0.05, 0.1 + row * 0.03), *words(price, 0.85, 0.1 + row * 0.03)]
    spots = proposed(seeing, said)
    assert [spot.printed_price_minor for spot in spots] == [7900, 6600, 12000]
    assert [spot.doubts for spot in spots] == [(), (Doubt.OTHER_PRICE,), ()]
    assert all(spot.region.width_frac > 0.8 for spot in spots)  # the whole row can be tapped


def renumbered(shop: Shop, sku: str, *, to: str = "", gtin: str = "") -> None:
    def work(uow: UnitOfWork) -> None:
        execute = cast(SqlUnitOfWork, uow).transaction.execute
        execute(
            update(variant).where(variant.c.sku == sku).values(sku=to or sku, gtin=gtin),
        )

    shop.storage.write(work)


def test_figures_that_may_be_anything_need_a_picture_or_a_price(seeing: Shop) -> None:
    renumbered(seeing, "P4-brown", to="2026")
    try:
        assert proposed(seeing, words("2026", 0.1, 0.05)) == ()
        (priced,) = proposed(seeing, words("2026 120,00 €", 0.1, 0.05))
        (labelled,) = proposed(seeing, words("Réf. 2026", 0.1, 0.05))
        assert [sku_of(seeing, spot) for spot in (priced, labelled)] == ["2026", "2026"]
    finally:
        renumbered(seeing, "2026", to="P4-brown")


def test_a_barcode_with_gaps(seeing: Shop) -> None:
    renumbered(seeing, "P4-brown", gtin="0012345678905")
    try:
        for printed in ("0 012345 678905", "012345678905", "EAN 0012345678905"):
            (spot,) = proposed(seeing, words(printed, 0.1, 0.05))
            assert sku_of(seeing, spot) == "P4-brown"
    finally:
        renumbered(seeing, "P4-brown")


def test_two_numbers_that_are_nearly_one(seeing: Shop) -> None:
    renumbered(seeing, "P4-brown", to="P1navy-38")
    try:
        (written,) = proposed(seeing, words("P1navy-38", 0.1, 0.05))
        assert (sku_of(seeing, written), written.review) == ("P1navy-38", Review.SURE)
        (either,) = proposed(seeing, words("P1 NAVY 38", 0.1, 0.05))
        assert either.doubts == (Doubt.SEVERAL_NUMBERS,)
    finally:
        renumbered(seeing, "P1navy-38", to="P4-brown")


def test_several_pictures_of_one_article(seeing: Shop) -> None:
    other = Region(0.6, 0.1, 0.3, 0.3)
    spots = proposed(seeing, caption("79,00 €", "P1-navy-38", x=0.1, y=0.41), {P1_PICTURE: "P1", other: "P1"})
    assert {spot.product_id for spot in spots} == {spots[0].product_id}
    assert [spot.review for spot in spots] == [Review.SURE, Review.SURE]
    assert other in [spot.region for spot in spots]


def test_words_on_a_picture_that_fills_the_page(seeing: Shop) -> None:
    whole, inset = Region(0.0, 0.0, 1.0, 1.0), Region(0.6, 0.5, 0.3, 0.3)
    said = caption("79,00 €", "P1-navy-38", x=0.1, y=0.1) + caption("120,00 €", "P4-brown", x=0.6, y=0.81)
    dress, bag = proposed(seeing, said, {whole: "P1", inset: "P4"})
    assert (sku_of(seeing, dress), dress.region) == ("P1-navy-38", whole)
    assert sku_of(seeing, bag) == "P4-brown"
    assert bag.region.x_frac == pytest.approx(0.6)


def test_two_names_on_one_picture_have_their_own_words_and_the_picture_what_it_shows(seeing: Shop) -> None:
    whole = Region(0.0, 0.0, 1.0, 1.0)
    said = caption("79,00 €", "P1-navy-38", x=0.1, y=0.1) + caption("120,00 €", "P4-brown", x=0.6, y=0.8)
    spots = proposed(seeing, said, {whole: "P1"})
    assert [sku_of(seeing, spot) for spot in spots] == ["P1-navy-38", "P4-brown", "P1"]
    assert [spot.region.height_frac < 0.1 for spot in spots] == [True, True, False]


def test_a_name_and_its_price_without_a_number(seeing: Shop) -> None:
    said = caption("Sac cabas en cuir", "120,00 €", x=0.6, y=0.41)
    (seen,) = proposed(seeing, said, {P4_PICTURE: "P4"})
    assert (seen.found_by, seen.review, seen.printed_price_minor) == (FoundBy.PRICE, Review.SURE, 12000)
    (alone,) = proposed(seeing, said)
    assert (alone.found_by, alone.doubts) == (FoundBy.PRICE, (Doubt.NO_NUMBER,))
    (other,) = proposed(seeing, said, {P4_PICTURE: "P3"})
    assert Doubt.OTHER_PICTURE in other.doubts or Doubt.NO_NUMBER in other.doubts
    assert proposed(seeing, caption("Sac cabas en cuir", "99,00 €", x=0.6, y=0.41)) == ()
    assert proposed(seeing, caption("Sac", "120,00 €", x=0.6, y=0.41)) == ()


def test_what_has_no_number_where_others_have_one_is_looked_at(seeing: Shop) -> None:
    """Name, price and picture say what it is; its number is missing, or one that nobody has."""
    said = caption("P1-navy-38", x=0.1, y=0.41) + caption("Sac cabas en cuir", "120,00 €", x=0.6, y=0.45)
    dress, bag = proposed(seeing, said, {P1_PICTURE: "P1", P4_PICTURE: "P4"})
    assert (sku_of(seeing, dress), dress.review) == ("P1-navy-38", Review.SURE)
    assert (bag.found_by, bag.review, bag.doubts) == (FoundBy.PRICE, Review.DOUBTFUL, (Doubt.NO_NUMBER,))
