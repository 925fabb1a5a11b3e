"""One tap that orders: at the total that was shown, once, or with the reason why not and a choice."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.actions import CancelOrder, OrderStatus, PlaceOrder, encode
from bot.conversation.checkout import next_step
from bot.conversation.summary import FREE, ways_to_pay
from bot.conversation.talk import Ability, Talk, Turn
from bot.messages import Button
from commerce.domain.mail import OutboundMessage
from commerce.domain.order import NotOrdered, OrderRefused, OrderSource, OrderState
from commerce.domain.payment import PaymentState, Placed
from commerce.i18n import format_time

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

NOTICE_READY = "payment_ready"


def place(talk: Talk, action: PlaceOrder) -> Turn:
    """Orders at the total that was shown. A second tap orders nothing more."""
    there = talk.with_session(replace(talk.session, pending=None, contact_asked=False))

    def act(uow: UnitOfWork) -> Turn:
        contact, shop = talk.message.contact, talk.shop
        customer = shop.customers.recognise(uow, contact, name=talk.message.sender_name, language=talk.language)
        cart = shop.carts.of(uow, customer.id)
        if cart is not None and cart.wanted:
            quote = shop.quoting.quote(uow, cart, customer_id=customer.id, contact=contact)
            if action.provider not in ways_to_pay(talk, quote):
                return next_step(talk, uow)
            name = cart.draft.name or customer.name
            draft = replace(cart.draft, provider="" if action.provider == FREE else action.provider, name=name)
            if draft != cart.draft:
                shop.carts.set_draft(uow, customer.id, draft)
        result = shop.checkout.place(
            uow,
            customer_id=customer.id,
            contact=contact,
            source=OrderSource.BOT,
            language=talk.language,
            expected_total_minor=action.total_minor,
        )
        if isinstance(result, OrderRefused):
            return _refused(talk, uow, result)
        return _placed(there, uow, result)

    return Turn((), there.session, act)


def _placed(talk: Talk, uow: UnitOfWork, placed: Placed) -> Turn:
    """A word at once; how to pay, or the receipt, follows as news of the order."""
    order, attempt = placed.order, placed.attempt
    follow = Button(talk.t("Track my order"), encode(OrderStatus(order.id)))
    match order.state:
        case OrderState.PENDING_PAYMENT:
            store = uow.stores.get(order.store_id)
            until = ""
            if order.expires_at is not None and store is not None:
                until = format_time(order.expires_at, talk.language, store.timezone)
            text = talk.t("Order {number}: everything is held for you until {time}.", number=order.number, time=until)
            if attempt.state is PaymentState.REQUIRES_ACTION:  # asked for again: the same way to pay once more
                body = json.dumps({"order_id": order.id, "attempt_id": attempt.id})
                uow.outbox.add(OutboundMessage(talk.message.contact, NOTICE_READY, body), talk.shop.clock.now())
            return talk.say(text, buttons=(Button(talk.t("Cancel"), encode(CancelOrder(order.id))),))
        case OrderState.PLACED:
            text = talk.t("Order {number} is placed.", number=order.number)
        case _:
            text = talk.t("Order {number} is paid.", number=order.number)
    return talk.say(text, buttons=(follow,))


def _refused(talk: Talk, uow: UnitOfWork, refused: OrderRefused) -> Turn:
    """Why it was not ordered, and what can be done: nothing was taken, nothing was charged."""
    match refused.reason:
        case NotOrdered.PRICE_CHANGED:
            return next_step(
                talk, uow, talk.t("The total has changed since. Nothing was ordered. Here is the new one:")
            )
        case NotOrdered.COUPON:
            return next_step(talk, uow, talk.t("The code no longer counts. Nothing was ordered."))
        case NotOrdered.TOO_MANY_OPEN:
            mine = Button(talk.t("My orders"), encode(OrderStatus()))
            return talk.say(
                talk.t("You already have as many unpaid orders as one person may have. Pay or cancel one first."),
                buttons=(mine,),
            )
        case NotOrdered.SOLD_OUT:
            return next_step(talk, uow, talk.t("The last one has just gone. Nothing was ordered, nothing was charged."))
        case _:
            return next_step(talk, uow, "")


ABILITY = Ability(actions={PlaceOrder: place})
