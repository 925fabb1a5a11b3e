"""Choosing a size and a colour; remembering a size, with consent, and forgetting it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.actions import ChooseColour, ChooseSize, Remember, encode, means
from bot.conversation.cards import cart_button, levels_of, similar_button, store_button
from bot.conversation.offer_words import notify_button
from bot.conversation.options import (
    colour_label,
    colour_of,
    colours_of,
    matching,
    product_focus,
    size_named,
    sizes_of,
    subject,
    the_variant,
)
from bot.conversation.putting_in import add as put_into_cart
from bot.conversation.questions import about_it, ask_colour, ask_size, gone, no_such_size, size_buttons
from bot.conversation.stores import find
from bot.conversation.talk import Ability, Talk, Turn
from bot.conversation.waits_in_words import wait_for
from bot.messages import Button
from bot.sessions import Focus, Goal, Pending, Question
from commerce.domain.product import Product
from commerce.services.customers import size_system
from commerce.understanding import Intent

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork


def tapped_size(talk: Talk, action: ChooseSize) -> Turn:
    focus = product_focus(talk, action.product_id)
    product = talk.shop.catalog.product(action.product_id)
    if product is None:
        return gone(talk, action.product_id)
    if not action.size:
        if not sizes_of(product, focus.colour):
            return no_such_size(talk, product, focus, "")
        return ask_size(talk, product, focus)
    size = next((s for s in product.sizes if means(action.size, s)), "")
    if not size:
        return no_such_size(talk, product, focus, "" if action.size.startswith("~") else action.size)
    return pick(talk, product, focus, size)


def tapped_colour(talk: Talk, action: ChooseColour) -> Turn:
    focus = product_focus(talk, action.product_id)
    product = talk.shop.catalog.product(action.product_id)
    if product is None:
        return gone(talk, action.product_id)
    variant = next((v for v in product.variants if v.id == action.variant_id), None)
    if variant is None:
        return ask_colour(talk, product, replace(focus, colour=""))
    return pick_colour(talk, product, focus, colour_of(product, variant))


@about_it
def in_words(talk: Talk, product: Product, focus: Focus) -> Turn:
    """« 38 », « et en 42 ? », « je fais du M »."""
    if not talk.slots.size:
        return ask_size(talk, product, focus, _goal(talk), _store_id(talk))
    size = size_named(product, talk.slots.size)
    if not size:
        return no_such_size(talk, product, focus, talk.slots.size)
    return pick(talk, product, focus, size)


@about_it
def colour_in_words(talk: Talk, product: Product, focus: Focus) -> Turn:
    if not focus.colour:
        return ask_colour(talk, product, focus, _goal(talk), _store_id(talk))
    return pick_colour(talk, product, focus, focus.colour)


def pick(talk: Talk, product: Product, focus: Focus, size: str) -> Turn:
    """A size was chosen: on to where we were going, or the question whether to remember it."""
    goal = _goal(talk)
    chosen = replace(focus, size=size)
    if not matching(product, focus.colour, size):
        return _other_colour(talk, product, chosen)
    if goal is not Goal.NONE:
        return _go_on(talk, chosen, goal)
    session = replace(talk.session, focus=chosen, pending=None)
    available = levels_of(talk, [matching(product, focus.colour, size)])
    if not any(available.values()):
        return _sold_out(talk.with_session(session), product, chosen)
    system = size_system(talk.shop.lexicon, product)
    if talk.may_remember is None:
        wording = talk.t("Size {size}. Remember it for next time?", size=size)
        pending = Pending(Question.REMEMBER_SIZE, size_system=system, size=size, wording=wording)
        return talk.say(
            wording,
            buttons=(
                Button(talk.t("Yes"), encode(Remember(1))),
                Button(talk.t("No"), encode(Remember(0))),
            ),
            session=replace(session, pending=pending),
        )
    return talk.say(talk.t("Size {size}.", size=size), buttons=_next_buttons(talk, product.id), session=session)


def pick_colour(talk: Talk, product: Product, focus: Focus, colour: str) -> Turn:
    goal = _goal(talk)
    chosen = replace(focus, colour=colour)
    if goal is not Goal.NONE:
        return _go_on(talk, chosen, goal)
    session = replace(talk.session, focus=chosen, pending=None)
    variants = matching(product, colour)
    if not variants:
        return ask_colour(talk, product, replace(focus, colour=""))
    label = colour_label(talk, product, variants[0])
    talk = talk.with_session(session)
    if the_variant(product, chosen) is None and sizes_of(product, colour):
        return ask_size(talk, product, chosen)
    return talk.say(talk.t("In {colour}: noted.", colour=label), buttons=_next_buttons(talk, product.id))


def _go_on(talk: Talk, focus: Focus, goal: Goal) -> Turn:
    if goal is Goal.WAIT:
        return wait_for(talk, focus)
    if goal is Goal.CART:
        return put_into_cart(talk, focus, talk.session.pending.quantity if talk.session.pending else 1)
    store_id = _store_id(talk)
    store = next((s for s in talk.shop.catalog.stores() if s.id == store_id), None) if store_id else None
    return find(talk, focus, goal=goal, store=store)


def _other_colour(talk: Talk, product: Product, focus: Focus) -> Turn:
    """The size is made, but not in the colour on the table."""
    colours = colours_of(product, focus.size)
    names = ", ".join(colour_label(talk, product, variant) for variant in colours.values())
    turn = ask_colour(talk, product, replace(focus, colour=""), _goal(talk), _store_id(talk))
    text = talk.t("{size} comes in another colour only: {colours}.", size=focus.size, colours=names)
    return replace(turn, replies=(replace(turn.replies[0], text=text),))


def _sold_out(talk: Talk, product: Product, focus: Focus) -> Turn:
    variants = matching(product, focus.colour)
    available = levels_of(talk, [variants])
    sizes = tuple(dict.fromkeys(v.size for v in variants if v.size and available[v.id]))
    text = talk.t("Size {size} is sold out for now.", size=focus.size)
    if sizes:
        text += " " + talk.t("Still there: {sizes}.", sizes=", ".join(sizes))
    variant = the_variant(product, focus)
    notify = (notify_button(talk, variant.id),) if variant else ()
    return talk.say(text, buttons=(*size_buttons(product, sizes), *notify, similar_button(talk, product.id)))


def _next_buttons(talk: Talk, product_id: int) -> tuple[Button, ...]:
    return store_button(talk, product_id), cart_button(talk, product_id), similar_button(talk, product_id)


def answer(talk: Talk, yes: bool) -> Turn:
    """Yes or no to remembering: the ledger keeps the very words that were shown."""
    pending = talk.session.pending
    if pending is None or pending.question is not Question.REMEMBER_SIZE:
        return talk.say(talk.t("That question is no longer open."))
    product_id = talk.session.focus.product_id if talk.session.focus else 0
    buttons = _next_buttons(talk, product_id) if product_id else ()
    contact, customers = talk.message.contact, talk.shop.customers
    if yes:
        text = talk.t(
            "Noted: {size}. Say “forget my size” whenever you like, and I will.",
            size=pending.size,
        )
    else:
        text = talk.t("Fine, I will not remember it.")
    done = talk.say(text, buttons=buttons)

    def act(uow: UnitOfWork) -> Turn:
        customer = customers.recognise(uow, contact, language=talk.language)
        if yes:
            customers.remember_size(
                uow,
                customer.id,
                pending.size_system,
                pending.size,
                wording=pending.wording,
                language=talk.language,
                channel=contact.channel,
            )
        else:
            customers.decline_memory(
                uow, customer.id, wording=pending.wording, language=talk.language, channel=contact.channel
            )
        return done

    return Turn((), talk.session, act)


def tapped_answer(talk: Talk, action: Remember) -> Turn:
    return answer(talk, bool(action.yes))


def remember(talk: Talk) -> Turn:
    """« retiens ma taille »: asked for by the shopper, so their own words are the consent."""
    focus = subject(talk)
    product = talk.shop.catalog.product(focus.product_id) if focus else None
    size = focus.size if focus else ""
    if product is None or not size:
        return talk.say(talk.t("Choose a size of an item first, and I will offer to remember it."))
    system, contact, customers = size_system(talk.shop.lexicon, product), talk.message.contact, talk.shop.customers
    done = talk.say(talk.t("Noted: {size}. Say “forget my size” whenever you like, and I will.", size=size))

    def act(uow: UnitOfWork) -> Turn:
        customer = customers.recognise(uow, contact, language=talk.language)
        wording = talk.message.text[:500]
        customers.remember_size(
            uow, customer.id, system, size, wording=wording, language=talk.language, channel=contact.channel
        )
        return done

    return Turn((), talk.session, act)


def forget(talk: Talk) -> Turn:
    """« oublie ma taille »."""
    contact, customers = talk.message.contact, talk.shop.customers
    done = talk.say(talk.t("Done: I have forgotten your sizes and will not keep them."))

    def act(uow: UnitOfWork) -> Turn:
        customer = customers.recognise(uow, contact, language=talk.language)
        wording = talk.message.text[:500] or "forget my size"
        customers.forget_sizes(uow, customer.id, wording=wording, language=talk.language, channel=contact.channel)
        return done

    return Turn((), talk.session, act)


def _goal(talk: Talk) -> Goal:
    return talk.session.pending.goal if talk.session.pending else Goal.NONE


def _store_id(talk: Talk) -> str:
    return talk.session.pending.store_id if talk.session.pending else ""


ABILITY = Ability(
    intents={
        Intent.CHOOSE_SIZE: in_words,
        Intent.CHOOSE_COLOUR: colour_in_words,
        Intent.REMEMBER_SIZE: remember,
        Intent.FORGET_SIZE: forget,
    },
    actions={ChooseSize: tapped_size, ChooseColour: tapped_colour, Remember: tapped_answer},
    answers={Question.REMEMBER_SIZE: answer},
)
