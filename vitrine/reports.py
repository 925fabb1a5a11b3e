"""What commands print for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commerce.i18n import format_distance, format_money

if TYPE_CHECKING:
    from catalog_sync import FeedReport
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
    for title, hits in (("", found.found), (f"nearest, without the {found.broken}:", found.nearest)):
        if title and hits:
            print(title)
        for hit in hits:
            price = format_money(hit.price_from, language)
            alike = f"  ({hit.hit.why.value.replace('_', ' ')})" if answer.garments is not None else ""
            print(f"  {hit.product.source_id:<10} {price:>12}  {hit.product.title(language)}{alike}")
            for offer in answer.stores.get(hit.product.id, ()):
                away = format_distance(offer.distance_m, language) if offer.distance_m is not None else ""
                print(f"{'':26}{offer.store.name(language)} {away} · {offer.band.value.replace('_', ' ')}")
    if found.price_floor is not None:
        print(f"The lowest price is {format_money(found.price_floor, language)}.")
