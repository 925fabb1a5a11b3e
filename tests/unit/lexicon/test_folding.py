"""The one folding: two spellings of a word meet, nothing hides in a text, and it costs little."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.lexicon import fold, singular, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Été", "ete"), ("ÉCRU", "ecru"), ("e\u0301te\u0301", "ete"), ("œuvré", "oeuvre"), ("L’Œil", "l oeil"),
        ("d'été", "d ete"), ("qu’il", "qu il"), ("Women’s", "womens"), ("don't", "dont"), ("aujourd'hui", "aujourdhui"),
        ("t‑shirt", "t-shirt"), ("pull – over", "pull - over"), ("1\u202f299,00\u00a0€", "1 299,00 €"),
        ("ro\u200bbe", "robe"), ("\u202eabc", "abc"), ("a\x00b\nc", "a b c"), ("\ud800x", "x"), ("ﬁne", "fine"),
        ("３８", "38"), ("Straße", "strasse"), ("İstanbul", "istanbul"), ("  a \t b  ", "a b"), ("", ""),
    ],
)  # fmt: skip
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(max_size=200))
def test_fold_twice_is_fold_once(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    once.encode("utf-8")


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzéèàçùœ'-’ ", max_size=60))
def test_case_and_accents_do_not_matter(text: str) -> None:
    assert words(text.upper()) == words(text.lower())


def test_words_join_an_initial_and_open_other_hyphens() -> None:
    assert words("T-shirt, col V : pull-over d’hiver") == ["tshirt", "col", "v", "pull", "over", "d", "hiver"]


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("robe", "robes"), ("dress", "dresses"), ("watch", "watches"), ("manteau", "manteaux"), ("bijou", "bijoux"),
        ("hoodie", "hoodies"), ("hoody", "hoodies"), ("broche", "broches"), ("box", "boxes"), ("sac", "sacs"),
        ("pochette", "pochettes"), ("lady", "ladies"), ("shoe", "shoes"), ("jersey", "jerseys"),
    ],
)  # fmt: skip
def test_both_numbers_have_one_key(one: str, many: str) -> None:
    assert singular(one) == singular(many)


def test_words_that_differ_keep_their_keys() -> None:
    assert len({singular(word) for word in ("vest", "veste", "cap", "cape", "bas", "base")}) == 6


def test_a_run_of_marks_is_folded_in_linear_time() -> None:
    started = time.process_time()
    fold("e" + "".join(chr(0x300 + step % 0x70) for step in range(200_000)))
    assert time.process_time() - started < 1
