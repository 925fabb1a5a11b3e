"""Prices that were promised: what is sent in place of a thing that a store could not serve costs no more than that did.

The promise stands for as many units as were offered, while the offer does, and then with the order that was made of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from commerce.domain.cart import Fulfilment
from commerce.domain.money import Money
from commerce.domain.offering import ChoiceKind
from commerce.domain.order import Order
from commerce.ports import UnitOfWork
from commerce.services.own_units import OwnUnits

_KEY = "promised:"
_LATE_MONEY = timedelta(days=1)  # as long as an order may still be paid at its price once it has ended


@dataclass(frozen=True, slots=True)
class OfferedPrice:
    """For so many units at most."""

    quantity: int
    price: Money


def promises(uow: UnitOfWork, own: OwnUnits, fulfilment: Fulfilment | None, now: datetime) -> dict[int, OfferedPrice]:
    """What was promised to this person for a parcel, by variant."""
    if fulfilment is not Fulfilment.DELIVERY:
        return {}
    found = {
        line.variant_id: OfferedPrice(line.quantity, line.unit_price)
        for offer in own.offers
        for choice in offer.left
        if choice.kind is ChoiceKind.SHIPPED
        for line in choice.lines
    }
    pending = own.pending
    if pending is not None and pending.fulfilment is Fulfilment.DELIVERY:
        known = promised_with(uow, pending, now)
        for line in pending.lines:
            if line.variant_id in known:
                kept = Money(known[line.variant_id], pending.currency)
                found.setdefault(line.variant_id, OfferedPrice(line.quantity, kept))
    return found


def promised_price(promised: OfferedPrice | None, today: Money, quantity: int) -> Money | None:
    """What one of so many costs: never more than today. None where nothing was promised for so many."""
    if promised is None or promised.quantity < quantity or promised.price.currency != today.currency:
        return None
    return min(promised.price, today)


def promise(uow: UnitOfWork, order: Order, prices: Mapping[int, Money], now: datetime) -> None:
    """The order keeps these prices, whatever becomes of the shop's, until it is paid or over."""
    kept = {str(variant_id): price.minor for variant_id, price in prices.items()}
    uow.state.put(_KEY + order.id, json.dumps(kept), (order.expires_at or now) + _LATE_MONEY)


def promised_with(uow: UnitOfWork, order: Order, now: datetime) -> dict[int, int]:
    """Minor units by variant."""
    kept = uow.state.get(_KEY + order.id, now)
    return {int(variant_id): minor for variant_id, minor in json.loads(kept).items()} if kept else {}
