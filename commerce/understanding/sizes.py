"""Sizes: "en 38", "taille M", "size 10", "et en 42 ?", "W32 L34", "36/38", "8 ans"; and how many are wanted."""

from __future__ import annotations

import re

from commerce.lexicon import Lexicon
from commerce.understanding.attributes import Attributes
from commerce.understanding.model import Context
from commerce.understanding.phrasebook import Phrasebook
from commerce.understanding.reading import Reading

_NUMBER = re.compile(r"\d{1,3}(?:[.,]5)?\Z")
_PAIR = re.compile(r"(\d{2})[/x](\d{2})\Z")
_WAIST = re.compile(r"w(\d{2})\Z")
_LENGTH = re.compile(r"l(\d{2})\Z")
_WAIST_LENGTH = re.compile(r"w(\d{2})l(\d{2})\Z")
_BRA = re.compile(r"\d{2,3}[a-g]\Z")
_LETTER_PAIR = re.compile(r"x{0,3}[sml]/x{0,3}[sml]\Z", re.IGNORECASE)
_LETTERED = frozenset({"xxs", "xs", "xl", "xxl", "xxxl", "2xs", "2xl", "3xl", "4xl", "5xl", "xxxxl"})
_LARGEST = 64
_SMALLEST_BARE = 16
_SMALLEST_SHOE = 3  # in British and American sizes
_MOST = 20  # of one thing at once; above it a number is something else


def read_sizes(
    reading: Reading, lexicon: Lexicon, book: Phrasebook, context: Context, named: Attributes
) -> tuple[str, ...]:
    """The sizes of a message, as labels, their tokens marked ``size``."""
    category = named.first("category") or (context.focus.category if context.focus else None)
    system = lexicon.category(category).sizes if category and lexicon.knows("category", category) else None
    sized_thing = bool(named.first("category")) and system not in (None, "one_size")
    leads = {m.end: m for m in reading.matches if m.cues & {"size_lead", "short_size_lead"}}
    firmly_led = {end for end, match in leads.items() if "size_lead" in match.cues}
    asked = context.pending == "size"
    offered = frozenset(context.focus.sizes if context.focus else ())
    content = _content(reading, book)
    only_numbers = context.focus is not None and all(_NUMBER.match(reading.text(place)) for place in content)
    swapping = reading.has("exchange_item")
    found: list[str] = []
    place, after_size = 0, -1
    while place < len(reading.tokens):
        if not reading.free(place):
            place += 1
            continue
        led = place in leads or place == after_size
        led = led or (swapping and reading.text(place - 1) in book.sets["articles"])  # "l'échanger contre un 40"
        firm = asked or place in firmly_led or (led and sized_thing)
        label, end = _at(reading, book, place, system, led=led or asked, alone=len(content) == 1)
        if label is None:
            label, end = _number(reading, book, place, system, firm=firm, led=led, offered=offered, alone=only_numbers)
        if label is None:
            place += 1
            continue
        found.append(label)
        reading.mark(range(place, end), "size")
        if place in leads:
            reading.mark(range(leads[place].start, leads[place].end), "size")
        place = end
        if reading.text(place) in book.sets["joining"]:
            after_size = place + 1
    return tuple(dict.fromkeys(found))


def read_quantity(reading: Reading, book: Phrasebook) -> int | None:
    """How many are wanted: "deux chemises", "2 t-shirts blancs", "mets-en 2". Marks the token."""
    for place, token in enumerate(reading.tokens):
        if not reading.free(place) or token.elided:
            continue
        digits = token.text.isdecimal() and len(token.text) < 3
        count = int(token.text) if digits else book.cardinals.get(token.text, 0)
        if not 2 <= count <= _MOST or (place and reading.text(place - 1) in book.sets["before_position"]):
            continue
        before_thing = place + 1 < len(reading.tokens) and reading.marks[place + 1] in ("category", "colour")
        of_them = reading.text(place + 1) == "of" and reading.text(place + 2) in book.sets["it"]
        if before_thing or of_them or _is_added(reading, place):
            reading.mark((place,), "quantity")
            return count
    return None


def _is_added(reading: Reading, place: int) -> bool:
    """Whether a number stands beside words that put something into the cart: "mets-en 2", "two in my basket"."""
    for match in reading.matches:
        if match.end == place and not match.cues.isdisjoint(("add_to_cart", "quantity_lead")):
            return True
        if match.start == place + 1 and "add_to_cart" in match.cues:
            return True
    return False


def _content(reading: Reading, book: Phrasebook) -> set[int]:
    """The places of tokens that are neither grammar nor a lead to a size."""
    leading = [m for m in reading.matches if m.cues & {"size_lead", "short_size_lead", "seek"}]
    leads = {place for match in leading for place in range(match.start, match.end)}
    return {
        place
        for place, token in enumerate(reading.tokens)
        if place not in leads and (token.text not in book.grammar or (token.text in "sml" and token.alone))
    }


def _at(
    reading: Reading, book: Phrasebook, place: int, system: str | None, *, led: bool, alone: bool
) -> tuple[str | None, int]:
    """A size that shows itself as one at this place, and where it ends."""
    token, text, following = reading.tokens[place], reading.text(place), reading.text(place + 1)
    years = book.sets["years"]
    both = _WAIST_LENGTH.match(text)
    if both:
        return f"W{both[1]} L{both[2]}", place + 1
    waist = _WAIST.match(text)
    if waist:
        length = _LENGTH.match(following)
        return (f"W{waist[1]} L{length[1]}", place + 2) if length else (f"W{waist[1]}", place + 1)
    pair = _PAIR.match(text)
    if pair and int(pair[1]) <= _LARGEST and int(pair[2]) <= _LARGEST:
        if system == "waist" or not 0 < int(pair[2]) - int(pair[1]) <= 2:
            return f"W{pair[1]} L{pair[2]}", place + 1
        return text, place + 1
    if (
        text.isdecimal()
        and len(text) < 3
        and following in years | book.sets["months"]
        and place + 1 < len(reading.tokens)
    ):
        return f"{int(text)}{'Y' if following in years else 'M'}", place + 2
    if _LETTER_PAIR.match(token.raw.strip("?.!,;")):
        return token.raw.strip("?.!,;").upper(), place + 2
    two = f"{text} {following}"
    if two in book.sets["one_size"] or (led and two in book.size_words and reading.free(place, place + 2)):
        return book.size_words.get(two, "One size"), place + 2
    if text in _LETTERED or (_BRA.match(text) and (system == "letters" or led)):
        return book.size_words.get(text, text.upper()), place + 1
    if text in book.size_words and token.alone:
        capital = len(text) == 1 and token.raw[:1].isupper() and not reading.shouted and place > 0
        if led or capital or (alone and len(text) == 1):
            return book.size_words[text], place + 1
    return None, place


def _number(
    reading: Reading,
    book: Phrasebook,
    place: int,
    system: str | None,
    *,
    firm: bool,
    led: bool,
    offered: frozenset[str],
    alone: bool,
) -> tuple[str | None, int]:
    """A number that its surroundings make a size, and where it ends."""
    text = reading.text(place)
    if (
        not _NUMBER.match(text)
        or any(reading.text(place + 1) in book.sets[unit] for unit in ("years", "months", "other_time"))
        or reading.tokens[place].hyphen_before
    ):
        return None, place
    value = float(text.replace(",", "."))
    label = text.replace(",", ".")
    if value > _LARGEST:
        return None, place
    if firm or (label in offered and (led or alone)):
        return label, place + 1
    before = reading.marks[place - 1] if place else ""
    if value < (_SMALLEST_SHOE if system == "eu_shoes" and before in ("category", "colour") else _SMALLEST_BARE):
        return None, place
    if led or alone:
        return label, place + 1
    if before in ("category", "colour", "gender", "pattern", "fit", "length") and system not in (None, "one_size"):
        return label, place + 1
    return None, place
