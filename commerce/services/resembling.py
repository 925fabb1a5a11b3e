"""Products that resemble something: what a photo shows, or another product. Conditions act inside the search."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import exp
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from commerce.domain.money import Money
from commerce.domain.product import Product
from commerce.domain.search import Filters, Found, Hit, SearchAnswer, SearchRequest, Shared, Why
from commerce.lexicon import Kind, Lexicon
from commerce.lexicon import words as folded_words
from commerce.ports import Facets, ImageMatcher, NotSeen, SeenGarment, SeenPhoto, Storage, TextIndex, UnitOfWork
from commerce.services.checking import (
    NEAREST,
    Checked,
    answered,
    check,
    conditions,
    satisfies,
    stores_having,
    widened,
    without,
)
from commerce.services.shuffling import mixed

Ids: TypeAlias = NDArray[np.int64]
_Ask: TypeAlias = Callable[[Filters, str], Sequence[Hit]]
"""Hits for these conditions and words."""

_HITS = 240
_LOOKED_THROUGH = 16  # products of its kind, where the shop cannot see which is like one
_WORD_HITS = 2_000  # products that words may leave for a photo to choose from
_FIRST = 5  # of these it is learned what kind of thing a photo shows
_CLOSER = 0.05  # a product that is closer by this much counts e times as much
_NEIGHBOURS = 12  # one of these must be of the kind that a garment was called, else it was called wrongly
_WORDS = "words"
_SEEN_ALIKE = (Why.EXACT_PICTURE, Why.VERY_CLOSE, Why.CLOSE)
_TRAITS: tuple[tuple[Kind, Shared], ...] = (("material", Shared.MATERIAL), ("pattern", Shared.PATTERN))


class Resembling:
    """A part of `Discovery`, which has the promises."""

    def __init__(
        self, storage: Storage, text_index: TextIndex, facets: Facets, image_matcher: ImageMatcher, lexicon: Lexicon
    ) -> None:
        self._storage = storage
        self._text_index = text_index
        self._facets = facets
        self._image_matcher = image_matcher
        self._lexicon = lexicon

    def to_choose_from(self, photo: SeenPhoto) -> tuple[SeenGarment, ...]:
        """See `Discovery.to_choose_from`."""
        if len(photo.garments) < 2:
            return ()
        with self._storage.read() as uow:
            return () if self._named(uow, photo, Filters()) else photo.garments

    def by_photo(self, photo: SeenPhoto, request: SearchRequest) -> SearchAnswer | NotSeen:
        """See `Discovery.by_photo`."""
        filters = widened(request.filters, self._lexicon)
        with self._storage.read() as uow:
            named = self._named(uow, photo, filters)
        if photo.shows == "other" and named:
            return answered(named, request, "")
        kind = self._kind(photo, request)
        if isinstance(kind, NotSeen):
            return kind
        if kind and not filters.categories and (request.words or not filters.is_empty or photo.kind):
            filters = replace(filters, categories=self._lexicon.kin(kind))
        hits, read_as, unknown = self._like_photo(photo, filters, request, kind)
        if isinstance(hits, NotSeen):
            return hits
        codes = {one.found.product.id for one in named}
        with self._storage.read() as uow:
            checked = _in_stock_first(check(uow, [hit for hit in hits if hit.product_id not in codes], filters))
            answer = answered(named + checked, request, read_as)
            if not answer.found and not request.offset:

                def ask(eased: Filters, words: str) -> Sequence[Hit]:
                    again, _, _ = self._like_photo(photo, eased, replace(request, words=words), kind)
                    return () if isinstance(again, NotSeen) else again

                answer = self._nearest(uow, request, filters, read_as, ask)
        return replace(answer, unknown=unknown)

    def similar(self, product_id: int, request: SearchRequest) -> SearchAnswer:
        """See `Discovery.similar`."""
        with self._storage.read() as uow:
            product = uow.products.get(product_id)
            if product is None:
                return SearchAnswer((), request.words, 0)
            filters = widened(request.filters, self._lexicon)
            if not filters.categories and product.category:
                filters = replace(filters, categories=self._lexicon.kin(product.category))
            allowed, read_as, unknown = self._allowed_by(filters, request.words)
            hits = self._like(uow, product, filters, allowed)
            answer = answered(_in_stock_first(check(uow, hits, filters)), request, read_as)
            if not answer.found and not request.offset:

                def ask(eased: Filters, words: str) -> Sequence[Hit]:
                    return self._like(uow, product, eased, self._allowed_by(eased, words)[0])

                answer = self._nearest(uow, request, filters, read_as, ask)
        return replace(
            answer,
            unknown=unknown,
            found=self._with_reasons(product, answer.found),
            nearest=self._with_reasons(product, answer.nearest),
        )

    def look_alikes(self, variant_id: int, store_id: str, *, size: str | None, limit: int) -> tuple[Found, ...]:
        """See `Discovery.look_alikes`."""
        with self._storage.read() as uow:
            known = uow.products.by_variant(variant_id)
            if known is None:
                return ()
            product, variant = known
            wanted = variant.size if size is None else size
            filters = Filters(
                categories=self._lexicon.kin(product.category) if product.category else frozenset(),
                sizes=frozenset({wanted.casefold()} if wanted else ()),
                store_ids=frozenset({store_id}),
                in_stock=True,
            )
            checked = check(uow, self._like(uow, product, filters, self._facets.allowed(filters)), filters)
        found = [one.found for one in checked if one.found.product.id != product.id]
        return self._with_reasons(product, found[:limit])

    def kindred(self, products: Sequence[Product], limit: int) -> dict[int, tuple[int, ...]]:
        """See `Discovery.kindred`."""
        found = {}
        with self._storage.read() as uow:
            for product in products:
                filters = widened(
                    Filters(
                        categories=self._lexicon.kin(product.category) if product.category else frozenset(),
                        genders=frozenset({product.gender} if product.gender else ()),
                        in_stock=True,
                    ),
                    self._lexicon,
                )
                hits = self._like(uow, product, filters, self._facets.allowed(filters), limit, _LOOKED_THROUGH)
                found[product.id] = tuple(hit.product_id for hit in hits[:limit])
        return found

    # A photo

    def _named(self, uow: UnitOfWork, photo: SeenPhoto, filters: Filters) -> list[Checked]:
        """The variant whose barcode is in the photo."""
        for digits in photo.barcodes:
            known = uow.products.by_gtin(digits)
            if known is None:
                continue
            product, variant = known
            having = stores_having(uow, (variant.id,)).get(variant.id, frozenset())
            if product.active and satisfies(product, variant, filters, having):
                return [Checked(Found(product, Hit(product.id, 1.0, Why.BARCODE), (variant,)), bool(having))]
        return []

    def _kind(self, photo: SeenPhoto, request: SearchRequest) -> str | NotSeen:
        """The category of what is looked for; "" where it makes no difference or nobody can tell."""
        asks_little = request.filters.is_empty and not request.words
        if not photo.kind and (asks_little or request.filters.categories):
            return ""
        near = self._image_matcher.match(photo, limit=_NEIGHBOURS)
        if isinstance(near, NotSeen):
            return near
        with self._storage.read() as uow:
            products = uow.products.many(hit.product_id for hit in near)
        kin = self._lexicon.kin(photo.kind) if photo.kind else frozenset[str]()
        if any(product.category in kin for product in products.values()):
            return photo.kind
        return _usual_category(products, near[:_FIRST])

    def _like_photo(
        self, photo: SeenPhoto, filters: Filters, request: SearchRequest, kind: str
    ) -> tuple[Sequence[Hit] | NotSeen, str, tuple[str, ...]]:
        """Hits, the words as read, and those that nothing answers to.

        Words are conditions for the text index. Where the eyes read words too, what the catalogue says comes first,
        and then what looks as they say: a dress may be floral without anybody having written so.
        """
        allowed, read_as, unknown = self._allowed_by(filters, request.words)
        if not folded_words(request.words) or not self._image_matcher.reads_words:
            return self._image_matcher.match(photo, limit=_HITS, allowed=allowed), read_as, unknown
        shown = self._lexicon.label("category", kind, request.language) if self._is_known(kind) else ""
        words = " ".join(dict.fromkeys((*shown.split(), *request.words.split())))
        hits: dict[int, Hit] = {}
        refused: NotSeen | None = None
        for among in (*(() if unknown or not _some(allowed) else (allowed,)), self._facets.allowed(filters)):
            found = self._image_matcher.match(photo, limit=_HITS, allowed=among, words=words, instead_of=shown)
            if isinstance(found, NotSeen):
                refused = found
                continue
            for hit in found:
                hits.setdefault(hit.product_id, hit)
        return (tuple(hits.values()) if hits or refused is None else refused), read_as, ()

    def _is_known(self, category: str) -> bool:
        return category in self._lexicon.keys("category")

    # A product

    def _like(
        self,
        uow: UnitOfWork,
        product: Product,
        filters: Filters,
        allowed: Ids | None,
        limit: int = _HITS,
        among: int = _HITS,
    ) -> Sequence[Hit]:
        """Hits for products like this one, itself left out. `among`: how many are looked at where the shop cannot
        see."""
        hits = self._image_matcher.similar_to(product.id, limit=limit, allowed=allowed)
        if hits:
            return hits
        ids = allowed if allowed is not None else self._facets.allowed(replace(filters, in_stock=True))
        if ids is None:
            return ()
        others = uow.products.many(i for i in mixed(ids)[:among].tolist() if i != product.id)
        scored = [Hit(other.id, self._likeness(product, other), Why.ATTRIBUTES) for other in others.values()]
        return sorted(scored, key=lambda hit: (-hit.score, hit.product_id))

    def _likeness(self, one: Product, other: Product) -> float:
        """0..1: the same kind, for the same people, in the same colours, about the same price, by the same maker."""
        families = [{self._lexicon.colour_family(colour) for colour in product.colours} for product in (one, other)]
        low, high = sorted((max(one.price_from.minor, 1), max(other.price_from.minor, 1)))
        shared = len(one.attributes.items() & other.attributes.items())
        return (
            0.3 * (one.category == other.category)
            + 0.2 * (one.gender == other.gender)
            + 0.15 * bool(set(one.colours) & set(other.colours))
            + 0.1 * bool(families[0] & families[1])
            + 0.15 * low / high
            + 0.05 * (one.brand == other.brand)
            + 0.05 * min(shared, 2) / 2
        )

    def _with_reasons(self, product: Product, found: Sequence[Found]) -> tuple[Found, ...]:
        return tuple(replace(one, shared=self._shared(product, one)) for one in found)

    def _shared(self, product: Product, found: Found) -> tuple[Shared, ...]:
        """What a person would name: looks, then traits that both are known to have."""
        other = found.product
        colours = {variant.colour for variant in found.variants} - {""}
        shared = [Shared.LOOKS] if found.hit.why in _SEEN_ALIKE else []
        if product.category and product.category == other.category:
            shared.append(Shared.KIND)
        if colours & set(product.colours):
            shared.append(Shared.COLOUR)
        shared += [
            said
            for trait, said in _TRAITS
            if product.attributes.get(trait) and product.attributes.get(trait) == other.attributes.get(trait)
        ]
        if product.brand and product.brand == other.brand:
            shared.append(Shared.BRAND)
        return tuple(shared)

    # Both

    def _allowed_by(self, filters: Filters, words: str) -> tuple[Ids | None, str, tuple[str, ...]]:
        """Products that satisfy filters and words; the words as read; those nothing answers to."""
        allowed = self._facets.allowed(filters)
        if not folded_words(words):
            return allowed, words.strip(), ()
        matches = self._text_index.search(words, limit=_WORD_HITS, allowed=allowed)
        if not matches.hits and matches.unknown:
            return allowed, matches.read_as, matches.unknown
        ids = [] if matches.is_partial else sorted(hit.product_id for hit in matches.hits)
        return np.array(ids, np.int64), matches.read_as, matches.unknown

    def _nearest(
        self, uow: UnitOfWork, request: SearchRequest, filters: Filters, read_as: str, ask: _Ask
    ) -> SearchAnswer:
        """Nothing satisfies everything: the closest products that break exactly one condition, which is named."""
        answer = SearchAnswer((), read_as, 0)
        for condition in conditions(request.filters):
            eased = without(filters, condition)
            checked = check(uow, ask(eased, request.words), eased)
            if not checked:
                continue
            floor: Money | None = None
            if condition == "price" and request.filters.price_max_minor is not None:
                checked.sort(key=lambda one: one.found.price_from.minor)
                floor = checked[0].found.price_from
            nearest = tuple(one.found for one in checked[:NEAREST])
            return replace(answer, nearest=nearest, broken=condition, price_floor=floor)
        if folded_words(request.words):
            checked = check(uow, ask(filters, ""), filters)
            return replace(answer, nearest=tuple(one.found for one in checked[:NEAREST]), broken=_WORDS)
        return answer


def _some(ids: Ids | None) -> bool:
    return ids is None or bool(len(ids))


def _in_stock_first(checked: Sequence[Checked]) -> list[Checked]:
    """The very photo of a product stays first, sold out or not; of the others those that can be had."""
    return sorted(checked, key=lambda one: not one.found.hit.is_exact and not one.in_stock)


def _usual_category(products: dict[int, Product], hits: Sequence[Hit]) -> str:
    """The kind of product that a photo shows: that of the very product, else of most of the first, the closest most."""
    worth: defaultdict[str, float] = defaultdict(float)
    for hit in hits:
        product = products.get(hit.product_id)
        if product is not None and product.category:
            if hit.is_exact:
                return product.category
            worth[product.category] += exp((hit.score - hits[0].score) / _CLOSER)
    return max(worth, key=lambda category: worth[category], default="")
