"""Feed import: 100,000 products of 15 fields from Google XML, first time, unchanged, and with one item in a thousand
changed, beside the limit (parsing alone) and beside a session of SQLAlchemy's ORM that merges the same rows.

    python -m benchmarks.feeds [--rows 100000] [--peer-rows 3000]
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.feeds_orm import orm_merge
from benchmarks.tables import Stopwatch, Table, keep
from catalog_sync.rows import RowError, VariantDraft

_COLOURS = ("navy", "black", "white", "red", "green", "beige", "pink", "grey")
_TYPES = ("Dresses", "Shirts", "T-Shirts", "Jeans", "Sneakers", "Jackets", "Skirts", "Handbags")
_WORDS = (
    "linen",
    "cotton",
    "midi",
    "classic",
    "summer",
    "soft",
    "light",
    "relaxed",
    "slim",
    "printed",
    "woven",
    "washed",
)


def write_feed(path: Path, rows: int, seed: int, changed_frac: float = 0.0) -> None:
    """One product an item, 15 fields. `changed_frac` of the prices differ from the feed without it."""
    chance, change = random.Random(seed), random.Random(seed + 1)
    with path.open("w", encoding="utf-8") as file:
        file.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">\n<channel>\n'
        )
        for number in range(rows):
            words = " ".join(chance.choices(_WORDS, k=4))
            kind, colour = chance.choice(_TYPES), chance.choice(_COLOURS)
            price = chance.randrange(1500, 19900) + (100 if change.random() < changed_frac else 0)
            file.write(
                f"<item>\n<g:id>SKU-{number:07d}</g:id>\n<g:title>{words} {kind[:-1].lower()} {number}</g:title>\n"
                f"<g:description>A {words} piece, number {number}, made to be worn for years and repaired when needed; "
                f"machine wash at thirty degrees, line dry, iron inside out.</g:description>\n"
                f"<g:link>https://shop.example/p/{number}</g:link>\n"
                f"<g:image_link>https://shop.example/i/{number}.jpg</g:image_link>\n"
                f"<g:availability>in_stock</g:availability>\n<g:price>{price // 100}.{price % 100:02d} EUR</g:price>\n"
                f"<g:brand>Maison {number % 200}</g:brand>\n<g:gtin>{_gtin(number)}</g:gtin>\n"
                f"<g:color>{colour}</g:color>\n"
                f"<g:size>{'SML'[number % 3]}</g:size>\n<g:gender>female</g:gender>\n<g:age_group>adult</g:age_group>\n"
                f"<g:product_type>{kind}</g:product_type>\n<g:condition>new</g:condition>\n</item>\n"
            )  # fmt: skip
        file.write("</channel>\n</rss>\n")


def _gtin(number: int) -> str:
    body = f"20{number:010d}"
    return body + str(-sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(body)) % 10)


@contextmanager
def _shop(folder: Path) -> Iterator[Any]:
    """As much of a shop as an import needs, on a new SQLite file with the shop's own settings."""
    from commerce.settings import Settings
    from commerce.wiring import build_shop

    with build_shop(Settings(data_dir=folder, encoder="none")) as shop:
        yield shop


def _parse_only(path: Path) -> int:
    """The limit: lxml's iterparse over the file, every field's text looked at, nothing kept."""
    from lxml import etree

    count = 0
    for _, element in etree.iterparse(str(path), tag="item", resolve_entities=False, no_network=True, load_dtd=False):
        {child.tag: child.text for child in element}
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
        count += 1
    return count


def rows_of(path: Path, limit: int) -> list[VariantDraft]:
    """Checked drafts for the peers: they are timed with their own parsing and checking added."""
    from catalog_sync.normalise import Normaliser
    from catalog_sync.opening import scan
    from catalog_sync.options import FeedOptions
    from catalog_sync.sources.google_feed import GoogleXml
    from commerce.lexicon import lexicon

    source = GoogleXml(path, scan(path, b""), FeedOptions())
    normaliser = Normaliser(lexicon(), FeedOptions(decimal="."), "EUR", "en", datetime.now(UTC))
    drafts: list[VariantDraft] = []
    items = source.raw_items()
    while len(drafts) < limit and (batch := list(islice(items, 500))):
        for row in source.rows(batch):
            draft = row if isinstance(row, RowError) else normaliser.draft(row)
            assert not isinstance(draft, RowError), draft  # we wrote the feed ourselves
            drafts.append(draft)
    return drafts[:limit]


def run(rows: int = 100_000, peer_rows: int = 3_000, seed: int = 20260310) -> list[Table]:
    from catalog_sync import sync

    table = Table(
        f"Feed import, {rows:,} products of 15 fields, Google XML, SQLite with durable commits",
        (
            "what",
            "rows/s cpu",
            "rows/s wall",
            "times the ORM, same tables (cpu)",
            "times the ORM, one flat table (cpu)",
        ),
    )
    figures: list[tuple[str, float, float]] = []

    def timed(name: str, work: Callable[[], int]) -> None:
        with Stopwatch() as watch:
            count = work()
        figures.append((name, count / watch.cpu_s, count / watch.wall_s))

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        feed = folder / "bench.xml"
        write_feed(feed, rows, seed)
        size_mb = feed.stat().st_size / 2**20
        timed(
            "peer: ORM merge, same tables", lambda: orm_merge(rows_of(feed, peer_rows), folder / "three.db", flat=False)
        )
        timed(
            "peer: ORM merge, one flat table",
            lambda: orm_merge(rows_of(feed, peer_rows), folder / "flat.db", flat=True),
        )
        timed("limit: parsing alone (lxml iterparse)", lambda: _parse_only(feed))
        with _shop(folder / "shop") as shop:

            def imported(expected: str, **counts: int) -> int:
                report = sync(shop, str(feed), pictures=False)
                assert report.state == expected, report.as_json()
                for name, count in counts.items():
                    assert report.counts[name] == count, report.counts
                return report.items

            timed("first import", lambda: imported("applied", new_products=rows))
            timed("the same file again", lambda: imported("unchanged"))
            write_feed(feed, rows, seed, changed_frac=0.001)
            timed("one price in a thousand changed", lambda: imported("applied", new_products=0))
            feed.write_text(
                feed.read_text("utf-8").replace("<channel>\n", "<channel>\n<title>again</title>\n", 1), "utf-8"
            )
            timed("all items the same, another file", lambda: imported("applied", new_products=0, changed_prices=0))
    same, flat = figures[0][1], figures[1][1]
    for name, cpu, wall in figures:
        table.add(name, f"{cpu:,.0f}", f"{wall:,.0f}", f"{cpu / same:.1f}", f"{cpu / flat:.1f}")
        table.bars.append((name, 1e3 / cpu))
    table.notes = [
        f"feed of {size_mb:.0f} MB; the ORM merges {peer_rows:,} rows (more take minutes), parsing as we do;",
        "the flat table is less than an import writes: products, variants, pictures, digests, the log of changes",
    ]
    table.show()
    return [table]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.feeds", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--peer-rows", type=int, default=3_000)
    options = parser.parse_args(arguments)
    keep("feeds", run(options.rows, options.peer_rows))


if __name__ == "__main__":
    main()
