"""What readers do with a catalogue: by page, by product, by source, by day, as plots, tables and files."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import StringIO

from flask import Response, abort, request
from flask.typing import ResponseReturnValue

from commerce.domain.lookbook import Lookbook
from commerce.domain.money import Money
from commerce.domain.product import Product
from commerce.domain.spreadsheets import safe_cell
from commerce.domain.team import Permission
from commerce.i18n import format_money, format_number
from commerce.ports.publishing import OrderFigures, PageFigures, ProductFigures, SourceFigures
from shoppable import came_from
from shoppable.counter import access
from shoppable.counter.frame import counter_page
from shoppable.language import language, translate
from shoppable.site import site
from shoppable.studio.blueprint import blueprint

DAYS = (7, 30, 90, 365)
_WIDTH, _NAMES, _NUMBERS, _ROW, _BAR = 640, 150, 60, 30, 18  # of a plot, in its own units
_HEIGHT = 120
_MOST_BARS = 40


@dataclass(frozen=True, slots=True)
class Report:
    """Of one catalogue in one period. `products`: those that are still sold."""

    book: Lookbook
    pages: list[PageFigures]
    by_product: list[ProductFigures]
    sources: list[SourceFigures]
    days: list[tuple[str, int]]  # every one of the period
    orders: list[OrderFigures]
    products: dict[int, Product]
    source_names: dict[str, str]

    @property
    def opened(self) -> int:
        return sum(each.opened for each in self.sources)

    @property
    def steps(self) -> tuple[tuple[str, int], ...]:
        """From the cover to the till."""
        return (
            (translate("Opened"), self.opened),
            (translate("Places opened"), sum(each.hotspots for each in self.pages)),
            (translate("Added to the cart"), sum(each.carts for each in self.pages)),
            (translate("Ordered"), sum(each.orders for each in self.orders)),
        )

    @property
    def is_empty(self) -> bool:
        return not (self.pages or self.sources or self.orders)

    def name_of(self, product_id: int) -> str:
        known = self.products.get(product_id)
        return known.title(language()) if known else translate("Product {number}", number=product_id)


@dataclass(frozen=True, slots=True)
class Bar:
    """From left to right, in the units of the plot."""

    name: str
    y: int
    text_y: int
    width: float
    end: float
    value: str


@dataclass(frozen=True, slots=True)
class Column:
    """One day, from below."""

    x: float
    y: float
    width: float
    height: float
    label: str


@blueprint.get("/<book>/report")
@access.needs(Permission.REPORTS)
def report(book: str) -> ResponseReturnValue:
    found = _report(book)
    spoken = language()
    return counter_page(
        "studio/report.html",
        room="studio",
        book=found.book,
        title=found.book.title(spoken),
        days=DAYS,
        chosen=_days(),
        is_empty=found.is_empty,
        width=_WIDTH,
        bar_height=_BAR,
        bar_from=_NAMES,
        height=_HEIGHT,
        funnel=_bars(list(found.steps)),
        page_bars=_bars([(translate("Page {number}", number=each.page), each.views) for each in found.pages]),
        columns=_columns(found.days),
        most=format_number(max((count for _, count in found.days), default=0), spoken),
        first=found.days[0][0],
        last=found.days[-1][0],
        money=[(each.orders, _money(each)) for each in found.orders],
        pages=[_page_cells(each) for each in found.pages],
        product_rows=[
            (
                found.name_of(each.product_id),
                *(format_number(count, spoken) for count in (each.hotspots, each.carts, each.units_ordered)),
            )
            for each in found.by_product
        ],
        source_rows=[
            (
                found.source_names[each.source] or translate("Not said"),
                format_number(each.opened, spoken),
                format_number(each.carts, spoken),
            )
            for each in found.sources
        ],
        row=_ROW,
        may_edit=access.member().may(Permission.PUBLISH, ""),
    )


@blueprint.get("/<book>/report/<part>.csv")
@access.needs(Permission.REPORTS)
def report_csv(book: str, part: str) -> ResponseReturnValue:
    """For spreadsheets: names of columns are the same in every language."""
    found = _report(book)
    rows: list[tuple[object, ...]]
    match part:
        case "pages":
            head = "page views visitors mean_stay_s places_opened carts"
            rows = [
                (each.page, each.views, each.visitors, round(_stay_s(each), 1), each.hotspots, each.carts)
                for each in found.pages
            ]
        case "products":
            head = "product_id product places_opened carts units_ordered"
            rows = [
                (each.product_id, found.name_of(each.product_id), each.hotspots, each.carts, each.units_ordered)
                for each in found.by_product
            ]
        case "sources":
            head = "source opened carts"
            rows = [(each.source, each.opened, each.carts) for each in found.sources]
        case "days":
            head, rows = "day pages", list(found.days)
        case "orders":
            head = "currency orders total_minor"
            rows = [(each.currency, each.orders, each.total_minor) for each in found.orders]
        case _:
            abort(404)
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(head.split())
    writer.writerows([safe_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    response = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{found.book.slug}-{part}-{_days()}-days.csv"'
    return response


def _report(book_id: str) -> Report:
    shop = site().shop
    until = shop.clock.now() + timedelta(seconds=1)
    since = until - timedelta(days=_days())
    with shop.storage.read() as uow:
        book = uow.lookbooks.get(book_id) if len(book_id) <= 32 and "\0" not in book_id else None
        if book is None:
            abort(404)
        reading = uow.reading
        by_product = reading.by_product(book.id, since, until)
        sources = reading.by_source(book.id, since, until)
        return Report(
            book,
            reading.by_page(book.id, since, until),
            by_product,
            sources,
            _every_day(reading.by_day(book.id, since, until), since, until),
            reading.orders_from(book.id, since, until),
            dict(uow.products.many({each.product_id for each in by_product})),
            {each.source: came_from.in_words(uow, each.source) for each in sources},
        )


def _days() -> int:
    asked = request.args.get("days", "")
    return int(asked) if asked in {str(days) for days in DAYS} else 30


def _every_day(counted: list[tuple[str, int]], since: datetime, until: datetime) -> list[tuple[str, int]]:
    """With those on which nobody read."""
    known, first = dict(counted), since.date()
    every = [first + timedelta(days=number) for number in range((until.date() - first).days + 1)]
    return [(day.isoformat(), known.get(day.isoformat(), 0)) for day in every]


def _stay_s(page: PageFigures) -> float:
    """The mean time on it."""
    return page.dwell_ms / 1000 / page.views if page.views else 0.0


def _page_cells(page: PageFigures) -> tuple[str, ...]:
    spoken = language()
    stay = translate("{count} s", count=format_number(round(_stay_s(page), 1), spoken))
    counted = (page.page, page.views, page.visitors), (page.hotspots, page.carts)
    before, after = ([format_number(count, spoken) for count in part] for part in counted)
    return (*before, stay, *after)


def _money(figures: OrderFigures) -> str:
    return format_money(Money(figures.total_minor, figures.currency), language())


def _bars(counted: list[tuple[str, int]]) -> list[Bar]:
    most = max((count for _, count in counted), default=0) or 1
    room = _WIDTH - _NAMES - _NUMBERS
    bars = []
    for at, (name, count) in enumerate(counted[:_MOST_BARS]):
        y, width = at * _ROW + (_ROW - _BAR) // 2, round(room * count / most, 1)
        bars.append(Bar(name[:20], y, y + 14, width, _NAMES + width + 8, format_number(count, language())))
    return bars


def _columns(days: list[tuple[str, int]]) -> list[Column]:
    most = max((count for _, count in days), default=0) or 1
    step = _WIDTH / len(days)
    gap = min(2.0, step / 5)
    columns = []
    for at, (day, count) in enumerate(days):
        height = round(_HEIGHT * count / most, 1)
        label = f"{_short(day)}: {count}"
        columns.append(Column(round(at * step, 1), _HEIGHT - height, round(step - gap, 1), height, label))
    return columns


def _short(day: str) -> str:
    from babel.dates import format_date

    from commerce.i18n import locale_of

    return format_date(date.fromisoformat(day), "d MMM", locale=locale_of(language()))
