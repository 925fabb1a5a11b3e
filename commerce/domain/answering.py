"""When somebody of the shop can answer, and how long that takes: from opening hours and from recent answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from math import ceil
from statistics import median
from zoneinfo import ZoneInfo

from commerce.domain.store import Store

AHEAD = timedelta(minutes=30)  # nobody is called back sooner than that
APART = timedelta(hours=2)  # between two times that are offered
LATEST = timedelta(minutes=30)  # before closing
DAYS = 14
ENOUGH = 3  # answers from which a usual waiting time can be told
COUNTED = 50


def usual_wait_min(waited_s: Sequence[int]) -> int | None:
    """The median of the newest waits in whole minutes, at least one; None while there are too few to tell. `waited_s`
    is in the order of time."""
    newest = waited_s[-COUNTED:]
    return max(1, ceil(median(newest) / 60)) if len(newest) >= ENOUGH else None


def closed_until(stores: Iterable[Store], now: datetime) -> tuple[datetime, Store] | None:
    """When the first of these stores opens, and which; None while one is open, and where nobody knows."""
    visited = [store for store in stores if store.takes_visitors]
    if any(store.closes_at(now) for store in visited):
        return None
    opening = [(opens, store) for store in visited if (opens := store.next_opening(now)) is not None]
    return min(opening, key=lambda each: each[0], default=None)


def call_back_times(store: Store, now: datetime, count: int = 2) -> list[datetime]:
    """Full hours within its opening hours at which it can ring somebody: soon, and a little later."""
    times: list[datetime] = []
    zone = ZoneInfo(store.timezone)
    first = now.astimezone(zone).date()
    for ahead in range(DAYS):
        day = first + timedelta(days=ahead)
        for hour in range(24):
            moment = datetime.combine(day, time(hour), zone)
            if moment < now + AHEAD or (times and moment - times[-1] < APART) or not may_call_at(store, moment, now):
                continue
            times.append(moment)
            if len(times) == count:
                return times
    return times


def may_call_at(store: Store, moment: datetime, now: datetime) -> bool:
    """Whether somebody is in that store then, long enough for a call, and it is neither over nor far away."""
    closes = store.closes_at(moment)
    return now < moment <= now + timedelta(days=DAYS) and closes is not None and closes - moment >= LATEST
