"""Reserving in a store without paying: place, show, cancel, extend once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.actions import (
    AddToCart,
    Cancel,
    Extend,
    MyReservations,
    Reserve,
    TellWhenOpen,
    encode,
    means,
    short,
)
from bot.conversation.cards import similar_button, store_button
from bot.conversation.choosing_slots import question
from bot.conversation.offer_words import notify_button
from bot.conversation.options import focus_on, variant_label
from bot.conversation.scanned import qr_png
from bot.conversation.store_list import (
    directions_button,
    offer_lines,
    offers,
    reserve_buttons,
    resumes,
    store_name,
)
from bot.conversation.talk import Ability, Talk, Turn
from bot.messages import Button, Reply, ReplyPicture
from commerce.domain.collecting import PickUpKind, PickUpRef
from commerce.domain.product import Product, Variant
from commerce.domain.reservation import NotChanged, NotHeld, Refused, Reservation
from commerce.domain.staff import PauseMethod
from commerce.domain.store import Store
from commerce.i18n import format_deadline
from commerce.understanding import Intent

if TYPE_CHECKING:
    from commerce.domain.search import StoreOffer
    from commerce.ports import UnitOfWork


def tapped(talk: Talk, action: Reserve) -> Turn:
    """A tap on "Reserve at …": both ids are looked up again."""
    with talk.shop.storage.read() as uow:
        found = uow.products.by_variant(action.variant_id)
        store = next((s for s in uow.stores.all() if means(action.store, s.id) and s.takes_visitors), None)
    if found is None or store is None:
        return talk.say(talk.t("This item is no longer in the shop."))
    return place(talk, *found, store, was_shown=True)


def place(talk: Talk, product: Product, variant: Variant, store: Store, *, was_shown: bool = False) -> Turn:
    """Holds one unit. When it is gone, says so and offers the other stores at once.

    `was_shown`: we said before that the store has it, so somebody else was faster.
    """
    every = offers(talk, variant.id, talk.session.location or store.point)
    others = [offer for offer in every if offer.store.id != store.id]
    was_there = was_shown or len(others) < len(every)
    session = replace(talk.session, focus=focus_on(product, (variant,)), pending=None)
    talk = talk.with_session(session)

    def act(uow: UnitOfWork) -> Turn:
        contact = talk.message.contact
        customer = talk.shop.customers.recognise(uow, contact, name=talk.message.sender_name, language=talk.language)
        for mine in talk.shop.reserving.open_of(uow, customer.id):
            if mine.store_id == store.id and any(line.variant_id == variant.id for line in mine.lines):
                return Turn((held(talk, uow, mine, store),), session)  # a second tap holds nothing more
        result = talk.shop.reserving.place(
            uow, customer_id=customer.id, contact=contact, store_id=store.id, lines=[(variant.id, 1)]
        )
        if isinstance(result, Refused):
            return _refused(talk, uow, result.reason, product, variant, store, others, was_there=was_there)
        when = question(talk, uow, PickUpRef(PickUpKind.RESERVATION, result.id))
        return Turn((held(talk, uow, result, store), *((when,) if when else ())), session)

    return Turn((), session, act)


def held(talk: Talk, uow: UnitOfWork, reservation: Reservation, store: Store) -> Reply:
    """What was just reserved, and what is to be known about it."""
    text = talk.t(
        "Held, nothing to pay: {item}. {store}, until {deadline}. Code {code}. Please wait for my “ready” message "
        "before you come.",
        item=_items(talk, uow, reservation),
        store=store_name(talk, store),
        deadline=_deadline(talk, reservation, store),
        code=reservation.code,
    )
    return _reservation_reply(talk, text, reservation, store)


def _reservation_reply(talk: Talk, text: str, reservation: Reservation, store: Store) -> Reply:
    extend = (Button(talk.t("Extend"), encode(Extend(reservation.id))),) if reservation.extensions == 0 else ()
    return talk.reply(
        text,
        buttons=(
            Button(talk.t("Cancel"), encode(Cancel(reservation.id))),
            *extend,
            *directions_button(talk, store),
        ),
        picture=ReplyPicture(talk.t("QR code of {code}", code=reservation.code), png=_qr(reservation)),
    )


def _qr(reservation: Reservation) -> bytes:
    """What the counter scans: the reservation's id, which nobody guesses, and its code."""
    return qr_png(f"vitrine:reservation:{reservation.id}:{reservation.code}")


def _refused(
    talk: Talk,
    uow: UnitOfWork,
    reason: NotHeld,
    product: Product,
    variant: Variant,
    store: Store,
    others: list[StoreOffer],
    *,
    was_there: bool,
) -> Turn:
    match reason:
        case NotHeld.SOLD_OUT:
            return _sold_out(talk, product, variant, store, others, was_there=was_there)
        case NotHeld.STORE_NOT_OPEN:
            text = talk.t(
                "{store} does not open in the coming days, so it cannot hold anything.", store=store_name(talk, store)
            )
            return _with_others(talk, text, product, variant, others)
        case NotHeld.STORE_PAUSED:
            return _paused(talk, uow, product, variant, store, others)
        case NotHeld.TOO_MANY_OPEN:
            mine = Button(talk.t("My reservations"), encode(MyReservations()))
            return talk.say(
                talk.t("You already have as many reservations as one person may hold. Cancel one to make room."),
                buttons=(mine,),
            )
        case NotHeld.TOO_MANY_NO_SHOWS:
            return _not_without_paying(talk, product, variant)
        case NotHeld.NO_SUCH_VARIANT:
            return talk.say(talk.t("This item is no longer in the shop."), buttons=(similar_button(talk, product.id),))
        case NotHeld.QUANTITY:
            return talk.say(talk.t("I cannot hold that many at once."))


def _not_without_paying(talk: Talk, product: Product, variant: Variant) -> Turn:
    """Whoever did not come too often orders and pays; it waits for them in the store all the same."""
    text = talk.t(
        "Several of your reservations were ready and not collected, so I cannot hold this one without payment. You can "
        "order it, pay now and collect it in the store."
    )
    add = Button(talk.t("Add to cart"), encode(AddToCart(product.id, variant.id)))
    return talk.say(text, buttons=(add, similar_button(talk, product.id)))


def _paused(
    talk: Talk, uow: UnitOfWork, product: Product, variant: Variant, store: Store, others: list[StoreOffer]
) -> Turn:
    """Until when a store takes no orders, where else, and a word when it does again."""
    pauses = talk.shop.pausing.those_in_force(
        uow, [store.id, *(offer.store.id for offer in others)], PauseMethod.RESERVE
    )
    open_ones = [offer for offer in others if offer.store.id not in pauses]
    pause = pauses.get(store.id)
    if pause is None:  # it has ended while we were speaking
        text = talk.t("{store} takes orders again.", store=store_name(talk, store))
        return _with_others(talk, text, product, variant, open_ones)
    tell_me = Button(talk.t("Tell me"), encode(TellWhenOpen(short(store.id))))
    return _with_others(talk, resumes(talk, store, pause), product, variant, open_ones, tell_me)


def _sold_out(
    talk: Talk, product: Product, variant: Variant, store: Store, others: list[StoreOffer], *, was_there: bool
) -> Turn:
    """`was_there`: it still was when this message was read."""
    item, name = variant_label(talk, product, variant), store_name(talk, store)
    if was_there:
        text = talk.t("The last one at {store} has just gone: {item}. Nothing was reserved.", store=name, item=item)
    else:
        text = talk.t("{store} has none left: {item}.", store=name, item=item)
    return _with_others(talk, text, product, variant, others, notify_button(talk, variant.id, store))


def _with_others(
    talk: Talk, text: str, product: Product, variant: Variant, others: list[StoreOffer], *more: Button
) -> Turn:
    if not others:
        nowhere = talk.t("No other store has it at the moment.")
        return talk.say(f"{text}\n{nowhere}", buttons=(*more, similar_button(talk, product.id)))
    here = talk.t("You can still have it here:")
    return talk.say(
        f"{text}\n\n{here}\n{offer_lines(talk, others)}",
        buttons=(*reserve_buttons(talk, variant.id, others), *more, similar_button(talk, product.id)),
    )


def mine(talk: Talk, _action: object = None) -> Turn:
    """The open reservations, a message each."""
    replies = []
    with talk.shop.storage.read() as uow:
        held = talk.shop.reserving.open_of(uow, talk.customer.id) if talk.customer else []
        for reservation in held:
            store = uow.stores.get(reservation.store_id)
            if store is not None:
                replies.append(_reservation_reply(talk, _summary(talk, uow, reservation, store), reservation, store))
    if not replies:
        return talk.say(talk.t("You have no reservation at the moment."))
    return Turn(tuple(replies), replace(talk.session, pending=None))


def _summary(talk: Talk, uow: UnitOfWork, reservation: Reservation, store: Store) -> str:
    return talk.t(
        "{items}. {store}, until {deadline}. Code {code}.",
        items=_items(talk, uow, reservation),
        store=store_name(talk, store),
        deadline=_deadline(talk, reservation, store),
        code=reservation.code,
    )


def _items(talk: Talk, uow: UnitOfWork, reservation: Reservation) -> str:
    found = [uow.products.by_variant(line.variant_id) for line in reservation.lines]
    return " + ".join(variant_label(talk, *item) for item in found if item) or talk.t("your item")


def _deadline(talk: Talk, reservation: Reservation, store: Store) -> str:
    return format_deadline(reservation.expires_at, talk.now, talk.language, store.timezone)


def cancel(talk: Talk, action: Cancel) -> Turn:
    def act(uow: UnitOfWork) -> Turn:
        customer = uow.customers.by_contact(talk.message.contact)
        if customer is None:
            return _not_changed(talk, NotChanged.NOT_FOUND)
        result = talk.shop.reserving.cancel(uow, action.reservation_id, customer.id)
        if isinstance(result, Refused):
            return _not_changed(talk, result.reason)
        text = talk.t("Cancelled, nothing to pay: {items}.", items=_items(talk, uow, result))
        found = uow.products.by_variant(result.lines[0].variant_id)
        return talk.say(text, buttons=(store_button(talk, found[0].id),) if found else ())

    return Turn((), talk.session, act)


def extend(talk: Talk, action: Extend) -> Turn:
    def act(uow: UnitOfWork) -> Turn:
        customer = uow.customers.by_contact(talk.message.contact)
        if customer is None:
            return _not_changed(talk, NotChanged.NOT_FOUND)
        result = talk.shop.reserving.extend(uow, action.reservation_id, customer.id)
        if isinstance(result, Refused):
            return _not_changed(talk, result.reason)
        store = uow.stores.get(result.store_id)
        if store is None:
            return _not_changed(talk, NotChanged.NOT_FOUND)
        text = talk.t("Extended: {summary}", summary=_summary(talk, uow, result, store))
        return Turn((_reservation_reply(talk, text, result, store),), replace(talk.session, pending=None))

    return Turn((), talk.session, act)


def _not_changed(talk: Talk, reason: NotChanged) -> Turn:
    mine = (Button(talk.t("My reservations"), encode(MyReservations())),)
    match reason:
        case NotChanged.NOT_FOUND:
            return talk.say(talk.t("I cannot find this reservation."), buttons=mine)
        case NotChanged.ALREADY_OVER:
            return talk.say(talk.t("This reservation is over already."), buttons=mine)
        case NotChanged.ALREADY_EXTENDED:
            return talk.say(talk.t("A reservation can be extended once, and this one was."), buttons=mine)
        case NotChanged.STORE_NOT_OPEN:
            return talk.say(talk.t("The store does not open soon enough to hold it longer."), buttons=mine)


def cancel_in_words(talk: Talk) -> Turn:
    """« annule ma réservation »: at once when there is one, else the list to choose from."""
    only = _only_one(talk)
    return cancel(talk, Cancel(only.id)) if only else mine(talk)


def extend_in_words(talk: Talk) -> Turn:
    only = _only_one(talk)
    return extend(talk, Extend(only.id)) if only else mine(talk)


def _only_one(talk: Talk) -> Reservation | None:
    if talk.customer is None:
        return None
    with talk.shop.storage.read() as uow:
        held = talk.shop.reserving.open_of(uow, talk.customer.id)
    return held[0] if len(held) == 1 else None


ABILITY = Ability(
    intents={
        Intent.MY_RESERVATIONS: mine,
        Intent.CANCEL_RESERVATION: cancel_in_words,
        Intent.EXTEND_RESERVATION: extend_in_words,
    },
    actions={Reserve: tapped, Cancel: cancel, Extend: extend, MyReservations: mine},
)
