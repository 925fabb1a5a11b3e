"""What stands on printed pages: prices and article numbers in every dress that catalogues give them."""

from __future__ import annotations

import pytest

from commerce.domain.lookbook import Region
from commerce.domain.printed import PrintedPage, Word
from commerce.domain.printed_numbers import barcode_of, key_of, said_on
from commerce.domain.printed_prices import prices_in, prices_on

EUR = {
    "79,00 €": 7900,
    "79 €": 7900,
    "79€": 7900,
    "€79": 7900,
    "€ 79.00": 7900,
    "EUR 79.00": 7900,
    "79.00 EUR": 7900,
    "79,- €": 7900,
    "79,–": 7900,
    "79.-": 7900,
    "79.--": 7900,
    "1 234,00": 123400,
    "1 234,00 €": 123400,
    "1'234.50": 123450,
    "1’234.50": 123450,
    "1,234.50 €": 123450,
    "1.234,50 €": 123450,
    "1.234 €": 123400,
    "dès 79 €": 7900,
    "79€95": 7995,
    "79~95 €": 7995,  # smaller figures
    "79 euros": 7900,
    "Prix: 79,00€*": 7900,
    "(79,00 €)": 7900,
    "49 – 79 €": 7900,
    "2 pour 30 €": 3000,
    "0,79 €": 79,
    "16,50": 1650,
}
OTHERS = {
    ("CHF", "CHF 79.90"): 7990,
    ("CHF", "Fr. 79.–"): 7900,
    ("CHF", "SFr. 79.-"): 7900,
    ("CHF", "1'234.– CHF"): 123400,
    ("CHF", "79 francs"): 7900,
    ("GBP", "£79"): 7900,
    ("GBP", "£ 79.00"): 7900,
    ("GBP", "from £1,234.00"): 123400,
    ("CAD", "79,99 $"): 7999,
    ("CAD", "CA$79.99"): 7999,
    ("USD", "$1,234.99"): 123499,
    ("TND", "79,900 DT"): 79900,
    ("JPY", "¥7,900"): 7900,
    ("XOF", "7 900 F CFA"): 7900,
}
NONE = (
    "79", "2026", "-20 €", "- 20 %", "12,50 m", "12,50 cm", "12.05.2026", "01.23.45.67.89", "CHF 79.90", "£79.00",
    "19h30", "100 % lin", "90 x 120 cm", "9.5",
)  # fmt: skip


@pytest.mark.parametrize(("text", "minor"), EUR.items())
def test_a_price_in_euros(text: str, minor: int) -> None:
    assert [price.amounts_minor[0] for price in prices_in(text, "EUR")] == [minor]


@pytest.mark.parametrize(("said", "minor"), OTHERS.items())
def test_a_price_in_another_currency(said: tuple[str, str], minor: int) -> None:
    currency, text = said
    assert [price.amounts_minor[0] for price in prices_in(text, currency)] == [minor]


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_price(text: str) -> None:
    assert prices_in(text, "EUR") == []


def test_two_prices_and_what_one_may_be() -> None:
    was, now = prices_in("99,00 € 79,00 €", "EUR")
    assert (was.amounts_minor, now.amounts_minor) == ((9900,), (7900,))
    (with_size,) = prices_in("36 38 179,00 €", "EUR")
    assert with_size.amounts_minor == (3_817_900, 17_900)
    (with_sizes_after,) = prices_in("79 € 38 40 42", "EUR")
    assert with_sizes_after.amounts_minor == (7938, 7900)
    assert [price.is_signed for price in prices_in("79,00", "EUR")] == [False]


def page_of(*lines: str, height: float = 0.02) -> PrintedPage:
    """Words of equal letters, line under line, with a space between them."""
    words = []
    for row, line in enumerate(lines):
        left = 0.1
        for text in line.split(" "):
            width = 0.5 * height * max(1, len(text))
            if text:
                words.append(Word(text, Region(left, 0.1 + row * height * 1.2, width, height)))
            left += width + height * 0.3
    return PrintedPage(1, b"", 1000, 1000, tuple(words))


def test_a_price_of_several_words_and_its_place() -> None:
    page = page_of("Robe midi", "1 234,00 €")
    (price,) = prices_on(page, "EUR")
    assert price.amounts_minor[0] == 123_400
    assert [word.text for word in price.words] == ["1", "234,00", "€"]
    assert price.region.y_frac == pytest.approx(0.124)


def test_raised_cents() -> None:
    large, small = Word("79", Region(0.1, 0.1, 0.04, 0.04)), Word("95", Region(0.141, 0.1, 0.02, 0.02))
    page = PrintedPage(1, b"", 1000, 1000, (large, small, Word("€", Region(0.17, 0.1, 0.02, 0.04))))
    assert [price.amounts_minor for price in prices_on(page, "EUR")] == [(7995,)]
    assert [price.amounts_minor for price in prices_on(page_of("79⁹⁵ €"), "EUR")] == [(7995,)]


def keys_on(*lines: str) -> set[str]:
    page = page_of(*lines)
    prices = frozenset(word for price in prices_on(page, "EUR") for word in price.words)
    return {each.key for each in said_on(page, prices)}


@pytest.mark.parametrize(
    "lines",
    [
        ("Art. ROB1234-38",),
        ("Réf. ROB 1234 38",),
        ("ref:rob1234-38",),
        ("N° ROB1234.38",),
        ("(ROB1234 - 38)",),
        ("ROB1234/38",),
        ("Robe en lin ROB-", "1234-38 bleue"),
        ("Robe en lin ROB1234", "-38"),
    ],
)
def test_one_number_in_many_dresses(lines: tuple[str, ...]) -> None:
    assert "rob123438" in keys_on(*lines)


def test_a_broken_line_without_a_hyphen_is_two_words() -> None:
    assert "rob123438" not in keys_on("ROB1234", "38")


def test_a_price_is_no_number_unless_it_is_said_so() -> None:
    assert "7900" not in keys_on("79,00 €")
    assert "7900" in keys_on("Art. 79,00")


def test_figures_that_may_be_anything_are_weak() -> None:
    weak = {each.key: each.is_weak for each in said_on(page_of("2026 12345", "Réf. 2026-"), frozenset())}
    assert not weak["12345"]
    both = [each.is_weak for each in said_on(page_of("2026", "Réf. 2026"), frozenset()) if each.key == "2026"]
    assert sorted(both) == [False, True]


def test_a_barcode_with_gaps_and_zeros() -> None:
    found = said_on(page_of("3 760123 456789"), frozenset())
    assert "#3760123456789" in {key for each in found for key in each.keys}
    assert barcode_of(key_of("0012345678905")) == barcode_of(key_of("012345678905")) == "#12345678905"
    assert barcode_of("12345") == ""


def test_cells_of_a_table_are_lines_of_their_own() -> None:
    cells = [Word("ROB1234", Region(0.1, 0.1, 0.1, 0.02)), Word("38", Region(0.5, 0.1, 0.02, 0.02))]
    page = PrintedPage(1, b"", 1000, 1000, tuple(cells))
    assert [len(line) for line in page.lines()] == [1, 1]
    assert "rob123438" not in {each.key for each in said_on(page, frozenset())}


def test_words_that_run_up_the_page_are_a_line() -> None:
    words = (Word("ROB", Region(0.5, 0.4, 0.02, 0.05)), Word("1234", Region(0.5, 0.33, 0.02, 0.065)))
    page = PrintedPage(1, b"", 1000, 1000, words)
    assert "rob1234" in {each.key for each in said_on(page, frozenset())}


def test_blocks_are_captions() -> None:
    left = [Word(text, Region(0.1, 0.5 + at * 0.02, 0.2, 0.015)) for at, text in enumerate("abc")]
    right = [Word(text, Region(0.6, 0.5 + at * 0.02, 0.2, 0.015)) for at, text in enumerate("de")]
    far = Word("f", Region(0.1, 0.8, 0.2, 0.015))
    page = PrintedPage(1, b"", 1000, 1000, (*left, *right, far))
    assert sorted("".join(word.text for word in block) for block in page.blocks()) == ["abc", "de", "f"]
