"""Finding products: by words, by photo, by likeness, by conditions alone; and the stores that have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from commerce.domain.product import Product
from commerce.domain.search import Filters, Found, Hit, NearRequest, SearchAnswer, SearchRequest, StoreOffer, Why
from commerce.domain.stock import Band, StockLevel
from commerce.domain.store import Store
from commerce.lexicon import Lexicon
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
from commerce.services.resembling import Resembling
from commerce.services.shuffling import mixed

_SPARE = 24  # hits asked beyond the page: some may be gone or changed since the index saw them
_BESIDE = 6  # of those, looked at at once, so that what is in stock can pass what is not
_SOLD_OUT = 0.9  # what a product that cannot be had now still counts
_OTHER_KIND = 0.9  # what a product of another kind than the words name still counts
_LONGEST_CODE = 64
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
        self._lexicon = lexicon
        self._resembling = Resembling(storage, text_index, facets, image_matcher, lexicon)

    def search(self, request: SearchRequest) -> SearchAnswer:
        """Words and filters. A SKU, GTIN or source id among the words is found first, whatever else there is.

        When nothing satisfies everything, `nearest` holds products that break one condition, and says which.
        """
        with self._storage.read() as uow:
            page = self._page(uow, request)
            if page.found or request.offset:
                return page
            return self._nearest(uow, request, page)

    def to_choose_from(self, photo: SeenPhoto) -> tuple[SeenGarment, ...]:
        """What to ask about before searching with a photo: the garments in it, where there are several and neither a
        barcode of ours nor a choice already made says which is meant; else ()."""
        return self._resembling.to_choose_from(photo)

    def by_photo(self, photo: SeenPhoto, request: SearchRequest) -> SearchAnswer | NotSeen:
        """Products that look like the photo and satisfy the filters and the words; the kind of product is kept. What a
        barcode in it names comes first, then the very product of which this is our own picture."""
        return self._resembling.by_photo(photo, request)

    def similar(self, product_id: int, request: SearchRequest) -> SearchAnswer:
        """Products like this one, of its kind: by picture where the shop can see, else by what is known of them; each
        with what it shares with it."""
        return self._resembling.similar(product_id, request)

    def look_alikes(
        self, variant_id: int, store_id: str, *, size: str | None = None, limit: int = 3
    ) -> tuple[Found, ...]:
        """Products that look like this variant's, of its kind, to be had in that store in that size (None: its own),
        best first. () also when the variant is gone."""
        return self._resembling.look_alikes(variant_id, store_id, size=size, limit=limit)

    def kindred(self, products: Sequence[Product], limit: int) -> dict[int, tuple[int, ...]]:
        """Ids of products like each of these, of its kind and for the same people, best first: what the indexes say,
        to be checked by whoever shows them. Cheaper than `similar`."""
        return self._resembling.kindred(products, limit)

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
            return answered(named + ranked, request, request.words.strip(), total)
        return replace(answered(ranked, request, matches.read_as, total), unknown=matches.unknown)

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
        order = mixed(*(tier for tier in (exact, wide, asked) if tier is not None))
        hits: list[Checked] = []
        wanted, start = request.offset + request.limit, 0
        while len(hits) < wanted and start < len(order):
            end = start + max(wanted, _SPARE)
            hits += check(uow, [Hit(i, 1.0, Why.ATTRIBUTES) for i in order[start:end].tolist()], filters)
            start = end
        return answered(_brands_apart(hits), request, request.words.strip(), max(len(asked), len(hits)))

    # Nothing satisfies everything

    def _nearest(self, uow: UnitOfWork, request: SearchRequest, page: SearchAnswer) -> SearchAnswer:
        """The page with the closest products that break exactly one condition."""
        for condition in conditions(request.filters):
            eased = replace(request, filters=without(request.filters, condition), offset=0, limit=NEAREST)
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
            browsed = replace(request, words="", offset=0, limit=NEAREST)
            return self._browse(uow, browsed, filters).found
        return tuple(one.found for one in ranked[:NEAREST])

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
        return tuple(ranked[:NEAREST]) or None


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
