"""A product as a shopper sees it. Every price and count comes from this turn's reading of the shop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.conversation.actions import AddToCart, ChooseColour, ChooseSize, FindInStore, Similar, encode
from bot.conversation.options import colour_of, colours_of, sizes_of
from bot.conversation.talk import Talk, Voice
from bot.messages import Button, Card, ReplyPicture
from bot.sessions import ShownItem
from commerce.domain.product import Product, Variant
from commerce.domain.search import Found, Shared, Why
from commerce.domain.stock import StockLevel
from commerce.i18n import format_list


def levels_of(talk: Talk, products: Iterable[Sequence[Variant]]) -> dict[int, int]:
    """Units of each variant that may be promised now, over all places; one reading for all of them."""
    ids = [variant.id for variants in products for variant in variants]
    available: dict[int, int] = dict.fromkeys(ids, 0)
    level: StockLevel
    for level in talk.shop.catalog.levels(ids):
        available[level.variant_id] += level.available
    return available


def card(talk: Talk, product: Product, variants: Sequence[Variant], available: dict[int, int], title: str = "") -> Card:
    """A card about those variants of a product. `title` replaces the product's own."""
    name = product.title(talk.language)
    return Card(
        title=title or name,
        facts=facts(talk, product, variants, available),
        picture=picture_of(product, variants, name),
        url=f"{talk.shop.settings.base_url.rstrip('/')}/p/{product.id}",
        product_id=product.id,
    )


def facts(talk: Talk, product: Product, variants: Sequence[Variant], available: dict[int, int]) -> tuple[str, ...]:
    """Price first; the price before a cut with the lowest of the last 30 days; the shopper's own size; sold out."""
    cheapest = min(variants, key=lambda v: v.price.minor)
    price = talk.money(cheapest.price)
    lines = [price if len({v.price for v in variants}) == 1 else talk.t("from {price}", price=price)]
    prior = talk.shop.catalog.prior_price(cheapest)
    if cheapest.list_price and prior:
        lines.append(
            talk.t(
                "was {price}; lowest price of the last 30 days: {lowest}",
                price=talk.money(cheapest.list_price),
                lowest=talk.money(prior),
            )
        )
    own = talk.own_size(product)
    if not any(available.get(v.id, 0) for v in variants):
        lines.append(talk.t("sold out"))
    elif own and any(available.get(v.id, 0) for v in variants if v.size == own):
        lines.append(talk.t("{size}, your size: in stock", size=own))
    return tuple(lines)


def picture_of(product: Product, variants: Sequence[Variant], alt: str) -> ReplyPicture | None:
    """A picture of these variants if there is one, else the product's first; None when we have no file."""
    ready = [p for p in product.pictures if p.media_key]
    if not ready:
        return None
    ids = {v.id for v in variants}
    first = next((p for p in ready if p.variant_id in ids), ready[0])
    return ReplyPicture(alt=alt, media_key=first.media_key)


def close_title(talk: Talk, found: Found) -> str:
    """The title with how sure a photo match is."""
    title = found.product.title(talk.language)
    match found.hit.why:
        case Why.EXACT_PICTURE | Why.BARCODE:
            return talk.t("Exact match: {title}", title=title)
        case Why.VERY_CLOSE:
            return talk.t("Very close: {title}", title=title)
        case Why.CLOSE:
            return talk.t("Close: {title}", title=title)
        case _:
            return title


def reason(talk: Talk, found: Found) -> tuple[str, ...]:
    """Why a product is called similar, as one line; () where there is nothing to say."""
    names = {
        Shared.KIND: talk.t("type"),
        Shared.COLOUR: talk.t("colour"),
        Shared.MATERIAL: talk.t("material"),
        Shared.PATTERN: talk.t("pattern"),
        Shared.BRAND: talk.t("brand"),
    }
    traits = [names[each] for each in found.shared if each in names]
    looks = [talk.t("looks like it")] if Shared.LOOKS in found.shared else []
    same = [talk.t("same {traits}", traits=format_list(traits, talk.language))] if traits else []
    return (", ".join((*looks, *same)),) if looks or same else ()


def choose_button(talk: Talk, product: Product) -> tuple[Button, ...]:
    """Choose size, or the colour of a product without sizes; () when there is nothing to choose."""
    if len(sizes_of(product)) > 1:
        return (Button(talk.t("Choose size"), encode(ChooseSize(product.id))),)
    if len(colours_of(product)) > 1:
        return (Button(talk.t("Choose colour"), encode(ChooseColour(product.id))),)
    return ()


def store_button(talk: Voice, product_id: int) -> Button:
    return Button(talk.t("Find in store"), encode(FindInStore(product_id)))


def cart_button(talk: Talk, product_id: int) -> Button:
    return Button(talk.t("Add to cart"), encode(AddToCart(product_id)))


def similar_button(talk: Voice, product_id: int) -> Button:
    return Button(talk.t("Similar items"), encode(Similar(product_id)))


def shown_item(talk: Talk, product: Product, variants: Sequence[Variant]) -> ShownItem:
    """What the session keeps of a card."""
    colours, sizes = {v.colour for v in variants}, {v.size for v in variants}
    return ShownItem(
        product_id=product.id,
        title=product.title(talk.language)[:80],
        category=product.category,
        colour=colours.pop() if len(colours) == 1 else "",
        price_minor=min(v.price.minor for v in variants),
        size=sizes.pop() if len(sizes) == 1 else "",
    )


__all__ = [
    "card", "cart_button", "choose_button", "close_title", "colour_of", "facts", "levels_of", "picture_of", "reason",
    "shown_item", "similar_button", "store_button",
]  # fmt: skip
