"""Hours at which people come to collect, where a store has room for so many at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

from commerce.domain.collecting import CollectingRules, NotCollecting, PickUp, PickUpKind, PickUpRef, Slot
from commerce.domain.order import Order, OrderState
from commerce.domain.reservation import Refused
from commerce.ports import Clock, Storage, UnitOfWork
from commerce.services.alerting import pick_up_changed

AHEAD = timedelta(days=3)
MOST_OFFERED = 5


class Slots:
    """A store without a capacity has none: people come when they like."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage, self._clock = storage, clock

    def set_rules(self, uow: UnitOfWork, rules: CollectingRules, *, actor: str) -> None:
        """What was chosen under other rules stays as it was chosen."""
        uow.pick_ups.put_rules(rules)
        details = {
            "slot_minutes": rules.slot_minutes,
            "slot_capacity": rules.slot_capacity,
            "prep_minutes": rules.prep_minutes,
            "curbside": rules.curbside,
        }
        uow.audit.add(actor, "collecting_rules", rules.store_id, details, self._clock.now())

    def coming(
        self, uow: UnitOfWork, store_id: str, *, until: datetime | None = None, own: datetime | None = None
    ) -> list[Slot]:
        """Those with room, soonest first: within opening hours, with the time that preparing takes, at the latest
        `until`. `own`: the one that was chosen before, which is never full for its owner."""
        rules, store = uow.pick_ups.rules(store_id), uow.stores.get(store_id)
        if store is None or not rules.slot_capacity:
            return []
        now = self._clock.now()
        first = now + timedelta(minutes=rules.prep_minutes)
        latest = now + AHEAD if until is None else min(until, now + AHEAD)
        taken = uow.pick_ups.slots_taken(store_id, now, latest)
        length = timedelta(minutes=rules.slot_minutes)
        found = []
        # From the day before on: the slots of an opening begin with it, not with the moment at which somebody asks.
        for opens, closes in store.open_times(now - timedelta(days=1), latest):
            starts_at = opens
            while starts_at + length <= closes:
                left = rules.slot_capacity - taken.get(starts_at, 0)
                if starts_at >= first and (left > 0 or starts_at == own):
                    found.append(Slot(starts_at, starts_at + length, left))
                starts_at += length
        return found

    def take(
        self, uow: UnitOfWork, ref: PickUpRef, customer_id: str, starts_at: datetime
    ) -> PickUp | Refused[NotCollecting]:
        """One of `coming`. Another one that was taken for the same thing is free again."""
        card = uow.pick_ups.get(ref)
        if card is None or card.customer_id != customer_id:
            return Refused(NotCollecting.NOT_FOUND)
        if not card.is_open:
            return Refused(NotCollecting.OVER)
        if card.details.slot_at == starts_at:
            return card
        refused = self._take(uow, ref, card.store_id, starts_at, card.expires_at)
        if refused:
            return refused
        pick_up_changed(uow, ref, card.store_id, self._clock.now())
        return uow.pick_ups.get(ref) or card

    def take_for(self, uow: UnitOfWork, order: Order, starts_at: datetime) -> Refused[NotCollecting] | None:
        """The same for an order in the transaction that places it. One that waits for its payment is nothing to the
        counter yet, and keeps its slot all the same."""
        ref = PickUpRef(PickUpKind.ORDER, order.id)
        known = uow.pick_ups.details(ref)
        if known is not None and known.slot_at == starts_at:
            return None
        return self._take(uow, ref, order.store_id, starts_at, self.until(order))

    def until(self, order: Order) -> datetime | None:
        """The latest moment to come for it; None where it is paid, or will be, and waits for its owner."""
        waits = order.state is OrderState.PENDING_PAYMENT or order.paid_minor >= order.total_minor
        return None if waits else order.expires_at

    def _take(
        self, uow: UnitOfWork, ref: PickUpRef, store_id: str, starts_at: datetime, until: datetime | None
    ) -> Refused[NotCollecting] | None:
        rules = uow.pick_ups.rules(store_id)
        if not rules.slot_capacity:
            return Refused(NotCollecting.NO_SLOTS)
        if all(slot.starts_at != starts_at for slot in self.coming(uow, store_id, until=until)):
            return Refused(NotCollecting.SLOT_FULL)
        if not uow.pick_ups.take_slot(ref, store_id, starts_at, capacity=rules.slot_capacity):
            return Refused(NotCollecting.SLOT_FULL)
        return None

    def tick(self) -> int:
        """Slots of what nobody comes for any more are free again. How many."""
        return self._storage.write(lambda uow: uow.pick_ups.free_slots(self._clock.now()))
