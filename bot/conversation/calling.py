"""« Voulez-vous être rappelée ? »: a time is tapped, a number given, and the team has a task."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.conversation.actions import CallBack, encode, parse
from bot.conversation.moments import on_a_button, when
from bot.conversation.talk import Ability, Talk, Turn, Voice
from bot.messages import Button
from bot.sessions import Pending, Question
from commerce.domain.conversation import NotCalledBack
from commerce.domain.reservation import Refused
from commerce.services.calling_back import CallTimes
from commerce.understanding.contact_details import phone_in

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

_LATEST_MIN = 2**31  # some four thousand years
_DIGITS_SHOWN = 2


def time_buttons(voice: Voice, offered: CallTimes) -> tuple[Button, ...]:
    return tuple(
        Button(on_a_button(voice, each, offered.timezone), encode(CallBack(int(each.timestamp()) // 60)))
        for each in offered.times
    )


def tapped(talk: Talk, action: CallBack) -> Turn:
    return Turn((), talk.session, lambda uow: _book(talk, uow, action, ""))


def phone_typed(talk: Talk) -> Turn | None:
    """The number that we asked for; None for anything that looks like none."""
    countries = talk.shop.settings.delivery_countries
    phone = phone_in(talk.message.text, countries[0] if countries else "")
    action = parse(talk.session.pending.wording) if talk.session.pending else None
    if not phone or not isinstance(action, CallBack):
        return None
    return Turn((), talk.session, lambda uow: _book(talk, uow, action, phone))


def _book(talk: Talk, uow: UnitOfWork, action: CallBack, phone: str) -> Turn:
    at = datetime.fromtimestamp(min(action.at_min, _LATEST_MIN) * 60, UTC)
    customer = talk.shop.customers.recognise(uow, talk.message.contact, language=talk.language)
    booked = talk.shop.calling_back.book(uow, customer, at, phone=phone)
    offered = talk.shop.calling_back.times(uow, customer.id)
    if not isinstance(booked, Refused):
        number = phone or talk.shop.calling_back.phone_of(booked)
        moment = when(talk, at, offered.timezone)
        text = talk.t(
            "Noted: we call you {when}, on the number that ends in {digits}.",
            when=moment,
            digits=number[-_DIGITS_SHOWN:],
        )
        return talk.say(text)
    match booked.reason:
        case NotCalledBack.NO_PHONE:
            asked = replace(talk.session, pending=Pending(Question.PHONE, wording=encode(action)))
            return talk.say(talk.t("On which number can we reach you?"), session=asked)
        case NotCalledBack.NOT_OPEN:
            return talk.say(talk.t("Nobody is there at that time. When else?"), buttons=time_buttons(talk, offered))


ABILITY = Ability(actions={CallBack: tapped}, typed={Question.PHONE: phone_typed})
