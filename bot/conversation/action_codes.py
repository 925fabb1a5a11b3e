"""How a button's action becomes a short string and back: "size:123:38".

Anybody can send any string, so an action carries ids alone, and whoever acts on it looks them up again. `encode` gives
at most 64 bytes (the least that a messenger allows); `parse` gives None for whatever `encode` did not make.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from hashlib import sha256
from typing import ClassVar
from urllib.parse import quote, unquote

MAX_BYTES = 64
_LARGEST_ID = 2**63 - 1
_LONGEST_WORD = 32  # bytes, encoded; longer words travel as a digest

VERBS: dict[str, type[Action]] = {}
"""Every action there is, by its verb: each enters itself when it is defined."""


@dataclass(frozen=True, slots=True)
class Action:
    """Root of the actions. Fields are int (ids, 0 when left out) or str ('' when left out)."""

    verb: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        VERBS[cls.verb] = cls


def encode(action: Action) -> str:
    """The string, "verb:field:field", empty fields at the end left out."""
    parts = [action.verb, *(_part(getattr(action, field.name)) for field in fields(action))]
    while not parts[-1]:
        parts.pop()
    text = ":".join(parts)
    if len(text) > MAX_BYTES:
        raise ValueError(f"action too long: {text}")
    return text


def parse(text: str) -> Action | None:
    """The action, or None for anything malformed or unknown."""
    if len(text.encode(errors="replace")) > MAX_BYTES:
        return None
    verb, *parts = text.split(":")
    kind = VERBS.get(verb)
    if kind is None or len(parts) > len(fields(kind)):
        return None
    values: list[int | str] = []
    for field, part in zip(fields(kind), parts, strict=False):
        if not part:
            values.append(field.default)  # type: ignore[arg-type]  # every field has one
        elif field.type == "int":
            if not (part.isascii() and part.isdecimal()) or int(part) > _LARGEST_ID:
                return None
            values.append(int(part))
        else:
            values.append(unquote(part))
    return kind(*values)


def short(word: str) -> str:
    """A word as an action carries it: itself, or a digest when it is long."""
    return word if len(quote(word, safe="")) <= _LONGEST_WORD else f"~{sha256(word.encode()).hexdigest()[:12]}"


def means(carried: str, word: str) -> bool:
    """Whether what an action carries stands for this word."""
    return carried.casefold() == short(word).casefold()


def _part(value: int | str) -> str:
    if isinstance(value, int):
        return str(value) if value else ""
    return quote(value, safe="")
