"""What SOURCE is: which file holds the products, which the stock and the stores, and which options apply."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from catalog_sync.opening import Scan, fetch_feed, is_address, unpack
from catalog_sync.options import FeedOptions, language_in, load_options, name_of, stem_of
from catalog_sync.rows import FeedRefused, FeedRow, RawItem, RowError, Stop
from catalog_sync.sources.csv_file import CsvFile
from catalog_sync.sources.google_feed import GoogleText, GoogleXml
from commerce.ports import WebFetcher

_INVENTORY = re.compile(r"(local[-_ ]?)?inventory|local[-_]|stock", re.IGNORECASE)
_FEED_SUFFIXES = (".xml", ".rss", ".atom", ".tsv", ".csv", ".txt")
_PACKED = (".gz", ".zip")


class Source(Protocol):
    """One format. Three methods do the work: cut the file into items, read rows from items, say an item's id."""

    format: str
    decimal: str
    """Decimal sign of its prices unless declared; '' where there is no rule."""

    def __init__(self, path: Path, scan: Scan, options: FeedOptions) -> None: ...

    @staticmethod
    def recognises(name: str, head: bytes) -> bool: ...

    def raw_items(self) -> Iterator[RawItem]:
        """Raises FeedRefused at the first sight of what must not be read, and at the end when the file was cut."""
        ...

    def rows(self, items: Sequence[RawItem]) -> Iterator[FeedRow | RowError]: ...

    def id_of(self, item: RawItem) -> str | None:
        """Cheap, without parsing; None where only parsing can tell."""
        ...


# The registry: the first that recognises a file reads it. Adding a source is adding a line.
SOURCES: tuple[type[Source], ...] = (GoogleXml, GoogleText, CsvFile)


@dataclass(frozen=True, slots=True)
class Feed:
    """`folder`: where pictures named by a path are; None for a feed from the web, which may name none."""

    products: Path
    source: type[Source]
    options: FeedOptions
    stores: Path | None = None
    inventory: Path | None = None
    folder: Path | None = None


def locate(
    source: str, *, format: str | None, options: FeedOptions, scratch: Path, fetcher: Callable[[], WebFetcher]
) -> Feed:
    """Raises FeedRefused: nothing there, nothing that can be read, or several product files."""
    if is_address(source):
        path = fetch_feed(fetcher(), source, scratch, options.max_bytes)
        parts = urlsplit(source)
        file_name = Path(parts.path).name
        name = options.name or name_of(f"{parts.hostname} {stem_of(file_name)}")
        return _feed(path, file_name, replace(options, name=name), format, scratch)
    path = Path(source).expanduser()
    if path.is_dir():
        return _folder(path, options, format, scratch)
    if not path.is_file():
        raise FeedRefused(Stop.NOT_FOUND, source=source)
    beside = path.parent / f"{stem_of(path.name)}.toml"
    if beside.is_file():
        options = load_options(beside, options)
    feed = _feed(path, path.name, replace(options, name=options.name or name_of(stem_of(path.name))), format, scratch)
    return replace(feed, folder=path.parent.resolve())


def _folder(folder: Path, options: FeedOptions, format: str | None, scratch: Path) -> Feed:
    if (folder / "feed.toml").is_file():
        options = load_options(folder / "feed.toml", options)
    stores = next((folder / name for name in ("stores.toml", "stores.csv") if (folder / name).is_file()), None)
    products: list[Path] = []
    inventory: Path | None = None
    for path in sorted(folder.iterdir()):
        bare = path.name.lower()
        for suffix in _PACKED:
            bare = bare.removesuffix(suffix)
        packed = bare != path.name.lower() and "." not in bare
        if (
            path == stores
            or not path.is_file()
            or bare.startswith(".")
            or not (packed or bare.endswith(_FEED_SUFFIXES))
        ):
            continue
        if _INVENTORY.match(path.name):
            inventory = inventory or path
        else:
            products.append(path)
    if not products:
        raise FeedRefused(Stop.NOT_FOUND, source=str(folder))
    if len(products) > 1:
        raise FeedRefused(Stop.SEVERAL_FEEDS, count=len(products))
    options = replace(options, name=options.name or name_of(folder.resolve().name))
    feed = _feed(products[0], products[0].name, options, format, scratch)
    return replace(feed, stores=stores, inventory=inventory, folder=folder.resolve())


def _feed(path: Path, file_name: str, options: FeedOptions, format: str | None, scratch: Path) -> Feed:
    plain = unpack(path, scratch, options.max_bytes)
    if not options.language:
        options = replace(options, language=language_in(file_name))
    with plain.open("rb") as file:
        head = file.read(1 << 16)
    for sign, codec in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if head.startswith(sign):
            head = head[: len(head) & ~1].decode(codec, "ignore").encode()
    bare = file_name
    for suffix in _PACKED:
        bare = bare.removesuffix(suffix)
    wanted = format or options.format
    for kind in SOURCES:
        if (not wanted or kind.format == wanted) and kind.recognises(bare, head):
            return Feed(plain, kind, options)
    raise FeedRefused(Stop.UNKNOWN_FORMAT, source=file_name)
