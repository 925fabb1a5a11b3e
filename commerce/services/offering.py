"""A store says no, and the shopper gets a choice: what else there is, held for a while, one tap away.

What the store believed in is corrected, the choices are held and the shopper's one message is queued in the same
transaction. See docs/decisions/0017-a-rejection-becomes-an-offer.md for what becomes of an order that is paid.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from commerce.domain.cart import PostalAddress
from commerce.domain.collecting import NotMoved, PickUpDetails, PickUpKind, PickUpRef, RejectReason
from commerce.domain.mail import OutboundMessage
from commerce.domain.offering import ChoiceKind, NotTaken, Offer, OfferChoice, OfferState
from commerce.domain.order import Order, OrderEvent, OrderState
from commerce.domain.reservation import Refused, Reservation, ReservationLine
from commerce.domain.stock import HoldState, MovementReason
from commerce.domain.team import StaffMember
from commerce.errors import StaleVersion
from commerce.ports import Clock, Ids, Storage, UnitOfWork
from commerce.services.again import write_again
from commerce.services.alerting import pick_up_changed
from commerce.services.carts import Carts
from commerce.services.discovery import Discovery
from commerce.services.order_stock import sell
from commerce.services.rejecting import Rejected, Rejecting
from commerce.services.reserving import Reserving

NOTICE_OVER = "offer_over"
_LOOK_ALIKES = 8  # of which the first that can be held is offered


@dataclass(frozen=True, slots=True)
class Taken:
    """What a choice has become: one of the two, or neither while a parcel is in the cart and not ordered yet."""

    offer: Offer
    choice: OfferChoice
    reservation: Reservation | None = None
    order: Order | None = None


class _CartRefuses(Exception):
    """Undoes the savepoint."""


class _Gone(Exception):
    """A hold was lost in this very moment: undoes the savepoint."""


class Offering:
    """Verbs belong to the caller's unit of work; `look_alikes` and the tick open their own."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        ids: Ids,
        *,
        rejecting: Rejecting,
        reserving: Reserving,
        discovery: Discovery,
        carts: Carts,
        countries: Collection[str],
    ) -> None:
        """`countries`: to which parcels go."""
        self._storage, self._clock, self._ids = storage, clock, ids
        self._rejecting, self._reserving, self._discovery = rejecting, reserving, discovery
        self._carts, self._countries = carts, frozenset(countries)

    # --- saying no

    def look_alikes(self, ref: PickUpRef) -> tuple[int, ...]:
        """Variants that look like what was wanted, in its size and store, best first: to be asked before the
        transaction that rejects, because looking at pictures takes its time."""
        with self._storage.read() as uow:
            case = self._rejecting.case(uow, ref)
        if case is None or len(case.wanted) != 1:
            return ()
        found = self._discovery.look_alikes(case.wanted[0].variant_id, case.store_id, limit=_LOOK_ALIKES)
        return tuple(each.variants[0].id for each in found if each.variants)

    def reject(
        self,
        uow: UnitOfWork,
        ref: PickUpRef,
        reason: RejectReason,
        *,
        alike: Sequence[int],
        member: StaffMember | None = None,
        actor: str = "",
        version: int | None = None,
        note: str = "",
    ) -> Rejected | Refused[NotMoved]:
        """The store cannot serve it: the shopper is told, with a choice. `alike`: what `look_alikes` said before.

        A member acts in their own stores alone; a machine says who it is (`actor`). `version` is the one that was seen.
        Where the shelf was wrong its stock is corrected: of a thing that is not found nothing is left but what others
        hold, of one that is damaged or sold as many as were wanted.
        """
        return self._rejecting.reject(
            uow, ref, reason, alike=alike, member=member, actor=actor, version=version, note=note
        )

    # --- taking what is offered

    def take(
        self,
        uow: UnitOfWork,
        offer_id: str,
        position: int,
        customer_id: str,
        *,
        sent_to: PostalAddress | None = None,
    ) -> Taken | Refused[NotTaken]:
        """The choice is theirs and the others are free again. A store's is reserved out of the very units that were
        held, under a new code; a parcel goes into the cart and stays held until it is ordered or the offer is over.

        What was paid is sent at once, to `sent_to`, and nothing more is to be paid.

        Taking the same once more answers the same. GONE: somebody needed the unit in the store; the rest of the offer
        stands.
        """
        offer = self._own(uow, offer_id, customer_id)
        if offer is None:
            return Refused(NotTaken.NOT_FOUND)
        choice = next((each for each in offer.choices if each.position == position), None)
        if choice is None:
            return Refused(NotTaken.NOT_FOUND)
        if offer.taken == position:
            return self._taken_before(uow, offer, choice)
        if not offer.is_open or offer.taken is not None or offer.expires_at <= self._clock.now():
            return Refused(NotTaken.OVER)
        self._lock_shelves(uow, offer)
        if not self.is_there(uow, choice):
            return Refused(NotTaken.GONE)
        is_paid, is_parcel = self.is_for_paid(uow, offer.instead_of), choice.kind is ChoiceKind.SHIPPED
        if is_paid and is_parcel and (sent_to is None or sent_to.country not in self._countries):
            return Refused(NotTaken.NO_ADDRESS if sent_to is None else NotTaken.NO_DELIVERY_THERE)
        try:
            with uow.savepoint():
                if is_paid:
                    taken = self._order_moves(uow, offer, choice, sent_to if is_parcel else None)
                elif is_parcel:
                    taken = self._into_the_cart(uow, offer, choice)
                else:
                    taken = self._reserved(uow, offer, choice)
                if not isinstance(taken, Refused):
                    self._let_go(uow, offer, but=choice)
        except _Gone:
            return Refused(NotTaken.GONE)
        except _CartRefuses:
            return Refused(NotTaken.CART)
        except StaleVersion:  # the order: somebody gives its money back
            return Refused(NotTaken.OVER)
        return taken

    def decline(self, uow: UnitOfWork, offer_id: str, customer_id: str) -> Offer | Refused[NotTaken]:
        """None of it: everything is free again, and money for an order that was paid goes back."""
        offer = self._own(uow, offer_id, customer_id)
        if offer is None:
            return Refused(NotTaken.NOT_FOUND)
        self._lock_shelves(uow, offer)
        if not uow.offers.end(offer.id, OfferState.DECLINED):
            return Refused(NotTaken.OVER)
        self._let_go(uow, offer)
        self._rejecting.refund(uow, offer.instead_of, "shopper", "none of what was offered")
        return replace(offer, state=OfferState.DECLINED)

    def open_of(self, uow: UnitOfWork, customer_id: str) -> list[Offer]:
        """What is held for this person to choose from, newest first."""
        now = self._clock.now()
        return [offer for offer in uow.offers.open_of(customer_id) if offer.expires_at > now]

    def get(self, uow: UnitOfWork, offer_id: str) -> Offer | None:
        return uow.offers.get(offer_id)

    def is_for_paid(self, uow: UnitOfWork, ref: PickUpRef) -> bool:
        """Whether it is paid, and its money waits for what the shopper says."""
        return self._rejecting.waits_for_word(uow, ref)

    def is_there(self, uow: UnitOfWork, choice: OfferChoice) -> bool:
        """Whether all of it is still held."""
        holds = [uow.stock.hold(line.hold_id) for line in choice.lines]
        return all(hold is not None and hold.state is HoldState.ACTIVE for hold in holds)

    def expire_due(self, limit: int = 100) -> int:
        """The tick: what nobody chose in time is free again, and they are told, once. Returns how many were over."""
        with self._storage.read() as uow:
            due = uow.offers.due(self._clock.now(), limit)
        return sum(write_again(self._storage, partial(self._expire, offer=offer)) for offer in due)

    def _expire(self, uow: UnitOfWork, offer: Offer) -> bool:
        self._lock_shelves(uow, offer)
        if not uow.offers.end(offer.id, OfferState.EXPIRED):
            return False
        self._let_go(uow, offer, expired=True)
        self._rejecting.refund(uow, offer.instead_of, "clock", "nothing was chosen in time")
        body = json.dumps({"offer_id": offer.id})
        uow.outbox.add(OutboundMessage(offer.contact, NOTICE_OVER, body), self._clock.now())
        return True

    def _own(self, uow: UnitOfWork, offer_id: str, customer_id: str) -> Offer | None:
        offer = uow.offers.get(offer_id)
        return offer if offer is not None and offer.customer_id == customer_id else None

    def _taken_before(self, uow: UnitOfWork, offer: Offer, choice: OfferChoice) -> Taken | Refused[NotTaken]:
        """A second tap."""
        order = uow.orders.get(offer.instead_of.id) if offer.instead_of.kind is PickUpKind.ORDER else None
        if choice.kind is ChoiceKind.SHIPPED and order is not None and order.store_id == choice.store_id:
            return Taken(offer, choice, order=order)
        if choice.kind is ChoiceKind.SHIPPED:
            return Taken(offer, choice) if offer.state is not OfferState.EXPIRED else Refused(NotTaken.OVER)
        reservation = uow.reservations.get(offer.id)
        order = None if reservation else order
        if reservation is None and order is None:  # it became part of an order of something else
            return Refused(NotTaken.OVER)
        return Taken(offer, choice, reservation, order)

    def _reserved(self, uow: UnitOfWork, offer: Offer, choice: OfferChoice) -> Taken | Refused[NotTaken]:
        if not uow.offers.end(offer.id, OfferState.TAKEN, choice.position):
            return Refused(NotTaken.OVER)
        lines = [ReservationLine(o.variant_id, o.quantity, o.unit_price, o.hold_id) for o in choice.lines]
        reservation = self._reserving.place_held(
            uow,
            reservation_id=offer.id,  # so that a second tap finds it
            customer_id=offer.customer_id,
            contact=offer.contact,
            store_id=choice.store_id,
            lines=lines,
            note=f"instead of {offer.instead_of}",
        )
        if isinstance(reservation, Refused):
            raise _Gone
        return Taken(replace(offer, state=OfferState.TAKEN, taken=choice.position), choice, reservation)

    def _into_the_cart(self, uow: UnitOfWork, offer: Offer, choice: OfferChoice) -> Taken | Refused[NotTaken]:
        if not uow.offers.choose(offer.id, choice.position):
            return Refused(NotTaken.OVER)
        lines = [(line.variant_id, line.quantity) for line in choice.lines]
        if isinstance(self._carts.for_a_parcel(uow, offer.customer_id, lines, "offer"), Refused):
            raise _CartRefuses
        return Taken(replace(offer, taken=choice.position), choice)

    def _order_moves(
        self, uow: UnitOfWork, offer: Offer, choice: OfferChoice, sent_to: PostalAddress | None
    ) -> Taken | Refused[NotTaken]:
        """What is paid is collected in the other store, under a new code, or sent."""
        order, now = uow.orders.get(offer.instead_of.id), self._clock.now()
        assert order is not None
        if not uow.offers.end(offer.id, OfferState.TAKEN, choice.position):
            return Refused(NotTaken.OVER)
        if not self.is_there(uow, choice):
            raise _Gone
        holds = {line.variant_id: line.hold_id for line in choice.lines}
        moved = uow.orders.move(
            order,
            OrderState.PAID,
            OrderEvent(now, order.state, OrderState.PAID, "shopper", _instead(choice, sent_to)),
            lines=[(line.position, holds[line.variant_id]) for line in order.lines],
            pickup_code="" if sent_to else self._ids.new_code(),
            store_id=choice.store_id,
            sent_to=sent_to,
        )
        sell(uow, moved, now)
        uow.pick_ups.leave_slot(offer.instead_of)
        taken = Taken(replace(offer, state=OfferState.TAKEN, taken=choice.position), choice, order=moved)
        if sent_to is not None:
            pick_up_changed(uow, offer.instead_of, order.store_id, now)  # nobody comes for it
            return taken
        known = uow.pick_ups.hold_details(offer.instead_of)
        assert known is not None
        # The other store has not seen it yet, whatever the first one did; who comes comes there.
        elsewhere = PickUpDetails(offer.instead_of, choice.store_id, proxy=known.proxy, vehicle=known.vehicle)
        uow.pick_ups.put_details(elsewhere)
        pick_up_changed(uow, offer.instead_of, choice.store_id, now)
        return taken

    # --- small things

    def _lock_shelves(self, uow: UnitOfWork, offer: Offer) -> None:
        """Before the offer itself, as whoever sells one of its units in the store does: so nobody waits for each other.
        In the order of their keys, like everybody."""
        for variant_id, store_id in sorted(
            {(line.variant_id, choice.store_id) for choice in offer.choices for line in choice.lines}
        ):
            uow.stock.locked(variant_id, store_id)

    def _let_go(self, uow: UnitOfWork, offer: Offer, *, but: OfferChoice | None = None, expired: bool = False) -> None:
        """In the order in which stock is locked."""
        now = self._clock.now()
        over = [line for choice in offer.choices if choice != but for line in choice.lines]
        for line in sorted(over, key=lambda line: (line.variant_id, line.hold_id)):
            uow.stock.release(line.hold_id, MovementReason.RELEASE, now, expired=expired)


def _instead(choice: OfferChoice, sent_to: PostalAddress | None) -> str:
    return "by parcel instead, the shop pays for it" if sent_to else f"at {choice.store_id} instead"
