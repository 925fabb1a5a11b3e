"""Days on which a legal period may end: never a Saturday, a Sunday or a public holiday.

A period that would end on such a day ends with the next working day (Regulation 1182/71, article 3(4); Code de la
consommation, article L221-19).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

_SATURDAY = 5


def easter(year: int) -> date:
    """Easter Sunday, by the anonymous Gregorian algorithm (Meeus, Astronomical Algorithms, chapter 8)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


def _french(year: int) -> frozenset[date]:
    """Code du travail, article L3133-1."""
    fixed = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    after_easter = (1, 39, 50)  # Easter Monday, Ascension, Whit Monday
    sunday = easter(year)
    return frozenset((*(date(year, *day) for day in fixed), *(sunday + timedelta(days=n) for n in after_easter)))


# By ISO 3166 alpha-2. Of other countries the weekends are known, their holidays are not.
_HOLIDAYS: dict[str, Callable[[int], frozenset[date]]] = {"FR": _french}


def is_working_day(day: date, country: str) -> bool:
    if day.weekday() >= _SATURDAY:
        return False
    holidays = _HOLIDAYS.get(country)
    return holidays is None or day not in holidays(day.year)


def working_day_from(day: date, country: str) -> date:
    """That day, or the first working day after it."""
    while not is_working_day(day, country):
        day += timedelta(days=1)
    return day
