"""Which of the things that could be recommended come first. Nothing is asked of anybody here."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from commerce.domain.lookbook import Did
from commerce.domain.recommending import (
    Because,
    Candidate,
    Looked,
    Reason,
    after_purchase,
    for_everybody,
    in_order,
    interest,
)

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PAGE = Looked(Did.PAGE, "book", 4, 0, 1, 0, NOW)


def test_turning_to_a_page_three_times_says_more_than_once() -> None:
    assert interest(replace(PAGE, times=3), NOW) == pytest.approx(3 * interest(PAGE, NOW))


def test_staying_twenty_seconds_says_more_than_turning_past() -> None:
    stayed = interest(replace(PAGE, dwell_ms=20_000), NOW)
    assert stayed > 2 * interest(replace(PAGE, dwell_ms=400), NOW)
    assert stayed > interest(replace(PAGE, times=2), NOW)


def test_an_open_page_that_nobody_looks_at_does_not_count_for_ever() -> None:
    minute, hour = (interest(replace(PAGE, dwell_ms=ms), NOW) for ms in (60_000, 3_600_000))
    assert minute == hour
    assert interest(replace(PAGE, times=1_000), NOW) == interest(replace(PAGE, times=2_000), NOW)


def test_interest_fades_by_half_in_two_weeks() -> None:
    assert interest(PAGE, NOW + 14 * DAY) == pytest.approx(interest(PAGE, NOW) / 2)
    assert interest(PAGE, NOW - DAY) == interest(PAGE, NOW), "a clock that is ahead makes nothing more interesting"
    assert after_purchase(1.0, NOW, NOW + 60 * DAY) == pytest.approx(0.5)


def test_opening_a_product_says_more_than_its_page() -> None:
    opened = replace(PAGE, did=Did.HOTSPOT, product_id=7)
    assert interest(opened, NOW) > interest(PAGE, NOW)
    assert interest(replace(opened, did=Did.CART), NOW) > interest(opened, NOW)
    assert interest(replace(PAGE, did=Did.OPENED), NOW) == 0


def of_page(product_id: int, weight: float, page: int = 4) -> Candidate:
    return Candidate(product_id, Reason(Because.PAGE, 0, "book", page), weight)


def like(product_id: int, weight: float, about: int = 99) -> Candidate:
    return Candidate(product_id, Reason(Because.LIKE_SEEN, about), weight)


def ids(candidates: list[Candidate], limit: int = 12) -> list[int]:
    return [each.product_id for each in in_order(candidates, limit)]


def test_no_reason_fills_the_list() -> None:
    page = [of_page(number, 1.5) for number in range(1, 8)]
    others = [like(20, 0.8), Candidate(30, Reason(Because.SAVED, 30), 0.7), *for_everybody([40, 41], [50])]
    first = in_order([*page, *others], 6)
    assert first[0].reason.because is Because.PAGE
    assert sum(each.reason.because is Because.PAGE for each in first) <= 3
    assert {each.reason.because for each in first} == {Because.PAGE, Because.LIKE_SEEN, Because.SAVED, Because.POPULAR}


def test_pages_give_way_to_other_pages_less_than_to_themselves() -> None:
    same = [of_page(1, 1.5), of_page(2, 1.4)]
    assert ids([*same, of_page(3, 1.0, page=5)]) == [1, 3, 2]


def test_a_product_is_there_once_for_its_best_reason() -> None:
    (chosen,) = in_order([like(1, 0.5), of_page(1, 1.5), *for_everybody([1], [])], 5)
    assert chosen.reason.because is Because.PAGE


def test_ties_are_settled_the_same_way_every_time() -> None:
    found = [of_page(3, 1.0), of_page(1, 1.0), of_page(2, 1.0), like(5, 1.0), like(4, 1.0)]
    expected = ids(found)
    assert expected[0] == 1
    for turn in range(len(found)):
        assert ids(found[turn:] + found[:turn]) == expected


def test_a_shorter_list_is_the_beginning_of_a_longer_one() -> None:
    found = [of_page(number, 1 / number, page=number % 3) for number in range(1, 9)]
    found += [like(10 + number, 0.9 / number) for number in range(1, 5)]
    found += for_everybody([30, 31], [32])
    for limit in range(len(found)):
        assert ids(found, limit) == ids(found, 99)[:limit]


def test_what_sells_comes_before_what_is_new_and_nothing_twice() -> None:
    everybody = for_everybody([5, 3], [9, 5, 8])
    assert ids(everybody) == [5, 3, 9, 8]
    assert [each.reason.because for each in everybody] == [Because.POPULAR] * 2 + [Because.NEW] * 2
    assert not any(each.reason.because.is_personal for each in everybody)


def test_many_best_sellers_stay_in_their_order() -> None:
    selling, newest = list(range(100, 120)), list(range(200, 220))
    order = ids(for_everybody(selling, newest), 40)
    assert [each for each in order if each < 200] == selling
    assert [each for each in order if each >= 200] == newest
