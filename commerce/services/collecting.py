"""The counter: what people come for is accepted, prepared, made ready and handed over, each by whoever saw it last."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from commerce.domain.collecting import (
    OPEN_STAGES,
    STAGE_MOVES,
    NotMoved,
    NotMovedOn,
    PickUp,
    PickUpKind,
    PickUpMoment,
    PickUpRef,
    Stage,
    stage_of,
)
from commerce.domain.handing_over import HandOverRefused, NotHandedOver
from commerce.domain.order import NotAdvanced, OrderEvent, OrderState
from commerce.domain.reservation import Refused, ReservationEvent, ReservationState
from commerce.domain.team import Permission, StaffMember
from commerce.errors import StaleVersion
from commerce.ports import Clock, UnitOfWork
from commerce.services.alerting import pick_up_changed
from commerce.services.handing_over import HandingOver
from commerce.services.orders import Orders
from commerce.services.pick_up_news import PickUpNews, tell_shopper

# Who acts: one of the team, at their own stores; or a machine with a key, at all of them ("staff:<who>/<key>").
Actor: TypeAlias = StaffMember | str

ACCEPTED = "accepted"  # what its history calls it
_TO_RESERVATION = {Stage.PREPARING: ReservationState.PREPARING, Stage.READY: ReservationState.READY}
_TO_ORDER = {Stage.PREPARING: OrderState.PREPARING, Stage.READY: OrderState.READY}


class Collecting:
    """For staff. All verbs belong to the caller's unit of work.

    `version` is the one that the person saw: of two who act on it, the second is told what it is now. What waits in
    another store looks like what does not exist.
    """

    def __init__(self, clock: Clock, orders: Orders, handing_over: HandingOver) -> None:
        self._clock, self._orders, self._handing_over = clock, orders, handing_over

    # --- reading

    def board(
        self, uow: UnitOfWork, member: StaffMember, *, stages: Collection[Stage] = OPEN_STAGES, limit: int = 200
    ) -> list[PickUp]:
        """Open ones oldest first, then those that are over, newest first; of the stores in which they work."""
        if not member.may(Permission.PICK_UPS):
            return []
        mine = [store.id for store in uow.stores.all() if member.may(Permission.PICK_UPS, store.id)]
        return uow.pick_ups.find(store_ids=mine, stages=stages, limit=limit)

    def get(self, uow: UnitOfWork, ref: PickUpRef, *, by: Actor) -> PickUp | None:
        card = uow.pick_ups.get(ref)
        return card if card is not None and _may(by, card.store_id) else None

    def history(self, uow: UnitOfWork, ref: PickUpRef) -> list[PickUpMoment]:
        """Everything that happened to it, with its time and who did it."""
        if ref.kind is PickUpKind.RESERVATION:
            moments = [(e.at, e.from_state, e.to_state, e.actor, e.note) for e in uow.reservations.events(ref.id)]
        else:
            moments = [(e.at, e.from_state, e.to_state, e.actor, e.note) for e in uow.orders.events(ref.id)]  # type: ignore[misc]
        found = []
        for at, before, state, actor, note in moments:
            stage = stage_of(state, accepted=False)
            if before is state:  # not moved on: the note says what happened
                found.append(PickUpMoment(at, note, actor))
            elif stage is not None:
                had_it = before is not None and stage_of(before, accepted=False) is stage
                found.append(PickUpMoment(at, state.value if had_it else stage.value, actor, note))
        return found

    # --- moving on

    def accept(self, uow: UnitOfWork, ref: PickUpRef, version: int, *, by: Actor) -> PickUp | NotMovedOn:
        """Somebody sees to it: the shopper hears so."""
        return self._move_on(uow, ref, version, by, Stage.ACCEPTED)

    def start_preparing(self, uow: UnitOfWork, ref: PickUpRef, version: int, *, by: Actor) -> PickUp | NotMovedOn:
        return self._move_on(uow, ref, version, by, Stage.PREPARING)

    def ready(self, uow: UnitOfWork, ref: PickUpRef, version: int, *, by: Actor) -> PickUp | NotMovedOn:
        """It waits at the counter: the shopper gets the code and may come."""
        return self._move_on(uow, ref, version, by, Stage.READY)

    def check_code(self, uow: UnitOfWork, ref: PickUpRef, *, code: str, by: Actor) -> HandOverRefused | None:
        """None where `hand_over` would go on, payment apart: for who is asked for the code first and then who came. A
        refusal is to be committed: wrong codes count."""
        if self.get(uow, ref, by=by) is None:
            return HandOverRefused(NotHandedOver.NOT_FOUND)
        return self._handing_over.check_code(uow, ref, code)

    def hand_over(
        self, uow: UnitOfWork, ref: PickUpRef, *, code: str, by: Actor, to: str = "", paid: bool = False
    ) -> PickUp | HandOverRefused:
        """Once, for the right code. `to`: who came in the shopper's place ('' they themselves). `paid`: the till has
        just taken the money. A refusal is to be committed: wrong codes count."""
        if self.get(uow, ref, by=by) is None:
            return HandOverRefused(NotHandedOver.NOT_FOUND)
        who = actor_of(by).removeprefix("staff:")
        if ref.kind is PickUpKind.RESERVATION:
            result: object = self._handing_over.reservation(uow, ref.id, code=code, by=who, to=to)
        else:
            result = self._handing_over.order(uow, ref.id, code=code, by=who, to=to, paid=paid)
        if isinstance(result, HandOverRefused):
            return result
        return _as_it_is(uow, ref)

    def forgive_no_shows(self, uow: UnitOfWork, customer_id: str, *, by: Actor) -> bool:
        """They may reserve again without paying; False for nobody."""
        now = self._clock.now()
        if uow.customers.get(customer_id) is None:
            return False
        uow.pick_ups.forgive_no_shows(customer_id, now)
        uow.audit.add(actor_of(by), "no_shows_forgiven", customer_id, {}, now)
        return True

    def _move_on(
        self, uow: UnitOfWork, ref: PickUpRef, version: int, by: Actor, to_stage: Stage
    ) -> PickUp | NotMovedOn:
        card = self.get(uow, ref, by=by)
        if card is None:
            return NotMovedOn(NotMoved.NOT_FOUND)
        if card.version != version:
            return NotMovedOn(NotMoved.STALE, card)
        if to_stage not in STAGE_MOVES[card.stage]:
            return NotMovedOn(NotMoved.NOT_POSSIBLE if card.stage in OPEN_STAGES else NotMoved.OVER, card)
        now, actor = self._clock.now(), actor_of(by)
        try:
            refused = self._moved(uow, card, to_stage, actor, now)
        except StaleVersion:
            refused = NotMoved.STALE
        if refused is not None:
            return NotMovedOn(refused, uow.pick_ups.get(ref))
        self._accepted(uow, card, actor, now, told=to_stage is not Stage.READY)
        if to_stage is Stage.READY and ref.kind is PickUpKind.RESERVATION:
            tell_shopper(uow, ref, PickUpNews.READY, now)
        uow.audit.add(actor, "pick_up_moved", str(ref), {"to": to_stage.value}, now)
        pick_up_changed(uow, ref, card.store_id, now)
        return _as_it_is(uow, ref)

    def _moved(self, uow: UnitOfWork, card: PickUp, to_stage: Stage, actor: str, now: datetime) -> NotMoved | None:
        """None when it has moved. Raises StaleVersion."""
        if card.ref.kind is PickUpKind.RESERVATION:
            reservation = uow.reservations.get(card.ref.id)
            assert reservation is not None  # its card was read in this very work
            to_held = _TO_RESERVATION.get(to_stage, reservation.state)
            note = ACCEPTED if to_stage is Stage.ACCEPTED else ""
            uow.reservations.move(
                replace(reservation, version=card.version),
                to_held,
                ReservationEvent(now, reservation.state, to_held, actor, note),
            )
            return None
        if to_stage is Stage.ACCEPTED:
            order = uow.orders.get(card.ref.id)
            assert order is not None
            event = OrderEvent(now, order.state, order.state, actor, ACCEPTED)
            uow.orders.move(replace(order, version=card.version), order.state, event)
            return None
        result = self._orders.advance(uow, card.ref.id, _TO_ORDER[to_stage], actor=actor, version=card.version)
        if isinstance(result, Refused):
            return NotMoved.STALE if result.reason is NotAdvanced.CHANGED else NotMoved.NOT_POSSIBLE
        return None

    def _accepted(self, uow: UnitOfWork, card: PickUp, actor: str, now: datetime, *, told: bool) -> None:
        """Whoever moves it on has accepted it. The shopper hears that it is being prepared once."""
        if card.details.accepted_at is not None:
            return
        known = uow.pick_ups.hold_details(card.ref)
        assert known is not None
        uow.pick_ups.put_details(replace(known, accepted_at=now, accepted_by=actor))
        if told:
            tell_shopper(uow, card.ref, PickUpNews.ACCEPTED, now)


def actor_of(by: Actor) -> str:
    return by if isinstance(by, str) else f"staff:{by.id}"


def _may(by: Actor, store_id: str) -> bool:
    return isinstance(by, str) or by.may(Permission.PICK_UPS, store_id)


def _as_it_is(uow: UnitOfWork, ref: PickUpRef) -> PickUp:
    card = uow.pick_ups.get(ref)
    assert card is not None
    return card
