"""A product's page: what it is, what it costs, in which colours and sizes, and where one can have it today."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from commerce.domain.geo import GeoPoint
from commerce.domain.lookbook import Did, ReadingEvent
from commerce.domain.money import Money
from commerce.domain.product import Picture, Product, Variant
from commerce.domain.search import SearchRequest
from commerce.domain.stock import Band
from commerce.domain.store import Store
from commerce.lexicon import Kind
from commerce.ports import UnitOfWork
from shoppable import brought, inputs, recommended, security
from shoppable.chat import session
from shoppable.language import language, translate
from shoppable.limits import LOOK
from shoppable.pages import for_you, share
from shoppable.pages.cards import Card, Swatch, card, swatch, why_similar
from shoppable.pages.frame import here, page
from shoppable.pages.remembering import Listed, remembered
from shoppable.reading_shapes import Viewed
from shoppable.shelf import Shelf, picture_path, product_path
from shoppable.site import site

blueprint = Blueprint("product", __name__)

_ADDRESS = re.compile(r"([1-9][0-9]{0,17})(?:-[a-z0-9-]{0,100})?")
_SIMILAR = 4
_FRESH_S = 300.0
_SCHEMA = "https://schema.org/"


@dataclass(frozen=True, slots=True)
class ColourChoice:
    """A colour to choose. `words` is the source's own name of it; `path` this page with it chosen."""

    swatch: Swatch
    path: str
    chosen: bool
    sold_out: bool


@dataclass(frozen=True, slots=True)
class SizeChoice:
    size: str
    path: str
    chosen: bool
    sold_out: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A store and what it has of the chosen thing. `sizes` are those it has when no size is chosen yet."""

    store: Store
    band: Band
    sizes: tuple[str, ...]
    distance_m: float | None


@blueprint.get("/p/<address>")
def product(address: str) -> Response:
    match = _ADDRESS.fullmatch(address)
    shop = site().shop
    near, place_words = _near()
    found = shop.catalog.product(int(match[1])) if match else None
    if found is None or not found.variants:
        abort(404)
    resembling = _resembling(found.id)
    with shop.storage.read() as uow:
        others = [other for other in uow.products.many(resembling.ids).values() if other.variants]
        shelf = Shelf.of(uow, [found, *others], shop.clock.now(), near)
        post = share.post_of(uow, found.id)
    colour, size = _chosen(found)
    variants = [v for v in found.variants if (not colour or _colour(v) == colour) and (not size or v.size == size)]
    variant = min(variants, key=lambda v: (not shelf.is_available(v), v.price.minor))
    reasons = dict(zip(resembling.ids, resembling.shared, strict=False))
    others.sort(key=lambda other: resembling.ids.index(other.id))
    alike_at, alikes = _look_alikes(variant, variants, size, shelf, near)
    return page(
        "product.html",
        product=found,
        title=found.title(language()),
        description=found.description(language()),
        variant=variant,
        decided=len({v.price.minor for v in variants}) == 1,
        prior=shop.catalog.prior_price(variant),
        colours=_colours(found, shelf, colour, size),
        sizes=_sizes(found, shelf, colour, size),
        colour=colour,
        size=size,
        bought=_bought(found, variants),
        unchosen=_unchosen(found, variants),
        source=_source(),
        places=_places(shelf, variants, size),
        online=max((shelf.band_online(v) for v in variants), key=_ORDER.index),
        in_store=any(shelf.stores_with(variants)),
        sold_out=not any(shelf.is_available(v) for v in variants),
        near=near,
        place_words=place_words,
        pictures=_pictures(found, colour),
        similar=[card(other, shelf, note=why_similar(reasons.get(other.id, ()))) for other in others],
        alike_at=alike_at,
        alikes=alikes,
        for_you=for_you.beside((found.id, *(other.id for other in others))),
        facts=_facts(found),
        path=product_path(found, language()),
        shared=share.of_product(found, post),
        data=_structured(found, shelf),
        at=shop.clock.now(),
    )


@blueprint.post("/p/<int:number>/views")
def view(number: int) -> ResponseReturnValue:
    """Counts. With the shopper's consent it is theirs; without it names nobody."""
    security.require_same_origin()
    known = session.current()
    inputs.take_turn("look", LOOK, known.address if known else None)
    told = inputs.body_as(Viewed)
    contact = session.current_or_new() if told.get("consent", False) else None
    shop = site().shop

    def work(uow: UnitOfWork) -> int:
        if uow.products.get(number) is None:
            abort(404)
        visitor, customer_id = recommended.reader(uow, contact)
        event = ReadingEvent(
            event_id=told["id"],
            did=Did.VIEW,
            at=shop.clock.now(),
            product_id=number,
            dwell_ms=told.get("dwell_ms", 0),
            visitor=visitor,
            customer_id=customer_id,
            source=brought.source(otherwise=""),
        )
        return uow.reading.add([event])

    shop.storage.write(work)
    return session.keep(Response(status=204))


def _look_alikes(
    variant: Variant, variants: Sequence[Variant], size: str, shelf: Shelf, near: GeoPoint | None
) -> tuple[Store | None, list[Card]]:
    """Who has chosen a size and cannot have it in a store (the nearest, where a place is known) sees what is like it
    there in that size."""
    if not size or not shelf.stores:
        return None, []
    without = [s for s in shelf.stores[: 1 if near else None] if all(shelf.band(v, s) is Band.NONE for v in variants)]
    if not without:
        return None, []
    shop = site().shop
    found = shop.discovery.look_alikes(variant.id, without[0].id, size=size, limit=_SIMILAR)
    with shop.storage.read() as uow:
        there = Shelf.of(uow, [one.product for one in found], shop.clock.now(), near)
    return without[0], [card(one.product, there, one.variants, note=why_similar(one.shared)) for one in found]


def _resembling(product_id: int) -> Listed:
    def ask() -> Listed:
        answer = site().shop.discovery.similar(product_id, SearchRequest(limit=_SIMILAR))
        ids, shared = (tuple(each.product.id for each in answer.found), tuple(each.shared for each in answer.found))
        return Listed(ids, answer.total, shared)

    return remembered(("similar", product_id), _FRESH_S, ask)


_ORDER = [Band.NONE, Band.LAST, Band.FEW, Band.IN_STOCK]


def _near() -> tuple[GeoPoint | None, str]:
    """Where the shopper says they are, with their words for it. An unknown place is no place, said on the page."""
    text = inputs.clean(request.args.get("near", ""))[:100]
    if not text:
        return None, ""
    point = inputs.point_in(text)
    if point is not None:
        return point, translate("your position")
    place = site().shop.gazetteer.find(text)
    return (place.point, place.name) if place else (None, text)


def _colour(variant: Variant) -> str:
    return variant.colour or variant.colour_words


def _chosen(product: Product) -> tuple[str, str]:
    """Colour and size in the address if the product comes in them; the only one there is needs no choosing."""
    colours = list(dict.fromkeys(_colour(v) for v in product.variants if _colour(v)))
    colour, size = request.args.get("colour", ""), request.args.get("size", "")
    if colour not in colours:
        colour = colours[0] if colours else ""
    sizes = [v.size for v in product.variants if not colour or _colour(v) == colour]
    if size not in sizes:
        size = sizes[0] if len(set(sizes)) == 1 else ""
    return colour, size


def _unchosen(product: Product, variants: Sequence[Variant]) -> str:
    """What the shopper has still to choose before this can go into a cart: "colour", "size" or ''.

    What the page chose by itself (it shows the first colour of several) is nobody's choice.
    """
    if len({_colour(v) for v in product.variants}) > 1 and request.args.get("colour") != _colour(variants[0]):
        return "size" if len({v.size for v in variants}) > 1 else "colour"
    return "size" if len({v.size for v in variants}) > 1 else ""


def _bought(product: Product, variants: Sequence[Variant]) -> Variant | None:
    """The one variant that was chosen, if one was."""
    return variants[0] if len(variants) == 1 and not _unchosen(product, variants) else None


def _source() -> str:
    """Where the shopper came from, as a link of ours says it (`from=catalogue:spring:4`)."""
    given = request.args.get("from", "")
    return given if re.fullmatch(r"[a-z0-9][a-z0-9:._-]{0,127}", given) else ""


def _colours(product: Product, shelf: Shelf, colour: str, size: str) -> list[ColourChoice]:
    choices = []
    for key in dict.fromkeys(_colour(v) for v in product.variants if _colour(v)):
        of_colour = [v for v in product.variants if _colour(v) == key]
        keeps_size = size if any(v.size == size for v in of_colour) else None
        choices.append(
            ColourChoice(
                swatch(of_colour[0].colour, of_colour[0].colour_words),
                here(colour=key, size=keeps_size),
                key == colour,
                not any(shelf.is_available(v) for v in of_colour),
            )
        )
    return choices


def _sizes(product: Product, shelf: Shelf, colour: str, size: str) -> list[SizeChoice]:
    choices = []
    for each in product.sizes:
        of_size = [v for v in product.variants if v.size == each and (not colour or _colour(v) == colour)]
        sold_out = not any(shelf.is_available(v) for v in of_size)
        path = here(colour=colour, size=each) if of_size else ""
        choices.append(SizeChoice(each, path, each == size, sold_out))
    return choices


def _places(shelf: Shelf, variants: list[Variant], size: str) -> list[Place]:
    places = []
    for store in shelf.stores:
        there = [v for v in variants if shelf.band(v, store) is not Band.NONE]
        band = max((shelf.band(v, store) for v in there), key=_ORDER.index, default=Band.NONE)
        sizes = () if size else tuple(dict.fromkeys(v.size for v in there if v.size))
        places.append(Place(store, band, sizes, shelf.distance_m.get(store.id)))
    return sorted(
        places, key=lambda place: place.band is Band.NONE
    )  # stable: the nearest first among those that have it


def _pictures(product: Product, colour: str) -> list[Picture]:
    """Those whose file we have; pictures of another colour than the chosen one come last."""
    other = {v.id for v in product.variants if colour and _colour(v) != colour}
    ready = [picture for picture in product.pictures if picture.media_key]
    return sorted(ready, key=lambda picture: (picture.variant_id in other, picture.position))


def _facts(product: Product) -> list[tuple[str, str]]:
    """Brand, material… as (name, value), in the language of the page."""
    names: dict[Kind, str] = {
        "material": translate("Material"), "pattern": translate("Pattern"), "season": translate("Season"),
        "occasion": translate("Occasion"), "fit": translate("Fit"), "length": translate("Length"),
        "sleeve": translate("Sleeves"),
    }  # fmt: skip
    facts = [(translate("Brand"), product.brand)] if product.brand else []
    known = product.attributes
    facts += [(name, _labels(kind, known[kind])) for kind, name in names.items() if known.get(kind)]
    if product.gender:
        facts.append((translate("For"), _labels("gender", product.gender)))
    return facts


def _labels(kind: Kind, value: str) -> str:
    """A value or several by commas, in words where the lexicon has them."""
    lexicon = site().shop.lexicon
    known = lexicon.keys(kind)
    parts = [part.strip() for part in value.split(",")]
    return ", ".join(lexicon.label(kind, part, language()) if part in known else part for part in parts)


def _structured(product: Product, shelf: Shelf) -> dict[str, object]:
    """Product markup for search engines (https://schema.org/Product): the same prices and stock as the page shows."""
    base, spoken = site().shop.settings.base_url, language()
    address = f"{base}{product_path(product, spoken)}"
    return {
        "@context": _SCHEMA,
        "@type": "Product",
        "name": product.title(spoken),
        "description": product.description(spoken),
        "sku": product.source_id,
        "url": address,
        "image": [base + picture_path(picture.media_key) for picture in product.pictures if picture.media_key],
        **({"brand": {"@type": "Brand", "name": product.brand}} if product.brand else {}),
        "offers": [
            {
                "@type": "Offer",
                "sku": variant.sku,
                "url": address,
                "price": _plain(variant.price),
                "priceCurrency": variant.price.currency,
                "availability": _SCHEMA + ("InStock" if shelf.is_available(variant) else "OutOfStock"),
            }
            for variant in product.variants
        ],
    }


def _plain(price: Money) -> str:
    """12.50: digits and a point, whatever the language."""
    return f"{price.amount:f}"
