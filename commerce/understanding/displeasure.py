"""Who is displeased with the shop without one harsh word: several small signs that together leave no doubt.

Each kind of sign has a weight and counts once, however often it is given. That a parcel is late is no anger, nor that
it is the third time, nor that nobody answers; all of it is. The words are in ``phrases/displeasure.toml``.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from commerce.understanding.phrasebook import phrasebook

_LEAST = 4
_NUMBER = r"(?:\d+|{cardinals})"
_BETWEEN = r"(?:\S+ ){0,3}"


@dataclass(frozen=True, slots=True)
class _Kind:
    weight: int
    signs: re.Pattern[str]


def is_displeased(found: list[str]) -> bool:
    """`found`: the folded words of a message."""
    given = _given(found)
    if "trouble" not in given:
        given -= {"irony"}  # it is meant
    return sum(_kinds()[name].weight for name in given) >= _LEAST


def is_about_others(found: list[str]) -> bool:
    """Whatever it says, it is not said of the shop."""
    return "elsewhere" in _given(found)


def _given(found: list[str]) -> set[str]:
    said = f" {' '.join(found)} "
    return {name for name, kind in _kinds().items() if kind.signs.search(said)}


@lru_cache(maxsize=1)
def _kinds() -> dict[str, _Kind]:
    text = files("commerce.understanding").joinpath("phrases", "displeasure.toml").read_text("utf-8")
    return {name: _kind(table) for name, table in tomllib.loads(text).items()}


def _kind(table: dict[str, Any]) -> _Kind:
    signs = sorted({_pattern(phrase) for language in ("fr", "en") for phrase in table[language]})
    return _Kind(table["weight"], re.compile(" (?:" + "|".join(signs) + ")(?= )"))


def _pattern(phrase: str) -> str:
    number = _NUMBER.format(cardinals="|".join(sorted(phrasebook().cardinals)))
    parts = []
    for part in phrase.split():
        match part:
            case "..":
                parts.append(_BETWEEN)
            case "#":
                parts.append(f"{number} ")
            case _ if part.endswith("*"):
                parts.append(f"{re.escape(part[:-1])}\\S* ")
            case _:
                parts.append(f"{re.escape(part)} ")
    return "".join(parts).rstrip(" ")
