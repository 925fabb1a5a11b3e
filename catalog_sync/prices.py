"""Prices as feeds write them, to minor units. What could be read in two ways is refused, never guessed."""

from __future__ import annotations

import re
from functools import lru_cache

from catalog_sync.rows import Reason
from commerce.domain.money import exponent

# Largest price of one item, in minor units: ten million euros. Above it is a mistake (or 1e400).
MAX_MINOR = 10**9
# ISO 4217 list one (amendment 176), currencies a shop may sell in: funds, metals and test codes are left out.
_CODES = """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF
IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR
SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES
VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG"""
CURRENCIES = frozenset(_CODES.split())
_SIGNS = {"€": "EUR", "£": "GBP", "CA$": "CAD", "C$": "CAD", "US$": "USD", "A$": "AUD", "¥": "JPY", "CHF": "CHF"}
_PARTS = re.compile(
    r"\s*(?P<before>[A-Za-z]{3}(?![A-Za-z])|[A-Z]{0,2}\$|[€£¥])?\s*"
    r"(?P<number>[-+−]?[0-9][0-9.,'’\s\u00a0\u202f\u2009]*)"
    r"\s*(?P<after>[A-Za-z]{3}|[A-Z]{0,2}\$|[€£¥])?\s*\Z"
)


class PriceRefused(ValueError):
    """Carries the reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@lru_cache(maxsize=65536)
def parse_price(text: str, *, decimal: str, currency: str, allowed: frozenset[str]) -> tuple[int, str]:
    """Minor units and currency.

    Args:
        decimal: "." or "," as declared; "" when nobody said: then a price that has two readings is refused.
        currency: of a price that names none; "" refuses it.
        allowed: currencies the shop takes.

    Raises PriceRefused. Never rounds: more digits than the currency has are refused (unless they are zeros).
    """
    found = _PARTS.match(text)
    if not found:
        raise PriceRefused(Reason.NOT_A_PRICE)
    if found["before"] and found["after"]:
        raise PriceRefused(Reason.NOT_A_PRICE)
    code = _currency((found["before"] or found["after"] or "").strip(), currency, allowed)
    number = found["number"].strip()
    if number[0] in "-−":
        raise PriceRefused(Reason.NEGATIVE_PRICE)
    whole, fraction = _split(number.lstrip("+"), decimal)
    digits = exponent(code)
    if len(fraction) > digits and fraction[digits:].strip("0"):
        raise PriceRefused(Reason.AMBIGUOUS_PRICE if decimal == "" else Reason.NOT_A_PRICE)
    if len(whole) > 12:
        raise PriceRefused(Reason.PRICE_TOO_LARGE)
    minor = int(whole or "0") * 10**digits + int((fraction[:digits] or "0").ljust(digits, "0") if digits else "0")
    if minor > MAX_MINOR:
        raise PriceRefused(Reason.PRICE_TOO_LARGE)
    return minor, code


def _currency(sign: str, default: str, allowed: frozenset[str]) -> str:
    if not sign:
        if not default:
            raise PriceRefused(Reason.NO_CURRENCY)
        code = default
    elif sign == "$":
        dollars = [code for code in sorted(allowed) if code in ("USD", "CAD", "AUD", "NZD", "HKD", "SGD")]
        if len(dollars) != 1:
            raise PriceRefused(Reason.NO_CURRENCY)
        code = dollars[0]
    else:
        code = _SIGNS.get(sign, sign.upper())
    if code not in CURRENCIES:
        raise PriceRefused(Reason.UNKNOWN_CURRENCY)
    if code not in allowed:
        raise PriceRefused(Reason.OTHER_CURRENCY)
    return code


def _split(number: str, decimal: str) -> tuple[str, str]:
    """Digits before and after the decimal sign. Grouping must be in threes."""
    number = number.rstrip(".,") if not number[-1].isdigit() else number
    if decimal:
        group = "," if decimal == "." else "."
        if number.count(decimal) > 1:
            raise PriceRefused(Reason.AMBIGUOUS_PRICE)
        whole, _, fraction = number.partition(decimal)
        if group in fraction:
            raise PriceRefused(Reason.AMBIGUOUS_PRICE)
        return _ungroup(whole, group), _digits(fraction)
    points, commas = number.count("."), number.count(",")
    if points and commas:  # the one that comes last is the decimal sign, and may stand once
        last = "." if number.rindex(".") > number.rindex(",") else ","
        return _split(number, last)
    if points + commas == 0:
        return _ungroup(number, ""), ""
    sign = "." if points else ","
    whole, _, fraction = number.rpartition(sign)
    if points + commas > 1:
        return _ungroup(number, sign), ""
    if len(fraction) == 3 or not whole:  # 1.299 may be 1299 or 1.299
        raise PriceRefused(Reason.AMBIGUOUS_PRICE)
    return _ungroup(whole, ""), _digits(fraction)


def _ungroup(whole: str, group: str) -> str:
    """`1 299` or `1,299` to `1299`; anything but groups of three is refused."""
    text = re.sub(r"[\s\u00a0\u202f\u2009'’]", group or " ", whole.strip())
    pieces = text.split(group or " ")
    if len(pieces) > 1 and (not 1 <= len(pieces[0]) <= 3 or any(len(piece) != 3 for piece in pieces[1:])):
        raise PriceRefused(Reason.AMBIGUOUS_PRICE)
    return _digits("".join(pieces))


def _digits(text: str) -> str:
    if not (text.isascii() and text.isdigit()) and text:
        raise PriceRefused(Reason.NOT_A_PRICE)
    return text
