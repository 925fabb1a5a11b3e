"""Values of the shop as the JSON of the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from commerce.domain.product import Product, Variant
from commerce.domain.search import Found, SearchAnswer, Why
from commerce.domain.staff import StorePause
from commerce.domain.stock import Band
from commerce.domain.store import Store
from commerce.ports import SeenGarment
from shoppable.inputs import LAST_OFFSET
from shoppable.language import language, translate
from shoppable.shapes import BandName, Garment, Hit, Hits, Near, PictureFacts, ProductFacts, StoreFacts, VariantFacts
from shoppable.shelf import Shelf, picture_path
from shoppable.site import site


def absolute(path: str) -> str:
    return f"{site().shop.settings.base_url}{path}" if path else ""


def hit(found: Found, shelf: Shelf) -> Hit:
    product, cheapest = found.product, min(found.variants, key=lambda variant: variant.price.minor)
    in_stock = [variant for variant in product.variants if shelf.is_available(variant)]
    matching = [variant for variant in found.variants if variant in in_stock]
    return {
        "id": product.source_id,
        "product_id": product.id,
        "title": product.title(language()),
        "brand": product.brand,
        "url": absolute(f"/p/{product.id}"),
        "picture": absolute(picture_path(product.pictures[0].media_key)) if product.pictures else "",
        "price_minor": cheapest.price.minor,
        "list_price_minor": cheapest.list_price.minor if cheapest.list_price else None,
        "currency": cheapest.price.currency,
        "category": product.category,
        "colours": list(product.colours),
        "sizes": list(product.sizes),
        "sizes_in_stock": [size for size in product.sizes if size in {variant.size for variant in in_stock}],
        "in_stock": bool(matching),
        "nearest": _nearest(found, shelf),
        "score": round(found.hit.score, 4),
        "why": found.hit.why.value,
        "exact": found.hit.is_exact,
        "band": _band(found),
        "shared": [each.value for each in found.shared],
    }


def _band(found: Found) -> Literal["very_close", "close", "far", ""]:
    match found.hit.why:
        case Why.EXACT_PICTURE | Why.VERY_CLOSE:
            return "very_close"
        case Why.CLOSE:
            return "close"
        case Why.FAR:
            return "far"
        case _:
            return ""


def garment(seen: SeenGarment) -> Garment:
    return {
        "box": [round(edge, 4) for edge in seen.box],
        "category": seen.category,
        "label": garment_label(seen.category),
    }


def garment_label(category: str) -> str:
    """« Robe » for "dress"."""
    lexicon = site().shop.lexicon
    if category not in lexicon.keys("category"):
        return translate("Item")
    label = lexicon.label("category", category, language())
    return label[:1].upper() + label[1:]


def _nearest(found: Found, shelf: Shelf) -> Near | None:
    """Only where the caller said where they are."""
    if not shelf.distance_m:
        return None
    stores = shelf.stores_with(found.variants)
    if not stores:
        return None
    store = stores[0]
    distance_m = shelf.distance_m.get(store.id)
    return {
        "store": store.id,
        "name": store.name(language()),
        "distance_m": None if distance_m is None else round(distance_m),
    }


def hits(answer: SearchAnswer, shelf: Shelf, *, offset: int, limit: int, took_ms: float) -> Hits:
    after = offset + len(answer.found)
    more = len(answer.found) == limit and after < answer.total and after <= LAST_OFFSET
    return {
        "hits": [hit(found, shelf) for found in answer.found],
        "total": answer.total,
        "read_as": answer.read_as,
        "unknown": list(answer.unknown),
        "nearest": [hit(found, shelf) for found in answer.nearest],
        "broken": answer.broken,
        "price_floor_minor": answer.price_floor.minor if answer.price_floor else None,
        "next_cursor": f"o{after}" if more else None,
        "took_ms": round(took_ms, 1),
    }


def band_name(band: Band) -> BandName:
    return band.value


def variant_facts(variant: Variant, shelf: Shelf) -> VariantFacts:
    return {
        "sku": variant.sku,
        "colour": variant.colour,
        "colour_words": variant.colour_words,
        "size": variant.size,
        "gtin": variant.gtin,
        "price_minor": variant.price.minor,
        "list_price_minor": variant.list_price.minor if variant.list_price else None,
        "currency": variant.price.currency,
        "available_online": band_name(shelf.band_online(variant)),
        "stores": [{"store": store.id, "band": band_name(shelf.band(variant, store))} for store in shelf.stores],
    }


def product_facts(product: Product, shelf: Shelf) -> ProductFacts:
    pictures: list[PictureFacts] = [
        {"url": absolute(picture_path(picture.media_key)), "width_px": picture.width_px, "height_px": picture.height_px}
        for picture in product.pictures
        if picture.media_key
    ]
    return {
        "id": product.source_id,
        "product_id": product.id,
        "source": product.source,
        "title": product.title(language()),
        "description": product.description(language()),
        "brand": product.brand,
        "category": product.category,
        "gender": product.gender,
        "url": absolute(f"/p/{product.id}"),
        "merchant_url": product.url,
        "attributes": dict(product.attributes),
        "pictures": pictures,
        "variants": [variant_facts(variant, shelf) for variant in product.variants],
    }


def store_facts(
    store: Store,
    at: datetime,
    *,
    distance_m: float | None = None,
    band: Band | None = None,
    pause: StorePause | None = None,
) -> StoreFacts:
    closes, opens = store.closes_at(at), store.next_opening(at)
    return {
        "id": store.id,
        "name": store.name(language()),
        "short_name": store.short_name(language()),
        "kind": store.kind.value,
        "address": store.address,
        "postcode": store.postcode,
        "city": store.city,
        "country": store.country,
        "latitude": store.point.latitude if store.point else None,
        "longitude": store.point.longitude if store.point else None,
        "phone": store.phone,
        "timezone": store.timezone,
        "open_now": closes is not None,
        "closes_at": _iso(closes),
        "opens_at": _iso(opens),
        "paused_until": _iso(pause.until if pause else None),
        "distance_m": None if distance_m is None else round(distance_m),
        "band": None if band is None else band_name(band),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
