"""Taps on what was offered in place of something that a store could not serve."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.actions import MyReservations, OrderStatus, encode
from bot.conversation.cards import similar_button
from bot.conversation.cart_words import show_button
from bot.conversation.checkout import next_step
from bot.conversation.offer_actions import NoOffer, SendOrder, TakeOffer
from bot.conversation.offer_words import choice_buttons, holding, paid_order
from bot.conversation.options import focus_on
from bot.conversation.order_words import items_of, pickup_qr, place_of
from bot.conversation.reserve import held
from bot.conversation.sending import begin, order_to_send
from bot.conversation.store_list import directions_button
from bot.conversation.talk import Ability, Talk, Turn
from bot.messages import Button, ReplyPicture
from commerce.domain.money import Money
from commerce.domain.offering import NotTaken, Offer
from commerce.domain.order import Order
from commerce.domain.reservation import Refused, Reservation

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork


def take(talk: Talk, action: TakeOffer) -> Turn:
    def act(uow: UnitOfWork) -> Turn:
        customer = uow.customers.by_contact(talk.message.contact)
        customer_id = customer.id if customer else ""
        offer = talk.shop.offering.get(uow, action.offer_id)
        order = order_to_send(talk, uow, offer, action.position)
        if order is not None and order.customer_id == customer_id:
            return begin(talk, uow, order, SendOrder(action.offer_id, action.position))
        taken = talk.shop.offering.take(uow, action.offer_id, action.position, customer_id)
        if isinstance(taken, Refused):
            return _not_taken(talk, uow, taken.reason, offer)
        if taken.reservation is not None:
            return reserved(talk, uow, taken.reservation)
        if taken.order is not None and taken.order.pickup_code:
            return _moved(talk, uow, taken.order)
        if taken.order is not None:  # a second tap
            return talk.say(talk.t("This offer is over."))
        there = talk.with_session(replace(talk.session, pending=None, contact_asked=False))
        return next_step(there, uow, talk.t("It is in your cart, to be sent."), ordering=True)

    return Turn((), talk.session, act)


def reserved(talk: Talk, uow: UnitOfWork, reservation: Reservation) -> Turn:
    """A reservation made out of what was held: said like any other."""
    store = uow.stores.get(reservation.store_id)
    found = uow.products.by_variant(reservation.lines[0].variant_id)
    session = replace(talk.session, pending=None)
    if found is not None:
        session = replace(session, focus=focus_on(found[0], (found[1],)))
    return Turn((held(talk, uow, reservation, store),) if store else (), session)


def _moved(talk: Talk, uow: UnitOfWork, order: Order) -> Turn:
    """What is paid waits in another store."""
    store = uow.stores.get(order.store_id)
    text = talk.t(
        "Order {number}, paid, is now for {place}: {items}. Code {code}. Please wait for my “ready” message before you "
        "come.",
        number=order.number,
        place=place_of(talk, store) if store else "",
        items=items_of(talk, order),
        code=order.pickup_code,
    )
    follow = Button(talk.t("Track my order"), encode(OrderStatus(order.id)))
    picture = ReplyPicture(talk.t("QR code of {code}", code=order.pickup_code), png=pickup_qr(order))
    return talk.say(text, buttons=(*(directions_button(talk, store) if store else ()), follow), picture=picture)


def decline(talk: Talk, action: NoOffer) -> Turn:
    def act(uow: UnitOfWork) -> Turn:
        customer = uow.customers.by_contact(talk.message.contact)
        offer = talk.shop.offering.get(uow, action.offer_id)
        order = paid_order(talk, uow, offer) if offer else None
        declined = talk.shop.offering.decline(uow, action.offer_id, customer.id if customer else "")
        if isinstance(declined, Refused):
            return _not_taken(talk, uow, declined.reason, offer)
        text = talk.t("All right, nothing is held for you any more.")
        if order is not None:
            amount = talk.money(Money(order.paid_minor - order.refunded_minor, order.currency))
            text += " " + talk.t("{amount} goes back the way you paid.", amount=amount)
        return talk.say(text, buttons=_similar(talk, uow, declined))

    return Turn((), talk.session, act)


def _not_taken(talk: Talk, uow: UnitOfWork, reason: NotTaken, offer: Offer | None) -> Turn:
    match reason:
        case NotTaken.GONE if offer is not None:
            gone = talk.t("Sorry, somebody has just bought that one in the store.")
            left = [choice for choice in offer.choices if talk.shop.offering.is_there(uow, choice)]
            if not offer.is_open or not left:
                return talk.say(gone, buttons=_similar(talk, uow, offer))
            near = talk.session.location
            return talk.say(f"{gone} {holding(talk, offer)}", buttons=choice_buttons(talk, uow, offer, left, near))
        case NotTaken.CART:
            text = talk.t("Your cart cannot take it as it is. Make room in it, then choose again.")
            return talk.say(text, buttons=(show_button(talk),))
        case NotTaken.NOT_FOUND:
            return talk.say(talk.t("I cannot find this offer."))
        case _:
            mine = Button(talk.t("My reservations"), encode(MyReservations()))
            similar = _similar(talk, uow, offer) if offer else ()
            return talk.say(talk.t("This offer is over."), buttons=(mine, *similar))


def _similar(talk: Talk, uow: UnitOfWork, offer: Offer) -> tuple[Button, ...]:
    found = uow.products.by_variant(offer.choices[0].lines[0].variant_id)
    return (similar_button(talk, found[0].id),) if found else ()


ABILITY = Ability(actions={TakeOffer: take, NoOffer: decline})
