"""What readers of catalogues do, and the figures that follow. Without consent an event names nobody: it counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, distinct, func, select, text, update

from commerce.domain.lookbook import Did, ReadingEvent
from commerce.domain.moments import from_us, to_us
from commerce.ports.publishing import PageFigures, PlaceFigures, SourceFigures
from commerce.storage.tables import reading_event
from commerce.storage.transaction import Transaction

_EVENT = reading_event.c
_ADD = text(
    "INSERT INTO reading_event (event_id, did, lookbook_id, page, product_id, dwell_ms, visitor, customer_id, source,"
    " subject, at_us) VALUES (:event_id, :did, :lookbook_id, :page, :product_id, :dwell_ms, :visitor, :customer_id,"
    " :source, :subject, :at_us) ON CONFLICT (event_id) DO NOTHING RETURNING id"
)
_QUARTER_US = timedelta(minutes=15) // timedelta(microseconds=1)
_TURNED = and_(_EVENT.did == Did.PAGE.value, _EVENT.dwell_ms == 0)
_STAYED = and_(_EVENT.did == Did.PAGE.value, _EVENT.dwell_ms > 0)  # told when the page is left


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
        medians = self._median_stays(lookbook_id, since, until)
        rows = self._db.execute(
            select(
                _EVENT.page,
                _sum_of(_TURNED).label("views"),
                func.count(distinct(case((_EVENT.visitor != "", _EVENT.visitor)))).label("visitors"),
                _sum_of(_STAYED).label("stays"),
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
                row.page,
                int(row.views),
                int(row.visitors),
                int(row.stays),
                int(row.dwell_ms),
                medians.get(row.page, 0),
                int(row.hotspots),
                int(row.carts),
            )
            for row in rows
        ]

    def _median_stays(self, lookbook_id: str, since: datetime, until: datetime) -> dict[int, int]:
        """By page. The mean of the middle one and itself, or of the two in the middle."""
        ranked = (
            select(
                _EVENT.page,
                _EVENT.dwell_ms,
                func.row_number().over(partition_by=_EVENT.page, order_by=_EVENT.dwell_ms).label("place"),
                func.count().over(partition_by=_EVENT.page).label("stays"),
            )
            .where(*_of(lookbook_id, since, until), _EVENT.page > 0, _STAYED)
            .subquery()
        )
        twice = ranked.c.place * 2
        middle = (twice >= ranked.c.stays) & (twice <= ranked.c.stays + 2)
        rows = self._db.execute(
            select(ranked.c.page, func.avg(ranked.c.dwell_ms).label("ms")).where(middle).group_by(ranked.c.page)
        )
        return {row.page: round(float(row.ms)) for row in rows}

    def by_place(self, lookbook_id: str, since: datetime, until: datetime) -> list[PlaceFigures]:
        rows = self._db.execute(
            select(
                _EVENT.page,
                _EVENT.product_id,
                _count(Did.HOTSPOT).label("hotspots"),
                _count(Did.CART).label("carts"),
            )
            .where(*_of(lookbook_id, since, until), _EVENT.product_id > 0)
            .group_by(_EVENT.page, _EVENT.product_id)
            .order_by(_EVENT.page, _EVENT.product_id)
        )
        return [PlaceFigures(row.page, row.product_id, int(row.hotspots), int(row.carts)) for row in rows]

    def by_source(self, lookbook_id: str, since: datetime, until: datetime) -> list[SourceFigures]:
        rows = self._db.execute(
            select(_EVENT.source, _count(Did.OPENED).label("opened"), _count(Did.CART).label("carts"))
            .where(*_of(lookbook_id, since, until))
            .group_by(_EVENT.source)
            .order_by(_count(Did.OPENED).desc(), _EVENT.source)
        )
        return [SourceFigures(row.source, int(row.opened), int(row.carts)) for row in rows]

    def by_day(self, lookbook_id: str, since: datetime, until: datetime, timezone: str) -> list[tuple[str, int]]:
        # Counted in quarters of an hour, which begin together everywhere, and put together to the days of the place.
        quarter = (_EVENT.at_us - _EVENT.at_us % _QUARTER_US).label("quarter")
        rows = self._db.execute(
            select(quarter, _sum_of(_TURNED).label("pages"))
            .where(*_of(lookbook_id, since, until), _EVENT.did == Did.PAGE.value)
            .group_by(quarter)
            .order_by(quarter)
        )
        zone, days = ZoneInfo(timezone), dict[str, int]()
        for row in rows:
            day = from_us(row.quarter).astimezone(zone).date().isoformat()
            days[day] = days.get(day, 0) + int(row.pages)
        return list(days.items())

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


def _count(did: Did) -> ColumnElement[int]:
    """How many events are of that kind."""
    return _sum_of(_EVENT.did == did.value)


def _sum_of(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _of(lookbook_id: str, since: datetime, until: datetime) -> list[ColumnElement[bool]]:
    within = [_EVENT.at_us >= to_us(since), _EVENT.at_us < to_us(until)]
    return [_EVENT.lookbook_id == lookbook_id, *within] if lookbook_id else within
