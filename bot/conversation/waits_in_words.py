"""« Dis-moi quand il revient en 38 »: waiting for what is talked about or named, hearing what one waits for, and an end
of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.cards import levels_of
from bot.conversation.offer_actions import StopWaiting, TellWhenBack, WaitFor
from bot.conversation.options import (
    colour_of,
    matching,
    product_focus,
    size_named,
    subject,
    variant_label,
)
from bot.conversation.questions import ask_product, gone, no_such_size, variant_or_question
from bot.conversation.results import show as search
from bot.conversation.store_list import store_name
from bot.conversation.stores import store_named
from bot.conversation.talk import Ability, Talk, Turn
from bot.conversation.waits import each_of, stop, tell_when_back
from bot.messages import Button
from bot.sessions import Focus, Goal, Pending, Question
from commerce.domain.waiting import StockWaiter, WaitState
from commerce.services.wishes import wish_of
from commerce.understanding import Intent

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork


def asked(talk: Talk) -> Turn:
    """Of the product in talk, or of the one that the words name."""
    focus = subject(talk)
    if focus is None and (talk.slots.category or talk.slots.words):
        found = search(talk, wish_of(talk.slots))
        if found.session.focus is None:
            return ask_product(talk.with_session(found.session), Goal.WAIT) if found.session.lists else found
        talk = talk.with_session(found.session)
        focus = subject(talk) or found.session.focus
    if focus is None:
        return ask_product(talk, Goal.WAIT)
    product = talk.shop.catalog.product(focus.product_id)
    if product is None:
        return gone(talk, focus.product_id)
    if talk.slots.size and not size_named(product, talk.slots.size):
        return _on_the_way(no_such_size(talk, product, focus, talk.slots.size))
    return wait_for(talk, focus)


def tapped(talk: Talk, action: WaitFor) -> Turn:
    return wait_for(talk, product_focus(talk, action.product_id))


def wait_for(talk: Talk, focus: Focus) -> Turn:
    """Asks for the size and the colour, each only while it is not known; then waits. Of what is there nobody speaks."""
    product = talk.shop.catalog.product(focus.product_id)
    if product is None:
        return gone(talk, focus.product_id)
    possible = matching(product, focus.colour, focus.size)
    available = levels_of(talk, [possible])
    sold_out = [variant for variant in possible if not available[variant.id]]
    if len(sold_out) == 1:
        focus = replace(focus, size=sold_out[0].size, colour=colour_of(product, sold_out[0]))
    found = variant_or_question(talk, product, focus, Goal.WAIT)
    if isinstance(found, Turn):
        return _on_the_way(found)
    focus, variant = found
    store = store_named(talk)
    there = talk.with_session(replace(talk.session, focus=focus, pending=None))
    return tell_when_back(there, TellWhenBack(variant.id, store.id if store else ""))


def _on_the_way(turn: Turn) -> Turn:
    """The question keeps in mind where it leads."""
    pending = turn.session.pending
    if pending is None or pending.question is not Question.SIZE:
        return turn
    return replace(turn, session=replace(turn.session, pending=Pending(Question.SIZE, Goal.WAIT)))


# --- what one waits for


def listed(talk: Talk) -> Turn:
    with talk.shop.storage.read() as uow:
        waiters = _open(talk, uow)
        if not waiters:
            return _nothing(talk)
        lines = [talk.t("You wait for:"), *(line for each in waiters if (line := _line(talk, uow, each)))]
        stops = tuple(
            Button(talk.t("No longer: {item}", item=button.label), button.action)
            for button in each_of(talk, uow, waiters)
        )
    return talk.say("\n".join(lines), buttons=stops)


def given_up(talk: Talk) -> Turn:
    """« je n'attends plus »: the one thing, the one that is named, else which?"""
    with talk.shop.storage.read() as uow:
        waiters = _open(talk, uow)
        if not waiters:
            return _nothing(talk)
        named = [each for each in waiters if _is_named(talk, uow, each)]
        if len(named) != 1 and len(waiters) > 1:
            stops = each_of(talk, uow, named or waiters)
            return talk.say(talk.t("Which one do you no longer want to hear about?"), buttons=stops)
    return stop(talk, StopWaiting((named or waiters)[0].id))


def _open(talk: Talk, uow: UnitOfWork) -> list[StockWaiter]:
    return talk.shop.waiting.open_of(uow, talk.customer.id) if talk.customer else []


def _nothing(talk: Talk) -> Turn:
    return talk.say(talk.t("I know of nothing that you wait for."))


def _line(talk: Talk, uow: UnitOfWork, waiter: StockWaiter) -> str:
    """« – Robe midi en lin, 38, à Bellecour », and whether one is kept by now."""
    found = uow.products.by_variant(waiter.variant_id)
    if found is None:
        return ""
    store = uow.stores.get(waiter.store_id) if waiter.store_id else None
    parts = [variant_label(talk, *found), store_name(talk, store) if store else ""]
    if waiter.state is WaitState.TOLD:
        parts.append(talk.t("one is kept for you"))
    return "– " + ", ".join(part for part in parts if part)


def _is_named(talk: Talk, uow: UnitOfWork, waiter: StockWaiter) -> bool:
    """Whether the words mean this one, by its kind, size or colour."""
    slots, found = talk.slots, uow.products.by_variant(waiter.variant_id)
    if found is None or not (slots.category or slots.size or slots.colours):
        return False
    product, variant = found
    kin = talk.shop.lexicon.kin(slots.category) if slots.category else frozenset()
    return (
        (not slots.category or product.category in kin)
        and (not slots.size or size_named(product, slots.size) == variant.size)
        and (not slots.colours or variant.colour in slots.colours)
    )


ABILITY = Ability(
    intents={Intent.TELL_WHEN_BACK: asked, Intent.MY_WAITS: listed, Intent.STOP_WAITING: given_up},
    actions={WaitFor: tapped},
)
