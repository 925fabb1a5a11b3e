"""Taps that pay: what is in the cart at the total that was shown, or an order that waits for its payment. Once, or with
the reason why not and a choice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.actions import OrderStatus, Pay, PayOrder, PlaceOrder, encode
from bot.conversation.checkout import next_step, refused
from bot.conversation.order_status import order_reply
from bot.conversation.order_words import state_words, store_of
from bot.conversation.ordering import order, ordered
from bot.conversation.summary import IN_CHAT
from bot.conversation.talk import Ability, Talk, Turn
from bot.messages import Button
from commerce.domain.order import NotOrdered, Order, OrderRefused, OrderState
from commerce.domain.payment import PaymentState, Placed
from commerce.services.ending import successor_of, who_cancels
from commerce.services.order_news import ask_from, asked_from

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork


def place(talk: Talk, action: PlaceOrder) -> Turn:
    """Orders at the total that was shown. A second tap orders nothing more."""
    there = talk.with_session(replace(talk.session, pending=None, contact_asked=False))

    def act(uow: UnitOfWork) -> Turn:
        result = order(talk, uow, action.provider, action.total_minor)
        if result is None:
            return next_step(talk, uow)
        if isinstance(result, OrderRefused):
            return refused(talk, uow, result)
        return ordered(there, uow, result)

    return Turn((), there.session, act)


def pay_this(talk: Talk, action: PayOrder) -> Turn:
    """Pays the very order that was shown, whatever is in the cart. A second tap finds the same payment."""
    there = talk.with_session(replace(talk.session, pending=None))

    def act(uow: UnitOfWork) -> Turn:
        customer = uow.customers.by_contact(talk.message.contact)
        found = uow.orders.get(action.order_id)
        if customer is None or found is None or found.customer_id != customer.id:
            return there.say(talk.t("I cannot find this order."))
        if found.state is not OrderState.PENDING_PAYMENT:
            return _over(there, uow, found)
        way = _way(there, uow, found, action.provider)
        if not way:
            return there.say(talk.t("You cannot pay here."), buttons=(_track(there, found),))
        result = talk.shop.checkout.pay_order(uow, found, way)
        if isinstance(result, Placed):
            return _told_here(there, uow, result)
        return _not_paid(there, uow, found, result)

    return Turn((), there.session, act)


def _way(talk: Talk, uow: UnitOfWork, found: Order, wanted: str) -> str:
    """The way that is wanted, else the one it was to be paid in, else the first: of those that can be had here and now;
    '' when none can."""
    here = talk.message.contact.channel
    ways = [
        name
        for name in talk.shop.quoting.providers_for(found.fulfilment, found.currency)
        if talk.shop.providers[name].is_online and (name not in IN_CHAT or name == here)
    ]
    before = uow.payments.of_order(found.id)[-1].provider
    return next((name for name in (wanted, before) if name in ways), ways[0] if ways else "")


def _told_here(talk: Talk, uow: UnitOfWork, placed: Placed) -> Turn:
    """Where to pay is said in this chat, though the order came from another one or from a page."""
    here, attempt = talk.message.contact, placed.attempt
    told = asked_from(uow, attempt.id, talk.now) or uow.orders.contact_of(placed.order.id)
    if told == here:
        return ordered(talk, uow, placed)
    ask_from(uow, attempt, here)
    return ordered(talk, uow, placed, is_new_here=attempt.state is PaymentState.REQUIRES_ACTION)


def _not_paid(talk: Talk, uow: UnitOfWork, found: Order, why: OrderRefused | None) -> Turn:
    if who_cancels(uow, found):
        text = talk.t("Order {number} is being cancelled. Please do not pay it any more.", number=found.number)
        return talk.say(text, buttons=(_track(talk, found),))
    if why is None:
        return _over(talk, uow, found)
    if _is_in_cart(uow, found):  # the same basket: what it costs now is shown at once, to be paid
        return refused(talk, uow, why)
    again = Button(talk.t("Start again"), encode(Pay()))
    if why.reason is NotOrdered.PRICE_CHANGED:
        text = talk.t("Order {number}: a price has changed since. You have not been charged.", number=found.number)
    else:
        text = talk.t(
            "Order {number}: not everything is there any more. You have not been charged.", number=found.number
        )
    return talk.say(text, buttons=(again, _track(talk, found)))


def _is_in_cart(uow: UnitOfWork, found: Order) -> bool:
    cart = uow.carts.of_customer(found.customer_id)
    chosen = {line.variant_id: line.quantity for line in cart.lines if not line.saved} if cart else {}
    return chosen == {line.variant_id: line.quantity for line in found.lines}


def _over(talk: Talk, uow: UnitOfWork, found: Order) -> Turn:
    """It does not wait for money: what became of it, or the order that took its place."""
    after = successor_of(uow, found)
    if after is not None:
        text = talk.t("Order {number} was replaced by this one:", number=found.number)
        shown = order_reply(talk, uow, after)
        return Turn((replace(shown, text=f"{text}\n\n{shown.text}"),), talk.session)
    if found.state in (OrderState.PENDING_PAYMENT, OrderState.EXPIRED):  # the clock has not seen to it yet
        text = talk.t(
            "Order {number} is over: it was not paid in time. Nothing was charged. What you chose is still in your "
            "cart.",
            number=found.number,
        )
        return talk.say(text, buttons=(Button(talk.t("Start again"), encode(Pay())),))
    state = state_words(talk, found, store_of(uow, found))
    text = talk.t("There is nothing to pay now for order {number}: {state}.", number=found.number, state=state)
    return talk.say(text, buttons=(_track(talk, found),))


def _track(talk: Talk, found: Order) -> Button:
    return Button(talk.t("Track my order"), encode(OrderStatus(found.id)))


ABILITY = Ability(actions={PlaceOrder: place, PayOrder: pay_this})
