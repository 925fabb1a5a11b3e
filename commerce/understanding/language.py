"""Which language a message speaks: function words, the lexicon's own words, accents and elisions; no model."""

from __future__ import annotations

import re
from dataclasses import dataclass

from commerce.lexicon import Lexicon
from commerce.understanding.model import Language
from commerce.understanding.phrasebook import Phrasebook
from commerce.understanding.reading import Reading

_FRENCH_LETTERS = re.compile("[àâçèêëîïôùûœÀÂÇÈÊËÎÏÔÙÛŒ]")
_HABIT = 0.6  # what the language known so far weighs against the words of one message


@dataclass(frozen=True, slots=True)
class Spoken:
    """The language of a message. ``confidence`` 0 to 1, 0 when nothing in it tells."""

    language: Language
    confidence: float
    mixed: bool


def detect(text: str, reading: Reading, lexicon: Lexicon, book: Phrasebook, default: Language) -> Spoken:
    """The language of a message; ``default`` (profile or locale) where its words do not tell."""
    score = {"fr": 0.0, "en": 0.0}
    counted = {"fr": 0, "en": 0}
    told: set[int] = set()

    def say(language: str, weight: float) -> None:
        score[language] += weight
        counted[language] += 1

    for match in reading.matches:
        languages = {sense.language for sense in match.senses} | book.cue_languages.get(match.phrase, frozenset())
        if match.cues:
            languages = set(book.cue_languages.get(match.phrase, frozenset()))
        if len(languages) == 1:
            # A phrase of several words is grammar too; a single foreign noun is often just a borrowed one.
            say(languages.pop(), 1.0 if match.cues or match.end - match.start > 1 else 0.9)
            told.update(range(match.start, match.end))
        elif len(languages) == 2 and match.senses:
            first = lexicon.choose(match.senses[0].kind, match.phrase, match.senses, None)
            leaning = {sense.language for sense in match.senses if sense.key == first}
            if len(leaning) == 1:
                score[leaning.pop()] += 0.4
            told.update(range(match.start, match.end))
    french, english = book.function["fr"], book.function["en"]
    for place, token in enumerate(reading.tokens):
        if place in told:
            continue
        if token.elided or (token.text in french and token.text not in english):
            say("fr", 1.0)
        elif token.text in english and token.text not in french:
            say("en", 1.0)
    if _FRENCH_LETTERS.search(text) or "é" in text or "É" in text:
        score["fr"] += 0.5
    total = score["fr"] + score["en"]
    leading: Language = default
    if abs(score["fr"] - score["en"]) > _HABIT or (total and min(score.values()) == 0 and total >= 0.9):
        leading = "fr" if score["fr"] > score["en"] else "en"
    confidence = abs(score["fr"] - score["en"]) / (total + 0.5) if total else 0.0
    mixed = min(counted.values()) >= 2 or (min(counted.values()) == 1 and max(counted.values()) <= 3 and total > 1.5)
    return Spoken(leading, round(confidence, 3), mixed)
