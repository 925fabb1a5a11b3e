"""What there is in place of something that a store cannot serve, held for a short while: the very same in another
store, something that looks like it in the same one, the very same by parcel.

A choice is everything that was wanted, or it is none. What cannot be held is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from commerce.domain.collecting import PickUpRef
from commerce.domain.customer import Contact
from commerce.domain.money import Money
from commerce.domain.offering import ChoiceKind, Offer, OfferChoice, OfferLine, OfferState, Wanted
from commerce.domain.order import Order
from commerce.domain.staff import PauseMethod
from commerce.domain.store import Store, StoreKind
from commerce.ports import Clock, Ids, ReservationRules, UnitOfWork
from commerce.services.order_news import SPOKEN
from commerce.services.reserving import kept_until

ALL = frozenset(ChoiceKind)
_DEAREST = 1.5  # times what was promised, that a look-alike may cost


class Alternatives:
    """In the caller's unit of work."""

    def __init__(self, clock: Clock, ids: Ids, rules: ReservationRules, hold: timedelta, *, ships: bool) -> None:
        """`hold`: how long an offer lasts. `ships`: whether parcels go anywhere."""
        self._clock, self._ids, self._rules, self._hold, self._ships = clock, ids, rules, hold, ships

    def offer(
        self,
        uow: UnitOfWork,
        *,
        customer_id: str,
        contact: Contact,
        instead_of: PickUpRef,
        store_id: str,
        wanted: Sequence[Wanted],
        alike: Sequence[int] = (),
        kinds: Collection[ChoiceKind] = ALL,
    ) -> Offer | None:
        """Up to three choices, each held; None when there is none, or nobody who could be told. `alike`: variants that
        look like the one that was wanted, best first."""
        if contact.channel in SPOKEN:  # nobody is there to tap
            return None
        now = self._clock.now()
        until = now + self._hold
        places: list[tuple[ChoiceKind, str, list[Wanted]]] = []
        if ChoiceKind.OTHER_STORE in kinds:
            places += [(ChoiceKind.OTHER_STORE, id, list(wanted)) for id in self._stores(uow, store_id, wanted, now)]
        here = uow.stores.get(store_id)
        if ChoiceKind.LOOK_ALIKE in kinds and len(wanted) == 1 and here and self._takes_orders(uow, here, now):
            places += [(ChoiceKind.LOOK_ALIKE, store_id, [other]) for other in self._look_alikes(uow, wanted[0], alike)]
        if ChoiceKind.SHIPPED in kinds and self._ships:
            places += [(ChoiceKind.SHIPPED, id, at_price) for id, at_price in self._parcels(uow, store_id, wanted)]
        choices: list[OfferChoice] = []
        for kind, place, things in places:
            if any(choice.kind is kind for choice in choices):
                continue
            lines = self._held(uow, things, place, customer_id, until, now)
            if lines:
                choices.append(OfferChoice(len(choices) + 1, kind, place, lines))
        if not choices:
            return None
        offer = Offer(
            self._ids.new_key(), customer_id, contact, instead_of, tuple(choices), OfferState.OPEN, now, until
        )
        uow.offers.add(offer)
        return offer

    def _held(
        self, uow: UnitOfWork, things: Sequence[Wanted], store_id: str, owner: str, until: datetime, now: datetime
    ) -> tuple[OfferLine, ...]:
        prices = {each.variant_id: each.unit_price for each in things}
        wanted = [(each.variant_id, each.quantity) for each in things]
        holds = uow.stock.take(self._ids.new_key(), wanted, store_id, owner, until, now)
        return tuple(OfferLine(h.variant_id, h.quantity, prices[h.variant_id], h.id) for h in holds or ())

    def _stores(self, uow: UnitOfWork, lost_at: str, wanted: Sequence[Wanted], now: datetime) -> list[str]:
        """Those that have all of it and take orders, the nearest to the one that could not serve it first."""
        every = uow.stores.all()
        here = next((store.point for store in every if store.id == lost_at), None)
        having = _having(uow, wanted)
        found = [
            store
            for store in every
            if store.id in having and store.id != lost_at and self._takes_orders(uow, store, now)
        ]

        def away_m(store: Store) -> float:
            return here.distance_m(store.point) if here and store.point else float("inf")

        return [store.id for store in sorted(found, key=lambda store: (away_m(store), store.position, store.id))]

    def _takes_orders(self, uow: UnitOfWork, store: Store, now: datetime) -> bool:
        return (
            store.takes_visitors
            and kept_until(self._rules, store, now) is not None
            and uow.pauses.get(store.id, now, PauseMethod.RESERVE) is None
        )

    def _look_alikes(self, uow: UnitOfWork, wanted: Wanted, alike: Sequence[int]) -> list[Wanted]:
        found = [known[1] for variant_id in alike if (known := uow.products.by_variant(variant_id))]
        return [
            Wanted(variant.id, wanted.quantity, variant.price)
            for variant in found
            if variant.price.currency == wanted.unit_price.currency
            and variant.price.minor <= wanted.unit_price.minor * _DEAREST
        ]

    def _parcels(self, uow: UnitOfWork, lost_at: str, wanted: Sequence[Wanted]) -> list[tuple[str, list[Wanted]]]:
        """At what was promised, or at today's price where that is less."""
        prices: dict[int, Money] = {}
        for each in wanted:
            known = uow.products.by_variant(each.variant_id)
            if known is None:
                return []
            today, promised = known[1].price, each.unit_price
            prices[each.variant_id] = promised if promised.currency == today.currency and promised < today else today
        best = [Wanted(each.variant_id, each.quantity, prices[each.variant_id]) for each in wanted]
        having = _having(uow, wanted)
        return [
            (store.id, best)
            for store in uow.stores.all()
            if store.kind is StoreKind.WEB and store.id in having and store.id != lost_at
        ]


def wanted_of(order: Order) -> tuple[Wanted, ...]:
    """What was ordered, a variant each, at what was to be paid for one."""
    quantity: Counter[int] = Counter()
    total_minor: Counter[int] = Counter()
    for line in order.lines:
        quantity[line.variant_id] += line.quantity
        # As prices are told: before tax where they are told without.
        total_minor[line.variant_id] += line.unit_price_minor * line.quantity - line.discount_minor
    return tuple(
        Wanted(variant_id, units, Money(total_minor[variant_id] // units, order.currency))
        for variant_id, units in quantity.items()
    )


def _having(uow: UnitOfWork, wanted: Sequence[Wanted]) -> set[str]:
    """Places that have all of it."""
    needed: Counter[int] = Counter()
    for each in wanted:
        needed[each.variant_id] += each.quantity
    enough: Counter[str] = Counter(
        level.store_id for level in uow.stock.levels(needed) if level.available >= needed[level.variant_id]
    )
    return {store_id for store_id, count in enough.items() if count == len(needed)}
