"""Stores and their opening hours."""

from __future__ import annotations

import json
from datetime import date, time
from functools import lru_cache

from sqlalchemy import bindparam, select, text

from commerce.domain.geo import GeoPoint
from commerce.domain.store import Opening, OpeningHours, Store, StoreKind
from commerce.storage import tables
from commerce.storage.mapping import dump_json, from_text, to_text
from commerce.storage.prepared import Prepared
from commerce.storage.transaction import AnyRow, Transaction

_COLUMNS = [column.name for column in tables.store.columns]
_ALL = Prepared(select(tables.store).order_by(tables.store.c.position, tables.store.c.id))
_BY_ID = Prepared(select(tables.store).where(tables.store.c.id == bindparam("store_id")))
_PUT = text(
    f"INSERT INTO store ({', '.join(_COLUMNS)}) VALUES ({', '.join(':' + name for name in _COLUMNS)})"  # noqa: S608 - our own names
    f" ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS if name != 'id')}"
).bindparams(*(bindparam(column.name, type_=column.type) for column in tables.store.columns))


def dump_hours(hours: OpeningHours) -> str:
    """JSON: {"week": [[["10:00", "19:00"], …], … Monday first], "exceptions": {"2026-12-25": []}}."""
    return dump_json(
        {
            "week": [_dump_day(day) for day in hours.week],
            "exceptions": {day.isoformat(): _dump_day(openings) for day, openings in hours.exceptions.items()},
        }
    )


@lru_cache(maxsize=256)  # every order reads a store, and its hours hardly ever change
def load_hours(stored: str) -> OpeningHours:
    raw = json.loads(stored)
    return OpeningHours(
        week=tuple(_load_day(day) for day in raw["week"]),
        exceptions={date.fromisoformat(day): _load_day(openings) for day, openings in raw["exceptions"].items()},
    )


def _dump_day(openings: tuple[Opening, ...]) -> list[list[str]]:
    return [[opening.opens.isoformat(), opening.closes.isoformat()] for opening in openings]


def _load_day(openings: list[list[str]]) -> tuple[Opening, ...]:
    return tuple(Opening(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in openings)


def _store(row: AnyRow) -> Store:
    return Store(
        id=row.id,
        name=from_text(row.name),
        short_name=from_text(row.short_name),
        kind=StoreKind(row.kind),
        address=row.address,
        city=row.city,
        postcode=row.postcode,
        country=row.country,
        point=None if row.latitude is None or row.longitude is None else GeoPoint(row.latitude, row.longitude),
        timezone=row.timezone,
        hours=load_hours(row.hours),
        phone=row.phone,
        open_from=row.open_from,
        open_until=row.open_until,
        position=row.position,
    )


class SqlStores:
    """`commerce.ports.StoreRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def all(self) -> list[Store]:
        return [_store(row) for row in self._db.rows(_ALL)]

    def get(self, store_id: str) -> Store | None:
        row = self._db.row(_BY_ID, {"store_id": store_id})
        return None if row is None else _store(row)

    def put(self, store: Store) -> None:
        self._db.execute(
            _PUT,
            {
                "id": store.id,
                "name": to_text(store.name),
                "short_name": to_text(store.short_name),
                "kind": store.kind.value,
                "address": store.address,
                "city": store.city,
                "postcode": store.postcode,
                "country": store.country,
                "latitude": store.point.latitude if store.point else None,
                "longitude": store.point.longitude if store.point else None,
                "timezone": store.timezone,
                "hours": dump_hours(store.hours),
                "phone": store.phone,
                "open_from": store.open_from,
                "open_until": store.open_until,
                "position": store.position,
            },
        )
