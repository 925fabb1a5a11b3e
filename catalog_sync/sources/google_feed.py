"""Google Merchant product feeds: XML (RSS 2.0 or Atom, `g:` names) and tab-separated text.

https://support.google.com/merchants/answer/7052112 (attributes), /answer/14987622 (XML), /answer/12631822 (text).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from catalog_sync.delimited import Records, columns_of, encoding_of
from catalog_sync.opening import Scan, utf8_blocks
from catalog_sync.options import FeedOptions
from catalog_sync.rows import FeedRefused, FeedRow, RawItem, RowError, Stop
from catalog_sync.xml_items import XmlItems, declared_encoding, read_batch, refuse_doctype

_ID = re.compile(rb"<(?:[\w.-]+:)?id>([^<]*)<")
_ATOM = re.compile(rb"<(?:[\w.-]+:)?feed[\s>]")
# Names of the text format that differ from the XML's.
_ALIASES = {"colour": "color", "image link": "image_link", "sku": "id", "main image link": "image_link"}


class GoogleXml:
    """`<item>` of RSS or `<entry>` of Atom. Prices have a decimal point (Google's format) unless declared otherwise."""

    format = "google"
    decimal = "."

    def __init__(self, path: Path, scan: Scan, options: FeedOptions) -> None:
        with path.open("rb") as file:
            head = file.read(1 << 16)
        if scan.encoding == "utf-16":
            head = head.decode("utf-16", "ignore").encode()
        refuse_doctype(head[: _before_items(head)])
        encoding = scan.encoding
        if encoding == "cp1252":
            declared = declared_encoding(head) or "utf-8"
            if declared in ("utf-8", "utf8"):
                raise FeedRefused(Stop.ENCODING, encoding="UTF-8", line=scan.bad_line)
            encoding = declared
        elif encoding == "utf-8" and (declared := declared_encoding(head)) not in ("", "utf-8", "utf8", "us-ascii"):
            encoding = declared
        self._items = XmlItems(utf8_blocks(path, encoding), b"entry" if _ATOM.search(head) else b"item")
        self._names: dict[str, str] = {}

    @staticmethod
    def recognises(name: str, head: bytes) -> bool:
        text = head.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")
        return text.startswith(b"<") or name.lower().endswith((".xml", ".rss", ".atom"))

    def raw_items(self) -> Iterator[RawItem]:
        yield from self._items
        self._items.check_scaffold()

    def rows(self, items: Sequence[RawItem]) -> Iterator[FeedRow | RowError]:
        return read_batch(items, self._items.root_start, self._names)

    def id_of(self, item: RawItem) -> str | None:
        """The item's id from its bytes, or None where only parsing can tell."""
        found = _ID.search(item.data)
        if found is None or b"<![CDATA[" in item.data[: found.start()]:
            return None
        text = found[1].strip()
        return text.decode() if text and b"&" not in text else None


def _before_items(head: bytes) -> int:
    found = re.search(rb"<(item|entry)[\s>]", head)
    return found.start() if found else len(head)


class GoogleText:
    """Tab-separated, names in the first line, lists by commas."""

    format = "google"
    decimal = "."
    _quoted = False

    def __init__(self, path: Path, scan: Scan, options: FeedOptions) -> None:
        self._ends_whole = scan.ends_with_newline
        self._records = Records(
            path, encoding_of(scan, options.encoding), options.delimiter or "\t", quoted=self._quoted
        )
        self._names: list[str] = []
        self._last_short = 0

    @staticmethod
    def recognises(name: str, head: bytes) -> bool:
        first = head.lstrip(b"\xef\xbb\xbf").split(b"\n", 1)[0].lower()
        columns = {column.strip().strip(b'"') for column in first.split(b"\t")}
        return {b"id", b"title", b"price"} <= columns

    def raw_items(self) -> Iterator[RawItem]:
        width = 0
        last: RawItem | None = None
        for item in self._records:
            if not width:
                width = len(self._records.header)
                self._names = [name_of_column(name) for name in self._records.header]
            if last is not None:
                yield last
            last = item
        if not self._records.header:
            raise FeedRefused(Stop.NO_ITEM)
        if last is not None:
            if not self._ends_whole and isinstance(columns_of(last, width), RowError):
                raise FeedRefused(Stop.CUT, line=last.line)
            yield last

    def rows(self, items: Sequence[RawItem]) -> Iterator[FeedRow | RowError]:
        width = len(self._names)
        for item in items:
            columns = columns_of(item, width)
            if isinstance(columns, RowError):
                yield columns
                continue
            fields = {name: text for name, text in zip(self._names, columns, strict=True) if text}
            more = fields.pop("additional_image_link", "")
            yield FeedRow(item.line, fields, tuple(part.strip() for part in more.split(",") if part.strip()))

    def id_of(self, item: RawItem) -> str | None:
        return None if "id" not in self._names else _column(item, self._names.index("id"))


def _column(item: RawItem, at: int) -> str | None:
    columns = item.data.split(b"\x1f", at + 1)
    return columns[at].decode("utf-8", "replace").strip() or None if len(columns) > at else None


def name_of_column(text: str) -> str:
    """`Image Link` and `g:image_link` → `image_link`."""
    name = text.strip().strip('"').casefold().removeprefix("g:")
    return _ALIASES.get(name, name.replace(" ", "_"))


LOADERS: tuple[Callable[[Path, Scan, FeedOptions], GoogleXml | GoogleText], ...] = (GoogleXml, GoogleText)
