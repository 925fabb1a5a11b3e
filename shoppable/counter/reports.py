"""How the team answers: the share of ready-made replies and the waiting time by member, as a plot, a table, a file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO

from flask import Response, request
from flask.typing import ResponseReturnValue

from commerce.domain.spreadsheets import safe_cell
from commerce.domain.team import Permission
from commerce.i18n import format_number
from commerce.services.answering_report import AnsweringReport, AnswerShares, answering_report
from shoppable.counter import access
from shoppable.counter.blueprint import blueprint
from shoppable.counter.frame import counter_page
from shoppable.language import language, translate
from shoppable.site import site

DAYS = (7, 30, 90)
_WIDTH, _NAMES, _ROW, _BAR = 640, 150, 38, 22  # of the plot, in its own units
_MOST_ROWS = 20


@dataclass(frozen=True, slots=True)
class BarShown:
    """One member's answers from left to right, in the units of the plot. `label` says the same in words."""

    name: str
    y: int
    text_y: int
    parts: tuple[tuple[str, float, float], ...]  # kind, x, width
    end: float
    total: str
    label: str


@blueprint.get("/reports")
@access.needs(Permission.REPORTS)
def reports() -> ResponseReturnValue:
    report = _report()
    rows = report.by_member[:_MOST_ROWS]
    most = max((row.total for row in rows), default=1)
    return counter_page(
        "counter/reports.html",
        room="reports",
        days=DAYS,
        chosen=_days(),
        bars=[_bar(row, at, most) for at, row in enumerate(rows)],
        bar_height=_BAR,
        width=_WIDTH,
        height=max(_ROW * len(rows), _ROW),
        table=[_row(row) for row in report.by_member],
        team=_row(report.team),
        is_empty=not report.team.total,
    )


@blueprint.get("/reports/answers.csv")
@access.needs(Permission.REPORTS)
def answers_csv() -> ResponseReturnValue:
    """For spreadsheets: names of columns are the same in every language."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(["member", "answers", "untouched", "edited", "free", "untouched_percent", "median_wait_s"])
    report = _report()
    for row in (*report.by_member, report.team):
        name = translate("Everybody") if row is report.team else row.name or translate("Unknown")
        wait = "" if row.waited_s is None else row.waited_s
        share = round(100 * row.untouched_frac, 1)
        writer.writerow([safe_cell(name), row.total, row.untouched, row.edited, row.free, share, wait])
    response = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="answers-{_days()}-days.csv"'
    return response


def _report() -> AnsweringReport:
    shop = site().shop
    now = shop.clock.now()
    with shop.storage.read() as uow:
        return answering_report(uow, now - timedelta(days=_days()), now + timedelta(seconds=1))


def _days() -> int:
    asked = request.args.get("days", "")
    return int(asked) if asked in {str(days) for days in DAYS} else 30


def _row(shares: AnswerShares) -> dict[str, object]:
    return {
        "name": shares.name or translate("Unknown"),
        "total": format_number(shares.total, language()),
        "untouched": format_number(shares.untouched, language()),
        "edited": format_number(shares.edited, language()),
        "free": format_number(shares.free, language()),
        "share": _percent(shares.untouched_frac),
        "wait": _wait(shares.waited_s),
    }


def _bar(shares: AnswerShares, at: int, most: int) -> BarShown:
    x = float(_NAMES)
    parts = []
    for kind, count in (("free", shares.free), ("edited", shares.edited), ("untouched", shares.untouched)):
        width = (_WIDTH - _NAMES - 60) * count / most
        if width:
            parts.append((kind, round(x, 1), round(width, 1)))
        x += width
    name = shares.name or translate("Unknown")
    label = translate(
        "{name}: {free} written, {edited} edited, {untouched} ready-made as they are",
        name=name,
        free=shares.free,
        edited=shares.edited,
        untouched=shares.untouched,
    )
    y = at * _ROW + (_ROW - _BAR) // 2
    total = format_number(shares.total, language())
    return BarShown(name[:18], y, y + 15, tuple(parts), round(x + 8, 1), total, label)


def _percent(share: float) -> str:
    return translate("{number} %", number=format_number(round(100 * share), language()))


def _wait(waited_s: int | None) -> str:
    if waited_s is None:
        return "–"
    if waited_s < 60:
        return translate("{count} s", count=waited_s)
    if waited_s < 3600:
        return translate("{count} min", count=round(waited_s / 60))
    return translate("{hours} h {minutes}", hours=waited_s // 3600, minutes=f"{waited_s % 3600 // 60:02d}")
