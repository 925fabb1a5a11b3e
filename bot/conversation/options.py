"""Colours, sizes and the one variant they name. A variant that nobody chose is never taken."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from bot.conversation.talk import Talk, Voice
from bot.sessions import Focus, ShownItem
from commerce.domain.product import Product, Variant
from commerce.lexicon import fold

_SIZE_NOISE = re.compile(r"^(?:eu|fr|taille|size|t|w)[ .]*(?=\d)|[ .]*(?:eu|fr)$", re.IGNORECASE)


def colour_of(product: Product, variant: Variant) -> str:
    """What tells this variant's colour from the others of the product: the lexicon's key, or the source's words where
    two of its colours have the same key ("bleu nuit", "bleu marine") or none."""
    alike = {fold(other.colour_words) for other in product.variants if other.colour == variant.colour}
    return variant.colour if variant.colour and len(alike) == 1 else fold(variant.colour_words)


def colour_label(talk: Voice, product: Product, variant: Variant) -> str:
    """The colour in the shopper's language, agreeing with the product; '' for a product without colours."""
    if variant.colour and colour_of(product, variant) == variant.colour:
        known = talk.shop.lexicon
        try:
            return known.label("colour", variant.colour, talk.language, agree_with=_category(talk, product))
        except KeyError:
            return variant.colour_words or variant.colour
    return variant.colour_words


def matching(product: Product, colour: str = "", size: str = "") -> tuple[Variant, ...]:
    """The variants of that colour and size; '' is no condition."""
    return tuple(
        v
        for v in product.variants
        if (not colour or colour_of(product, v) == colour) and (not size or v.size.casefold() == size.casefold())
    )


def colours_of(product: Product, size: str = "") -> dict[str, Variant]:
    """Each colour with a variant that has it, in the source's order."""
    found: dict[str, Variant] = {}
    for variant in matching(product, size=size):
        colour = colour_of(product, variant)
        if colour:
            found.setdefault(colour, variant)
    return found


def sizes_of(product: Product, colour: str = "") -> tuple[str, ...]:
    """Sizes of a colour in the source's order; () for a product without sizes."""
    return tuple(dict.fromkeys(v.size for v in matching(product, colour) if v.size))


def size_named(product: Product, words: str) -> str:
    """The product's size that the shopper's words name ("38" for "EU 38"); '' when it has none such."""
    for read in (str.casefold, _bare_size):
        found = [size for size in product.sizes if read(size) == read(words)]
        if len(found) == 1:
            return found[0]
    return ""


def the_variant(product: Product, focus: Focus) -> Variant | None:
    """The one variant that was chosen, or None while there is a choice left."""
    found = matching(product, focus.colour, focus.size)
    return found[0] if len(found) == 1 else None


def variant_label(talk: Voice, product: Product, variant: Variant) -> str:
    """« Robe midi en lin, bleu marine, 38 »; a colour that the title says already is not said twice."""
    title, colour = product.title(talk.language), colour_label(talk, product, variant)
    parts = (title, "" if fold(colour) in fold(title) else colour, variant.size)
    return ", ".join(part for part in parts if part)


def focus_on(product: Product, among: Iterable[Variant]) -> Focus:
    """The product with what its remaining variants leave no choice about."""
    variants = tuple(among) or product.variants
    colours = {colour_of(product, v) for v in variants}
    sizes = {v.size for v in variants}
    return Focus(
        product.id,
        colour=colours.pop() if len(colours) == 1 else "",
        size=sizes.pop() if len(sizes) == 1 else "",
    )


def subject(talk: Talk) -> Focus | None:
    """The product that the message is about, with the colour and size it names; None when it could be any."""
    focus = _referred(talk)
    if focus is None:
        return None
    product = talk.shop.catalog.product(focus.product_id)
    if product is None:
        return focus
    for colour in talk.slots.colours:
        named = {colour_of(product, v) for v in product.variants if v.colour in kindred(talk, colour)}
        if len(named) == 1:
            focus = replace(focus, colour=named.pop())
    if talk.slots.size:
        focus = replace(focus, size=size_named(product, talk.slots.size))
    elif talk.slots.in_my_size and talk.own_size(product):
        focus = replace(focus, size=talk.own_size(product))
    return focus


def kindred(talk: Talk, colour: str) -> frozenset[str]:
    """A colour with its shades: who asks for blue may be shown navy."""
    known = talk.shop.lexicon
    return frozenset((colour, *(key for key in known.keys("colour") if known.colour_family(key) == colour)))


def _referred(talk: Talk) -> Focus | None:
    for reference in talk.slots.references:
        if 0 <= reference.list_back < len(talk.session.lists):
            shown = talk.session.lists[reference.list_back]
            if 0 <= reference.position < len(shown):
                return _from_list(talk, shown[reference.position])
    if talk.slots.category:
        return _of_category(talk, talk.slots.category)
    if talk.session.focus is not None:
        return talk.session.focus
    if talk.session.lists and len(talk.session.lists[0]) == 1:
        return _from_list(talk, talk.session.lists[0][0])
    return None


def _of_category(talk: Talk, category: str) -> Focus | None:
    """« la robe »: the product on the table if it is one, else the only one of the newest list that has any."""
    kin = talk.shop.lexicon.kin(category)
    if talk.session.focus is not None:
        product = talk.shop.catalog.product(talk.session.focus.product_id)
        if product is not None and product.category in kin:
            return talk.session.focus
    for shown in talk.session.lists:
        found = {item.product_id for item in shown if item.category in kin}
        if found:
            return product_focus(talk, found.pop()) if len(found) == 1 else None
    return None


def _from_list(talk: Talk, item: ShownItem) -> Focus:
    return product_focus(talk, item.product_id)


def product_focus(talk: Talk, product_id: int) -> Focus:
    """A product with the colour and size in which it was shown last, or what was chosen of it, as far as known."""
    if talk.session.focus is not None and talk.session.focus.product_id == product_id:
        return talk.session.focus
    product = talk.shop.catalog.product(product_id)
    if product is None:
        return Focus(product_id)
    for shown in talk.session.lists:
        for item in shown:
            if item.product_id == product_id:
                return focus_on(product, _shown_variants(product, item))
    return focus_on(product, product.variants)


def _shown_variants(product: Product, item: ShownItem) -> tuple[Variant, ...]:
    return tuple(
        v
        for v in product.variants
        if (not item.colour or v.colour == item.colour) and (not item.size or v.size == item.size)
    )


def _bare_size(size: str) -> str:
    return _SIZE_NOISE.sub("", size.strip()).casefold()


def _category(talk: Voice, product: Product) -> str | None:
    return product.category or None
