"""Finding products: by words, by photo, by likeness, by conditions alone; and the stores that have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from commerce.domain.money import Money
from commerce.domain.product import Product
from commerce.domain.search import Filters, Found, Hit, NearRequest, SearchAnswer, SearchRequest, StoreOffer, Why
from commerce.domain.stock import Band, StockLevel
from commerce.domain.store import Store
from commerce.lexicon import Lexicon
from commerce.lexicon import words as folded_words
from commerce.ports import Facets, ImageMatcher, NotSeen, SeenPhoto, Storage, TextIndex, UnitOfWork
from commerce.services.checking import Checked, check, conditions, satisfies, stores_having, widened, without

Ids = NDArray[np.int64]

_SPARE = 24  # hits asked beyond the page: some may be gone or changed since the index saw them
_BESIDE = 6  # of those, looked at at once, so that what is in stock can pass what is not
_SOLD_OUT = 0.9  # what a product that cannot be had now still counts
_OTHER_KIND = 0.9  # what a product of another kind than the words name still counts
_NEAREST = 3
_LONGEST_CODE = 64
_PHOTO_HITS = 240
_WORD_HITS = 2_000  # products that words may leave for a photo to choose from
_MIX = np.uint64(0x9E3779B97F4A7C15)
# Conditions may only be given up for these reasons, in this order; words come last.
_WORDS = "words"


class Discovery:
    """Asks the indexes, then checks every answer against the database: what is shown is true now."""

    def __init__(
        self, storage: Storage, text_index: TextIndex, facets: Facets, image_matcher: ImageMatcher, lexicon: Lexicon
    ) -> None:
        self._storage = storage
        self._text_index = text_index
        self._facets = facets
        self._image_matcher = image_matcher
        self._lexicon = lexicon

    def search(self, request: SearchRequest) -> SearchAnswer:
        """Words and filters. A SKU, GTIN or source id among the words is found first, whatever else there is.

        When nothing satisfies everything, `nearest` holds products that break one condition, and says which.
        """
        with self._storage.read() as uow:
            page = self._page(uow, request)
            if page.found or request.offset:
                return page
            return self._nearest(uow, request, page)

    def by_photo(self, photo: SeenPhoto, request: SearchRequest) -> SearchAnswer | NotSeen:
        """Products that look like the photo and satisfy the filters and the words; the kind of product is kept."""
        filters = widened(request.filters, self._lexicon)
        if (request.words or not filters.is_empty) and not filters.categories:
            first = self._image_matcher.match(photo, limit=5)
            if isinstance(first, NotSeen):
                return first
            with self._storage.read() as uow:
                kind = _usual_category(uow.products.many(hit.product_id for hit in first), first)
            if kind:
                filters = replace(filters, categories=self._lexicon.kin(kind))
        allowed, read_as, unknown = self._allowed_by(filters, request.words)
        hits = self._image_matcher.match(photo, limit=_PHOTO_HITS, allowed=allowed)
        if isinstance(hits, NotSeen):
            return hits
        with self._storage.read() as uow:
            answer = _answer(_in_stock_first(check(uow, hits, filters)), request, read_as)
            if not answer.found and not request.offset:
                answer = self._nearest_by(uow, request, filters, read_as, lambda f, ids: self._seen(photo, ids))
        return replace(answer, unknown=unknown)

    def similar(self, product_id: int, request: SearchRequest) -> SearchAnswer:
        """Products like this one, of its kind: by picture where the shop can see, else by what is known of them."""
        with self._storage.read() as uow:
            product = uow.products.get(product_id)
            if product is None:
                return SearchAnswer((), request.words, 0)
            filters = widened(request.filters, self._lexicon)
            if not filters.categories and product.category:
                filters = replace(filters, categories=self._lexicon.kin(product.category))
            allowed, read_as, unknown = self._allowed_by(filters, request.words)
            hits = self._like(uow, product, filters, allowed)
            answer = _answer(_in_stock_first(check(uow, hits, filters)), request, read_as)
            if not answer.found and not request.offset:
                answer = self._nearest_by(
                    uow, request, filters, read_as, lambda f, ids: self._like(uow, product, f, ids)
                )
        return replace(answer, unknown=unknown)

    def stores_with(self, request: NearRequest, at: datetime) -> list[StoreOffer]:
        """Stores that people can walk into and that have the variant, nearest first.

        Without a place, in the shop's own order. Stores without it are named only on request; the web warehouse and
        pop-ups that will not open again never.
        """
        with self._storage.read() as uow:
            levels = {level.store_id: level for level in uow.stock.levels((request.variant_id,))}
            stores = uow.stores.all()
        offers = []
        for store in stores:
            if not store.takes_visitors or (store.closes_at(at) is None and store.next_opening(at) is None):
                continue
            offer = _offer(store, levels.get(store.id), request)
            if offer.band is not Band.NONE or request.include_empty:
                offers.append(offer)
        far = float("inf")
        offers.sort(key=lambda o: (far if o.distance_m is None else o.distance_m, o.store.position, o.store.id))
        return offers

    # Words and filters

    def _page(self, uow: UnitOfWork, request: SearchRequest) -> SearchAnswer:
        filters = widened(request.filters, self._lexicon)
        named = self._by_code(uow, request.words, filters)
        if not folded_words(request.words):
            return self._browse(uow, request, filters)
        matches = self._text_index.search(
            request.words,
            limit=request.offset + request.limit + _SPARE,
            allowed=self._facets.allowed(filters),
        )
        if matches.is_partial and not named:
            return SearchAnswer((), matches.read_as, 0, unknown=matches.unknown)
        codes = {checked.found.product.id for checked in named}
        hits = () if matches.is_partial else matches.hits
        checked, looked_at = _check_enough(uow, [hit for hit in hits if hit.product_id not in codes], filters, request)
        ranked = self._ranked(checked, request)
        total = len(named) + (0 if matches.is_partial else max(len(ranked), matches.total - looked_at + len(ranked)))
        if named:
            return _answer(named + ranked, request, request.words.strip(), total)
        return replace(_answer(ranked, request, matches.read_as, total), unknown=matches.unknown)

    def _by_code(self, uow: UnitOfWork, words: str, filters: Filters) -> list[Checked]:
        """The product whose SKU, GTIN or source id was typed, with that very variant."""
        code = words.strip()
        if not code or len(code) > _LONGEST_CODE or not any(letter.isdigit() for letter in code):
            return []
        found = uow.products.by_sku(code) or uow.products.by_sku(code.upper())
        digits = code.replace(" ", "").replace("-", "")
        if found is None and digits.isdecimal() and 8 <= len(digits) <= 14:
            found = uow.products.by_gtin(digits)
        if found is not None:
            product, variant = found
            having = stores_having(uow, (variant.id,)).get(variant.id, frozenset())
            if product.active and satisfies(product, variant, filters, having):
                return [Checked(Found(product, Hit(product.id, 1.0, Why.WORDS), (variant,)), bool(having))]
            return []
        by_source = uow.products.by_source_id(code)
        return check(uow, [Hit(by_source.id, 1.0, Why.WORDS)], filters) if by_source is not None else []

    def _ranked(self, checked: Sequence[Checked], request: SearchRequest) -> list[Checked]:
        """By score, less what is sold out and what is another kind of product than the words name."""
        named = self._lexicon.category_of(request.words, language=request.language)
        kin = self._lexicon.kin(named) if named else frozenset[str]()

        def worth(one: Checked) -> float:
            product = one.found.product
            other_kind = bool(kin) and bool(product.category) and product.category not in kin
            return one.found.hit.score * (1.0 if one.in_stock else _SOLD_OUT) * (_OTHER_KIND if other_kind else 1.0)

        return sorted(checked, key=worth, reverse=True)

    def _browse(self, uow: UnitOfWork, request: SearchRequest, filters: Filters) -> SearchAnswer:
        """Without words: in stock and exactly as asked first, then shades, then what is sold out; brands mixed."""
        asked = self._facets.allowed(filters if not filters.is_empty else Filters(in_stock=True))
        if asked is None or not len(asked):
            return SearchAnswer((), request.words.strip(), 0)
        exact = self._facets.allowed(replace(request.filters, in_stock=True))
        wide = self._facets.allowed(replace(filters, in_stock=True))
        order = _mixed(*(tier for tier in (exact, wide, asked) if tier is not None))
        hits: list[Checked] = []
        wanted, start = request.offset + request.limit, 0
        while len(hits) < wanted and start < len(order):
            end = start + max(wanted, _SPARE)
            hits += check(uow, [Hit(i, 1.0, Why.ATTRIBUTES) for i in order[start:end].tolist()], filters)
            start = end
        return _answer(_brands_apart(hits), request, request.words.strip(), max(len(asked), len(hits)))

    # Nothing satisfies everything

    def _nearest(self, uow: UnitOfWork, request: SearchRequest, page: SearchAnswer) -> SearchAnswer:
        """The page with the closest products that break exactly one condition."""
        for condition in conditions(request.filters):
            eased = replace(request, filters=without(request.filters, condition), offset=0, limit=_NEAREST)
            if condition == "price":
                floor = self._cheapest(uow, eased) if request.filters.price_max_minor is not None else None
                if floor is not None:
                    return replace(page, nearest=floor, broken=condition, price_floor=floor[0].price_from)
                if request.filters.price_max_minor is not None:
                    continue
            near = self._page(uow, eased)
            if near.found:
                return replace(page, nearest=near.found, broken=condition)
        if not folded_words(request.words):
            return page
        return replace(page, nearest=self._with_other_words(uow, request, page), broken=_WORDS)

    def _with_other_words(self, uow: UnitOfWork, request: SearchRequest, page: SearchAnswer) -> tuple[Found, ...]:
        """Products that satisfy the filters and as much of the words as any does."""
        filters = widened(request.filters, self._lexicon)
        allowed = self._facets.allowed(filters)
        words = request.words
        matches = self._text_index.search(words, limit=_SPARE, allowed=allowed)
        if not matches.hits and matches.unknown:
            unknown = {word for phrase in matches.unknown for word in phrase.split()}
            words = " ".join(word for word in folded_words(words) if word not in unknown)
            if words:
                matches = self._text_index.search(words, limit=_SPARE, allowed=allowed)
        ranked = self._ranked(check(uow, matches.hits, filters), request)
        if not ranked and not filters.is_empty:
            browsed = replace(request, words="", offset=0, limit=_NEAREST)
            return self._browse(uow, browsed, filters).found
        return tuple(one.found for one in ranked[:_NEAREST])

    def _cheapest(self, uow: UnitOfWork, request: SearchRequest) -> tuple[Found, ...] | None:
        """The cheapest products that satisfy the request, cheapest first: found by halving the price."""
        filters = widened(request.filters, self._lexicon)

        def hits(most_minor: int | None) -> Sequence[Hit]:
            allowed = self._facets.allowed(replace(filters, price_max_minor=most_minor))
            if not folded_words(request.words):
                return [Hit(i, 1.0, Why.ATTRIBUTES) for i in (allowed[:_SPARE].tolist() if allowed is not None else ())]
            matches = self._text_index.search(request.words, limit=_SPARE, allowed=allowed)
            return () if matches.is_partial else matches.hits

        most = 1
        while not hits(most):
            most *= 2
            if most > 1 << 40:
                return None
        least = most // 2
        while most - least > 1:
            middle = (least + most) // 2
            least, most = (least, middle) if hits(middle) else (middle, most)
        checked = check(uow, hits(most), filters)
        beside = check(uow, hits(most + max(most // 2, 1)), filters)
        every = {one.found.product.id: one.found for one in (*beside, *checked)}
        ranked = sorted(every.values(), key=lambda found: (found.price_from.minor, found.product.id))
        return tuple(ranked[:_NEAREST]) or None

    def _nearest_by(
        self,
        uow: UnitOfWork,
        request: SearchRequest,
        filters: Filters,
        read_as: str,
        ask: object,
    ) -> SearchAnswer:
        """Like `_nearest`, for answers that come from a picture."""
        assert callable(ask)
        answer = SearchAnswer((), read_as, 0)
        for condition in conditions(request.filters):
            eased = without(filters, condition)
            checked = check(uow, ask(eased, self._allowed_by(eased, request.words)[0]), eased)
            if not checked:
                continue
            floor: Money | None = None
            if condition == "price" and request.filters.price_max_minor is not None:
                checked.sort(key=lambda one: one.found.price_from.minor)
                floor = checked[0].found.price_from
            nearest = tuple(one.found for one in checked[:_NEAREST])
            return replace(answer, nearest=nearest, broken=condition, price_floor=floor)
        if folded_words(request.words):
            checked = check(uow, ask(filters, self._facets.allowed(filters)), filters)
            return replace(answer, nearest=tuple(one.found for one in checked[:_NEAREST]), broken=_WORDS)
        return answer

    # Likeness

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

    def _seen(self, photo: SeenPhoto, allowed: Ids | None) -> Sequence[Hit]:
        hits = self._image_matcher.match(photo, limit=_PHOTO_HITS, allowed=allowed)
        return () if isinstance(hits, NotSeen) else hits

    def _like(self, uow: UnitOfWork, product: Product, filters: Filters, allowed: Ids | None) -> Sequence[Hit]:
        """Hits for products like this one, itself left out."""
        hits = self._image_matcher.similar_to(product.id, limit=_PHOTO_HITS, allowed=allowed)
        if hits:
            return hits
        ids = allowed if allowed is not None else self._facets.allowed(replace(filters, in_stock=True))
        if ids is None:
            return ()
        others = uow.products.many(i for i in _mixed(ids)[:_PHOTO_HITS].tolist() if i != product.id)
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


def _check_enough(
    uow: UnitOfWork, hits: Sequence[Hit], filters: Filters, request: SearchRequest
) -> tuple[list[Checked], int]:
    """The first hits that are still true, enough for the page and a few more, and how many had to be looked at."""
    wanted = request.offset + request.limit
    checked: list[Checked] = []
    looked_at = 0
    while looked_at < len(hits) and len(checked) < wanted + 1:
        batch = hits[looked_at : looked_at + wanted - len(checked) + _BESIDE]
        checked += check(uow, batch, filters)
        looked_at += len(batch)
    return checked, looked_at


def _answer(checked: Sequence[Checked], request: SearchRequest, read_as: str, total: int | None = None) -> SearchAnswer:
    page = checked[request.offset : request.offset + request.limit]
    return SearchAnswer(tuple(one.found for one in page), read_as, len(checked) if total is None else total)


def _in_stock_first(checked: Sequence[Checked]) -> list[Checked]:
    """The very photo of a product stays first, sold out or not; of the others those that can be had."""
    return sorted(checked, key=lambda one: one.found.hit.why is not Why.EXACT_PICTURE and not one.in_stock)


def _usual_category(products: dict[int, Product], hits: Sequence[Hit]) -> str:
    """The kind of product that a photo shows: that of the very product, or of most of the first."""
    counts: Counter[str] = Counter()
    for rank, hit in enumerate(hits):
        product = products.get(hit.product_id)
        if product is not None and product.category:
            if hit.why is Why.EXACT_PICTURE:
                return product.category
            counts[product.category] += len(hits) - rank
    return counts.most_common(1)[0][0] if counts else ""


def _mixed(*tiers: Ids) -> Ids:
    """Ids of all tiers, each once, tier by tier, inside a tier shuffled always the same way."""
    shuffled = []
    for tier in tiers:
        keys = (tier.astype(np.uint64) * _MIX) >> np.uint64(20)
        shuffled.append(tier[np.argsort(keys, kind="stable")])
    together = np.concatenate(shuffled)
    _, first = np.unique(together, return_index=True)
    return together[np.sort(first)]


def _brands_apart(checked: Sequence[Checked]) -> list[Checked]:
    """The same products, those of a brand not one after the other where that can be helped; sold out ones stay last."""
    apart: list[Checked] = []
    for in_stock in (True, False):
        waiting = [one for one in checked if one.in_stock is in_stock]
        while waiting:
            last = apart[-1].found.product.brand if apart else None
            # Looks only a little ahead: an exact answer is worth more than variety.
            ahead = next((i for i, one in enumerate(waiting[:6]) if one.found.product.brand != last), 0)
            apart.append(waiting.pop(ahead))
    return apart


def _offer(store: Store, level: StockLevel | None, request: NearRequest) -> StoreOffer:
    distance_m = request.near.distance_m(store.point) if request.near and store.point else None
    return StoreOffer(store, level.band if level else Band.NONE, level.available if level else 0, distance_m)
