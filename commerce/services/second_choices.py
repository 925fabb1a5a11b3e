"""What people get who cannot have what they wanted at once, wired: offers, and waiting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from commerce.ports import Clock, Ids, ReservationRules, Storage
from commerce.services.alternatives import Alternatives
from commerce.services.carts import Carts
from commerce.services.discovery import Discovery
from commerce.services.offering import Offering
from commerce.services.orders import Orders
from commerce.services.rejecting import Rejecting
from commerce.services.reserving import Reserving
from commerce.services.stocktaking import Stocktaking
from commerce.services.waiting import Waiting
from commerce.settings import Settings


@dataclass(frozen=True, slots=True)
class SecondChoices:
    offering: Offering
    waiting: Waiting


def build_alternatives(settings: Settings, clock: Clock, ids: Ids, rules: ReservationRules) -> Alternatives:
    hold = timedelta(seconds=settings.offer_hold_s)
    return Alternatives(clock, ids, rules, hold, ships=bool(settings.delivery_countries))


def build_second_choices(
    settings: Settings,
    *,
    storage: Storage,
    clock: Clock,
    ids: Ids,
    rules: ReservationRules,
    alternatives: Alternatives,
    discovery: Discovery,
    stocktaking: Stocktaking,
    reserving: Reserving,
    orders: Orders,
    carts: Carts,
) -> SecondChoices:
    rejecting = Rejecting(
        clock,
        alternatives=alternatives,
        stocktaking=stocktaking,
        reserving=reserving,
        orders=orders,
    )
    return SecondChoices(
        offering=Offering(
            storage,
            clock,
            ids,
            rejecting=rejecting,
            reserving=reserving,
            discovery=discovery,
            carts=carts,
            countries=settings.delivery_countries,
        ),
        waiting=Waiting(
            storage,
            clock,
            ids,
            rules,
            reserving=reserving,
            carts=carts,
            hold=timedelta(seconds=settings.wait_hold_s),
            most=settings.max_waits,
            ships=bool(settings.delivery_countries),
        ),
    )
