"""What a picture is taught with: the product's name in English and in French, and captions of its attributes.

Names in French are made word by word: the words that have a French one are replaced, makers and models stay, and the
order becomes that of French (the thing, its colour, its make, the maker, for whom). Both names of a product say the
same, so that neither language is worse off.
"""

from __future__ import annotations

import csv
import random
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

WORDS = Path(__file__).parent / "french_words.tsv"

_FOR_WHOM = ("homme", "femme", "garçon", "fille", "enfant", "bébé", "mixte")
_TOKEN = re.compile(r"[^\s,;:()\"“”]+")
_LONGEST_PHRASE = 3
_GENDER_FORMS = {"m": 0, "f": 1, "mp": 2, "fp": 3}
NAMED = {"article_type": 1.0, "base_colour": 0.85, "gender": 0.5, "usage": 0.15, "season": 0.08}
"""Share of captions that name each attribute."""
_NO_ACCENTS = 0.2
"""Share of French captions that are written without accents, as people type."""


@dataclass(frozen=True, slots=True)
class Noun:
    text: str
    form: int
    """Index into a colour's forms: m, f, mp, fp."""


class Lexicon:
    """`lexicon.tsv` of the shared data: the words for each attribute's values."""

    def __init__(self, path: Path) -> None:
        self.english: dict[tuple[str, str], list[str]] = {}
        self.nouns: dict[str, list[Noun]] = {}
        self._french: dict[tuple[str, str], list[list[str]]] = {}
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                at = (row["kind"], row["key"])
                self.english[at] = list(dict.fromkeys([*row["english"].split("|"), row["key"].lower()]))
                if row["kind"] == "article_type":
                    self.nouns[row["key"]] = [_noun(text) for text in row["french"].split("|")]
                else:
                    self._french[at] = [form.split("/") for form in row["french"].split("|")]

    def keys(self, kind: str) -> list[str]:
        return [key for of, key in self.english if of == kind]

    def french(self, kind: str, key: str, form: int = 0) -> list[str]:
        """Every word for it; a word that agrees, in that form."""
        if kind == "article_type":
            return [noun.text for noun in self.nouns[key]]
        return [forms[form] if len(forms) == 4 else forms[0] for forms in self._french.get((kind, key), [])]


def _noun(text: str) -> Noun:
    found = re.fullmatch(r"(.+?)\s*\((m|f|mp|fp)\)", text.strip())
    return Noun(found[1], _GENDER_FORMS[found[2]]) if found else Noun(text.strip(), 0)


def without_accents(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))


class FrenchNames:
    """English names to French ones."""

    def __init__(self, lexicon: Lexicon, words: Path = WORDS) -> None:
        with words.open(encoding="utf-8") as file:
            pairs = [line.rstrip("\n").split("\t") for line in file]
            self._words = dict(pairs)
        self._lexicon = lexicon
        nouns = {noun.text: noun.form for every in lexicon.nouns.values() for noun in every}
        self._things = {
            french: nouns.get(french, 0)
            for english, french in self._words.items()
            if french in nouns or any(french.startswith(noun) for noun in nouns)
        }
        self._colours = {
            forms[0]: forms for (kind, _), every in lexicon._french.items() if kind == "base_colour" for forms in every
        }

    def of(self, title: str, article_type: str) -> str:
        """One French name of the product."""
        found = self._translated(title)
        things = [french for french, known in found if known and french in self._things][:2]
        whom = [french for french, known in found if known and french in _FOR_WHOM]
        rest = [french for french, known in found if known and french not in (*things, *_FOR_WHOM)]
        names = [word for word, known in found if not known]
        noun = self._lexicon.nouns.get(article_type, [Noun("", 0)])[0]
        form = self._things.get(things[0], noun.form) if things else noun.form
        if not things:
            things = [noun.text]
        described = [self._agree(word, form) for word in rest]
        parts = [*reversed(things), *described, *names, *(["pour " + " ".join(dict.fromkeys(whom))] if whom else [])]
        return " ".join(part for part in parts if part)

    def _agree(self, word: str, form: int) -> str:
        forms = self._colours.get(word)
        return forms[form] if forms and len(forms) == 4 else word

    def _translated(self, title: str) -> list[tuple[str, bool]]:
        tokens = _TOKEN.findall(title)
        folded = [token.lower().strip("'’") for token in tokens]
        out: list[tuple[str, bool]] = []
        at = 0
        while at < len(tokens):
            for size in range(min(_LONGEST_PHRASE, len(tokens) - at), 0, -1):
                french = self._words.get(" ".join(folded[at : at + size]))
                if french is not None:
                    out.append((french, True))
                    at += size
                    break
            else:
                out.append((tokens[at], False))
                at += 1
        return out


class Captions:
    """Random captions of a product's attributes, half of them French."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    def full(self, row: Mapping[str, str], language: str, rng: random.Random) -> tuple[str, frozenset[str]]:
        """A caption of the type and some other attributes, and which attributes it names."""
        named = {
            attribute
            for attribute, share in NAMED.items()
            if row.get(attribute, "NA") not in ("", "NA") and rng.random() < share
        }
        return self.words(row, named, language, rng), frozenset(named)

    def words(self, row: Mapping[str, str], named: set[str], language: str, rng: random.Random) -> str:
        lexicon = self._lexicon

        def english(attribute: str) -> str:
            return rng.choice(lexicon.english[attribute, row[attribute]]) if attribute in named else ""

        if language == "en":
            kind, colour, gender = english("article_type"), english("base_colour"), english("gender")
            usage, season = english("usage"), english("season")
            after = gender.startswith("for ") and f" {gender}"
            before = "" if after else gender
            text = " ".join(part for part in (season, before, usage, colour, kind) if part) + (after or "")
            return rng.choice(_ENGLISH).format(text.strip())
        noun = rng.choice(lexicon.nouns[row["article_type"]]) if "article_type" in named else Noun("", 0)

        def french(attribute: str) -> str:
            words = lexicon.french(attribute, row[attribute], noun.form) if attribute in named else []
            return rng.choice(words) if words else ""

        parts = (noun.text, french("base_colour"), french("usage"), french("season"), french("gender"))
        text = rng.choice(_FRENCH).format(" ".join(part for part in parts if part))
        return without_accents(text) if rng.random() < _NO_ACCENTS else text


_ENGLISH = ("{}", "{}", "{}", "{}", "a {}", "photo of {}", "I am looking for a {}", "{} please", "similar {}")
_FRENCH = ("{}", "{}", "{}", "{}", "photo de {}", "je cherche {}", "avez-vous {}", "{} svp", "un modèle de {}")


def shortened(name: str, rng: random.Random, share: float) -> str:
    """The name with some of its words left out, as people remember it."""
    words = name.split()
    kept = [word for word in words if rng.random() >= share]
    return " ".join(kept if len(kept) >= 2 else words)
