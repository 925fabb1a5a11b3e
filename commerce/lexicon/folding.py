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
# The accented letters of European languages in one step; what is left beyond ASCII and prices takes the long way.
_LATIN = _LETTERS | {
    code: "".join(part for part in unicodedata.normalize("NFKD", chr(code)) if not unicodedata.combining(part))
    for code in (*range(0xA0, 0x180), 0x2009, 0x202F)
    if code not in _LETTERS and code != 0xAD
}
_BEYOND_LATIN = re.compile("[^\x00-\x7f€£]")
_SPACES = re.compile(r"\s+")
_ELISION = re.compile(r"\b(l|d|j|m|t|s|n|c|qu|jusqu|lorsqu|puisqu|quelqu)'(?=\w)")
_HYPHENATED_INITIAL = re.compile(r"\b([a-z])-(?=[a-z]{2})")
_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Lower case, no accents, ligatures and typographic marks spelt plainly, spaces collapsed, elisions split.

    ``L’Été œuvré`` → ``l ete oeuvre``; ``women's`` → ``womens``. Idempotent. Linear in the text's length.
    """
    if not text.isascii():
        text = text.translate(_LATIN)
        if _BEYOND_LATIN.search(text):
            text = unicodedata.normalize("NFKD", _MARKS.sub("", _INVISIBLE.sub("", text)))
            text = _MARKS.sub("", text.lower()).translate(_LETTERS)
    text = text.lower()
    if not text.isprintable():
        text = _CONTROL.sub(" ", text)
    if "'" in text:
        text = _ELISION.sub(r"\1 ", text).replace("'", "")
    return _SPACES.sub(" ", text).strip()


def words(text: str) -> list[str]:
    """The folded words of a text: runs of letters and digits, a hyphenated initial joined (t-shirt → tshirt)."""
    return _WORD.findall(close_initials(fold(text)))


def close_initials(folded: str) -> str:
    """A folded text with hyphenated initials joined to their word: t-shirt → tshirt, v-neck → vneck."""
    return _HYPHENATED_INITIAL.sub(r"\1", folded) if "-" in folded else folded


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
