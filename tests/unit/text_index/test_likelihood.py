"""Which of two words was meant: the order matters, not the figures."""

from __future__ import annotations

import pytest

from commerce.lexicon import lexicon
from commerce.text_index.likelihood import ENGLISH, FRENCH, MOST_LIKELY, Likelihood, ease


@pytest.fixture(scope="module")
def likelihood() -> Likelihood:
    return Likelihood(lexicon())


@pytest.mark.parametrize(
    ("typed", "likelier", "less"),
    [
        ("convers", "converse", "covers"),  # the end left out
        ("nikke", "nike", "nikon"),  # a letter doubled
        ("linnen", "linen", "linden"),
        ("cottn", "cotton", "cottar"),  # a vowel left out
        ("nkie", "nike", "nkle"),  # neighbours swapped
        ("omen", "women", "amen"),  # the first letter left out rather than wrong
        ("blck", "black", "clock"),
    ],
)
def test_how_easily_it_happens(typed: str, likelier: str, less: str) -> None:
    assert ease(typed, likelier) > ease(typed, less)


def of(likelihood: Likelihood, typed: str, meant: str, count: int, language: int = FRENCH | ENGLISH) -> float:
    return likelihood.of_slip(typed, meant, 1, count, 40_000, language, False)


def test_what_more_products_say_is_likelier(likelihood: Likelihood) -> None:
    assert of(likelihood, "adiddas", "adidas", 1900) > of(likelihood, "adiddas", "adidas", 1)


def test_a_word_of_the_shop_is_likelier_than_a_name_as_rare(likelihood: Likelihood) -> None:
    assert of(likelihood, "satn", "satin", 4) > of(likelihood, "satn", "satan", 4)
    assert of(likelihood, "satn", "satin", 4) > of(likelihood, "satn", "satin", 0)


def test_the_language_of_the_query_counts(likelihood: Likelihood) -> None:
    assert likelihood.language(["robe", "bleu", "marine"]) == FRENCH
    assert likelihood.language(["a", "navy", "dress"]) == ENGLISH
    assert likelihood.language(["nike"]) == FRENCH | ENGLISH
    assert of(likelihood, "lain", "laine", 1, FRENCH) > of(likelihood, "lain", "laine", 1, ENGLISH)


def test_a_second_kind_of_product_is_unlikely(likelihood: Likelihood) -> None:
    alone = likelihood.of_slip("jup", "jupe", 1, 5, 1000, FRENCH, False)
    assert alone > likelihood.of_slip("jup", "jupe", 1, 5, 1000, FRENCH, True)


def test_nothing_is_as_good_as_what_was_typed(likelihood: Likelihood) -> None:
    assert of(likelihood, "dres", "dress", 10**9) <= MOST_LIKELY < 1


def test_without_a_lexicon() -> None:
    bare = Likelihood(None)
    assert bare.names("robe") == frozenset()
    assert of(bare, "nikke", "nike", 100) > of(bare, "nikke", "nikon", 100)
