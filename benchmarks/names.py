"""Product names to search in, and queries whose right answers are known by construction."""

from __future__ import annotations

import csv
import os
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from commerce.lexicon import lexicon, singular, words

SHARED = Path(os.environ.get("VITRINE_SHARED") or Path(__file__).resolve().parents[2] / "shared")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SYLLABLES = [c + v for c in "bcdfghjklmnprstvz" for v in "aeiou"] + ["an", "el", "or", "in", "us", "ex", "ia", "on"]


@dataclass(frozen=True, slots=True)
class Name:
    """A product name with what is known of it; `kind`, `colour`, `gender` are English words of the catalogue."""

    title: str
    kind: str
    colour: str
    gender: str


@dataclass(frozen=True, slots=True)
class Query:
    """What is typed, and the folded English words that a right answer holds."""

    text: str
    meant: frozenset[str]
    french: str  # where its French words come from: "own", "public", or "" when it has none
    slips: int


def real_names() -> list[Name]:
    """The real catalogue beside the checkout; [] where it is absent."""
    path = SHARED / "data" / "fashion" / "products.tsv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return [
            Name(row["title"], row["article_type"], row["base_colour"], row["gender"])
            for row in csv.DictReader(stream, delimiter="\t")
        ]


def invented_names(count: int, seed: int) -> list[Name]:
    """Names in the manner of a fashion shop, for machines without the real ones."""
    rng = random.Random(seed)
    book = lexicon()
    kinds = [book.label("category", key, "en").title() for key in book.keys("category")]
    colours = [book.label("colour", key, "en").title() for key in book.keys("colour")]
    brands = [_pseudo_word(rng).title() for _ in range(400)]
    lines = [_pseudo_word(rng).title() for _ in range(4_000)]
    names = []
    for _ in range(count):
        kind, colour, gender = rng.choice(kinds), rng.choice(colours), rng.choice(("Men", "Women", "Unisex"))
        names.append(Name(f"{rng.choice(brands)} {gender} {rng.choice(lines)} {colour} {kind}", kind, colour, gender))
    return names


def many_names(source: Sequence[Name], count: int, seed: int) -> list[Name]:
    """`count` names recombined from real ones, with invented series names (some common, most rare) and model codes."""
    rng = random.Random(seed)
    dice = np.random.default_rng(seed)
    by_kind: dict[str, list[Name]] = {}
    for name in source:
        by_kind.setdefault(name.kind, []).append(name)
    series = [_pseudo_word(rng) for _ in range(180_000)]
    ranks = (dice.pareto(0.7, count) * 40).astype(np.int64) % len(series)
    picks = dice.integers(0, len(source), count)
    made = []
    for pick, rank in zip(picks.tolist(), ranks.tolist(), strict=True):
        name = source[pick]
        own = name.title.split()
        other = rng.choice(by_kind[name.kind]).title.split()
        cut = rng.randrange(1, len(own)) if len(own) > 1 else 1
        tail = own[cut:] if rng.random() < 0.5 else other[len(other) // 2 :]
        parts = own[:cut]
        chance = rng.random()
        if chance < 0.55:
            parts = [*parts, series[rank].title()]
        elif chance < 0.75:
            parts = [*parts, f"{rng.choice('ABCDEFGKLMPRSTX')}{rng.choice(_LETTERS)}{rng.randrange(10, 9999)}".upper()]
        made.append(Name(" ".join([*parts, *tail]), name.kind, name.colour, name.gender))
    return made


def _pseudo_word(rng: random.Random) -> str:
    return "".join(rng.choice(_SYLLABLES) for _ in range(rng.choice((2, 3, 3, 4))))


def public_french() -> dict[str, list[str]]:
    """Folded English word or phrase → French ones, from the public word list beside the checkout, which was made
    without ours; {} where it is absent."""
    path = SHARED / "data" / "fashion" / "lexicon.tsv"
    found: dict[str, list[str]] = {}
    if not path.exists():
        return found
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            if row["kind"] not in ("article_type", "base_colour", "gender"):
                continue
            french = [form for part in row["french"].split("|") for form in part.split(" (")[0].split("/")]
            for english in {row["key"], *row["english"].split("|")}:
                found.setdefault(" ".join(words(english)), []).extend(form.strip() for form in french if form.strip())
    return found


def own_french() -> dict[str, list[str]]:
    """The same from our own lexicon: what it finds with these is an upper bound."""
    book = lexicon()
    found: dict[str, list[str]] = {}
    for kind in ("category", "colour", "gender"):
        for key in book.keys(kind):
            entry = book.entry(kind, key)
            for english in entry.en:
                found.setdefault(" ".join(words(english)), []).extend(entry.fr)
    return found


def make_queries(names: Sequence[Name], count: int, seed: int) -> list[Query]:
    """40 % whole names, 40 % three to five words of one, 20 % colour, people and kind; half of them shuffled, each with
    0 to 2 slips, about 35 % with French words."""
    rng = random.Random(seed)
    sources = [(name, table) for name, table in (("own", own_french()), ("public", public_french())) if table]
    queries: list[Query] = []
    while len(queries) < count:
        name = rng.choice(names)
        title = words(name.title)
        if len(title) < 2:
            continue
        way = rng.random()
        if way < 0.4:
            chosen = title[:12]
        elif way < 0.8:
            size = min(len(title), rng.choice((3, 4, 5)))
            chosen = [title[i] for i in sorted(rng.sample(range(len(title)), size))]
        else:
            described = words(f"{name.colour} {name.gender} {name.kind}")
            chosen = [word for word in described if word in title]
        if len(chosen) < 2:
            continue
        meant = frozenset(chosen)
        source, typed, is_french = "", list(chosen), False
        if rng.random() < 0.5:
            source, table = rng.choice(sources)
            typed, is_french = _in_french(chosen, table, rng)
        if rng.random() < 0.5:
            rng.shuffle(typed)
        slips = rng.choice((0, 1, 2))
        made = 0
        for _ in range(slips):
            at = rng.randrange(len(typed))
            slipped = _slip(typed[at], rng)
            made += slipped != typed[at]
            typed[at] = slipped
        queries.append(Query(" ".join(typed), meant, source if is_french else "", made))
    return queries


def _in_french(chosen: Sequence[str], french: dict[str, list[str]], rng: random.Random) -> tuple[list[str], bool]:
    """Words and phrases that the list knows, said in French; each phrase stays together."""
    typed: list[str] = []
    place, is_french = 0, False
    while place < len(chosen):
        for length in (3, 2, 1):
            options = french.get(" ".join(chosen[place : place + length]))
            if options and place + length <= len(chosen):
                typed.append(rng.choice(options))
                place += length
                is_french = True
                break
        else:
            typed.append(chosen[place])
            place += 1
    return typed, is_french


def _slip(word: str, rng: random.Random) -> str:
    """One letter left out, doubled, changed or swapped; short words and codes are typed right."""
    if len(word) < 4 or any(letter.isdigit() for letter in word):
        return word
    at = rng.randrange(len(word))
    match rng.randrange(4):
        case 0:
            return word[:at] + word[at + 1 :]
        case 1:
            return word[:at] + rng.choice(_LETTERS) + word[at:]
        case 2:
            return word[:at] + rng.choice(_LETTERS) + word[at + 1 :]
        case _:
            return word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]


class Truth:
    """The names that hold certain words in either number, by plain intersection: no part of what is measured."""

    def __init__(self, titles: Iterable[str]) -> None:
        holding: dict[str, list[int]] = {}
        for number, title in enumerate(titles):
            for word in {singular(word) for word in words(title)}:
                holding.setdefault(word, []).append(number)
        self._holding = {word: np.array(numbers, np.int64) for word, numbers in holding.items()}

    @property
    def vocabulary(self) -> list[str]:
        return list(self._holding)

    def of(self, query: Query) -> frozenset[int]:
        """Numbers of all right answers."""
        lists = sorted((self._holding[word] for word in {singular(word) for word in query.meant}), key=len)
        numbers = lists[0]
        for other in lists[1:]:
            numbers = numbers[np.isin(numbers, other, assume_unique=True)]
        return frozenset(numbers.tolist())
