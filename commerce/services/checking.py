"""What an index says is checked against the database before anybody sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from commerce.domain.product import Product, Variant
from commerce.domain.search import Filters, Found, Hit, SearchAnswer, SearchRequest
from commerce.lexicon import Lexicon
from commerce.ports import UnitOfWork

NEAREST = 3
"""Products named where nothing satisfies everything."""

# Who wears what besides what is made for them alone. Unknown ('') fits everybody: the source did not say.
_ALSO_WORN_BY: Mapping[str, frozenset[str]] = {
    "women": frozenset(("unisex", "")),
    "men": frozenset(("unisex", "")),
    "girls": frozenset(("kids", "")),
    "boys": frozenset(("kids", "")),
    "kids": frozenset(("girls", "boys", "")),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """A product that satisfies the filters by the database of now. `in_stock`: a fitting variant can be had."""

    found: Found
    in_stock: bool


def widened(filters: Filters, lexicon: Lexicon) -> Filters:
    """The filters as a shopper means them: blue includes navy, women's includes unisex."""

    def with_shades(colours: frozenset[str]) -> frozenset[str]:
        return colours.union(*(_shades(lexicon).get(colour, ()) for colour in colours))

    return replace(
        filters,
        colours=with_shades(filters.colours),
        without_colours=with_shades(filters.without_colours) - filters.colours,
        genders=filters.genders.union(*(_ALSO_WORN_BY.get(gender, ()) for gender in filters.genders)),
    )


@lru_cache(maxsize=4)
def _shades(lexicon: Lexicon) -> Mapping[str, frozenset[str]]:
    """The colours of each family, by the family's own key."""
    families: dict[str, set[str]] = {}
    for colour in lexicon.keys("colour"):
        families.setdefault(lexicon.colour_family(colour), set()).add(colour)
    return {family: frozenset(colours) for family, colours in families.items()}


def check(uow: UnitOfWork, hits: Sequence[Hit], filters: Filters) -> list[Checked]:
    """The hits that satisfy all filters now, in their order, with their variants that do."""
    products = uow.products.many(hit.product_id for hit in hits)
    variants = [variant.id for product in products.values() for variant in product.variants]
    available = stores_having(uow, variants)
    checked = []
    for hit in hits:
        product = products.get(hit.product_id)
        if product is None or not product.active:
            continue
        fitting = tuple(v for v in product.variants if satisfies(product, v, filters, available.get(v.id, frozenset())))
        if fitting:
            in_stock = any(available.get(variant.id) for variant in fitting)
            checked.append(Checked(Found(product, hit, fitting), in_stock))
    return checked


def stores_having(uow: UnitOfWork, variant_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """By variant: the stores that may still promise it."""
    having: dict[int, set[str]] = {}
    for level in uow.stock.levels(variant_ids):
        if level.available:
            having.setdefault(level.variant_id, set()).add(level.store_id)
    return {variant_id: frozenset(stores) for variant_id, stores in having.items()}


def satisfies(product: Product, variant: Variant, filters: Filters, stores: frozenset[str]) -> bool:
    """Whether one variant satisfies all of it. `stores`: where it can be had now."""
    price = variant.price.minor
    return (
        (filters.product_ids is None or product.id in filters.product_ids)
        and (not filters.categories or product.category in filters.categories)
        and (not filters.genders or product.gender in filters.genders)
        and (not filters.colours or variant.colour in filters.colours)
        and variant.colour not in (filters.without_colours or ())
        and (not filters.sizes or variant.size.casefold() in filters.sizes)
        and (filters.price_min_minor is None or price >= filters.price_min_minor)
        and (filters.price_max_minor is None or price <= filters.price_max_minor)
        and (not filters.store_ids or bool(stores & filters.store_ids))
        and (not filters.in_stock or bool(stores))
    )


def without(filters: Filters, condition: str) -> Filters:
    """The filters less one condition, named as in `SearchAnswer.broken`."""
    match condition:
        case "price":
            return replace(filters, price_min_minor=None, price_max_minor=None)
        case "size":
            return replace(filters, sizes=frozenset())
        case "colour":
            return replace(filters, colours=frozenset(), without_colours=frozenset())
        case "gender":
            return replace(filters, genders=frozenset())
        case "category":
            return replace(filters, categories=frozenset())
        case "stock":
            return replace(filters, in_stock=False, store_ids=frozenset())
        case _:
            raise ValueError(f"no such condition: {condition}")


def conditions(filters: Filters) -> list[str]:
    """Which conditions there are; those a shopper gives up most easily first."""
    present = {
        "price": filters.price_min_minor is not None or filters.price_max_minor is not None,
        "stock": filters.in_stock or bool(filters.store_ids),
        "size": bool(filters.sizes),
        "colour": bool(filters.colours or filters.without_colours),
        "gender": bool(filters.genders),
        "category": bool(filters.categories),
    }
    return [name for name, there in present.items() if there]


def answered(
    checked: Sequence[Checked], request: SearchRequest, read_as: str, total: int | None = None
) -> SearchAnswer:
    """The page of what was checked. `total`: how many there are, where that is known to be more."""
    page = checked[request.offset : request.offset + request.limit]
    return SearchAnswer(tuple(one.found for one in page), read_as, len(checked) if total is None else total)
