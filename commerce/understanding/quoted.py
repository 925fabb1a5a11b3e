"""Numbers and codes that people quote: "commande n° 1043", "code PRINTEMPS10", "50 %". Their tokens are marked."""

from __future__ import annotations

import re

from commerce.understanding.phrasebook import Phrasebook
from commerce.understanding.reading import Match, Reading

_ORDER_LEADS = frozenset(
    {"order_status", "cancel_order", "return_item", "exchange_item", "problem", "withdraw", "checkout"}
)
_CODE = re.compile(r"[^\W_](?:[^\W_]|[-_.]){2,39}\Z")
_AROUND = ".,;:!?\"'«»“”()[]"
_MOST_PERCENT = 100


def read_order_number(reading: Reading) -> str | None:
    """The number after "commande n°" or "order #"."""
    for match in reading.matches:
        if match.cues.isdisjoint(_ORDER_LEADS):
            continue
        for place in range(match.end, min(match.end + 4, len(reading.tokens))):
            text = reading.text(place)
            if text.isdecimal() and 2 <= len(text) <= 12 and reading.free(place):
                reading.mark((place,), "order")
                return text
    return None


def read_promo_code(reading: Reading, book: Phrasebook) -> str | None:
    """The code after "code promo", "voucher" or a mere "code", as typed; what its letters would mean is forgotten.

    After a mere "code" only what looks like one counts: a digit in it, or capitals where the rest has none.
    """
    for match in reading.matches:
        if match.cues.isdisjoint(("use_code", "code")) and match.phrase not in book.sets["code_things"]:
            continue
        place = match.end
        while reading.text(place) in book.sets["before_code"]:
            place += 1
        if place >= len(reading.tokens) or reading.text(place) in book.sets["no_code"]:
            continue
        token = reading.tokens[place]
        typed = token.raw.strip(_AROUND)
        places = [p for p, other in enumerate(reading.tokens) if other.chunk == token.chunk]
        if places[0] != place or not _CODE.match(typed) or not _is_code(reading, book, match, place, typed):
            continue
        taken = {*places, *(range(match.start, match.end) if match.senses else ())}  # a voucher is no product here
        reading.mark(taken, "code")
        reading.matches = [other for other in reading.matches if other.start not in taken]
        return typed
    return None


def _is_code(reading: Reading, book: Phrasebook, match: Match, place: int, typed: str) -> bool:
    has_digit = any(sign.isdecimal() for sign in typed)
    if typed.isdecimal():
        return "use_code" in match.cues and place == match.end
    if has_digit or (typed.isupper() and not reading.shouted):
        return True
    last = reading.tokens[place].chunk == reading.tokens[-1].chunk
    known = reading.text(place) in book.grammar or any(other.start == place for other in reading.matches)
    return "use_code" in match.cues and last and not known


def read_percent(reading: Reading, book: Phrasebook) -> bool:
    """Whether part of a price is named: "50 %", "20 percent off", "20 pour cent"."""
    for place, token in enumerate(reading.tokens):
        if not (token.text.isdecimal() and len(token.text) < 4 and 0 < int(token.text) <= _MOST_PERCENT):
            continue
        after = reading.text(place + 1)
        size = 2 if (after, reading.text(place + 2)) == ("pour", "cent") else 1 if after in book.sets["percent"] else 0
        if size and reading.free(place):
            reading.mark(range(place, place + 1 + size), "percent")
            return True
    return False
