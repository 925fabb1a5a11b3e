"""What readers of catalogues do, and the figures that follow. Without consent an event names nobody: it counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, distinct, func, select, text, update

from commerce.domain.lookbook import Did, ReadingEvent, came_from
from commerce.domain.moments import from_us, to_us
from commerce.domain.order import OrderState
from commerce.ports.publishing import OrderFigures, PageFigures, ProductFigures, SourceFigures
from commerce.storage.tables import order_line, reading_event, shop_order, variant
from commerce.storage.transaction import Transaction

_EVENT = reading_event.c
_ADD = text(
    "INSERT INTO reading_event (event_id, did, lookbook_id, page, product_id, dwell_ms, visitor, customer_id, source,"
    " subject, at_us) VALUES (:event_id, :did, :lookbook_id, :page, :product_id, :dwell_ms, :visitor, :customer_id,"
    " :source, :subject, :at_us) ON CONFLICT (event_id) DO NOTHING RETURNING id"
)
_NOT_SOLD = [
    state.value
    for state in (OrderState.PENDING_PAYMENT, OrderState.CANCELLED, OrderState.EXPIRED, OrderState.PAID_UNFULFILLABLE)
]
# What the shop keeps of an order's total: less what went back, by refunds or to a bank. Money that came twice and went
# back is no loss.
_TOO_MUCH = case(
    (shop_order.c.paid_minor > shop_order.c.total_minor, shop_order.c.paid_minor - shop_order.c.total_minor), else_=0
)
_KEPT = shop_order.c.total_minor - case(
    (shop_order.c.refunded_minor > _TOO_MUCH, shop_order.c.refunded_minor - _TOO_MUCH), else_=0
)
_A_DAY_US = timedelta(days=1) // timedelta(microseconds=1)


class SqlReading:
    """`commerce.ports.ReadingRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def add(self, events: Iterable[ReadingEvent]) -> int:
        new = 0
        for event in events:
            added = self._db.execute(
                _ADD,
                {
                    "event_id": event.event_id,
                    "did": event.did.value,
                    "lookbook_id": event.lookbook_id,
                    "page": event.page,
                    "product_id": event.product_id,
                    "dwell_ms": event.dwell_ms,
                    "visitor": event.visitor,
                    "customer_id": event.customer_id,
                    "source": event.source,
                    "subject": event.subject,
                    "at_us": to_us(event.at),
                },
            )
            new += added.scalar() is not None
        return new

    # --- figures

    def by_page(self, lookbook_id: str, since: datetime, until: datetime) -> list[PageFigures]:
        rows = self._db.execute(
            select(
                _EVENT.page,
                _count(Did.PAGE, by=and_(_EVENT.did == Did.PAGE.value, _EVENT.dwell_ms == 0)).label("views"),
                func.count(distinct(case((_EVENT.visitor != "", _EVENT.visitor)))).label("visitors"),
                func.coalesce(func.sum(_EVENT.dwell_ms), 0).label("dwell_ms"),
                _count(Did.HOTSPOT).label("hotspots"),
                _count(Did.CART).label("carts"),
            )
            .where(*_of(lookbook_id, since, until), _EVENT.page > 0)
            .group_by(_EVENT.page)
            .order_by(_EVENT.page)
        )
        return [
            PageFigures(
                row.page, int(row.views), int(row.visitors), int(row.dwell_ms), int(row.hotspots), int(row.carts)
            )
            for row in rows
        ]

    def by_product(self, lookbook_id: str, since: datetime, until: datetime) -> list[ProductFigures]:
        opened = self._db.execute(
            select(_EVENT.product_id, _count(Did.HOTSPOT).label("hotspots"), _count(Did.CART).label("carts"))
            .where(*_of(lookbook_id, since, until), _EVENT.product_id > 0)
            .group_by(_EVENT.product_id)
        )
        ordered = self._db.execute(
            select(variant.c.product_id, func.sum(order_line.c.quantity).label("units"))
            .select_from(order_line)
            .join(shop_order, shop_order.c.id == order_line.c.order_id)
            .join(variant, variant.c.id == order_line.c.variant_id)
            .where(*_orders_of(lookbook_id, since, until))
            .group_by(variant.c.product_id)
        )
        units = {row.product_id: int(row.units) for row in ordered}
        figures = {
            row.product_id: ProductFigures(
                row.product_id, int(row.hotspots), int(row.carts), units.pop(row.product_id, 0)
            )
            for row in opened
        }
        for product_id, count in units.items():
            figures[product_id] = ProductFigures(product_id, 0, 0, count)
        return sorted(figures.values(), key=lambda each: (-each.hotspots, -each.units_ordered, each.product_id))

    def by_source(self, lookbook_id: str, since: datetime, until: datetime) -> list[SourceFigures]:
        rows = self._db.execute(
            select(_EVENT.source, _count(Did.OPENED).label("opened"), _count(Did.CART).label("carts"))
            .where(*_of(lookbook_id, since, until))
            .group_by(_EVENT.source)
            .order_by(_count(Did.OPENED).desc(), _EVENT.source)
        )
        return [SourceFigures(row.source, int(row.opened), int(row.carts)) for row in rows]

    def by_day(self, lookbook_id: str, since: datetime, until: datetime) -> list[tuple[str, int]]:
        day = (_EVENT.at_us - _EVENT.at_us % _A_DAY_US).label("day")
        rows = self._db.execute(
            select(day, _count(Did.PAGE, by=and_(_EVENT.did == Did.PAGE.value, _EVENT.dwell_ms == 0)).label("pages"))
            .where(*_of(lookbook_id, since, until))
            .group_by(day)
            .order_by(day)
        )
        return [(from_us(row.day).astimezone(UTC).date().isoformat(), int(row.pages)) for row in rows]

    def orders_from(self, lookbook_id: str, since: datetime, until: datetime) -> list[OrderFigures]:
        rows = self._db.execute(
            select(
                shop_order.c.currency,
                func.count().label("orders"),
                func.sum(_KEPT).label("total"),
            )
            .where(*_orders_of(lookbook_id, since, until))
            .group_by(shop_order.c.currency)
            .order_by(shop_order.c.currency)
        )
        return [OrderFigures(row.currency, int(row.orders), int(row.total)) for row in rows]

    def orders_by_link(self) -> dict[str, list[OrderFigures]]:
        rows = self._db.execute(
            select(
                shop_order.c.came_from,
                shop_order.c.currency,
                func.count().label("orders"),
                func.sum(_KEPT).label("total"),
            )
            .where(shop_order.c.came_from.startswith("link:", autoescape=True), shop_order.c.state.not_in(_NOT_SOLD))
            .group_by(shop_order.c.came_from, shop_order.c.currency)
            .order_by(shop_order.c.came_from, shop_order.c.currency)
        )
        found: dict[str, list[OrderFigures]] = {}
        for row in rows:
            code = row.came_from.removeprefix("link:")
            found.setdefault(code, []).append(OrderFigures(row.currency, int(row.orders), int(row.total)))
        return found

    # --- one reader

    def last_page_of(self, visitor: str, customer_id: str) -> tuple[str, int] | None:
        who = _EVENT.customer_id == customer_id if customer_id else _EVENT.visitor == visitor
        if not (visitor or customer_id):
            return None
        row = self._db.execute(
            select(_EVENT.lookbook_id, _EVENT.page)
            .where(who, _EVENT.page > 0)
            .order_by(_EVENT.at_us.desc(), _EVENT.id.desc())
            .limit(1)
        ).one_or_none()
        return None if row is None else (row.lookbook_id, row.page)

    def forget_before(self, moment: datetime) -> int:
        forgotten = self._db.execute(
            update(reading_event)
            .where(_EVENT.at_us < to_us(moment), (_EVENT.visitor != "") | (_EVENT.customer_id != ""))
            .values(visitor="", customer_id="")
        )
        return forgotten.rowcount


def _count(did: Did, *, by: ColumnElement[bool] | None = None) -> ColumnElement[int]:
    """How many events are of that kind."""
    return func.coalesce(func.sum(case(((_EVENT.did == did.value) if by is None else by, 1), else_=0)), 0)


def _of(lookbook_id: str, since: datetime, until: datetime) -> list[ColumnElement[bool]]:
    within = [_EVENT.at_us >= to_us(since), _EVENT.at_us < to_us(until)]
    return [_EVENT.lookbook_id == lookbook_id, *within] if lookbook_id else within


def _orders_of(lookbook_id: str, since: datetime, until: datetime) -> list[ColumnElement[bool]]:
    source = came_from(lookbook_id)
    return [
        (shop_order.c.came_from == source) | shop_order.c.came_from.startswith(f"{source}:", autoescape=True),
        shop_order.c.state.not_in(_NOT_SOLD),
        shop_order.c.created_at_us >= to_us(since),
        shop_order.c.created_at_us < to_us(until),
    ]
