"""The days a report is about: whole days of the shop's time zone, today among them, and as many before them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import request

from shoppable.site import site

DAYS = (7, 30, 90, 365)
_USUAL = 30


@dataclass(frozen=True, slots=True)
class Period:
    """From the midnight before `first` to the one after `last`; `since` and `until` are those moments."""

    first: date
    last: date
    timezone: str

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def since(self) -> datetime:
        return self._midnight(self.first)

    @property
    def until(self) -> datetime:
        return self._midnight(self.last + timedelta(days=1))

    @property
    def before(self) -> Period:
        """As many days, right before."""
        length = timedelta(days=self.days)
        return Period(self.first - length, self.last - length, self.timezone)

    def each_day(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range(self.days)]

    def day_of(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.timezone)).date()

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.timezone))


def asked_for() -> Period:
    """`days` of the address; what is no choice is the usual one."""
    asked = request.args.get("days", "")
    days = int(asked) if asked in {str(days) for days in DAYS} else _USUAL
    shop = site().shop
    today = shop.clock.now().astimezone(ZoneInfo(shop.settings.timezone)).date()
    return Period(today - timedelta(days=days - 1), today, shop.settings.timezone)
