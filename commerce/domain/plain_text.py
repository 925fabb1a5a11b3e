"""Text that every database keeps: PostgreSQL refuses NUL, and nothing encodes half a surrogate pair. And that people
read as it was written: nothing in it turns a sentence around."""

from __future__ import annotations

import re
import unicodedata

LONGEST_TEXT = 4_000  # characters of a message that count

# Bidirectional embeddings, overrides and isolates: they can turn a sentence of ours around. Marks (U+200E/F) may stay.
_DIRECTION = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_INVISIBLE = {0x200B, 0x2060, 0xFEFF, 0x00AD}
_MARKS_IN_A_ROW = 8

_ODD = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def is_plain(text: str) -> bool:
    """Whether it holds neither control characters nor lone surrogates: ids and references never do."""
    return _ODD.search(text) is None


def plain(text: str) -> str:
    """The text without them."""
    return _ODD.sub("", text)


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
