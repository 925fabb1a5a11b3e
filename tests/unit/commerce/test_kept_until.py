"""Nothing that is put aside runs out before one could come, whatever hours a store keeps."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.domain.localtext import LocalText
from commerce.domain.store import Opening, OpeningHours, Store, StoreKind
from commerce.ports import ReservationRules
from commerce.services.reserving import LEAST_OPEN, kept_until

HORIZON = timedelta(days=14)
ZONES = ("Europe/Paris", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland")

clocks = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15)) | st.just(time.max)


@st.composite
def days(draw: st.DrawFn) -> tuple[Opening, ...]:
    """None to three openings that do not overlap."""
    edges = sorted(draw(st.sets(clocks, max_size=6)))
    return tuple(Opening(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def stores(draw: st.DrawFn) -> Store:
    week = tuple(draw(days()) for _ in range(7))
    near = st.integers(-3, 20).map(lambda n: date(2026, 3, 25) + timedelta(days=n))
    exceptions = draw(st.dictionaries(near, days(), max_size=6))
    first, last = draw(st.none() | near), draw(st.none() | near)
    name = LocalText({"fr": "Marché"})
    return Store(
        "m", name, name, StoreKind.TRUCK, "", "Lyon", "69002", "FR", None, draw(st.sampled_from(ZONES)),
        OpeningHours(week, exceptions), open_from=first, open_until=last,
    )  # fmt: skip


moments = st.integers(0, 14 * 24 * 60).map(lambda m: datetime(2026, 3, 22, tzinfo=UTC) + timedelta(minutes=m))
durations = st.none() | st.integers(5, 72 * 60).map(lambda minutes: timedelta(minutes=minutes))


def opened(store: Store, since: datetime, until: datetime) -> timedelta:
    return sum((closes - opens for opens, closes in store.open_times(since, until)), timedelta())


@settings(max_examples=400)
@given(stores(), moments, durations)
def test_one_can_come_before_it_runs_out(store: Store, now: datetime, duration: timedelta | None) -> None:
    rules = ReservationRules(duration, timedelta(), 5)
    until = kept_until(rules, store, now)
    if until is None:
        if duration is not None:
            assert opened(store, now, now + HORIZON) == timedelta()
        return
    assert until > now
    if duration is None:
        assert opened(store, now, until) > timedelta()
        closing = until.astimezone(UTC)
        assert closing in [closes for _, closes in store.open_times(now, closing + timedelta(days=1))]
    else:
        assert opened(store, now, until) >= min(duration, LEAST_OPEN, opened(store, now, now + HORIZON))
        assert opened(store, until - timedelta(microseconds=1), until) > timedelta(), "one could come to the very end"
        if until > now + duration:
            assert opened(store, now, now + duration) < LEAST_OPEN
        elif until < now + duration:
            assert opened(store, until, now + duration) == timedelta(), "nobody can come until then"


@settings(max_examples=200)
@given(stores(), moments)
def test_open_times_are_those_at_which_it_is_open(store: Store, now: datetime) -> None:
    later = now + timedelta(days=3)
    found = list(store.open_times(now, later))
    assert found == sorted(found)
    for opens, closes in found:
        assert now <= opens < closes <= later
        assert store.closes_at(opens) is not None


def test_a_pop_up_keeps_until_its_very_last_closing() -> None:
    name = LocalText({"fr": "Éphémère"})
    store = Store(
        "p", name, name, StoreKind.POP_UP, "", "Lyon", "69002", "FR", None, "Europe/Paris",
        OpeningHours(((Opening(time(10), time(19)),),) * 7), open_until=date(2026, 3, 10),
    )  # fmt: skip
    rules = ReservationRules(None, timedelta(), 5)
    now = datetime(2026, 3, 10, 9, tzinfo=UTC)
    assert kept_until(rules, store, now) == datetime(2026, 3, 10, 18, tzinfo=UTC)
    assert kept_until(rules, store, now + timedelta(hours=8, minutes=1)) is None, "too late to come"
    assert kept_until(rules, store, now - timedelta(days=1)) == datetime(2026, 3, 10, 18, tzinfo=UTC)
