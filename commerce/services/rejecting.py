"""A part of `Offering`, which has the promises: a store says no.

See docs/decisions/0017-a-rejection-becomes-an-offer.md for what becomes of an order that is paid.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from commerce.domain.cart import Fulfilment
from commerce.domain.collecting import SHELF_WAS_WRONG, NotMoved, PickUpKind, PickUpRef, RejectReason
from commerce.domain.customer import Contact
from commerce.domain.mail import OutboundMessage
from commerce.domain.offering import ChoiceKind, Offer, Wanted
from commerce.domain.order import Order, OrderEvent, OrderState
from commerce.domain.reservation import Refused
from commerce.domain.stock import MovementReason
from commerce.domain.stocktaking import StockEntry
from commerce.domain.team import StaffMember
from commerce.errors import StaleVersion
from commerce.ports import Clock, UnitOfWork
from commerce.services.alerting import pick_up_changed
from commerce.services.alternatives import ALL, Alternatives, wanted_of
from commerce.services.order_news import SPOKEN
from commerce.services.order_stock import put_back
from commerce.services.orders import Orders
from commerce.services.reserving import Reserving
from commerce.services.stocktaking import Stocktaking

NOTICE_OFFER = "offer_made"
_LONGEST_NOTE = 500

_SAID_BY_THE_SHELF = {
    RejectReason.NOT_FOUND: MovementReason.NOT_FOUND,
    RejectReason.DAMAGED: MovementReason.DAMAGE,
    RejectReason.SOLD: MovementReason.SALE,
}
_AT_THE_COUNTER = frozenset({OrderState.PLACED, OrderState.PAID, OrderState.PREPARING, OrderState.READY})
_ELSEWHERE = ALL - {ChoiceKind.LOOK_ALIKE}
# The very same thing, at no change of price: what is paid is paid, and the shop pays for the parcel.
_FOR_PAID = _ELSEWHERE


@dataclass(frozen=True, slots=True)
class Rejected:
    """`offer` None: there was nothing to offer."""

    ref: PickUpRef
    offer: Offer | None


@dataclass(frozen=True, slots=True)
class Case:
    """What is rejected, of either kind."""

    customer_id: str
    contact: Contact
    store_id: str
    wanted: tuple[Wanted, ...]
    order: Order | None = None
    is_paid: bool = False


class Rejecting:
    """In the caller's unit of work."""

    def __init__(
        self,
        clock: Clock,
        *,
        alternatives: Alternatives,
        stocktaking: Stocktaking,
        reserving: Reserving,
        orders: Orders,
    ) -> None:
        self._clock, self._alternatives, self._stocktaking = clock, alternatives, stocktaking
        self._reserving, self._orders = reserving, orders

    def reject(
        self,
        uow: UnitOfWork,
        ref: PickUpRef,
        reason: RejectReason,
        *,
        alike: Sequence[int],
        member: StaffMember | None,
        actor: str,
        version: int | None,
        note: str,
    ) -> Rejected | Refused[NotMoved]:
        """See `Offering.reject`."""
        case = self.case(uow, ref)
        if case is None or (member is not None and not member.works_at(case.store_id)):
            return Refused(NotMoved.NOT_FOUND)
        actor, note = (f"staff:{member.id}" if member else actor), note[:_LONGEST_NOTE]
        said = f"{reason.value}: {note}" if note else reason.value
        try:
            with uow.savepoint():
                refused = self._end(uow, ref, case, version, actor, said)
        except StaleVersion:
            return Refused(NotMoved.STALE)
        if refused is not None:
            return Refused(refused)
        if reason in SHELF_WAS_WRONG:
            self._correct(uow, ref, case, reason, actor, note)
        offer = self._alternatives.offer(
            uow,
            customer_id=case.customer_id,
            contact=case.contact,
            instead_of=ref,
            store_id=case.store_id,
            wanted=case.wanted,
            alike=alike,
            kinds=_FOR_PAID if case.is_paid else _ELSEWHERE if reason is RejectReason.STORE_CLOSES else ALL,
        )
        if offer is None:
            self.refund(uow, ref, actor, said)
        now, offer_id = self._clock.now(), offer.id if offer else ""
        uow.audit.add(actor, f"{ref.kind.value}_rejected", ref.id, {"reason": reason.value, "offer": offer_id}, now)
        facts = {"kind": ref.kind.value, "id": ref.id, "reason": reason.value, "offer_id": offer_id}
        if case.contact.channel not in SPOKEN:
            uow.outbox.add(OutboundMessage(case.contact, NOTICE_OFFER, json.dumps(facts)), now)
        return Rejected(ref, offer)

    def case(self, uow: UnitOfWork, ref: PickUpRef) -> Case | None:
        """None for what is not there, and for an order that goes by parcel."""
        if ref.kind is PickUpKind.RESERVATION:
            reservation, contact = uow.reservations.get(ref.id), uow.reservations.contact_of(ref.id)
            if reservation is None or contact is None:
                return None
            lines = tuple(Wanted(line.variant_id, line.quantity, line.unit_price) for line in reservation.lines)
            return Case(reservation.customer_id, contact, reservation.store_id, lines)
        order, contact = uow.orders.get(ref.id), uow.orders.contact_of(ref.id)
        if order is None or contact is None or order.fulfilment is not Fulfilment.PICKUP:
            return None
        is_paid = self._orders.is_paid(uow, order)
        return Case(order.customer_id, contact, order.store_id, wanted_of(order), order, is_paid)

    def waits_for_word(self, uow: UnitOfWork, ref: PickUpRef) -> bool:
        """Whether an order was paid and its money waits for what the shopper says."""
        order = uow.orders.get(ref.id) if ref.kind is PickUpKind.ORDER else None
        if order is None or order.state is not OrderState.REFUND_PENDING:
            return False
        left_minor = sum(attempt.refundable_minor for attempt in uow.payments.of_order(order.id))
        return left_minor > 0 or order.total_minor == 0

    def refund(self, uow: UnitOfWork, ref: PickUpRef, actor: str, note: str) -> None:
        """The money of an order that was paid goes back; nothing for all others."""
        if self.waits_for_word(uow, ref):
            order = uow.orders.get(ref.id)
            assert order is not None
            self._orders.refund_all(uow, order, actor=actor, note=note, at=self._clock.now())

    def _end(
        self, uow: UnitOfWork, ref: PickUpRef, case: Case, version: int | None, actor: str, said: str
    ) -> NotMoved | None:
        """Its code is void and its stock is free again; why not, where it cannot be rejected."""
        now, order = self._clock.now(), case.order
        if order is None:
            ended = self._reserving.reject(uow, ref.id, actor=actor, note=said, version=version)
            return NotMoved.OVER if isinstance(ended, Refused) else None
        if order.state not in _AT_THE_COUNTER:
            return NotMoved.NOT_POSSIBLE if order.state is OrderState.PENDING_PAYMENT else NotMoved.OVER
        if version not in (None, order.version):
            return NotMoved.STALE
        if not case.is_paid:
            self._orders.end(uow, order, actor=actor, note=said, at=now)
            return None
        # Nobody hands it over any more; its money waits for what the shopper says.
        waits = OrderState.REFUND_PENDING
        uow.orders.move(order, waits, OrderEvent(now, order.state, waits, actor, said))
        put_back(uow, order, now)
        pick_up_changed(uow, ref, order.store_id, now)
        return None

    def _correct(
        self, uow: UnitOfWork, ref: PickUpRef, case: Case, reason: RejectReason, actor: str, note: str
    ) -> None:
        """Of what is not found nothing is left but what others hold, who are looked for in their turn."""
        for each in case.wanted:
            known = uow.products.by_variant(each.variant_id)
            level = uow.stock.locked(each.variant_id, case.store_id)
            if known is None or level is None:
                continue
            units = level.on_hand - level.held if reason is RejectReason.NOT_FOUND else each.quantity
            if units:
                entry = StockEntry(
                    _SAID_BY_THE_SHELF[reason], known[1].sku, case.store_id, units, str(ref), note, override=True
                )
                self._stocktaking.enter(uow, entry, actor=actor)
