"""Amounts of money: "moins de 60 €", "under 60", "entre 30 et 50 euros", "1 299,00 $", "60 balles max"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from commerce.domain.money import exponent
from commerce.understanding.phrasebook import Phrasebook
from commerce.understanding.reading import Reading

_NUMBER = re.compile(r"\d{1,9}(?:[.,]\d{1,3}){0,2}\Z")
_HEAD = re.compile(r"\d{1,3}\Z")
_THOUSANDS = re.compile(r"\d{3}(?:[.,]\d{1,2})?\Z")
_GLUED = re.compile(r"(\d{1,9})(e|eur|euros?|balles|dollars?|cad|usd|gbp)\Z")
_SMALLEST_SPELT = 10  # "deux euros" is no budget for clothes
_BEFORE_AMOUNT = frozenset({"€", "$", "£", "eur", "usd", "cad", "gbp", "chf"})
_LARGEST_SIZE = 54  # a bare number above it is no clothing, shoe or waist size worth mistaking for a price


@dataclass(frozen=True, slots=True)
class Prices:
    """What a message says of prices, in minor units. ``bare`` is a price named without "less" or "more"."""

    minimum: int | None = None
    maximum: int | None = None
    bare: int | None = None
    bare_places: tuple[int, ...] = ()
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class _Number:
    start: int  # first token, a currency sign before it included
    end: int  # after the last token, a unit behind it included
    amount: Decimal  # in whole units of the currency
    minor: int
    unit: str | None  # None: no unit written; "": one that does not say which currency


def read_prices(reading: Reading, book: Phrasebook, currency: str, shown_minor: frozenset[int] = frozenset()) -> Prices:
    """Find the prices of a message and mark their tokens ``price``. A bare price may serve to point at a product.

    ``shown_minor`` are the prices on the table: "the one at 45" is a price when something shown costs 45.
    """
    unit_minor = 10 ** exponent(currency)
    shown_whole = {minor // unit_minor for minor in shown_minor}
    numbers = _numbers(reading, book, currency)
    low: int | None = None
    high: int | None = None
    written: str | None = None
    bare: _Number | None = None
    skip = -1
    for place, number in enumerate(numbers):
        if number.start < skip:
            continue
        following = numbers[place + 1] if place + 1 < len(numbers) else None
        if following is not None:
            span = _range(reading, book, number, following)
            if span is not None:
                low, high = sorted((number.minor, following.minor))
                written = number.unit or following.unit or written
                reading.mark(range(span, following.end), "price")
                skip = following.end
                continue
        sense, start, end = _bound(reading, book, number)
        if sense is None:
            if bare is None and (number.unit is not None or _named_price(reading, book, number, shown_whole)):
                bare = number
            continue
        written = number.unit or written
        reading.mark(range(start, end), "price")
        if sense == "max":
            high = number.minor
        elif sense == "min":
            low = number.minor
        else:
            low, high = number.minor * 4 // 5, number.minor * 6 // 5
    if bare is None:
        return Prices(low, high, currency=written or None)
    written = bare.unit or written
    reading.mark(range(bare.start, bare.end), "price")
    return Prices(low, high, bare.minor, tuple(range(bare.start, bare.end)), written or None)


def _numbers(reading: Reading, book: Phrasebook, currency: str) -> list[_Number]:
    found: list[_Number] = []
    place, count = 0, len(reading.tokens)
    while place < count:
        text, start, end = reading.text(place), place, place + 1
        unit: str | None = None
        glued = _GLUED.match(text)
        if glued and text not in book.ordinals:
            text, unit = glued[1], book.money.units[glued[2]]
        if book.cardinals.get(text, 0) >= _SMALLEST_SPELT and reading.text(end) in book.money.units:
            text = str(book.cardinals[text])
            if start > 0 and text == "100" and reading.text(start - 1) == "a":
                start -= 1
        if not _NUMBER.match(text):
            place += 1
            continue
        while _HEAD.match(text) and _THOUSANDS.match(reading.text(end)) and not reading.tokens[end].hyphen_before:
            text, end = text + reading.text(end), end + 1
        if unit is None and reading.text(end) in book.money.units:
            unit, end = book.money.units[reading.text(end)], end + 1
        if start > 0 and reading.text(start - 1) in _BEFORE_AMOUNT:
            unit, start = book.money.units[reading.text(start - 1)], start - 1
        amount = _amount(text)
        minor = int(amount.scaleb(exponent(currency)).quantize(Decimal(1), ROUND_HALF_UP))
        found.append(_Number(start, end, amount, minor, unit))
        place = end
    return found


def _amount(text: str) -> Decimal:
    whole, point, cents = text.replace(",", ".").rpartition(".")
    if point and len(cents) == 3:  # 1.299 is a thousand and more, not one and a bit
        whole, cents = whole + cents, ""
    elif not point:
        whole, cents = cents, ""
    return Decimal(f"{whole.replace('.', '') or '0'}.{cents or '0'}")


def _range(reading: Reading, book: Phrasebook, one: _Number, two: _Number) -> int | None:
    """Where a range "entre 30 et 50 €" begins, or None if these two numbers are none."""
    between = reading.phrase(one.end, two.start)
    joined = between in book.money.range_between or (not between and reading.tokens[two.start].hyphen_before)
    if not joined:
        return None
    opened = reading.text(one.start - 1) in book.money.range_before
    paid = one.unit is not None or two.unit is not None
    sizes = max(one.amount, two.amount) <= _LARGEST_SIZE and abs(two.amount - one.amount) <= 4
    if paid or (opened and between and not sizes):
        return one.start - 1 if opened else one.start
    return None


def _bound(
    reading: Reading, book: Phrasebook, number: _Number
) -> tuple[Literal["max", "min", "around"] | None, int, int]:
    money = book.money
    for length in (5, 4, 3, 2, 1):
        if length <= number.start:
            lead = reading.phrase(number.start - length, number.start)
            if lead in money.max_before:
                return "max", number.start - length, number.end
            if lead in money.min_before and (number.unit is not None or lead not in ("des", "from", "min", "mini")):
                return "min", number.start - length, number.end
            loose = lead in ("vers", "around", "about")  # said of times and places too
            if lead in money.around_before and (not loose or number.unit is not None or number.amount > _LARGEST_SIZE):
                return "around", number.start - length, number.end
    for length in range(min(3, len(reading.tokens) - number.end), 0, -1):
        tail = reading.phrase(number.end, number.end + length)
        if tail in money.max_after:
            return "max", _after_for(reading, book, number), number.end + length
        if tail in money.min_after:
            return "min", _after_for(reading, book, number), number.end + length
    return None, number.start, number.end


def _after_for(reading: Reading, book: Phrasebook, number: _Number) -> int:
    return number.start - 1 if reading.text(number.start - 1) in book.money.for_before else number.start


def _named_price(reading: Reading, book: Phrasebook, number: _Number, shown_whole: set[int]) -> bool:
    """Whether an amount without unit is spoken of as a price: "la robe à 59", "the one for 59", "the 59 one"."""
    shown, large = int(number.amount) in shown_whole, number.amount > _LARGEST_SIZE
    if shown and large and reading.text(number.end) in book.sets["pronoun_heads"]:
        return True
    return (shown or large) and reading.text(number.start - 1) in book.money.for_before
