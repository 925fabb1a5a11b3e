"""Several at once, in their order; one that fails leaves none of the others undone."""

from __future__ import annotations

import threading

import pytest

from commerce.services.together import THREADS, together


def test_they_run_at_the_same_time_and_answer_in_their_order():
    gate = threading.Barrier(THREADS, timeout=10)

    def work(number: int) -> int:
        gate.wait()
        return number

    assert together([lambda n=n: work(n) for n in range(THREADS)]) == list(range(THREADS))
    assert together([]) == []
    assert together([lambda: 7]) == [7]


def test_one_that_fails_does_not_stop_the_others():
    done: list[int] = []

    def work(number: int) -> None:
        if number == 3:
            raise RuntimeError("three")
        done.append(number)

    with pytest.raises(RuntimeError, match="three"):
        together([lambda n=n: work(n) for n in range(20)])
    assert sorted(done) == [n for n in range(20) if n != 3]
