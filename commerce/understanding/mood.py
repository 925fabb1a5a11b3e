"""How somebody says it: angry with the shop, or saying goodbye. It would rather miss an angry one than see one.

Anger is heard by harsh words here, and without any by several small signs in `displeasure.py`."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files

from commerce.lexicon import words
from commerce.understanding.displeasure import is_about_others, is_displeased
from commerce.understanding.phrasebook import phrasebook

_LONGEST = 6  # words of a phrase
_READ = 200  # words of a message: who is angry says so early
_CRIED = re.compile(r"[!?]*![!?]*")
_SIGNS_OF_CRYING = 3  # in one row
_LAST = 8  # words of a message among which a goodbye closes it
_SHOUTED_WORDS = 3  # fewer in capitals are a make, a size or a habit


def is_angry(text: str) -> bool:
    """Whether this message is that of somebody who has had enough. Pure; raises for no text at all."""
    lexicon, all_words = _lexicon(), words(text)[:_READ]
    found = [word for word in all_words if word not in lexicon["degree"]]
    strong = weak = harsh = 0
    scolds = spoken_to = False
    place = 0
    while place < len(found):
        for end in range(min(place + _LONGEST, len(found)), place, -1):
            phrase = " ".join(found[place:end])
            if phrase in lexicon["strong"]:
                strong += not _is_doubt(found, place, end, text)
                break
            if phrase in lexicon["harsh"] and not _is_doubt(found, place, end, text):
                harsh += 1
                weak += phrase in lexicon["weak"]
                break
            if phrase in lexicon["weak"]:
                weak += 1
                break
            if phrase in lexicon["target"]:
                scolds = True
                break
        else:
            spoken_to = spoken_to or found[place] in lexicon["you"]
            place += 1
            continue
        place = end
    signs = _is_cried(text) + _is_shouted(text) + scolds
    has_harsh_words = strong > 0 or (weak > 0 and weak + signs >= 2) or (harsh > 0 and harsh + signs + spoken_to >= 2)
    return (has_harsh_words and not is_about_others(all_words)) or is_displeased(all_words)


def is_goodbye(text: str) -> bool:
    """Whether a message ends the conversation, whatever else it says before."""
    found, cues = words(text)[-_LAST:], phrasebook().cues
    spans = (
        " ".join(found[start:end])
        for start in range(len(found))
        for end in range(start + 1, min(start + _LONGEST, len(found)) + 1)
    )
    return any("goodbye" in cues.get(span, ()) for span in spans)


def _is_doubt(found: list[str], place: int, end: int, text: str) -> bool:
    """« c'est pas une arnaque ? », « arnaque ? »: asked, not said."""
    before = " ".join(found[:place])
    asked_alone = not before and end - place == 1
    return "?" in text and (asked_alone or any(before.endswith(doubt) for doubt in _lexicon()["doubt"]))


def _is_cried(text: str) -> bool:
    return any(len(run.group()) >= _SIGNS_OF_CRYING for run in _CRIED.finditer(text))


def _is_shouted(text: str) -> bool:
    return text.isupper() and len(text.split()) >= _SHOUTED_WORDS


@lru_cache(maxsize=1)
def _lexicon() -> dict[str, frozenset[str]]:
    said = tomllib.loads(files("commerce.understanding").joinpath("phrases", "mood.toml").read_text("utf-8"))
    return {
        kind: frozenset(" ".join(words(phrase)) for phrases in by_language.values() for phrase in phrases)
        for kind, by_language in said.items()
    }
