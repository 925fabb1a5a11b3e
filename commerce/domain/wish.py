"""What a shopper wishes for: a value that grows over several messages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wish:
    """What the shopper is looking for, grown over several messages. Keys are the lexicon's, amounts minor units."""

    words: tuple[str, ...] = ()  # what no key explains
    query: str = ""  # as typed, while nothing was refined
    categories: tuple[str, ...] = ()
    without_categories: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    without_colours: tuple[str, ...] = ()
    gender: str = ""
    sizes: tuple[str, ...] = ()
    price_min_minor: int | None = None
    price_max_minor: int | None = None
    materials: tuple[str, ...] = ()
    without_materials: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    without_patterns: tuple[str, ...] = ()
    sleeve: str = ""
    length: str = ""
    fit: str = ""
    occasion: str = ""
    season: str = ""
    cheapest_first: bool = False
    similar_to: int = 0  # by the looks of this product
    by_photo: bool = False  # by the photo in the session
