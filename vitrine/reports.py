"""What commands print for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commerce.i18n import format_distance, format_money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog_sync import FeedReport
    from catalog_sync.stock_lists import StockListReport
    from commerce.domain.stock import StockLevel
    from commerce.domain.stocktaking import StockMovement
    from vitrine.searching import Answer

_LINES_SHOWN = 20


def feed_report(report: FeedReport, language: str) -> None:
    """Counts and times, then the rejected lines with line, field and reason."""
    from catalog_sync import describe

    print(f"{report.name or report.source} ({report.format or 'unknown format'}): {report.state}")
    if report.refused:
        print(report.reason(language))
        return
    print(f"  {report.items:,} items · " + " · ".join(f"{count:,} {what}" for what, count in report.counts.items()))
    if report.pictures:
        print("  pictures: " + " · ".join(f"{count:,} {what}" for what, count in report.pictures.items()))
        for reason, count in report.picture_failures.items():
            print(f"    {count:,} failed: {reason}")
    print("  " + " · ".join(f"{what} {seconds:.1f} s" for what, seconds in report.seconds.items()))
    for what, errors, count in (
        ("rejected", report.rejected, report.rejected_count),
        ("taken with a remark", report.warnings, report.warning_count),
    ):
        if count:
            print(f"  {count:,} {what}:")
        for error in errors[:_LINES_SHOWN]:
            print(f"    line {error.line}: {describe(error, language)}")
        if count > _LINES_SHOWN:
            print(f"    … and {count - _LINES_SHOWN:,} more (--json lists the first thousand)")


def search_report(answer: Answer, language: str) -> None:
    """One line a product, the stores under it."""
    found = answer.answer
    for number, garment in enumerate(answer.garments or (), 1):
        edges = ",".join(f"{edge:.2f}" for edge in garment.box)
        print(f"in the photo, {number}: {garment.category or 'something to wear'} (--box {edges})")
    if found.read_as:
        print(f"“{found.read_as}”: {found.total:,} found in {answer.took_ms:.1f} ms")
    width = max((len(hit.product.source_id) for hit in (*found.found, *found.nearest)), default=0)
    for title, hits in (("", found.found), (f"nearest, without the {found.broken}:", found.nearest)):
        if title and hits:
            print(title)
        for hit in hits:
            price = format_money(hit.price_from, language)
            alike = f"  ({hit.hit.why.value.replace('_', ' ')})" if answer.garments is not None else ""
            print(f"  {hit.product.source_id:<{width}} {price:>12}  {hit.product.title(language)}{alike}")
            for offer in answer.stores.get(hit.product.id, ()):
                away = format_distance(offer.distance_m, language) if offer.distance_m is not None else ""
                print(f"{'':26}{offer.store.name(language)} {away} · {offer.band.value.replace('_', ' ')}")
    if found.price_floor is not None:
        print(f"The lowest price is {format_money(found.price_floor, language)}.")


def stock_list_report(report: StockListReport, language: str) -> None:
    """Counts, then the rejected lines with line, field and reason."""
    from catalog_sync import describe

    print(f"{report.source}: {report.state}")
    print(f"  {report.lines:,} lines · {report.applied:,} taken · {report.known:,} counted before")
    if report.lost:
        print(f"  {report.lost:,} shoppers lost what was held for them, and are told")
    if report.missing:
        print(f"  {report.missing:,} units are promised and not there: see the tasks")
    if report.rejected_count:
        print(f"  {report.rejected_count:,} rejected:")
    for error in report.rejected[:_LINES_SHOWN]:
        print(f"    line {error.line}: {describe(error, language)}")
    if report.rejected_count > _LINES_SHOWN:
        print(f"    … and {report.rejected_count - _LINES_SHOWN:,} more (--json lists the first thousand)")


def stock_report(sku: str, levels: Sequence[StockLevel], movements: Sequence[StockMovement], timezone: str) -> None:
    """A line a shelf, then what happened to them, newest first."""
    from zoneinfo import ZoneInfo

    print(sku)
    for level in levels:
        kept = f" · {level.safety} kept back" if level.safety else ""
        print(f"  {level.store_id:<12} {level.on_hand} on hand · {level.held} held{kept} · {level.available} to offer")
    for moved in movements:
        when = moved.at.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M")
        change = f"{moved.on_hand_change:+}" if moved.on_hand_change or not moved.held_change else ""
        held = f"held {moved.held_change:+}" if moved.held_change else ""
        said = " ".join(filter(None, (change, held, moved.reason.value, moved.reference, moved.actor, moved.note)))
        print(f"  {when}  {moved.store_id:<12} {said}")
