"""Typo correction of the words a conversation turns on: control words, colours, categories, genders, seasons.

Everything else goes to the text search, which corrects against the words of the catalogue.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container
from functools import lru_cache

from rapidfuzz.distance import OSA

from commerce.lexicon import Kind, Lexicon, singular, words
from commerce.understanding.phrasebook import Phrasebook, phrasebook

_KINDS: tuple[Kind, ...] = ("category", "colour", "gender", "season", "sleeve", "occasion")
_SHORTEST = 4  # a three-letter word is one letter away from too many others
_SHORTEST_PART = 6  # of a longer name: "lait", "poudre" mean nothing alone
_LONGEST = 24
# Ranks: below _GOODS the names we write ourselves, then makes and label words, synonyms and control words. A typo
# nearest to a make or a label word is left to the text search.
_GOODS, _SYNONYM, _CONTROL = 19, 20, 40


class Speller:
    """Reads a misspelt word as the word it was meant to be. Immutable after construction."""

    def __init__(self, lexicon: Lexicon, book: Phrasebook) -> None:
        ranks: dict[str, int] = {}  # word → rank: of two words as near, the lower rank is meant
        for rank, kind in enumerate(_KINDS):
            for key in lexicon.keys(kind):
                entry = lexicon.entry(kind, key)
                for form in (*entry.fr, *entry.en, *entry.also_fr, *entry.also_en):
                    parts = words(form)
                    own = len(parts) == 1 and (form in entry.fr or form in entry.en)
                    for word in parts:
                        if len(parts) == 1 or len(word) >= _SHORTEST_PART:
                            ranks[word] = min(ranks.get(word, 99), rank if own else rank + _SYNONYM)
        for phrase in (*book.cues, *book.size_words):
            parts = phrase.split()
            for word in parts:
                if len(parts) == 1 or len(word) >= _SHORTEST_PART:
                    ranks.setdefault(word, _CONTROL + (len(parts) > 1))
        grammar = frozenset().union(*book.function.values())
        cities = {word for city in book.cities for word in city.split()}
        said = {word for phrase in book.cues for word in phrase.split()}
        self._valid = grammar | book.plain | lexicon.vocabulary | cities | said | ranks.keys() | book.ordinals.keys()
        self._singulars = frozenset(map(singular, self._valid))
        self._targets: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for word, rank in ranks.items():
            if len(word) >= _SHORTEST and word not in grammar and word.isalpha():
                self._targets[len(word)].append((word, rank))
        for word in book.goods:
            self._targets[len(word)].append((word, _GOODS))
        self._correct = lru_cache(maxsize=4096)(self._nearest)

    def correct(self, word: str, known: Container[str] = ()) -> str | None:
        """The word meant by a folded word that is none, or None: it is valid, too short, or like nothing we know.

        An edit is an insertion, a deletion, a change or a swap of neighbours. One is allowed; in a word of seven
        letters or more, two, if that makes the name of a category, a colour or the like. The first letter must be
        right, save in such a name of five letters or more. Four letters make such a name or nothing.
        ``known`` holds further words that are right as they are.
        """
        if not _SHORTEST <= len(word) <= _LONGEST or not word.isalpha() or word in known:
            return None
        return self._correct(word)

    def _nearest(self, word: str) -> str | None:
        if word in self._valid or singular(word) in self._singulars:
            return None
        edits = 1 if len(word) < 7 else 2
        best: tuple[int, bool, int, int, str] | None = None
        for length in range(len(word) - edits, len(word) + edits + 1):
            for target, rank in self._targets.get(length, ()):
                distance = OSA.distance(word, target, score_cutoff=edits)
                if distance > edits:
                    continue
                own, same_start = rank < _GOODS, target[0] == word[0]
                if (distance > 1 or len(word) == _SHORTEST) and not (own and same_start):
                    continue
                if not same_start and not own:
                    continue
                found = (distance, not same_start, rank, abs(length - len(word)), target)
                if best is None or found < best:
                    best = found
        return best[4] if best and best[2] != _GOODS else None


@lru_cache(maxsize=4)
def speller(lexicon: Lexicon) -> Speller:
    """The speller over a lexicon and the phrasebook; built once."""
    return Speller(lexicon, phrasebook())
