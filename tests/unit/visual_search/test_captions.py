"""Captions in two languages, on a small lexicon of the shared data's shape."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from visual_search.training.captions import Captions, FrenchNames, Lexicon, shortened, without_accents

LEXICON = """kind\tkey\tenglish\tfrench
article_type\tShirts\tshirt|shirts\tchemise (f)
article_type\tWatches\twatch\tmontre (f)
base_colour\tBlack\tblack\tnoir/noire/noirs/noires
base_colour\tNavy Blue\tnavy blue|navy\tbleu marine
gender\tMen\tmen|for men\thomme|pour homme
usage\tCasual\tcasual\tdécontracté
season\tSummer\tsummer\tété|d'été
"""


@pytest.fixture
def lexicon(tmp_path: Path) -> Lexicon:
    path = tmp_path / "lexicon.tsv"
    path.write_text(LEXICON, encoding="utf-8")
    return Lexicon(path)


def test_a_french_name_says_what_the_english_one_says(lexicon: Lexicon) -> None:
    names = FrenchNames(lexicon)
    assert names.of("Arrow Men Black Check Shirt", "Shirts") == "chemise noire à carreaux Arrow pour homme"
    french = names.of("Q&Q Men Black Dial Watch VP12", "Watches")
    assert french.startswith("montre noire") and french.endswith("pour homme")
    assert all(word in french for word in ("cadran", "Q&Q", "VP12"))


def test_the_kind_is_named_where_the_title_does_not(lexicon: Lexicon) -> None:
    assert FrenchNames(lexicon).of("Timex Empera", "Watches") == "montre Timex Empera"


def test_a_caption_names_what_it_says_it_names(lexicon: Lexicon) -> None:
    captions = Captions(lexicon)
    row = {"article_type": "Shirts", "base_colour": "Black", "gender": "Men", "usage": "Casual", "season": "NA"}
    for seed in range(40):
        english, named = captions.full(row, "en", random.Random(seed))
        assert ("black" in english) == ("base_colour" in named) and "shirt" in english
        french, named = captions.full(row, "fr", random.Random(seed))
        assert ("noire" in french) == ("base_colour" in named) and "chemise" in french
        assert "season" not in named


def test_a_shortened_name_keeps_two_words() -> None:
    for seed in range(50):
        short = shortened("Nike Men Blue Jersey", random.Random(seed), 0.9)
        assert len(short.split()) >= 2


def test_accents_go() -> None:
    assert without_accents("crème brûlée à l'été") == "creme brulee a l'ete"
