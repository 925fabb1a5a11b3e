"""A French title for an English one of the data set: the type, its colour and make in good French, and the model's
name.

Puma Women Osuran White Sports Shoes  →  Chaussures de sport blanches Puma Osuran pour femme
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from commerce.lexicon import Lexicon, fold, singular

_GENDER = re.compile(
    r"\b(?:kids?[ -]unisex|unisex|wom[ae]n(?:['’]?s)?|m[ae]n(?:['’]?s)?|boys?(?:['’]?s)?|girls?(?:['’]?s)?"
    r"|kids?(?:['’]?s)?"
    r"|teens?|infants?|ladies)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\s,;:()\"“”]+")
_CODE = re.compile(r"(?=.*\d)[A-Za-z0-9./-]{3,}\Z")
# Said of the garment in English → said after the noun and its colour in French. Longest first.
_PHRASES: tuple[tuple[str, str], ...] = (
    ("round neck", "col rond"), ("crew neck", "col rond"), ("v neck", "col en V"), ("v-neck", "col en V"),
    ("polo neck", "col polo"), ("high neck", "col montant"), ("mandarin collar", "col mao"),
    ("full sleeve", "manches longues"), ("full sleeves", "manches longues"), ("long sleeve", "manches longues"),
    ("long sleeves", "manches longues"), ("half sleeve", "manches courtes"), ("half sleeves", "manches courtes"),
    ("short sleeve", "manches courtes"), ("short sleeves", "manches courtes"), ("sleeveless", "sans manches"),
    ("three quarter sleeve", "manches trois-quarts"), ("slim fit", "coupe slim"), ("regular fit", "coupe droite"),
    ("skinny fit", "coupe skinny"), ("tailored fit", "coupe ajustée"), ("comfort fit", "coupe confort"),
    ("chronograph", "chronographe"), ("analogue", "analogique"), ("analog", "analogique"), ("digital", "numérique"),
    ("floral", "à fleurs"), ("striped", "à rayures"), ("stripes", "à rayures"), ("stripe", "à rayures"),
    ("checked", "à carreaux"), ("checks", "à carreaux"), ("check", "à carreaux"), ("polka dots", "à pois"),
    ("polka dot", "à pois"), ("leather", "en cuir"), ("denim", "en jean"), ("canvas", "en toile"), ("suede", "en daim"),
    ("linen", "en lin"), ("cotton", "en coton"), ("silk", "en soie"), ("lace", "en dentelle"), ("woollen", "en laine"),
    ("reversible", "réversible"), ("hooded", "à capuche"), ("slip on", "à enfiler"), ("slip-on", "à enfiler"),
    ("lace up", "à lacets"), ("running", "de course"), ("graphic", "à motif graphique"),
)  # fmt: skip
_DIAL = re.compile(r"\b(\w+)(?:[ -]colou?red)? dial\b", re.IGNORECASE)
_PACK = re.compile(r"\b(?:pack|set) of (\d|two|three|four|five)\b", re.IGNORECASE)
_NUMBERS = {"two": "2", "three": "3", "four": "4", "five": "5"}
# Four forms: they agree with the noun.
_AGREEING: dict[str, tuple[str, str, str, str]] = {
    "printed": ("imprimé", "imprimée", "imprimés", "imprimées"),
    "print": ("imprimé", "imprimée", "imprimés", "imprimées"),
    "embroidered": ("brodé", "brodée", "brodés", "brodées"),
    "solid": ("uni", "unie", "unis", "unies"),
}
_FORMS = {"m": 0, "f": 1, "mp": 2, "fp": 3}
_FOR = {
    "Men": ("homme", "men"), "Women": ("femme", "women"), "Boys": ("garçon", "boys"), "Girls": ("fille", "girls"),
    "Unisex": ("", ""),
}  # fmt: skip
# A word that this many brands use is not the name of a model.
_COMMON_BRANDS = 3


@dataclass(frozen=True, slots=True)
class Titled:
    """`model` is what is left of the English title when everything that has a meaning is taken out."""

    french: str
    brand: str
    french_words: str
    english_words: str


class FrenchTitles:
    """Learns brands and common words from all the titles, then composes one after the other."""

    def __init__(self, rows: Iterable[Mapping[str, str]], lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        starts: dict[str, int] = defaultdict(int)
        users: dict[str, set[str]] = defaultdict(set)
        titles = [row["title"] for row in rows]
        for title in titles:
            if prefix := self._maker(title):
                starts[prefix] += 1
        self._brands = {name for name, count in starts.items() if count >= 2}
        for title in titles:
            brand = self.brand_of(title)
            for word in _WORD.findall(title[len(brand) :]):
                users[fold(word)].add(brand)
        self._common = {word for word, brands in users.items() if len(brands) >= _COMMON_BRANDS}

    def brand_of(self, title: str) -> str:
        """What stands before the first word for a gender, or the longest known brand; '' when there is none."""
        prefix = self._maker(title)
        if prefix in self._brands:
            return prefix
        words = title.split()
        for count in range(min(5, len(words)), 0, -1):
            name = " ".join(words[:count])
            if name in self._brands:
                return name
        return prefix if 0 < len(prefix.split()) <= 3 else ""

    def _maker(self, title: str) -> str:
        """What stands before the word for a gender, without a colour at its end."""
        words = _before_gender(title).split()
        while len(words) > 1 and self._lexicon.colour_of(words[-1], language="en"):
            words.pop()
        return " ".join(words)

    def compose(self, row: Mapping[str, str]) -> Titled:
        title, lexicon = row["title"], self._lexicon
        brand = self.brand_of(title)
        key = lexicon.category_of(row["article_type"], language="en")
        if key is None:
            return Titled("", brand, "", "")
        rest = _GENDER.sub(" ", title[len(brand) :] if title.startswith(brand) else title)
        key = self._nearer(key, lexicon.category_of(rest, language="en"))
        category = lexicon.category(key)
        extras: list[str] = []
        if dial := _DIAL.search(rest):
            shade = lexicon.colour_of(dial[1], language="en")
            extras.append(f"à cadran {lexicon.label('colour', shade, 'fr')}" if shade else "")
            rest = _DIAL.sub(" ", rest)
        colour = self._colour(row["base_colour"], rest, named=not dial)
        if pack := _PACK.search(rest):
            extras.append(f"lot de {_NUMBERS.get(pack[1].lower(), pack[1])}")
            rest = _PACK.sub(" ", rest)
        folded = f" {rest.casefold()} "
        for english, french in _PHRASES:
            if f" {english} " in folded:
                folded = folded.replace(f" {english} ", " ")
                if french not in extras and not (
                    french.startswith("col ") and any(e.startswith("col ") for e in extras)
                ):
                    extras.append(french)
        for english, forms in _AGREEING.items():
            if f" {english} " in folded:
                folded = folded.replace(f" {english} ", " ")
                if forms[_FORMS[category.gender]] not in extras:
                    extras.insert(0, forms[_FORMS[category.gender]])
        kept = set(folded.split())
        model = self._model([word for word in _WORD.findall(rest) if word.casefold() in kept], brand)
        noun = category.fr[0]
        hue = lexicon.label("colour", colour, "fr", agree_with=key) if colour else ""
        whom = _FOR.get(row["gender"], ("", ""))[0]
        parts = [noun, hue, *[extra for extra in extras if extra][:3], brand, model, f"pour {whom}" if whom else ""]
        text = " ".join(part for part in parts if part)
        english_hue = lexicon.label("colour", colour, "en") if colour else ""
        return Titled(
            text[0].upper() + text[1:], brand, f"{noun} {hue}".strip(), f"{english_hue} {category.en[0]}".strip()
        )

    def _nearer(self, key: str, named: str | None) -> str:
        """The kind that the title names, when it is a near relation of the data set's (polo for T-shirt, flats for
        heels).
        """
        if named is None or named == key:
            return key
        ours, theirs = self._lexicon.category(key), self._lexicon.category(named)
        near = theirs.parent == key or (theirs.parent is not None and theirs.parent == ours.parent)
        return named if near and named != ours.parent else key

    def _colour(self, base: str, rest: str, *, named: bool) -> str | None:
        """The colour of the title, the data set's where the title names it too or names none. `named` False: a
        dial's.
        """
        lexicon = self._lexicon
        base_key = lexicon.colour_of(base, language="en") if base != "NA" else None
        if not named:
            return None
        words = fold(rest.replace("-", " ")).split()
        keys = [
            sense.key
            for found in lexicon.find(words)
            for sense in found.senses
            if sense.kind == "colour" and sense.language == "en"
        ]
        if not keys or base_key in keys:
            return base_key
        family = [key for key in keys if base_key and lexicon.colour_family(key) == lexicon.colour_family(base_key)]
        return (family or keys)[0]

    def _model(self, words: list[str], brand: str) -> str:
        """Names and codes of the maker: capitalised words that few brands use and that mean nothing to the lexicon."""
        taken = {fold(word) for word in brand.split()}
        kept: list[str] = []
        for word in words:
            plain = fold(word)
            if len(plain) < 2 or plain in taken:
                continue
            named = (word[0].isupper() and plain not in self._common) or (
                _CODE.match(word) and plain not in self._common
            )
            if any(fold(part) in self._common or self._lexicon.senses_of(fold(part)) for part in word.split("-")):
                continue
            if named and not self._lexicon.senses_of(singular(plain)) and not self._lexicon.senses_of(plain):
                kept.append(word)
        return " ".join(kept[:3])


def _before_gender(title: str) -> str:
    """`Nike Men Blue T20 Jersey` → `Nike`; '' when no word for a gender comes second to fifth."""
    found = _GENDER.search(title)
    if not found or found.start() == 0:
        return ""
    prefix = title[: found.start()].strip(" '’-")
    return prefix if 1 <= len(prefix.split()) <= 5 else ""
