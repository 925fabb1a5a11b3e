"""From a message to what it wants."""

from __future__ import annotations

from bot.understanding.model import Context, Intent, Language, Slots, Understood
from commerce.lexicon import Lexicon, words

LONGEST_TEXT = 2_000  # characters read of a message; what lies beyond is ignored


def understand(text: str, *, language: str, lexicon: Lexicon, context: Context) -> Understood:
    """What a message wants. Never raises; reads at most LONGEST_TEXT characters; pure."""
    tokens = words(text[:LONGEST_TEXT])
    spoken: Language = "fr" if language.startswith("fr") else "en"
    found: dict[str, str] = {}
    taken: set[int] = set()
    for match in lexicon.find(tokens):
        phrase = " ".join(tokens[match.start : match.end])
        for kind in ("category", "colour", "gender"):
            key = lexicon.choose(kind, phrase, match.senses, spoken)
            if key is not None and kind not in found:
                found[kind] = key
                taken.update(range(match.start, match.end))
                break
    rest = tuple(word for place, word in enumerate(tokens) if place not in taken)
    slots = Slots(
        category=found.get("category"),
        colours=(found["colour"],) if "colour" in found else (),
        gender=found.get("gender"),
        words=rest,
        query=" ".join(tokens),
    )
    return Understood(Intent.SEARCH if tokens else Intent.UNKNOWN, spoken, 0.0, slots=slots)
