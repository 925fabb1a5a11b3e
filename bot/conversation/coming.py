"""Coming to collect, in the chat: who comes, by car or on foot, « je suis là », and who stands at another store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation import person
from bot.conversation.action_codes import Action, encode, parse
from bot.conversation.coming_actions import AllGood, ByCar, ExtendOrder, ImHere, OnMyWay, SendSomeone, Trouble
from bot.conversation.pick_up_words import by_car_button, code_picture, coming_buttons, items_of, kept_until
from bot.conversation.store_list import directions_button, nearest, opening, store_name
from bot.conversation.talk import Ability, Talk, Turn
from bot.conversation.trouble import problem_with
from bot.messages import Button
from bot.sessions import Pending, Question
from commerce.domain.collecting import NotCollecting, PickUp, PickUpKind, PickUpRef, Stage
from commerce.domain.conversation import HandoffReason
from commerce.domain.reservation import NotChanged, Refused
from commerce.domain.store import Store
from commerce.i18n import format_distance
from commerce.understanding import Intent

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

AT_A_STORE_M = 500.0  # so near to a store one stands at its door, as far as a telephone knows
LONGEST_NAME = 40

_Tap = Callable[[str, str], Action]
_OUR_QUESTIONS = frozenset({Question.PROXY, Question.VEHICLE, Question.SPOT})
# No answer to "who comes?" or "which vehicle?": a wish of its own.
_OTHER_WISHES = frozenset(
    {
        Intent.TALK_TO_PERSON, Intent.STOP_MESSAGES, Intent.CANCEL_RESERVATION, Intent.EXTEND_RESERVATION,
        Intent.CANCEL_ORDER, Intent.MY_RESERVATIONS, Intent.ORDER_STATUS, Intent.DIRECTIONS, Intent.OPENING_HOURS,
        Intent.HELP, Intent.PROBLEM, Intent.ON_MY_WAY, Intent.ARRIVED, Intent.BY_CAR, Intent.SEND_SOMEONE,
    }
)  # fmt: skip

_BEFORE_A_NAME = [
    each.split() for each in ("c'est", "il s'appelle", "elle s'appelle", "it's", "his name is", "her name is")
]


# --- which of one's things -------------------------------------------------------------------------------------------


def _mine(talk: Talk, uow: UnitOfWork) -> list[PickUp]:
    return uow.pick_ups.open_of(talk.customer.id) if talk.customer else []


def _in_words(make: _Tap, handler: Callable[[Talk, Action], Turn]) -> Callable[[Talk], Turn]:
    """The same as the tap, on the only thing that can be meant; else asks which."""

    def said(talk: Talk) -> Turn:
        with talk.shop.storage.read() as uow:
            mine = _mine(talk, uow)
            meant = [card for card in mine if card.stage is Stage.READY] or mine
            if not meant:
                return talk.say(talk.t("You have nothing to collect at the moment."))
            if len(meant) == 1:
                return handler(talk, make(meant[0].ref.kind.value, meant[0].ref.id))
            buttons = []
            for card in meant:
                store = uow.stores.get(card.store_id)
                where = store.short_name(talk.language) if store else ""
                label = f"{where}: {items_of(talk, uow, card)}" if where else items_of(talk, uow, card)
                buttons.append(Button(label, encode(make(card.ref.kind.value, card.ref.id))))
        return talk.say(talk.t("Which one is it about?"), buttons=tuple(buttons))

    return said


def _ref(action: OnMyWay | SendSomeone | ByCar | ImHere | Trouble) -> PickUpRef | None:
    if action.kind not in {kind.value for kind in PickUpKind}:
        return None
    return PickUpRef(PickUpKind(action.kind), action.subject_id)


def _acting(
    talk: Talk,
    action: OnMyWay | SendSomeone | ByCar | ImHere,
    do: Callable[[UnitOfWork, PickUpRef, str], PickUp | Refused[NotCollecting]],
    say: Callable[[UnitOfWork, PickUp, Store], Turn],
) -> Turn:
    """What is done in the one write, and what is said of it."""
    ref = _ref(action)

    def act(uow: UnitOfWork) -> Turn:
        customer = uow.customers.by_contact(talk.message.contact)
        if ref is None or customer is None:
            return _refused(talk, NotCollecting.NOT_FOUND)
        result = do(uow, ref, customer.id)
        if isinstance(result, Refused):
            return _refused(talk, result.reason)
        store = uow.stores.get(result.store_id)
        return say(uow, result, store) if store else _refused(talk, NotCollecting.NOT_FOUND)

    return Turn((), replace(talk.session, pending=None), act)


def _refused(talk: Talk, reason: NotCollecting) -> Turn:
    match reason:
        case NotCollecting.NOT_FOUND:
            return talk.say(talk.t("I cannot find what you want to collect."))
        case NotCollecting.OVER:
            return talk.say(talk.t("This is over already: there is nothing to collect any more."))
        case NotCollecting.NOT_READY:
            return talk.say(talk.t("It is not ready yet. Please wait for my “ready” message: I send it here."))
        case NotCollecting.NO_CURBSIDE:
            return talk.say(talk.t("This store does not bring things out to cars: please come in and show your code."))
        case NotCollecting.SLOT_FULL | NotCollecting.NO_SLOTS:
            raise AssertionError(f"nobody chose an hour: {reason}")


# --- on the way, and there -------------------------------------------------------------------------------------------


def on_my_way(talk: Talk, action: OnMyWay) -> Turn:
    def say(uow: UnitOfWork, card: PickUp, store: Store) -> Turn:
        name = store_name(talk, store)
        text = talk.t("See you soon at {store}, {opening}.", store=name, opening=opening(talk, store))
        buttons = []
        if card.stage is Stage.READY:
            buttons.append(_here_button(talk, card))
        else:
            text += " " + talk.t("It is not ready yet: please wait for my “ready” message before you come.")
        if not card.details.vehicle and uow.pick_ups.rules(store.id).curbside:
            buttons.append(by_car_button(talk, card))
        return talk.say(text, buttons=(*buttons, *directions_button(talk, store)))

    return _acting(talk, action, talk.shop.coming.on_my_way, say)


def here(talk: Talk, action: ImHere) -> Turn:
    """The store hears it at once; where they stand is asked afterwards, of those who wait in a car."""

    def say(uow: UnitOfWork, card: PickUp, store: Store) -> Turn:
        if card.details.vehicle and not card.details.spot:
            pending = Pending(Question.SPOT, wording=encode(action))
            text = talk.t("{store} knows that you are here. Which spot?", store=store_name(talk, store))
            return talk.say(text, session=replace(talk.session, pending=pending))
        if card.details.vehicle:
            text = talk.t("{store} knows that you are here: they are coming out to you.", store=store_name(talk, store))
            return talk.say(text)
        text = talk.t("{store} knows that you are here. Show your code at the counter.", store=store_name(talk, store))
        return talk.say(f"{text} " + talk.t("Code {code}.", code=card.code), picture=code_picture(talk, card))

    return _acting(talk, action, talk.shop.coming.arrived, say)


def spot_typed(talk: Talk) -> Turn | None:
    action = _asked_about(talk, ImHere)
    if action is None:
        return None
    spot = talk.message.text

    def say(uow: UnitOfWork, card: PickUp, store: Store) -> Turn:
        name = store_name(talk, store)
        return talk.say(talk.t("Noted: {spot}. {store} is coming out to you.", spot=card.details.spot, store=name))

    return _acting(talk, action, lambda uow, ref, who: talk.shop.coming.at_spot(uow, ref, who, spot), say)


# --- by car, or somebody else ----------------------------------------------------------------------------------------


def by_car(talk: Talk, action: ByCar) -> Turn:
    """Asks which vehicle, where things are brought out."""
    with talk.shop.storage.read() as uow:
        ref = _ref(action)
        card = next((card for card in _mine(talk, uow) if card.ref == ref), None)
        if card is None:
            return _refused(talk, NotCollecting.NOT_FOUND)
        if not uow.pick_ups.rules(card.store_id).curbside:
            return _refused(talk, NotCollecting.NO_CURBSIDE)
    pending = Pending(Question.VEHICLE, wording=encode(action))
    return talk.say(talk.t("Which vehicle?"), session=replace(talk.session, pending=pending))


def vehicle_typed(talk: Talk) -> Turn | None:
    action = _asked_about(talk, ByCar)
    if action is None:
        return None
    vehicle = talk.message.text

    def say(uow: UnitOfWork, card: PickUp, store: Store) -> Turn:
        text = talk.t("Noted: {vehicle}.", vehicle=card.details.vehicle)
        if card.stage is not Stage.READY:
            text += " " + talk.t("It is not ready yet: please wait for my “ready” message before you come.")
            return talk.say(text)
        text += " " + talk.t("Tell me when you are there: {store} comes out to you.", store=store_name(talk, store))
        return talk.say(text, buttons=(_here_button(talk, card), *directions_button(talk, store)))

    return _acting(talk, action, lambda uow, ref, who: talk.shop.coming.by_car(uow, ref, who, vehicle), say)


def someone_else(talk: Talk, action: SendSomeone) -> Turn:
    pending = Pending(Question.PROXY, wording=encode(action))
    return talk.say(
        talk.t("Who will come? Their first name is enough."), session=replace(talk.session, pending=pending)
    )


def proxy_typed(talk: Talk) -> Turn | None:
    action = _asked_about(talk, SendSomeone)
    if action is None:
        return None
    name = _name_in(talk.message.text)
    if not name:
        return None

    def say(uow: UnitOfWork, card: PickUp, store: Store) -> Turn:
        text = talk.t(
            "Noted: {name} comes for you. Give them this code, {store} asks for it: {code}.",
            name=card.details.proxy,
            store=store_name(talk, store),
            code=card.code,
        )
        return talk.say(text, picture=code_picture(talk, card), buttons=directions_button(talk, store))

    return _acting(talk, action, lambda uow, ref, who: talk.shop.coming.send_someone(uow, ref, who, name), say)


def _name_in(text: str) -> str:
    """« c’est Marc » is Marc."""
    said = text.replace("’", "'").strip(" .!").split()
    for before in _BEFORE_A_NAME:
        if [word.casefold() for word in said[: len(before)]] == before:
            said = said[len(before) :]
    return " ".join(said)[:LONGEST_NAME] if len(said) <= 5 else ""


def _asked_about(talk: Talk, kind: type[Action]) -> ByCar | SendSomeone | ImHere | None:
    """What our open question was about; None when the message is no answer to it."""
    pending = talk.session.pending
    if pending is None or not talk.message.text or talk.understood.intent in _OTHER_WISHES:
        return None
    action = parse(pending.wording)
    return action if isinstance(action, (ByCar, SendSomeone, ImHere)) and isinstance(action, kind) else None


def _here_button(talk: Talk, card: PickUp) -> Button:
    return Button(talk.t("I’m here"), encode(ImHere(card.ref.kind.value, card.ref.id)))


# --- where they are --------------------------------------------------------------------------------------------------


def located(talk: Talk) -> Turn | None:
    """A location was sent that nobody asked for: are they at the right store? None when it is about something else."""
    point, pending = talk.message.location, talk.session.pending
    if point is None or (pending is not None and pending.question not in _OUR_QUESTIONS):
        return None
    with talk.shop.storage.read() as uow:
        mine = _mine(talk, uow)
    at = next(iter(nearest(talk, point)), None)
    if not mine or at is None or at.point is None:
        return None
    here_ = [card for card in mine if card.store_id == at.id]
    is_close = point.distance_m(at.point) <= AT_A_STORE_M
    ready = [card for card in mine if card.stage is Stage.READY]
    if here_:
        there = next((card for card in here_ if card.stage is Stage.READY), None)
        if there is None or not is_close:
            return None
        text = talk.t("You are at {store}. Shall I tell them?", store=store_name(talk, at))
        return talk.say(text, buttons=(_here_button(talk, there),))
    coming = [card for card in ready if card.details.coming_at is not None]
    if not is_close and not coming:
        return None
    card = next(iter((*coming, *ready, *mine)))
    with talk.shop.storage.read() as uow:
        store = uow.stores.get(card.store_id)
    if store is None or store.point is None:
        return None
    away = format_distance(point.distance_m(store.point), talk.language)
    name = store_name(talk, store)
    text = talk.t("Your order is at {store} ({distance}).", store=name, distance=away)
    return talk.say(text, buttons=directions_button(talk, store))


# --- longer, and afterwards ------------------------------------------------------------------------------------------


def extend_order(talk: Talk, action: ExtendOrder) -> Turn:
    ref = PickUpRef(PickUpKind.ORDER, action.order_id)

    def act(uow: UnitOfWork) -> Turn:
        customer = uow.customers.by_contact(talk.message.contact)
        if customer is None:
            return talk.say(talk.t("I cannot find this order."))
        result = talk.shop.coming.extend_order(uow, action.order_id, customer.id)
        if isinstance(result, Refused):
            return talk.say(_not_extended(talk, result.reason))
        card, store = uow.pick_ups.get(ref), uow.stores.get(result.store_id)
        if card is None or store is None:
            return talk.say(talk.t("I cannot find this order."))
        text = talk.t("Extended: {summary}", summary=kept_until(talk, card, store))
        return talk.say(text, buttons=coming_buttons(talk, card, store, extended=True))

    return Turn((), talk.session, act)


def _not_extended(talk: Talk, reason: NotChanged) -> str:
    match reason:
        case NotChanged.NOT_FOUND:
            return talk.t("I cannot find this order.")
        case NotChanged.ALREADY_OVER:
            return talk.t("This order is over already.")
        case NotChanged.ALREADY_EXTENDED:
            return talk.t("An order can be kept longer once, and this one was.")
        case NotChanged.STORE_NOT_OPEN:
            return talk.t("The store does not open soon enough to hold it longer.")


def all_good(talk: Talk, _action: AllGood) -> Turn:
    return talk.say(talk.t("Glad to hear it. See you soon!"))


def trouble(talk: Talk, action: Trouble) -> Turn:
    """What was ordered can be exchanged or given back here; what was only reserved is for the people of the shop."""
    ref = _ref(action)
    if ref is not None and ref.kind is PickUpKind.ORDER:
        with talk.shop.storage.read() as uow:
            order = uow.orders.get(ref.id)
        if order is not None and talk.customer is not None and order.customer_id == talk.customer.id:
            return problem_with(talk, order.number)
    return person.hand_over(talk, HandoffReason.BAD_RATING)


ABILITY = Ability(
    intents={
        Intent.ON_MY_WAY: _in_words(OnMyWay, on_my_way),  # type: ignore[arg-type]
        Intent.BY_CAR: _in_words(ByCar, by_car),  # type: ignore[arg-type]
        Intent.ARRIVED: _in_words(ImHere, here),  # type: ignore[arg-type]
        Intent.SEND_SOMEONE: _in_words(SendSomeone, someone_else),  # type: ignore[arg-type]
    },
    actions={
        OnMyWay: on_my_way,
        ByCar: by_car,
        ImHere: here,
        SendSomeone: someone_else,
        ExtendOrder: extend_order,
        AllGood: all_good,
        Trouble: trouble,
    },
    typed={Question.PROXY: proxy_typed, Question.VEHICLE: vehicle_typed, Question.SPOT: spot_typed},
)
