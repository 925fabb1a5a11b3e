"""Units that are held for a person already and would become part of their order: a hold never counts against its owner.

That is the order of the same cart that waits for its payment, reservations at the store of which every line is in the
cart, and what was offered or kept for somebody who waited. A reservation of which the shopper wants only a part stays
as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from commerce.domain.cart import Cart
from commerce.domain.collecting import PickUpKind
from commerce.domain.offering import Offer, OfferChoice, OfferState
from commerce.domain.order import Order, OrderState
from commerce.domain.reservation import Reservation
from commerce.domain.stock import HoldState, MovementReason
from commerce.domain.waiting import StockWaiter, WaitState
from commerce.ports import UnitOfWork


@dataclass(frozen=True, slots=True)
class OwnUnits:
    """`pending`: the cart's order that waits for its payment. `other_orders`: how many others of the person wait, for
    their payment or to be prepared. `offers`: what is held for them to choose from. `waits`: what came back for them.
    `at`: units by (variant, store)."""

    pending: Order | None
    other_orders: int
    reservations: tuple[Reservation, ...]
    offers: tuple[Offer, ...]
    waits: tuple[StockWaiter, ...]
    at: Mapping[tuple[int, str], int]

    @property
    def gives_way(self) -> bool:
        """Whether an order has anything to take over."""
        return bool(self.pending or self.reservations or self.offers or self.waits)

    def units(self, variant_id: int, store_id: str) -> int:
        return self.at.get((variant_id, store_id), 0)


def own_units(uow: UnitOfWork, *, cart_id: str, customer_id: str, wanted: Collection[int], store_id: str) -> OwnUnits:
    """What this person holds. `store_id` is the store in which they collect, '' for a parcel."""
    units: Counter[tuple[int, str]] = Counter()
    waiting = uow.orders.waiting(cart_id, customer_id)
    pending = _pending(waiting, cart_id)
    if pending is not None:
        for hold_id in order_holds(pending):
            _count(uow, hold_id, units)
    taken_over: list[Reservation] = []
    if store_id:
        for reservation in uow.reservations.of_customer(customer_id, only_open=True):
            if reservation.store_id == store_id and all(line.variant_id in wanted for line in reservation.lines):
                taken_over.append(reservation)
                for line in reservation.lines:
                    _count(uow, line.hold_id, units)
    other_orders = sum(order.customer_id == customer_id and order is not pending for order in waiting)
    offers = tuple(offer for offer in uow.offers.open_of(customer_id) if not _instead_of_paid(uow, offer))
    waits = tuple(
        waiter
        for waiter in uow.waiters.of_customer(customer_id)
        if waiter.variant_id in wanted and waiter.state is WaitState.TOLD
    )
    for choice in (choice for offer in offers for choice in offer.left if _is_wanted(choice, wanted)):
        for held in choice.lines:
            _count(uow, held.hold_id, units)
    for waiter in waits:
        _count(uow, waiter.hold_id, units)
    return OwnUnits(pending, other_orders, tuple(taken_over), offers, waits, units)


def take_over(uow: UnitOfWork, own: OwnUnits, store_id: str, wanted: Collection[int], at: datetime) -> None:
    """What was promised to them at that place is free for their order, and the promise is kept: to be called in the
    transaction that takes it again. Of an offer nothing else is held any more."""
    for offer in own.offers:
        for choice in offer.left:
            if choice.store_id == store_id and _is_wanted(choice, wanted):
                if uow.offers.end(offer.id, OfferState.TAKEN, choice.position):
                    for line in sorted((o for each in offer.choices for o in each.lines), key=lambda o: o.hold_id):
                        uow.stock.release(line.hold_id, MovementReason.RELEASE, at)
                break
    for waiter in own.waits:
        if waiter.told_store_id == store_id and uow.waiters.move(waiter, WaitState.SERVED):
            uow.stock.release(waiter.hold_id, MovementReason.RELEASE, at)


def _is_wanted(choice: OfferChoice, wanted: Collection[int]) -> bool:
    return all(line.variant_id in wanted for line in choice.lines)


def _instead_of_paid(uow: UnitOfWork, offer: Offer) -> bool:
    """Its money waits for what the shopper says: it is no part of another order."""
    if offer.instead_of.kind is not PickUpKind.ORDER:
        return False
    order = uow.orders.get(offer.instead_of.id)
    return order is not None and order.state is OrderState.REFUND_PENDING


def pending_order(uow: UnitOfWork, cart: Cart) -> Order | None:
    """The order that waits for its payment and would be replaced if the cart were ordered."""
    return _pending(uow.orders.waiting(cart.id, cart.customer_id), cart.id)


def _pending(waiting: Sequence[Order], cart_id: str) -> Order | None:
    """That of the cart; else another one of the person. Two people who became one had two carts: what one of them had
    ordered waits for its payment like their own."""
    unpaid = [order for order in waiting if order.state is OrderState.PENDING_PAYMENT]
    return next((order for order in unpaid if order.cart_id == cart_id), unpaid[0] if unpaid else None)


def order_holds(order: Order) -> list[str]:
    """Ids of an order's holds, each once, in the order in which stock is locked."""
    by_hold = {line.hold_id: line.variant_id for line in order.lines if line.hold_id}
    return sorted(by_hold, key=lambda hold_id: (by_hold[hold_id], hold_id))


def _count(uow: UnitOfWork, hold_id: str, units: Counter[tuple[int, str]]) -> None:
    hold = uow.stock.hold(hold_id)
    if hold is not None and hold.state is HoldState.ACTIVE:
        units[hold.variant_id, hold.store_id] += hold.quantity
