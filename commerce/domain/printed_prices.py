"""Prices as they are printed: « 79,00 € », « 79.– », "£79", « 79€95 », « 1'234.50 », « 1 234 € » in words of their own.

What is read is a number of the shop's currency; what another currency's sign stands at is no price of this shop.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from commerce.domain.lookbook import Region
from commerce.domain.money import exponent
from commerce.domain.printed import PrintedPage, Word, around

_CODES = ("EUR", "GBP", "USD", "CAD", "CHF", "JPY", "CNY", "AUD", "NZD", "TND", "MAD", "XOF", "XAF")
# What stands at a price, and the currencies that it may mean.
_SIGNS: dict[str, frozenset[str]] = {
    "€": frozenset({"EUR"}),
    "euros": frozenset({"EUR"}),
    "euro": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "us$": frozenset({"USD"}),
    "$us": frozenset({"USD"}),
    "ca$": frozenset({"CAD"}),
    "c$": frozenset({"CAD"}),
    "$ca": frozenset({"CAD"}),
    "$": frozenset({"USD", "CAD", "AUD", "NZD", "HKD", "SGD"}),
    "¥": frozenset({"JPY", "CNY"}),
    "sfr.": frozenset({"CHF"}),
    "sfr": frozenset({"CHF"}),
    "fr.": frozenset({"CHF"}),
    "francs": frozenset({"CHF"}),
    "f cfa": frozenset({"XOF", "XAF"}),
    "fcfa": frozenset({"XOF", "XAF"}),
    "cfa": frozenset({"XOF", "XAF"}),
    "dt": frozenset({"TND"}),
    "dh": frozenset({"MAD"}),
    **{code.lower(): frozenset({code}) for code in _CODES},
}
_RAISED = re.compile(r"(?<=\d)[⁰¹²³⁴-⁹]+")
_DISCOUNT = re.compile(r"(?:^|(?<!\d)\s)[-−–]\s?$")
_UNIT = r"(?:%|°|[x×*]\s?\d|(?:mm|cm|dm|m|kg|g|mg|ml|cl|dl|l|h|min|ans?|years?|pcs|px|w|v|ah)\b|[²³])"
_SMALL = "~"  # between a number and smaller figures beside it


@dataclass(frozen=True, slots=True)
class PrintedPrice:
    """`amounts_minor`: what it may be, the likeliest first: « 36 38 179,00 € » ends in a price of 179 or 38 179.
    `is_signed`: with its currency; « 36,38 » may be two sizes."""

    amounts_minor: tuple[int, ...]
    words: tuple[Word, ...]
    is_signed: bool

    @property
    def region(self) -> Region:
        return around([word.region for word in self.words])


class Read(NamedTuple):
    """A price in a line: from where to where, and what it may be."""

    start: int
    end: int
    amounts_minor: tuple[int, ...]
    is_signed: bool


def prices_on(page: PrintedPage, currency: str) -> list[PrintedPrice]:
    """In the order of the page's words."""
    found: list[PrintedPrice] = []
    for line in page.lines():
        text, ends = "", []
        for at, word in enumerate(line):
            if at:
                text += _SMALL if page.is_smaller(word, line[at - 1]) else " "
            text += _plain(word.text)
            ends.append(len(text))
        for price in prices_in(text, currency):
            first = next(at for at, until in enumerate(ends) if until > price.start)
            last = next(at for at, until in enumerate(ends) if until >= price.end)
            found.append(PrintedPrice(price.amounts_minor, line[first : last + 1], price.is_signed))
    return found


def prices_in(text: str, currency: str) -> list[Read]:
    """`text`: of one line, with one space between words."""
    found = []
    for match in _pattern(currency).finditer(text):
        sign = match["before"] or match["inside"] or match["after"]
        if sign is None and match["cents"] is None and match["none"] is None:
            continue  # a bare number may be anything
        if sign is not None and currency not in _SIGNS.get(sign.lower(), frozenset({sign.upper()})):
            continue
        if _DISCOUNT.search(text[: match.start()]):
            continue
        found.append(Read(match.start(), match.end(), _amounts(match, exponent(currency)), sign is not None))
    return found


def _amounts(match: re.Match[str], digits: int) -> tuple[int, ...]:
    whole, cents = match["whole"], match["cents"] or match["inner"] or ""
    wholes = [whole]
    while " " in whole:  # a figure before it, or its own thousands
        whole = whole.partition(" ")[2]
        wholes.append(whole)
    amounts = [int(re.sub(r"\D", "", each) + cents.ljust(digits, "0")) for each in wholes]
    if match["inner"] and match["space"]:  # « 79 € 38 40 42 »: a price and sizes
        amounts += [int(re.sub(r"\D", "", each) + "0" * digits) for each in wholes]
    return tuple(dict.fromkeys(amounts))


@lru_cache(maxsize=8)
def _pattern(currency: str) -> re.Pattern[str]:
    digits = exponent(currency)
    cents = rf"(?:[.,·]\s?|{_SMALL})(?P<cents>\d{{{digits}}})" if digits else r"(?P<cents>(?!))"
    signs = sorted({*_SIGNS, currency.lower()}, key=len, reverse=True)
    sign = "(?:" + "|".join(re.escape(each) + (r"(?![^\W\d_])" if each[-1].isalpha() else "") for each in signs) + ")"
    thousands = r"[\ .,'’]" if digits < 3 else r"[\ '’]"  # three digits after a comma may be the cents
    separator = rf"[\s{_SMALL}]?"
    return re.compile(
        rf"""(?<![\w.,'’{_SMALL}])
        (?:(?P<before>{sign}){separator})?
        (?P<whole>\d{{1,3}}(?:{thousands}\d{{3}})+(?!\d)|\d{{1,7}})
        (?:
            (?(before)(?!)|)(?P<space>\s?)(?P<inside>{sign}){separator}(?P<inner>\d{{2}})
          | {cents}
          | \s?[.,]\s?(?P<none>[-–—]{{1,2}})
        )?
        (?![.,]?\d)
        (?(before)|(?(inside)|(?:{separator}(?P<after>{sign}))?))
        (?!\s?{_UNIT})""",
        re.VERBOSE | re.IGNORECASE,
    )


def _plain(text: str) -> str:
    """« 79⁹⁵ » as a number and its cents; other spaces and wide letters as the usual ones."""
    return " ".join(unicodedata.normalize("NFKC", _RAISED.sub(lambda small: _SMALL + small[0], text)).split())
