"""What brought customers, carts and orders, and what was sold of it: counted in the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, select

from commerce.domain.moments import to_us
from commerce.domain.order import OrderState
from commerce.ports.publishing import SoldFigures, UnitFigures
from commerce.storage.tables import cart_line, customer, order_line, shop_order, variant
from commerce.storage.transaction import Transaction

_ORDER = shop_order.c
_NOT_SOLD = [
    state.value
    for state in (OrderState.PENDING_PAYMENT, OrderState.CANCELLED, OrderState.EXPIRED, OrderState.PAID_UNFULFILLABLE)
]
_IS_SOLD = _ORDER.state.not_in(_NOT_SOLD)
# Money that came twice and went back is no loss.
_TOO_MUCH = case((_ORDER.paid_minor > _ORDER.total_minor, _ORDER.paid_minor - _ORDER.total_minor), else_=0)
_LOST = case((_ORDER.refunded_minor > _TOO_MUCH, _ORDER.refunded_minor - _TOO_MUCH), else_=0)


class SqlAttribution:
    """`commerce.ports.AttributionRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def customers(self, since: datetime, until: datetime) -> dict[str, int]:
        rows = self._db.execute(
            select(customer.c.came_from, func.count().label("people"))
            .where(customer.c.joined_into == "", *_within(customer.c.created_at_us, since, until))
            .group_by(customer.c.came_from)
        )
        return {row.came_from: int(row.people) for row in rows}

    def carts(self, since: datetime, until: datetime) -> dict[str, int]:
        rows = self._db.execute(
            select(cart_line.c.source, func.count(cart_line.c.cart_id.distinct()).label("carts"))
            .where(*_within(cart_line.c.added_at_us, since, until))
            .group_by(cart_line.c.source)
        )
        return {row.source: int(row.carts) for row in rows}

    def sold(self, since: datetime, until: datetime, source: str = "") -> list[SoldFigures]:
        rows = self._db.execute(
            select(
                _ORDER.came_from,
                _ORDER.channel,
                _ORDER.currency,
                func.count().label("begun"),
                _sum_of(_IS_SOLD, 1).label("orders"),
                _sum_of(and_(_IS_SOLD, _ORDER.paid_minor > 0), 1).label("paid"),
                _sum_of(_IS_SOLD, _ORDER.total_minor).label("gross"),
                _sum_of(_IS_SOLD, _LOST).label("refunded"),
            )
            .where(*_within(_ORDER.created_at_us, since, until), *_from(source))
            .group_by(_ORDER.came_from, _ORDER.channel, _ORDER.currency)
            .order_by(_ORDER.came_from, _ORDER.channel, _ORDER.currency)
        )
        return [
            SoldFigures(
                row.came_from,
                row.channel,
                row.currency,
                int(row.begun),
                int(row.orders),
                int(row.paid),
                int(row.gross),
                int(row.refunded),
            )
            for row in rows
        ]

    def units(self, since: datetime, until: datetime, source: str) -> dict[int, UnitFigures]:
        rows = self._db.execute(
            select(
                variant.c.product_id,
                func.sum(order_line.c.quantity).label("ordered"),
                func.sum(order_line.c.returned).label("returned"),
            )
            .select_from(order_line)
            .join(shop_order, _ORDER.id == order_line.c.order_id)
            .join(variant, variant.c.id == order_line.c.variant_id)
            .where(_IS_SOLD, *_within(_ORDER.created_at_us, since, until), *_from(source))
            .group_by(variant.c.product_id)
        )
        return {row.product_id: UnitFigures(int(row.ordered), int(row.returned)) for row in rows}


def came(source: str) -> ColumnElement[bool]:
    """Orders that came from that source, or from any of its pages and of what led there."""
    return (_ORDER.came_from == source) | _ORDER.came_from.startswith(f"{source}:", autoescape=True)


def _from(source: str) -> list[ColumnElement[bool]]:
    return [came(source)] if source else []


def _within(moment: ColumnElement[int], since: datetime, until: datetime) -> list[ColumnElement[bool]]:
    return [moment >= to_us(since), moment < to_us(until)]


def _sum_of(condition: ColumnElement[bool], value: ColumnElement[int] | int) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, value), else_=0)), 0)
