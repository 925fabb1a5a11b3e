"""Units that are held for a person already and would become part of their order: a hold never counts against its owner.

That is the order of the same cart that waits for its payment, and reservations at the store of which every line is in
the cart. A reservation of which the shopper wants only a part stays as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from commerce.domain.cart import Cart
from commerce.domain.order import Order, OrderState
from commerce.domain.reservation import Reservation
from commerce.domain.stock import HoldState
from commerce.ports import UnitOfWork


@dataclass(frozen=True, slots=True)
class OwnUnits:
    """`pending`: the cart's order that waits for its payment. `waiting`: how many other orders of the person wait for
    their payment or to be prepared. `at`: units by (variant, store)."""

    pending: Order | None
    waiting: int
    reservations: tuple[Reservation, ...]
    at: Mapping[tuple[int, str], int]

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
    others = sum(order.customer_id == customer_id and order is not pending for order in waiting)
    return OwnUnits(pending, others, tuple(taken_over), units)


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
