"""A paid order that its store cannot serve is sent instead: where to, once, and nothing more to pay."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.action_codes import encode, parse
from bot.conversation.actions import OrderStatus
from bot.conversation.checkout import write
from bot.conversation.checkout_answers import read_address
from bot.conversation.offer_actions import NoOffer, SendOrder
from bot.conversation.offer_words import paid_order
from bot.conversation.order_words import address_line, country_name, items_of
from bot.conversation.talk import Ability, Talk, Turn
from bot.messages import Button
from bot.sessions import Goal, Pending, Question
from commerce.domain.cart import PostalAddress
from commerce.domain.offering import ChoiceKind, NotTaken, Offer
from commerce.domain.order import Order
from commerce.domain.reservation import Refused
from commerce.i18n import format_list
from commerce.services.offering import Taken

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork


def order_to_send(talk: Talk, uow: UnitOfWork, offer: Offer | None, position: int) -> Order | None:
    """The paid order that this choice would send; None for any other choice."""
    if offer is None or not offer.is_open:
        return None
    is_parcel = any(each.position == position and each.kind is ChoiceKind.SHIPPED for each in offer.choices)
    return paid_order(talk, uow, offer) if is_parcel else None


def begin(talk: Talk, uow: UnitOfWork, order: Order, action: SendOrder) -> Turn:
    """To the address that is known, if that is right; else where to?"""
    address = _known(talk, uow, order.customer_id)
    if address is None or action.elsewhere or address.country not in talk.shop.settings.delivery_countries:
        return _ask(talk, action)
    return _confirm(talk, order, address, action)


def tapped(talk: Talk, action: SendOrder) -> Turn:
    def act(uow: UnitOfWork) -> Turn:
        customer = uow.customers.by_contact(talk.message.contact)
        customer_id = customer.id if customer else ""
        if action.elsewhere:
            return _ask(talk, action)
        address = _known(talk, uow, customer_id)
        taken = talk.shop.offering.take(uow, action.offer_id, action.position, customer_id, sent_to=address)
        if isinstance(taken, Refused):
            return _refused(talk, taken.reason, address, action)
        return _sent(talk, taken)

    return Turn((), replace(talk.session, pending=None), act)


def address_typed(talk: Talk) -> Turn | None:
    action = _asked(talk)
    address = read_address(talk)
    if address is None or action is None:
        return None
    if isinstance(address, str):
        return _asking(talk, action, address)

    def act(uow: UnitOfWork) -> Turn:
        offer = talk.shop.offering.get(uow, action.offer_id)
        order = order_to_send(talk, uow, offer, action.position)
        if order is None or talk.customer is None or order.customer_id != talk.customer.id:
            return talk.say(talk.t("This offer is over."))
        if address.country not in talk.shop.settings.delivery_countries:
            return _refused(talk, NotTaken.NO_DELIVERY_THERE, address, action)
        write(talk, uow, lambda draft: replace(draft, address=address, name=draft.name or address.name))
        return _confirm(talk, order, address, action)

    return Turn((), replace(talk.session, pending=None), act)


def confirmed(talk: Talk, yes: bool) -> Turn:
    action = _asked(talk)
    if action is None:
        return talk.say(talk.t("This offer is over."))
    return tapped(talk, action if yes else replace(action, elsewhere=1))


def _asked(talk: Talk) -> SendOrder | None:
    pending = talk.session.pending
    action = parse(pending.wording) if pending else None
    return action if isinstance(action, SendOrder) else None


def _known(talk: Talk, uow: UnitOfWork, customer_id: str) -> PostalAddress | None:
    cart = talk.shop.carts.of(uow, customer_id) if customer_id else None
    return cart.draft.address if cart else None


def _ask(talk: Talk, action: SendOrder) -> Turn:
    question = talk.t("Where shall we send it? Write the name, the street with its number, the postcode and the town.")
    return _asking(talk, action, question)


def _asking(talk: Talk, action: SendOrder, text: str) -> Turn:
    wording = encode(replace(action, elsewhere=0))
    return talk.say(text, session=replace(talk.session, pending=Pending(Question.SEND_TO, Goal.NONE, wording=wording)))


def _confirm(talk: Talk, order: Order, address: PostalAddress, action: SendOrder) -> Turn:
    action = replace(action, elsewhere=0)
    text = talk.t(
        "Shall I have order {number} sent to {address}? There is nothing more to pay.",
        number=order.number,
        address=address_line(talk, address),
    )
    buttons = (
        Button(talk.t("Yes, send it"), encode(action)),
        Button(talk.t("Another address"), encode(replace(action, elsewhere=1))),
        Button(talk.t("Give me my money back"), encode(NoOffer(action.offer_id))),
    )
    asked = Pending(Question.CONFIRM_SENDING, Goal.NONE, wording=encode(action))
    return talk.say(text, buttons=buttons, session=replace(talk.session, pending=asked))


def _sent(talk: Talk, taken: Taken) -> Turn:
    order = taken.order
    if order is None or order.address is None:  # it was taken as a parcel of the cart
        return talk.say(talk.t("This offer is over."))
    text = talk.t(
        "Order {number}, paid, is now sent to {address}: {items}. There is nothing more to pay.",
        number=order.number,
        address=address_line(talk, order.address),
        items=items_of(talk, order),
    )
    return talk.say(text, buttons=(Button(talk.t("Track my order"), encode(OrderStatus(order.id))),))


def _refused(talk: Talk, reason: NotTaken, address: PostalAddress | None, action: SendOrder) -> Turn:
    match reason:
        case NotTaken.NO_ADDRESS:
            return _ask(talk, action)
        case NotTaken.NO_DELIVERY_THERE:
            countries = [country_name(talk.language, code) for code in talk.shop.settings.delivery_countries]
            text = talk.t(
                "We do not deliver to {country}, only to {countries}.",
                country=country_name(talk.language, address.country if address else ""),
                countries=format_list(countries, talk.language),
            )
            return _asking(talk, action, text)
        case NotTaken.GONE:
            return talk.say(talk.t("Sorry, somebody has just bought that one in the store."))
        case NotTaken.NOT_FOUND:
            return talk.say(talk.t("I cannot find this offer."))
        case _:
            return talk.say(talk.t("This offer is over."))


ABILITY = Ability(
    actions={SendOrder: tapped},
    typed={Question.SEND_TO: address_typed},
    answers={Question.CONFIRM_SENDING: confirmed},
)
