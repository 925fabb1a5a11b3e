"""Customers, reservations, state, photos and the record, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from commerce.domain.customer import Consent, Customer, FitMemory, Purpose
from commerce.domain.reservation import (
    OPEN_STATES,
    Reservation,
    ReservationEvent,
    ReservationLine,
    ReservationState,
)
from commerce.errors import StaleVersion
from commerce.ports import Storage, UnitOfWork
from commerce.storage.unit_of_work import SqlUnitOfWork
from tests.contracts.storage_values import LEA, NOW, SAM, euros, put_stock

HOUR = timedelta(hours=1)
LEA_PERSON = Customer("c" * 32, "Léa", "fr", NOW)


def test_a_customer_is_found_by_contact(storage: Storage) -> None:
    storage.write(lambda uow: uow.customers.add(LEA_PERSON, LEA, NOW))
    with storage.read() as uow:
        assert uow.customers.get(LEA_PERSON.id) == LEA_PERSON
        assert uow.customers.by_contact(LEA) == LEA_PERSON
        assert uow.customers.by_contact(SAM) is None
        assert uow.customers.get("nobody") is None
        assert uow.customers.contacts(LEA_PERSON.id) == [LEA]
    changed = replace(LEA_PERSON, name="Léa M.", language="en")
    storage.write(lambda uow: uow.customers.update(changed))
    with storage.read() as uow:
        assert uow.customers.by_contact(LEA) == changed


def test_what_brought_a_customer_first_stays(storage: Storage) -> None:
    storage.write(lambda uow: uow.customers.add(LEA_PERSON, LEA, NOW))
    storage.write(lambda uow: uow.customers.add(Customer("d" * 32, "Sam", "en", NOW, "link:window"), SAM, NOW))
    for source in ("catalogue:spring:4", "link:window"):
        storage.write(lambda uow, source=source: uow.customers.came_from(LEA_PERSON.id, source))
    storage.write(lambda uow: uow.customers.update(replace(LEA_PERSON, name="Léa M.")))
    with storage.read() as uow:
        found, sam = uow.customers.by_contact(LEA), uow.customers.by_contact(SAM)
    assert found is not None and found.came_from == "catalogue:spring:4"
    assert sam is not None and sam.came_from == "link:window"
    storage.write(lambda uow: uow.customers.brought_by(LEA_PERSON.id, "link:window"))
    with storage.read() as uow:
        assert uow.attribution.customers(NOW, NOW + timedelta(seconds=1)) == {"link:window": 2}
        assert uow.attribution.customers(NOW - timedelta(days=1), NOW) == {}


def test_one_contact_is_one_customer(storage: Storage) -> None:
    storage.write(lambda uow: uow.customers.add(LEA_PERSON, LEA, NOW))
    with pytest.raises(IntegrityError):
        storage.write(lambda uow: uow.customers.add(replace(LEA_PERSON, id="d" * 32), LEA, NOW))
    with storage.read() as uow:
        assert uow.customers.get("d" * 32) is None


def test_last_words_only_move_forward(storage: Storage) -> None:
    storage.write(lambda uow: uow.customers.add(LEA_PERSON, LEA, NOW))

    def last() -> object:
        with storage.read() as uow:
            assert isinstance(uow, SqlUnitOfWork)
            return uow.transaction.connection.exec_driver_sql("SELECT last_inbound_at_us FROM contact").scalar_one()

    at_first = last()
    storage.write(lambda uow: uow.customers.seen(LEA, NOW - HOUR))
    assert last() == at_first
    storage.write(lambda uow: uow.customers.seen(LEA, NOW + HOUR))
    assert last() == at_first + 3_600_000_000  # type: ignore[operator]


def test_sizes_are_remembered_and_forgotten(storage: Storage) -> None:
    storage.write(lambda uow: uow.customers.add(LEA_PERSON, LEA, NOW))
    for system, size, at in (("eu_shoes", "38", NOW), ("letters", "M", NOW), ("letters", "S", NOW + HOUR)):
        storage.write(lambda uow, memory=FitMemory(LEA_PERSON.id, system, size, at): uow.customers.remember_fit(memory))
    with storage.read() as uow:
        assert uow.customers.fit(LEA_PERSON.id) == {
            "eu_shoes": FitMemory(LEA_PERSON.id, "eu_shoes", "38", NOW),
            "letters": FitMemory(LEA_PERSON.id, "letters", "S", NOW + HOUR),
        }
    storage.write(lambda uow: uow.customers.forget_fit(LEA_PERSON.id))
    with storage.read() as uow:
        assert uow.customers.fit(LEA_PERSON.id) == {}


def test_the_latest_consent_counts_and_all_are_kept(storage: Storage) -> None:
    storage.write(lambda uow: uow.customers.add(LEA_PERSON, LEA, NOW))
    yes = Consent(
        LEA_PERSON.id, Purpose.REMEMBER_SIZES, "telegram", True, "Je retiens votre taille ?", "fr", "button", NOW
    )
    no = replace(yes, granted=False, wording="Oublier ?", at=NOW + HOUR)
    with storage.read() as uow:
        assert uow.customers.consent(LEA_PERSON.id, Purpose.REMEMBER_SIZES) is None
    for given, latest in ((yes, yes), (no, no)):
        storage.write(lambda uow, given=given: uow.customers.add_consent(given))
        with storage.read() as uow:
            assert uow.customers.consent(LEA_PERSON.id, Purpose.REMEMBER_SIZES) == latest
            assert uow.customers.consent(LEA_PERSON.id, Purpose.MARKETING) is None
    with storage.read() as uow:
        assert isinstance(uow, SqlUnitOfWork)
        assert uow.transaction.connection.exec_driver_sql("SELECT count(*) FROM consent").scalar_one() == 2


# --- reservations ---------------------------------------------------------------------------------------------------


@pytest.fixture
def variants(storage: Storage) -> list[int]:
    storage.write(lambda uow: uow.customers.add(LEA_PERSON, LEA, NOW))
    return put_stock(storage, {"36": 5, "38": 5})


def placed(
    storage: Storage, variants: list[int], reservation_id: str = "r1", created: datetime = NOW, lasts: timedelta = HOUR
) -> Reservation:
    def work(uow: UnitOfWork) -> Reservation:
        holds = uow.stock.take(
            f"h-{reservation_id}", [(v, 1) for v in variants], "bellecour", "r", created + lasts, NOW
        )
        assert holds is not None
        reservation = Reservation(
            id=reservation_id,
            code="KLM-234",
            customer_id=LEA_PERSON.id,
            store_id="bellecour",
            state=ReservationState.HELD,
            lines=tuple(ReservationLine(hold.variant_id, hold.quantity, euros(7900), hold.id) for hold in holds),
            created_at=created,
            expires_at=created + lasts,
            extensions=0,
            version=1,
            source="telegram",
        )
        event = ReservationEvent(created, None, ReservationState.HELD, "shopper", "")
        uow.reservations.add(reservation, LEA, event)
        return reservation

    return storage.write(work)


def test_a_reservation_comes_back_as_it_was_placed(storage: Storage, variants: list[int]) -> None:
    reservation = placed(storage, variants)
    with storage.read() as uow:
        assert uow.reservations.get("r1") == reservation
        assert uow.reservations.get("r2") is None
        assert uow.reservations.contact_of("r1") == LEA
        assert uow.reservations.contact_of("r2") is None
        assert uow.reservations.events("r1") == [ReservationEvent(NOW, None, ReservationState.HELD, "shopper")]


def test_a_move_needs_the_version_that_was_seen(storage: Storage, variants: list[int]) -> None:
    seen = placed(storage, variants)
    preparing = ReservationEvent(NOW, ReservationState.HELD, ReservationState.PREPARING, "staff:1", "vu")
    moved = storage.write(lambda uow: uow.reservations.move(seen, ReservationState.PREPARING, preparing))
    assert moved == replace(seen, state=ReservationState.PREPARING, version=2)
    with pytest.raises(StaleVersion):
        storage.write(lambda uow: uow.reservations.move(seen, ReservationState.READY, preparing))
    longer = storage.write(
        lambda uow: uow.reservations.move(
            moved, ReservationState.PREPARING, preparing, expires_at=NOW + 9 * HOUR, extensions=1
        )
    )
    with storage.read() as uow:
        assert uow.reservations.get("r1") == longer
        assert (longer.version, longer.extensions, longer.expires_at) == (3, 1, NOW + 9 * HOUR)
        assert [event.note for event in uow.reservations.events("r1")] == ["", "vu", "vu"]


def test_of_many_that_move_one_version_one_wins(storage: Storage, variants: list[int]) -> None:
    seen = placed(storage, variants)
    event = ReservationEvent(NOW, ReservationState.HELD, ReservationState.CANCELLED, "shopper")

    def cancel(_: int) -> bool:
        try:
            storage.write(lambda uow: uow.reservations.move(seen, ReservationState.CANCELLED, event))
        except StaleVersion:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(cancel, range(16))) == 1
    with storage.read() as uow:
        assert len(uow.reservations.events("r1")) == 2


def test_reservations_of_a_customer_and_those_that_are_due(storage: Storage, variants: list[int]) -> None:
    old = placed(storage, variants[:1], "r1", NOW, 3 * HOUR)
    new = placed(storage, variants[:1], "r2", NOW + HOUR, HOUR)
    last = placed(storage, variants, "r3", NOW + HOUR, 5 * HOUR)
    with storage.read() as uow:
        assert uow.reservations.of_customer(LEA_PERSON.id, only_open=True) == [last, new, old]
        assert uow.reservations.of_customer("nobody", only_open=False) == []
        assert uow.reservations.due(NOW + 2 * HOUR - timedelta(microseconds=1), 10) == []
        assert uow.reservations.due(NOW + 2 * HOUR, 10) == [new]
        assert uow.reservations.due(NOW + 9 * HOUR, 2) == [new, old]
    for reservation, state in ((old, ReservationState.READY), (new, ReservationState.EXPIRED)):
        event = ReservationEvent(NOW, ReservationState.HELD, state, "clock")
        storage.write(lambda uow, r=reservation, s=state, e=event: uow.reservations.move(r, s, e))
    with storage.read() as uow:
        assert [r.id for r in uow.reservations.of_customer(LEA_PERSON.id, only_open=True)] == ["r3", "r1"]
        assert [r.id for r in uow.reservations.of_customer(LEA_PERSON.id, only_open=False)] == ["r3", "r2", "r1"]
        assert [r.id for r in uow.reservations.due(NOW + 9 * HOUR, 10)] == ["r1", "r3"]
    assert ReservationState.READY in OPEN_STATES


# --- state, photos, the record --------------------------------------------------------------------------------------


def test_a_counter_counts_up_to_its_most_and_begins_again(storage: Storage) -> None:
    def count(at: datetime) -> int:
        return storage.write(lambda uow: uow.state.count("tries", at, at + HOUR, most=2))

    minute = timedelta(minutes=1)
    assert [count(NOW), count(NOW + minute)] == [1, 2]
    # Full: it neither grows nor lasts longer.
    assert [count(NOW + n * minute) for n in (2, 30, 60)] == [3, 3, 3]
    with storage.read() as uow:
        assert uow.state.get("tries", NOW + HOUR) == "3"
        assert uow.state.get("tries", NOW + HOUR + minute) is None
    assert count(NOW + HOUR + minute) == 1


def test_of_many_that_count_each_gets_its_own_number(storage: Storage) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(
                lambda _: storage.write(lambda uow: uow.state.count("tries", NOW, NOW + HOUR, most=100)), range(40)
            )
        )
    assert sorted(found) == list(range(1, 41))


def test_state_has_an_end(storage: Storage) -> None:
    storage.write(lambda uow: uow.state.put("session:x", '{"é": 1}', NOW + HOUR))
    with storage.read() as uow:
        assert uow.state.get("session:x", NOW + HOUR - timedelta(microseconds=1)) == '{"é": 1}'
        assert uow.state.get("session:x", NOW + HOUR) is None
        assert uow.state.get("session:y", NOW) is None
    storage.write(lambda uow: uow.state.put("session:x", "2", NOW + 2 * HOUR))
    storage.write(lambda uow: uow.state.put("other", "3", NOW + HOUR))
    assert storage.write(lambda uow: uow.state.sweep(NOW + HOUR)) == 1
    with storage.read() as uow:
        assert uow.state.get("session:x", NOW + HOUR) == "2"
    storage.write(lambda uow: uow.state.delete("session:x"))
    storage.write(lambda uow: uow.state.delete("session:x"))
    with storage.read() as uow:
        assert uow.state.get("session:x", NOW) is None


def test_one_claims_a_key_until_it_expires(storage: Storage) -> None:
    def claim(value: str, at: datetime) -> bool:
        return storage.write(lambda uow: uow.state.claim("once:x", value, at + HOUR, at))

    assert claim("first", NOW) and not claim("second", NOW + HOUR / 2)
    with storage.read() as uow:
        assert uow.state.get("once:x", NOW) == "first"
    assert claim("third", NOW + HOUR)
    with storage.read() as uow:
        assert uow.state.get("once:x", NOW + HOUR) == "third"


def test_photos_are_due_when_their_time_is_over(storage: Storage) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.photos.add("b.jpg", LEA, NOW, NOW + 2 * HOUR)
        uow.photos.add("a.jpg", SAM, NOW, NOW + HOUR)

    storage.write(work)
    with storage.read() as uow:
        assert uow.photos.sender_of("a.jpg") == SAM
        assert uow.photos.sender_of("c.jpg") is None
        assert uow.photos.due(NOW, 10) == []
        assert uow.photos.due(NOW + HOUR, 10) == ["a.jpg"]
        assert uow.photos.due(NOW + 3 * HOUR, 10) == ["a.jpg", "b.jpg"]
        assert uow.photos.due(NOW + 3 * HOUR, 1) == ["a.jpg"]
    storage.write(lambda uow: uow.photos.forget("a.jpg"))
    with storage.read() as uow:
        assert uow.photos.due(NOW + 3 * HOUR, 10) == ["b.jpg"]


def test_the_record_is_written(storage: Storage) -> None:
    storage.write(lambda uow: uow.audit.add("staff:1", "price", "sku-1", {"to": 7900, "from": 8000}, NOW))
    with storage.read() as uow:
        assert isinstance(uow, SqlUnitOfWork)
        (row,) = uow.transaction.connection.exec_driver_sql("SELECT actor, action, subject, details FROM audit")
    assert tuple(row) == ("staff:1", "price", "sku-1", '{"from":8000,"to":7900}')


def test_times_without_a_zone_are_refused(storage: Storage) -> None:
    with pytest.raises(ValueError, match="zone"):
        storage.write(lambda uow: uow.state.put("a", "1", datetime(2026, 3, 10, 9)))
