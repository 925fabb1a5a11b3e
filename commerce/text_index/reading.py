"""From what a shopper typed to what must be found: concepts, each with the ways in which a product may express it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from functools import lru_cache
from itertools import product
from typing import NamedTuple, Protocol, get_args

from commerce.lexicon import Kind, Lexicon
from commerce.text_index.concepts import Concept, Part
from commerce.text_index.likelihood import Likelihood
from commerce.text_index.meanings import Meanings, Way
from commerce.text_index.stop_words import STOP_WORDS
from commerce.text_index.typed import Token
from commerce.text_index.vocabulary import Vocabulary, has_digit

_MOST_CORRECTIONS = 8
_MOST_PARTS = 16
_REMEMBERED = 50_000  # words and phrases read; past that all are forgotten

# How much a product counts that says it in another way than the shopper.
_INFLECTED = 0.97  # in another number
_RELATED = 0.9  # by its stem
_ONLY_SAID = 0.9
_JOINED = 0.98
_SPLIT = 0.75
_BEGINNING = 0.7
_FURTHER = 0.1  # less for two slips in a short word

# How much less likely than the likeliest a reading may be, where that is a word of the shop and no name is beside it.
_MARGIN = 0.03
_WIDE = 0.08  # the same for other words of the shop, once those give nothing
_MARGIN_TYPED = 0.03  # the same below a word that exists
_NAME = 1e-4  # share of products above which a word that the lexicon does not know is a name rather than a slip
_NOBODYS = 1 << 40  # the number of no word


class Counts(Protocol):
    """How many products have what."""

    @property
    def size(self) -> int:
        """Products."""
        ...

    @property
    def remembered(self) -> dict[str, Concept]:
        """Concepts of words and phrases, read before as though typed right."""
        ...

    def count(self, number: int) -> int:
        """Products that have the word."""
        ...

    def used(self, key: str, ways: tuple[Way, ...]) -> tuple[tuple[Way, ...], int]:
        """The ways in which any product expresses it, and how many do."""
        ...


class _Beside(NamedTuple):
    """What the whole query tells of each of its words."""

    language: int
    names: Set[str]  # words that enough products have and that are none of the shop's own: brands, models
    kinds: Set[str]  # words that name the kind of product
    generous: bool


Reading = tuple[str, float, tuple[str, ...]]
"""A phrase, how surely it is what was typed, and what each token is taken for."""


_NO_KINDS: frozenset[str] = frozenset()


@lru_cache(maxsize=2)
def _words_of(lexicon: Lexicon | None) -> Vocabulary:
    vocabulary = Vocabulary()
    if lexicon:
        for word in sorted(lexicon.vocabulary):
            vocabulary.add(word)
        vocabulary.learn_accents(_written_forms(lexicon))
    vocabulary.file()
    return vocabulary


def words_of(lexicon: Lexicon | None) -> Vocabulary:
    """A new vocabulary that knows the lexicon's words."""
    return _words_of(lexicon).copy()


class Reader:
    """Reads queries against a vocabulary, which began as `words_of` the lexicon. Holds no state of its own between two
    queries."""

    def __init__(self, vocabulary: Vocabulary, lexicon: Lexicon | None) -> None:
        self._vocabulary = vocabulary
        self._meanings = Meanings(lexicon, vocabulary)
        self._likelihood = Likelihood(lexicon)
        self._lexicon_words = self._likelihood.shop_words

    def concepts(self, tokens: Sequence[Token], counts: Counts, *, generous: bool = False) -> list[Concept]:
        """What must be found. `generous`: words that exist may be slips too, and short ones may hold two."""
        beside: _Beside | None = None
        options: list[list[tuple[str, float]]] = []
        remembered = counts.remembered
        for token in tokens:
            known = token.text in remembered or self._is_known(token.text, counts)
            if known and (not generous or token.text in STOP_WORDS or len(token.text) < 4):
                options.append([(token.text, 1.0)])
                continue
            if beside is None:
                beside = self._beside(tokens, counts, generous)
            options.append(self._options(token.text, known, counts, beside))
        found: list[Concept] = []
        place, last = 0, len(tokens) - 1
        while place <= last:
            concept = None
            if place < last:
                concept = self._phrase(tokens, options, place, counts) or self._pair(tokens, options, place, counts)
            if concept is None:
                concept = self._single(tokens[place], options[place], place, counts)
            if concept is not None:
                found.append(concept)
                place = concept.end
            else:
                place += 1
        return found

    # Words

    def _beside(self, tokens: Sequence[Token], counts: Counts, generous: bool) -> _Beside:
        numbers, enough = self._vocabulary.numbers, _NAME * counts.size
        names: set[str] = set()
        kinds: set[str] = set()
        for text, *_ in tokens:
            if text in self._lexicon_words:
                if self._likelihood.is_kind(text):
                    kinds.add(text)
            elif text not in STOP_WORDS and counts.count(numbers.get(text, _NOBODYS)) > enough:
                names.add(text)
        language = self._likelihood.language([token.text for token in tokens])
        return _Beside(language, names, kinds, generous)

    def _is_known(self, word: str, counts: Counts) -> bool:
        number = self._vocabulary.numbers.get(word)
        return word in self._lexicon_words or (number is not None and counts.count(number) > 0) or word in STOP_WORDS

    def _options(self, word: str, known: bool, counts: Counts, beside: _Beside) -> list[tuple[str, float]]:
        """Words of the vocabulary or the lexicon that this one may stand for, best first."""
        vocabulary, likelihood, size = self._vocabulary, self._likelihood, counts.size
        has_names, has_kind = bool(beside.names - {word}), bool(beside.kinds - {word})
        near: dict[str, float] = {}
        for other, distance in vocabulary.near(word, 1 if known else None):
            text = vocabulary.texts[other]
            if not distance or not self._is_used(other, counts):
                continue
            # Of two slips at most one adds or drops a letter: "lacost" is not "lost".
            if distance > 1 and (len(text) < 5 or abs(len(text) - len(word)) > 1):
                continue
            count = self._products(other, counts)
            near[text] = likelihood.of_slip(word, text, distance, count, size, beside.language, has_kind)
        options: list[tuple[str, float]] = []
        for other, is_number in vocabulary.forms(word).items():
            text = vocabulary.texts[other]
            if known:
                near.pop(text, None)  # no slip: it is asked for anyway
            elif self._is_used(other, counts) and (is_number or text not in near):
                options.append((text, _INFLECTED if is_number else _RELATED))
                near.pop(text, None)
        if beside.generous and not known and not options and not near and 4 <= len(word) <= 5 and not has_digit(word):
            for other in vocabulary.further(word, 2):
                text = vocabulary.texts[other]
                count = self._products(other, counts)
                near[text] = likelihood.of_slip(word, text, 2, count, size, beside.language, has_kind) - _FURTHER
        slips = sorted(near.items(), key=lambda option: (-option[1], option[0]))
        if slips and not has_names and likelihood.names(slips[0][0]):
            least, least_of_shop = slips[0][1] - _MARGIN, slips[0][1] - (_WIDE if beside.generous else _MARGIN)
            slips = [
                (text, weight)
                for text, weight in slips
                if weight >= least or (weight >= least_of_shop and text in self._lexicon_words)
            ]
        if known:
            if has_names or not slips:
                options.append((word, 1.0))
            else:
                typed = likelihood.of_typed(word, counts.count(vocabulary.numbers.get(word, _NOBODYS)), size)
                slips = [option for option in slips if option[1] >= typed - _MARGIN_TYPED]
                options.append((word, typed if slips else 1.0))
        options += slips[:_MOST_CORRECTIONS]
        options.sort(key=lambda option: -option[1])
        return options

    def _products(self, number: int, counts: Counts) -> int:
        """Products that have the word; 1 where none has it and it is the shop's word for what some are."""
        count, text = counts.count(number), self._vocabulary.texts[number]
        if not count and text in self._lexicon_words:
            meanings, _ = self._meanings.of(text)
            return int(any(counts.used(meaning.key, meaning.ways)[1] for meaning in meanings))
        return count

    def _is_used(self, number: int, counts: Counts) -> bool:
        return counts.count(number) > 0 or self._vocabulary.texts[number] in self._lexicon_words

    def _numbers(self, phrase: Sequence[str]) -> tuple[int, ...] | None:
        numbers = self._vocabulary.numbers
        found = tuple([numbers.get(word, -1) for word in phrase])
        return None if -1 in found else found

    # Concepts

    def _phrase(
        self,
        tokens: Sequence[Token],
        options: Sequence[list[tuple[str, float]]],
        place: int,
        counts: Counts,
    ) -> Concept | None:
        """The longest phrase of the lexicon that begins here, a slip in it allowed."""
        longest = self._meanings.longest(options[place], options[place + 1])
        if longest < 2:
            return None
        for length in range(min(longest, len(tokens) - place), 1, -1):
            choices = [own[: 1 if own and own[0][1] == 1.0 else 4] for own in options[place : place + length]]
            if not all(choices) or sum(len(own) > 1 for own in choices) > 2:
                continue
            for chosen in product(*choices):
                read = tuple(text for text, _ in chosen)
                if self._meanings.has(read) and not self._meanings.says_more(read):
                    weight = sum([weight for _, weight in chosen]) / length
                    phrase = " ".join(read)
                    if weight == 1.0:
                        return Concept._make((place, place + length, *self.typed_right(phrase, counts)[2:]))
                    return self._concept(place, place + length, [(phrase, weight, read)], counts)
        return None

    def _pair(
        self,
        tokens: Sequence[Token],
        options: Sequence[list[tuple[str, float]]],
        place: int,
        counts: Counts,
    ) -> Concept | None:
        """Two words that some products write as one ("t shirt", "lp209 c3")."""
        first, second = tokens[place].text, tokens[place + 1].text
        joined = first + second
        number = self._vocabulary.numbers.get(joined)
        if number is None or len(joined) < 4 or (len(second) < 2 and not has_digit(joined)):
            return None
        if not (counts.count(number) or self._meanings.has((joined,))):
            return None
        if {first, second} & STOP_WORDS and len(first) > 1:
            return None
        readings = [(joined, _JOINED, (first, second))]
        for (left, left_weight), (right, right_weight) in product(options[place][:2], options[place + 1][:2]):
            readings.append((f"{left} {right}", (left_weight + right_weight) / 2, (left, right)))
        return self._concept(place, place + 2, readings, counts)

    def _single(self, token: Token, options: list[tuple[str, float]], place: int, counts: Counts) -> Concept | None:
        if token.text in STOP_WORDS:
            return None
        if len(options) == 1 and options[0][1] == 1.0:
            return Concept._make((place, place + 1, *self.typed_right(token.text, counts)[2:]))
        readings: list[Reading] = [(text, weight, (text,)) for text, weight in options]
        if not any(weight == 1.0 for _, weight in options):
            readings += self._split(token.text, counts)
        if not readings and len(token.text) > 3 and not has_digit(token.text):
            for number in self._vocabulary.starting_with(token.text, 4):
                if self._is_used(number, counts):
                    text = self._vocabulary.texts[number]
                    readings.append((text, _BEGINNING, (text,)))
        # An inflection is no correction: the shopper's own word is what we say we read.
        readings = [
            (text, weight, (token.text,) if weight in (_INFLECTED, _RELATED) else read)
            for text, weight, read in readings
        ]
        return self._concept(place, place + 1, readings, counts, typed=token.text)

    def _split(self, word: str, counts: Counts) -> Iterator[Reading]:
        """One word that products write as two."""
        numbers = self._vocabulary.numbers
        for cut in range(1, len(word)):
            left, right = word[:cut], word[cut:]
            # Short scraps make words of anything; a code may be cut anywhere.
            if not has_digit(word) and ((len(left) < 3 and left != "t") or len(right) < 3):
                continue
            if all(part in numbers and self._is_used(numbers[part], counts) for part in (left, right)):
                yield f"{left} {right}", _SPLIT, (word,)

    def typed_right(self, phrase: str, counts: Counts) -> Concept:
        """What a word or a phrase expresses where no slip is in it. Remembered for one snapshot."""
        remembered = counts.remembered
        known = remembered.get(phrase)
        if known is None:
            if len(remembered) > _REMEMBERED:
                remembered.clear()
            parts, kinds = self._expressed(phrase, counts)
            known = remembered[phrase] = Concept.of(0, 0, parts, kinds, tuple(phrase.split(" ")), key=phrase)
        return known

    def read_ahead(self, counts: Counts) -> list[Concept]:
        """What the words express that people are most likely to type: those that many products have, the shop's own."""
        for word in self._lexicon_words:
            self._likelihood.names(word)
        phrases = [*self._vocabulary.common, *self._lexicon_words, *self._meanings.phrases()]
        return [self.typed_right(phrase, counts) for phrase in dict.fromkeys(phrases) if phrase not in STOP_WORDS]

    def _expressed(self, phrase: str, counts: Counts) -> tuple[tuple[Part, ...], frozenset[str]]:
        """All ways to express what a phrase says: as it stands, inflected, in other words. And the kinds of thing it
        names."""
        read = tuple(phrase.split(" "))
        meanings, kinds = self._meanings.of(phrase)
        numbers = self._numbers(read)
        forms = self._vocabulary.forms(phrase) if len(read) == 1 else {}
        if not meanings and not forms and len(read) == 1:  # most words by far: names, models
            count = counts.count(numbers[0]) if numbers else 0
            return ((Part("", (numbers,), count, 1.0, read),) if numbers and count else ()), kinds
        parts: dict[object, Part] = {}

        def add(key: str, ways: tuple[Way, ...], weight: float) -> None:
            known = parts.get(key or ways)
            if known is not None and known.weight >= weight:
                return
            used, products = counts.used(key, ways)
            if products:
                parts[key or ways] = Part(key, used, products, weight, read)

        # Where it is known what products are, a word in a name says less: a dress shirt is no dress.
        is_known = any(meaning.is_concept and counts.used(meaning.key, meaning.ways)[1] for meaning in meanings)
        said = _ONLY_SAID if is_known else 1.0
        for meaning in meanings:
            add(meaning.key, meaning.ways, meaning.share if meaning.is_concept else said * meaning.share)
        if numbers is not None:
            add("" if len(numbers) == 1 else f"={phrase}", (numbers,), said)
        for other, is_number in forms.items():
            add("", ((other,),), said * (_INFLECTED if is_number else _RELATED))
        return _best(parts.values()), kinds

    def _concept(
        self,
        start: int,
        end: int,
        readings: Sequence[Reading],
        counts: Counts,
        typed: str = "",
    ) -> Concept:
        """All ways to express what any of these phrases says."""
        parts: dict[object, Part] = {}
        kinds = _NO_KINDS
        for phrase, weight, read in readings:
            known = self.typed_right(phrase, counts)
            for key, ways, count, own_weight, _ in known.parts:
                other = parts.get(key or ways)
                if other is None or other.weight < weight * own_weight:
                    parts[key or ways] = Part(key, ways, count, weight * own_weight, read)
            if weight >= readings[0][1] - 0.02:  # what it is most likely
                kinds |= known.kinds
        read = readings[0][2] if readings else (typed,)
        return Concept.of(start, end, _best(parts.values()), kinds, read)


def _best(parts: Iterable[Part]) -> tuple[Part, ...]:
    return tuple(sorted(parts, key=lambda part: -part.weight)[:_MOST_PARTS])


def optional_words(tokens: Sequence[Token], concepts: Sequence[Concept]) -> list[str]:
    """Words that carry no wish of their own ("and", "with", "s") and are in no concept: names may hold them."""
    return [
        token.text
        for token in tokens
        if token.text in STOP_WORDS and not any(concept.start <= token.place < concept.end for concept in concepts)
    ]


def _written_forms(lexicon: Lexicon) -> Iterator[str]:
    for kind in get_args(Kind):
        for key in lexicon.keys(kind):
            yield from lexicon.entry(kind, key).fr
