"""Reading the word files: TOML in, checked frozen entries out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any, cast, get_args

from commerce.lexicon.entries import Agreement, Category, Colour, Entry, Kind, SizeSystem

# One file a kind; the order is the order in which facets and menus list the entries.
FILES: Mapping[str, Kind] = {
    "categories.toml": "category",
    "colours.toml": "colour",
    "genders.toml": "gender",
    "materials.toml": "material",
    "patterns.toml": "pattern",
    "occasions.toml": "occasion",
    "seasons.toml": "season",
    "sleeves.toml": "sleeve",
    "lengths.toml": "length",
    "fits.toml": "fit",
}
_KEY = re.compile(r"[a-z][a-z0-9_]*\Z")
_HEX = re.compile(r"#[0-9a-f]{6}\Z")
_COMMON = {"fr", "en", "also_fr", "also_en", "feeds"}
_OWN = {"category": {"parent", "gender", "sizes", "meant_with"}, "colour": {"family", "hex"}}


class LexiconError(ValueError):
    """A word file says something impossible. The message names the file, the entry and what is wrong."""


def read_table(name: str) -> dict[str, Any]:
    """One word file as plain TOML."""
    with files("commerce.lexicon").joinpath("words", name).open("rb") as stream:
        return tomllib.load(stream)


def read_entries() -> tuple[Entry, ...]:
    """Every entry of every file, in file order. Raises LexiconError where a file is wrong."""
    entries: list[Entry] = []
    for name, kind in FILES.items():
        for key, table in read_table(name).items():
            try:
                entries.append(_entry(kind, key, table))
            except (TypeError, ValueError, KeyError) as error:
                raise LexiconError(f"{name}: [{key}]: {error}") from error
    _check_links(entries)
    return tuple(entries)


def _entry(kind: Kind, key: str, table: Mapping[str, Any]) -> Entry:
    if not _KEY.match(key):
        raise ValueError("a key is lower-case English in snake_case")
    unknown = set(table) - _COMMON - _OWN.get(kind, set())
    if unknown:
        raise ValueError(f"unknown fields {sorted(unknown)}")
    fr, en = _strings(table["fr"]), _strings(table["en"])
    if len(fr) not in (1, 2, 4) or len(en) not in (1, 2):
        raise ValueError("fr has 1, 2 or 4 forms and en 1 or 2")
    common = (
        kind,
        key,
        fr,
        en,
        _strings(table.get("also_fr", ())),
        _strings(table.get("also_en", ())),
        _strings(table.get("feeds", ())),
    )
    if kind == "category":
        gender, sizes = table["gender"], table["sizes"]
        if gender not in get_args(Agreement) or sizes not in get_args(SizeSystem):
            raise ValueError(f"gender {gender!r} or sizes {sizes!r} is none we know")
        return Category(
            *common, table.get("parent"), cast(Agreement, gender), sizes, _strings(table.get("meant_with", ()))
        )
    if kind == "colour":
        if not _HEX.match(table["hex"]):
            raise ValueError("hex is #rrggbb in lower case")
        return Colour(*common, table.get("family", key), table["hex"])
    return Entry(*common)


def _strings(value: Iterable[object]) -> tuple[str, ...]:
    if isinstance(value, str):
        value = (value,)
    found = tuple(value)
    if not all(isinstance(word, str) and word.strip() == word and word for word in found):
        raise TypeError(f"a list of words was expected, not {value!r}")
    return cast("tuple[str, ...]", found)


def _check_links(entries: Iterable[Entry]) -> None:
    categories = {entry.key: entry for entry in entries if isinstance(entry, Category)}
    colours = {entry.key for entry in entries if isinstance(entry, Colour)}
    for entry in entries:
        if isinstance(entry, Category):
            for other in (*entry.meant_with, *((entry.parent,) if entry.parent else ())):
                if other not in categories:
                    raise LexiconError(f"categories.toml: [{entry.key}]: no category {other!r}")
            above, steps = entry.parent, 0
            while above is not None:
                above, steps = categories[above].parent, steps + 1
                if steps > 8:
                    raise LexiconError(f"categories.toml: [{entry.key}]: its parents form a circle")
        elif isinstance(entry, Colour) and entry.family not in colours:
            raise LexiconError(f"colours.toml: [{entry.key}]: no colour {entry.family!r}")
