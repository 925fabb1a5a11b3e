"""Of two words that were perhaps meant, which is likelier: by the slip it takes, by how many say it, by the language.

A word that was typed is a slip for another with a likelihood in two parts, as in any noisy channel: how easily fingers
and ears make the one of the other, and how often the other is meant at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import groupby
from math import log
from typing import get_args

from commerce.lexicon import Kind, Lexicon, words
from commerce.text_index.stop_words import ENGLISH_STOP_WORDS, FRENCH_STOP_WORDS, STOP_WORDS

PER_SLIP = (1.0, 0.84, 0.68, 0.5)
MOST_LIKELY = 0.95  # no slip is as good as what was typed
_FIRST_LETTER = 0.06  # people rarely miss the first letter
_FIRST_LEFT_OUT = 0.03
_DOUBLED = 0.03  # a letter once or twice
_UNFINISHED = 0.03  # the last letters left out
_SAME_CONSONANTS = 0.02
_SWAPPED = 0.02  # two neighbours in each other's place
_OTHER_LANGUAGE = 0.02
_ANOTHER_KIND = 0.08
_PER_COUNT = 0.008  # times the natural logarithm of the products that have the word
_SHOP_WORDS = 0.01  # a word of the lexicon counts as if this share of all products had it more than do, if any do
_SMALL = 20_000  # products; in a smaller shop people say the shop's words as often as in one of this size
_UNSAID = 0.1  # times that, where products are what it means but say so in other words
_TYPED = 0.89  # a word typed right, where it goes with nothing else that was typed

_REMEMBERED = 50_000  # words
_NO_VOWELS = str.maketrans("", "", "aeiouy")

_CATEGORY = frozenset(("category",))
_NOTHING = frozenset[str]()

FRENCH, ENGLISH = 1, 2  # flags; 3 is both


@lru_cache(maxsize=_REMEMBERED)
def _outline(word: str) -> tuple[list[str], str, list[str]]:
    """Each letter once, the consonants, the letters in order."""
    return [letter for letter, _ in groupby(word)], word.translate(_NO_VOWELS), sorted(word)


def ease(typed: str, meant: str) -> float:
    """How much likelier (above 0) or less likely than most this slip is, the number of slips aside."""
    if typed[0] != meant[0]:
        return -_FIRST_LEFT_OUT if meant.endswith(typed) else -_FIRST_LETTER
    if meant.startswith(typed):
        return _UNFINISHED
    once, consonants, letters = _outline(typed)
    meant_once, meant_consonants, meant_letters = _outline(meant)
    if once == meant_once:
        return _DOUBLED
    if consonants == meant_consonants:
        return _SAME_CONSONANTS
    return _SWAPPED if letters == meant_letters else 0.0


class Likelihood:
    """What the lexicon tells about words."""

    def __init__(self, lexicon: Lexicon | None) -> None:
        self._languages = _languages(lexicon)
        self._lexicon = lexicon
        self._kinds: dict[str, frozenset[str]] = {}
        self.shop_words = lexicon.vocabulary if lexicon else frozenset[str]()

    def language(self, typed: Iterable[str]) -> int:
        """The language of more of these words: FRENCH or ENGLISH, or both where it cannot be told."""
        # A word that is but part of a phrase ("home" in "home wear") tells little, and may be a slip.
        french = english = 0
        for word in typed:
            flags = self._languages.get(word, 0)
            if flags in (FRENCH, ENGLISH) and (word in STOP_WORDS or self.names(word)):
                french += flags == FRENCH
                english += flags == ENGLISH
        return FRENCH if french > english else ENGLISH if english > french else FRENCH | ENGLISH

    def names(self, word: str) -> frozenset[str]:
        """The kinds of thing ("colour", "category"…) that the word alone names; none for a mere part of a phrase."""
        known = self._kinds.get(word)
        if known is None:
            if self._lexicon is None or word not in self.shop_words:
                return _NOTHING
            known = self._kinds[word] = frozenset(sense.kind for sense in self._lexicon.senses_of(word))
        return known

    def is_kind(self, word: str) -> bool:
        """Whether it names a kind of product, and nothing else: a second one beside it is rare."""
        return self.names(word) == _CATEGORY

    def of_slip(
        self, typed: str, meant: str, distance: int, count: int, products: int, language: int, has_kind: bool
    ) -> float:
        """0..MOST_LIKELY. `count` of all `products` have the word that is meant. `has_kind`: another word of the query
        names the kind of product."""
        weight = PER_SLIP[distance] + ease(typed, meant) + self._usual(meant, count, products)
        if not self._languages.get(meant, language) & language:
            weight -= _OTHER_LANGUAGE
        if has_kind and self.is_kind(meant):
            weight -= _ANOTHER_KIND
        return min(weight, MOST_LIKELY)

    def of_typed(self, word: str, count: int, products: int) -> float:
        """The same for a word that exists, where nothing has it and the rest of what was typed."""
        if self.names(word):  # a thing, and called so whether or not the shop has any
            return _TYPED + self._usual(word, max(count, 2), products)
        return _TYPED + _PER_COUNT * log(1 + count)

    def _usual(self, word: str, count: int, products: int) -> float:
        more = 0.0
        if word in self.shop_words:
            said = 1.0 if count > 1 else _UNSAID if count else 0.0
            more = said * _SHOP_WORDS * max(products, _SMALL)
        return _PER_COUNT * log(1 + count + more)


@lru_cache(maxsize=2)
def _languages(lexicon: Lexicon | None) -> Mapping[str, int]:
    """The flags of words. Once a lexicon: a process opens several indexes over the same."""
    flags = dict.fromkeys(FRENCH_STOP_WORDS, FRENCH)
    for word in ENGLISH_STOP_WORDS:
        flags[word] = flags.get(word, 0) | ENGLISH
    if lexicon is None:
        return flags
    for word in lexicon.vocabulary:
        flags.pop(word, None)
    for flag, phrases in _phrases(lexicon):
        for phrase in phrases:
            for word in words(phrase):
                flags[word] = flags.get(word, 0) | flag
    return flags


def _phrases(lexicon: Lexicon) -> Iterable[tuple[int, Iterable[str]]]:
    for kind in get_args(Kind):
        for entry in (lexicon.entry(kind, key) for key in lexicon.keys(kind)):
            yield FRENCH, (*entry.fr, *entry.also_fr)
            yield ENGLISH, (*entry.en, *entry.also_en)
