"""What else a phrase may be called: the lexicon's entries, turned into words to look for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import get_args

from commerce.lexicon import Category, Colour, Entry, Kind, Lexicon, Sense, singular, words
from commerce.text_index.stop_words import STOP_WORDS
from commerce.text_index.vocabulary import CONCEPT, Vocabulary

# How much a product counts that is such a thing, or is called so.
_IS = 1.0
_IS_OF_ITS_KIND = 0.97  # a handbag is a bag
_SAME = 0.95  # another word for it
_NARROWER = 0.85  # a word for something of its kind
_OTHER_SENSE = 0.8  # what the phrase means less often

_REMEMBERED = 50_000  # phrases; past that all are forgotten

KIN_WORDS = " kin words"  # ends the keys of words for narrower things

Way = tuple[int, ...]
"""Numbers of words that a product must all have."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing a phrase may mean. `key` names it for caches; `share` 0..1. `is_concept`: products are known to be it,
    rather than to have a word for it."""

    key: str
    ways: tuple[Way, ...]
    share: float
    is_concept: bool


@dataclass(frozen=True, slots=True)
class _LongPhrases:
    """The lexicon's phrases of several words."""

    all: Set[str]  # each word in the singular
    written: Sequence[str]
    longest: Mapping[str, int]  # by its first word: words of the longest phrase
    second: Mapping[str, Set[str]]  # by its first word: what may come next


class Meanings:
    """Answers are kept: a phrase of the lexicon is asked for again and again."""

    def __init__(self, lexicon: Lexicon | None, vocabulary: Vocabulary) -> None:
        self._lexicon = lexicon
        self._vocabulary = vocabulary
        self._phrases: dict[str, tuple[int, tuple[Meaning, ...], frozenset[str]]] = {}
        self._ways: dict[str, tuple[int, tuple[Way, ...]]] = {}
        self._long = _long_phrases(lexicon)
        self._says_more: dict[tuple[str, ...], bool] = {}  # by phrase

    def longest(self, first: Iterable[tuple[str, float]], second: Iterable[tuple[str, float]]) -> int:
        """Words of the longest phrase that begins with one of the first and goes on with one of the second, of which
        each comes with how likely it is; about: 0 means that none does."""
        longest = 0
        for word, _ in first:
            key = _key(word)
            following = self._long.second.get(key)
            if following and not following.isdisjoint([_key(other) for other, _ in second]):
                longest = max(longest, self._long.longest[key])
        return longest

    def phrases(self) -> list[str]:
        """Phrases of several words as the lexicon writes them, that some product may have."""
        return [
            phrase for phrase in self._long.written if all(word in self._vocabulary.numbers for word in phrase.split())
        ]

    def has(self, phrase: tuple[str, ...]) -> bool:
        """Whether the lexicon knows these folded words as a phrase."""
        if self._lexicon is None:
            return False
        if len(phrase) > 1:
            return " ".join([_key(word) for word in phrase]) in self._long.all and bool(self.of(" ".join(phrase))[1])
        return bool(self.of(phrase[0])[1])

    def says_more(self, phrase: tuple[str, ...]) -> bool:
        """Whether it only names what a part of it names too, and the rest has a meaning of its own: an evening dress
        is a dress, a checked shirt a shirt. Then the parts say more than the whole."""
        known = self._says_more.get(phrase)
        if known is None:
            if len(self._says_more) > _REMEMBERED:
                self._says_more.clear()
            known = self._says_more[phrase] = self._parts_say_more(phrase)
        return known

    def _parts_say_more(self, phrase: tuple[str, ...]) -> bool:
        lexicon = self._lexicon
        if lexicon is None or len(phrase) < 2:
            return False
        whole = {(sense.kind, sense.key) for sense in lexicon.senses_of(" ".join(phrase))}
        for cut in range(1, len(phrase)):
            for part, rest in ((phrase[:cut], phrase[cut:]), (phrase[cut:], phrase[:cut])):
                named = {(sense.kind, sense.key) for sense in lexicon.senses_of(" ".join(part))}
                telling = tuple(word for word in rest if word not in STOP_WORDS)
                kinds = {sense.kind for sense in lexicon.senses_of(" ".join(telling))}
                if whole <= named and kinds and "category" not in kinds:
                    return True
        return False

    def of(self, phrase: str) -> tuple[tuple[Meaning, ...], frozenset[str]]:
        """What it may mean, best first, and the kinds of thing ("category", "colour"…) among that."""
        size = len(self._vocabulary)
        known = self._phrases.get(phrase)
        if known is None or known[0] != size:
            if len(self._phrases) > _REMEMBERED:
                self._phrases.clear()
            known = self._phrases[phrase] = (size, *self._find(phrase))
        return known[1:]

    def _find(self, phrase: str) -> tuple[tuple[Meaning, ...], frozenset[str]]:
        lexicon = self._lexicon
        senses = lexicon.senses_of_key(" ".join(map(_key, phrase.split(" ")))) if lexicon else ()
        if lexicon is None or not senses:
            return (), frozenset()
        meanings: dict[str, Meaning] = {}
        for sense in senses:
            usual = lexicon.choose(sense.kind, phrase, senses, None) == sense.key
            share = 1.0 if usual else _OTHER_SENSE
            for meaning in self._meanings(sense):
                known = meanings.get(meaning.key)
                if known is None or known.share < meaning.share * share:
                    meanings[meaning.key] = replace(meaning, share=meaning.share * share)
        best = sorted(meanings.values(), key=lambda meaning: -meaning.share)
        return tuple(best), frozenset(sense.kind for sense in senses)

    def _meanings(self, sense: Sense) -> Iterator[Meaning]:
        """Being the thing, being of its kind; having a word for the one or the other."""
        lexicon = self._lexicon
        assert lexicon is not None
        entry = lexicon.entry(sense.kind, sense.key)
        name = f"{sense.kind}{CONCEPT}{sense.key}"
        narrower: list[Entry] = []
        if isinstance(entry, Category):
            narrower += [lexicon.category(key) for key in sorted(lexicon.kin(entry.key) - {entry.key})]
        elif isinstance(entry, Colour):
            colours = (lexicon.colour(key) for key in lexicon.keys("colour"))
            narrower += [colour for colour in colours if colour.family == entry.key != colour.key]
        yield Meaning(f"{name} is", self._concepts([entry]), _IS, True)
        yield Meaning(f"{name} words", self._ways_of(name, [entry]), _SAME, False)
        if narrower:
            yield Meaning(f"{name} kin", self._concepts(narrower), _IS_OF_ITS_KIND, True)
            yield Meaning(f"{name}{KIN_WORDS}", self._ways_of(f"{name} kin", narrower), _NARROWER, False)

    def _concepts(self, entries: list[Entry]) -> tuple[Way, ...]:
        numbers = self._vocabulary.numbers
        found = (numbers.get(f"{entry.kind}{CONCEPT}{entry.key}") for entry in entries)
        return tuple((number,) for number in found if number is not None)

    def _ways_of(self, key: str, entries: list[Entry]) -> tuple[Way, ...]:
        """Every form whose words any product has ever had; looked up again when there are new words."""
        size = len(self._vocabulary)
        known = self._ways.get(key)
        if known is None or known[0] != size:
            numbers = self._vocabulary.numbers
            ways = dict.fromkeys(
                tuple(numbers[word] for word in form)
                for entry in entries
                for form in _forms(entry)
                if all(word in numbers for word in form)
            )
            known = self._ways[key] = (size, tuple(ways))
        return known[1]


@lru_cache(maxsize=_REMEMBERED)
def _key(word: str) -> str:
    return singular(word)


@lru_cache(maxsize=2)
def _long_phrases(lexicon: Lexicon | None) -> _LongPhrases:
    """Once a lexicon: a process opens several indexes over the same."""
    everything: set[str] = set()
    written: list[str] = []
    longest: dict[str, int] = {}
    second: dict[str, set[str]] = {}
    for form in _every_form(lexicon) if lexicon else ():
        if len(form) > 1:
            keys = [_key(word) for word in form]
            everything.add(" ".join(keys))
            written.append(" ".join(form))
            second.setdefault(keys[0], set()).add(keys[1])
            longest[keys[0]] = max(longest.get(keys[0], 0), len(keys))
    return _LongPhrases(everything, written, longest, second)


def _every_form(lexicon: Lexicon) -> Iterator[tuple[str, ...]]:
    for kind in get_args(Kind):
        for key in lexicon.keys(kind):
            entry = lexicon.entry(kind, key)
            yield from _forms(entry)
            for form in (*entry.fr, *entry.en, *entry.also_fr, *entry.also_en):
                yield tuple(words(form))
                yield tuple(words(form.replace("-", " ")))


def _forms(entry: Entry) -> Iterator[tuple[str, ...]]:
    """Folded words of every name of an entry; those that say nothing are left out where others remain."""
    for form in (*entry.fr, *entry.en, *entry.also_fr, *entry.also_en, *entry.feeds):
        if ">" in form:
            continue
        telling = tuple(word for word in words(form) if word not in STOP_WORDS)
        if 0 < len(telling) <= 4:
            yield telling
