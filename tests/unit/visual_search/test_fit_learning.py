"""The gradients of a fit against finite differences, and what learning must bring about."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from visual_search.fits import Additions, unit
from visual_search.fitting.learning import Course, Lesson, Pace, Pictures, Texts, draw, learn, loss_and_slopes

D, F = 6, 9
WORDS = {f"word{row}": row for row in range(11)}


def additions(chance: np.random.Generator) -> Additions:
    return Additions(*(0.1 * chance.standard_normal(shape) for shape in ((D, F), (len(WORDS), D))), WORDS)


def lesson(chance: np.random.Generator) -> Lesson:
    """Five pictures; five names, two of them the same; three captions, one of which fits two pictures."""
    groups = np.array([0, 1, 2, 1, 4])
    caption_fits = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 1]], np.bool_)
    return Lesson(
        pictures=unit(chance.standard_normal((5, D))),
        features=unit(chance.standard_normal((5, F))),
        texts=unit(chance.standard_normal((8, D))),
        bags=chance.random((8, 4)) * (chance.random((8, 4)) < 0.6),
        words=np.array([1, 4, 7, 10]),
        names=5,
        name_fits=groups[:, None] == groups[None, :],
        caption_fits=caption_fits,
    )


@pytest.mark.parametrize("part", ["picture_map", "offsets"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_slopes_are_those_of_the_loss(part: str, seed: int) -> None:
    chance = np.random.default_rng(seed)
    at, step, pace = additions(chance), lesson(chance), Pace()
    _, slopes = loss_and_slopes(at, step, pace)
    found, values = getattr(slopes, part), getattr(at, part)
    places = [(row, column) for row in range(len(values)) for column in range(values.shape[1])]
    for row, column in chance.permutation(places)[:25]:
        sides = []
        for side in (1e-5, -1e-5):
            moved = values.copy()
            moved[row, column] += side
            sides.append(loss_and_slopes(dataclasses.replace(at, **{part: moved}), step, pace)[0])
        wanted = (sides[0] - sides[1]) / 2e-5
        if part == "offsets":
            known = np.flatnonzero(slopes.words == row)
            given = found[known[0], column] if len(known) else 0.0
        else:
            given = found[row, column]
        assert given == pytest.approx(wanted, abs=1e-7, rel=1e-5)


def test_zeros_are_what_was_shipped() -> None:
    chance = np.random.default_rng(4)
    shipped = unit(chance.standard_normal((7, D))).astype(np.float32)
    none = Additions.none(D, F, WORDS)
    assert none.pictures(shipped, chance.standard_normal((7, F))) == pytest.approx(shipped, abs=1e-6)
    assert none.words(shipped, ["Word1 word2", "", "word3", "4", "word5", "wörd6", "word7"]) == pytest.approx(
        shipped, abs=1e-6
    )


def course(chance: np.random.Generator, products: int, shared: np.ndarray) -> Course:
    """Products whose look follows their maker, in a direction that the shipped words know nothing of."""
    makers = np.arange(products) % 6
    features = unit(shared[makers] + 0.4 * chance.standard_normal((products, F)))
    return Course(
        Pictures(unit(chance.standard_normal((products, D))).astype(np.float32), features.astype(np.float16)),
        Texts(
            unit(chance.standard_normal((products, D))).astype(np.float32), [[int(maker)] for maker in makers], WORDS
        ),
        [np.array([at]) for at in range(products)],
        [np.array([at]) for at in range(products)],
        makers.astype(np.int64),
        [np.empty(0, np.int64)] * products,
        lambda captions, some: np.zeros((len(captions), len(some)), np.bool_),
    )


def first_is_right(made: Additions | None, of: Course) -> float:
    pictures, texts = of.pictures.vectors, of.texts.vectors
    if made is not None:
        pictures, texts = (
            made.pictures(pictures, of.pictures.features),
            made.words(texts, [list(WORDS)[row] for [row] in of.texts.words]),
        )
    best = (texts @ pictures.T).argmax(axis=1)
    return float((of.name_groups[best] == of.name_groups).mean())


def test_what_is_taught_holds_for_products_that_were_not() -> None:
    chance = np.random.default_rng(5)
    shared = 2 * chance.standard_normal((6, F))
    taught, unseen = course(chance, 240, shared), course(chance, 240, shared)
    pace = Pace(fewest_steps=400, picture_rate=1e-2, offset_rate=1e-2, keep_weight=0.2)
    made = learn(taught, np.arange(240), pace)
    before, after = first_is_right(None, unseen), first_is_right(made, unseen)
    assert before < 0.35 and after > 0.75, (before, after)


def test_the_same_course_gives_the_same_additions() -> None:
    pace = Pace(fewest_steps=5, batch=32)
    told: list[tuple[int, int]] = []
    made = []
    for _ in range(2):
        chance = np.random.default_rng(6)
        made.append(learn(course(chance, 64, chance.standard_normal((6, F))), np.arange(64), pace, _tell(told)))
    for name in ("picture_map", "offsets"):
        assert (getattr(made[0], name) == getattr(made[1], name)).all()
    assert told[-1][0] == told[-1][1]


def _tell(into: list[tuple[int, int]]):  # type: ignore[no-untyped-def]
    return lambda done, of: into.append((done, of))


def test_a_lesson_takes_texts_of_its_own_products_only() -> None:
    chance = np.random.default_rng(7)
    of = course(chance, 40, chance.standard_normal((6, F)))
    drawn = draw(of, np.array([3, 9, 11]), Pace(drop_frac=0, noise=0), chance)
    assert drawn.pictures == pytest.approx(of.pictures.vectors[[3, 9, 11]])
    assert drawn.features == pytest.approx(of.pictures.features[[3, 9, 11]].astype(np.float32), abs=1e-3)
    assert drawn.names == 3 and len(drawn.texts) == 3
    assert drawn.name_fits.tolist() == [[True, True, False], [True, True, False], [False, False, True]]
