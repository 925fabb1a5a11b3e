"""Questions asked from the command line, answered by the very services that answer conversations and pages."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from commerce.domain.geo import GeoPoint
from commerce.domain.search import Found, NearRequest, SearchAnswer, StoreOffer
from commerce.ports import NotSeen, PartOfPicture, SeenGarment

if TYPE_CHECKING:
    from commerce.domain.search import SearchRequest
    from commerce.wiring import Shop


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, how long it took, and for each product the stores that have it, nearest first."""

    answer: SearchAnswer
    language: str
    base_url: str
    took_ms: float
    stores: dict[int, tuple[StoreOffer, ...]]
    garments: tuple[SeenGarment, ...] | None = None  # of a photo

    def as_json(self) -> dict[str, object]:
        garments = [{"box": list(each.box), "category": each.category} for each in self.garments or ()]
        return {
            "hits": [self._hit(found) for found in self.answer.found],
            "nearest": [self._hit(found) for found in self.answer.nearest],
            "broken": self.answer.broken,
            "read_as": self.answer.read_as,
            "total": self.answer.total,
            "took_ms": round(self.took_ms, 3),
            **({} if self.garments is None else {"garments": garments}),
        }

    def _hit(self, found: Found) -> dict[str, object]:
        return {
            "id": found.product.source_id,
            "title": found.product.title(self.language),
            "url": f"{self.base_url}/p/{found.product.id}",
            "price_minor": found.price_from.minor,
            "currency": found.price_from.currency,
            "score": round(found.hit.score, 4),
            "why": found.hit.why.value,
        }


def answer_words(shop: Shop, words: str, *, language: str, near: GeoPoint | None, size: str, limit: int) -> Answer:
    """What the shop answers to these words. `size` narrows to what is in stock in it."""
    began_s = time.perf_counter()
    request = _request(shop, words, language, limit)
    if size:
        filters = replace(request.filters, sizes=frozenset({size.casefold()}), in_stock=True)
        request = replace(request, filters=filters)
    found = shop.discovery.search(request)
    took_ms = (time.perf_counter() - began_s) * 1000
    return Answer(found, language, shop.settings.base_url, took_ms, _stores(shop, found, near) if near else {})


def answer_photo(
    shop: Shop, data: bytes, words: str, *, part: PartOfPicture | None, language: str, limit: int
) -> Answer | NotSeen:
    """What the shop answers to this photo, or a part of it, with words about what should be different."""
    began_s = time.perf_counter()
    photo = shop.image_matcher.look(data, part)
    if isinstance(photo, NotSeen):
        return photo
    found = shop.discovery.by_photo(photo, _request(shop, words, language, limit))
    if isinstance(found, NotSeen):
        return found
    took_ms = (time.perf_counter() - began_s) * 1000
    return Answer(found, language, shop.settings.base_url, took_ms, {}, photo.garments)


def _request(shop: Shop, words: str, language: str, limit: int) -> SearchRequest:
    return shop.asking.request(words, language=language, limit=limit)


def _stores(shop: Shop, answer: SearchAnswer, near: GeoPoint) -> dict[int, tuple[StoreOffer, ...]]:
    """For each product, the stores that have any of the variants asked for."""
    now = shop.clock.now()
    offers: dict[int, tuple[StoreOffer, ...]] = {}
    for found in answer.found:
        best: dict[str, StoreOffer] = {}
        for variant in found.variants:
            for offer in shop.discovery.stores_with(NearRequest(variant.id, near), now):
                known = best.get(offer.store.id)
                if known is None or offer.available > known.available:
                    best[offer.store.id] = offer
        offers[found.product.id] = tuple(sorted(best.values(), key=lambda offer: offer.distance_m or 0))
    return offers
