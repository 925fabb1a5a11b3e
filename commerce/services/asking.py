"""A line typed into a search box, on whatever door, becomes the request that a conversation would make of it."""

from __future__ import annotations

from dataclasses import replace

from commerce.domain.search import Filters, SearchRequest
from commerce.lexicon import Lexicon
from commerce.ports import TextIndex
from commerce.services.wishes import request, wish_of
from commerce.understanding import Context, understand


class Asking:
    """Reads what is certain out of the words (kind, colour, size, price…) and leaves the rest to the text index."""

    def __init__(self, lexicon: Lexicon, text_index: TextIndex, currency: str) -> None:
        self._lexicon, self._text_index, self._currency = lexicon, text_index, currency

    def request(
        self, words: str, *, language: str, limit: int, offset: int = 0, filters: Filters | None = None
    ) -> SearchRequest:
        """`filters` were chosen beside the words: they narrow further what the words say."""
        understood = understand(
            words,
            language=language,
            lexicon=self._lexicon,
            context=Context(currency=self._currency),
            known_words=self._text_index,
        )
        asked = request(self._lexicon, wish_of(understood.slots), language, limit=limit, offset=offset)
        if not asked.words:
            asked = replace(asked, words=words)
        return asked if filters is None else replace(asked, filters=both(asked.filters, filters))


def both(said: Filters, chosen: Filters) -> Filters:
    """All conditions of the two. Where they contradict each other, what was chosen counts."""
    return Filters(
        categories=_narrower(said.categories, chosen.categories),
        colours=_narrower(said.colours, chosen.colours),
        without_colours=said.without_colours | chosen.without_colours,
        genders=_narrower(said.genders, chosen.genders),
        sizes=_narrower(said.sizes, chosen.sizes),
        price_min_minor=_larger(said.price_min_minor, chosen.price_min_minor),
        price_max_minor=_smaller(said.price_max_minor, chosen.price_max_minor),
        store_ids=_narrower(said.store_ids, chosen.store_ids),
        in_stock=said.in_stock or chosen.in_stock,
        product_ids=chosen.product_ids if said.product_ids is None else said.product_ids,
    )


def _narrower(said: frozenset[str], chosen: frozenset[str]) -> frozenset[str]:
    return (said & chosen or chosen) if said and chosen else said or chosen


def _larger(said: int | None, chosen: int | None) -> int | None:
    return max((value for value in (said, chosen) if value is not None), default=None)


def _smaller(said: int | None, chosen: int | None) -> int | None:
    return min((value for value in (said, chosen) if value is not None), default=None)
