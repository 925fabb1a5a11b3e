"""The hello of an empty conversation, for whoever is known by something else: by an order, a reservation, a name."""

from __future__ import annotations

from datetime import datetime

from commerce.domain.offering import ChoiceKind, Offer, OfferChoice
from commerce.domain.order import Order
from commerce.domain.reservation import Reservation, ReservationState
from commerce.domain.store import Store
from commerce.domain.waiting import StockWaiter
from commerce.i18n import format_deadline, format_money
from commerce.ports import UnitOfWork
from commerce.services.recognising import Recognition
from shoppable.chat_shapes import ChatButton
from shoppable.language import language, translate
from shoppable.site import site
from shoppable.words import ORDER_STATES

_MOST_LINES = 4
_LONGEST_NAME = 40


def unknown() -> str:
    return translate("Hello! What are you looking for? Write it your way, or send a photo.")


def text(uow: UnitOfWork, known: Recognition | None) -> str:
    """What ends soonest first, then the newest order."""
    if known is None:
        return unknown()
    lines = [_offer(each) for each in known.offers]
    lines += [_wait(uow, each) for each in known.waits]
    lines += [_reservation(uow, each) for each in known.reservations]
    lines += [_order(known.last_order)] if known.last_order else []
    said = [line for line in lines if line][:_MOST_LINES]
    first = known.name.split()[0][:_LONGEST_NAME] if known.name.split() else ""
    if not (first or said):
        return unknown()
    hello = translate("Hello {name}!", name=first) if first else translate("Hello!")
    return "\n".join([hello, *said, translate("What are you looking for? Write it your way, or send a photo.")])


def buttons(uow: UnitOfWork, known: Recognition) -> list[ChatButton]:
    """What can be taken of the newest offer, what came back, what can be done with a reservation, the order's page."""
    found: list[ChatButton] = []
    for offer in known.offers[:1]:
        found += [_pressed(_choice(uow, each), f"take:{offer.id}:{each.position}") for each in offer.left]
    for waiter in known.waits:
        found.append(_pressed(translate("Reserve it"), f"reserve:{waiter.variant_id}:{waiter.told_store_id}"))
    for held in known.reservations:
        found.append(_pressed(translate("Keep {code} longer", code=held.code), f"extend:{held.id}"))
        found.append(_pressed(translate("Cancel {code}", code=held.code), f"cancel:{held.id}"))
    order = known.last_order
    if order is not None:
        label = translate("Order {number}", number=order.number)
        found.append({"label": label, "action": "", "url": f"/orders/{order.id}"})
    return [button for button in found if button["label"]]


def _pressed(label: str, action: str) -> ChatButton:
    return {"label": label, "action": action, "url": ""}


def _choice(uow: UnitOfWork, choice: OfferChoice) -> str:
    store, price = uow.stores.get(choice.store_id), format_money(choice.total, language())
    if choice.kind is ChoiceKind.SHIPPED:
        return translate("Delivery, {price}", price=price)
    if store is None:
        return ""
    name = store.short_name(language())
    if choice.kind is ChoiceKind.OTHER_STORE:
        return f"{name}, {price}"
    found = uow.products.by_variant(choice.lines[0].variant_id)
    if found is None:
        return ""
    return translate("{item} at {store}, {price}", item=found[0].title(language()), store=name, price=price)


def _offer(offer: Offer) -> str:
    deadline = _when(offer.expires_at, None)
    return translate(
        "Something else is kept for you in place of what we could not find, until {deadline}.", deadline=deadline
    )


def _wait(uow: UnitOfWork, waiter: StockWaiter) -> str:
    found, store = uow.products.by_variant(waiter.variant_id), uow.stores.get(waiter.told_store_id)
    if found is None or store is None or waiter.until is None:
        return ""
    return translate(
        "{item} is back: one is kept for you at {store} until {deadline}.",
        item=", ".join(part for part in (found[0].title(language()), found[1].size) if part),
        store=store.name(language()),
        deadline=_when(waiter.until, store),
    )


def _reservation(uow: UnitOfWork, held: Reservation) -> str:
    store = uow.stores.get(held.store_id)
    if store is None:
        return ""
    values = {"code": held.code, "store": store.name(language()), "deadline": _when(held.expires_at, store)}
    if held.state is ReservationState.READY:
        return translate("Your reservation {code} is ready at {store}, until {deadline}.", **values)
    return translate("Your reservation {code} is kept at {store} until {deadline}.", **values)


def _order(order: Order) -> str:
    return translate(
        "Your order no. {number}: {state}.", number=order.number, state=translate(ORDER_STATES[order.state])
    )


def _when(moment: datetime, store: Store | None) -> str:
    shop = site().shop
    return format_deadline(moment, shop.clock.now(), language(), store.timezone if store else shop.settings.timezone)
