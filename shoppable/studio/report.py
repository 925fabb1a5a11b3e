"""What readers do with a catalogue: on its own pages, by product, by source, by day, as plots, tables and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import abort
from flask.typing import ResponseReturnValue

from commerce.domain.lookbook import Page
from commerce.domain.team import Permission
from commerce.i18n import format_number
from commerce.ports.publishing import PageFigures
from shoppable.counter import access
from shoppable.counter.files import csv_file
from shoppable.counter.frame import counter_page
from shoppable.counter.speaking import channel_name
from shoppable.language import language, translate
from shoppable.site import site
from shoppable.studio import periods, plots
from shoppable.studio.blueprint import blueprint
from shoppable.studio.figures import Report, Worth, book_of, gathered

_FAINTEST, _STRONGEST = 0.12, 0.72  # how much of a page's picture a place hides


@dataclass(frozen=True, slots=True)
class Warm:
    """A place on a page's picture, in its pixels: the more often it was opened, the stronger its colour."""

    x: int
    y: int
    width: int
    height: int
    opacity: float
    label: str


@dataclass(frozen=True, slots=True)
class PageShown:
    page: Page
    places: list[Warm]
    label: str
    views: str
    opened: str


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
        days=periods.DAYS,
        chosen=found.period.days,
        period=f"{plots.short_day(found.period.first)} – {plots.short_day(found.period.last)}",
        is_empty=found.is_empty,
        plot=plots,
        funnel=plots.bars([(step.name, step.now) for step in found.steps]),
        steps=[
            (step.name, _number(step.now), _number(step.before), plots.change(step.now, step.before))
            for step in found.steps
        ],
        worth=found.worth,
        shown=_pages_shown(found),
        page_bars=plots.bars([(translate("Page {number}", number=each.page), each.views) for each in found.pages]),
        columns=plots.columns(found.days, found.versions),
        most=_number(max((count for _, count in found.days), default=0)),
        versions=[(plots.short_day(day), name) for day, name in found.versions.items()],
        pages=[_page_cells(each) for each in found.pages],
        product_rows=[
            (found.name_of(product_id), *map(_number, (opened, carts, units.ordered, units.returned)))
            for product_id, opened, carts, units in found.product_rows()
        ],
        source_rows=[
            (found.names[way] or translate("Not said"), _number(came.opened), _number(came.carts), *_worth(came.worth))
            for way, came in found.ways.items()
        ],
        channel_rows=[(_door(channel), *_worth(worth)) for channel, worth in found.channels.items()],
        may_edit=access.member().may(Permission.PUBLISH, ""),
    )


@blueprint.get("/<book>/report/<part>.csv")
@access.needs(Permission.REPORTS)
def report_csv(book: str, part: str) -> ResponseReturnValue:
    """For spreadsheets: names of columns are the same in every language."""
    found = _report(book)
    rows: Sequence[tuple[object, ...]]
    match part:
        case "steps":
            head = "step count count_before"
            rows = [(step.key, step.now, step.before) for step in found.steps]
        case "pages":
            head = "page views visitors mean_stay_s median_stay_s places_opened carts"
            rows = [
                (
                    each.page,
                    each.views,
                    each.visitors,
                    round(_mean_s(each), 1),
                    round(each.median_ms / 1000, 1),
                    each.hotspots,
                    each.carts,
                )
                for each in found.pages
            ]
        case "places":
            head = "page product_id product places_opened carts"
            rows = [
                (each.page, each.product_id, found.name_of(each.product_id), each.hotspots, each.carts)
                for each in found.places
            ]
        case "products":
            head = "product_id product places_opened carts units_ordered units_returned"
            rows = [
                (product_id, found.name_of(product_id), opened, carts, units.ordered, units.returned)
                for product_id, opened, carts, units in found.product_rows()
            ]
        case "sources":
            head = "source name opened carts orders currency gross_minor net_minor"
            rows = [
                (way, found.names[way], came.opened, came.carts, *money)
                for way, came in found.ways.items()
                for money in _by_currency(came.worth)
            ]
        case "channels":
            head = "channel orders currency gross_minor net_minor"
            rows = [(channel, *money) for channel, worth in found.channels.items() for money in _by_currency(worth)]
        case "days":
            head = "day pages version"
            rows = [(day.isoformat(), count, found.versions.get(day, "")) for day, count in found.days]
        case "orders":
            head, rows = "orders currency gross_minor net_minor", _by_currency(found.worth)
        case _:
            abort(404)
    return csv_file(f"{found.book.slug}-{part}-{found.period.days}-days", head.split(), rows)


def _report(book_id: str) -> Report:
    with site().shop.storage.read() as uow:
        book = book_of(uow, book_id)
        if book is None:
            abort(404)
        return gathered(uow, book, periods.asked_for())


def _pages_shown(found: Report) -> list[PageShown]:
    """The pages that shoppers see now, each place as warm as its share of all that was opened."""
    if found.edition is None:
        return []
    opened = {(each.page, each.product_id): each.hotspots for each in found.places}
    views = {each.page: each.views for each in found.pages}
    most = max(opened.values(), default=0) or 1
    shown = []
    for page in found.edition.pages:
        places = []
        for spot in found.edition.on(page.number):
            count, region = opened.get((page.number, spot.product_id), 0), spot.region
            places.append(
                Warm(
                    round(region.x_frac * page.width_px),
                    round(region.y_frac * page.height_px),
                    round(region.width_frac * page.width_px),
                    round(region.height_frac * page.height_px),
                    round(_FAINTEST + (_STRONGEST - _FAINTEST) * count / most, 2),
                    f"{found.name_of(spot.product_id)}: {_number(count)}",
                )
            )
        label = translate("Page {number}", number=page.number)
        total = sum(count for (number, _), count in opened.items() if number == page.number)
        shown.append(PageShown(page, places, label, _number(views.get(page.number, 0)), _number(total)))
    return shown


def _door(channel: str) -> str:
    """Where the order was made; whoever orders on a page could also be reached in its chat."""
    return translate("On the web") if channel == "webchat" else channel_name(channel)


def _number(count: int) -> str:
    return format_number(count, language())


def _mean_s(page: PageFigures) -> float:
    """The mean time of one stay on it."""
    return page.dwell_ms / 1000 / page.stays if page.stays else 0.0


def _page_cells(page: PageFigures) -> tuple[str, ...]:
    mean, median = (
        translate("{count} s", count=format_number(round(seconds, 1), language()))
        for seconds in (_mean_s(page), page.median_ms / 1000)
    )
    return (
        *map(_number, (page.page, page.views, page.visitors)),
        mean,
        median,
        *map(_number, (page.hotspots, page.carts)),
    )


def _worth(worth: Worth) -> tuple[str, str, str]:
    return _number(worth.orders), worth.gross or "–", worth.net or "–"


def _by_currency(worth: Worth) -> list[tuple[object, ...]]:
    """One row a currency; one without money where nothing was ordered."""
    rows = [
        (worth.orders, currency, gross, worth.net_minor[currency])
        for currency, gross in sorted(worth.gross_minor.items())
    ]
    return [*rows] or [(0, "", 0, 0)]
