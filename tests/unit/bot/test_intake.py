from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.intake import LONGEST_TEXT, clean, gtin_of, link_of, luhn, mask_cards

# Test numbers that card schemes and payment providers publish.
CARDS = [
    "4111111111111111",
    "5555555555554444",
    "378282246310005",
    "6011111111111117",
    "30569309025904",
    "4222222222222",
]


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("shape", ["{}", "ma carte: {}.", "{} merci"])
def test_card_numbers_are_masked(card: str, shape: str) -> None:
    masked = mask_cards(shape.format(card))
    assert card not in masked
    assert masked == shape.format("•" * (len(card) - 4) + card[-4:])


@pytest.mark.parametrize("separator", [" ", "-", ".", "\u00a0", "\u202f", " - "[:2]])
def test_spaced_card_numbers_are_masked(separator: str) -> None:
    written = separator.join(("4111", "1111", "1111", "1111"))
    assert sum(char.isdigit() for char in mask_cards(written)) == 4


def test_arabic_and_fullwidth_digits_count() -> None:
    assert sum(char.isdigit() for char in mask_cards("４１１１１１１１１１１１１１１１")) == 4
    assert sum(char.isdigit() for char in mask_cards("٤١١١١١١١١١١١١١١١")) == 4


def test_a_card_beside_other_digits_is_found() -> None:
    masked = mask_cards("commande 12 4111111111111111 34")
    assert "411111111111" not in masked


@pytest.mark.parametrize("text", ["06 12 34 56 78", "2026-03-10 10:00", "1299,00 €", "69002", "1000 0000 0000 0001"])
def test_other_numbers_stay(text: str) -> None:
    assert mask_cards(text) == text


@given(st.text(max_size=300))
def test_masking_changes_digits_alone(text: str) -> None:
    masked = mask_cards(text)
    assert len(masked) == len(text)
    assert all(a == b or (a.isdigit() and b == "•") for a, b in zip(text, masked, strict=True))


def test_luhn() -> None:
    assert luhn([int(d) for d in "79927398713"])
    assert not luhn([int(d) for d in "79927398710"])
    assert not luhn([0] * 16)


@pytest.mark.parametrize("text", ["4006381333931", "4006 3813 3393 1", "73513537", "036000291452", "00012345600012"])
def test_product_numbers(text: str) -> None:
    assert gtin_of(text) == text.replace(" ", "")


@pytest.mark.parametrize("text", ["4006381333932", "robe 4006381333931", "38", "1234567", "", "٤٠٠٦٣٨١٣٣٣٩٣١"])
def test_not_product_numbers(text: str) -> None:
    assert gtin_of(text) == ""


def test_clean_takes_out_what_could_harm() -> None:
    assert clean("a\x00b\u202ec\u2066d\ud800e\u200bf") == "abcdef"
    assert clean("  robe\n\trouge  ") == "robe\n\trouge"
    assert clean("👨‍👩‍👧") == "👨‍👩‍👧"


def test_clean_bounds() -> None:
    assert len(clean("é" * 64_000)) == LONGEST_TEXT
    assert len(clean("e" + "\u0301" * 10_000)) < 20


@given(st.text(max_size=500))
def test_clean_is_stable(text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("regarde https://example.com/p/ABC?x=1.", "https://example.com/p/ABC?x=1"),
        ("(http://example.com/a)", "http://example.com/a"),
        ("«https://example.com/é»", "https://example.com/é"),
        ("file:///etc/passwd", ""),
        ("robe rouge", ""),
    ],
)
def test_links(text: str, link: str) -> None:
    assert link_of(text) == link
