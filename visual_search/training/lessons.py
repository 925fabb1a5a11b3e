"""What a step of training is made of: which pictures, which words, and which of them belong together.

A caption and a picture belong together (1), do not (-1), or nobody knows (0): a phone photo's colour is not written
down, and its label may fit several kinds. What nobody knows is left out of the loss. Kinds that look alike (sports
shoes, casual shoes) are told apart all the same: where they were left out, a linear projection found the same kind in
.70 of the ten likest photos, and .74 where they were not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from visual_search.training.bags import padded, things
from visual_search.training.captions import NAMED, Lexicon
from visual_search.training.corpus import TRAIN, Corpus
from visual_search.training.shared_data import PHOTO_TYPES

KIND, MAKER = "article_type", "maker"
ATTRIBUTES = (KIND, "base_colour", "gender", "usage", "season", "sub_category", "master_category", MAKER)
PROMPTED = (KIND, "base_colour", "gender", MAKER, "usage", "sub_category", "master_category")
"""Attributes whose every value is a class of its own in each step."""
FEWEST_OF_A_MAKER = 20
"""Products from which on a maker is such a class: of 4 in 10 pictures a classifier then knows the maker."""

LABELS = list(PHOTO_TYPES)

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
    """[n, words] things (`bags.Things`), as all that is said"""
    other_names: Tensor
    """[o, words] of other products"""
    same_name: Tensor
    """[n, n + o] bool: other products of the very same name"""
    kin: Tensor
    """[n, n + o] bool: products that hardly anybody could tell apart by their pictures (see `Teacher`)"""
    captions: Tensor
    """[c, values] of the first products and of all photos"""
    caption_fits: Tensor
    """[c, n + m]"""
    prompts: Tensor
    """[p, 1]"""
    prompt_fits: Tensor
    """[p, n + m]"""
    prompt_kinds: list[int]
    """Where each attribute's prompts begin, and their end."""
    alike: tuple[Tensor, Tensor]
    """[n + m, n + m], twice: of one kind or not; and, within a kind, of one colour or not."""


class Teacher:
    """Makes lessons of TRAIN; the same seed gives the same ones. What tells the names of kin apart (products of one
    kind, colour, gender and maker) is seldom to be seen, and would be learned by heart."""

    def __init__(self, corpus: Corpus, lexicon: Lexicon, device: torch.device, seed: int) -> None:
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
        self.things = things([row["title"] for row in rows], self.values, LABELS)
        self.names = padded([self.things.of_name(row["title"]) for row in rows]).to(device)
        self._first_value = torch.tensor([min(self.things.values[kind].values()) for kind in ATTRIBUTES], device=device)
        self._prompts = torch.tensor(
            [[number] for kind in PROMPTED for number in self.things.values[kind].values()], device=device
        )
        self.prompt_starts = [0, *accumulate(len(self.values[kind]) for kind in PROMPTED)]

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

    def lesson(self, step: int, products: int, photos: int, others: int) -> Lesson:
        numbers = np.random.default_rng([self._seed, step])
        chosen = self._choose(products, numbers)
        taken = self._count + numbers.choice(len(self.rows) - self._count, photos, replace=False)
        beside = numbers.choice(self._count, min(others, self._count), replace=False)
        named = np.concatenate([chosen, beside])
        own, every = self._at(chosen), self._at(named)
        names = self.names[every]
        apart = torch.arange(len(own), device=self._device)[:, None] != torch.arange(len(named), device=self._device)
        pictures = self._at(np.concatenate([chosen, taken]))
        captions, caption_fits = self._describe(chosen, taken, pictures, numbers)
        return Lesson(
            chosen, taken, names[: len(own)], names[len(own) :],
            (self._name_ids[own][:, None] == self._name_ids[every][None]) & apart,
            (self._kin_ids[own][:, None] == self._kin_ids[every][None]) & apart,
            captions, caption_fits, self._prompts, self._fits_of_prompts(pictures),
            self.prompt_starts, self._alike(pictures),
        )  # fmt: skip

    def _at(self, places: NDArray[np.generic]) -> Tensor:
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
        chance = [NAMED.get(kind, 0.0) for kind in ATTRIBUTES]
        asked = self._at(numbers.random((len(own), len(ATTRIBUTES))) < chance)
        wanted = torch.where(asked, self.known[own], -1)
        described = torch.where(wanted >= 0, wanted + self._first_value, 0)
        labels = [self.things.labels[self._photo_labels[at - self._count]] for at in taken]
        captions = functional.pad(described, (0, 0, 0, len(labels)))
        captions[len(own) :, 0] = self._at(np.array(labels))
        told = torch.cat([own, self._at(taken)])
        fits = self._kind_signs[self._kind_of[told]][:, self._kind_of[pictures]]
        for column in range(1, len(ATTRIBUTES)):
            signs = _compare(wanted[:, None, column], self.known[pictures][None, :, column])
            fits[: len(own)] = torch.minimum(fits[: len(own)], signs)
        fits[told[:, None] == pictures[None]] = 1
        return captions, fits

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
