"""A product as a card of the shop front: what somebody wants to know before they tap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from commerce.domain.money import Money
from commerce.domain.product import Picture, Product, Variant
from commerce.domain.search import Found, Shared, Why
from commerce.domain.stock import Band
from commerce.domain.store import Store
from commerce.i18n import format_list
from shoppable.language import language, translate
from shoppable.shelf import Shelf, main_picture, product_path
from shoppable.site import site

_STORES_NAMED = 2


@dataclass(frozen=True, slots=True)
class Swatch:
    """A colour to show. `hex` is sRGB."""

    key: str
    label: str
    hex: str


@dataclass(frozen=True, slots=True)
class Card:
    """`sizes` are those in stock. `stock` says where, in words; `sold_out` when it is nowhere. `note`: why it is here,
    where that needs saying."""

    path: str
    title: str
    brand: str
    picture: Picture | None
    price: Money
    from_price: bool
    swatches: tuple[Swatch, ...]
    sizes: tuple[str, ...]
    stock: str
    sold_out: bool
    note: str = ""


def card(product: Product, shelf: Shelf, variants: Sequence[Variant] | None = None, *, note: str = "") -> Card:
    """`variants`: those that the question was about; without them, all."""
    considered = variants or product.variants
    available = [variant for variant in considered if shelf.is_available(variant)]
    prices = {variant.price.minor for variant in considered}
    stores = shelf.stores_with(considered)
    return Card(
        path=product_path(product, language()),
        title=product.title(language()),
        brand=product.brand,
        picture=main_picture(product, considered[0]),
        price=min((variant.price for variant in considered), key=lambda price: price.minor),
        from_price=len(prices) > 1,
        swatches=tuple(swatch(key) for key in product.colours),
        sizes=in_order(product, available),
        stock=where_in_words(stores, online=any(shelf.band_online(v) is not Band.NONE for v in considered)),
        sold_out=not available,
        note=note,
    )


def how_alike(found: Found) -> str:
    """How close to the photo it is, in words; '' where it is not close."""
    match found.hit.why:
        case Why.EXACT_PICTURE | Why.BARCODE:
            return translate("Exact match")
        case Why.VERY_CLOSE:
            return translate("Very close")
        case Why.CLOSE:
            return translate("Close match")
        case _:
            return ""


def why_similar(shared: Sequence[Shared]) -> str:
    """« Même type et couleur »; '' where there is nothing to say."""
    names = {
        Shared.KIND: translate("type"),
        Shared.COLOUR: translate("colour"),
        Shared.MATERIAL: translate("material"),
        Shared.PATTERN: translate("pattern"),
        Shared.BRAND: translate("brand"),
    }
    traits = [names[each] for each in shared if each in names]
    if traits:
        return translate("Same {traits}", traits=format_list(traits, language()))
    return translate("Looks like it") if Shared.LOOKS in shared else ""


def in_order(product: Product, variants: Sequence[Variant]) -> tuple[str, ...]:
    """Sizes of those variants, in the product's own order."""
    sizes = {variant.size for variant in variants}
    return tuple(size for size in product.sizes if size in sizes)


def swatch(key: str, words: str = "") -> Swatch:
    """A colour by its lexicon key; `words` name one that the lexicon does not know."""
    lexicon = site().shop.lexicon
    try:
        return Swatch(key, lexicon.label("colour", key, language()), lexicon.colour(key).hex)
    except KeyError:
        return Swatch(key, words or key, "")


def where_in_words(stores: Sequence[Store], *, online: bool) -> str:
    """« À Lyon Bellecour et Lyon Part-Dieu », « Dans 4 magasins », « En ligne seulement »; '' when it is nowhere."""
    if not stores:
        return translate("Online only") if online else ""
    if len(stores) <= _STORES_NAMED:
        names = format_list([store.short_name(language()) for store in stores], language())
        return translate("In store: {stores}", stores=names)
    return translate("In {count} stores", count=len(stores))
