"""Digits of payment cards never reach the database: what looks like one is masked before it is stored."""

from __future__ import annotations

import re

# 13 to 19 digits, in groups or not (ISO/IEC 7812-1).
_RUN = re.compile(r"(?<!\d)\d(?:[ \u00a0\u202f.\-_/]{0,2}\d){12,18}(?!\d)")
_KEPT = 4


def mask_cards(text: str) -> str:
    """The text with every number that passes Luhn's check masked, but for its last four digits.

    A number as long as a GTIN that is the whole text stays: shoppers type what stands below a barcode.
    """
    digits = re.sub(r"\D", "", text)
    if text.strip().isdecimal() and len(digits) in (13, 14):
        return text
    return _RUN.sub(lambda run: _masked(run[0]), text)


def _masked(run: str) -> str:
    digits = [int(char) for char in run if char.isdecimal()]
    if not _luhn(digits):
        return run
    left = len(digits) - _KEPT
    masked = []
    for char in run:
        if char.isdecimal() and left > 0:
            left -= 1
            char = "•"
        masked.append(char)
    return "".join(masked)


def _luhn(digits: list[int]) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return any(digits) and total % 10 == 0
