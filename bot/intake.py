"""What comes in is made harmless before anybody reads or stores it."""

from __future__ import annotations

import re

from commerce.domain.card_numbers import luhn as luhn
from commerce.domain.card_numbers import mask_cards as mask_cards
from commerce.domain.plain_text import LONGEST_TEXT as LONGEST_TEXT
from commerce.domain.plain_text import clean as clean

_GTIN = re.compile(r"\d{8}|\d{12,14}")
_LINK = re.compile(r"https?://[^\s<>\"«»]+", re.IGNORECASE)


def gtin_of(text: str) -> str:
    """The product number (EAN-8, UPC-A, EAN-13, GTIN-14) that is the whole text, its check digit right; else ''."""
    digits = re.sub(r"[\s\-]", "", text)
    if not digits.isascii() or not _GTIN.fullmatch(digits):
        return ""
    # GS1 General Specifications 7.9: weights 3 and 1, starting with 3 beside the check digit.
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits[:-1])))
    return digits if (total + int(digits[-1])) % 10 == 0 else ""


def link_of(text: str) -> str:
    """The first web address in a text, without the punctuation that follows it; '' when there is none."""
    found = _LINK.search(text)
    return found.group().rstrip(".,;:!?)]}'’") if found else ""
