"""What people looked at and bought, as far as recommendations follow from it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, case, exists, func, select, update

from commerce.domain.lookbook import Did, Lookbook, LookbookState
from commerce.domain.moments import from_us, to_us
from commerce.domain.order import OrderState
from commerce.domain.recommending import Looked
from commerce.storage.prepared import Prepared
from commerce.storage.tables import hotspot, lookbook, order_line, product, reading_event, shop_order, variant
from commerce.storage.transaction import Transaction

_ORDERS_LOOKED_INTO = 600  # of those with one of the products: enough to say what goes with it
_SAYS_SOMETHING = [did.value for did in (Did.PAGE, Did.HOTSPOT, Did.CART, Did.VIEW)]
_NOT_KEPT = [
    state.value
    for state in (
        OrderState.PENDING_PAYMENT,
        OrderState.CANCELLED,
        OrderState.EXPIRED,
        OrderState.PAID_UNFULFILLABLE,
        OrderState.REFUNDED,
    )
]
_EVENT = reading_event.c
# An event with how long they stayed is the end of one that was counted when it began.
_TIMES = func.sum(case((_EVENT.dwell_ms == 0, 1), else_=0))
_LOOKED_AT = Prepared(
    select(
        _EVENT.did,
        _EVENT.lookbook_id,
        _EVENT.page,
        _EVENT.product_id,
        _TIMES.label("times"),
        func.sum(_EVENT.dwell_ms).label("dwell_ms"),
        func.max(_EVENT.at_us).label("last_at_us"),
    )
    .where(
        _EVENT.customer_id == bindparam("who"),
        _EVENT.at_us >= bindparam("since_us"),
        _EVENT.did.in_(_SAYS_SOMETHING),
    )
    .group_by(_EVENT.did, _EVENT.lookbook_id, _EVENT.page, _EVENT.product_id)
    .order_by(func.max(_EVENT.at_us).desc(), _EVENT.lookbook_id, _EVENT.page, _EVENT.product_id, _EVENT.did)
    .limit(bindparam("most"))
)
_LEADS_TO = Prepared(
    select(hotspot.c.page, hotspot.c.product_id)
    .where(
        hotspot.c.lookbook_id == bindparam("book"),
        hotspot.c.version == bindparam("shown"),
        hotspot.c.page.in_(bindparam("pages", expanding=True)),
    )
    .order_by(hotspot.c.page, (hotspot.c.width_frac * hotspot.c.height_frac).desc(), hotspot.c.id)
)
_spot, _other_spot = hotspot.alias(), hotspot.alias()
_BESIDE = Prepared(
    select(_spot.c.product_id, _other_spot.c.product_id.label("other_id"))
    .select_from(_spot)
    .join(lookbook, (lookbook.c.id == _spot.c.lookbook_id) & (lookbook.c.version == _spot.c.version))
    .join(
        _other_spot,
        (_other_spot.c.lookbook_id == _spot.c.lookbook_id)
        & (_other_spot.c.version == _spot.c.version)
        & (_other_spot.c.page == _spot.c.page)
        & (_other_spot.c.product_id != _spot.c.product_id),
    )
    .where(_spot.c.product_id.in_(bindparam("ids", expanding=True)), lookbook.c.state == LookbookState.PUBLISHED.value)
    .order_by(lookbook.c.published_at_us.desc(), lookbook.c.id, _spot.c.page, _spot.c.id, _other_spot.c.id)
    .limit(bindparam("most"))
)
_line, _other_line, _bought, _other = order_line.alias(), order_line.alias(), variant.alias(), variant.alias()
_HAVING_IT = (
    select(_line.c.order_id, _bought.c.product_id)
    .join(_bought, _bought.c.id == _line.c.variant_id)
    .where(_bought.c.product_id.in_(bindparam("ids", expanding=True)))
    .order_by(_bought.c.product_id, _bought.c.id, _line.c.order_id)
    .limit(_ORDERS_LOOKED_INTO)
    .subquery()
)
_PEOPLE = func.count(shop_order.c.customer_id.distinct())
_BOUGHT_WITH = Prepared(
    select(_HAVING_IT.c.product_id, _other.c.product_id.label("other_id"), _PEOPLE.label("people"))
    .select_from(_HAVING_IT)
    .join(shop_order, shop_order.c.id == _HAVING_IT.c.order_id)
    .join(_other_line, (_other_line.c.order_id == _HAVING_IT.c.order_id))
    .join(_other, _other.c.id == _other_line.c.variant_id)
    .where(
        shop_order.c.state.not_in(_NOT_KEPT),
        shop_order.c.created_at_us >= bindparam("since_us"),
        shop_order.c.customer_id != bindparam("but"),
        _other_line.c.returned < _other_line.c.quantity,
        _other.c.product_id != _HAVING_IT.c.product_id,
    )
    .group_by(_HAVING_IT.c.product_id, _other.c.product_id)
    .having(bindparam("people") <= _PEOPLE)
    .order_by(_PEOPLE.desc(), _HAVING_IT.c.product_id, _other.c.product_id)
    .limit(bindparam("most"))
)
_LATEST = (
    select(shop_order.c.id, shop_order.c.customer_id)
    .where(shop_order.c.created_at_us >= bindparam("since_us"), shop_order.c.state.not_in(_NOT_KEPT))
    .order_by(shop_order.c.number.desc())
    .limit(bindparam("latest"))
    .subquery()
)
_BUYERS = func.count(_LATEST.c.customer_id.distinct())
_BEST_SELLERS = Prepared(
    select(variant.c.product_id, _BUYERS.label("people"))
    .select_from(_LATEST)
    .join(order_line, order_line.c.order_id == _LATEST.c.id)
    .join(variant, variant.c.id == order_line.c.variant_id)
    .where(order_line.c.returned < order_line.c.quantity)
    .group_by(variant.c.product_id)
    .having(bindparam("people") <= _BUYERS)
    .order_by(_BUYERS.desc(), variant.c.product_id.desc())
    .limit(bindparam("most"))
)
_NEWEST = Prepared(
    select(product.c.id)
    .where(product.c.active, exists().where(variant.c.product_id == product.c.id, variant.c.active))
    .order_by(product.c.id.desc())
    .limit(bindparam("most"))
)


class SqlTastes:
    """`commerce.ports.TasteRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def looked_at(self, customer_id: str, since: datetime, limit: int) -> list[Looked]:
        rows = self._db.rows(_LOOKED_AT, {"who": customer_id, "since_us": to_us(since), "most": limit})
        return [
            Looked(
                Did(row.did), row.lookbook_id, row.page, row.product_id, int(row.times), int(row.dwell_ms),
                from_us(row.last_at_us),
            )
            for row in rows
        ]  # fmt: skip

    def forget(self, customer_id: str) -> int:
        forgotten = self._db.execute(
            update(reading_event).where(_EVENT.customer_id == customer_id).values(visitor="", customer_id="")
        )
        return forgotten.rowcount

    def leads_to(self, book: Lookbook, pages: Collection[int]) -> dict[int, tuple[int, ...]]:
        if not pages:
            return {}
        rows = self._db.rows(_LEADS_TO, {"book": book.id, "shown": book.version, "pages": sorted(pages)})
        found: dict[int, dict[int, None]] = {}
        for row in rows:
            found.setdefault(row.page, {}).setdefault(row.product_id)
        return {page: tuple(ids) for page, ids in found.items()}

    def beside(self, product_ids: Collection[int], limit: int) -> list[tuple[int, int]]:
        if not product_ids:
            return []
        rows = self._db.rows(_BESIDE, {"ids": sorted(product_ids), "most": limit})
        return list(dict.fromkeys((row.product_id, row.other_id) for row in rows))

    def bought_with(
        self, product_ids: Collection[int], since: datetime, *, but: str, people: int, limit: int
    ) -> list[tuple[int, int, int]]:
        if not product_ids:
            return []
        values = {"since_us": to_us(since), "but": but, "people": people, "most": limit}
        rows = self._db.rows(_BOUGHT_WITH, {"ids": sorted(product_ids), **values})
        return [(row.product_id, row.other_id, int(row.people)) for row in rows]

    def best_sellers(self, since: datetime, *, orders: int, people: int, limit: int) -> list[int]:
        values = {"since_us": to_us(since), "latest": orders, "people": people, "most": limit}
        rows = self._db.rows(_BEST_SELLERS, values)
        return [row.product_id for row in rows]

    def newest(self, limit: int) -> list[int]:
        return [row.id for row in self._db.rows(_NEWEST, {"most": limit})]
