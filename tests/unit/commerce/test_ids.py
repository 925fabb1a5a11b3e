"""Identifiers: of one shape, never twice, and keys of rows in the order in which they were made."""

from __future__ import annotations

import re
import time

from commerce.ids import RandomIds, SeededIds

_SHAPE = re.compile(r"[0-9a-f]{32}")


def test_identifiers_have_one_shape_and_never_come_twice() -> None:
    ids = RandomIds()
    made = [ids.new_id() for _ in range(1000)] + [ids.new_key() for _ in range(1000)]
    assert all(_SHAPE.fullmatch(name) for name in made)
    assert len(set(made)) == len(made)


def test_keys_lie_together_in_the_order_of_their_moments() -> None:
    ids = RandomIds()
    keys = []
    for _ in range(5):
        keys.append(ids.new_key())
        time.sleep(0.002)
    assert keys == sorted(keys)
    # What comes after the moment is chance: 80 bits, all of them in use.
    tails = [int(ids.new_key()[12:], 16) for _ in range(500)]
    assert len(set(tails)) == 500
    assert max(tails).bit_length() == 80


def test_a_seed_gives_the_same_identifiers_whatever_the_time() -> None:
    first, second = SeededIds(3), SeededIds(3)
    assert [first.new_key(), first.new_id()] == [second.new_key(), second.new_id()]
    assert SeededIds(4).new_key() != SeededIds(3).new_key()
