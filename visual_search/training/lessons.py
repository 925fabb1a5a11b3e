"""What a step of training is made of: which pictures, which words, and which of them belong together.

A caption and a picture belong together (1), do not (-1), or nobody knows (0): a phone photo's colour is not written
down, and its label may fit several kinds. What nobody knows is left out of the loss. Kinds that look alike (sports
shoes, casual shoes) are told apart all the same: where they were left out, a linear projection found the same kind in
.70 of the ten likest photos, and .74 where they were not.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visual_search.encoders.tokenizer import BpeTokenizer
from visual_search.training.captions import Captions, FrenchNames, Lexicon, shortened, without_accents
from visual_search.training.corpus import Corpus
from visual_search.training.shared_data import PHOTO_TYPES

MAKER = "maker"
ATTRIBUTES = ("article_type", "base_colour", "gender", "usage", "season", "sub_category", "master_category", MAKER)
PROMPTED = ("article_type", "base_colour", "gender", MAKER, "usage", "sub_category", "master_category")
"""Attributes whose every value is a class of its own in each step."""
FEWEST_OF_A_MAKER = 20
"""Products from which on a maker is such a class: of 4 in 10 pictures a classifier then knows the maker."""

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

_MOST_CAPTIONS = 192
"""Products of a lesson that get a caption beside their name: texts cost as much as pictures."""

Signs = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A batch. `pictures`: places in a view; the first `products` of them are products, the rest photos."""

    pictures: NDArray[np.int64]
    products: int
    names: list[str]
    name_ids: NDArray[np.int64]
    """[products]: equal for products of the very same name."""
    same_name: NDArray[np.bool_]
    """[products, products]: other products of the very same name."""
    kin_ids: NDArray[np.int64]
    """[products]: equal for products that hardly anybody could tell apart by their pictures (see `Teacher.kin_ids`)."""
    captions: list[str]
    caption_fits: Signs
    """[captions, pictures]: of the first pictures and of all photos"""
    prompts: list[str]
    prompt_fits: Signs
    """[prompts, pictures]"""
    prompt_kinds: list[int]
    """Where each attribute's prompts begin, and their end."""
    alike: tuple[Signs, Signs]
    """[pictures, pictures], twice: of one kind or not; and, within a kind, of one colour or not."""


class Teacher:
    """Makes lessons; the same seed gives the same ones. `rows` are those of a view (`views.training_rows`)."""

    def __init__(self, corpus: Corpus, lexicon: Lexicon, rows: NDArray[np.int64], seed: int) -> None:
        self._lexicon = lexicon
        self._captions = Captions(lexicon)
        self._seed = seed
        total = len(corpus.rows)
        self._is_photo = rows >= total
        self._product_rows = rows[~self._is_photo]
        french = FrenchNames(lexicon)
        self._english = [corpus.rows[row]["title"] for row in self._product_rows]
        self._french = [
            french.of(corpus.rows[row]["title"], corpus.rows[row]["article_type"]) for row in self._product_rows
        ]
        names = {name: number for number, name in enumerate(dict.fromkeys(self._english))}
        self._name_ids = np.array([names[name] for name in self._english])
        self._rows = [corpus.rows[row] for row in self._product_rows]
        kin: dict[tuple[str, ...], int] = {}
        self._kin_ids = np.array([kin.setdefault(_kin(row), len(kin)) for row in self._rows])
        self.values = {kind: lexicon.keys(kind) for kind in ATTRIBUTES if kind != MAKER}
        makers = Counter(_maker(row) for row in self._rows)
        self.values[MAKER] = sorted(maker for maker, count in makers.items() if count >= FEWEST_OF_A_MAKER)
        place = {kind: {key: at for at, key in enumerate(keys)} for kind, keys in self.values.items()}
        # [pictures, attributes]: the value's number, -1 unknown. A photo's kind is in `_photo_kinds`.
        self._known = np.full((len(rows), len(ATTRIBUTES)), -1, np.int64)
        for at, row in enumerate(self._rows):
            for column, kind in enumerate(ATTRIBUTES):
                self._known[at, column] = place[kind].get(_maker(row) if kind == MAKER else row[kind], -1)
        self._labels = [corpus.photo_labels[row - total] for row in rows[self._is_photo]]
        kinds = self.values["article_type"]
        count = len(kinds)
        self._label_names = list(LABEL_WORDS)
        self._label_fits = np.full((len(LABEL_WORDS), count), -1, np.int8)
        """[label, kind]: may a product of the kind answer a photo of the label?"""
        for label, fitting in PHOTO_TYPES.items():
            for kind in place["article_type"].keys() & set(fitting):
                self._label_fits[self._label_names.index(label), place["article_type"][kind]] = 1
        self._label_of = np.array([self._label_names.index(label) for label in self._labels])
        self._label_alike = self._labels_alike()
        by_kind = [np.flatnonzero(self._known[: len(self._rows), 0] == kind) for kind in range(count)]
        self._by_kind = by_kind
        weight = np.sqrt([len(of) if len(of) >= 12 else 0 for of in by_kind])
        self._kind_share = weight / weight.sum()
        balance = np.array([1 / np.sqrt(len(by_kind[kind])) for kind in self._known[: len(self._rows), 0]])
        self._product_share = 0.5 * balance / balance.sum() + 0.5 / len(balance)
        self._photo_places = np.flatnonzero(self._is_photo)

    def _labels_alike(self) -> Signs:
        """[label, label]: labels that share a kind are neither alike nor different."""
        shared = (self._label_fits == 1).astype(int) @ (self._label_fits == 1).T.astype(int)
        out = np.where(shared > 0, 0, -1).astype(np.int8)
        np.fill_diagonal(out, 1)
        return out

    @property
    def products(self) -> int:
        """How many of a view's pictures are products: its first ones."""
        return len(self._rows)

    @property
    def name_ids(self) -> NDArray[np.int64]:
        return self._name_ids

    @property
    def kin_ids(self) -> NDArray[np.int64]:
        """Equal for products of one kind, colour, gender and maker: what tells their names apart is seldom to be seen,
        and would be learned by heart."""
        return self._kin_ids

    def every_name(self, language: str) -> list[str]:
        """Of each product, in the order of a view."""
        return self._french if language == "fr" else self._english

    def lesson(self, step: int, products: int, photos: int) -> Lesson:
        rng = random.Random(f"{self._seed}:{step}")
        numbers = np.random.default_rng([self._seed, step])
        chosen = self._choose(products, numbers)
        pictures = np.concatenate([chosen, numbers.choice(self._photo_places, photos, replace=False)])
        names = [self._name(int(at), rng) for at in chosen]
        ids = self._name_ids[chosen]
        captions, caption_fits = self._describe(pictures, products, rng)
        prompts, prompt_fits, kinds = self._prompt(pictures, products, rng)
        return Lesson(
            pictures, products, names, ids, ids[:, None] == ids[None, :], self._kin_ids[chosen], captions, caption_fits,
            prompts, prompt_fits, kinds, self._alike(pictures, products),
        )  # fmt: skip

    def _choose(self, products: int, numbers: np.random.Generator) -> NDArray[np.int64]:
        """Half of them anything, half of a few kinds, so that a name must tell a shirt from other shirts."""
        anything = numbers.choice(len(self._rows), products // 2, replace=False, p=self._product_share)
        wanted = products - len(anything)
        near: list[NDArray[np.int64]] = []
        for kind in numbers.choice(len(self._by_kind), 12, replace=False, p=self._kind_share):
            of = np.setdiff1d(self._by_kind[kind], anything)
            near.append(numbers.permutation(of)[: max(wanted // 4, 1)])
            if sum(map(len, near)) >= wanted:
                break
        return numbers.permutation(np.concatenate([anything, *near])[:products])

    def _name(self, at: int, rng: random.Random) -> str:
        if rng.random() < 0.5:
            name = self._english[at]
        else:
            name = self._french[at]
            if rng.random() < 0.2:
                name = without_accents(name)
        return shortened(name, rng, 0.25) if rng.random() < 0.25 else name

    def _describe(self, pictures: NDArray[np.int64], products: int, rng: random.Random) -> tuple[list[str], Signs]:
        captions: list[str] = []
        told = [*range(min(_MOST_CAPTIONS, products)), *range(products, len(pictures))]
        asked = np.full((len(told), len(ATTRIBUTES)), -1, np.int64)
        labels = np.full(len(told), -1)
        for number, at in enumerate(pictures[told]):
            if told[number] < products:
                row = self._rows[at]
                language = "fr" if rng.random() < 0.5 else "en"
                text, named = self._captions.full(row, language, rng)
                for column, kind in enumerate(ATTRIBUTES):
                    if kind in named:
                        asked[number, column] = self._known[at, column]
                captions.append(text)
            else:
                label = self._label_of[at - len(self._rows)]
                labels[number] = label
                words = LABEL_WORDS[self._label_names[label]][rng.random() < 0.5]
                captions.append(rng.choice(words))
        fits = np.ones((len(told), len(pictures)), np.int8)
        shown = self._known[pictures]
        for column in range(1, len(ATTRIBUTES)):
            wanted, there = asked[:, None, column], shown[None, :, column]
            fits = np.minimum(fits, _compare(wanted, there))
        fits = np.minimum(fits, self._kinds(asked[:, 0], labels, shown[:, 0], self._shown_labels(pictures, products)))
        fits[np.arange(len(told)), told] = 1
        return captions, fits

    def _shown_labels(self, pictures: NDArray[np.int64], products: int) -> NDArray[np.int64]:
        out = np.full(len(pictures), -1)
        out[products:] = self._label_of[pictures[products:] - len(self._rows)]
        return out

    def _kinds(
        self,
        asked: NDArray[np.int64],
        asked_labels: NDArray[np.int64],
        shown: NDArray[np.int64],
        shown_labels: NDArray[np.int64],
    ) -> Signs:
        """[asked, shown] signs by kind, where either side may be a phone photo's label."""
        out = np.zeros((len(asked), len(shown)), np.int8)
        product_asked, product_shown = asked >= 0, shown >= 0
        out[np.ix_(product_asked, product_shown)] = np.where(
            asked[product_asked][:, None] == shown[product_shown][None], 1, -1
        )
        photo_asked, photo_shown = asked_labels >= 0, shown_labels >= 0
        if photo_asked.any():
            out[np.ix_(photo_asked, product_shown)] = self._label_fits[
                np.ix_(asked_labels[photo_asked], shown[product_shown])
            ]
            out[np.ix_(photo_asked, photo_shown)] = self._label_alike[
                np.ix_(asked_labels[photo_asked], shown_labels[photo_shown])
            ]
        if photo_shown.any():
            # A photo of a label that several kinds may answer is not surely of any of them: only the first counts.
            fits = self._label_fits[shown_labels[photo_shown]].T
            first = np.zeros_like(fits)
            for column, label in enumerate(shown_labels[photo_shown]):
                first[self._first_kind(int(label)), column] = 1
            signs = np.where(fits == 1, first, -1).astype(np.int8)
            out[np.ix_(product_asked, photo_shown)] = signs[asked[product_asked]]
        return out

    def _first_kind(self, label: int) -> int:
        kinds = self.values["article_type"]
        return next(kinds.index(kind) for kind in PHOTO_TYPES[self._label_names[label]] if kind in kinds)

    def _prompt(
        self, pictures: NDArray[np.int64], products: int, rng: random.Random
    ) -> tuple[list[str], Signs, list[int]]:
        prompts: list[str] = []
        starts = [0]
        fits: list[Signs] = []
        shown, labels = self._known[pictures], self._shown_labels(pictures, products)
        for kind in PROMPTED:
            keys = self.values[kind]
            form = rng.randrange(4)
            for key in keys:
                prompts.append(key if kind == MAKER else self._word(kind, key, form, rng))
            every = np.arange(len(keys))
            if kind == "article_type":
                fits.append(self._kinds(every, np.full(len(keys), -1), shown[:, 0], labels))
            else:
                fits.append(_compare(every[:, None], shown[None, :, ATTRIBUTES.index(kind)]))
            starts.append(len(prompts))
        return prompts, np.concatenate(fits), starts

    def _word(self, kind: str, key: str, form: int, rng: random.Random) -> str:
        french = self._lexicon.french(kind, key, form)
        word = rng.choice(french if french and rng.random() < 0.5 else self._lexicon.english[kind, key])
        return without_accents(word) if rng.random() < 0.1 else word

    def beside(self, lesson: Lesson, others: NDArray[np.int64]) -> tuple[tuple[Signs, Signs], Signs]:
        """For products beside those of the lesson, by their place: which are alike to the lesson's pictures [pictures,
        others] (see `Lesson.alike`), and which its prompts fit [prompts, others]."""
        shown, none = self._known[others], np.full(len(others), -1)
        fits: list[Signs] = []
        for kind in PROMPTED:
            every = np.arange(len(self.values[kind]))
            if kind == "article_type":
                fits.append(self._kinds(every, np.full(len(every), -1), shown[:, 0], none))
            else:
                fits.append(_compare(every[:, None], shown[None, :, ATTRIBUTES.index(kind)]))
        return self._alike(lesson.pictures, lesson.products, others), np.concatenate(fits)

    def _alike(
        self, pictures: NDArray[np.int64], products: int, others: NDArray[np.int64] | None = None
    ) -> tuple[Signs, Signs]:
        """[pictures, pictures], or [pictures, others] with other products."""
        shown, labels = self._known[pictures], self._shown_labels(pictures, products)
        beside, beside_labels = (shown, labels) if others is None else (self._known[others], np.full(len(others), -1))
        kinds = self._kinds(shown[:, 0], labels, beside[:, 0], beside_labels)
        colours = _compare(shown[:, 1][:, None], beside[:, 1][None, :])
        known = ((shown[:, 1] >= 0)[:, None] & (beside[:, 1] >= 0)[None, :]) & (kinds == 1)
        return kinds, np.where(known, colours, 0).astype(np.int8)


def _kin(row: Mapping[str, str]) -> tuple[str, ...]:
    return (row["article_type"], row["base_colour"], row["gender"], _maker(row))


def _maker(row: Mapping[str, str]) -> str:
    """Names of this catalogue begin with it."""
    return row["title"].split()[0].casefold()


def _compare(wanted: NDArray[np.int64], shown: NDArray[np.int64]) -> Signs:
    """1 where nothing is wanted or it is the same, 0 where it is not known, -1 where it is another."""
    return np.where(wanted < 0, 1, np.where(shown < 0, 0, np.where(wanted == shown, 1, -1))).astype(np.int8)


def tokens(tokenizer: BpeTokenizer, texts: Sequence[str]) -> NDArray[np.int64]:
    return tokenizer.batch(texts)
