"""Where people come from: customers, carts, orders and their worth by what brought them."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask.typing import ResponseReturnValue

from commerce.domain import sources
from commerce.domain.team import Permission
from commerce.i18n import format_number
from commerce.ports import UnitOfWork
from shoppable import came_from
from shoppable.counter import access
from shoppable.counter.files import csv_file
from shoppable.counter.frame import counter_page
from shoppable.language import language, translate
from shoppable.site import site
from shoppable.studio import periods, plots
from shoppable.studio.blueprint import blueprint
from shoppable.studio.figures import Worth
from shoppable.studio.periods import Period


@dataclass(slots=True)
class Brought:
    """By one catalogue, link, campaign or site."""

    name: str
    customers: int = 0
    carts: int = 0
    worth: Worth = field(default_factory=Worth)


@blueprint.get("/sources")
@access.needs(Permission.REPORTS)
def where_from() -> ResponseReturnValue:
    period = periods.asked_for()
    found = _found(period)
    known = {source: each for source, each in found.items() if source}
    return counter_page(
        "studio/sources.html",
        room="studio",
        days=periods.DAYS,
        chosen=period.days,
        period=f"{plots.short_day(period.first)} – {plots.short_day(period.last)}",
        plot=plots,
        bars=plots.bars([(each.name, each.customers) for each in known.values()]),
        rows=[
            (
                each.name,
                *(format_number(count, language()) for count in (each.customers, each.carts, each.worth.orders)),
                each.worth.gross or "–",
                each.worth.net or "–",
            )
            for each in found.values()
        ],
        is_empty=not found,
    )


@blueprint.get("/sources.csv")
@access.needs(Permission.REPORTS)
def where_from_csv() -> ResponseReturnValue:
    """For spreadsheets: names of columns are the same in every language. One row a source and currency."""
    period = periods.asked_for()
    rows = [
        (source, each.name, each.customers, each.carts, each.worth.orders, currency, gross, net)
        for source, each in _found(period).items()
        for currency, gross, net in (
            [(code, minor, each.worth.net_minor[code]) for code, minor in sorted(each.worth.gross_minor.items())]
            or [("", 0, 0)]
        )
    ]
    head = ["source", "name", "customers", "carts", "orders", "currency", "gross_minor", "net_minor"]
    return csv_file(f"sources-{period.days}-days", head, rows)


def _found(period: Period) -> dict[str, Brought]:
    """Most customers first; '' is what nothing is known of."""
    with site().shop.storage.read() as uow:
        brought = uow.attribution
        found: dict[str, Brought] = {}
        for source, count in brought.customers(period.since, period.until).items():
            _of(uow, found, source).customers += count
        for source, count in brought.carts(period.since, period.until).items():
            _of(uow, found, source).carts += count
        for sold in brought.sold(period.since, period.until):
            if sold.orders:
                _of(uow, found, sold.source).worth.add(sold)
    order = sorted(found.items(), key=lambda one: (not one[0], -one[1].customers, -one[1].worth.orders, one[0]))
    return dict(order)


def _of(uow: UnitOfWork, found: dict[str, Brought], source: str) -> Brought:
    whole = sources.read(source).whole
    if whole not in found:
        found[whole] = Brought(came_from.in_words(uow, whole) or translate("Not known: by themselves"))
    return found[whole]
