"""What we ask before we can go on. Never what is known already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from bot.conversation.actions import (
    AddToCart,
    ChooseColour,
    ChooseSize,
    FindInStore,
    SharePlace,
    Show,
    TypeCity,
    encode,
    short,
)
from bot.conversation.cards import levels_of, similar_button
from bot.conversation.offer_actions import WaitFor
from bot.conversation.options import colour_label, colours_of, matching, sizes_of, subject, the_variant
from bot.conversation.talk import Talk, Turn
from bot.messages import Ask, Button
from bot.sessions import Focus, Goal, Pending, Question
from commerce.domain.product import Product, Variant
from commerce.i18n import format_list

MAX_OPTIONS = 20


def size_buttons(product: Product, sizes: tuple[str, ...]) -> tuple[Button, ...]:
    return tuple(Button(size, encode(ChooseSize(product.id, short(size)))) for size in sizes[:MAX_OPTIONS])


def ask_size(talk: Talk, product: Product, focus: Focus, goal: Goal = Goal.NONE, store_id: str = "") -> Turn:
    """Which size? Those that are sold out everywhere are named, so that nobody hopes in vain."""
    sizes = sizes_of(product, focus.colour)
    variants = matching(product, focus.colour)
    available = levels_of(talk, [variants])
    gone = [s for s in sizes if not any(available[v.id] for v in variants if v.size == s)]
    text = talk.t("Which size?")
    if gone:
        text += " " + talk.t("Sold out for now: {sizes}.", sizes=format_list(gone, talk.language))
    pending = Pending(Question.SIZE, goal, store_id)
    return talk.say(
        text,
        buttons=size_buttons(product, sizes),
        session=replace(talk.session, focus=focus, pending=pending),
    )


def no_such_size(talk: Talk, product: Product, focus: Focus, size: str) -> Turn:
    """Says which sizes there are; keeps the question open if there was one."""
    sizes = sizes_of(product, focus.colour) or product.sizes
    pending = talk.session.pending or Pending(Question.SIZE)
    session = replace(talk.session, focus=replace(focus, size=""), pending=replace(pending, question=Question.SIZE))
    if not sizes:
        return talk.say(talk.t("This item comes in one size only."), session=replace(session, pending=None))
    text = talk.t(
        "There is no {size} for this item. Its sizes: {sizes}.",
        size=size,
        sizes=format_list_plain(sizes),
    )
    return talk.say(text, buttons=size_buttons(product, sizes), session=session)


def ask_colour(talk: Talk, product: Product, focus: Focus, goal: Goal = Goal.NONE, store_id: str = "") -> Turn:
    """Which colour, among those of the chosen size?"""
    colours = colours_of(product, focus.size)
    buttons = tuple(
        Button(_capital(colour_label(talk, product, variant)), encode(ChooseColour(product.id, variant.id)))
        for variant in list(colours.values())[:MAX_OPTIONS]
    )
    pending = Pending(Question.COLOUR, goal, store_id)
    return talk.say(
        talk.t("Which colour?"), buttons=buttons, session=replace(talk.session, focus=focus, pending=pending)
    )


def variant_or_question(
    talk: Talk, product: Product, focus: Focus, goal: Goal, store_id: str = ""
) -> tuple[Focus, Variant] | Turn:
    """The one variant that is meant, with the focus that names it; else the question to ask first: for a size, unless
    theirs is known; for a colour; or for another of the two where they do not go together."""
    sizes = sizes_of(product, focus.colour)
    if not focus.size and len(sizes) > 1:
        own = talk.own_size(product)
        if own not in sizes:
            return ask_size(talk, product, focus, goal, store_id)
        focus = replace(focus, size=own)
    if not focus.colour and len(colours_of(product, focus.size)) > 1:
        return ask_colour(talk, product, focus, goal, store_id)
    variant = the_variant(product, focus)
    if variant is not None:
        return focus, variant
    if focus.size and sizes and not matching(product, focus.colour, focus.size):
        return no_such_size(talk, product, focus, focus.size)
    return ask_colour(talk, product, replace(focus, colour=""), goal, store_id)


def ask_product(talk: Talk, goal: Goal = Goal.NONE) -> Turn:
    """Which of the products shown last? Without any, what to look for."""
    items = talk.session.lists[0] if talk.session.lists else ()
    if not items:
        return talk.say(talk.t("Tell me first what you are looking for, or send me a photo of it."))
    action = {Goal.NONE: Show, Goal.CART: AddToCart, Goal.WAIT: WaitFor}.get(goal, FindInStore)
    buttons = tuple(
        Button(f"{number}. {item.title[:60]}", encode(action(item.product_id)))
        for number, item in enumerate(items[:MAX_OPTIONS], 1)
    )
    session = replace(talk.session, pending=Pending(Question.PRODUCT, goal))
    return talk.say(talk.t("Which one do you mean?"), buttons=buttons, session=session)


def ask_place(talk: Talk, goal: Goal = Goal.STORES) -> Turn:
    """Where are you? Answered by a shared location, a town, a postcode or the name of a store."""
    return talk.say(
        talk.t("Where are you?"),
        buttons=(
            Button(talk.t("📍 Share my location"), encode(SharePlace())),
            Button(talk.t("Type a city"), encode(TypeCity())),
        ),
        ask=Ask.LOCATION,
        session=replace(talk.session, pending=Pending(Question.PLACE, goal)),
    )


def about_it(say: Callable[[Talk, Product, Focus], Turn]) -> Callable[[Talk], Turn]:
    """Of the product that the message is about; where that is not clear it is asked, and one that is gone is said to
    be."""

    @wraps(say)
    def answer(talk: Talk) -> Turn:
        focus = subject(talk)
        if focus is None:
            return ask_product(talk)
        product = talk.shop.catalog.product(focus.product_id)
        return gone(talk, focus.product_id) if product is None else say(talk, product, focus)

    return answer


def gone(talk: Talk, product_id: int) -> Turn:
    """The product is not sold any more."""
    return talk.say(
        talk.t("This item is no longer in the shop."),
        buttons=(similar_button(talk, product_id),) if product_id else (),
        session=replace(talk.session, focus=None, pending=None),
    )


def format_list_plain(items: tuple[str, ...]) -> str:
    """« 36, 38, 40 »: sizes are read out without an "and"."""
    return ", ".join(items)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
