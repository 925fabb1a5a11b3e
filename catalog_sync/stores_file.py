"""Stores in a feed folder: `stores.toml` (names in several languages, hours, dates) or `stores.csv` (a flat table).

[[store]]
id = "lyon-bellecour"
name.fr = "Lyon Bellecour"
address = "12 place Bellecour"
…
hours.mon = "10:00-19:00"
hours.sun = ""
closed = ["2026-05-01"]
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from catalog_sync.rows import FeedRefused, Stop
from commerce.domain.geo import GeoPoint
from commerce.domain.localtext import LocalText
from commerce.domain.store import Opening, OpeningHours, Store, StoreKind

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_STORES = 10_000


def read_stores(path: Path, timezone: str) -> list[Store]:
    """Raises FeedRefused(BAD_OPTIONS) that names the store and what is wrong. `timezone`: where a store names none."""
    try:
        if path.suffix == ".toml":
            tables = tomllib.loads(path.read_text("utf-8")).get("store", [])
        else:
            with path.open(encoding="utf-8-sig", newline="") as file:
                sample = file.readline()
                file.seek(0)
                tables = [_nested(row) for row in csv.DictReader(file, delimiter=";" if ";" in sample else ",")]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, csv.Error) as error:
        raise FeedRefused(Stop.BAD_OPTIONS, file=path.name, problem=str(error)) from error
    if not isinstance(tables, list) or len(tables) > MAX_STORES:
        raise FeedRefused(Stop.BAD_OPTIONS, file=path.name, problem="a list of [[store]] was expected")
    stores: list[Store] = []
    for position, table in enumerate(tables):
        try:
            stores.append(_store(table, position, timezone))
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            label = table.get("id", position + 1) if isinstance(table, dict) else position + 1
            problem = f"store {label}: {error.args[0] if error.args else error!r}"
            raise FeedRefused(Stop.BAD_OPTIONS, file=path.name, problem=problem) from error
    if len({store.id for store in stores}) != len(stores):
        raise FeedRefused(Stop.BAD_OPTIONS, file=path.name, problem="two stores have the same id")
    return stores


def _nested(row: Mapping[str, str | None]) -> dict[str, Any]:
    """`hours.mon` columns of a CSV to the shape of the TOML."""
    table: dict[str, Any] = {}
    for name, value in row.items():
        if not name or value is None or not value.strip():
            continue
        first, _, second = name.strip().partition(".")
        if second:
            table.setdefault(first, {})[second] = value.strip()
        else:
            table[first] = value.strip()
    return table


def _store(table: Mapping[str, Any], position: int, timezone: str) -> Store:
    zone = str(table.get("timezone") or timezone)
    ZoneInfo(zone)  # raises for an unknown one (a ValueError or KeyError)
    store_id = str(table["id"]).strip()
    if not store_id or len(store_id) > 64:
        raise ValueError("an id of 1 to 64 characters is needed")
    name = _local(table["name"])
    point = None
    if table.get("latitude") not in (None, ""):
        point = GeoPoint(float(table["latitude"]), float(table["longitude"]))
    return Store(
        id=store_id,
        name=name,
        short_name=_local(table["short_name"]) if table.get("short_name") else name,
        kind=StoreKind(str(table.get("kind", "permanent"))),
        address=str(table.get("address", "")),
        city=str(table.get("city", "")),
        postcode=str(table.get("postcode", "")),
        country=str(table.get("country", "")).upper()[:2],
        point=point,
        timezone=zone,
        hours=_hours(table.get("hours", {}), table.get("exceptions", {}), table.get("closed", ())),
        phone=str(table.get("phone", "")),
        open_from=_date(table.get("open_from")),
        open_until=_date(table.get("open_until")),
        position=position,
    )


def _local(value: object) -> LocalText:
    """A text for everybody, or one a language."""
    if isinstance(value, dict):
        return LocalText({str(language): str(text) for language, text in value.items()})
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a name is needed")
    return LocalText({"fr": value.strip(), "en": value.strip()})


def _hours(week: Mapping[str, str], exceptions: Mapping[str, str], closed: object) -> OpeningHours:
    unknown = set(week) - set(DAYS)
    if unknown:
        raise ValueError(f"days are {', '.join(DAYS)}; not {', '.join(sorted(unknown))}")
    special = {date.fromisoformat(str(day)): _openings(text) for day, text in exceptions.items()}
    days = closed.split() if isinstance(closed, str) else closed if isinstance(closed, list | tuple) else ()
    special.update({date.fromisoformat(str(day)): () for day in days})
    return OpeningHours(tuple(_openings(week.get(day, "")) for day in DAYS), special)


def _openings(text: str) -> tuple[Opening, ...]:
    """`10:00-12:30 14:00-19:00` (also with commas); `24:00` is the end of the day; '' is closed."""
    found: list[Opening] = []
    for part in text.replace(",", " ").split():
        start, dash, end = part.partition("-")
        if not dash:
            raise ValueError(f"hours look like 10:00-19:00, not {part}")
        opens = time.fromisoformat(start)
        closes = time.max if end == "24:00" else time.fromisoformat(end)
        if closes <= opens or (found and opens < found[-1].closes):
            raise ValueError(f"these hours do not follow each other: {text}")
        found.append(Opening(opens, closes))
    return tuple(found)


def _date(value: object) -> date | None:
    if value in (None, ""):
        return None
    return value if isinstance(value, date) else date.fromisoformat(str(value))
