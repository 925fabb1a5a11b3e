"""Something is wrong with an order: which one it must be, what can be done at once, and who else can help."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.actions import OrderStatus, Person, encode
from bot.conversation.order_words import state_words, store_of
from bot.conversation.own_orders import number_said, orders_with
from bot.conversation.person import hand_over, order_matter
from bot.conversation.photo import kept
from bot.conversation.return_steps import Return, code
from bot.conversation.return_words import items_of
from bot.conversation.talk import Ability, Talk, Turn
from bot.messages import Button
from bot.sessions import Pending, Question
from commerce.domain.conversation import HandoffReason
from commerce.domain.order import Order
from commerce.domain.returns import ReturnKind
from commerce.understanding import Intent

_LONGEST_NOTE = 500


def in_words(talk: Talk, photo_key: str = "") -> Turn:
    """Something is wrong and no wish said yet. `photo_key`: our copy of the photo that came with the words."""
    trouble = talk.understood.trouble
    number = number_said(talk)
    with talk.shop.storage.read() as uow:
        if trouble == "wrong":
            mine = orders_with(talk, uow, ReturnKind.PROBLEM)
        else:
            mine = uow.orders.of_customer(talk.customer.id) if talk.customer else []
        about = next((order for order in mine if order.number == number), mine[0] if mine else None)
        state = state_words(talk, about, store_of(uow, about)) if about and trouble == "missing" else ""
    if about is None:
        return replace(order_matter(talk), photo_key=photo_key)
    note = talk.message.text[:_LONGEST_NOTE]
    session = replace(
        talk.session,
        pending=Pending(Question.TROUBLE),
        order_number=about.number,
        problem_key=photo_key,
        problem_note=note,
    )
    there = talk.with_session(session)
    items = items_of(there, about)
    if trouble == "paid_twice":
        seen = there.t("I can see your order no. {number}: {items}.", number=about.number, items=items)
        return hand_over(there, HandoffReason.ORDER_TROUBLE, seen, photo_key=photo_key)
    if trouble == "missing":
        text = there.t(
            "I can see your order no. {number}: {items}, {state}. What would you like?",
            number=about.number,
            items=items,
            state=state,
        )
        where = Button(there.t("Where is it?"), encode(OrderStatus(about.id)))
        turn = there.say(text, buttons=(where, _person(there)), session=session)
        return replace(turn, photo_key=photo_key)
    return replace(
        there.say(_what(there, about), buttons=_ways_out(there, about), session=session), photo_key=photo_key
    )


def problem_with(talk: Talk, number: int) -> Turn:
    """Something is wrong with the order of that number, or with the last one that it can be about."""
    with talk.shop.storage.read() as uow:
        mine = orders_with(talk, uow, ReturnKind.PROBLEM)
    about = next((order for order in mine if order.number == number), mine[0] if mine else None)
    if about is None:
        return order_matter(talk)
    session = replace(talk.session, pending=Pending(Question.TROUBLE), order_number=about.number)
    return talk.say(_what(talk, about), buttons=_ways_out(talk, about), session=session)


def shown(talk: Talk) -> Turn | None:
    """A photo after the words belongs to them. One that we cannot see may as well be sought with."""
    with talk.shop.storage.read() as uow:
        mine = orders_with(talk, uow, ReturnKind.PROBLEM)
    about = next((order for order in mine if order.number == talk.session.order_number), None)
    key = kept(talk) if about is not None else ""
    if about is None or not key:
        return None
    session = replace(talk.session, problem_key=key)
    thanks = talk.t("Thank you, the photo is with it.")
    turn = talk.say(f"{thanks} {_what(talk, about)}", buttons=_ways_out(talk, about), session=session)
    return replace(turn, photo_key=key)


def _what(talk: Talk, about: Order) -> str:
    return talk.t(
        "I can see your order no. {number}: {items}. What would you like?",
        number=about.number,
        items=items_of(talk, about),
    )


def _ways_out(talk: Talk, about: Order) -> tuple[Button, ...]:
    return (
        Button(talk.t("Exchange"), code(Return(about.number, kind=ReturnKind.EXCHANGE.value))),
        Button(talk.t("Refund"), code(Return(about.number, kind=ReturnKind.PROBLEM.value))),
        _person(talk),
    )


def _person(talk: Talk) -> Button:
    return Button(talk.t("Talk to a person"), encode(Person()))


ABILITY = Ability(intents={Intent.PROBLEM: in_words}, shown={Question.TROUBLE: shown})
