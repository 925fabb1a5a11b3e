"""Choices as buttons, and how long they are held: the same in the notice that makes an offer and in the answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING

from bot.conversation.action_codes import encode, short
from bot.conversation.offer_actions import NoOffer, TakeOffer, TellWhenBack
from bot.conversation.talk import Voice
from bot.messages import Button
from commerce.domain.collecting import PickUpKind, PickUpRef
from commerce.domain.geo import GeoPoint
from commerce.domain.offering import ChoiceKind, Offer, OfferChoice
from commerce.domain.order import Order
from commerce.domain.store import Store
from commerce.i18n import format_distance

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork


def choice_buttons(
    voice: Voice, uow: UnitOfWork, offer: Offer, choices: Iterable[OfferChoice], near: GeoPoint | None
) -> tuple[Button, ...]:
    """« Part-Dieu, 1,3 km, 79,00 € », « Robe midi en viscose à Bellecour, 59,00 € », « Livraison, 79,00 € », « Aucun ».
    Distances are from `near`, else from the store that said no."""
    where = lost_at(uow, offer.instead_of)
    origin = near or (where.point if where else None)
    paid = paid_order(voice, uow, offer)
    buttons = [
        Button(label, encode(TakeOffer(offer.id, choice.position)))
        for choice in choices
        if (label := _label(voice, uow, choice, origin, is_paid=paid is not None))
    ]
    no = voice.t("None") if paid is None else voice.t("Give me my money back")
    return (*buttons, Button(no, encode(NoOffer(offer.id))))


def holding(voice: Voice, offer: Offer) -> str:
    """« Je vous garde 15 min : »"""
    return voice.t("I’m holding these for {minutes} min:", minutes=minutes_left(voice, offer.expires_at))


def minutes_left(voice: Voice, until: datetime) -> int:
    return max(1, ceil((until - voice.now).total_seconds() / 60))


def lost_at(uow: UnitOfWork, ref: PickUpRef) -> Store | None:
    """The store that could not serve it."""
    thing = uow.reservations.get(ref.id) if ref.kind is PickUpKind.RESERVATION else uow.orders.get(ref.id)
    return uow.stores.get(thing.store_id) if thing else None


def paid_order(voice: Voice, uow: UnitOfWork, offer: Offer) -> Order | None:
    """The order that is paid and in place of which it is offered; None for what nobody has paid."""
    if not voice.shop.offering.is_for_paid(uow, offer.instead_of):
        return None
    return uow.orders.get(offer.instead_of.id)


def notify_button(voice: Voice, variant_id: int, store: Store | None = None) -> Button:
    return Button(voice.t("Notify me"), encode(TellWhenBack(variant_id, short(store.id) if store else "")))


def _label(voice: Voice, uow: UnitOfWork, choice: OfferChoice, origin: GeoPoint | None, *, is_paid: bool) -> str:
    store, price = uow.stores.get(choice.store_id), voice.money(choice.total)
    if store is None:
        return ""
    name = store.short_name(voice.language)
    match choice.kind:
        case ChoiceKind.SHIPPED if is_paid:
            return voice.t("Ship it, nothing to pay")
        case ChoiceKind.SHIPPED:
            return voice.t("Ship it, {price}", price=price)
        case ChoiceKind.OTHER_STORE:
            away = format_distance(origin.distance_m(store.point), voice.language) if origin and store.point else ""
            return ", ".join(part for part in (name, away, price) if part)
        case ChoiceKind.LOOK_ALIKE:
            found = uow.products.by_variant(choice.lines[0].variant_id)
            if found is None:
                return ""
            return voice.t("{item} at {store}, {price}", item=found[0].title(voice.language), store=name, price=price)
