"""The one folding of text: what two spellings must share to be the same word.

Queries, product texts, control words and typo candidates all pass through here, so an accent, a capital, a
typographic apostrophe or a ligature never decides whether something is found.
"""

from __future__ import annotations

import re
import unicodedata

# Letters NFKD leaves whole although shoppers type them in two, and the dashes and apostrophes phones insert.
_LETTERS = str.maketrans(
    {
        "œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss", "ẞ": "ss", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l",
        "’": "'", "‘": "'", "ʼ": "'", "′": "'", "`": "'", "´": "'", "＇": "'", "‛": "'",
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "﹣": "-", "－": "-",
    }
)  # fmt: skip
# Marks alone are dropped before NFKD: it would otherwise sort them, which is quadratic in a long run of them.
_MARKS = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]+")
# Zero-width, bidirectional, control and surrogate characters show nothing; they only hide words from a search.
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SPACES = re.compile(r"\s+")
_ELISION = re.compile(r"\b(l|d|j|m|t|s|n|c|qu|jusqu|lorsqu|puisqu|quelqu)'(?=\w)")
_HYPHENATED_INITIAL = re.compile(r"\b([a-z])-(?=[a-z]{2})")
_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Lower case, no accents, ligatures and typographic marks spelt plainly, spaces collapsed, elisions split.

    ``L’Été œuvré`` → ``l ete oeuvre``; ``women's`` → ``womens``. Idempotent. Linear in the text's length.
    """
    if text.isascii():
        text = text.lower()
        if not text.isprintable():
            text = _CONTROL.sub(" ", text)
    else:
        text = _MARKS.sub("", _INVISIBLE.sub("", text.translate(_LETTERS)))
        text = unicodedata.normalize("NFKD", text).lower()
        text = _CONTROL.sub(" ", _MARKS.sub("", text)).translate(_LETTERS)
    if "'" in text:
        text = _ELISION.sub(r"\1 ", text).replace("'", "")
    return _SPACES.sub(" ", text).strip()


def words(text: str) -> list[str]:
    """The folded words of a text: runs of letters and digits, a hyphenated initial joined (t-shirt → tshirt)."""
    folded = fold(text)
    if "-" in folded:
        folded = _HYPHENATED_INITIAL.sub(r"\1", folded)
    return _WORD.findall(folded)


def singular(word: str) -> str:
    """A folded word without its plural ending, the same for both numbers in both languages.

    Not always a word of the language (``watch``/``watches`` → ``watch``, ``hoodie`` → ``hoodi``): a key to compare.
    """
    if len(word) < 4:
        return word
    if word.endswith("s"):
        if not word.endswith("ss"):
            word = word[:-1]
    elif word.endswith(("aux", "eux", "oux")):
        word = word[:-1]
    if word.endswith(("sse", "che", "she", "xe", "ze")):
        return word[:-1]
    if word.endswith("ie"):
        return word[:-1]
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "i"
    return word
