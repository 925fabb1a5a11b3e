"""Stores, their opening hours and when they next open or close."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from commerce.domain.geo import GeoPoint
from commerce.domain.localtext import LocalText


class StoreKind(StrEnum):
    """`WEB` is the stock from which parcels are sent: shoppers never walk into it."""

    PERMANENT = "permanent"
    POP_UP = "pop_up"
    MARKET = "market"
    TRUCK = "truck"
    SHOWROOM = "showroom"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class Opening:
    """Open from `opens` to `closes` local time on one day. `closes` is after `opens`; midnight is time.max."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """A week (Monday first, several openings a day) and the days that differ from it."""

    week: tuple[tuple[Opening, ...], ...] = ((),) * 7
    exceptions: dict[date, tuple[Opening, ...]] = field(default_factory=dict, hash=False)

    def on(self, day: date) -> tuple[Opening, ...]:
        """Openings of a calendar day, earliest first; () when closed."""
        return self.exceptions.get(day, self.week[day.weekday()])


@dataclass(frozen=True, slots=True)
class Store:
    """A place with stock. Times are local to `timezone` (IANA name)."""

    id: str
    name: LocalText
    short_name: LocalText  # "Bellecour": what a button says
    kind: StoreKind
    address: str
    city: str
    postcode: str
    country: str
    point: GeoPoint | None
    timezone: str
    hours: OpeningHours
    phone: str = ""
    open_from: date | None = None  # pop-ups exist between two dates
    open_until: date | None = None
    position: int = 0

    @property
    def takes_visitors(self) -> bool:
        return self.kind is not StoreKind.WEB

    def openings_on(self, day: date) -> tuple[Opening, ...]:
        """Openings of that day; () outside a pop-up's dates."""
        if (self.open_from and day < self.open_from) or (self.open_until and day > self.open_until):
            return ()
        return self.hours.on(day)

    def closes_at(self, moment: datetime) -> datetime | None:
        """When the opening in which `moment` lies ends (aware, store zone), or None when closed then."""
        local = moment.astimezone(ZoneInfo(self.timezone))
        for opening in self.openings_on(local.date()):
            if opening.opens <= local.time() < opening.closes:
                return _at(local.date(), opening.closes, self.timezone)
        return None

    def next_opening(self, moment: datetime, *, days: int = 60) -> datetime | None:
        """The next time it opens strictly after `moment`, or None within `days` days."""
        local = moment.astimezone(ZoneInfo(self.timezone))
        for ahead in range(days + 1):
            day = local.date() + timedelta(days=ahead)
            for opening in self.openings_on(day):
                opens = _at(day, opening.opens, self.timezone)
                if opens > moment:
                    return opens
        return None

    def open_times(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """When it is open between two moments (UTC), earliest first. Hours of the clock, whatever summer time does."""
        day = since.astimezone(ZoneInfo(self.timezone)).date() - timedelta(days=1)
        last = until.astimezone(ZoneInfo(self.timezone)).date()
        since, until = since.astimezone(UTC), until.astimezone(UTC)
        while day <= last:
            for opening in self.openings_on(day):
                opens = max(_at(day, opening.opens, self.timezone).astimezone(UTC), since)
                closes = min(_at(day, opening.closes, self.timezone).astimezone(UTC), until)
                if opens < closes:
                    yield opens, closes
            day += timedelta(days=1)

    def last_closing_on(self, day: date) -> datetime | None:
        """When its last opening of that day ends (aware), or None when it does not open."""
        openings = self.openings_on(day)
        return _at(day, openings[-1].closes, self.timezone) if openings else None


def _at(day: date, clock: time, timezone: str) -> datetime:
    return datetime.combine(day, clock, ZoneInfo(timezone))
