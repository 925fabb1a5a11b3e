"""Delimited files (TSV, CSV): encoding and delimiter found out, records with the line they began on."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from catalog_sync.opening import Scan
from catalog_sync.rows import FeedRefused, RawItem, Reason, RowError, Stop

MAX_FIELD = 8 << 20
_DELIMITERS = ("\t", ";", ",", "|")
_SEPARATOR = "\x1f"


def encoding_of(scan: Scan, declared: str) -> str:
    """Declared, else found out: a byte-order mark, else UTF-8 where all of it is, else Windows-1252.

    Raises FeedRefused(ENCODING) where the declared one is not true.
    """
    if declared:
        try:
            name = codecs.lookup(declared).name
        except LookupError as error:
            raise FeedRefused(Stop.ENCODING, encoding=declared, line=1) from error
        if name in ("utf-8", "utf-8-sig") and scan.bad_line:
            raise FeedRefused(Stop.ENCODING, encoding=declared, line=scan.bad_line)
        return "utf-8-sig" if name == "utf-8" and scan.encoding == "utf-8-sig" else declared
    return scan.encoding


def delimiter_of(first_line: str, declared: str) -> str:
    """Declared, else the candidate that the header line holds most often (a tab wins over a comma in a title)."""
    return declared or max(_DELIMITERS, key=lambda sign: (first_line.count(sign), -_DELIMITERS.index(sign)))


class Records:
    """The records of a file, each as its columns joined (RawItem.data). `header` is there after the first."""

    def __init__(self, path: Path, encoding: str, delimiter: str, *, quoted: bool = True) -> None:
        self._path, self._encoding = path, encoding
        self._declared, self._quoted = delimiter, quoted
        self.header: list[str] = []
        self.lines = 0

    def __iter__(self) -> Iterator[RawItem]:
        csv.field_size_limit(MAX_FIELD)
        try:
            with self._path.open(encoding=self._encoding, newline="") as file:
                first = _first_line(file)
                delimiter = delimiter_of(first, self._declared)
                file.seek(0)
                # Google's TSV knows no quotes; a spreadsheet's does, and then a field begins with one.
                quoted = self._quoted or f'{delimiter}"' in first or first.startswith('"')
                reader = csv.reader(
                    file, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE, strict=quoted
                )
                for record in reader:
                    if any(record):
                        self.header = [name.strip().lstrip("\ufeff") for name in record]
                        break
                line = reader.line_num + 1
                for record in reader:
                    if record:
                        yield RawItem(line, _SEPARATOR.join(record).encode("utf-8", "surrogatepass"))
                    line = reader.line_num + 1
                self.lines = reader.line_num
        except csv.Error as error:
            cut = "unexpected end of data" in str(error)
            raise FeedRefused(Stop.CUT if cut else Stop.NOT_WELL_FORMED, line=reader.line_num) from error
        except UnicodeError as error:
            raise FeedRefused(Stop.ENCODING, encoding=self._encoding, line=reader.line_num + 1) from error


def _first_line(file: io.TextIOBase) -> str:
    line = file.readline(1 << 20)
    while line and not line.strip():
        line = file.readline(1 << 20)
    return line


def fields_of(item: RawItem) -> list[str]:
    """The columns of a record, however many."""
    return item.data.decode("utf-8", "surrogatepass").split(_SEPARATOR)


def columns_of(item: RawItem, width: int) -> list[str] | RowError:
    """The columns of a record, or why it has too few or too many."""
    columns = fields_of(item)
    if len(columns) < width:
        return RowError(item.line, "line", Reason.TOO_FEW_COLUMNS, f"{len(columns)} < {width}")
    while len(columns) > width and not columns[-1].strip():
        columns.pop()
    if len(columns) > width:
        return RowError(item.line, "line", Reason.TOO_MANY_COLUMNS, f"{len(columns)} > {width}")
    return columns
