"""Towns and postcodes: a bundled list of larger towns, and any finer list that the shop imports.

Imported lists are CSV files in `<data_dir>/places/` with the columns of the bundled `towns.csv`: name, postcodes
(single ones or ranges, separated by spaces), country, latitude, longitude.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from commerce.domain.geo import GeoPoint, Place
from commerce.lexicon import fold

BUNDLED = Path(__file__).with_name("towns.csv")
_POSTCODE = re.compile(r"\b(\d{4,5}|[a-z]\d[a-z](?: ?\d[a-z]\d)?)\b")
_SAINT = re.compile(r"\bst(e?)\b")
_LONGEST_QUERY = 200
_TYPO_CUTOFF = 0.8  # similarity of whole names, 0..1: "grenobel" finds Grenoble, "roses" does not find Troyes


@dataclass(frozen=True, slots=True)
class _Town:
    place: Place
    ranges: tuple[tuple[str, str], ...]


class FileGazetteer:
    """Looks up towns read from CSV files, the later ones being finer. Files are read at the first question."""

    def __init__(self, *, extra: Path | None = None, home: GeoPoint | None = None) -> None:
        self._extra, self._home = extra, home

    def find(self, words: str, *, country: str = "", near: GeoPoint | None = None) -> Place | None:
        """The town or postcode that the words name; of several, the one nearest to `near` or to the shop.

        A sentence may surround it: « je suis à Grenoble », "near 69002". One or two slips of the finger are forgiven.
        """
        folded = _fold(words[:_LONGEST_QUERY])
        near = near or self._home
        for match in _POSTCODE.finditer(folded):
            if found := self._by_postcode(match.group(1), country, near):
                return found
        return self._by_name(folded, country, near)

    @cached_property
    def _towns(self) -> list[_Town]:
        files = [BUNDLED, *(sorted(self._extra.glob("*.csv")) if self._extra and self._extra.is_dir() else [])]
        return [town for file in files for town in _read(file)]

    @cached_property
    def _names(self) -> dict[str, list[Place]]:
        names: dict[str, list[Place]] = defaultdict(list)
        for town in self._towns:
            names[_fold(town.place.name)].append(town.place)
        return dict(names)

    @cached_property
    def _by_prefix(self) -> dict[str, list[_Town]]:
        """Towns by the first character of their postcodes, so that a question reads a tenth of a national list."""
        prefixes: dict[str, list[_Town]] = defaultdict(list)
        for town in self._towns:
            for first in {low[:1] for low, _ in town.ranges}:
                prefixes[first].append(town)
        return dict(prefixes)

    def _by_postcode(self, postcode: str, country: str, near: GeoPoint | None) -> Place | None:
        code = postcode.replace(" ", "")
        found = [
            (len(high) + (low == high), town.place)
            for town in self._by_prefix.get(code[:1], [])
            for low, high in town.ranges
            if low <= code[: len(high)] <= high and (len(high) == len(code) or high[0].isalpha())
        ]
        if country:
            found = [(rank, place) for rank, place in found if place.country == country]
        best = max((rank for rank, _ in found), default=0)  # an exact postcode says more than a range
        chosen = _nearest([place for rank, place in found if rank == best], near)
        return chosen and Place(chosen.name, postcode.upper(), chosen.country, chosen.point)

    def _by_name(self, folded: str, country: str, near: GeoPoint | None) -> Place | None:
        tokens = folded.split()
        for length in range(min(5, len(tokens)), 0, -1):
            for start in range(len(tokens) - length, -1, -1):  # a place is more often said last
                named = self._names.get(" ".join(tokens[start : start + length]), [])
                if found := _nearest([p for p in named if not country or p.country == country], near):
                    return found
        return self._by_typo(tokens, country, near)

    def _by_typo(self, tokens: list[str], country: str, near: GeoPoint | None) -> Place | None:
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        for length in (3, 2, 1):
            for start in range(len(tokens) - length, -1, -1):
                words = " ".join(tokens[start : start + length])
                if len(words) < 5:
                    continue
                hit = process.extractOne(
                    words, self._names.keys(), scorer=OSA.normalized_similarity, score_cutoff=_TYPO_CUTOFF
                )
                if hit is not None:
                    named = [p for p in self._names[hit[0]] if not country or p.country == country]
                    if found := _nearest(named, near):
                        return found
        return None


def _fold(words: str) -> str:
    return _SAINT.sub(r"saint\1", fold(words))


def _nearest(places: list[Place], near: GeoPoint | None) -> Place | None:
    if not places:
        return None
    return places[0] if near is None else min(places, key=lambda place: near.distance_m(place.point))


def _read(path: Path) -> Iterator[_Town]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            place = Place(row["name"], "", row["country"], GeoPoint(float(row["latitude"]), float(row["longitude"])))
            ranges = []
            for part in row["postcodes"].casefold().split():
                low, _, high = part.partition("-")
                ranges.append((low, high or low))
            yield _Town(place, tuple(ranges))


def import_places(source: Path, directory: Path) -> int:
    """Turns a public list of places into the columns read here; returns how many towns it holds.

    Known lists: the communes of France (comma-separated, with NAME, ZIP_CODES, LATITUDE, LONGITUDE) and GeoNames postal
    code files (tab-separated without header, https://download.geonames.org/export/zip/readme.txt). Raises ValueError
    for anything else.
    """
    with source.open(encoding="utf-8-sig", newline="") as file:
        head = file.readline()
    if "ZIP_CODES" in head:
        rows = _communes(source)
    elif head.count("\t") >= 10:
        rows = _geonames(source)
    elif head.strip() == BUNDLED.open(encoding="utf-8").readline().strip():
        rows = ([*row.values()] for row in _dicts(source))
    else:
        raise ValueError(f"{source.name}: not a list of places that is known here")
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / f"{source.stem}.csv"
    temporary = target.with_suffix(".part")
    count = 0
    with temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "postcodes", "country", "latitude", "longitude"])
        for row in rows:
            writer.writerow(row)
            count += 1
    temporary.replace(target)
    return count


def _dicts(source: Path) -> Iterator[dict[str, str]]:
    with source.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _communes(source: Path) -> Iterator[Iterable[str]]:
    for row in _dicts(source):
        if row["LATITUDE"] and row["LONGITUDE"]:
            codes = " ".join(re.findall(r"\d{5}", row["ZIP_CODES"] or ""))
            yield row["NAME"], codes, "FR", row["LATITUDE"], row["LONGITUDE"]


def _geonames(source: Path) -> Iterator[Iterable[str]]:
    with source.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if len(row) > 10 and row[9] and row[10]:
                yield row[2].split("(")[0].strip(), row[1], row[0], row[9], row[10]
