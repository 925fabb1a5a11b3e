"""Stores that take no online orders for a while; on both databases."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from commerce.domain.reservation import NotHeld, Refused, Reservation
from commerce.domain.staff import NotPaused, PauseMethod, StorePause
from commerce.services.pausing import LONGEST, Pausing
from tests.unit.services.conftest import LEA, SAM, Small

HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def pausing(small: Small) -> Pausing:
    return Pausing(small.storage, small.clock)


def pause(small: Small, pausing: Pausing, span: timedelta = HALF_AN_HOUR, store_id: str = "S1"):
    until = small.clock.now() + span
    return small.storage.write(lambda uow: pausing.pause(uow, store_id, until, " livraison ", actor="staff:nadia"))


def told(small: Small) -> list[tuple[str, str, dict[str, str]]]:
    """Who has which news waiting, all of it."""
    found = []
    for contact in (LEA, SAM):
        while True:
            with small.storage.read() as uow:
                row = uow.outbox.next_in(contact.lane, small.clock.now())
            if row is None:
                break
            found.append((contact.address, row.message.kind, json.loads(row.message.body)))
            small.storage.write(lambda uow, row=row: uow.outbox.sent(row.id, "", small.clock.now()))
    return found


def test_a_paused_store_holds_nothing_and_resumes_by_the_clock(small: Small, pausing: Pausing):
    paused = pause(small, pausing)
    assert paused == StorePause("S1", small.clock.now() + HALF_AN_HOUR, "livraison", "staff:nadia")
    assert small.place("36") == Refused(NotHeld.STORE_PAUSED)
    assert isinstance(small.place("36", store_id="S2"), Reservation)
    small.clock.advance(HALF_AN_HOUR - timedelta(seconds=1))
    assert small.place("38") == Refused(NotHeld.STORE_PAUSED)
    small.clock.advance(timedelta(seconds=1))
    assert isinstance(small.place("38"), Reservation)  # nothing has ticked


def test_what_is_held_already_stays_held(small: Small, pausing: Pausing):
    held = small.place("38")
    pause(small, pausing)
    customer_id = small.customer()
    extended = small.storage.write(lambda uow: small.reserving.extend(uow, held.id, customer_id))
    assert extended.extensions == 1


def test_who_waits_is_told_once(small: Small, pausing: Pausing):
    pause(small, pausing)
    for contact in (LEA, LEA, SAM):
        assert small.storage.write(lambda uow, contact=contact: pausing.wait(uow, "S1", contact)) is not None
    assert small.storage.write(lambda uow: pausing.wait(uow, "S2", LEA)) is None
    assert pausing.tick() == 0
    small.clock.advance(HALF_AN_HOUR)
    assert pausing.tick() == 2
    assert pausing.tick() == 0
    assert told(small) == [
        ("1001", "store_resumed", {"store_id": "S1"}),
        ("1002", "store_resumed", {"store_id": "S1"}),
    ]


def test_ending_it_early_tells_them_too(small: Small, pausing: Pausing):
    pause(small, pausing)
    small.storage.write(lambda uow: pausing.wait(uow, "S1", LEA))
    assert small.storage.write(lambda uow: pausing.resume(uow, "S1", actor="staff:nadia"))
    assert not small.storage.write(lambda uow: pausing.resume(uow, "S1", actor="staff:nadia"))
    assert isinstance(small.place("36"), Reservation)
    assert pausing.tick() == 1
    assert [kind for _, kind, _ in told(small)] == ["store_resumed"]


def test_a_second_pause_replaces_the_first(small: Small, pausing: Pausing):
    pause(small, pausing)
    small.storage.write(lambda uow: pausing.wait(uow, "S1", LEA))
    pause(small, pausing, timedelta(hours=2))
    small.clock.advance(timedelta(hours=1))
    assert pausing.tick() == 0
    assert small.place("36") == Refused(NotHeld.STORE_PAUSED)
    small.clock.advance(timedelta(hours=1))
    assert pausing.tick() == 1


def test_a_pause_needs_a_store_and_an_end(small: Small, pausing: Pausing):
    assert pause(small, pausing, store_id="nowhere") == Refused(NotPaused.NO_SUCH_STORE)
    for odd in ("\x00", "\ud800"):
        assert pause(small, pausing, store_id=f"S1{odd}") == Refused(NotPaused.NO_SUCH_STORE)
        assert not small.storage.write(lambda uow, odd=odd: pausing.resume(uow, odd, actor="staff:nadia"))
    for span in (timedelta(), timedelta(seconds=-1), LONGEST + timedelta(seconds=1)):
        assert pause(small, pausing, span) == Refused(NotPaused.UNTIL)
    with small.storage.read() as uow:
        assert pausing.in_force(uow, "S1") is None


def test_one_method_alone(small: Small, pausing: Pausing):
    until = small.clock.now() + HALF_AN_HOUR

    def pause_of(method: PauseMethod) -> None:
        small.storage.write(lambda uow: pausing.pause(uow, "S1", until, "", actor="staff:nadia", method=method))

    pause_of(PauseMethod.PICKUP)
    assert isinstance(small.place("36"), Reservation), "reserving goes on"
    pause_of(PauseMethod.RESERVE)
    assert small.place("38") == Refused(NotHeld.STORE_PAUSED)
    with small.storage.read() as uow:
        assert pausing.in_force(uow, "S1") is None
        assert [pause.method for pause in pausing.each_in_force(uow, "S1")] == [PauseMethod.RESERVE, PauseMethod.PICKUP]
        assert pausing.those_in_force(uow, ["S1", "S2"], PauseMethod.PICKUP).keys() == {"S1"}
    assert small.storage.write(lambda uow: pausing.wait(uow, "S1", LEA)) is not None
    assert not small.storage.write(lambda uow: pausing.resume(uow, "S1", actor="staff:nadia"))
    resume = lambda uow: pausing.resume(uow, "S1", actor="staff:nadia", method=PauseMethod.RESERVE)  # noqa: E731
    assert small.storage.write(resume)
    assert not small.storage.write(resume)
    assert pausing.tick() == 0, "whoever waits may wait for either"
    small.clock.advance(HALF_AN_HOUR)
    assert pausing.tick() == 1
