"""The control words of a conversation, read once from ``phrases/*.toml`` and folded."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from commerce.lexicon import fold, words

LANGUAGES = ("fr", "en")


@dataclass(frozen=True, slots=True)
class Money:
    """The words around an amount. Each set holds folded phrases; ``units`` maps a unit to its code ("" unknown)."""

    units: Mapping[str, str]
    max_before: frozenset[str]
    max_after: frozenset[str]
    min_before: frozenset[str]
    min_after: frozenset[str]
    around_before: frozenset[str]
    for_before: frozenset[str]
    range_before: frozenset[str]
    range_between: frozenset[str]


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """``cues``: folded phrase → what it may mean. ``cue_languages``: folded phrase → the languages it is said in.

    ``function``: language → grammar words, ``grammar`` those of both. ``plain``: words that are never a typo; among
    them ``goods``, makes and words of labels, which the text search corrects to. ``cardinals``, ``ordinals``: number
    words of both languages (ordinal 0 is the last, -1 the middle). ``cities``: folded city → its own spelling.
    ``sets``: the small sets of ``sets.toml`` by name. ``size_words``: folded word → size label.
    """

    cues: Mapping[str, frozenset[str]]
    cue_languages: Mapping[str, frozenset[str]]
    longest_cue: int
    function: Mapping[str, frozenset[str]]
    grammar: frozenset[str]
    plain: frozenset[str]
    goods: frozenset[str]
    cardinals: Mapping[str, int]
    ordinals: Mapping[str, int]
    money: Money
    cities: Mapping[str, str]
    sets: Mapping[str, frozenset[str]]
    size_words: Mapping[str, str]


@lru_cache(maxsize=1)
def phrasebook() -> Phrasebook:
    """The phrasebook, read from its files once a process."""
    cues: dict[str, set[str]] = defaultdict(set)
    spoken: dict[str, set[str]] = defaultdict(set)
    for cue, table in _read("cues.toml").items():
        for language in LANGUAGES:
            for phrase in table[language]:
                key = " ".join(words(phrase))
                cues[key].add(cue)
                spoken[key].add(language)
    said = _read("words.toml")
    function = {language: frozenset(words(said["function"][language])) for language in LANGUAGES}
    plain = frozenset(word for text in said["plain"].values() for word in words(text))
    goods = frozenset(words(said["plain"]["goods"]))
    numbers, places = _read("numbers.toml"), _read("places.toml")
    money = numbers["money"]
    sizes = tomllib.loads(files("commerce.lexicon").joinpath("words", "sizes.toml").read_text("utf-8"))
    return Phrasebook(
        cues={key: frozenset(found) for key, found in cues.items()},
        cue_languages={key: frozenset(found) for key, found in spoken.items()},
        longest_cue=max(key.count(" ") + 1 for key in cues),
        function=function,
        grammar=function["fr"] | function["en"],
        plain=plain,
        goods=goods,
        cardinals={fold(word): value for table in numbers["cardinals"].values() for word, value in table.items()},
        ordinals={fold(word): value for table in numbers["ordinals"].values() for word, value in table.items()},
        money=Money(
            units=money["units"],
            **{name: frozenset(map(fold, found)) for name, found in money.items() if name != "units"},
        ),
        cities={" ".join(words(city)): city for names in places.values() for city in names},
        sets={name: frozenset(found) for name, found in _read("sets.toml").items()},
        size_words={fold(word): label for label, said_as in sizes["letters"].items() for word in said_as},
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("commerce.understanding").joinpath("phrases", name).read_text("utf-8"))
