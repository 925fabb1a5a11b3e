"""What comes in is made harmless before anybody reads or stores it."""

from __future__ import annotations

import re
import unicodedata

from commerce.domain.card_numbers import luhn as luhn
from commerce.domain.card_numbers import mask_cards as mask_cards

LONGEST_TEXT = 4_000  # characters of a message that count

# Bidirectional embeddings, overrides and isolates: they can turn a sentence of ours around. Marks (U+200E/F) may stay.
_DIRECTION = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_INVISIBLE = {0x200B, 0x2060, 0xFEFF, 0x00AD}
_MARKS_IN_A_ROW = 8

_GTIN = re.compile(r"\d{8}|\d{12,14}")
_LINK = re.compile(r"https?://[^\s<>\"«»]+", re.IGNORECASE)


def clean(text: str, limit: int = LONGEST_TEXT) -> str:
    """Text that is safe to keep and to show again: at most `limit` characters, no control or direction characters, no
    lone surrogates, no more than a few combining marks in a row, composed (NFC)."""
    kept: list[str] = []
    marks = 0
    for char in text[: limit * 2]:
        code = ord(char)
        if code in _DIRECTION or code in _INVISIBLE or 0xD800 <= code <= 0xDFFF:
            continue
        category = unicodedata.category(char)
        if category == "Cc" and char not in "\n\t":
            continue
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= _MARKS_IN_A_ROW:
            kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))[:limit].strip()


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
