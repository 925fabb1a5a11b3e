"""Counting and cutting text where people see characters, not code points.

Follows the rules of Unicode's text segmentation (UAX #29, extended grapheme clusters) as far as chat needs them:
combining marks, emoji with modifiers and joiners, flags, Hangul syllables and CRLF stay whole.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_ZWJ = "\u200d"
_LONGEST_CLUSTER = 64  # code points; beyond that it is not writing any more, and may be cut anywhere


def clusters(text: str) -> Iterator[str]:
    """The characters of a text as people see them, in order; joined, they are the text again."""
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or end - start >= _LONGEST_CLUSTER or _breaks(text, start, end):
            yield text[start:end]
            start = end


def length(text: str, *, utf16: bool) -> int:
    """Code points, or UTF-16 units where the vendor counts those (an emoji is two)."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2 if utf16 else len(text)


def cut(text: str, limit: int, *, utf16: bool = False, ending: str = "…") -> str:
    """The text within `limit` units, ending in `ending` where something was cut off; never inside a character."""
    if length(text, utf16=utf16) <= limit:
        return text
    room = limit - length(ending, utf16=utf16)
    return _head(text, max(0, room), utf16=utf16).rstrip() + (ending if room >= 0 else "")


def split(text: str, limit: int, *, utf16: bool = False) -> list[str]:
    """The text in pieces of at most `limit` units, none empty, broken at line ends, else spaces, else anywhere."""
    pieces: list[str] = []
    rest = text.strip("\n")
    while length(rest, utf16=utf16) > limit:
        head = _head(rest, limit, utf16=utf16) or rest[:1]
        for separator in ("\n", " "):
            place = head.rfind(separator)
            if place > len(head) // 2:
                head = head[:place]
                break
        if head.strip():
            pieces.append(head.rstrip())
        rest = rest[len(head) :].lstrip(" \n")
    if rest.strip():
        pieces.append(rest)
    return pieces


def _head(text: str, limit: int, *, utf16: bool) -> str:
    taken = used = 0
    for cluster in clusters(text[: limit + _LONGEST_CLUSTER]):
        size = length(cluster, utf16=utf16)
        if used + size > limit:
            break
        used += size
        taken += len(cluster)
    return text[:taken]


def _breaks(text: str, start: int, end: int) -> bool:
    """Whether a character ends between text[end - 1] and text[end], the present one having begun at `start`."""
    before, after = text[end - 1], text[end]
    if before == "\r" and after == "\n":
        return False
    if before in "\r\n" or after in "\r\n":
        return True
    if after == _ZWJ or _extends(after):
        return False
    if before == _ZWJ:
        return not _pictographic(after)
    if _regional(before) and _regional(after):
        return (end - start) % 2 == 0
    return not _hangul_joins(before, after)


def _extends(char: str) -> bool:
    code = ord(char)
    return unicodedata.category(char) in ("Mn", "Me", "Mc") or 0x1F3FB <= code <= 0x1F3FF or 0xE0020 <= code <= 0xE007F


def _pictographic(char: str) -> bool:
    code = ord(char)
    return 0x1F000 <= code <= 0x1FAFF or 0x2190 <= code <= 0x2BFF or code in (0x00A9, 0x00AE, 0x203C, 0x2049, 0x2122)


def _regional(char: str) -> bool:
    return 0x1F1E6 <= ord(char) <= 0x1F1FF


def _hangul_joins(before: str, after: str) -> bool:
    lead, vowel, tail = range(0x1100, 0x1160), range(0x1160, 0x11A8), range(0x11A8, 0x1200)
    first, second = ord(before), ord(after)
    if first in lead:
        return second in lead or second in vowel or 0xAC00 <= second <= 0xD7A3
    if first in vowel or (0xAC00 <= first <= 0xD7A3 and (first - 0xAC00) % 28 == 0):
        return second in vowel or second in tail
    return (first in tail or 0xAC00 <= first <= 0xD7A3) and second in tail
