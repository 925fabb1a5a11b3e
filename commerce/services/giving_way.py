"""Who loses units that a person of the shop needs: the youngest online hold that nobody has paid for.

Its owner is told in the same transaction, with a choice.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from commerce.domain.collecting import PickUpKind, PickUpRef
from commerce.domain.customer import Contact
from commerce.domain.mail import OutboundMessage
from commerce.domain.offering import ChoiceKind, Wanted
from commerce.domain.order import OrderEvent, OrderState
from commerce.domain.reservation import Refused
from commerce.domain.stock import MovementReason
from commerce.domain.stocktaking import HeldFor
from commerce.domain.waiting import WaitState
from commerce.errors import StaleVersion
from commerce.ports import Clock, UnitOfWork
from commerce.services.alternatives import Alternatives, wanted_of
from commerce.services.ending import end_unpaid
from commerce.services.reserving import Reserving

NOTICE_RESERVATION_LOST = "reservation_lost"
NOTICE_ORDER_LOST = "order_lost"
NOTICE_WAIT_LOST = "wait_lost"
_SOLD = "sold in the store"
_ELSEWHERE = frozenset({ChoiceKind.OTHER_STORE, ChoiceKind.SHIPPED})


class GivingWay:
    """Takes holds away from their owners, in the caller's unit of work."""

    def __init__(
        self, clock: Clock, reserving: Reserving, alternatives: Alternatives, offline: Collection[str]
    ) -> None:
        """`offline`: providers that nobody calls (see `end_unpaid`)."""
        self._clock, self._reserving, self._alternatives = clock, reserving, alternatives
        self._offline = frozenset(offline)

    def free(self, uow: UnitOfWork, variant_id: int, store_id: str, units: int, *, actor: str) -> tuple[HeldFor, ...]:
        """Frees at least `units`, if there are so many to free; the owners who lost theirs, youngest first."""
        lost = []
        for held in uow.stock_records.held_for(variant_id, store_id):
            if units <= 0:
                break
            try:
                gone = self.loses(uow, held, actor)
            except StaleVersion:
                continue  # paid, cancelled or collected in this very moment
            if gone:
                lost.append(held)
                units -= held.hold.quantity
        return tuple(lost)

    def loses(self, uow: UnitOfWork, held: HeldFor, actor: str) -> bool:
        """This one; False when it has become somebody else's since it was looked for. Under the lock of its shelf."""
        if held.reservation_id:
            return self._reservation_loses(uow, held, actor)
        if held.offer_id:  # whoever taps hears that it is gone, and what is left; whoever was faster has reserved it
            if not uow.offers.lock(held.offer_id):
                return False
            return uow.stock.release(held.hold.id, MovementReason.RELEASE, self._clock.now())
        if held.waiter_id:
            return self._waiter_loses(uow, held)
        return self._order_loses(uow, held, actor)

    def _reservation_loses(self, uow: UnitOfWork, held: HeldFor, actor: str) -> bool:
        """A reservation is served whole or not at all."""
        ended = self._reserving.reject(uow, held.reservation_id, actor=actor, note=_SOLD)
        if isinstance(ended, Refused):
            return False
        contact = uow.reservations.contact_of(held.reservation_id)
        facts: dict[str, object] = {"reservation_id": held.reservation_id, "variant_id": held.hold.variant_id}
        if contact is not None:
            wanted = [Wanted(line.variant_id, line.quantity, line.unit_price) for line in ended.lines]
            ref = PickUpRef(PickUpKind.RESERVATION, ended.id)
            facts["offer_id"] = self._offer(uow, ended.customer_id, contact, ref, ended.store_id, wanted)
        self._tell(uow, contact, NOTICE_RESERVATION_LOST, facts)
        uow.audit.add(actor, "reservation_lost", held.reservation_id, {"hold": held.hold.id}, self._clock.now())
        return True

    def _waiter_loses(self, uow: UnitOfWork, held: HeldFor) -> bool:
        """Whoever was told that it is back waits again, at their old place."""
        waiter = uow.waiters.get(held.waiter_id)
        if waiter is None or (waiter.state, waiter.hold_id) != (WaitState.TOLD, held.hold.id):
            return False  # they have just reserved it
        if not uow.waiters.move(waiter, WaitState.WAITING):
            return False
        uow.stock.release(held.hold.id, MovementReason.RELEASE, self._clock.now())
        facts: dict[str, object] = {"waiter_id": waiter.id, "store_id": held.hold.store_id}
        self._tell(uow, waiter.contact, NOTICE_WAIT_LOST, facts)
        return True

    def _order_loses(self, uow: UnitOfWork, held: HeldFor, actor: str) -> bool:
        """An order whose payment is open stays: the units are gone, and the check before the charge says so. One that
        was to be paid at the counter is cancelled."""
        order, now = uow.orders.get(held.order_id), self._clock.now()
        if order is None:
            return False
        if order.state is OrderState.PENDING_PAYMENT:
            uow.orders.move(order, order.state, OrderEvent(now, order.state, order.state, actor, _SOLD))
            uow.stock.release(held.hold.id, MovementReason.RELEASE, now)
        else:
            end_unpaid(uow, order, OrderState.CANCELLED, actor=actor, note=_SOLD, at=now, offline=self._offline)
        contact = uow.orders.contact_of(order.id)
        facts: dict[str, object] = {"order_id": order.id, "variant_id": held.hold.variant_id}
        if contact is not None:
            ref = PickUpRef(PickUpKind.ORDER, order.id)
            facts["offer_id"] = self._offer(uow, order.customer_id, contact, ref, order.store_id, wanted_of(order))
        self._tell(uow, contact, NOTICE_ORDER_LOST, facts)
        uow.audit.add(actor, "order_lost", order.id, {"hold": held.hold.id}, now)
        return True

    def _offer(
        self,
        uow: UnitOfWork,
        customer_id: str,
        contact: Contact,
        ref: PickUpRef,
        store_id: str,
        wanted: Sequence[Wanted],
    ) -> str:
        """The very same elsewhere, held for a while; '' where there is none. Whoever sells at the counter does not wait
        for pictures to be looked at."""
        made = self._alternatives.offer(
            uow,
            customer_id=customer_id,
            contact=contact,
            instead_of=ref,
            store_id=store_id,
            wanted=wanted,
            kinds=_ELSEWHERE,
        )
        return made.id if made else ""

    def _tell(self, uow: UnitOfWork, contact: Contact | None, notice: str, facts: dict[str, object]) -> None:
        if contact is not None:
            uow.outbox.add(OutboundMessage(contact, notice, json.dumps(facts)), self._clock.now())
