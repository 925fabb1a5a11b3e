"""Card numbers beside each other and beside other digits: each is masked, whatever stands around it."""

import itertools

import pytest

from commerce.domain.card_numbers import mask_cards

CARDS = ("4111111111111111", "5500 0000 0000 0004", "3400-000000-00009", "6011 1111 1111 1117", "30569309025904")


@pytest.mark.parametrize(("first", "second"), list(itertools.product(CARDS, CARDS)))
def test_two_cards_in_a_row_are_both_masked(first, second):
    for between in (" ", "-", ", ", " et "):
        masked = mask_cards(f"{first}{between}{second} Lyon")
        assert first not in masked and second not in masked
        assert masked.endswith("Lyon")


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("around", ["12 {} 34", "{} 123", "{}, 12/27, 999", "9999999999999999999 {}", "1{}", "{} 00"])
def test_other_digits_beside_a_card_hide_nothing(card, around):
    assert card not in mask_cards(around.format(card))


@pytest.mark.parametrize(
    "text", ["4006381333931", "5901234123457", "3614272049529", "+33 6 12 34 56 78", "45.7600, 4.8400", "2026-03-10"]
)
def test_barcodes_phones_places_and_dates_stay(text):
    assert mask_cards(text) == text
