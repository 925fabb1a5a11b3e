"""What is kept: made once, again when its state changes, never more than so much."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shoppable.kept import Kept


def test_made_once_and_again_in_another_state() -> None:
    kept: Kept[str] = Kept(2)
    made: list[str] = []

    def make(text: str) -> str:
        made.append(text)
        return text

    assert kept.get("a", 1, lambda: make("first")) == "first"
    assert kept.get("a", 1, lambda: make("never")) == "first"
    assert kept.get("a", 2, lambda: make("second")) == "second"
    assert kept.get("a", 1, lambda: make("back")) == "back"  # an older state is another one
    assert made == ["first", "second", "back"]


def test_the_one_asked_for_longest_ago_goes_first() -> None:
    kept: Kept[str] = Kept(2)
    for key in ("a", "b", "a", "c"):
        kept.get(key, 0, lambda key=key: key)  # type: ignore[misc]
    assert len(kept) == 2
    assert kept.get("a", 0, lambda: "made again") == "a"
    assert kept.get("b", 0, lambda: "made again") == "made again"


def test_nothing_is_kept_of_what_fails() -> None:
    kept: Kept[str] = Kept(2)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", 0, lambda: str(1 // 0))
    assert kept.get("a", 0, lambda: "now") == "now"


def test_many_at_once_make_it_once_and_finding_waits_for_nobody() -> None:
    kept: Kept[int] = Kept(8)
    kept.get("ready", 0, lambda: 7)
    made: list[int] = []
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        assert go_on.wait(10)
        made.append(1)
        return len(made)

    with ThreadPoolExecutor(6) as pool:
        answers = [pool.submit(kept.get, "slow", 0, slow) for _ in range(5)]
        assert begun.wait(10)
        assert pool.submit(kept.get, "ready", 0, lambda: 0).result(10) == 7  # while the others wait
        go_on.set()
        assert [each.result(10) for each in answers] == [1] * 5
