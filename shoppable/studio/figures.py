"""What readers did with a catalogue in a period, and what was sold of it: gathered once for the page and its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from commerce.domain import sources
from commerce.domain.lookbook import Edition, Lookbook, came_from
from commerce.domain.money import Money
from commerce.domain.product import Product
from commerce.i18n import format_money
from commerce.ports import UnitOfWork
from commerce.ports.publishing import PageFigures, PlaceFigures, SoldFigures, UnitFigures
from shoppable import came_from as words
from shoppable.language import language, translate
from shoppable.studio.periods import Period

_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Worth:
    """Orders of one kind; the money by currency, before and after what went back."""

    orders: int = 0
    gross_minor: dict[str, int] = field(default_factory=dict)
    net_minor: dict[str, int] = field(default_factory=dict)

    def add(self, sold: SoldFigures) -> None:
        self.orders += sold.orders
        if sold.orders:
            self.gross_minor[sold.currency] = self.gross_minor.get(sold.currency, 0) + sold.gross_minor
            self.net_minor[sold.currency] = self.net_minor.get(sold.currency, 0) + sold.net_minor

    @property
    def net(self) -> str:
        return said(self.net_minor)

    @property
    def gross(self) -> str:
        return said(self.gross_minor)


@dataclass(slots=True)
class Came:
    """By one way: how often it was opened and put into a cart, and what was ordered."""

    opened: int = 0
    carts: int = 0
    worth: Worth = field(default_factory=Worth)


@dataclass(frozen=True, slots=True)
class Step:
    """On the way from the cover to the till, now and in the days before."""

    name: str
    key: str
    now: int
    before: int


@dataclass(frozen=True, slots=True)
class Report:
    """`edition`: what shoppers see now. `days`: every one of the period. `products`: those that are still sold."""

    book: Lookbook
    edition: Edition | None
    period: Period
    pages: list[PageFigures]
    places: list[PlaceFigures]
    days: list[tuple[date, int]]
    ways: dict[str, Came]
    channels: dict[str, Worth]
    worth: Worth
    units: dict[int, UnitFigures]
    steps: list[Step]
    versions: dict[date, str]
    products: dict[int, Product]
    names: dict[str, str]

    @property
    def is_empty(self) -> bool:
        return not (self.pages or self.ways or self.worth.orders)

    def name_of(self, product_id: int) -> str:
        known = self.products.get(product_id)
        return known.title(language()) if known else translate("Product {number}", number=product_id)

    def product_rows(self) -> list[tuple[int, int, int, UnitFigures]]:
        """Product, places opened, carts, units: most opened first."""
        none = UnitFigures(0, 0)
        rows = []
        for product_id in {place.product_id for place in self.places} | set(self.units):
            of = [place for place in self.places if place.product_id == product_id]
            opened, carts = sum(place.hotspots for place in of), sum(place.carts for place in of)
            rows.append((product_id, opened, carts, self.units.get(product_id, none)))
        return sorted(rows, key=lambda row: (-row[1], -row[3].ordered, row[0]))


def gathered(uow: UnitOfWork, book: Lookbook, period: Period) -> Report:
    reading, brought = uow.reading, uow.attribution
    of, source = (book.id, period.since, period.until), came_from(book.id)
    before = (book.id, period.before.since, period.before.until)
    pages, places = reading.by_page(*of), reading.by_place(*of)
    sold = brought.sold(period.since, period.until, source)
    units = brought.units(period.since, period.until, source)
    ways: dict[str, Came] = {}
    for read in reading.by_source(*of):
        came = ways.setdefault(_way(read.source), Came())
        came.opened += read.opened
        came.carts += read.carts
    channels: dict[str, Worth] = {}
    worth = Worth()
    for each in sold:
        worth.add(each)
        if each.orders:
            ways.setdefault(sources.read(each.source).via, Came()).worth.add(each)
            channels.setdefault(each.channel, Worth()).add(each)
    counted = dict(reading.by_day(*of, period.timezone))
    sold_before = brought.sold(period.before.since, period.before.until, source)
    opened_before = sum(read.opened for read in reading.by_source(*before))
    edition = uow.lookbooks.edition(book, book.version) if book.version else None
    named = {place.product_id for place in places} | set(units)
    if edition is not None:
        named |= {spot.product_id for spot in edition.hotspots}
    return Report(
        book,
        edition,
        period,
        pages,
        places,
        [(day, counted.get(day.isoformat(), 0)) for day in period.each_day()],
        dict(sorted(ways.items(), key=lambda way: (-way[1].opened, -way[1].worth.orders, way[0]))),
        dict(sorted(channels.items(), key=lambda channel: (-channel[1].orders, channel[0]))),
        worth,
        units,
        _steps(
            (sum(way.opened for way in ways.values()), pages, sold),
            (opened_before, reading.by_page(*before), sold_before),
        ),
        _versions(uow, book, period),
        dict(uow.products.many(named)),
        {way: words.in_words(uow, way) for way in ways},
    )


def _way(source: str) -> str:
    """What led a reader in; a campaign's name alone is how it was kept before."""
    return source if not source or ":" in source else sources.campaign(source) or source


_Counted = tuple[int, Sequence[PageFigures], Sequence[SoldFigures]]  # how often it was opened, pages, orders


def _steps(in_it: _Counted, before_it: _Counted) -> list[Step]:
    now, before = (
        (
            count,
            sum(each.views for each in read),
            sum(each.hotspots for each in read),
            sum(each.carts for each in read),
            sum(each.begun for each in orders),
            sum(each.orders for each in orders),
            sum(each.paid for each in orders),
        )
        for count, read, orders in (in_it, before_it)
    )
    named = (
        (translate("Opened"), "opened"),
        (translate("Pages turned"), "pages"),
        (translate("Places opened"), "places_opened"),
        (translate("Added to the cart"), "carts"),
        (translate("Went to the till"), "checkouts"),
        (translate("Ordered"), "orders"),
        (translate("Paid for"), "paid"),
    )
    return [Step(name, key, *counts) for (name, key), counts in zip(named, zip(now, before, strict=True), strict=True)]


def _versions(uow: UnitOfWork, book: Lookbook, period: Period) -> dict[date, str]:
    """The newest version that was published on each day."""
    made: dict[date, str] = {}
    for number, at in reversed(uow.lookbooks.versions(book.id)):
        if period.since <= at < period.until:
            made[period.day_of(at)] = translate("version {number}", number=number)
    return made


def sold_by_link(uow: UnitOfWork, until: datetime) -> dict[str, Worth]:
    """Of all times, by the code of the short link; what a link led into a catalogue for counts for it too."""
    sold: dict[str, Worth] = {}
    for each in uow.attribution.sold(_EVER, until):
        source = sources.read(each.source)
        link = sources.read(source.via) if source.via else source
        if link.kind == "link":
            sold.setdefault(link.name, Worth()).add(each)
    return sold


def said(minor: dict[str, int]) -> str:
    return " + ".join(format_money(Money(amount, currency), language()) for currency, amount in sorted(minor.items()))


def book_of(uow: UnitOfWork, book_id: str) -> Lookbook | None:
    return uow.lookbooks.get(book_id) if len(book_id) <= 32 and "\0" not in book_id else None
