"""Every word that products use or the lexicon knows, numbered, with its inflections and its near misses."""

from __future__ import annotations

import re
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable
from itertools import count, takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from commerce.lexicon import fold, singular, words
from commerce.ports import Kept
from commerce.text_index.deletions import MOST_WORDS, DeletionDictionary, slips

CONCEPT = ":"  # in the name of a concept, and in no folded word
_BLOCKS = 6
_REMEMBERED = 50_000  # words whose forms are kept; past that all are forgotten
_RAW_WORD = re.compile(r"[^\W_]+")
_local = threading.local()


def has_digit(word: str) -> bool:
    """Numbers and model codes: they are right or wrong, never nearly right."""
    return not word.isalpha() and any(letter.isdigit() for letter in word)


def stems(word: str) -> set[str]:
    """What a folded word shares with its other forms: its French stem, its English stem, its singular."""
    try:
        stemmers = _local.stemmers
    except AttributeError:
        import Stemmer

        # A stemmer keeps a buffer of its own: one pair a thread. What they remember of words costs more than it saves.
        stemmers = _local.stemmers = (Stemmer.Stemmer("french", 0), Stemmer.Stemmer("english", 0))
    return {stemmers[0].stemWord(word), stemmers[1].stemWord(word), singular(word)}


def _series(kept: Kept, name: str) -> list[NDArray[Any]]:
    """Columns name0, name1, name2… as far as they go."""
    names = takewhile(kept.numbers.__contains__, (f"{name}{place}" for place in count()))
    return [kept.numbers[one] for one in names]


class Vocabulary:
    """Grows, never shrinks: a word keeps its number. One writer at a time; readers need no lock.

    A reader may meet a word whose products are not in its snapshot yet: it simply finds none there.
    """

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.texts: list[str] = []
        self._forms: dict[str, tuple[int, ...]] = {}
        self._accented: dict[str, str] = {}
        self._near = DeletionDictionary()
        self._unfiled: list[int] = []
        self._sorted: list[list[str]] = []
        self.common: list[str] = []  # what most people type
        self._known_forms: dict[str, dict[int, bool]] = {}
        self._related: set[int] = set()  # words that share a stem with another: all others are their only form

    def copy(self) -> Vocabulary:
        """One that grows by itself from here on."""
        other = Vocabulary()
        other.numbers, other.texts = self.numbers.copy(), self.texts.copy()
        other._forms, other._accented = self._forms.copy(), self._accented.copy()
        other._near, other._sorted = self._near, self._sorted  # replaced when something comes in, never changed
        other._unfiled, other.common = self._unfiled.copy(), self.common
        other._related = self._related.copy()
        return other

    def __len__(self) -> int:
        return len(self.texts)

    def add(self, text: str) -> tuple[int, ...]:
        """Numbers of the words of a text, new ones included. `file` makes new words findable by their near misses."""
        found = words(text)
        if not text.isascii():
            self._remember_accents(text, found)
        return tuple([self._number(word) for word in found])

    def add_concept(self, name: str) -> int:
        """The number of a concept ("category:dress"): a word that nobody can type."""
        return self._number(name)

    def _number(self, word: str) -> int:
        number = self.numbers.get(word)
        if number is None:
            number = len(self.texts)
            if number >= MOST_WORDS:
                raise OverflowError("more than 16 million different words")
            self.texts.append(word)
            self.numbers[word] = number
            self._unfiled.append(number)
        return number

    def file(self) -> None:
        """Files the words added since the last time under their inflections and their near misses."""
        fresh, self._unfiled = self._unfiled, []
        fresh = [number for number in fresh if CONCEPT not in self.texts[number]]
        plain = [number for number in fresh if not has_digit(self.texts[number])]
        for number in plain:
            word = self.texts[number]
            for stem in stems(word):
                others = self._forms.get(stem, ())
                if stem != word:  # a word that is its own stem is found in `numbers`
                    self._forms[stem] = (*others, number)
                    if stem in self.numbers:
                        others = (*others, self.numbers[stem])
                if others:
                    self._related.update(others, (number,))
        filed = [number for number in plain if len(self.texts[number]) > 2]
        self._near = self._near.with_words([self.texts[number] for number in filed], filed)
        if fresh:
            blocks = [*self._sorted, sorted(self.texts[number] for number in fresh)]
            if len(blocks) > _BLOCKS or len(blocks[-1]) > len(blocks[0]) // 4:
                blocks = [sorted(word for block in blocks for word in block)]
            self._sorted = blocks
            self._known_forms = {}

    def forms(self, word: str) -> dict[int, bool]:
        """Other inflections of a folded word, in either language, itself left out; True: it is the same word in another
        number, False: they share a stem and most of their letters."""
        number = self.numbers.get(word)
        if number is not None and number not in self._related:
            return {}
        remembered = self._known_forms
        known = remembered.get(word)
        if known is None:
            if len(remembered) > _REMEMBERED:
                remembered.clear()
            known = remembered[word] = {} if has_digit(word) else self._find_forms(word)
        return known

    def _find_forms(self, word: str) -> dict[int, bool]:
        found: dict[int, bool] = {}
        one, beginning = singular(word), word[: max(4, len(word) - 3)]
        for stem in stems(word):
            related = self._forms.get(stem, ())
            if (number := self.numbers.get(stem)) is not None and len(stem) > 2:
                related = (*related, number)
            for number in related:
                other = self.texts[number]
                if other == word:
                    continue
                if singular(other) == one:
                    found[number] = True
                elif len(beginning) > 3 and other.startswith(beginning):
                    found.setdefault(number, False)
        return found

    def near(self, word: str, most: int | None = None) -> list[tuple[int, int]]:
        """(number, distance) of words within `most` slips (default: what its length is forgiven), in no order."""
        most = slips(len(word)) if most is None else most
        if has_digit(word) or len(word) < 3:
            return []
        most, texts, distance = max(most, 1), self.texts, OSA.distance
        return [
            (number, slipped)
            for number in self._near.near(word)
            if (slipped := distance(word, texts[number], score_cutoff=most)) <= most
        ]

    def further(self, word: str, most: int) -> list[int]:
        """Words of the common ones that are within `most` slips, by looking at each of them."""
        common = self.common
        distances = cdist([word], common, scorer=OSA.distance, score_cutoff=most, dtype=np.uint8)[0]
        return [self.numbers[common[place]] for place in np.flatnonzero(distances <= most).tolist()]

    def set_common(self, numbers: Iterable[int]) -> None:
        """Which words are common: what most people type."""
        words = [self.texts[number] for number in numbers]
        self.common = [word for word in words if len(word) > 2 and not has_digit(word) and CONCEPT not in word]

    def starting_with(self, beginning: str, most: int) -> list[int]:
        """Words that begin so: somebody is still typing."""
        found: list[int] = []
        for block in self._sorted:
            place = bisect_left(block, beginning)
            while place < len(block) and len(found) < most and block[place].startswith(beginning):
                found.append(self.numbers[block[place]])
                place += 1
        return found

    def accented(self, word: str) -> str:
        """A folded word as the catalogue or the lexicon writes it."""
        return self._accented.get(word, word)

    def learn_accents(self, texts: Iterable[str]) -> None:
        for text in texts:
            if not text.isascii():
                self._remember_accents(text, words(text))

    def _remember_accents(self, text: str, folded: list[str]) -> None:
        raw = _RAW_WORD.findall(text.lower())
        for word in raw:
            if not word.isascii():
                plain = fold(word)
                if plain != word:
                    self._accented.setdefault(plain, word)

    # Kept on disk

    def keep(self) -> Kept:
        """All of it, but what is only remembered."""
        stems, accented = list(self._forms), list(self._accented)
        forms = [self._forms[stem] for stem in stems]
        numbers = {
            "form_starts": np.cumsum([0, *map(len, forms)]),
            "forms": np.array([number for related in forms for number in related], np.int32),
            "common": np.array([self.numbers[word] for word in self.common], np.int32),
        }
        for place, block in enumerate(self._sorted):
            numbers[f"sorted{place}"] = np.array([self.numbers[word] for word in block], np.int32)
        for place, filed in enumerate(self._near.blocks):
            numbers[f"near{place}"] = filed
        texts = {
            "words": list(self.texts),
            "stems": stems,
            "plain": accented,
            "accented": [self._accented[word] for word in accented],
        }
        return Kept(numbers, texts)

    def prepare(self, kept: Kept) -> Callable[[], None]:
        """See `commerce.ports.Keepable`. What was kept must begin with the words that are here already (the
        lexicon's): so a word keeps its number, and readers see nothing but a vocabulary that grows."""
        texts = list(kept.texts["words"])
        numbers = {text: number for number, text in enumerate(texts)}
        if texts[: len(self.texts)] != self.texts or len(numbers) != len(texts):
            raise ValueError("the words kept are not numbered as ours are")
        starts, flat = kept.numbers["form_starts"].tolist(), kept.numbers["forms"].tolist()
        stems = kept.texts["stems"]
        forms = {stem: tuple(flat[start:end]) for stem, start, end in zip(stems, starts[:-1], starts[1:], strict=True)}
        accented = dict(zip(kept.texts["plain"], kept.texts["accented"], strict=True))
        blocks = [[texts[number] for number in block.tolist()] for block in _series(kept, "sorted")]
        near = DeletionDictionary(tuple(_series(kept, "near")))
        common = [texts[number] for number in kept.numbers["common"].tolist()]
        related = {
            number
            for stem, own in forms.items()
            if len(own) > 1 or stem in numbers
            for number in (*own, numbers.get(stem, own[0]))
        }

        def put() -> None:
            self.texts = texts  # first: whoever meets a number must find its word
            self._forms, self._accented, self._near, self._sorted = forms, accented, near, blocks
            self.common, self._related = common, related
            self.numbers = numbers
            self._known_forms = {}

        return put

    @property
    def nbytes(self) -> int:
        """About; Python's own objects are estimated at 90 bytes a word and entry."""
        return self._near.nbytes + 90 * (2 * len(self.texts) + len(self._forms))
