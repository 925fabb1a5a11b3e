"""Somebody wants a person: the request is recorded for the team, and the shopper hears how it goes on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bot.conversation.actions import Person
from bot.conversation.store_list import nearest, visit_lines
from bot.conversation.talk import Ability, Talk, Turn
from commerce.domain.mail import Direction
from commerce.understanding import Intent

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork


def wanted(talk: Talk) -> Turn:
    return _recorded(talk, talk.t("I have passed this on: our team will answer you here."))


def tapped(talk: Talk, _action: Person) -> Turn:
    return wanted(talk)


def order_matter(talk: Talk) -> Turn:
    """Orders, returns and payments are our team's: no price, refund or stock is reachable from a sentence."""
    text = talk.t("Orders, returns and payments are for our team. I have passed this on: they will answer you here.")
    return _recorded(talk, text)


def _recorded(talk: Talk, text: str) -> Turn:
    stores = nearest(talk, talk.session.location)
    if stores:
        or_else = talk.t("You can also ring or visit us:")
        text += f"\n\n{or_else}\n{visit_lines(talk, stores, talk.session.location)}"
    done = talk.say(text)
    message = talk.message

    def act(uow: UnitOfWork) -> Turn:
        customer = talk.shop.customers.recognise(uow, message.contact, language=talk.language)
        note = {"note": "person_wanted", "intent": talk.understood.intent.value, "text": message.text[:500]}
        uow.threads.add(message.contact, Direction.NOTE, json.dumps(note, ensure_ascii=False), talk.now)
        uow.audit.add(
            f"shopper:{customer.id}", "person_wanted", message.contact.lane, {"event": message.event_id}, talk.now
        )
        return done

    return Turn((), talk.session, act)


ABILITY = Ability(
    intents={
        Intent.TALK_TO_PERSON: wanted,
    },
    actions={Person: tapped},
)
