"""What the owner declares about a feed: a small TOML file beside it (`feed.toml` in a folder, `<name>.toml` beside
a file).
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from catalog_sync.rows import FeedRefused, Stop

_LANGUAGE_IN_NAME = re.compile(r"[._-](fr|en)(?=\.|$)", re.IGNORECASE)
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")
MAX_BYTES = 4 * 1024**3
MAX_NAME = 48


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """Everything that changes how the same bytes are read. Part of each digest: another option, another reading."""

    name: str = ""  # identity of the feed in the shop; '' : from the file, folder or address
    format: str = ""  # google | csv | ''
    language: str = ""  # of titles and descriptions without a language of their own
    decimal: str = ""  # "." or ","; '' : "." for Google, none for CSV (ambiguous prices are refused)
    currency: str = ""  # of prices that name none
    currencies: tuple[str, ...] = ()  # accepted besides the shop's own
    encoding: str = ""  # of delimited files; '' : found out
    delimiter: str = ""  # of delimited files; '' : found out
    store: str = ""  # store that a plain `quantity` column counts
    columns: dict[str, str] = field(default_factory=dict)  # our name → the column's name
    fixed: dict[str, str] = field(default_factory=dict)  # our name → the same text for every row
    max_bytes: int = MAX_BYTES

    def salt(self, *parts: str) -> bytes:
        """16 bytes that differ when anything that changes the reading differs."""
        text = "\x1f".join([repr(self), *parts])
        return hashlib.blake2b(text.encode(), digest_size=16).digest()


_STRINGS = ("name", "format", "language", "decimal", "currency", "encoding", "delimiter", "store")


def load_options(path: Path, base: FeedOptions | None = None) -> FeedOptions:
    """Reads such a file over `base`. Raises FeedRefused(BAD_OPTIONS) with what is wrong."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FeedRefused(Stop.BAD_OPTIONS, file=path.name, problem=str(error)) from error
    changes: dict[str, Any] = {}
    for key, value in table.items():
        if key in _STRINGS and isinstance(value, str):
            changes[key] = value
        elif key in ("columns", "fixed") and isinstance(value, dict):
            changes[key] = {str(ours): str(theirs) for ours, theirs in value.items()}
        elif key == "currencies" and isinstance(value, list):
            changes[key] = tuple(str(one) for one in value)
        else:
            raise FeedRefused(Stop.BAD_OPTIONS, file=path.name, problem=f"{key!r} is not an option, or not of its type")
    options = replace(base or FeedOptions(), **changes)
    if options.decimal not in ("", ".", ","):
        raise FeedRefused(Stop.BAD_OPTIONS, file=path.name, problem="decimal is '.' or ','")
    if len(options.delimiter) > 1:
        raise FeedRefused(Stop.BAD_OPTIONS, file=path.name, problem="delimiter is one character")
    return options


def name_of(text: str) -> str:
    """A feed's name from a file name, a folder or an address: lower-case letters and digits with dashes."""
    name = _NOT_IN_A_NAME.sub("-", text.casefold()).strip("-")
    return name[:MAX_NAME].strip("-") or "feed"


def stem_of(file_name: str) -> str:
    """`products.fr.xml.gz` → `products`: without suffixes and language."""
    base = re.sub(r"(\.(xml|rss|atom|tsv|csv|txt|gz|zip))+$", "", file_name, flags=re.IGNORECASE)
    return _LANGUAGE_IN_NAME.sub("", base)


def language_in(file_name: str) -> str:
    """`products.fr.xml` → `fr`; '' when the name says none."""
    found = _LANGUAGE_IN_NAME.search(file_name)
    return found[1].lower() if found else ""
