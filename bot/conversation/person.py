"""Somebody of the shop takes over: because they were asked for, or because the bot is no help here."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.actions import BackToBot, Person, encode
from bot.conversation.matters import matter_of
from bot.conversation.moments import when
from bot.conversation.store_list import nearest, visit_lines
from bot.conversation.talk import Ability, Talk, Turn, Voice
from bot.messages import Button
from bot.sessions import Question
from commerce.domain.conversation import HandoffReason, Need
from commerce.domain.mail import Direction
from commerce.services.handoff import TakingOver
from commerce.understanding import Intent

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

_PATIENCE = 2  # messages running that are not understood, until a person takes over
_LOOKED_AT = 3
_HOUR_MIN = 60


def wanted(talk: Talk) -> Turn:
    pending = talk.session.pending
    troubled = pending is not None and pending.question is Question.TROUBLE
    return hand_over(talk, HandoffReason.ORDER_TROUBLE if troubled else HandoffReason.ASKED)


def tapped(talk: Talk, _action: Person) -> Turn:
    return wanted(talk)


def order_matter(talk: Talk) -> Turn:
    """Orders, returns and payments are our team's: no price, refund or stock is reachable from a sentence."""
    lead = talk.t("Orders, returns and payments are for our team.")
    return hand_over(talk, HandoffReason.ORDER_TROUBLE, lead)


def angry(talk: Talk, photo_key: str = "") -> Turn:
    return hand_over(talk, HandoffReason.ANGRY, talk.t("I am sorry."), photo_key=photo_key)


def not_understood(talk: Talk, answer: Turn) -> Turn:
    """`answer` says how to put it. Twice running it is no help: a person takes over, where there is one."""
    count = talk.before.lost + 1
    answer = replace(answer, session=replace(answer.session, lost=count))
    if count < _PATIENCE:
        return answer
    lead = talk.t("I do not understand, and I am sorry.")
    return hand_over(talk, HandoffReason.NOT_UNDERSTOOD, lead, otherwise=answer)


def hand_over(
    talk: Talk, reason: HandoffReason, lead: str = "", *, otherwise: Turn | None = None, photo_key: str = ""
) -> Turn:
    """From now on the bot is silent. `otherwise` is answered where nobody of the team could answer; without it the wish
    is noted down, and the shopper hears where our stores are."""
    message = talk.message
    there = nearest(talk, talk.session.location) if talk.session.location else []
    need = Need(
        reason=reason,
        matter=matter_of(talk),
        words=message.text,
        order_number=talk.session.order_number,
        store_id=there[0].id if there else "",
        looked_at=_looked_at(talk),
    )

    def act(uow: UnitOfWork) -> Turn:
        customer = talk.shop.customers.recognise(uow, message.contact, language=talk.language)
        promise = talk.shop.handoff.wanted(uow, customer, need)
        if promise is None and otherwise is not None:
            return otherwise
        note = {"note": "person_wanted", "intent": talk.understood.intent.value, "text": message.text[:500]}
        uow.threads.add(message.contact, Direction.NOTE, json.dumps(note, ensure_ascii=False), talk.now)
        session = replace(talk.session, pending=None, lost=0)
        if promise is None:
            return talk.say(f"{lead} {_noted_down(talk)}".strip(), session=session)
        text = f"{lead} {_promised(talk, promise)}".strip()
        return talk.say(text, buttons=(back_button(talk),), session=session)

    return Turn((), talk.session, act, photo_key)


def back(talk: Talk, _action: BackToBot | None = None) -> Turn:
    """No person any more."""
    done = talk.say(talk.t("I’m back. Anything else?"))

    def act(uow: UnitOfWork) -> Turn:
        customer = uow.customers.by_contact(talk.message.contact)
        if customer is not None:
            talk.shop.handoff.back_to_bot(uow, customer.id)
        return done

    return Turn((), talk.session, act)


def back_button(voice: Voice) -> Button:
    return Button(voice.t("Back to the bot"), encode(BackToBot()))


def _promised(talk: Talk, promise: TakingOver) -> str:
    """Who it is and how long it takes, as far as we know."""
    name = promise.who.name.split()[0] if promise.who.name.split() else talk.t("Our team")
    if promise.opens_at is not None:
        moment = when(talk, promise.opens_at, promise.timezone)
        return talk.t("{name} will answer you here as soon as we open, {when}.", name=name, when=moment)
    if promise.minutes is None:
        return talk.t("{name} is taking over.", name=name)
    if promise.minutes > 2 * _HOUR_MIN:
        hours = round(promise.minutes / _HOUR_MIN)
        return talk.t("{name} is taking over (about {hours} h).", name=name, hours=hours)
    return talk.t("{name} is taking over (about {minutes} min).", name=name, minutes=promise.minutes)


def _noted_down(talk: Talk) -> str:
    text = talk.t("I have passed this on: our team will answer you here.")
    stores = nearest(talk, talk.session.location)
    if stores:
        or_else = talk.t("You can also ring or visit us:")
        text += f"\n\n{or_else}\n{visit_lines(talk, stores, talk.session.location)}"
    return text


def _looked_at(talk: Talk) -> tuple[int, ...]:
    """Products of this talk, the one that is talked about first."""
    focus = (talk.session.focus.product_id,) if talk.session.focus else ()
    shown = (item.product_id for items in talk.session.lists for item in items)
    return tuple(dict.fromkeys((*focus, *shown)))[:_LOOKED_AT]


ABILITY = Ability(
    intents={
        Intent.TALK_TO_PERSON: wanted,
        Intent.BACK_TO_BOT: back,
    },
    actions={Person: tapped, BackToBot: back},
)
