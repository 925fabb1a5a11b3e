"""Bars and columns of reports, in the units of their drawings. What they show stands in a table beside them too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from commerce.i18n import format_number, locale_of
from shoppable.language import language, translate

WIDTH, NAMES, NUMBERS, ROW, BAR = 640, 190, 60, 30, 18
HEIGHT = 120
_MOST_BARS = 40
_LONGEST_NAME = 25


@dataclass(frozen=True, slots=True)
class Bar:
    """From left to right."""

    name: str
    y: int
    text_y: int
    width: float
    end: float
    value: str


@dataclass(frozen=True, slots=True)
class Column:
    """One day, from below. `mark`: what happened on it, such as a new version."""

    x: float
    y: float
    width: float
    height: float
    label: str
    mark: str


def bars(counted: Sequence[tuple[str, int]]) -> list[Bar]:
    most = max((count for _, count in counted), default=0) or 1
    room = WIDTH - NAMES - NUMBERS
    made = []
    for at, (name, count) in enumerate(counted[:_MOST_BARS]):
        y, width = at * ROW + (ROW - BAR) // 2, round(room * count / most, 1)
        short = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
        made.append(Bar(short, y, y + 14, width, NAMES + width + 8, format_number(count, language())))
    return made


def columns(days: Sequence[tuple[date, int]], marks: Mapping[date, str]) -> list[Column]:
    most = max((count for _, count in days), default=0) or 1
    step = WIDTH / max(len(days), 1)
    gap = min(2.0, step / 5)
    made = []
    for at, (day, count) in enumerate(days):
        height = round(HEIGHT * count / most, 1)
        label = f"{short_day(day)}: {format_number(count, language())}"
        made.append(
            Column(round(at * step, 1), HEIGHT - height, round(step - gap, 1), height, label, marks.get(day, ""))
        )
    return made


def short_day(day: date) -> str:
    from babel.dates import format_date

    return format_date(day, "d MMM", locale=locale_of(language()))


def change(now: int, before: int) -> str:
    """« +12 % » against the days before; '' where there was nothing to compare with."""
    if not before:
        return ""
    percent = round(100 * (now - before) / before)
    if not percent:
        return translate("as before")
    sign = "+" if percent > 0 else "−"
    return translate("{change} %", change=f"{sign}{format_number(abs(percent), language())}")
