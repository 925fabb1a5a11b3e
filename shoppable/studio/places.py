"""The places of a catalogue as the editor shows them and its form sends them: in percent of their page, each with the
article number of what it leads to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import request

from commerce.domain.lookbook import Doubt, Edition, FoundBy, Hotspot, Region, Review
from commerce.domain.product import Product
from commerce.ports import UnitOfWork
from commerce.services.naming import named as product_named
from commerce.services.publishing import MOST_HOTSPOTS, new_hotspot
from shoppable import inputs
from shoppable.language import language, translate
from shoppable.site import site

DOUBTS = {
    Doubt.OTHER_PRICE: "The page says another price than today’s.",
    Doubt.OTHER_PICTURE: "The picture looks like another product.",
    Doubt.PICTURE_ALONE: "Found by its picture alone.",
    Doubt.NO_NUMBER: "Found by its name and its price, without a number.",
    Doubt.SEVERAL_NUMBERS: "Another product has nearly the same number.",
}
FOUND_BY = {
    FoundBy.SKU: "article number",
    FoundBy.PRICE: "price",
    FoundBy.PICTURE: "picture",
    FoundBy.LAYOUT: "layout",
    FoundBy.HAND: "by hand",
}
_FIELDS = ("spot", "page", "named", "x", "y", "width", "height")


@dataclass(frozen=True, slots=True)
class Place:
    """One of the editor. `named` is what it leads to, as it may be typed; `number` counts through the catalogue."""

    id: str
    page: int
    number: int
    title: str
    named: str
    x: str
    y: str
    width: str
    height: str
    found_by: str = ""
    why_doubtful: str = ""
    is_wrong: bool = False

    @property
    def is_to_be_looked_at(self) -> bool:
        return self.is_wrong or bool(self.why_doubtful)


@dataclass(frozen=True, slots=True)
class Typed:
    """One of the form, right or wrong."""

    id: str
    page: str
    named: str
    x: str
    y: str
    width: str
    height: str


def kept(uow: UnitOfWork, edition: Edition) -> list[Place]:
    """As they are stored, in reading order."""
    products = uow.products.many({spot.product_id for spot in edition.hotspots})
    spots = [spot for page in edition.pages for spot in edition.on(page.number)]
    return [_shown(spot, number, products.get(spot.product_id)) for number, spot in enumerate(spots, start=1)]


def _shown(spot: Hotspot, number: int, product: Product | None) -> Place:
    variant = next((each for each in product.variants if each.id == spot.variant_id), None) if product else None
    named = variant.sku if variant else product.variants[0].sku if product and product.variants else ""
    x, y, width, height = _percents(spot.region)
    return Place(
        spot.id,
        spot.page,
        number,
        product.title(language()) if product else translate("No longer sold"),
        named,
        x,
        y,
        width,
        height,
        found_by=translate(FOUND_BY[spot.found_by]),
        why_doubtful=" ".join(translate(DOUBTS[each]) for each in spot.doubts)
        if spot.review is Review.DOUBTFUL
        else "",
        is_wrong=product is None,
    )


def _percents(region: Region) -> tuple[str, str, str, str]:
    """As the form says it."""
    x, y, width, height = (
        f"{round(part * 100, 2):g}" for part in (region.x_frac, region.y_frac, region.width_frac, region.height_frac)
    )
    return x, y, width, height


# --- what somebody has typed


def typed() -> list[Typed]:
    """The form's, without those that are to be removed."""
    columns = [request.form.getlist(name)[: MOST_HOTSPOTS + 1] for name in _FIELDS]
    removed = set(request.form.getlist("removed"))
    return [Typed(*map(inputs.clean, row)) for row in zip(*columns, strict=False) if row[0] not in removed]


def as_typed(uow: UnitOfWork, edition: Edition) -> list[Place]:
    """The form again, with what is wrong in it marked."""
    before = {place.id: place for place in kept(uow, edition)}
    shown = []
    for number, each in enumerate(typed(), start=1):
        found = product_named(uow, each.named)
        shown.append(
            Place(
                each.id,
                _page(each.page),
                number,
                found[0].title(language()) if found else translate("A place leads to nothing that the shop sells."),
                each.named,
                each.x,
                each.y,
                each.width,
                each.height,
                found_by=before[each.id].found_by if each.id in before else translate(FOUND_BY[FoundBy.HAND]),
                why_doubtful=before[each.id].why_doubtful if each.id in before else "",
                is_wrong=found is None or _region(each) is None,
            )
        )
    return shown


def hotspots(uow: UnitOfWork, edition: Edition) -> Sequence[Hotspot] | None:
    """The form as hotspots; None where one leads to nothing or lies outside of its page."""
    before = {spot.id: spot for spot in edition.hotspots}
    was_named = {place.id: place.named for place in kept(uow, edition)}
    confirmed = set(request.form.getlist("confirmed"))
    spots = []
    for each in typed():
        found, region = product_named(uow, each.named), _region(each)
        if found is None or region is None:
            return None
        known = before.get(each.id)
        if known is None:
            product, variant = found
            spots.append(
                new_hotspot(site().shop.ids, _page(each.page), region, product.id, variant.id if variant else 0)
            )
        else:
            is_stored = (each.x, each.y, each.width, each.height) == _percents(known.region)
            moved = replace(known, page=_page(each.page), region=known.region if is_stored else region)
            if each.named != was_named[each.id]:
                product, variant = found
                moved = replace(moved, product_id=product.id, variant_id=variant.id if variant else 0)
            if each.id in confirmed or each.named != was_named[each.id]:  # who leads it elsewhere has looked at it
                moved = replace(moved, review=Review.CONFIRMED, doubts=())
            spots.append(moved)
    return spots


def _region(each: Typed) -> Region | None:
    try:
        parts = [float(part.replace(",", ".")) / 100 for part in (each.x, each.y, each.width, each.height)]
        return Region(*(round(part, 5) for part in parts))
    except ValueError:
        return None


def _page(text: str) -> int:
    """0, which is no page, for what is no number."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
