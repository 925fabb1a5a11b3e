"""Learning the additions of a fit: gradients by hand, in numpy, so that a shop needs nothing more than it has.

Each step takes some products, one picture and one text of each, and moves the additions so that every text lies nearer
to the pictures it fits than to the others, and every picture to its texts. The additions start at zero, and pictures
are held near to where the shipped vectors put them: what a stranger photographs must still be found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_search.fits import Additions, unit
from visual_search.values import Vectors

Array = NDArray[Any]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard is taught. Chosen once, on products that none of the published figures were measured on."""

    epochs: float = 20.0
    fewest_steps: int = 150
    batch: int = 512
    picture_rate: float = 1e-5
    offset_rate: float = 1e-3
    """Of Adam. On 1,974 products with invented makers half of this offset rate finds names of products that were not
    taught with an MRR of .45 and those of the whole catalogue with .70, this one with .44 and .81; twice as much is
    refused (.40)."""
    name_scale: float = 20.0
    """Multiplies cosines before the softmax. With 40 names of products that were not taught gain less (.42)."""
    caption_scale: float = 14.0
    caption_weight: float = 0.5
    keep_weight: float = 4.0
    """Of the distance of a picture from its shipped vector."""
    decay: float = 1e-3
    drop_frac: float = 0.2
    """Share of a text's words whose offsets are left out of a step, so that none comes to count alone."""
    noise: float = 0.3
    """Of the features, as a share of their length: so that no picture is known by heart."""
    seed: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    vectors: Vectors
    """[n, d] as shipped"""
    features: NDArray[np.float16]
    """[n, f], unit rows"""


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    vectors: Vectors
    """[n, d] as shipped"""
    words: Sequence[Sequence[int]]
    """Of each, rows of `vocabulary`."""
    vocabulary: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What is to be learned. Places are rows of `pictures` and `texts`."""

    pictures: Pictures
    texts: Texts
    shown: Sequence[Places]
    """Of each product: its pictures."""
    named: Sequence[Places]
    """Of each product: its names, in whatever languages."""
    name_groups: Places
    """[products]: equal for products that share a name."""
    described: Sequence[Places]
    """Of each product: captions such as "red dress"; empty where nothing is known."""
    caption_fits: Callable[[Places, Places], Flags]
    """Captions, products -> [captions, products]: does the caption describe the product?"""


def learn(course: Course, products: Places, pace: Pace, on_step: Callable[[int, int], None] | None = None) -> Additions:
    """Teaches these products. The same course gives the same additions."""
    dimension, features = course.pictures.vectors.shape[1], course.pictures.features.shape[1]
    additions = Additions.none(dimension, features, course.texts.vocabulary)
    chance = np.random.default_rng(pace.seed)
    batch = min(pace.batch, len(products))
    steps = max(pace.fewest_steps, math.ceil(pace.epochs * len(products) / batch))
    movers = _Mover(additions.picture_map), _Mover(additions.offsets)
    waiting = np.empty(0, np.int64)
    for step in range(steps):
        if len(waiting) < batch:
            waiting = np.concatenate([waiting, chance.permutation(products)])
        chosen, waiting = waiting[:batch], waiting[batch:]
        lesson = draw(course, chosen, pace, chance)
        _, slopes = loss_and_slopes(additions, lesson, pace)
        share = _warm_cosine(step, steps)
        movers[0].move(slopes.picture_map, share * pace.picture_rate, pace.decay)
        movers[1].move(slopes.offsets, share * pace.offset_rate, pace.decay, slopes.words)
        if on_step is not None:
            on_step(step + 1, steps)
    return additions


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """One step's pictures and texts: names, then captions."""

    pictures: Array
    """[n, d]"""
    features: Array
    """[n, f], unit rows"""
    texts: Array
    """[m, d]"""
    bags: Array
    """[m, len(words)]: how much of each word's offset goes into a text."""
    words: Places
    """Rows of the offsets."""
    names: int
    name_fits: Flags
    """[names, n]"""
    caption_fits: Flags
    """[m - names, n]"""


def draw(course: Course, products: Places, pace: Pace, chance: np.random.Generator) -> Lesson:
    shown = np.array([_any(course.shown[at], chance) for at in products])
    named = np.array([_any(course.named[at], chance) for at in products])
    described = [at for at in products if len(course.described[at])]
    captions = np.array([_any(course.described[at], chance) for at in described], np.int64)
    rows = np.concatenate([named, captions])
    features = course.pictures.features[shown].astype(np.float32)
    noise = chance.standard_normal(features.shape, np.float32)
    features = unit(features + noise * np.float32(pace.noise / features.shape[1] ** 0.5))
    words, bags = _bags([course.texts.words[row] for row in rows], pace.drop_frac, chance)
    groups = course.name_groups[products]
    return Lesson(
        course.pictures.vectors[shown],
        features,
        course.texts.vectors[rows],
        bags,
        words,
        len(named),
        groups[:, None] == groups[None, :],
        course.caption_fits(captions, products),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    picture_map: Array
    offsets: Array
    """[len(words), d]"""
    words: Places


def loss_and_slopes(additions: Additions, lesson: Lesson, pace: Pace) -> tuple[float, Slopes]:
    """The loss of a lesson, and how it changes with each number of the additions."""
    raw_pictures = lesson.pictures + lesson.features @ additions.picture_map.T
    raw_texts = lesson.texts + lesson.bags @ additions.offsets[lesson.words]
    pictures, texts = unit(raw_pictures), unit(raw_texts)
    names, captions = texts[: lesson.names], texts[lesson.names :]
    loss, by_names, by_pictures = _contrast(names, pictures, lesson.name_fits, pace.name_scale)
    by_texts = [by_names]
    if len(captions):
        more, by_captions, also = _contrast(captions, pictures, lesson.caption_fits, pace.caption_scale)
        loss += pace.caption_weight * more
        by_texts.append(pace.caption_weight * by_captions)
        by_pictures = by_pictures + pace.caption_weight * also
    loss += pace.keep_weight * float(1 - (pictures * lesson.pictures).sum() / len(pictures))
    by_pictures = by_pictures - pace.keep_weight * lesson.pictures / len(pictures)
    by_raw_pictures = _through_unit(by_pictures, pictures, raw_pictures)
    by_raw_texts = _through_unit(np.concatenate(by_texts), texts, raw_texts)
    return loss, Slopes(
        by_raw_pictures.T @ lesson.features,
        lesson.bags.T @ by_raw_texts,
        lesson.words,
    )


def _contrast(texts: Array, pictures: Array, fits: Flags, scale: float) -> tuple[float, Array, Array]:
    """Softmax both ways: of the pictures for a text, and of the texts for a picture. Several that fit share the target;
    a picture that no text fits does not count. Returns the loss and its slopes by texts and by pictures."""
    logits = scale * texts @ pictures.T
    loss, slopes = 0.0, np.zeros_like(logits)
    for axis in (1, 0):
        counts = fits.sum(axis=axis, keepdims=True)
        rows = max(int((counts > 0).sum()), 1)
        weights = ((counts > 0) / (2 * rows)).astype(logits.dtype)  # in the same precision all through: it is quicker
        target = fits * (weights / np.maximum(counts, 1).astype(logits.dtype))
        shifted = logits - logits.max(axis=axis, keepdims=True)
        shares = np.exp(shifted)
        sums = shares.sum(axis=axis, keepdims=True)
        loss -= float((target * (shifted - np.log(sums))).sum())
        shares *= weights / sums
        shares -= target
        slopes += shares
    slopes *= scale
    return loss, slopes @ pictures, slopes.T @ texts


def _through_unit(slopes: Array, rows: Array, raw: Array) -> Array:
    """Back through `unit`."""
    along = (slopes * rows).sum(axis=1, keepdims=True)
    back: Array = (slopes - along * rows) / np.linalg.norm(raw, axis=1, keepdims=True)
    return back


class _Mover:
    """Adam for one array, changed in place. Rows that a step does not touch keep their moments."""

    _FIRST, _SECOND = 0.9, 0.98

    def __init__(self, values: Array) -> None:
        self._values = values
        self._first = np.zeros_like(values)
        self._second = np.zeros_like(values)
        self._times = np.zeros((len(values), 1), np.int64)

    def move(self, slopes: Array, rate: float, decay: float, rows: Places | None = None) -> None:
        which: Any = slice(None) if rows is None else rows
        self._times[which] += 1
        times = self._times[which]
        first = self._FIRST * self._first[which] + (1 - self._FIRST) * slopes
        second = self._SECOND * self._second[which] + (1 - self._SECOND) * slopes * slopes
        self._first[which], self._second[which] = first, second
        firsts, seconds = ((1 - share**times).astype(first.dtype) for share in (self._FIRST, self._SECOND))
        step = first / firsts / (np.sqrt(second / seconds) + 1e-8)
        self._values[which] -= (rate * step + rate * decay * self._values[which]).astype(self._values.dtype)


def _bags(texts: Sequence[Sequence[int]], drop_frac: float, chance: np.random.Generator) -> tuple[Places, Array]:
    """The words that occur, and [texts, words] of how much of each goes into a text."""
    lengths = np.array([len(some) for some in texts], np.int64)
    every = np.fromiter((one for some in texts for one in some), np.int64, int(lengths.sum()))
    rows = np.repeat(np.arange(len(texts)), lengths)
    used, places = np.unique(every, return_inverse=True)
    weights = np.repeat(1 / np.sqrt(np.maximum(lengths, 1)), lengths)
    weights = weights * (chance.random(len(every)) >= drop_frac)
    bags = np.zeros((len(texts), len(used)), np.float32)
    np.add.at(bags, (rows, places), weights)
    return used, bags


def _any(places: Places, chance: np.random.Generator) -> int:
    return int(places[chance.integers(len(places))])


def _warm_cosine(step: int, steps: int) -> float:
    warm = max(1, steps // 10)
    if step < warm:
        return (step + 1) / warm
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(steps - warm, 1)))
