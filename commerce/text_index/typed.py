"""What was typed: its words, and the same said again in the shopper's own order and style with words corrected."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from commerce.lexicon import words
from commerce.text_index.vocabulary import Vocabulary

MOST_WORDS = 24  # read of a query; nobody types more and means it

_piece = itemgetter(2)
_INNER = re.compile(r"([’'‘`´\-‐‑–—./_+&,;:!?()\"]+)")


class Token(NamedTuple):
    """One folded word of the query. `place` is its number; `piece` says which part of the typed text it came from."""

    text: str
    place: int
    piece: int


def tokens_of(text: str) -> tuple[list[Token], list[str]]:
    """The folded words of a query and the pieces it was typed in (separators included), so that it can be said again
    with single words corrected: joining the pieces gives the text back, runs of space made one."""
    pieces: list[str] = []
    tokens: list[Token] = []
    for chunk in text.split():
        if len(tokens) >= MOST_WORDS:
            break
        if pieces:
            pieces.append(" ")
        if chunk.isascii() and chunk.isalnum():
            tokens.append(Token(chunk.lower(), len(tokens), len(pieces)))
            pieces.append(chunk)
            continue
        whole = words(chunk)
        parts = [part for part in _INNER.split(chunk) if part]
        split = [words(part) for part in parts]
        if [word for part in split for word in part] != whole:
            parts, split = [chunk], [whole]
        for part, own in zip(parts, split, strict=True):
            tokens += [Token(word, len(tokens) + i, len(pieces)) for i, word in enumerate(own)]
            pieces.append(part)
    return tokens[:MOST_WORDS], pieces


def say_again(tokens: Sequence[Token], pieces: Sequence[str], read: Sequence[str], vocabulary: Vocabulary) -> str:
    """The query in the shopper's own order and style, each token replaced by what it was read as."""
    said = list(pieces)
    accented = vocabulary.accented
    if len(set(map(_piece, tokens))) == len(tokens):  # as most people type: one word a piece
        for (text, _, piece), word in zip(tokens, read, strict=True):
            typed, written = pieces[piece], accented(word)
            if text != word or (written != typed and typed.isascii() and typed.isalpha()):
                said[piece] = _in_style(typed, written)
        return "".join(said).strip()
    for piece, group in groupby(tokens, _piece):
        typed, own = pieces[piece], list(group)
        meant = read[own[0].place : own[-1].place + 1]
        if [token.text for token in own] != meant:
            said[piece] = _in_style(typed, " ".join(map(accented, meant)))
        elif len(own) == 1 and typed.isascii() and typed.isalpha():
            said[piece] = _in_style(typed, accented(meant[0]))
    return "".join(said).strip()


def _in_style(typed: str, text: str) -> str:
    if len(typed) > 1 and typed.isupper():
        return text.upper()
    return text[:1].upper() + text[1:] if typed[:1].isupper() else text
