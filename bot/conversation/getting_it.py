"""How a cart can be had at this moment: sent, or collected in a store that has all of it.

Each way is quoted as checkout would, so that what is offered can be ordered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.conversation.actions import CollectAt, ShipIt, encode, short
from bot.conversation.store_list import MAX_STORES, opening, store_name
from bot.conversation.talk import Voice
from bot.messages import Button
from commerce.domain.cart import Cart, Fulfilment
from commerce.domain.geo import GeoPoint
from commerce.domain.money import Money
from commerce.domain.order import NotOrdered
from commerce.domain.quote import Quote
from commerce.domain.store import Store
from commerce.i18n import format_distance

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

_MOST_ASKED = 40  # stores that are quoted for one question

_IN_THE_WAY = frozenset({
    NotOrdered.SOLD_OUT, NotOrdered.STORE_PAUSED, NotOrdered.STORE_NOT_OPEN, NotOrdered.NO_FULFILMENT,
    NotOrdered.NO_SUCH_VARIANT, NotOrdered.QUANTITY, NotOrdered.EMPTY,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ways:
    """`fee`: what a parcel costs, None where it cannot be sent. `stores`: those with all of it, nearest first."""

    fee: Money | None
    stores: tuple[Store, ...]

    @property
    def is_none(self) -> bool:
        return self.fee is None and not self.stores


def ways(voice: Voice, uow: UnitOfWork, cart: Cart, near: GeoPoint | None, *, without: str = "") -> Ways:
    """`without`: a store that is not wanted. Reads through `uow` alone."""
    draft = cart.draft
    sent = _quote(voice, uow, replace(cart, draft=replace(draft, fulfilment=Fulfilment.DELIVERY, store_id="")))
    fee = None
    if sent.totals is not None and voice.shop.settings.delivery_countries and not _IN_THE_WAY & set(sent.missing):
        fee = Money(sent.totals.delivery_minor, sent.totals.currency)
    levels = uow.stock.levels([line.variant_id for line in cart.wanted])
    having = {level.store_id for level in levels if level.available > 0}
    having |= {held.store_id for held in uow.reservations.of_customer(cart.customer_id, only_open=True)}
    having |= {choice.store_id for offer in uow.offers.open_of(cart.customer_id) for choice in offer.left}
    found = []
    for store in by_distance(uow.stores.all(), near)[:_MOST_ASKED]:
        if store.id not in having or store.id == without or not store.takes_visitors:
            continue
        asked = replace(cart, draft=replace(draft, fulfilment=Fulfilment.PICKUP, store_id=store.id))
        if not _IN_THE_WAY & set(_quote(voice, uow, asked).missing):
            found.append(store)
    return Ways(fee, tuple(found))


def by_distance(stores: Sequence[Store], near: GeoPoint | None) -> list[Store]:
    """Nearest first; in the shop's order where nobody knows where the shopper is."""
    if near is None:
        return list(stores)
    return sorted(stores, key=lambda store: near.distance_m(store.point) if store.point else float("inf"))


def lines(voice: Voice, found: Ways, near: GeoPoint | None) -> list[str]:
    """Each way on a line, the stores numbered."""
    texts = []
    if found.fee is not None:
        price = voice.money(found.fee) if found.fee.minor else ""
        texts.append(voice.t("Delivery: {price}", price=price) if price else voice.t("Delivery: free"))
    for number, store in enumerate(found.stores[:MAX_STORES], 1):
        away = format_distance(near.distance_m(store.point), voice.language) if near and store.point else ""
        parts = (store_name(voice, store), away, opening(voice, store))
        texts.append(f"{number}. " + " — ".join(part for part in parts if part))
    return texts


def buttons(voice: Voice, found: Ways) -> tuple[Button, ...]:
    made = [
        Button(
            voice.t("Pick up at {store}", store=store.short_name(voice.language)), encode(CollectAt(short(store.id)))
        )
        for store in found.stores[:MAX_STORES]
    ]
    if found.fee is not None:
        made.append(Button(voice.t("Delivery"), encode(ShipIt())))
    return tuple(made)


def _quote(voice: Voice, uow: UnitOfWork, cart: Cart) -> Quote:
    return voice.shop.quoting.quote(uow, cart, customer_id=cart.customer_id)
