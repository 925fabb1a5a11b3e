"""Questions about a product, and two to four of them side by side."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.browse import present
from bot.conversation.cards import facts, levels_of
from bot.conversation.options import colour_label, colours_of, matching, sizes_of
from bot.conversation.questions import about_it, ask_product
from bot.conversation.talk import Ability, Talk, Turn
from bot.graphemes import cut
from bot.sessions import Focus
from commerce.domain.product import Product
from commerce.understanding import Intent

MOST_COMPARED = 4
_LONGEST_DESCRIPTION = 280


@about_it
def details(talk: Talk, product: Product, focus: Focus) -> Turn:
    """Price, colours, sizes with what is left of them, material, and the shop's own words."""
    turn = present(talk, product, focus)
    lines = [product.title(talk.language), *_lines(talk, product)]
    description = cut(" ".join(product.description(talk.language).split()), _LONGEST_DESCRIPTION)
    if description:
        lines.append(description)
    return replace(turn, replies=(replace(turn.replies[0], text="\n".join(lines)),))


def compare(talk: Talk) -> Turn:
    """« compare 1 et 3 »."""
    ids = [
        talk.session.lists[r.list_back][r.position].product_id
        for r in talk.slots.references
        if r.list_back < len(talk.session.lists) and r.position < len(talk.session.lists[r.list_back])
    ]
    if not ids and talk.session.lists:
        ids = [item.product_id for item in talk.session.lists[0]]
    products = [p for p in map(talk.shop.catalog.product, dict.fromkeys(ids)) if p is not None][:MOST_COMPARED]
    if len(products) < 2:
        return ask_product(talk)
    available = levels_of(talk, [p.variants for p in products])
    blocks = [
        "\n".join(
            (
                f"{number}. {product.title(talk.language)} — {facts(talk, product, product.variants, available)[0]}",
                *(f"   {line}" for line in _lines(talk, product, available)),
            )
        )
        for number, product in enumerate(products, 1)
    ]
    return talk.say("\n\n".join(blocks))


def _lines(talk: Talk, product: Product, available: dict[int, int] | None = None) -> list[str]:
    known = talk.shop.lexicon
    if available is None:
        available = levels_of(talk, [product.variants])
    colours = [colour_label(talk, product, variant) for variant in colours_of(product).values()]
    sizes = sizes_of(product)
    there = [size for size in sizes if any(available[v.id] for v in matching(product, size=size))]
    lines = []
    if colours:
        lines.append(talk.t("Colours: {colours}", colours=", ".join(colours)))
    if sizes:
        lines.append(talk.t("Sizes: {sizes}", sizes=", ".join(sizes)))
        if there and len(there) < len(sizes):
            lines.append(talk.t("In stock: {sizes}", sizes=", ".join(there)))
    if not any(available[v.id] for v in product.variants):
        lines.append(talk.t("sold out"))
    material = product.attributes.get("material", "")
    if material:
        key = known.material_of(material)
        name = known.label("material", key, talk.language) if key else material
        lines.append(talk.t("Material: {material}", material=name))
    if product.brand:
        lines.append(talk.t("Brand: {brand}", brand=product.brand))
    return lines


ABILITY = Ability(intents={Intent.DETAILS: details, Intent.COMPARE: compare})
