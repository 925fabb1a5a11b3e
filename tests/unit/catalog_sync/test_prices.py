"""Prices: what can be read in two ways is refused, never guessed."""

from __future__ import annotations

import pytest

from catalog_sync.prices import PriceRefused, parse_price
from catalog_sync.rows import Reason

ALLOWED = frozenset({"EUR", "CAD"})


@pytest.mark.parametrize(
    ("text", "decimal", "minor", "currency"),
    [
        ("49.99 EUR", ".", 4999, "EUR"),
        ("EUR 49.99", ".", 4999, "EUR"),
        ("49,99 EUR", ",", 4999, "EUR"),
        ("1 299.00 CAD", ".", 129900, "CAD"),
        ("1\u202f299,00\u00a0€", ",", 129900, "EUR"),
        ("1.299,00 EUR", ",", 129900, "EUR"),
        ("1,299.00 EUR", "", 129900, "EUR"),
        ("1.299,00 EUR", "", 129900, "EUR"),
        ("€12", "", 1200, "EUR"),
        ("12.5 EUR", ".", 1250, "EUR"),
        ("$12.00", ".", 1200, "CAD"),
        ("+3.10 EUR", ".", 310, "EUR"),
    ],
)
def test_reads(text: str, decimal: str, minor: int, currency: str) -> None:
    assert parse_price(text, decimal=decimal, currency="", allowed=ALLOWED) == (minor, currency)


@pytest.mark.parametrize(
    ("text", "decimal", "reason"),
    [
        ("49,99 EUR", ".", Reason.AMBIGUOUS_PRICE),
        ("1 299.00 CAD", ",", Reason.AMBIGUOUS_PRICE),
        ("1.299,00 EUR", ".", Reason.AMBIGUOUS_PRICE),
        ("1.299 EUR", "", Reason.AMBIGUOUS_PRICE),
        ("1,2,3 EUR", "", Reason.AMBIGUOUS_PRICE),
        ("-5 EUR", ".", Reason.NEGATIVE_PRICE),
        ("−5 EUR", ".", Reason.NEGATIVE_PRICE),
        ("NaN EUR", ".", Reason.NOT_A_PRICE),
        ("1e400 EUR", ".", Reason.NOT_A_PRICE),
        ("inf", ".", Reason.NOT_A_PRICE),
        ("9" * 20 + " EUR", ".", Reason.PRICE_TOO_LARGE),
        ("10000000.01 EUR", ".", Reason.PRICE_TOO_LARGE),
        ("15.00", ".", Reason.NO_CURRENCY),
        ("15.00 XYZ", ".", Reason.UNKNOWN_CURRENCY),
        ("15.00 USD", ".", Reason.OTHER_CURRENCY),
        ("15.999 EUR", ".", Reason.NOT_A_PRICE),
        ("", ".", Reason.NOT_A_PRICE),
        ("EUR 12 EUR", ".", Reason.NOT_A_PRICE),
        ("١٢ EUR", ".", Reason.NOT_A_PRICE),
    ],
)
def test_refuses(text: str, decimal: str, reason: Reason) -> None:
    with pytest.raises(PriceRefused) as refused:
        parse_price(text, decimal=decimal, currency="", allowed=ALLOWED)
    assert refused.value.reason is reason


def test_minor_units_follow_the_currency() -> None:
    allowed = frozenset({"JPY", "KWD"})
    assert parse_price("1200 JPY", decimal=".", currency="", allowed=allowed) == (1200, "JPY")
    assert parse_price("1.250 KWD", decimal=".", currency="", allowed=allowed) == (1250, "KWD")


def test_the_declared_currency_stands_in() -> None:
    assert parse_price("12,50", decimal=",", currency="EUR", allowed=ALLOWED) == (1250, "EUR")
