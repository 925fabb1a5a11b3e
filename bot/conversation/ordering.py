"""The order itself: the cart at the total that was shown, in one way to pay, and a word of what became of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.actions import CancelOrder, OrderStatus, encode
from bot.conversation.summary import FREE, IN_CHAT, held, ways_to_pay
from bot.conversation.talk import Talk, Turn
from bot.messages import Button
from commerce.domain.mail import OutboundMessage
from commerce.domain.order import NotOrdered, OrderRefused, OrderSource, OrderState
from commerce.domain.payment import OPEN_PAYMENTS, PaymentState, Placed
from commerce.domain.quote import Quote
from commerce.services.own_units import pending_order

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

NOTICE_READY = "payment_ready"


def order(talk: Talk, uow: UnitOfWork, provider: str, total_minor: int) -> Placed | OrderRefused | None:
    """Orders the cart, or says again what was ordered. None: it cannot be paid in that way here."""
    contact, shop = talk.message.contact, talk.shop
    customer = shop.customers.recognise(uow, contact, name=talk.message.sender_name, language=talk.language)
    cart = shop.carts.of(uow, customer.id)
    if cart is not None and cart.wanted:
        quote = shop.quoting.quote(uow, cart, customer_id=customer.id, contact=contact)
        if provider not in ways_to_pay(talk, quote):
            return None
        name = cart.draft.name or customer.name
        draft = replace(cart.draft, provider="" if provider == FREE else provider, name=name)
        if draft != cart.draft:
            shop.carts.set_draft(uow, customer.id, draft)
    return shop.checkout.place(
        uow,
        customer_id=customer.id,
        contact=contact,
        source=OrderSource.BOT,
        language=talk.language,
        expected_total_minor=total_minor,
    )


def invoiced_at_once(talk: Talk, uow: UnitOfWork, quote: Quote) -> str:
    """The way to pay whose invoice comes with the summary, nobody having to ask for it; '' where there is none.

    Such a way is open exactly where the channel carries invoices, and an invoice charges nobody. What somebody may be
    paying on a page at this moment is left alone; and whoever typed a code that does not count sees the total first.
    """
    way = next((name for name in ways_to_pay(talk, quote) if name in IN_CHAT), "")
    if not way or quote.not_applied is not None or set(quote.missing) - {NotOrdered.NO_PROVIDER}:
        return ""
    pending = pending_order(uow, quote.cart)
    attempts = uow.payments.of_order(pending.id) if pending else []
    elsewhere = bool(attempts) and attempts[-1].provider != way and attempts[-1].state in OPEN_PAYMENTS
    return "" if elsewhere else way


def ordered(talk: Talk, uow: UnitOfWork, placed: Placed, *, is_new_here: bool = False) -> Turn:
    """A word at once; how to pay, or the receipt, follows as news of the order. `is_new_here`: where to pay was said in
    another chat alone."""
    order, attempt = placed.order, placed.attempt
    follow = Button(talk.t("Track my order"), encode(OrderStatus(order.id)))
    match order.state:
        case OrderState.PENDING_PAYMENT:
            # Asked for again: the same page once more. An invoice stays where it is, one is enough.
            may_be_paid = attempt.state is PaymentState.REQUIRES_ACTION
            if may_be_paid and (is_new_here or attempt.provider not in IN_CHAT):
                body = json.dumps({"order_id": order.id, "attempt_id": attempt.id})
                uow.outbox.add(OutboundMessage(talk.message.contact, NOTICE_READY, body), talk.shop.clock.now())
            cancel = Button(talk.t("Cancel"), encode(CancelOrder(order.id)))
            return talk.say(held(talk, uow, placed, is_new_here=is_new_here), buttons=(cancel,))
        case OrderState.PLACED:
            text = talk.t("Order {number} is placed.", number=order.number)
        case _:
            text = talk.t("Order {number} is paid.", number=order.number)
    return talk.say(text, buttons=(follow,))
