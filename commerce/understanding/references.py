"""References to what was shown: "the second one", "la robe à 59", "celle en rouge", "n° 3", "la même"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from commerce.domain.money import exponent
from commerce.lexicon import Lexicon, singular, words
from commerce.understanding.amounts import Prices
from commerce.understanding.attributes import Attributes
from commerce.understanding.model import Context, Reference, Shown
from commerce.understanding.phrasebook import Phrasebook
from commerce.understanding.reading import Reading

_ACTIONS = frozenset(
    {
        "reserve",
        "add_to_cart",
        "take",
        "similar",
        "details",
        "find_in_store",
        "cancel_reservation",
        "extend_reservation",
        "compare",
        "return_item",
        "exchange_item",
        "remove_from_cart",
        "save_for_later",
    }
)
_MOST = 4  # products one message may point at


@dataclass(frozen=True, slots=True)
class Pointed:
    """What a message points at. ``by_colour``: a colour in it served to point, and is not a wish."""

    references: tuple[Reference, ...] = ()
    to_focus: bool = False
    by_colour: bool = False


def read_references(
    reading: Reading, lexicon: Lexicon, book: Phrasebook, context: Context, named: Attributes, prices: Prices
) -> Pointed:
    """Resolve references against the lists shown, the newest first; their tokens are marked ``reference``."""
    to_focus = context.focus is not None and _at_focus(reading, book)
    if context.pending in ("city", "store", "name"):
        return Pointed((), to_focus)
    category = named.first("category")
    found = list(dict.fromkeys(_positions(reading, lexicon, book, context, category)))
    if not found and reading.has("cheapest", "dearest") and context.shown:
        extreme = _extreme(lexicon, context, category, cheapest=reading.has("cheapest"))
        if extreme is not None:
            return Pointed((extreme,), to_focus)
    if found or not context.shown:
        return Pointed(tuple(found[:_MOST]), to_focus)
    described = _described(reading, lexicon, book, context, named, prices)
    if described is not None:
        return replace(described, to_focus=to_focus)
    if not to_focus and reading.has("focus") and len(context.shown[0]) == 1:
        return Pointed((Reference(0, 0),))
    return Pointed((), to_focus)


def _positions(
    reading: Reading, lexicon: Lexicon, book: Phrasebook, context: Context, category: str | None
) -> Iterator[Reference]:
    comparing = reading.has("compare")
    content = [p for p, t in enumerate(reading.tokens) if not reading.marks[p] and t.text not in book.grammar]
    for place, token in enumerate(reading.tokens):
        if not reading.free(place):
            continue
        if token.text in book.ordinals:
            count = _count_of_firsts(reading, book, place)
            if count:
                reading.mark((place,), "reference")
                yield from filter(None, (_nth(lexicon, context, category, number) for number in range(1, count + 1)))
                continue
            reference = _nth(lexicon, context, category, book.ordinals[token.text])
        elif token.text.isdecimal() and len(token.text) <= 2 and int(token.text) > 0:
            numbered = reading.text(place - 1) in book.sets["numbering"] or comparing or content == [place]
            reference = _nth(lexicon, context, category, int(token.text)) if numbered else None
        else:
            continue
        if reference is not None:
            reading.mark((place,), "reference")
            yield reference


def _count_of_firsts(reading: Reading, book: Phrasebook, place: int) -> int:
    """How many "the first two", "les deux premières" are; 0 for a plain ordinal."""
    if book.ordinals[reading.text(place)] != 1:
        return 0
    for beside in (place - 1, place + 1):
        count = book.cardinals.get(reading.text(beside), 0)
        if beside >= 0 and 2 <= count <= _MOST:
            reading.mark((beside,), "reference")
            return count
    return 0


def _nth(lexicon: Lexicon, context: Context, category: str | None, number: int) -> Reference | None:
    """The product at a position of the newest list that has so many (of that category).

    Positions count from 1; 0 is the last, -1 the middle.
    """
    for back, shown in enumerate(context.shown):
        places = [p for p, item in enumerate(shown) if category is None or _is_kind(lexicon, item, category)]
        if not places:
            continue
        if number <= 0:
            return Reference(back, places[-1] if number == 0 else places[len(places) // 2])
        if number <= len(places):
            return Reference(back, places[number - 1])
    return None


def _extreme(lexicon: Lexicon, context: Context, category: str | None, *, cheapest: bool) -> Reference | None:
    for back, shown in enumerate(context.shown):
        priced = [
            (item.price_minor, place)
            for place, item in enumerate(shown)
            if item.price_minor is not None and (category is None or _is_kind(lexicon, item, category))
        ]
        if priced:
            return Reference(back, min(priced)[1] if cheapest else max(priced, key=lambda pair: pair[0])[1])
    return None


def _described(
    reading: Reading, lexicon: Lexicon, book: Phrasebook, context: Context, named: Attributes, prices: Prices
) -> Pointed | None:
    """The one product shown that the description fits, where the message speaks of a definite one."""
    if not _is_definite(reading, book, named, prices):
        return None
    category, colours = named.first("category"), named.all("colour")
    title_words = {
        singular(word)
        for kind in ("material", "pattern")
        for start, end, of_kind, _ in named.places
        if of_kind == kind
        for word in reading.phrase(start, end).split()
        if len(word) > 2
    }
    if category is None and not colours and prices.bare is None and not title_words:
        return None
    for back, shown in enumerate(context.shown):
        fitting = [
            place
            for place, item in enumerate(shown)
            if (category is None or _is_kind(lexicon, item, category))
            and (not colours or _has_colour(lexicon, item, colours))
            and (prices.bare is None or _costs(item, prices.bare, context.currency))
            and (not title_words or title_words <= set(map(singular, words(item.title))))
        ]
        exact = [place for place in fitting if shown[place].colour in colours]
        if len(fitting) > 1 and len(exact) == 1:
            fitting = exact
        if len(fitting) == 1:
            return Pointed((Reference(back, fitting[0]),), False, bool(colours))
        if fitting:
            return None
    return None


def _is_definite(reading: Reading, book: Phrasebook, named: Attributes, prices: Prices) -> bool:
    if any(token.text in book.sets["pronoun_heads"] for token in reading.tokens):
        return True
    starts = {start for start, _, kind, _ in named.places if kind in ("category", "colour", "material")}
    starts.update(prices.bare_places[:1])
    return any(reading.text(start - 1) in book.sets["definite"] for start in starts)


def _at_focus(reading: Reading, book: Phrasebook) -> bool:
    pronouns = book.sets["pronouns"]
    if reading.has("focus", "same") or any(token.text in book.sets["it"] for token in reading.tokens):
        return True
    for place, token in enumerate(reading.tokens):
        if token.text in pronouns and reading.text(place + 1) in book.sets["having"]:
            return True
    for match in reading.matches:
        if match.cues.isdisjoint(_ACTIONS):
            continue
        if pronouns & set(match.phrase.split()[:-1]):
            return True
        if reading.text(match.start - 1) in pronouns and match.start > 0:
            return True
        if reading.text(match.end) in pronouns and reading.tokens[match.end].hyphen_before:
            return True
    return False


def _is_kind(lexicon: Lexicon, item: Shown, category: str) -> bool:
    return item.category is not None and (
        item.category in lexicon.kin(category) or category in lexicon.kin(item.category)
    )


def _has_colour(lexicon: Lexicon, item: Shown, colours: Iterable[str]) -> bool:
    if item.colour is None:
        return False
    families = {lexicon.colour_family(colour) for colour in colours}
    return item.colour in colours or lexicon.colour_family(item.colour) in families


def _costs(item: Shown, minor: int, currency: str) -> bool:
    """Whether a product costs this, cents left out being allowed ("59" for 59,90)."""
    unit = 10 ** exponent(currency)
    if item.price_minor is None:
        return False
    return item.price_minor == minor or (minor % unit == 0 and item.price_minor // unit == minor // unit)
