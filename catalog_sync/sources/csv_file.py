"""Any delimited file, with a mapping that says which column is what (`<file>.toml` or `feed.toml` beside it).

[columns]
id = "Référence"
title_fr = "Désignation"
price = "Prix TTC"
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from catalog_sync.delimited import Records, columns_of, encoding_of
from catalog_sync.opening import Scan
from catalog_sync.options import FeedOptions
from catalog_sync.rows import FeedRefused, FeedRow, RawItem, RowError, Stop

# Columns that need no mapping: our own names, and what people call them most.
_GUESSES = {
    "id": ("id", "sku", "reference", "référence", "ref", "code"),
    "title": ("title", "name", "titre", "nom", "désignation", "designation", "libellé"),
    "title_fr": ("title_fr", "titre_fr", "nom_fr"),
    "title_en": ("title_en", "name_en", "english title"),
    "description": ("description", "body"),
    "description_fr": ("description_fr",),
    "description_en": ("description_en",),
    "price": ("price", "prix", "prix ttc", "tarif"),
    "sale_price": ("sale_price", "sale price", "prix soldé", "prix promo"),
    "image_link": ("image_link", "image", "photo", "picture", "image link", "image url"),
    "additional_image_link": ("additional_image_link",),
    "item_group_id": ("item_group_id", "parent", "group", "modèle", "modele"),
    "color": ("color", "colour", "couleur"),
    "size": ("size", "taille", "pointure"),
    "brand": ("brand", "marque"),
    "product_type": ("product_type", "category", "catégorie", "categorie", "type"),
    "google_product_category": ("google_product_category",),
    "gender": ("gender", "genre", "sexe"),
    "age_group": ("age_group",),
    "material": ("material", "matière", "matiere"),
    "pattern": ("pattern", "motif"),
    "gtin": ("gtin", "ean", "upc", "barcode", "code-barres", "code barre"),
    "quantity": ("quantity", "stock", "quantité", "qty"),
    "link": ("link", "url", "lien"),
}


class CsvFile:
    """Delimiter and encoding are found out unless declared; a price that can be read in two ways is refused."""

    format = "csv"
    decimal = ""

    def __init__(self, path: Path, scan: Scan, options: FeedOptions) -> None:
        self._options = options
        self._ends_whole = scan.ends_with_newline
        self._records = Records(path, encoding_of(scan, options.encoding), options.delimiter)
        self._positions: dict[str, int] = {}

    @staticmethod
    def recognises(name: str, head: bytes) -> bool:
        return name.lower().endswith((".csv", ".txt", ".tsv"))

    def raw_items(self) -> Iterator[RawItem]:
        last: RawItem | None = None
        for item in self._records:
            if not self._positions:
                self._positions = _positions(self._records.header, self._options)
            if last is not None:
                yield last
            last = item
        if not self._records.header:
            raise FeedRefused(Stop.NO_ITEM)
        if last is not None:
            if not self._ends_whole and isinstance(columns_of(last, len(self._records.header)), RowError):
                raise FeedRefused(Stop.CUT, line=last.line)
            yield last

    def rows(self, items: Sequence[RawItem]) -> Iterator[FeedRow | RowError]:
        width = len(self._records.header)
        for item in items:
            columns = columns_of(item, width)
            if isinstance(columns, RowError):
                yield columns
                continue
            fields = {name: columns[at] for name, at in self._positions.items() if columns[at]}
            more = fields.pop("additional_image_link", "")
            yield FeedRow(item.line, fields, tuple(part.strip() for part in more.split(",") if part.strip()))

    def id_of(self, item: RawItem) -> str | None:
        columns = item.data.split(b"\x1f")
        at = self._positions["id"]
        return columns[at].decode("utf-8", "replace").strip() or None if at < len(columns) else None


def _positions(header: list[str], options: FeedOptions) -> dict[str, int]:
    """Our name → column number: the mapping first, then what needs none. Raises FeedRefused(NO_COLUMN)."""
    known = {name.casefold(): at for at, name in reversed(list(enumerate(header)))}
    found: dict[str, int] = {}
    for name, column in options.columns.items():
        if column.casefold() not in known:
            raise FeedRefused(Stop.NO_COLUMN, column=column, columns=", ".join(header[:40]))
        found[name] = known[column.casefold()]
    taken = set(found.values())
    for name, guesses in _GUESSES.items():
        for guess in guesses:
            if name not in found and known.get(guess) not in (None, *taken):
                found[name] = known[guess]
                taken.add(known[guess])
    for needed in (("id",), ("title", "title_fr", "title_en"), ("price",)):
        if not any(name in found or name in options.fixed for name in needed):
            raise FeedRefused(Stop.NO_COLUMN, column=needed[0], columns=", ".join(header[:40]))
    return found
