"""What people say, in French and in English, and the bag of things that says the same (`bags.py`).

Both names of a product mean the same bag, so that neither language is worse off.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping

from visual_search.training.bags import Things
from visual_search.training.captions import Captions, FrenchNames, Lexicon, shortened, without_accents

# What a phone photo of each label is called.
LABEL_WORDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "T-Shirt": (("t-shirt", "tee", "short sleeve t-shirt"), ("t-shirt", "tee-shirt", "t-shirt à manches courtes")),
    "Polo": (("polo", "polo shirt"), ("polo", "polo à manches courtes")),
    "Longsleeve": (("long sleeve top", "long sleeve t-shirt"), ("t-shirt à manches longues", "haut à manches longues")),
    "Shirt": (("shirt", "button-up shirt"), ("chemise", "chemise à boutons")),
    "Blouse": (("blouse",), ("blouse", "chemisier")),
    "Top": (("top",), ("haut", "top")),
    "Undershirt": (("undershirt", "tank top", "vest"), ("maillot de corps", "débardeur")),
    "Dress": (("dress",), ("robe",)),
    "Skirt": (("skirt",), ("jupe",)),
    "Shorts": (("shorts", "a pair of shorts"), ("short", "bermuda")),
    "Pants": (("pants", "trousers"), ("pantalon",)),
    "Shoes": (("shoes", "a pair of shoes"), ("chaussures", "paire de chaussures")),
    "Hat": (("hat", "cap"), ("chapeau", "casquette", "bonnet")),
    "Outwear": (("jacket", "outerwear", "coat"), ("veste", "manteau", "blouson")),
    "Hoodie": (("hoodie", "hooded sweatshirt"), ("sweat à capuche", "sweat-shirt")),
    "Blazer": (("blazer",), ("blazer", "veste de costume")),
    "Body": (("bodysuit",), ("body", "justaucorps")),
}


Saying = tuple[str, list[int]]
_NAMED_SHORTER = (0.25, 0.4, 0.6)
"""Shares of a name's words that are left out where it is said as people remember it."""


def words(things: Things, lexicon: Lexicon) -> dict[str, list[int]]:
    """Each word by itself: those for the values of attributes and for labels, in both languages, then those of names.
    What means several things means the first."""
    found: dict[str, list[int]] = {}
    for attribute, of in things.values.items():
        for value, thing in of.items():
            if (attribute, value) in lexicon.english:
                english, french = lexicon.english[attribute, value], _french(lexicon, attribute, value)
                for word in (*english, *french, *map(without_accents, french)):
                    found.setdefault(word, [thing])
    for label, both in LABEL_WORDS.items():
        for word in (*both[0], *both[1], *map(without_accents, both[1])):
            found.setdefault(word, [things.labels[label]])
    for word, thing in things.words.items():
        found.setdefault(word, [thing])
    return found


def _french(lexicon: Lexicon, attribute: str, value: str) -> list[str]:
    return list(dict.fromkeys(word for form in range(4) for word in lexicon.french(attribute, value, form)))


def said_in_english(things: Things, lexicon: Lexicon) -> Callable[[str], list[int]]:
    """The bag of a word for a value, or of an English name."""
    alone = words(things, lexicon)
    return lambda text: alone.get(text) or things.of_name(text)


class Sayings:
    """Of a product (a row of the catalogue), what people may say of it."""

    def __init__(self, things: Things, lexicon: Lexicon) -> None:
        self._things, self._french, self._captions = things, FrenchNames(lexicon), Captions(lexicon)

    def names(self, row: Mapping[str, str], rng: random.Random) -> Iterator[Saying]:
        """As it is written and as people remember it, in both languages."""
        for share in (0.0, *_NAMED_SHORTER):
            english = shortened(row["title"], rng, share)
            bag = self._things.of_name(english)
            french = self._french.of(english, row["article_type"])
            for text in (english, french, without_accents(french)):
                yield text, bag

    def captions(self, row: Mapping[str, str], rng: random.Random) -> Iterator[Saying]:
        """Of its attributes, one in each language."""
        for language in ("en", "fr"):
            text, named = self._captions.full(row, language, rng)
            yield text, [self._things.values[kind][row[kind]] for kind in sorted(named)]
