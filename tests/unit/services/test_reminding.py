"""Reminders of what waits at the counter, and people who do not come; on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from commerce.domain.collecting import Stage
from commerce.domain.reservation import NotHeld, Refused
from commerce.ports import ReservationRules
from commerce.services.reminding import Reminding
from commerce.services.reserving import NO_SHOWS_COUNT_FOR, Reserving
from tests.unit.services.test_collecting import Counter
from tests.unit.services.till import LEA, Till


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """In March 2026 in Paris, before summer time."""
    return datetime(2026, 3, day, hour - 1, minute, tzinfo=UTC)


@pytest.fixture
def counter(till: Till) -> Counter:
    return Counter(till)


def reminders(till: Till, until: datetime, *, step: timedelta = timedelta(minutes=30)) -> list[tuple[str, str]]:
    """Which reminders go out, and when in Paris, when the clock runs until then."""
    reminding, found = Reminding(till.storage, till.clock), []
    till.news()
    while till.clock.now() < until:
        till.clock.advance(step)
        reminding.tick()
        for kind, facts in till.news():
            if kind == "pick_up_reminder":
                found.append((str(facts["which"]), f"{till.clock.now() + timedelta(hours=1):%d %H:%M}"))
    return found


def test_three_hours_and_half_an_hour_before(counter: Counter, till: Till):
    ref = counter.reserved()  # Tuesday at 10:00: until Wednesday at 19:00
    counter.do("ready", ref)
    assert reminders(till, local(11, 19)) == [("3h", "11 16:00"), ("30min", "11 18:30")]


def test_a_day_before_only_what_is_held_longer_than_two(counter: Counter, till: Till):
    ref = counter.reserved()
    till.storage.write(lambda uow: till.reserving.extend(uow, ref.id, till.customer()))  # Thursday at 19:00: 57 hours
    counter.do("ready", ref)
    # Wednesday at 19:00 the store has just closed: when it opens again.
    assert reminders(till, local(12, 19)) == [("24h", "12 10:00"), ("3h", "12 16:00"), ("30min", "12 18:30")]


def test_a_later_deadline_is_reminded_of_anew(counter: Counter, till: Till):
    ref = counter.reserved()
    counter.do("ready", ref)
    assert reminders(till, local(11, 16)) == [("3h", "11 16:00")]
    counter.says("on_my_way", ref)
    till.storage.write(lambda uow: till.reserving.extend(uow, ref.id, till.customer()))  # Thursday at 19:00
    assert reminders(till, local(12, 19)) == [("24h", "12 10:00"), ("3h", "12 16:00"), ("30min", "12 18:30")]


def test_an_order_to_be_paid_here_too_and_one_that_is_paid_never(counter: Counter, till: Till):
    unpaid = counter.to_be_paid()
    counter.do("ready", unpaid)
    assert reminders(till, local(11, 19)) == [("3h", "11 16:00"), ("30min", "11 18:30")]
    paid = counter.bought(lines={"36": 1})
    counter.do("ready", paid)
    assert counter.card(paid).expires_at is None
    assert reminders(till, local(20, 19), step=timedelta(hours=1)) == []


def test_not_before_it_is_ready_nor_to_whoever_comes(counter: Counter, till: Till):
    early, coming, there = (counter.reserved("36") for _ in range(3))
    for ref in (coming, there):
        counter.do("ready", ref)
    counter.says("on_my_way", coming)
    counter.says("arrived", there)
    assert reminders(till, local(11, 19)) == []
    assert counter.card(early).stage is Stage.NEW


def test_what_has_just_been_made_ready_is_only_called_last(counter: Counter, till: Till):
    ref = counter.reserved()
    till.clock.advance(local(11, 15, 45) - till.clock.now())
    counter.do("ready", ref)
    assert reminders(till, local(11, 19), step=timedelta(minutes=15)) == [("30min", "11 18:30")]


def test_who_was_away_hears_the_last_call_alone(counter: Counter, till: Till):
    """The worker stood still from noon to a quarter to seven."""
    ref = counter.reserved()
    counter.do("ready", ref)
    till.clock.advance(local(11, 18, 40) - till.clock.now())
    assert reminders(till, local(11, 19), step=timedelta(minutes=5)) == [("30min", "11 18:45")]


def test_once_however_many_workers(counter: Counter, till: Till):
    refs = [counter.reserved("36") for _ in range(3)]
    for ref in refs:
        counter.do("ready", ref)
    till.clock.advance(local(11, 16) - till.clock.now())
    till.news()
    workers = [Reminding(till.storage, till.clock) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda worker: worker.tick(), workers)) == 3
    assert till.kinds_of_news() == ["pick_up_reminder"] * 3


# --- who does not come ------------------------------------------------------------------------------------------------


def strict(till: Till, most: int = 3) -> Till:
    rules = ReservationRules(duration=None, grace=timedelta(), max_open_per_customer=3, max_no_shows=most)
    return replace(till, reserving=Reserving(till.storage, till.clock, till.ids, rules))


def try_to_reserve(till: Till):
    customer = till.customer()
    return till.storage.write(
        lambda uow: till.reserving.place(
            uow, customer_id=customer, contact=LEA, store_id="S1", lines=[(till.variants["38"], 1)]
        )
    )


def not_collected(till: Till, times: int) -> None:
    for _ in range(times):
        counter = Counter(till)
        counter.do("ready", counter.reserved())
        till.clock.advance(timedelta(days=3))
        assert till.reserving.expire_due() == 1


def test_after_three_times_one_pays_first(till: Till):
    till = strict(till)
    not_collected(till, 2)
    assert not isinstance(try_to_reserve(till), Refused)
    till.clock.advance(timedelta(days=3))
    till.reserving.expire_due()  # it was never ready: the store's fault is no no-show
    not_collected(till, 1)
    assert try_to_reserve(till) == Refused(NotHeld.TOO_MANY_NO_SHOWS)
    assert till.stock("38") == (1, 0)
    assert Counter(till).bought(), "what is paid at once can be had"


def test_time_heals_and_so_do_people(till: Till):
    till = strict(till, most=2)
    not_collected(till, 2)
    assert try_to_reserve(till) == Refused(NotHeld.TOO_MANY_NO_SHOWS)
    customer, collecting = till.customer(), Counter(till).collecting
    till.storage.write(lambda uow: collecting.forgive_no_shows(uow, customer, by="staff:nadia"))
    not_collected(till, 2)
    assert try_to_reserve(till) == Refused(NotHeld.TOO_MANY_NO_SHOWS)
    till.clock.advance(NO_SHOWS_COUNT_FOR)
    assert not isinstance(try_to_reserve(till), Refused)


def test_a_shop_may_not_mind(till: Till):
    till = strict(till, most=0)
    not_collected(till, 5)
    assert not isinstance(try_to_reserve(till), Refused)
