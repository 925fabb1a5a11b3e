"""Reserving without paying: place, cancel, extend once, expire; on both databases."""

from __future__ import annotations

import json
import re
from datetime import timedelta

from commerce.domain.money import Money
from commerce.domain.reservation import NotChanged, NotHeld, Refused, Reservation, ReservationState
from tests.unit.services.conftest import LEA, SAM, Small


def test_the_last_unit_is_held_for_one_person(small: Small):
    held = small.place("38")
    assert isinstance(held, Reservation)
    assert held.state is ReservationState.HELD
    assert re.fullmatch(r"[A-Z]{3}-\d{3}", held.code)
    assert small.available("38") == 0
    assert small.place("38", contact=SAM) == Refused(NotHeld.SOLD_OUT)
    assert isinstance(small.place("38", contact=SAM, store_id="S2"), Reservation)


def test_it_lasts_until_the_next_open_day_ends(small: Small):
    assert small.place("36").expires_at.isoformat() == "2026-03-11T19:00:00+01:00"
    # Part-Dieu is closed on Wednesdays: until Thursday evening.
    assert small.place("36", store_id="S2").expires_at.isoformat() == "2026-03-12T19:00:00+01:00"


def test_a_price_is_frozen_when_it_is_held(small: Small):
    held = small.place("36")
    small.storage.write(lambda uow: small.catalog.set_price(uow, "P1-36", Money(9900, "EUR")))
    with small.storage.read() as uow:
        assert uow.reservations.get(held.id).lines[0].unit_price == Money(7900, "EUR")


def test_all_lines_or_none(small: Small):
    assert small.place("36", "40") == Refused(NotHeld.SOLD_OUT)
    assert small.available("36") == 4
    assert small.place("38", "38") == Refused(NotHeld.SOLD_OUT), "two lines of one thing are summed"
    assert small.available("38") == 1


def test_what_cannot_be_reserved_says_why(small: Small):
    customer_id = small.customer()

    def place(store_id: str, lines: list[tuple[int, int]]):
        return small.storage.write(
            lambda uow: small.reserving.place(uow, customer_id=customer_id, contact=LEA, store_id=store_id, lines=lines)
        )

    thing = small.variants["36"]
    assert place("S1", [(999_999, 1)]) == Refused(NotHeld.NO_SUCH_VARIANT)
    assert place("nowhere", [(thing, 1)]) == Refused(NotHeld.STORE_NOT_OPEN)
    assert place("WEB", [(thing, 1)]) == Refused(NotHeld.STORE_NOT_OPEN)
    assert place("GONE", [(thing, 1)]) == Refused(NotHeld.STORE_NOT_OPEN)
    for lines in ([], [(thing, 0)], [(thing, -1)], [(thing, 6)], [(thing, 1)] * 11):
        assert place("S1", lines) == Refused(NotHeld.QUANTITY)
    assert small.available("36") == 4


def test_one_person_cannot_hold_the_shop(small: Small):
    small.place("36")
    small.place("36")
    assert small.place("36") == Refused(NotHeld.TOO_MANY_OPEN)
    assert small.available("36") == 2


def test_cancelling_gives_it_back_at_once_and_once(small: Small):
    held = small.place("38")
    stranger = small.customer(SAM)
    assert small.storage.write(lambda uow: small.reserving.cancel(uow, held.id, stranger)) == Refused(
        NotChanged.NOT_FOUND
    ), "somebody else's looks like none"
    assert small.available("38") == 0
    cancelled = small.storage.write(lambda uow: small.reserving.cancel(uow, held.id, held.customer_id))
    assert cancelled.state is ReservationState.CANCELLED
    assert small.available("38") == 1
    again = small.storage.write(lambda uow: small.reserving.cancel(uow, held.id, held.customer_id))
    assert again == Refused(NotChanged.ALREADY_OVER)
    assert small.available("38") == 1


def test_extending_works_once(small: Small):
    held = small.place("38")
    longer = small.storage.write(lambda uow: small.reserving.extend(uow, held.id, held.customer_id))
    assert longer.expires_at.isoformat() == "2026-03-12T19:00:00+01:00"
    again = small.storage.write(lambda uow: small.reserving.extend(uow, held.id, held.customer_id))
    assert again == Refused(NotChanged.ALREADY_EXTENDED)
    small.clock.set(held.expires_at + timedelta(minutes=1))
    assert small.reserving.expire_due() == 0, "the hold was extended with it"
    assert small.available("38") == 0


def test_time_releases_it_and_tells_the_shopper_once(small: Small):
    held = small.place("38")
    small.clock.set(held.expires_at - timedelta(seconds=1))
    assert small.reserving.expire_due() == 0
    small.clock.set(held.expires_at)
    late = small.storage.write(lambda uow: small.reserving.extend(uow, held.id, held.customer_id))
    assert late == Refused(NotChanged.ALREADY_OVER)
    assert small.reserving.expire_due() == 1
    assert small.reserving.expire_due() == 0
    assert small.available("38") == 1
    with small.storage.read() as uow:
        assert uow.reservations.get(held.id).state is ReservationState.EXPIRED
        assert [e.to_state for e in uow.reservations.events(held.id)] == ["held", "expired"]
        row = uow.outbox.next_in(LEA.lane, small.clock.now())
        assert row.message.kind == "reservation_expired"
        assert json.loads(row.message.body) == {"reservation_id": held.id}


def test_open_reservations_are_the_person_s_own(small: Small):
    held = small.place("36")
    small.place("36", contact=SAM)
    with small.storage.read() as uow:
        assert [r.id for r in small.reserving.open_of(uow, held.customer_id)] == [held.id]
