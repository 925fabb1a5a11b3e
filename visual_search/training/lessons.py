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
import torch
from numpy.typing import NDArray
from torch import Tensor

from visual_search.encoders.tokenizer import BpeTokenizer
from visual_search.training.captions import Captions, FrenchNames, Lexicon, shortened, without_accents
from visual_search.training.corpus import TRAIN, Corpus
from visual_search.training.shared_data import PHOTO_TYPES
from visual_search.training.towers import CONTEXT

KIND, MAKER = "article_type", "maker"
ATTRIBUTES = (KIND, "base_colour", "gender", "usage", "season", "sub_category", "master_category", MAKER)
PROMPTED = (KIND, "base_colour", "gender", MAKER, "usage", "sub_category", "master_category")
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

LABELS = list(LABEL_WORDS)

NAMES, CAPTIONS = 8, 6
"""Ways in which each product is named and described, written down before the lessons begin."""
_CAPTIONED = 512
"""Products of a lesson that get a caption beside their name."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A batch; tensors on the teacher's device. Signs are int8: 1, -1 or 0."""

    products: Ints
    """[n] places in `Teacher.rows`; each product is seen twice."""
    photos: Ints
    """[m] places in `Teacher.rows`"""
    names: Tensor
    """[n, tokens]"""
    other_names: Tensor
    """[o, tokens] of other products"""
    same_name: Tensor
    """[n, n + o] bool: other products of the very same name"""
    kin: Tensor
    """[n, n + o] bool: products that hardly anybody could tell apart by their pictures (see `Teacher`)"""
    captions: Tensor
    """[c, tokens] of the first products and of all photos"""
    caption_fits: Tensor
    """[c, n + m]"""
    prompts: Tensor
    """[p, tokens]"""
    prompt_fits: Tensor
    """[p, n + m]"""
    prompt_kinds: list[int]
    """Where each attribute's prompts begin, and their end."""
    alike: tuple[Tensor, Tensor]
    """[n + m, n + m], twice: of one kind or not; and, within a kind, of one colour or not."""


class Teacher:
    """Makes lessons of TRAIN; the same seed gives the same ones. What tells the names of kin apart (products of one
    kind, colour, gender and maker) is seldom to be seen, and would be learned by heart."""

    def __init__(
        self, corpus: Corpus, lexicon: Lexicon, tokenizer: BpeTokenizer, device: torch.device, seed: int
    ) -> None:
        self._device, self._seed = device, seed
        products = np.flatnonzero(corpus.part == TRAIN)
        photos = np.flatnonzero(corpus.photo_part == TRAIN)
        self.rows: Ints = np.concatenate([products, len(corpus.rows) + photos])
        """Of each place the row: products, then photos, as `augment.Pictures` counts them."""
        self._count, self.photos = len(products), len(photos)
        rows = [corpus.rows[row] for row in products]
        self._name_ids = _numbered([row["title"] for row in rows]).to(device)
        self._kin_ids = _numbered([_kin(row) for row in rows]).to(device)
        self.values = {kind: lexicon.keys(kind) for kind in ATTRIBUTES if kind != MAKER}
        makers = Counter(_maker(row) for row in rows)
        self.values[MAKER] = sorted(maker for maker, count in makers.items() if count >= FEWEST_OF_A_MAKER)
        known = self._attributes(rows, len(photos))
        self._photo_labels = [corpus.photo_labels[photo] for photo in photos]
        self._kind_of = self._kinds(known[:, 0], self._photo_labels)
        self.known = torch.from_numpy(known).to(device)
        self._kind_signs = torch.from_numpy(self._signs_of_kinds()).to(device)
        self._by_kind = [np.flatnonzero(known[: self._count, 0] == kind) for kind in range(len(self.values[KIND]))]
        weight = np.sqrt([len(of) if len(of) >= 12 else 0 for of in self._by_kind])
        self._kind_share = weight / weight.sum()
        balance = np.array([1 / np.sqrt(len(self._by_kind[kind])) for kind in known[: self._count, 0]])
        self._product_share = 0.5 * balance / balance.sum() + 0.5 / len(balance)
        self._write(rows, lexicon, tokenizer)

    def _attributes(self, rows: Sequence[Mapping[str, str]], photos: int) -> Ints:
        """[places, attributes]: the value's number, -1 unknown, as of photos everything is."""
        place = {kind: {key: at for at, key in enumerate(keys)} for kind, keys in self.values.items()}
        known = np.full((len(rows) + photos, len(ATTRIBUTES)), -1, np.int64)
        for at, row in enumerate(rows):
            for column, kind in enumerate(ATTRIBUTES):
                known[at, column] = place[kind].get(_maker(row) if kind == MAKER else row[kind], -1)
        return known

    def _kinds(self, known: Ints, labels: Sequence[str]) -> Tensor:
        """[places]: of products the article type's number, of photos the number of types plus the label's."""
        out = known.copy()
        out[self._count :] = [len(self.values[KIND]) + LABELS.index(label) for label in labels]
        return torch.from_numpy(out).to(self._device)

    def _signs_of_kinds(self) -> NDArray[np.int8]:
        """[asked, shown] for types and, behind them, labels: does a picture of the one answer to the other?"""
        kinds = self.values[KIND]
        count = len(kinds)
        out = np.full((count + len(LABELS), count + len(LABELS)), -1, np.int8)
        np.fill_diagonal(out, 1)
        for at, label in enumerate(LABELS, count):
            fitting = [kinds.index(kind) for kind in PHOTO_TYPES[label] if kind in kinds]
            out[at, fitting] = 1
            # A photo of a label that several kinds may answer is not surely of any of them: only the first counts.
            out[fitting, at] = 0
            out[fitting[:1], at] = 1
            for other, name in enumerate(LABELS, count):
                # labels that share a kind are neither alike nor different
                if other != at and set(PHOTO_TYPES[label]) & set(PHOTO_TYPES[name]) & set(kinds):
                    out[at, other] = 0
        return out

    def _write(self, rows: Sequence[Mapping[str, str]], lexicon: Lexicon, tokenizer: BpeTokenizer) -> None:
        """Names, captions and prompts as tokens: what a lesson then draws from."""
        french, captions, rng = FrenchNames(lexicon), Captions(lexicon), random.Random(self._seed)
        names: list[str] = []
        described: list[str] = []
        asked = np.zeros((len(rows), CAPTIONS, len(ATTRIBUTES)), np.bool_)
        for at, row in enumerate(rows):
            names += _names(row["title"], french.of(row["title"], row["article_type"]), rng)
            for number in range(CAPTIONS):
                text, named = captions.full(row, "en" if number % 2 else "fr", rng)
                described.append(text)
                asked[at, number] = [kind in named for kind in ATTRIBUTES]
        self.names = self._tokens(tokenizer, names).reshape(len(rows), NAMES, CONTEXT)
        self.captions = self._tokens(tokenizer, described).reshape(len(rows), CAPTIONS, CONTEXT)
        self.asked = torch.from_numpy(asked).to(self._device)
        words = [word for label in LABELS for of in LABEL_WORDS[label] for word in of]
        ends = np.cumsum([sum(map(len, LABEL_WORDS[label])) for label in LABELS])
        self._label_words = self._tokens(tokenizer, words)
        self._label_starts = np.concatenate([[0], ends])
        self._prompts: list[list[list[int]]] = []
        """[prompt][English, French]: where its words are in `_prompt_words`."""
        self.prompt_starts = [0]
        prompts: list[str] = []
        for kind in PROMPTED:
            for key in self.values[kind]:
                english, told = ([key], [key]) if kind == MAKER else _words(lexicon, kind, key)
                ways = []
                for of in (english, told or english):
                    ways.append(list(range(len(prompts), len(prompts) + len(of))))
                    prompts += of
                self._prompts.append(ways)
            self.prompt_starts.append(len(self._prompts))
        self._prompt_words = self._tokens(tokenizer, prompts)

    def _tokens(self, tokenizer: BpeTokenizer, texts: list[str]) -> Tensor:
        out = np.zeros((len(texts), CONTEXT), np.int16)
        for start in range(0, len(texts), 4096):
            ids = tokenizer.batch(texts[start : start + 4096])
            out[start : start + len(ids), : ids.shape[1]] = ids
        return torch.from_numpy(out).to(self._device)

    def lesson(self, step: int, products: int, photos: int, others: int) -> Lesson:
        numbers = np.random.default_rng([self._seed, step])
        chosen = self._choose(products, numbers)
        taken = self._count + numbers.choice(len(self.rows) - self._count, photos, replace=False)
        beside = numbers.choice(self._count, min(others, self._count), replace=False)
        named = np.concatenate([chosen, beside])
        own, every = self._at(chosen), self._at(named)
        ways = self._at(numbers.integers(NAMES, size=len(named)))
        names = self.names[every, ways]
        apart = torch.arange(len(own), device=self._device)[:, None] != torch.arange(len(named), device=self._device)
        pictures = self._at(np.concatenate([chosen, taken]))
        captions, caption_fits = self._describe(chosen, taken, pictures, numbers)
        prompts = [ways[int(numbers.integers(2))] for ways in self._prompts]
        words = self._at(np.array([numbers.choice(of) for of in prompts]))
        return Lesson(
            chosen, taken, _cut(names[: len(own)]), _cut(names[len(own) :]),
            (self._name_ids[own][:, None] == self._name_ids[every][None]) & apart,
            (self._kin_ids[own][:, None] == self._kin_ids[every][None]) & apart,
            captions, caption_fits, _cut(self._prompt_words[words]), self._fits_of_prompts(pictures),
            self.prompt_starts, self._alike(pictures),
        )  # fmt: skip

    def _at(self, places: Ints) -> Tensor:
        return torch.from_numpy(places).to(self._device)

    def _choose(self, products: int, numbers: np.random.Generator) -> Ints:
        """Half of them anything, half of a few kinds, so that a name must tell a shirt from other shirts."""
        anything = numbers.choice(self._count, products // 2, replace=False, p=self._product_share)
        wanted = products - len(anything)
        near: list[Ints] = []
        few = min(12, int((self._kind_share > 0).sum()))
        for kind in numbers.choice(len(self._by_kind), few, replace=False, p=self._kind_share):
            of = np.setdiff1d(self._by_kind[kind], anything)
            near.append(numbers.permutation(of)[: max(wanted // 4, 1)])
            if sum(map(len, near)) >= wanted:
                break
        return numbers.permutation(np.concatenate([anything, *near])[:products])

    def _describe(
        self, chosen: Ints, taken: Ints, pictures: Tensor, numbers: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        own = self._at(chosen[:_CAPTIONED])
        ways = self._at(numbers.integers(CAPTIONS, size=len(own)))
        labels = [LABELS.index(self._photo_labels[at - self._count]) for at in taken]
        words = [numbers.integers(self._label_starts[label], self._label_starts[label + 1]) for label in labels]
        texts = torch.cat([self.captions[own, ways], self._label_words[self._at(np.array(words))]])
        told = torch.cat([own, self._at(taken)])
        fits = self._kind_signs[self._kind_of[told]][:, self._kind_of[pictures]]
        wanted = torch.where(self.asked[own, ways], self.known[own], -1)
        for column in range(1, len(ATTRIBUTES)):
            signs = _compare(wanted[:, None, column], self.known[pictures][None, :, column])
            fits[: len(own)] = torch.minimum(fits[: len(own)], signs)
        fits[told[:, None] == pictures[None]] = 1
        return _cut(texts), fits

    def _fits_of_prompts(self, pictures: Tensor) -> Tensor:
        fits = []
        for kind in PROMPTED:
            every = torch.arange(len(self.values[kind]), device=self._device)
            if kind == KIND:
                fits.append(self._kind_signs[every][:, self._kind_of[pictures]])
            else:
                fits.append(_compare(every[:, None], self.known[pictures][None, :, ATTRIBUTES.index(kind)]))
        return torch.cat(fits)

    def _alike(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        shown = self._kind_of[pictures]
        kinds = self._kind_signs[shown][:, shown]
        colour = self.known[pictures, 1]
        known = (colour >= 0)[:, None] & (colour >= 0)[None] & (kinds == 1)
        return kinds, torch.where(known, _compare(colour[:, None], colour[None]), 0).to(torch.int8)


def _names(english: str, french: str, rng: random.Random) -> list[str]:
    """As it is written and as people remember it, in both languages."""
    return [
        english, english, shortened(english, rng, 0.25), shortened(english, rng, 0.4),
        french, without_accents(french), shortened(french, rng, 0.25), shortened(french, rng, 0.4),
    ]  # fmt: skip


def _words(lexicon: Lexicon, kind: str, key: str) -> tuple[list[str], list[str]]:
    french = [word for form in range(4) for word in lexicon.french(kind, key, form)]
    bare = [without_accents(word) for word in french]
    return lexicon.english[kind, key], list(dict.fromkeys([*french, *bare]))


def _numbered(values: Sequence[object]) -> Tensor:
    """A number for each, the same for the same."""
    numbers: dict[object, int] = {}
    return torch.tensor([numbers.setdefault(value, len(numbers)) for value in values])


def _kin(row: Mapping[str, str]) -> tuple[str, ...]:
    return (row["article_type"], row["base_colour"], row["gender"], _maker(row))


def _maker(row: Mapping[str, str]) -> str:
    """Names of this catalogue begin with it."""
    return row["title"].split()[0].casefold()


def _compare(wanted: Tensor, shown: Tensor) -> Tensor:
    """1 where nothing is wanted or it is the same, 0 where it is not known, -1 where it is another; int8."""
    same = torch.where(wanted == shown, 1, -1)
    return torch.where(wanted < 0, 1, torch.where(shown < 0, 0, same)).to(torch.int8)


def _cut(ids: Tensor) -> Tensor:
    """[n, longest] int64, without the columns that hold nothing."""
    longest = int((ids > 0).any(0).sum()) if len(ids) else 0
    return ids[:, : max(longest, 1)].long()
