"""Words as they are typed: slips, joined and split words, codes, accents, plurals, synonyms."""

from __future__ import annotations

import numpy as np
import pytest

from commerce.lexicon import lexicon
from commerce.ports import TextDocument
from commerce.text_index import FuzzyTextIndex
from commerce.text_index.typed import tokens_of

NAMES = {
    1: "Nike Men Blue T-shirt",
    2: "Puma Women Running Shoes White",
    3: "Elle Women BlueTunic",
    4: "Titan Men Black Watch",
    5: "Baggit Women Brown Handbag",
    6: "Casio Digital Watch LP209-C3",
    7: "Fabindia Women Green Dress Cotton",
    8: "Lino Perros Women Earrings Gold",
    9: "Reebok Men Track Pants Navy Blue",
    10: "Été Femme Robe Crème",
    11: "Wrangler Men Jeans 501",
    12: "Levis Men Jeans 510",
}


@pytest.fixture(scope="module")
def index() -> FuzzyTextIndex:
    made = FuzzyTextIndex(lexicon())
    made.upsert(TextDocument(number, name, "") for number, name in NAMES.items())
    return made


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("tshirt nike", 1),
        ("t shirt nike", 1),
        ("tee-shirt nike", 1),
        ("tee shirt bleu", 1),
        ("T-SHIRT NIKE", 1),
        ("chaussures de course puma", 2),
        ("runningshoes puma", 2),
        ("runing shose", 2),
        ("blue tunic elle", 3),
        ("bluetunic", 3),
        ("montre noire titan", 4),
        ("mnotre noire", 4),
        ("sac à main marron", 5),
        ("sac a main maron", 5),
        ("LP209-C3", 6),
        ("lp209c3", 6),
        ("lp209 c3", 6),
        ("robes vertes", 7),
        ("robe verte en coton", 7),
        ("boucles d'oreilles dorées", 8),
        ("boucle d’oreille", 8),
        ("pantalon de survêtement bleu marine", 9),
        ("robe creme", 10),
        ("jeans 501", 11),
        ("jeans 510", 12),
    ],
)
def test_what_people_type(index: FuzzyTextIndex, words: str, first: int) -> None:
    hits = index.search(words, limit=3).hits
    assert hits, words
    assert hits[0].product_id == first, [NAMES[hit.product_id] for hit in hits]


@pytest.mark.parametrize(
    ("words", "read_as"),
    [
        ("Nikke t-shirt", "Nike t-shirt"),
        ("robe creme", "robe crème"),
        ("ROBE CREME", "ROBE CRÈME"),
        ("montre, noire; titn", "montre, noire; titan"),
        ("robes vertes", "robes vertes"),
        ("boucle d’oreille", "boucle d’oreille"),
        ("  puma   shose ", "puma shoes"),
    ],
)
def test_the_query_is_said_again_in_the_shoppers_style(index: FuzzyTextIndex, words: str, read_as: str) -> None:
    assert index.search(words, limit=3).read_as == read_as


def test_a_number_is_never_nearly_right(index: FuzzyTextIndex) -> None:
    matches = index.search("jeans 511", limit=5)
    assert matches.unknown == ("511",)
    assert "501" not in matches.read_as
    assert "510" not in matches.read_as


def test_a_partial_answer_says_so_and_keeps_the_kind(index: FuzzyTextIndex) -> None:
    matches = index.search("nike running shoes puma blue", limit=5)
    assert matches.is_partial or not matches.hits
    assert all("Shoes" in NAMES[hit.product_id] for hit in matches.hits)


def test_all_words_before_some(index: FuzzyTextIndex) -> None:
    matches = index.search("women watch titan", limit=5)
    assert matches.is_partial
    assert [hit.product_id for hit in matches.hits] == [4]


def test_pieces_give_the_text_back() -> None:
    for text in ("l’été d'une robe", "tee-shirt / top", "a  b", "women's T-shirt (new)!"):
        _, pieces = tokens_of(text)
        assert "".join(pieces) == " ".join(text.split())


def test_a_very_long_query_is_read_in_part() -> None:
    tokens, _ = tokens_of("robe " * 5_000)
    assert len(tokens) == 24


@pytest.fixture(scope="module")
def shop() -> FuzzyTextIndex:
    """A shop with dresses of a brand that is a slip away from a fabric, and that fabric in shirts alone."""
    names = [f"Latin Quarters Women Navy Blue Dress Robe bleu marine {i}" for i in range(12)]
    names += ["Spykar Men Linen White Shirt Chemise blanche en lin"] * 3
    names += ["Locomotive Men Lain Blue Jeans Jean bleu"]
    names += ["Scullers Women Red Dressy Top Haut rouge", "Portia Women Rose Print Scarf Foulard"]
    names += ["ADIDAS Men White Shoes Chaussures blanches"] * 30
    names += ["Converse Unisex Black Shoes Chaussures noires"] * 20
    names += ["Carlton Black Shoe Covers Chaussures noires", "Nike Men Convert Jacket Veste"]
    names += ["Lacoste Men Blue Polo Polo bleu"] * 5 + ["Timberland Brown Shoe Laces Lacets marron"] * 4
    made = FuzzyTextIndex(lexicon())
    made.upsert(TextDocument(number, name, "") for number, name in enumerate(names))
    return made


@pytest.mark.parametrize(
    ("words", "read_as"),
    [
        ("robe lain bleu marine", "robe lin bleu marine"),
        ("linnen dress navy", "linen dress navy"),
        ("chemise lain", "chemise lin"),
        ("white shirt linnen", "white shirt linen"),
    ],
)
def test_a_fabric_is_likelier_than_a_brand_that_happens_to_fit(shop: FuzzyTextIndex, words: str, read_as: str) -> None:
    assert shop.search(words, limit=3).read_as == read_as


@pytest.mark.parametrize("words", ["robe lin", "linen dress", "robe lin bleu marine", "chemise laine"])
def test_what_was_typed_right_is_no_slip_because_no_product_has_it(shop: FuzzyTextIndex, words: str) -> None:
    assert shop.search(words, limit=3).read_as == words


@pytest.mark.parametrize(
    ("slip", "right"), [("robe lain bleu marine", "robe lin bleu marine"), ("linnen dress", "linen dress")]
)
def test_a_slip_finds_what_the_right_spelling_finds(shop: FuzzyTextIndex, slip: str, right: str) -> None:
    one, other = shop.search(slip, limit=10), shop.search(right, limit=10)
    assert one.is_partial == other.is_partial
    assert [hit.product_id for hit in one.hits] == [hit.product_id for hit in other.hits]


@pytest.mark.parametrize(
    ("words", "read_as"),
    [
        ("adiddas shoes", "adidas shoes"),
        ("chaussures convers", "chaussures converse"),
        ("polo lacost", "polo lacoste"),
        ("robe latn", "robe latin"),
        ("latin dress", "latin dress"),
        ("lain locomotive", "lain locomotive"),
    ],
)
def test_brands_are_still_brands(shop: FuzzyTextIndex, words: str, read_as: str) -> None:
    matches = shop.search(words, limit=3)
    assert matches.read_as == read_as
    assert matches.hits
    assert not matches.is_partial


def test_a_guess_that_was_passed_over_is_not_said(index: FuzzyTextIndex) -> None:
    matches = index.search("nike tshirt wrongle", limit=3)
    assert [hit.product_id for hit in matches.hits] == [1]
    assert matches.unknown == ("wrongle",)
    assert matches.read_as == "nike tshirt wrongle"


def test_reading_ahead_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read ahead, and columns, change how answers are found, never which."""
    kinds = ["Linen Shirt Chemise lin", "Evening Dress Robe de soirée", "Running Shoes Chaussures de course"]
    colours = ["Navy Blue bleu marine", "White blanc", "Red rouge", "Olive vert olive"]
    brands = ["Zephira", "Ocelina", "Barthold", "Quenotta", "Lacombia"]
    names = [
        f"{brands[i % 5]} {colours[i % 4]} {kinds[i % 3]}" + (f" RK{i // 50}" if i % 7 == 0 else "")
        for i in range(6_000)
    ]
    ahead, lazily = FuzzyTextIndex(lexicon()), FuzzyTextIndex(lexicon())
    ahead.upsert(TextDocument(i, name, "") for i, name in enumerate(names))
    assert ahead._snapshot.remembered  # read before anyone asked
    monkeypatch.setattr("commerce.text_index.index._LARGE", 1 << 40)
    lazily.upsert(TextDocument(i, name, "") for i, name in enumerate(names))
    assert not lazily._snapshot.remembered
    queries = (
        "robe", "navy shirt", "chemise bleu marine", "ocelina rk14", "chausures rouges", "red dres zephira", "rk3",
        "running shoes", "robe de soiree verte", "lacomb white", "nothing of it", "blanc le la",
    )  # fmt: skip
    for words in queries:
        for limit in (10, 200):
            one, other = ahead.search(words, limit=limit), lazily.search(words, limit=limit)
            assert one == other, words
    everything = [i for i, name in enumerate(names) if "Dress" in name and "Red" in name]
    assert ahead.search("red dress", limit=10).total == len(everything)
    allowed = np.array(everything[5:40], np.int64)
    assert {hit.product_id for hit in ahead.search("red dress", limit=99, allowed=allowed).hits} == set(
        everything[5:40]
    )
