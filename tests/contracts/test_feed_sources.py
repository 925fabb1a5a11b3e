"""One suite over every source of feeds: the same things said in each format become the same items."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from catalog_sync.locate import SOURCES, Source, locate
from catalog_sync.opening import scan
from catalog_sync.options import FeedOptions
from catalog_sync.rows import FeedRefused, FeedRow, RawItem, RowError

ROWS = [
    {"id": "A-1", "title": "Robe d'été", "price": "79.00 EUR", "size": "38"},
    {"id": "A-2", "title": "Linen & cotton dress", "price": "79.00 EUR", "size": "40"},
    {"id": "B", "title": "Belt", "price": "29.00 EUR", "size": ""},
]


def _xml(rows: list[dict[str, str]]) -> str:
    from xml.sax.saxutils import escape

    items = "".join(
        "<item>" + "".join(f"<g:{name}>{escape(text)}</g:{name}>" for name, text in row.items() if text) + "</item>\n"
        for row in rows
    )
    return f'<rss xmlns:g="http://base.google.com/ns/1.0"><channel>\n{items}</channel></rss>\n'


def _table(rows: list[dict[str, str]], separator: str) -> str:
    lines = [separator.join(ROWS[0])] + [separator.join(row.values()) for row in rows]
    return "\n".join(lines) + "\n"


FORMATS: dict[str, tuple[str, Callable[[list[dict[str, str]]], str]]] = {
    "google xml": ("products.xml", _xml),
    "google tsv": ("products.tsv", lambda rows: _table(rows, "\t")),
    "csv ;": ("products.csv", lambda rows: _table(rows, ";")),
    "csv ,": ("products.csv", lambda rows: _table(rows, ",")),
}


@pytest.fixture(params=FORMATS)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    name, make = FORMATS[request.param]
    path = tmp_path / name
    path.write_text(make(ROWS), "utf-8")
    return path


def opened(path: Path, tmp_path: Path) -> Source:
    feed = locate(
        str(path), format=None, options=FeedOptions(), scratch=tmp_path, fetcher=lambda: pytest.fail("no network")
    )
    return feed.source(feed.products, scan(feed.products, b""), feed.options)


def read(source: Source) -> list[FeedRow | RowError]:
    return list(source.rows(list(source.raw_items())))


def test_items_and_their_fields(written: Path, tmp_path: Path) -> None:
    rows = read(opened(written, tmp_path))
    assert [dict(row.fields) for row in rows if isinstance(row, FeedRow)] == [
        {name: text for name, text in row.items() if text} for row in ROWS
    ]
    assert [row.line for row in rows] == [2, 3, 4]


def test_the_id_is_found_without_parsing(written: Path, tmp_path: Path) -> None:
    source = opened(written, tmp_path)
    assert [source.id_of(item) for item in source.raw_items()] == ["A-1", "A-2", "B"]


def test_raw_items_are_the_same_bytes_wherever_they_stand(
    request: pytest.FixtureRequest, written: Path, tmp_path: Path
) -> None:
    first = [item.data for item in opened(written, tmp_path).raw_items()]
    make = FORMATS[request.node.callspec.params["written"]][1]
    written.write_text(make(ROWS[::-1]), "utf-8")
    assert [item.data for item in opened(written, tmp_path).raw_items()][::-1] == first


def test_every_cut_is_noticed_or_harmless(written: Path, tmp_path: Path) -> None:
    """A file cut anywhere is refused, or loses whole items at its end, and never tells a half one."""
    whole = written.read_bytes()
    complete = {item.data for item in opened(written, tmp_path).raw_items()}
    for length in range(len(whole.rstrip())):
        written.write_bytes(whole[:length])
        try:
            items: list[RawItem] = list(opened(written, tmp_path).raw_items())
        except FeedRefused:
            continue
        assert written.suffix != ".xml", f"XML cut at {length} was taken for whole"
        # A table may end in the middle of its last cell: only that cell can be shorter.
        assert all(item.data in complete for item in items[:-1])


def test_registered_sources_recognise_only_their_own() -> None:
    assert len({source.format for source in SOURCES}) >= 2
    html = b"PNG\r\n\x1a\n\0\0"
    assert not any(source.recognises("picture.png", html) for source in SOURCES)
