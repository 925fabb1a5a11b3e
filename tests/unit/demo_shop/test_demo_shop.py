"""The demo shop's goods and its feed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from catalog_sync.normalise import is_gtin
from commerce.lexicon import lexicon
from vitrine.demo_shop import as_customer_photo, write_demo_feed, writing
from vitrine.demo_shop.assortment import Item, assortment
from vitrine.demo_shop.drawing import KINDS as DRAWN
from vitrine.demo_shop.drawing import draw
from vitrine.demo_shop.styles import CLOTHS, COLOURS, KINDS, PATTERNS


def test_about_three_hundred_products_in_two_languages() -> None:
    items = assortment()
    assert 280 <= len(items) <= 340
    assert len({item.id for item in items}) == len(items)
    assert len({item.title_fr for item in items}) == len({item.title_en for item in items}) == len(items)
    for item in items:
        assert item.title_fr[0].isupper() and item.title_en[0].isupper()
        assert item.description_fr.endswith(".") and item.description_en.endswith(".")
        assert 500 < item.price_cents < 30_000
        assert item.list_price_cents is None or item.list_price_cents > item.price_cents


def test_the_same_seed_is_the_same_shop() -> None:
    assert assortment(3) == assortment(3)
    assert assortment(3) != assortment(4)


def test_every_word_is_known_to_the_lexicon() -> None:
    words = lexicon()
    for kind in KINDS:
        assert words.category_of(kind.product_type, language="en"), kind.product_type
        assert kind.draw in DRAWN
        assert set(kind.colours.split()) <= COLOURS.keys() and set(kind.cloths) <= CLOTHS.keys()
        assert set(kind.patterns) <= PATTERNS.keys()
    for colour in COLOURS:
        assert words.colour_of(colour.replace("_", " "), language="en") == colour
    for *_, material in CLOTHS.values():
        assert not material or words.material_of(material, language="en")
    for *_, pattern in PATTERNS.values():
        assert words.key_of("pattern", pattern, language="en")


@pytest.mark.parametrize("kind", sorted(DRAWN))
def test_every_kind_is_drawn_and_stands_out_from_its_wall(kind: str) -> None:
    import numpy as np

    picture = draw(kind, "#1f2f54")
    assert picture.size == (600, 750) and picture.mode == "RGB"
    pixels = np.asarray(picture, np.int16)
    corner = pixels[8:40, 8:40].reshape(-1, 3).mean(0)
    apart = (np.abs(pixels - corner).max(2) > 40).mean()
    assert 0.04 < apart < 0.75, f"{apart:.2f} of the picture is not wall"
    assert np.abs(pixels[:4] - corner).max() < 40, "touches the upper edge"


def test_colour_and_pattern_show() -> None:
    import numpy as np

    plain = np.asarray(draw("tshirt", "#b9303a"), np.int16)
    assert plain[400, 300, 0] > plain[400, 300, 2] + 60
    striped = np.asarray(draw("tshirt", "#f3f0ea", "stripes", accent_hex="#1f2f54"), np.int16)
    assert striped[300:500, 300].max() - striped[300:500, 300].min() > 100
    assert (np.asarray(draw("tshirt", "#b9303a")) == plain).all()


def test_a_customer_photo_is_another_picture_of_the_same_thing() -> None:
    import numpy as np

    photo = as_customer_photo(draw("tote", "#b9303a"), 5)
    assert photo.size == (768, 1024)
    again = as_customer_photo(draw("tote", "#b9303a"), 5)
    assert (np.asarray(photo) == np.asarray(again)).all()
    red = np.asarray(photo, np.int16)
    assert ((red[..., 0] - red[..., 2]) > 50).mean() > 0.05


def test_the_feed_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few: list[Item] = assortment()[::40]
    monkeypatch.setattr(writing, "assortment", lambda seed: few)
    folder = write_demo_feed(tmp_path / "demo")
    xml = (folder / "products.xml").read_text("utf-8")
    assert all(is_gtin(gtin) for gtin in re.findall("<g:gtin>(.*?)</g:gtin>", xml))
    pictures = set(re.findall("<g:image_link>(.*?)</g:image_link>", xml))
    assert pictures and all((folder / picture).is_file() for picture in pictures)
    before = {path: path.stat().st_mtime_ns for path in (folder / "images").iterdir()}
    assert write_demo_feed(folder) == folder
    assert {path: path.stat().st_mtime_ns for path in (folder / "images").iterdir()} == before
    assert (folder / "products.xml").read_text("utf-8") == xml
