"""What is theirs, said with the hello: what is kept for them, and the order that is on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.conversation.actions import MyReservations, OrderStatus, encode
from bot.conversation.moments import when
from bot.conversation.offer_words import choice_buttons
from bot.conversation.options import variant_label
from bot.conversation.order_words import state_words, store_of
from bot.conversation.store_list import store_name
from bot.conversation.talk import Voice
from bot.messages import Button
from commerce.domain.offering import Offer
from commerce.domain.order import Order
from commerce.domain.reservation import Reservation, ReservationState
from commerce.domain.waiting import StockWaiter
from commerce.services.recognising import Recognition

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

MOST_LINES = 3


def known_lines(voice: Voice, uow: UnitOfWork, known: Recognition) -> list[str]:
    """What ends soonest first; what is over already is no news."""
    lines = [_offer(voice, each) for each in known.offers]
    lines += [_wait(voice, uow, each) for each in known.waits]
    lines += [_reservation(voice, uow, each) for each in known.reservations]
    if known.last_order is not None and known.last_order.is_open:
        lines.append(_order(voice, uow, known.last_order))
    return [line for line in lines if line][:MOST_LINES]


def known_buttons(voice: Voice, uow: UnitOfWork, known: Recognition | None) -> tuple[Button, ...]:
    """What can be taken of the newest offer, [Order 1043] for one that is on its way, [My reservations]."""
    buttons = [Button(voice.t("My reservations"), encode(MyReservations()))]
    order = known.last_order if known else None
    if order is not None and order.is_open:
        label = voice.t("Order {number}", number=order.number)
        buttons.insert(0, Button(label, encode(OrderStatus(order.id))))
    if known and known.offers:
        return (*choice_buttons(voice, uow, known.offers[0], known.offers[0].choices, None), *buttons)
    return tuple(buttons)


def _offer(voice: Voice, offer: Offer) -> str:
    deadline = when(voice, offer.expires_at, voice.shop.settings.timezone)
    return voice.t(
        "Something else is kept for you in place of what we could not find, until {deadline}.", deadline=deadline
    )


def _wait(voice: Voice, uow: UnitOfWork, waiter: StockWaiter) -> str:
    found, store = uow.products.by_variant(waiter.variant_id), uow.stores.get(waiter.told_store_id)
    if found is None or store is None or waiter.until is None:
        return ""
    return voice.t(
        "{item} is back: one is kept for you at {store} until {deadline}.",
        item=variant_label(voice, *found),
        store=store_name(voice, store),
        deadline=when(voice, waiter.until, store.timezone),
    )


def _reservation(voice: Voice, uow: UnitOfWork, reservation: Reservation) -> str:
    store = uow.stores.get(reservation.store_id)
    if store is None:
        return ""
    values = {
        "code": reservation.code,
        "store": store_name(voice, store),
        "deadline": when(voice, reservation.expires_at, store.timezone),
    }
    if reservation.state is ReservationState.READY:
        return voice.t("Your reservation {code} is ready at {store}, until {deadline}.", **values)
    return voice.t("Your reservation {code} is kept at {store} until {deadline}.", **values)


def _order(voice: Voice, uow: UnitOfWork, order: Order) -> str:
    state = state_words(voice, order, store_of(uow, order))
    return voice.t("Your order no. {number}: {state}.", number=order.number, state=state)
