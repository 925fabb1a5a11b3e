"""Hand-written queries, half of them with slips, against the real catalogue: is what was meant among the first three?

    python -m benchmarks.search_quality

The queries are never looked at one by one in the code that answers them; this table shows every miss.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.names import SHARED
from benchmarks.tables import OUT, Table, keep
from commerce.lexicon import lexicon, words

if TYPE_CHECKING:
    from commerce.domain.product import Product
    from commerce.domain.search import SearchAnswer
    from commerce.wiring import Shop

QUERIES = Path(__file__).resolve().parents[1] / "tests" / "search_quality" / "queries.tsv"
CATALOGUE = SHARED / "data" / "fashion"
_FIRST = 3


@dataclass(frozen=True, slots=True)
class Judged:
    """One query, what a right product is, and how the first three did."""

    language: str
    has_slip: bool
    query: str
    note: str
    answer: SearchAnswer
    right: tuple[bool, ...]

    @property
    def is_right(self) -> bool:
        return any(self.right)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file. Alternatives in each set; an empty set asks for nothing."""

    language: str
    has_slip: bool
    query: str
    product_ids: frozenset[str]
    categories: frozenset[str]
    colours: frozenset[str]
    genders: frozenset[str]
    title_words: frozenset[str]
    note: str

    def accepts(self, product: Product) -> bool:
        """Whether a product is what was meant: all that the line asks for."""
        said = set(words(" ".join((*product.title.by_language.values(), product.brand))))
        return (
            (not self.product_ids or product.source_id in self.product_ids)
            and (not self.categories or product.category in self.categories)
            and (not self.colours or bool(self.colours & colours_of(product)))
            and (not self.genders or product.gender in self.genders | {"unisex"})
            and (not self.title_words or any(set(words(one)) <= said for one in self.title_words))
        )


def colours_of(product: Product) -> set[str]:
    """As the catalogue says and as its titles say (the two often differ), with the basic colours they are shades of."""
    named = (lexicon().colour_of(title, language=tongue) for tongue, title in product.title.by_language.items())
    own = {*product.colours, *(colour for colour in named if colour)}
    return own | {lexicon().colour_family(colour) for colour in own}


def read_queries(path: Path = QUERIES) -> list[Line]:
    """Every line of the file."""

    def some(text: str | None) -> frozenset[str]:
        return frozenset(part.strip() for part in (text or "").split("|") if part.strip())

    with path.open(encoding="utf-8", newline="") as stream:
        return [
            Line(
                row["language"],
                row["typo"] == "yes",
                row["query"],
                some(row["product_ids"]),
                some(row["categories"]),
                some(row["colours"]),
                some(row["gender"]),
                some(row["title_words"]),
                row["note"] or "",
            )
            for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


def open_catalogue(folder: Path, feed: Path = CATALOGUE) -> Shop:
    """A shop in that folder with the real catalogue in it, or some of it, without pictures; the caller closes it."""
    from catalog_sync.runner import sync
    from commerce.settings import Settings
    from commerce.wiring import build_shop

    shop = build_shop(Settings(data_dir=folder, port=0))
    report = sync(shop, str(feed), pictures=False)
    if report.state == "refused":
        shop.close()
        raise RuntimeError(f"the catalogue was refused: {report.stop} {report.stop_details}")
    shop.index_keeper.refresh()
    return shop


def judge(shop: Shop, lines: Sequence[Line]) -> list[Judged]:
    """Asks each query the way a conversation does: understanding first, then discovery."""
    judged = []
    for line in lines:
        request = shop.asking.request(line.query, language=line.language, limit=_FIRST)
        answer = shop.discovery.search(request)
        right = tuple(line.accepts(found.product) for found in answer.found)
        judged.append(Judged(line.language, line.has_slip, line.query, line.note, answer, right))
    return judged


def tabulate(judged: Sequence[Judged]) -> Table:
    """Shares by language and slip; every miss in the notes."""
    table = Table("Hand-written queries", ("language", "slips", "queries", "right in the first 3", "first is right"))
    groups = [(lang, slip) for lang in ("fr", "en") for slip in (False, True)]
    for language, has_slip in groups:
        own = [one for one in judged if (one.language, one.has_slip) == (language, has_slip)]
        table.add(language, "yes" if has_slip else "no", *_shares(own))
    table.add("all", "", *_shares(judged))
    for one in judged:
        if not one.is_right:
            shown = " · ".join(found.product.title(one.language) for found in one.answer.found)
            broken = f" (nearest, breaking {one.answer.broken})" if one.answer.broken else ""
            read = f"read as “{one.answer.read_as}”"
            table.notes.append(f"miss: {one.query} → {read}: {shown or 'nothing'}{broken}")
    return table


def _shares(judged: Sequence[Judged]) -> tuple[str, str, str]:
    count = len(judged)
    right, first = sum(one.is_right for one in judged), sum(bool(one.right) and one.right[0] for one in judged)
    return str(count), f"{right} ({right / max(count, 1):.1%})", f"{first} ({first / max(count, 1):.1%})"


def run() -> list[Table]:
    """The table; [] where the real catalogue is absent."""
    if not CATALOGUE.is_dir():
        print(f"no real catalogue at {CATALOGUE}: hand-written queries are left out (set VITRINE_SHARED)")
        return []
    with open_catalogue(OUT / "catalogue") as shop:
        table = tabulate(judge(shop, read_queries()))
    table.show()
    return [table]


def main() -> None:
    argparse.ArgumentParser(prog="python -m benchmarks.search_quality", description=__doc__).parse_args()
    if tables := run():
        keep("search_quality", tables)


if __name__ == "__main__":
    main()
