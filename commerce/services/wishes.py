"""From what the shopper said to what is searched for: a wish grows over several messages. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from commerce.domain.search import Filters, SearchRequest
from commerce.domain.wish import Wish
from commerce.understanding import Slots

if TYPE_CHECKING:
    from commerce.lexicon import Kind, Lexicon

# Who shops for one of these also takes what is made for everybody.
_FOR_ALL = {
    "women": ("unisex",),
    "men": ("unisex",),
    "girls": ("kids", "unisex"),
    "boys": ("kids", "unisex"),
    "kids": ("girls", "boys", "unisex"),
}


def wish_of(slots: Slots) -> Wish:
    """A new wish."""
    return Wish(
        words=slots.words,
        query=slots.query,
        categories=_categories(slots),
        without_categories=slots.categories_excluded,
        colours=slots.colours,
        without_colours=slots.colours_excluded,
        gender=slots.gender or "",
        sizes=slots.sizes,
        price_min_minor=slots.price_min_minor,
        price_max_minor=slots.price_max_minor,
        materials=slots.materials,
        without_materials=slots.materials_excluded,
        patterns=slots.patterns,
        without_patterns=slots.patterns_excluded,
        sleeve=slots.sleeve or "",
        length=slots.length or "",
        fit=slots.fit or "",
        occasion=slots.occasion or "",
        season=slots.season or "",
        cheapest_first=slots.price_wish == "cheap",
    )


def refined(wish: Wish, slots: Slots) -> Wish:
    """The wish with what the message changes: a new colour stands in place of the old one, a "not red" is added."""
    new = wish_of(slots)
    price_min, price_max = wish.price_min_minor, wish.price_max_minor
    if new.price_min_minor is not None or new.price_max_minor is not None:
        price_min, price_max = new.price_min_minor, new.price_max_minor
    return replace(
        wish,
        query="",
        words=tuple(dict.fromkeys((*wish.words, *new.words))),
        categories=new.categories or _minus(wish.categories, new.without_categories),
        without_categories=_plus(_minus(wish.without_categories, new.categories), new.without_categories),
        colours=new.colours or _minus(wish.colours, new.without_colours),
        without_colours=_plus(_minus(wish.without_colours, new.colours), new.without_colours),
        gender=new.gender or wish.gender,
        sizes=new.sizes or wish.sizes,
        price_min_minor=price_min,
        price_max_minor=price_max,
        materials=new.materials or _minus(wish.materials, new.without_materials),
        without_materials=_plus(_minus(wish.without_materials, new.materials), new.without_materials),
        patterns=new.patterns or _minus(wish.patterns, new.without_patterns),
        without_patterns=_plus(_minus(wish.without_patterns, new.patterns), new.without_patterns),
        sleeve=new.sleeve or wish.sleeve,
        length=new.length or wish.length,
        fit=new.fit or wish.fit,
        occasion=new.occasion or wish.occasion,
        season=new.season or wish.season,
        cheapest_first=new.cheapest_first or wish.cheapest_first,
    )


def without(wish: Wish, condition: str) -> Wish:
    """The wish without one of its conditions, named as SearchAnswer.broken names them."""
    match condition:
        case "price":
            return replace(wish, price_min_minor=None, price_max_minor=None)
        case "size":
            return replace(wish, sizes=())
        case "colour":
            return replace(wish, colours=(), without_colours=(), query="")
        case "gender":
            return replace(wish, gender="", query="")
        case "words":
            return replace(wish, words=(), query="", materials=(), patterns=(), sleeve="", length="", fit="")
        case _:
            return wish


def request(lexicon: Lexicon, wish: Wish, language: str, *, limit: int, offset: int = 0) -> SearchRequest:
    """The wish as discovery takes it: keys become conditions, everything else words."""
    wanted = frozenset[str]().union(*(lexicon.kin(category) for category in wish.categories))
    unwanted = frozenset[str]().union(*(lexicon.kin(category) for category in wish.without_categories))
    if unwanted and not wanted:
        wanted = frozenset(lexicon.keys("category"))
    return SearchRequest(
        words=wish.query or composed(lexicon, wish, language),
        language=language,
        filters=Filters(
            categories=wanted - unwanted,
            colours=_shades(lexicon, wish.colours) - frozenset(wish.without_colours),
            without_colours=_shades(lexicon, wish.without_colours),
            genders=frozenset((wish.gender, *_FOR_ALL.get(wish.gender, ()))) if wish.gender else frozenset(),
            sizes=frozenset(size.casefold() for size in wish.sizes),
            price_min_minor=wish.price_min_minor,
            price_max_minor=wish.price_max_minor,
        ),
        limit=limit,
        offset=offset,
    )


def composed(lexicon: Lexicon, wish: Wish, language: str) -> str:
    """The wish in words of ours: « robe lin rouge »."""
    named: tuple[tuple[Kind, tuple[str, ...]], ...] = (
        ("category", wish.categories),
        ("material", wish.materials),
        ("colour", wish.colours),
        ("pattern", wish.patterns),
        ("sleeve", (wish.sleeve,)),
        ("length", (wish.length,)),
        ("fit", (wish.fit,)),
        ("occasion", (wish.occasion,)),
        ("season", (wish.season,)),
    )
    found = [lexicon.label(kind, key, language) for kind, keys in named for key in keys if key in lexicon.keys(kind)]
    return " ".join((*found, *wish.words))


def _categories(slots: Slots) -> tuple[str, ...]:
    return (slots.category, *slots.also_categories) if slots.category else ()


def _shades(lexicon: Lexicon, colours: tuple[str, ...]) -> frozenset[str]:
    """The colours with their shades: who asks for blue may be shown navy."""
    if not colours:
        return frozenset()
    return frozenset(key for key in lexicon.keys("colour") if lexicon.colour_family(key) in colours) | set(colours)


def _minus(kept: tuple[str, ...], gone: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(key for key in kept if key not in gone)


def _plus(kept: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*kept, *more)))
