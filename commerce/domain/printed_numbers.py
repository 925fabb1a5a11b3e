"""Article numbers as they are printed: in other letters, with spaces or none, in words of their own, broken over lines.

A number is recognised by its letters and digits alone: « ROB 1234 38 », "rob-1234/38" and "ROB1234-38" are one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from commerce.domain.lookbook import Region
from commerce.domain.printed import PrintedPage, Word, around

_EDGES = ".,;:!?()[]{}<>«»\"'“”‘’*•·†°#|=~"
_SHORTEST, _LONGEST = 3, 64
_SHORTEST_OF_SEVERAL = 5
_MOST_TOKENS = 6  # of one number
_SURE_DIGITS, _SURE_DIGITS_IN_PARTS = 5, 8  # fewer may as well be a page, a year, a size, a telephone number
_BARCODES = range(8, 15)  # digits of a GTIN
_HYPHENS = "-\u00ad\u2010\u2011"
_JOINT = re.compile(rf"[^\W_][{_HYPHENS}_/.][^\W_]")  # a word without digits may be one when it is put together
_SPLIT = re.compile(r"[/,;|+&]")
_LABEL = re.compile(
    r"(?:art(?:icle)?|r[ée]f(?:[ée]rence)?|sku|item|style|n[o°º]|num[ée]ro|nr|no|code|ean|gtin|upc|mod(?:[èe]le)?)"
    r"(?:[.:°º#]+|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    word: Word
    is_labelled: bool  # « Réf. » stands before it


@dataclass(frozen=True)
class Said:
    """Words that may be an article number. `then`: what follows on the line, such as further sizes. `is_weak`: digits
    that may be anything else as well."""

    words: tuple[Word, ...]
    text: str
    is_weak: bool
    tokens: frozenset[int]  # which ones of the page
    then: tuple[str, ...] = ()

    @cached_property
    def key(self) -> str:
        return key_of(self.text)

    @property
    def keys(self) -> tuple[str, ...]:
        """As a number of the shop's and, where it has so many digits, as a barcode."""
        return (self.key, barcode_of(self.key)) if barcode_of(self.key) else (self.key,)

    @property
    def region(self) -> Region:
        return around([word.region for word in self.words])


def key_of(number: str) -> str:
    """The letters and digits of a number, small."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", number).casefold() if sign.isalnum())


def barcode_of(key: str) -> str:
    """A GTIN without the zeros with which it may be filled up; '' for what has none's length."""
    return f"#{key.lstrip('0')}" if key.isascii() and key.isdigit() and len(key) in _BARCODES else ""


def said_on(page: PrintedPage, prices: frozenset[Word]) -> list[Said]:
    """Everything on the page that may be an article number, the longest first. `prices`: words that are prices."""
    found: list[Said] = []
    count = 0
    lines = page.lines()
    rows: list[tuple[int, list[_Token]]] = []
    for line in lines:
        tokens = _tokens(line)
        rows.append((count, tokens))
        count += len(tokens)
    for at, (first, tokens) in enumerate(rows):
        found += _spans(tokens, first, len(tokens), prices)
        if at + 1 < len(rows) and _is_broken(page, lines[at], lines[at + 1]) and tokens:
            both = [*tokens[-_MOST_TOKENS:], *rows[at + 1][1][:_MOST_TOKENS]]
            kept = min(len(tokens), _MOST_TOKENS)
            found += [
                said
                for said in _spans(both, first + len(tokens) - kept, len(both), prices)
                if len(said.tokens & {first + len(tokens) - 1, first + len(tokens)}) == 2  # over the break
            ]
    return sorted(found, key=lambda said: -len(said.key))


def _spans(tokens: Sequence[_Token], first: int, until: int, prices: frozenset[Word]) -> Iterator[Said]:
    for start in range(until):
        for end in range(start + 1, min(start + _MOST_TOKENS, until) + 1):
            span = tokens[start:end]
            if any(token.is_labelled for token in span[1:]):
                break  # the next number begins
            words = tuple(dict.fromkeys(token.word for token in span))
            is_labelled = span[0].is_labelled
            if not is_labelled and any(word in prices for word in words):
                continue
            text = " ".join(token.text for token in span)
            if not _may_be_number(text, key_of(text), words):
                continue
            yield Said(
                words,
                text,
                not is_labelled and _is_weak(key_of(text), len(words)),
                frozenset(range(first + start, first + end)),
                tuple(token.text for token in tokens[end : end + 2 * _MOST_TOKENS]),
            )


def _may_be_number(text: str, key: str, words: Sequence[Word]) -> bool:
    if not (_SHORTEST if len(words) == 1 else _SHORTEST_OF_SEVERAL) <= len(key) <= _LONGEST:
        return False
    return any(sign.isdigit() for sign in key) or bool(_JOINT.search("".join(word.text for word in words)))


def _is_weak(key: str, parts: int) -> bool:
    return key.isdigit() and len(key) < (_SURE_DIGITS if parts == 1 else _SURE_DIGITS_IN_PARTS)


def _tokens(line: Sequence[Word]) -> list[_Token]:
    tokens: list[_Token] = []
    is_labelled = False
    for word in line:
        for piece in _SPLIT.split(unicodedata.normalize("NFKC", word.text)):
            text = piece.strip(_EDGES)
            label = _LABEL.match(piece.lstrip("([#"))
            if label is not None and (rest := piece.lstrip("([#")[label.end() :].strip(_EDGES)) != text:
                text, is_labelled = rest, True
            elif piece.startswith("#"):
                is_labelled = True
            if key_of(text):
                tokens.append(_Token(text, word, is_labelled))
                is_labelled = False
    return tokens


def _is_broken(page: PrintedPage, line: Sequence[Word], next_line: Sequence[Word]) -> bool:
    is_hyphen = line[-1].text[-1:] in _HYPHENS or next_line[0].text[:1] in _HYPHENS
    return is_hyphen and page.goes_on_below(line, next_line)
