"""Columns of bits against plain sets."""

from __future__ import annotations

import random

import numpy as np

from commerce.text_index.columns import Places, column_of, in_all, with_more


def _positions(numbers: set[int]) -> np.ndarray:
    return np.array(sorted(numbers), np.int64)


def test_columns_hold_what_sets_hold() -> None:
    rng = random.Random(4)
    for size in (1, 63, 64, 65, 1_000):
        for _ in range(20):
            one, two, three = ({i for i in range(size) if rng.random() < rng.random()} for _ in range(3))
            columns = [column_of(_positions(chosen), size) for chosen in (one, two, three)]
            before = [column.copy() for column in columns]
            looked_at = Places(_positions(one | two))
            for chosen, column in zip((one, two, three), columns, strict=True):
                held = looked_at.only(looked_at.held(column))
                assert held.positions.tolist() == sorted((one | two) & chosen)
                assert len(held.held(column)) == len(held)
            everywhere = Places(np.arange(size))
            assert set(everywhere.held(in_all(columns)).tolist()) == one & two & three
            assert set(everywhere.held(in_all(columns[:1])).tolist()) == one
            more = with_more(columns[0], [_positions(two), _positions(three)], size)
            assert set(everywhere.held(more).tolist()) == one | two | three
            few = with_more(columns[0], [_positions(set(sorted(two)[:1]))], size)
            assert set(everywhere.held(few).tolist()) == one | set(sorted(two)[:1])
            assert all(np.array_equal(column, old) for column, old in zip(columns, before, strict=True))
