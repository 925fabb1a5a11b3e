"""From a message to what it wants: read prices, phrases, traits, sizes, places and references, then decide."""

from __future__ import annotations

from collections.abc import Container
from typing import get_args

from commerce.lexicon import Kind, Lexicon
from commerce.understanding.amounts import read_prices
from commerce.understanding.attributes import Attributes, read_attributes
from commerce.understanding.intents import Situation, decide
from commerce.understanding.language import Spoken, detect
from commerce.understanding.model import (
    Context,
    Intent,
    Language,
    PriceWish,
    Side,
    SizeWish,
    Slots,
    Trouble,
    Understood,
)
from commerce.understanding.mood import is_angry
from commerce.understanding.phrasebook import Phrasebook, phrasebook
from commerce.understanding.places import Where, answered_place, read_place
from commerce.understanding.quoted import read_order_number, read_percent, read_promo_code
from commerce.understanding.reading import Reading, read
from commerce.understanding.references import read_references
from commerce.understanding.scanning import scan
from commerce.understanding.sizes import read_quantity, read_sizes

LONGEST_TEXT = 2_000  # characters read of a message; what lies beyond is ignored
_MOST_WORDS = 32  # left over for the text search
_SIDES: tuple[Side, ...] = get_args(Side)
# Marks of the tokens that stay in Slots.query.
_SOUGHT = frozenset(get_args(Kind))


def understand(
    text: str, *, language: str, lexicon: Lexicon, context: Context, known_words: Container[str] = ()
) -> Understood:
    """What a message wants. Pure, deterministic, raises for no text at all; reads LONGEST_TEXT characters.

    ``language`` is the one known so far (profile, else locale), kept where the message does not tell. Words in
    ``known_words`` (folded; for example those of the catalogue) are never taken for a typo of a control word.
    """
    default: Language = "fr" if language.startswith("fr") else "en"
    text = text[:LONGEST_TEXT]
    book = phrasebook()
    reading = read(text)
    on_table = frozenset(item.price_minor for items in context.shown for item in items if item.price_minor is not None)
    prices = read_prices(reading, book, context.currency, on_table)
    names_awaited = context.pending in ("city", "store", "name")
    scan(reading, lexicon, book, known_words, names_awaited=names_awaited)
    spoken = detect(text, reading, lexicon, book, default)
    order_number = read_order_number(reading)
    promo_code = read_promo_code(reading, book)
    percent = read_percent(reading, book)
    named = read_attributes(reading, lexicon, book, spoken.language)
    switch_to = _switch(reading, book)
    sizes = read_sizes(reading, lexicon, book, context, named)
    quantity = read_quantity(reading, book)
    pointed = read_references(reading, lexicon, book, context, named, prices)
    _mark_cues(reading)
    where = read_place(reading, lexicon, book, context)
    price_max = prices.maximum
    if prices.bare is not None and price_max is None and not pointed.references:
        price_max = prices.bare  # "une robe à 60 €" is one up to 60 €
    place, answered = where.place, False
    nowhere = where == Where()
    if context.pending in ("city", "store") and nowhere and not _has_intent(reading):
        place = answered_place(reading, book)
        answered = place is not None
    categories = named.all("category")
    slots = Slots(
        category=named.first("category"),
        also_categories=categories[1:],
        categories_excluded=named.no("category"),
        colours=() if pointed.by_colour else named.all("colour"),
        colours_excluded=named.no("colour"),
        sizes=sizes,
        size_wish=_size_wish(reading),
        price_min_minor=prices.minimum,
        price_max_minor=price_max,
        price_wish=_price_wish(reading, context, bool(pointed.references)),
        price_currency=prices.currency,
        gender=named.first("gender"),
        materials=named.all("material"),
        materials_excluded=named.no("material"),
        patterns=named.all("pattern"),
        patterns_excluded=named.no("pattern"),
        sleeve=named.first("sleeve"),
        length=named.first("length"),
        fit=named.first("fit"),
        occasion=named.first("occasion"),
        season=named.first("season"),
        references=pointed.references,
        refers_to_focus=pointed.to_focus,
        side=next((side for side in _SIDES if reading.has(f"side_{side}")), None),
        quantity=quantity,
        store=where.store,
        place=place,
        postcode=where.postcode,
        near_me=reading.has("near_me"),
        in_my_size=reading.has("in_my_size"),
        order_number=order_number,
        promo_code=promo_code,
        switch_to=switch_to,
        words=_left_over(reading, book, named),
        query=_query(reading, book),
    )
    if len(reading.tokens) == 1 and reading.text(0) in book.sets["stop_alone"]:
        intent = Intent.STOP_MESSAGES
    else:
        intent = decide(Situation(reading, slots, context, answered, percent, known_words))
    return _understood(intent, spoken, slots, reading, angry=is_angry(text))


def _understood(intent: Intent, spoken: Spoken, slots: Slots, reading: Reading, *, angry: bool) -> Understood:
    return Understood(
        intent=intent,
        language=spoken.language,
        confidence=spoken.confidence,
        is_mixed=spoken.mixed,
        slots=slots,
        greeted=intent is not Intent.GREET and reading.has("greet"),
        thanked=intent is not Intent.THANKS and reading.has("thanks"),
        corrected=tuple(reading.corrected.items()),
        trouble=_trouble(reading),
        angry=angry,
    )


def _trouble(reading: Reading) -> Trouble:
    if reading.has("paid_twice"):
        return "paid_twice"
    return "missing" if reading.has("not_arrived") else "wrong"


def _switch(reading: Reading, book: Phrasebook) -> Language | None:
    """The language asked for, if one is. The bare name of a language asks for it only when nothing else is said."""
    for match in reading.matches:
        for cue, language in (("switch_to_fr", "fr"), ("switch_to_en", "en")):
            if cue in match.cues and (match.phrase not in book.sets["language_names"] or len(reading.tokens) == 1):
                return "fr" if language == "fr" else "en"
    return None


def _size_wish(reading: Reading) -> SizeWish | None:
    if reading.has("larger"):
        return "larger"
    return "smaller" if reading.has("smaller") else None


def _price_wish(reading: Reading, context: Context, picked: bool) -> PriceWish | None:
    if reading.has("cheaper"):
        return "cheaper" if context.shown or context.focus else "cheap"
    if reading.has("cheap") or (reading.has("cheapest") and not picked):
        return "cheap"
    if reading.has("dearer") or (reading.has("dearest") and not picked):
        return "dearer"
    return None


def _mark_cues(reading: Reading) -> None:
    for match in reading.matches:
        if match.cues:
            reading.mark((place for place in range(match.start, match.end) if reading.free(place)), "cue")


def _has_intent(reading: Reading) -> bool:
    """Whether a cue of an intent other than politeness was found."""
    polite = {
        "yes",
        "no",
        "thanks",
        "greet",
        "seek",
        "short_size_lead",
        "size_lead",
        "exclude",
        "instead",
        "near_me",
        "passing",
    }
    return any(match.cues - polite for match in reading.matches)


def _left_over(reading: Reading, book: Phrasebook, named: Attributes) -> tuple[str, ...]:
    """The folded words nothing explains, in order, once each; a word after "sans" that we do not know is dropped."""
    found: dict[str, None] = {}
    refusing = {match.end for match in reading.matches if "exclude" in match.cues}
    for place, token in enumerate(reading.tokens):
        if reading.marks[place] or place in refusing or len(found) >= _MOST_WORDS:
            continue
        if len(token.text) > 1 and token.text not in book.grammar and not token.elided:
            found.setdefault(token.text)
    return tuple(found)


def _query(reading: Reading, book: Phrasebook) -> str:
    """The words that say what is sought, as typed and in order."""
    kept: dict[int, str] = {}
    for place, token in enumerate(reading.tokens):
        mark = reading.marks[place]
        wanted = mark in _SOUGHT or (not mark and len(token.text) > 1 and token.text not in book.grammar)
        if wanted and not token.elided:
            kept.setdefault(token.chunk, reading.typed(place, place + 1))
    return " ".join(kept.values())
