"""The stock of an order: its holds are kept, made good, sold or given back, each by a guarded statement."""

from __future__ import annotations

from datetime import datetime

from commerce.domain.order import Order
from commerce.domain.stock import HoldState, MovementReason
from commerce.errors import StaleVersion
from commerce.ports import UnitOfWork
from commerce.services.own_units import order_holds


class _Short(Exception):
    """Somebody else has the units: undoes the savepoint."""


def is_held(uow: UnitOfWork, order: Order) -> bool:
    """Whether all of it is held for the order."""
    return all(
        line.hold_id and (hold := uow.stock.hold(line.hold_id)) is not None and hold.state is HoldState.ACTIVE
        for line in order.lines
    )


def is_sold(uow: UnitOfWork, order: Order) -> bool:
    """Whether all of it is sold. What staff entered as sold has no hold."""
    return all(
        not line.hold_id or ((hold := uow.stock.hold(line.hold_id)) is not None and hold.state is HoldState.CONSUMED)
        for line in order.lines
    )


def make_good(
    uow: UnitOfWork, order: Order, new_hold_id: str, until: datetime, at: datetime
) -> list[tuple[int, str]] | None:
    """All of it is held when this returns, taken anew where it was not: (position, hold) of what was taken anew.

    None: somebody else has it; then nothing has changed.
    """
    if is_held(uow, order):
        return []
    try:
        with uow.savepoint():
            give_back(uow, order, at)
            lines = [(line.variant_id, line.quantity) for line in order.lines]
            holds = uow.stock.take(new_hold_id, lines, order.store_id, order.customer_id, until, at)
            if holds is None:
                raise _Short
    except _Short:
        return None
    by_variant = {hold.variant_id: hold.id for hold in holds}
    return [(line.position, by_variant[line.variant_id]) for line in order.lines]


def keep(uow: UnitOfWork, order: Order, until: datetime) -> None:
    """Holds it longer."""
    for hold_id in order_holds(order):
        uow.stock.extend(hold_id, until)


def give_back(uow: UnitOfWork, order: Order, at: datetime, *, expired: bool = False) -> None:
    """What is still held is free again."""
    for hold_id in order_holds(order):
        uow.stock.release(hold_id, MovementReason.RELEASE, at, expired=expired)


def sell(uow: UnitOfWork, order: Order, at: datetime) -> None:
    """What is held is sold: one movement a hold, once. StaleVersion when a hold ended since it was looked at."""
    for hold_id in order_holds(order):
        if not uow.stock.consume(hold_id, MovementReason.SALE, at):
            raise StaleVersion(f"a hold of order {order.id} has ended meanwhile")


def put_back(uow: UnitOfWork, order: Order, at: datetime) -> None:
    """What was sold and never left the shop is on the shelf again, once."""
    for line in order.lines:
        if line.quantity > line.returned:
            uow.stock.adjust(
                line.variant_id,
                order.store_id,
                line.quantity - line.returned,
                MovementReason.RETURN,
                f"order:{order.id}:{line.position}",
                at,
            )
