"""When one comes to collect, where a store has room for so many an hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.conversation.action_codes import encode
from bot.conversation.coming_actions import ChooseSlot
from bot.conversation.store_list import store_name
from bot.conversation.talk import Ability, Talk, Turn, Voice
from bot.messages import Button, Reply
from commerce.domain.collecting import NotCollecting, PickUp, PickUpKind, PickUpRef, Slot
from commerce.domain.reservation import Refused
from commerce.i18n import format_deadline, format_time
from commerce.services.slots import MOST_OFFERED

if TYPE_CHECKING:
    from commerce.domain.store import Store
    from commerce.ports import UnitOfWork

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


def question(voice: Voice, uow: UnitOfWork, ref: PickUpRef) -> Reply | None:
    """Which hour? None where people come when they like, and for whoever has chosen."""
    card = uow.pick_ups.get(ref)
    store = uow.stores.get(card.store_id) if card else None
    if card is None or store is None or not card.is_open or card.details.slot_at is not None:
        return None
    return _ask(voice, uow, card, store, "")


def _ask(voice: Voice, uow: UnitOfWork, card: PickUp, store: Store, intro: str) -> Reply | None:
    found = voice.shop.slots.coming(uow, store.id, until=card.expires_at)[:MOST_OFFERED]
    if not found:
        return None
    text = voice.t("When would you like to collect it at {store}?", store=store_name(voice, store))
    buttons = tuple(Button(_label(voice, store, slot), encode(_choice(card.ref, slot.starts_at))) for slot in found)
    return Reply(f"{intro} {text}".strip(), buttons=buttons, language=voice.language)


def choose(talk: Talk, action: ChooseSlot) -> Turn:
    def act(uow: UnitOfWork) -> Turn:
        customer = uow.customers.by_contact(talk.message.contact)
        if customer is None or action.kind not in {kind.value for kind in PickUpKind}:
            return talk.say(talk.t("I cannot find what you want to collect."))
        ref = PickUpRef(PickUpKind(action.kind), action.subject_id)
        card = uow.pick_ups.get(ref)
        store = uow.stores.get(card.store_id) if card and card.customer_id == customer.id else None
        if card is None or store is None:
            return talk.say(talk.t("I cannot find what you want to collect."))
        if not action.at_min:
            return _asked(talk, uow, card, store, "")
        result = talk.shop.slots.take(uow, ref, customer.id, _EPOCH + action.at_min * _MINUTE)
        if isinstance(result, Refused):
            return _refused(talk, uow, result.reason, card, store)
        assert result.details.slot_at is not None
        when = format_deadline(result.details.slot_at, talk.now, talk.language, store.timezone)
        text = talk.t("Noted: {when}, {store}.", when=when, store=store_name(talk, store))
        another = Button(talk.t("Another time"), encode(ChooseSlot(ref.kind.value, ref.id)))
        return talk.say(text, buttons=(another,))

    return Turn((), replace(talk.session, pending=None), act)


def _asked(talk: Talk, uow: UnitOfWork, card: PickUp, store: Store, intro: str) -> Turn:
    asked = _ask(talk, uow, card, store, intro)
    if asked is None:
        none_left = talk.t("No time is left: come whenever it suits you, and we will see to you.")
        return talk.say(f"{intro} {none_left}".strip())
    return Turn((asked,), replace(talk.session, pending=None))


def _refused(talk: Talk, uow: UnitOfWork, reason: NotCollecting, card: PickUp, store: Store) -> Turn:
    match reason:
        case NotCollecting.SLOT_FULL:
            return _asked(talk, uow, card, store, talk.t("That time has just been taken."))
        case NotCollecting.NO_SLOTS:
            return talk.say(talk.t("This store gives no times: come whenever it is open."))
        case _:
            return talk.say(talk.t("This is over already: there is nothing to collect any more."))


def _label(voice: Voice, store: Store, slot: Slot) -> str:
    """« aujourd’hui 14:00–15:00 »."""
    begins = format_deadline(slot.starts_at, voice.now, voice.language, store.timezone)
    return f"{begins}–{format_time(slot.ends_at, voice.language, store.timezone)}"


def _choice(ref: PickUpRef, starts_at: datetime) -> ChooseSlot:
    return ChooseSlot(ref.kind.value, ref.id, (starts_at - _EPOCH) // _MINUTE)


ABILITY = Ability(actions={ChooseSlot: choose})
