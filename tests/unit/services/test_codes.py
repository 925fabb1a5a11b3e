"""Guessing a code at the counter: five for a thing, twenty for a store, whoever asks and however many at once."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from commerce.clock import ManualClock
from commerce.domain.handing_over import HandOverRefused, NotHandedOver
from commerce.ids import SeededIds
from commerce.ports import Storage
from commerce.services.codes import CodeGuard

RIGHT = "ABC-234"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def guard(clock: ManualClock) -> CodeGuard:
    return CodeGuard(clock)


def reason(found: HandOverRefused | None) -> NotHandedOver | None:
    return found.reason if found else None


@pytest.fixture
def give(storage: Storage, guard: CodeGuard):
    def give(code: str, thing: str = "order:1", store: str = "S1") -> NotHandedOver | None:
        return reason(storage.write(lambda uow: guard.check(uow, thing, store, code, RIGHT)))

    return give


@pytest.mark.parametrize("code", ["ABC-234", "abc-234", " abc 234 ", "ABC234", "a b c – 2 3 4"])
def test_codes_as_people_say_them(give, code):
    assert give(code) is None


@pytest.mark.parametrize("code", ["", "ABC-23", "ABC-2345", "ABD-234", "é" * 5_000, "\0", "'; --", "ＡＢＣ"])
def test_other_codes(give, code):
    assert give(code) is NotHandedOver.WRONG_CODE


def test_a_thing_without_a_code_has_no_right_one(storage, guard):
    assert reason(storage.write(lambda uow: guard.check(uow, "order:1", "S1", "", ""))) is NotHandedOver.WRONG_CODE


def test_five_wrong_ones_lock_it_for_ten_minutes(give, clock, storage, guard):
    assert [give("XYZ-999") for _ in range(5)] == [NotHandedOver.WRONG_CODE] * 5
    assert give(RIGHT) is NotHandedOver.LOCKED, "the right one does not help any more"
    assert give(RIGHT, "order:2") is None, "another order is not locked"
    clock.advance(9 * MINUTE)
    locked = storage.write(lambda uow: guard.check(uow, "order:1", "S1", RIGHT, RIGHT))
    assert locked == HandOverRefused(NotHandedOver.LOCKED, at=clock.now() + MINUTE), "trying does not lock it longer"
    clock.advance(MINUTE)
    assert give(RIGHT) is None


def test_the_right_code_forgets_the_slips_before_it(give):
    for _ in range(3):
        assert [give("XYZ-999") for _ in range(4)] == [NotHandedOver.WRONG_CODE] * 4
        assert give(RIGHT) is None


def test_slips_are_forgotten_after_ten_minutes(give, clock):
    for _ in range(4):
        assert [give("XYZ-999") for _ in range(3)] == [NotHandedOver.WRONG_CODE] * 3
        clock.advance(10 * MINUTE)
    assert give(RIGHT) is None


def test_twenty_wrong_ones_slow_the_store(give, clock):
    for number in range(4):
        assert [give("XYZ-999", f"order:{number}") for _ in range(5)] == [NotHandedOver.WRONG_CODE] * 5
    assert give(RIGHT, "order:8") is None, "one at once,"
    assert give(RIGHT, "order:9") is NotHandedOver.SLOW, "the next in ten seconds"
    assert give(RIGHT, "order:9", "S2") is None, "another store goes on"
    clock.advance(timedelta(seconds=10))
    assert give(RIGHT, "order:9") is None
    clock.advance(10 * MINUTE)
    assert [give(RIGHT, f"order:{number}") for number in range(20, 30)] == [None] * 10


def test_many_guesses_at_once_are_not_more_guesses(storage, guard):
    def guess(number: int) -> NotHandedOver | None:
        return reason(storage.write(lambda uow: guard.check(uow, "order:1", "S1", f"AAA-{number:03}", RIGHT)))

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(guess, range(60)))
    assert found.count(NotHandedOver.WRONG_CODE) == 5
    assert found.count(NotHandedOver.LOCKED) + found.count(NotHandedOver.SLOW) == 55


def test_guessing_on(storage, guard, clock, give):
    """Somebody who guesses all day at twenty open orders of a store, one guess a second for two hours of it.

    What they get: five guesses an order and ten minutes at most; the store as a whole twenty a window, then one in ten
    seconds. That is the whole chance they have, and a code is one of four million.
    """
    ids, rng = SeededIds(3), random.Random(3)
    orders = [(f"order:{number}", ids.new_code()) for number in range(20)]
    compared = 0
    for _ in range(7_200):
        thing, right = rng.choice(orders)
        found = storage.write(lambda uow, t=thing, r=right: guard.check(uow, t, "S1", ids.new_code(), r))
        assert found is not None, "a hit of one in four million"
        compared += found.reason is NotHandedOver.WRONG_CODE
        clock.advance(timedelta(seconds=1))
    windows = 7_200 / 600
    assert compared <= windows * (20 + 600 / 10) + 20
    assert compared <= windows * 20 * 5
