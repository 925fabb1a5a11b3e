"""A message cut into words, and what each word has been taken for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from commerce.lexicon import Sense, close_initials, fold

# A number with separators, a word (which may mix letters and digits: w32, 2e), or a sign that carries meaning.
_TOKEN = re.compile(r"\d+(?:[.,/]\d+)+|[^\W_]+|[€$£#<>+~%]")
_EDGES = re.compile(r"^[^\w€$£#]+|[^\w€$£]+$")
_ELIDED = frozenset({"l", "d", "j", "m", "t", "s", "n", "c", "qu", "jusqu", "lorsqu", "puisqu", "quelqu"})
_APOSTROPHES = re.compile("['’‘ʼ′`´＇‛]")


@dataclass(frozen=True, slots=True)
class Token:
    """One folded word. ``raw`` is the run of characters it was typed in, which may hold other tokens too."""

    text: str
    raw: str
    chunk: int  # which run of non-blank characters
    alone: bool  # the only token of its run
    elided: bool  # an l', d', qu'… that was split off
    hyphen_before: bool  # joined to the token before by a hyphen ("ajoute-la", "30-50")
    paused: bool  # a comma or a stop stands before it


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase found at ``tokens[start:end]``: what the lexicon and the phrasebook say it may be."""

    start: int
    end: int
    phrase: str
    senses: tuple[Sense, ...]
    cues: frozenset[str]


@dataclass(slots=True)
class Reading:
    """The state of reading one message. ``marks[i]`` says what token i was taken for; empty means not yet."""

    tokens: list[Token]
    marks: list[str]
    shouted: bool  # the whole message is in capitals, so that a capital says nothing
    matches: list[Match] = field(default_factory=list)
    corrected: dict[str, str] = field(default_factory=dict)

    def mark(self, places: Iterable[int], what: str) -> None:
        """Take these tokens for something."""
        for place in places:
            self.marks[place] = what

    def free(self, start: int, end: int | None = None) -> bool:
        """Whether none of these tokens was taken yet."""
        return not any(self.marks[start : start + 1 if end is None else end])

    def text(self, place: int) -> str:
        """The folded token at a place, or "" beyond the ends."""
        return self.tokens[place].text if 0 <= place < len(self.tokens) else ""

    def phrase(self, start: int, end: int) -> str:
        """The folded tokens of a span joined by blanks."""
        return " ".join(token.text for token in self.tokens[start:end])

    def typed(self, start: int, end: int) -> str:
        """A span as typed, without the punctuation and the elided article around it."""
        found: dict[int, str] = {}
        for token in self.tokens[start:end]:
            found[token.chunk] = token.raw
        return " ".join(filter(None, (_EDGES.sub("", _without_article(raw)) for raw in found.values())))

    def has(self, *cues: str) -> bool:
        """Whether one of these cues was found."""
        return any(not match.cues.isdisjoint(cues) for match in self.matches)


def read(text: str) -> Reading:
    """Cut a message into folded tokens. Linear in its length; any characters at all may be in it."""
    tokens: list[Token] = []
    pause = False
    for number, raw in enumerate(text.split()):
        folded = close_initials(fold(raw))
        found = list(_TOKEN.finditer(folded))
        apostrophe = _APOSTROPHES.search(raw) is not None
        for place, match in enumerate(found):
            word = match.group()
            tokens.append(
                Token(
                    word,
                    raw,
                    number,
                    len(found) == 1,
                    apostrophe and place + 1 < len(found) and word in _ELIDED,
                    place > 0 and folded[found[place - 1].end() : match.start()] == "-",
                    place == 0 and pause,
                )
            )
        pause = raw[-1] in ",.;:!?…"
    return Reading(tokens, [""] * len(tokens), shouted=text.isupper())


def _without_article(raw: str) -> str:
    apostrophe = _APOSTROPHES.search(raw)
    if apostrophe and fold(raw[: apostrophe.start()]) in _ELIDED:
        return raw[apostrophe.end() :]
    return raw
