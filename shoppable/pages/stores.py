"""The stores: where they are and when they are open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response

from commerce.domain.staff import StorePause
from commerce.domain.store import Opening, Store
from commerce.i18n import locale_of
from shoppable.language import language
from shoppable.pages.frame import page
from shoppable.shelf import is_to_be_visited
from shoppable.site import site

blueprint = Blueprint("stores", __name__)


@dataclass(frozen=True, slots=True)
class Day:
    name: str
    hours: str
    today: bool


@dataclass(frozen=True, slots=True)
class StoreView:
    """`closes` and `opens` are of this moment: one of them says whether it is open. `paused_until`: it
    takes no online orders until then."""

    store: Store
    closes: datetime | None
    opens: datetime | None
    days: tuple[Day, ...]
    directions: str
    paused_until: datetime | None


@blueprint.get("/stores")
def stores() -> Response:
    shop = site().shop
    at = shop.clock.now()
    listed = [store for store in shop.catalog.stores() if is_to_be_visited(store, at)]
    with shop.storage.read() as uow:
        pauses = shop.pausing.those_in_force(uow, [store.id for store in listed])
    return page("stores.html", stores=[_view(store, at, pauses.get(store.id)) for store in listed], at=at)


def _view(store: Store, at: datetime, pause: StorePause | None) -> StoreView:
    directions = ""
    if store.point is not None:
        directions = site().shop.settings.maps_url.format(
            latitude=store.point.latitude, longitude=store.point.longitude
        )
    return StoreView(
        store,
        store.closes_at(at),
        store.next_opening(at),
        _week(store, at),
        directions,
        pause.until if pause else None,
    )


def _week(store: Store, at: datetime) -> tuple[Day, ...]:
    """The seven days from Monday of this week, so that holidays of this week show."""
    today = at.astimezone(ZoneInfo(store.timezone)).date()
    names = locale_of(language()).days["format"]["wide"]
    days = []
    for ahead in range(7):
        day = today + timedelta(days=ahead)
        openings = store.openings_on(day)
        days.append((day.weekday(), Day(names[day.weekday()].capitalize(), _hours(openings), ahead == 0)))
    return tuple(day for _, day in sorted(days, key=lambda pair: pair[0]))


def _hours(openings: tuple[Opening, ...]) -> str:
    """« 10:00 – 13:00, 14:00 – 19:00 »; '' when closed."""
    return ", ".join(f"{_clock(opening.opens)} – {_clock(opening.closes)}" for opening in openings)


def _clock(moment: time) -> str:
    from babel.dates import format_time

    if moment == time.max:
        moment = time(0, 0)
    return str(format_time(moment, "short", locale=locale_of(language())))
