"""Feeds as nobody should send them, made on the fly. Each says what must be answered."""

# ruff: noqa: E501  (a case is a line)

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>\n'
    "<title>Proof</title>\n"
)
TAIL = "</channel></rss>\n"
FIRST_ITEM_LINE = HEAD.count("\n") + 1
STORES = """
[[store]]
id = "one"
name = "One"
city = "Lyon"
country = "FR"
latitude = 45.76
longitude = 4.83
hours = { mon = "10:00-19:00" }
"""


def item(number: int, price: str = "", **fields: str) -> str:
    """One line of XML: variant `number` of product number // 3."""
    values = {
        "id": f"SKU-{number}",
        "item_group_id": f"P-{number // 3}",
        "title": f"Linen dress {number // 3}",
        "price": price or f"{20 + number // 3 % 60}.90 EUR",
        "size": ("S", "M", "L")[number % 3],
        "color": "navy",
        "product_type": "Dresses",
        **fields,
    }
    return "<item>" + "".join(f"<g:{name}>{text}</g:{name}>" for name, text in values.items()) + "</item>\n"


def feed(items: Iterator[str] | list[str], head: str = HEAD, tail: str = TAIL) -> str:
    return head + "".join(items) + tail


def good_items(count: int) -> list[str]:
    return [item(number) for number in range(count)]


@dataclass(frozen=True, slots=True)
class Case:
    """`write(folder, count)` leaves a feed of `count` good items with something wrong in it, and returns its path.

    Either the whole feed is refused with `stop`, or one line is left out with `reason` at `line`. `line` 0: not named.
    """

    name: str
    write: Callable[[Path, int], Path]
    stop: str = ""
    reason: str = ""
    line: int = 0


def _text(
    content: Callable[[int], str], name: str = "products.xml", encoding: str = "utf-8"
) -> Callable[[Path, int], Path]:
    def write(folder: Path, count: int) -> Path:
        path = folder / name
        path.write_bytes(content(count).encode(encoding))
        return path

    return write


def _bytes(content: Callable[[int], bytes], name: str = "products.xml") -> Callable[[Path, int], Path]:
    def write(folder: Path, count: int) -> Path:
        path = folder / name
        path.write_bytes(content(count))
        return path

    return write


def _with(extra: str) -> Callable[[Path, int], Path]:
    """The good feed with one more item in front."""
    return _text(lambda count: feed([extra, *good_items(count)]))


def _doctype(declaration: str, body: str = "") -> Callable[[Path, int], Path]:
    head = HEAD.replace("<rss", f"{declaration}\n<rss")
    return _text(lambda count: feed([item(9_000_000, title=body or "x"), *good_items(count)], head=head))


def _lines(count: int, separator: str = "\t", extra: str = "") -> str:
    rows = [separator.join(("id", "item_group_id", "title", "price", "size", "color", "product_type"))]
    rows += [
        separator.join(
            (
                f"SKU-{n}",
                f"P-{n // 3}",
                f"Linen dress {n // 3}",
                f"{20 + n // 3 % 60}.90 EUR",
                "SML"[n % 3],
                "navy",
                "Dresses",
            )
        )
        for n in range(count)
    ]
    return "\n".join(rows) + "\n" + extra


def _zeros(total: int) -> Iterator[bytes]:
    block = b"<!-- " + b"A" * (1 << 20) + b" -->"
    for _ in range(total // len(block) + 1):
        yield block


def _gzip_bomb(total: int) -> Callable[[Path, int], Path]:
    def write(folder: Path, count: int) -> Path:
        path = folder / "products.xml.gz"
        with gzip.open(path, "wb", compresslevel=9) as file:
            for block in _zeros(total):
                file.write(block)
        return path

    return write


def _zip_bomb(total: int) -> Callable[[Path, int], Path]:
    def write(folder: Path, count: int) -> Path:
        path = folder / "products.zip"
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
            archive.open("products.xml", "w") as file,
        ):
            for block in _zeros(total):
                file.write(block)
        return path

    return write


def _nested(folder: Path, count: int) -> Path:
    inner = folder / "inner.zip"
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("products.xml", feed(good_items(count)))
    path = folder / "products.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(inner, "products.xml")
    inner.unlink()
    return path


def _cut_gzip(folder: Path, count: int) -> Path:
    path = folder / "products.xml.gz"
    whole = zlib.compress(feed(good_items(count)).encode(), wbits=31)
    path.write_bytes(whole[: len(whole) // 2])
    return path


def cases(address: str, secret: Path, bomb_bytes: int) -> list[Case]:
    """`address`: a server that must never be asked; `secret`: a file that must never be read."""
    laughs = "".join(
        f'<!ENTITY l{n} "{"&l" + str(n - 1) + ";" if n else "lol"}{("&l" + str(n - 1) + ";") * 9 if n else ""}">'
        for n in range(10)
    )
    line = FIRST_ITEM_LINE
    return [
        Case("external entity, file", _doctype(f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{secret}">]>', "&x;"), "doctype", line=2),
        Case("external entity, http", _doctype(f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{address}/x">]>', "&x;"), "doctype", line=2),
        Case("parameter entity", _doctype(f'<!DOCTYPE rss [<!ENTITY % p SYSTEM "{address}/p"> %p;]>'), "doctype", line=2),
        Case("billion laughs", _doctype(f"<!DOCTYPE rss [{laughs}]>", "&l9;"), "doctype", line=2),
        Case("quadratic blow-up", _doctype(f'<!DOCTYPE rss [<!ENTITY a "{"A" * 50_000}">]>', "&a;" * 5000), "doctype", line=2),
        Case("external DTD", _doctype(f'<!DOCTYPE rss SYSTEM "{address}/feed.dtd">'), "doctype", line=2),
        Case("DOCTYPE after a comment", _doctype(f'<!-- x --><!DOCTYPE rss SYSTEM "{address}/d">'), "doctype", line=2),
        Case("DOCTYPE in UTF-16", _text(lambda n: feed(good_items(n), head=HEAD.replace("UTF-8", "UTF-16").replace("<rss", f'<!DOCTYPE rss SYSTEM "{address}/u"><rss')), encoding="utf-16"), "doctype"),
        Case("XInclude", _with(item(9_000_001, title=f'x<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file://{secret}" parse="text"/>'))),
        Case("XML cut half-way", _text(lambda n: feed(good_items(n))[: len(feed(good_items(n))) // 2]), "cut"),
        Case("XML cut between two items", _text(lambda n: feed(good_items(n), tail="")), "cut"),
        Case("TSV cut in a line", _text(lambda n: _lines(n)[:-30], "products.tsv"), "cut"),
        Case("CSV with an open quote", _text(lambda n: _lines(n, ";", 'SKU-X;P-X;"Linen dress'), "products.csv"), "cut"),
        Case("gzip cut half-way", _cut_gzip, "damaged_archive"),
        Case("gzip bomb", _gzip_bomb(bomb_bytes), "bomb"),
        Case("zip bomb", _zip_bomb(bomb_bytes), "bomb"),
        Case("archive in an archive", _nested, "nested_archive"),
        Case("latin-1 labelled UTF-8", _bytes(lambda n: feed([item(9_000_002, title="Robe d'\xe9t\xe9"), *good_items(n)]).encode("latin-1")), "encoding", line=line),
        Case("NUL byte", _with(item(9_000_003, title="a\0b")), "nul", line=line),
        Case("empty feed", _text(lambda n: feed([])), "no_item"),
        Case("no byte at all", _text(lambda n: ""), "no_item"),
        Case("90 % of items vanish", _text(lambda n: feed(good_items(n // 10))), "shrank"),
        Case("a web page", _text(lambda n: "<!doctype html><html><body>Not found</body></html>"), "doctype"),
        Case("negative price", _with(item(9_000_010, "-5.00 EUR")), reason="negative_price", line=line),
        Case("NaN price", _with(item(9_000_011, "NaN EUR")), reason="not_a_price", line=line),
        Case("1e400", _with(item(9_000_012, "1e400 EUR")), reason="not_a_price", line=line),
        Case("comma in a feed with points", _with(item(9_000_013, "49,99 EUR")), reason="ambiguous_price", line=line),
        Case("unknown currency", _with(item(9_000_014, "15.00 XYZ")), reason="unknown_currency", line=line),
        Case("another currency", _with(item(9_000_015, "15.00 USD")), reason="other_currency", line=line),
        Case("title of 1 MB", _with(item(9_000_016, title="A" * 1_000_000)), reason="too_long", line=line),
        Case("item that is not well formed", _with("<item><g:id>X</g:id><g:title>a</g:titl></item>\n"), reason="not_well_formed", line=line),
        Case("duplicate SKU", _text(lambda n: feed([*good_items(n), item(0, title="Another dress")])), reason="duplicate"),
        Case("control character", _with(item(9_000_018, title="a&#x1;b")), reason="not_well_formed", line=line),
    ]  # fmt: skip
