"""Waiting for something that is sold out: asking for news, taking what came back, wanting it no more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bot.conversation.action_codes import encode, means
from bot.conversation.actions import MyReservations
from bot.conversation.cards import similar_button, store_button
from bot.conversation.cart_words import show_button
from bot.conversation.checkout import next_step
from bot.conversation.offer_actions import StopWaiting, TakeWaited, TellWhenBack
from bot.conversation.offer_words import notify_button
from bot.conversation.offered import reserved
from bot.conversation.options import variant_label
from bot.conversation.store_list import store_name
from bot.conversation.talk import Ability, Talk, Turn, Voice
from bot.messages import Button
from commerce.domain.offering import NotTaken
from commerce.domain.product import Product, Variant
from commerce.domain.reservation import Refused, Reservation
from commerce.domain.waiting import NotWaiting, StockWaiter

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork


def tell_when_back(talk: Talk, action: TellWhenBack) -> Turn:
    stores = talk.shop.catalog.stores()
    store = next((each for each in stores if action.store and means(action.store, each.id)), None)

    def act(uow: UnitOfWork) -> Turn:
        found = uow.products.by_variant(action.variant_id)
        if found is None:
            return talk.say(talk.t("This item is no longer in the shop."))
        product, variant = found
        customer = talk.shop.customers.recognise(uow, talk.message.contact, language=talk.language)
        waiter = talk.shop.waiting.wait(
            uow,
            customer_id=customer.id,
            contact=talk.message.contact,
            variant_id=variant.id,
            store_id=store.id if store else "",
        )
        if isinstance(waiter, Refused):
            return _not_waiting(talk, uow, waiter.reason, product, variant, customer.id)
        item, kept = variant_label(talk, product, variant), kept_for(talk)
        if store is not None:
            text = talk.t(
                "I will tell you here as soon as {store} has it again, and keep one for you for {duration}: {item}.",
                store=store_name(talk, store),
                duration=kept,
                item=item,
            )
        else:
            text = talk.t(
                "I will tell you here as soon as it is back, and keep one for you for {duration}: {item}.",
                duration=kept,
                item=item,
            )
        return talk.say(text, buttons=(stop_button(talk, waiter), similar_button(talk, product.id)))

    return Turn((), talk.session, act)


def _not_waiting(
    talk: Talk, uow: UnitOfWork, reason: NotWaiting, product: Product, variant: Variant, customer_id: str
) -> Turn:
    match reason:
        case NotWaiting.IN_STOCK:
            return talk.say(talk.t("It is back already."), buttons=(store_button(talk, product.id),))
        case NotWaiting.ALREADY:
            mine = [each for each in talk.shop.waiting.open_of(uow, customer_id) if each.variant_id == variant.id]
            text = talk.t("You are on the list already: I will tell you here as soon as it is back.")
            return talk.say(text, buttons=tuple(stop_button(talk, each) for each in mine[:1]))
        case NotWaiting.TOO_MANY:
            text = talk.t("You wait for as many things as one person may. Give one up to make room.")
            return talk.say(text, buttons=each_of(talk, uow, talk.shop.waiting.open_of(uow, customer_id)))
        case NotWaiting.NO_SUCH_VARIANT:
            return talk.say(talk.t("This item is no longer in the shop."), buttons=(similar_button(talk, product.id),))


def each_of(talk: Talk, uow: UnitOfWork, waiters: Iterable[StockWaiter]) -> tuple[Button, ...]:
    """What they wait for, to be given up one by one."""
    return tuple(
        Button(variant_label(talk, *found), encode(StopWaiting(waiter.id)))
        for waiter in waiters
        if (found := uow.products.by_variant(waiter.variant_id))
    )


def take(talk: Talk, action: TakeWaited) -> Turn:
    def act(uow: UnitOfWork) -> Turn:
        customer = uow.customers.by_contact(talk.message.contact)
        taken = talk.shop.waiting.take(uow, action.waiter_id, customer.id if customer else "")
        if isinstance(taken, Reservation):
            return reserved(talk, uow, taken)
        if isinstance(taken, StockWaiter):
            return next_step(talk, uow, talk.t("It is in your cart, to be sent."), ordering=True)
        return _not_taken(talk, uow, taken.reason, action.waiter_id)

    return Turn((), talk.session, act)


def _not_taken(talk: Talk, uow: UnitOfWork, reason: NotTaken, waiter_id: str) -> Turn:
    waiter = uow.waiters.get(waiter_id)
    found = uow.products.by_variant(waiter.variant_id) if waiter else None
    again = (notify_button(talk, found[1].id), similar_button(talk, found[0].id)) if found else ()
    match reason:
        case NotTaken.GONE:
            text = talk.t(
                "Sorry, somebody has just bought it in the store. You keep your place: I will tell you again."
            )
            return talk.say(text, buttons=again[1:])
        case NotTaken.TOO_MANY:
            mine = Button(talk.t("My reservations"), encode(MyReservations()))
            return talk.say(
                talk.t("You already have as many reservations as one person may hold. Cancel one to make room."),
                buttons=(mine,),
            )
        case NotTaken.CART:
            text = talk.t("Your cart cannot take it as it is. Make room in it, then choose again.")
            return talk.say(text, buttons=(show_button(talk),))
        case _:
            return talk.say(talk.t("Its time is over, and it is the next one’s turn."), buttons=again)


def stop(talk: Talk, action: StopWaiting) -> Turn:
    def act(uow: UnitOfWork) -> Turn:
        customer = uow.customers.by_contact(talk.message.contact)
        left = talk.shop.waiting.leave(uow, action.waiter_id, customer.id if customer else "")
        waiter = uow.waiters.get(action.waiter_id)
        found = uow.products.by_variant(waiter.variant_id) if waiter else None
        similar = (similar_button(talk, found[0].id),) if found else ()
        if isinstance(left, Refused) and left.reason is NotTaken.NOT_FOUND:
            return talk.say(talk.t("I know of nothing that you wait for."))
        return talk.say(talk.t("All right, no more news about it."), buttons=similar)

    return Turn((), talk.session, act)


def stop_button(voice: Voice, waiter: StockWaiter) -> Button:
    return Button(voice.t("No longer"), encode(StopWaiting(waiter.id)))


def kept_for(voice: Voice) -> str:
    """« 2 h »: how long one is kept for whoever was told."""
    minutes = voice.shop.settings.wait_hold_s // 60
    return f"{minutes // 60}\u00a0h" if minutes % 60 == 0 else f"{minutes}\u00a0min"


ABILITY = Ability(actions={TellWhenBack: tell_when_back, TakeWaited: take, StopWaiting: stop})
