"""The shop's words as a value: what a word means, how a thing is called, which words find it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from types import MappingProxyType

from commerce.lexicon.entries import Category, Colour, Entry, Kind, Sense
from commerce.lexicon.folding import fold, singular, words
from commerce.lexicon.loading import read_entries, read_table

_LINKING = frozenset(
    {"a", "au", "aux", "de", "d", "des", "du", "en", "l", "la", "le", "les", "of", "pour", "s", "the", "for"}
)
_AGREED = {"m": 0, "f": 1, "mp": 2, "fp": 3}
_LONGEST_PHRASE = 5


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase of the lexicon in a list of words: ``words[start:end]`` and every sense of it."""

    start: int
    end: int
    senses: tuple[Sense, ...]


class Lexicon:
    """Every word of the shop, in both languages. Immutable and safe to share between threads."""

    def __init__(self, entries: Iterable[Entry], undecided: Mapping[str, Mapping[str, str]] | None = None) -> None:
        """``undecided`` gives per kind, for a word that means two things, the one meant when no language is known."""
        self._entries: dict[tuple[Kind, str], Entry] = {(entry.kind, entry.key): entry for entry in entries}
        self._undecided = {
            (kind, _phrase(word)): key for kind, table in (undecided or {}).items() for word, key in table.items()
        }
        self._feeds: dict[tuple[Kind, str], str] = {}
        self._phrases: dict[str, tuple[Sense, ...]] = {}
        for entry in self._entries.values():
            for name in entry.feeds:
                self._feeds.setdefault((entry.kind, fold(name)), entry.key)
            for language in ("fr", "en"):
                sense = Sense(entry.kind, entry.key, language)
                for phrase in chain.from_iterable(map(_spellings, _forms(entry, language))):
                    known = self._phrases.get(phrase, ())
                    if sense not in known:
                        self._phrases[phrase] = (*known, sense)
        self._kin = self._all_kin()

    # What is this?

    def category_of(self, text: str, *, language: str | None = None) -> str | None:
        """The category named by a feed's product type, a Google category path or a shopper's words, or None.

        ``language`` decides words that mean two things (``robe``: a dress, or English for a dressing gown).
        """
        return self._named("category", text, language)

    def colour_of(self, text: str, *, language: str | None = None) -> str | None:
        """The colour named by a feed's field or a shopper's words, or None."""
        return self._named("colour", text, language)

    def gender_of(self, text: str, *, language: str | None = None) -> str | None:
        """The gender key (women, men, girls, boys, unisex, kids) a text names, or None."""
        return self._named("gender", text, language)

    def material_of(self, text: str, *, language: str | None = None) -> str | None:
        """The material a text names, or None."""
        return self._named("material", text, language)

    def key_of(self, kind: Kind, text: str, *, language: str | None = None) -> str | None:
        """The entry of any kind that a text names, or None."""
        return self._named(kind, text, language)

    def find(self, tokens: Sequence[str]) -> Iterator[Found]:
        """The phrases of the lexicon in folded words, left to right, the longest first, none overlapping."""
        keys = [singular(token) for token in tokens]
        start, count = 0, len(keys)
        while start < count:
            for end in range(min(start + _LONGEST_PHRASE, count), start, -1):
                senses = self._phrases.get(" ".join(keys[start:end]))
                if senses:
                    yield Found(start, end, senses)
                    start = end
                    break
            else:
                start += 1

    def senses_of(self, phrase: str) -> tuple[Sense, ...]:
        """Every meaning of exactly this word or phrase."""
        return self._phrases.get(_phrase(phrase), ())

    def senses_of_key(self, key: str) -> tuple[Sense, ...]:
        """Every meaning of words already folded, made ``singular`` and joined by blanks."""
        return self._phrases.get(key, ())

    def choose(self, kind: Kind, phrase: str, senses: Iterable[Sense], language: str | None) -> str | None:
        """The entry of this kind a phrase means to a speaker of the language, or None if no sense has the kind."""
        of_kind = [sense for sense in senses if sense.kind == kind]
        if not of_kind:
            return None
        for sense in of_kind:
            if sense.language == language:
                return sense.key
        return self._undecided.get((kind, _phrase(phrase)), of_kind[0].key)

    # How is it called?

    def label(self, kind: Kind, key: str, language: str, *, plural: bool = False, agree_with: str | None = None) -> str:
        """The word we write for an entry, lower case, in ``fr`` or ``en`` (any other language reads English).

        ``agree_with`` is the category a French adjective describes (white + dress → blanche). A category that is
        spoken of in the plural (baskets, sunglasses) is so in every case. Raises KeyError for an unknown key.
        """
        entry = self._entries[kind, key]
        if not language.startswith("fr"):
            return entry.en[-1 if plural else 0]
        if len(entry.fr) < 4:
            return entry.fr[-1 if plural else 0]
        noun = self._entries.get(("category", agree_with)) if agree_with else None
        agreement: str = noun.gender if isinstance(noun, Category) else "m"
        if plural and len(agreement) == 1:
            agreement += "p"
        return entry.fr[_AGREED[agreement]]

    def entry(self, kind: Kind, key: str) -> Entry:
        """The whole entry. Raises KeyError for an unknown key."""
        return self._entries[kind, key]

    def category(self, key: str) -> Category:
        """The category of that key. Raises KeyError for an unknown key."""
        entry = self._entries["category", key]
        assert isinstance(entry, Category)
        return entry

    def colour(self, key: str) -> Colour:
        """The colour of that key. Raises KeyError for an unknown key."""
        entry = self._entries["colour", key]
        assert isinstance(entry, Colour)
        return entry

    def knows(self, kind: Kind, key: str) -> bool:
        """Whether there is an entry of that kind and key."""
        return (kind, key) in self._entries

    def keys(self, kind: Kind) -> tuple[str, ...]:
        """Every key of a kind, in the order of its file."""
        return tuple(key for of_kind, key in self._entries if of_kind == kind)

    # What goes with it?

    def kin(self, category: str) -> frozenset[str]:
        """The category, every one below it, and those a shopper who names it may also mean.

        An unknown category has itself alone for kin, so that a shop's own categories still filter.
        """
        return self._kin.get(category, frozenset((category,)))

    def colour_family(self, colour: str) -> str:
        """The basic colour a shade belongs to (navy → blue); the colour itself when unknown."""
        entry = self._entries.get(("colour", colour))
        return entry.family if isinstance(entry, Colour) else colour

    def search_words(self, kind: Kind, key: str) -> tuple[str, ...]:
        """The folded phrases, both languages, that should find a product having this attribute.

        Its own forms, then those of the wider things it is: a navy dress is found by "bleu", by "blue" and by
        "vetements". Empty for an unknown key.
        """
        found: dict[str, None] = {}
        for wider in self._wider(kind, key):
            for language in ("fr", "en"):
                for form in _forms(wider, language):
                    found.setdefault(" ".join(words(form)))
        return tuple(found)

    def synonyms(self) -> Mapping[str, tuple[str, ...]]:
        """Folded word or phrase → every other folded word or phrase for the same thing, in both languages.

        A word that means two things has the synonyms of the more usual one alone, and is a synonym of that alone.
        Values are single words and the names we write ourselves; a longer name ("robe de soirée") is a key only,
        since it says more than its synonyms do.
        """
        return self._synonyms

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every folded word the lexicon knows, as typed (singular and plural forms both)."""
        return frozenset(
            word
            for entry in self._entries.values()
            for language in ("fr", "en")
            for form in _forms(entry, language)
            for word in words(form)
        )

    @cached_property
    def _synonyms(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, dict[str, None]] = {}
        for entry in self._entries.values():
            spoken: dict[str, bool] = {}
            for form in (*entry.fr, *entry.en, *entry.also_fr, *entry.also_en):
                if self.choose(entry.kind, form, self.senses_of(form), None) == entry.key:
                    written = form in entry.fr or form in entry.en
                    phrase = " ".join(words(form))
                    spoken[phrase] = spoken.get(phrase, False) or written or " " not in phrase
            for phrase in spoken:
                others = (other for other, useful in spoken.items() if useful and phrase not in other.split())
                found.setdefault(phrase, {}).update((other, None) for other in others if other != phrase)
        return MappingProxyType({phrase: tuple(others) for phrase, others in found.items() if others})

    def _wider(self, kind: Kind, key: str) -> Iterator[Entry]:
        entry = self._entries.get((kind, key))
        if entry is None:
            return
        yield entry
        if isinstance(entry, Category):
            for other in self.keys("category"):
                if other != key and key in self._kin[other]:
                    yield self._entries["category", other]
        elif isinstance(entry, Colour) and entry.family != key:
            yield self._entries["colour", entry.family]

    def _all_kin(self) -> dict[str, frozenset[str]]:
        below: dict[str, set[str]] = {key: {key} for key in self.keys("category")}
        for key in below:
            above = self.category(key).parent
            while above is not None:
                below[above].add(key)
                above = self.category(above).parent
        return {
            key: frozenset(inner.union(*(below[other] for other in self.category(key).meant_with)))
            for key, inner in below.items()
        }

    def _named(self, kind: Kind, text: str, language: str | None) -> str | None:
        folded = fold(text)
        if not folded:
            return None
        fed = self._feeds.get((kind, folded))
        if fed is not None and (kind, _phrase(folded)) not in self._undecided:
            return fed
        key = self.choose(kind, folded, self.senses_of(folded), language)
        if key is not None:
            return key
        for part in reversed(folded.replace("/", ">").split(">")) if ">" in folded or "/" in folded else ():
            key = self._feeds.get((kind, part.strip())) or self._longest(kind, part, language)
            if key is not None:
                return key
        return self._longest(kind, folded, language)

    def _longest(self, kind: Kind, text: str, language: str | None) -> str | None:
        """The longest phrase of the kind in a text; of equals, French names the thing first and English last."""
        tokens = words(text)
        best: tuple[int, int, str] | None = None
        for found in self.find(tokens):
            phrase = " ".join(tokens[found.start : found.end])
            key = self.choose(kind, phrase, found.senses, language)
            if key is None:
                continue
            length = found.end - found.start
            french = any(s.key == key and s.language == "fr" for s in found.senses)
            rank = (length, -found.start if french else found.start, key)
            if best is None or rank > best:
                best = rank
        return best[2] if best else None


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The shop's lexicon, read from its files once a process."""
    return Lexicon(read_entries(), read_table("ambiguous.toml"))


def _forms(entry: Entry, language: str) -> tuple[str, ...]:
    return entry.fr + entry.also_fr if language == "fr" else entry.en + entry.also_en


def _phrase(text: str) -> str:
    return " ".join(singular(word) for word in words(text))


def _spellings(form: str) -> set[str]:
    """The keys under which a form is looked up: as written, without linking words, hyphens closed or opened."""
    tokens = words(form)
    bare = [token for token in tokens if token not in _LINKING] or tokens
    spellings = {" ".join(map(singular, tokens))}
    if len(bare) > 1:
        spellings.add(" ".join(map(singular, bare)))
    if "-" in form:
        for variant in (form.replace("-", ""), form.replace("-", " ")):
            spellings.add(_phrase(variant))
    return spellings
