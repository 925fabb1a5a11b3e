"""The public "Fashion Product Images (Small)" data set as a shop: `products.tsv` and its pictures in `images-*.tar`.

Recognised by the columns of products.tsv. It is turned into an ordinary feed folder (Google XML, local inventory,
stores), which is then read like any other. What the data set lacks is made up with a fixed seed: see
`catalog_sync.fashion`.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from random import Random
from xml.sax.saxutils import escape

from catalog_sync.fashion.offers import SHELVES, price_of, sizes_of, stock_of
from catalog_sync.fashion.titles import FrenchTitles, Titled
from commerce.lexicon import Lexicon

SEED = 20260310
# Raise it when the same data set would give another feed.
VERSION = "1"
_COLUMNS = frozenset(
    {
        "id",
        "title",
        "gender",
        "master_category",
        "sub_category",
        "article_type",
        "base_colour",
        "season",
        "usage",
        "image",
    }
)
_GENDERS = {"Men": "male", "Women": "female", "Boys": "male", "Girls": "female", "Unisex": "unisex"}


def recognises(folder: Path) -> bool:
    """A folder with products.tsv of exactly this data set's columns."""
    path = folder / "products.tsv"
    if not path.is_file():
        return False
    with path.open("rb") as file:
        header = file.readline(4096).decode("utf-8", "replace").strip().split("\t")
    return set(header) >= _COLUMNS


def write_feed(
    folder: Path, target: Path, lexicon: Lexicon, progress: Callable[[str, int, int | None], None], seed: int = SEED
) -> Path:
    """Writes products.xml, local_inventory.tsv, stores.toml and feed.toml to `target`; returns it.

    Nothing is written when it was made of the same data before. The folder appears complete or not at all.
    """
    words = hashlib.blake2b(digest_size=8)
    for kind in ("category", "colour"):
        for key in lexicon.keys(kind):
            words.update(repr(lexicon.entry(kind, key)).encode())
    digest = hashlib.blake2b((folder / "products.tsv").read_bytes(), digest_size=16).hexdigest()
    made_of = {"data": digest, "version": VERSION, "seed": seed, "words": words.hexdigest()}
    stamp = target / "made-of.json"
    if stamp.is_file() and json.loads(stamp.read_text("utf-8")) == made_of:
        return target
    with (folder / "products.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    _write(rows, fresh, lexicon, progress, seed)
    (fresh / "feed.toml").write_text('name = "fashion"\nlanguage = "en"\ncurrency = "EUR"\n', "utf-8")
    (fresh / "stores.toml").write_bytes(files("catalog_sync.fashion").joinpath("stores.toml").read_bytes())
    (fresh / stamp.name).write_text(json.dumps(made_of), "utf-8")
    shutil.rmtree(target, ignore_errors=True)
    fresh.replace(target)
    return target


def _write(
    rows: list[dict[str, str]],
    target: Path,
    lexicon: Lexicon,
    progress: Callable[[str, int, int | None], None],
    seed: int,
) -> None:
    titles = FrenchTitles(rows, lexicon)
    with (
        (target / "products.xml").open("w", encoding="utf-8") as feed,
        (target / "local_inventory.tsv").open("w", encoding="utf-8") as inventory,
    ):
        feed.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">\n'
            "<channel>\n<title>Fashion</title>\n<link>https://www.kaggle.com/</link>\n"
            "<description>The public Fashion Product Images data set, with made-up offers</description>\n"
        )
        inventory.write("store_code\tid\tquantity\tprice\tavailability\tpickup_method\tpickup_sla\n")
        for number, row in enumerate(rows, 1):
            chance = Random(f"{seed}:{row['id']}")  # noqa: S311  # a made-up price needs repeatability, not secrecy
            titled = titles.compose(row)
            level = Random(f"{seed}:{titled.brand}").betavariate(2, 2.6)  # noqa: S311
            price, sale = price_of(chance, row["article_type"], level)
            sizes = sizes_of(row["article_type"], row["sub_category"], row["gender"])
            feed.writelines(_items(row, titled, sizes, price, sale))
            for shelf, levels in zip(SHELVES, stock_of(chance, max(1, len(sizes))), strict=True):
                for item_id, units in zip(_item_ids(row["id"], sizes), levels, strict=True):
                    if units is not None:
                        inventory.write(
                            f"{shelf.id}\t{item_id}\t{units}\t{_money(sale or price)}\t"
                            f"{'in_stock' if units else 'out_of_stock'}\t{'reserve' if shelf.id != 'web' else ''}\t\n"
                        )
            if number % 1000 == 0 or number == len(rows):
                progress("fashion", number, len(rows))
        feed.write("</channel>\n</rss>\n")


def _item_ids(product_id: str, sizes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{product_id}-{size}" for size in sizes) or (product_id,)


def _items(
    row: Mapping[str, str], titled: Titled, sizes: tuple[str, ...], price: int, sale: int | None
) -> Iterator[str]:
    young = row["gender"] in ("Boys", "Girls")
    common = [
        ("g:item_group_id", row["id"]),
        ("g:title", row["title"]),
        ("g:title_fr", titled.french),
        ("g:description", _description(row, titled, "en")),
        ("g:description_fr", _description(row, titled, "fr")),
        ("g:image_link", row["image"]),
        ("g:availability", "in_stock"),
        ("g:price", _money(price)),
        ("g:sale_price", _money(sale) if sale else ""),
        ("g:brand", titled.brand),
        ("g:color", row["base_colour"] if row["base_colour"] != "NA" else ""),
        ("g:gender", _GENDERS.get(row["gender"], "")),
        ("g:age_group", "kids" if young else "adult"),
        ("g:product_type", row["article_type"]),
        ("g:season", row["season"]),
        ("g:occasion", row["usage"] if row["usage"] not in ("NA", "") else ""),
        ("g:condition", "new"),
    ]
    body = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in common if text)
    for item_id, size in zip(_item_ids(row["id"], sizes), sizes or ("",), strict=True):
        extra = f"<g:size>{escape(size)}</g:size>" if size else ""
        yield f"<item><g:id>{item_id}</g:id>{body}{extra}</item>\n"


_SEASONS = {
    "Summer": ("été", "summer"),
    "Winter": ("hiver", "winter"),
    "Fall": ("automne", "autumn"),
    "Spring": ("printemps", "spring"),
}
_USES = {
    "Casual": ("Pour tous les jours", "For every day"), "Sports": ("Pour le sport", "For sport"),
    "Ethnic": ("D’inspiration indienne", "Indian-inspired"),
    "Formal": ("Pour le bureau et les occasions", "For the office and occasions"),
    "Smart Casual": ("Chic décontracté", "Smart casual"), "Party": ("Pour sortir", "For a night out"),
    "Travel": ("Pour voyager", "For travel"),
}  # fmt: skip


def _description(row: Mapping[str, str], titled: Titled, language: str) -> str:
    """Two short sentences: what it is and whose, what it is for, and the collection."""
    at = 0 if language == "fr" else 1
    what = (titled.french_words, titled.english_words)[at]
    if not what:
        return ""
    by = (f" de la marque {titled.brand}", f" by {titled.brand}")[at] if titled.brand else ""
    sentences = [f"{what[0].upper()}{what[1:]}{by}."]
    if row["usage"] in _USES:
        sentences.append(f"{_USES[row['usage']][at]}.")
    if row["season"] in _SEASONS:
        season = _SEASONS[row["season"]][at]
        sentences.append(
            f"Collection {season} {row['year']}." if at == 0 else f"{season.capitalize()} {row['year']} collection."
        )
    return " ".join(sentences)


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d} EUR"
