"""Where: one of our stores, a postcode, a city."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from commerce.lexicon import Lexicon, words
from commerce.understanding.model import Context
from commerce.understanding.phrasebook import Phrasebook
from commerce.understanding.reading import Reading

_FRENCH = re.compile(r"\d{5}\Z")
_CANADIAN = (re.compile(r"[a-z]\d[a-z]\Z"), re.compile(r"\d[a-z]\d\Z"))
_CANADIAN_JOINED = re.compile(r"([a-z]\d[a-z])(\d[a-z]\d)\Z")
_BRITISH = (re.compile(r"[a-z]{1,2}\d[a-z\d]?\Z"), re.compile(r"\d[a-z]{2}\Z"))
_LONGEST = 5  # tokens of a place name


@dataclass(frozen=True, slots=True)
class Where:
    """A place named: at most one of each, as the store is called or as the shopper typed it."""

    store: str | None = None
    place: str | None = None
    postcode: str | None = None


def read_place(reading: Reading, lexicon: Lexicon, book: Phrasebook, context: Context) -> Where:
    """Find the place a message names and mark its tokens ``place``."""
    postcode = _postcode(reading)
    store = _store(reading, book, context)
    place = _city(reading, book, context) or _capitalised(reading, book)
    return Where(store, place, postcode)


def answered_place(reading: Reading, book: Phrasebook) -> str | None:
    """What a message leaves as a place name when a place was asked for: its unexplained words as typed."""
    taken = [
        place
        for place, token in enumerate(reading.tokens)
        if token.text.isalpha() and (not reading.marks[place] or reading.marks[place] == "place")
    ]
    while taken and (reading.text(taken[0]) in book.sets["before_place"] or reading.text(taken[0]) in book.grammar):
        taken.pop(0)
    while taken and reading.text(taken[-1]) in book.grammar:
        taken.pop()
    if not taken or len(taken) > _LONGEST or taken != list(range(taken[0], taken[-1] + 1)):
        return None
    reading.mark(taken, "place")
    return reading.typed(taken[0], taken[-1] + 1) or None


def _postcode(reading: Reading) -> str | None:
    for place, token in enumerate(reading.tokens):
        if not reading.free(place):
            continue
        text, following = token.text, reading.text(place + 1)
        if _FRENCH.match(text):
            reading.mark((place,), "place")
            return text
        joined = _CANADIAN_JOINED.match(text)
        if joined:
            reading.mark((place,), "place")
            return f"{joined[1]} {joined[2]}".upper()
        for outward, inward in (_CANADIAN, _BRITISH):
            if outward.match(text) and inward.match(following) and reading.free(place, place + 2):
                reading.mark((place, place + 1), "place")
                return f"{text} {following}".upper()
    return None


def _store(reading: Reading, book: Phrasebook, context: Context) -> str | None:
    """The store of the context whose own words (its name without its city) the message holds."""
    best: tuple[int, str, range] | None = None
    for store in context.stores:
        city = set(words(store.city))
        name = words(store.name)
        own = [word for word in name if word not in city and word not in book.sets["generic_in_store_name"]] or name
        for start in range(len(reading.tokens) - len(own) + 1):
            span = range(start, start + len(own))
            if all(
                reading.marks[place] in ("", "cue") and _same_word(reading.text(place), word)
                for place, word in zip(span, own, strict=True)
            ) and (best is None or len(own) > best[0]):
                best = (len(own), store.name, span)
    if best is None:
        return None
    reading.mark(best[2], "place")
    for place in (best[2].start - 1, best[2].stop):
        if 0 <= place < len(reading.tokens) and any(
            reading.text(place) in words(store.city) for store in context.stores if store.name == best[1]
        ):
            reading.mark((place,), "place")
    return best[1]


def _same_word(typed: str, word: str) -> bool:
    return typed == word or (len(word) >= 6 and OSA.distance(typed, word, score_cutoff=1) <= 1)


def _city(reading: Reading, book: Phrasebook, context: Context) -> str | None:
    known = {*book.cities, *(" ".join(words(store.city)) for store in context.stores if store.city)}
    for start in range(len(reading.tokens)):
        for end in range(min(start + 4, len(reading.tokens)), start, -1):
            if not set(reading.marks[start:end]) <= {"", "cue"} or reading.phrase(start, end) not in known:
                continue
            raw = reading.tokens[start].raw
            capital = raw[:1].isupper() and not reading.shouted and start > 0
            whole = start == 0 and end == len(reading.tokens) and context.pending in ("city", "store")
            led = start > 0 and reading.text(start - 1) in book.sets["at"]
            if led or capital or whole:
                reading.mark(range(start, end), "place")
                return reading.typed(start, end)
    return None


def _capitalised(reading: Reading, book: Phrasebook) -> str | None:
    """An unknown place after "à" or "in", told by its capital: "à Tulle", "in Milton Keynes"."""
    if reading.shouted:
        return None
    for place in range(1, len(reading.tokens)):
        if reading.text(place - 1) not in book.sets["strictly_at"] or not _is_name(reading, place):
            continue
        if reading.text(place) in book.grammar | book.sets["no_place"]:
            continue
        end = place + 1
        while end < len(reading.tokens) and end - place < _LONGEST and reading.free(end):
            same_run = reading.tokens[end].chunk == reading.tokens[end - 1].chunk
            linking = reading.text(end) in book.sets["within_place_name"] and _is_name(reading, end + 1)
            if not (same_run or linking or _is_name(reading, end)):
                break
            end += 1
        reading.mark(range(place, end), "place")
        return reading.typed(place, end)
    return None


def _is_name(reading: Reading, place: int) -> bool:
    if not 0 <= place < len(reading.tokens) or not reading.free(place):
        return False
    token = reading.tokens[place]
    return len(token.text) > 2 and token.text.isalpha() and token.raw[:1].isupper()
