"""`WaitRepository` on both databases: one wait a person and thing, the order in which people came, moves made once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from commerce.domain.linking import CustomerMerge
from commerce.domain.waiting import StockWaiter, WaitState
from commerce.ports import Storage, UnitOfWork
from tests.contracts.selling_values import HOUR, LEA_PERSON, SAM_PERSON, put_people
from tests.contracts.storage_values import LEA, NOW, SAM, put_stock

BOTH = ("bellecour", "part-dieu")


@pytest.fixture
def variants(storage: Storage) -> list[int]:
    put_people(storage)
    return put_stock(storage, {"36": 1, "38": 1}, BOTH)


def waits(
    storage: Storage, waiter_id: str, variant_id: int, *, store_id: str = "", minutes: int = 0, sam: bool = False
) -> bool:
    at = NOW + timedelta(minutes=minutes)
    person, contact = (SAM_PERSON, SAM) if sam else (LEA_PERSON, LEA)
    waiter = StockWaiter(waiter_id, person.id, contact, variant_id, store_id, WaitState.WAITING, at)
    return storage.write(lambda uow: uow.waiters.add(waiter))


def known(storage: Storage, waiter_id: str) -> StockWaiter:
    with storage.read() as uow:
        found = uow.waiters.get(waiter_id)
    assert found is not None
    return found


def told(waiter: StockWaiter) -> StockWaiter:
    return replace(waiter, told_at=NOW + HOUR, told_store_id="bellecour", hold_id="h1", until=NOW + 3 * HOUR)


def test_one_wait_of_a_person_for_a_thing(storage: Storage, variants: list[int]) -> None:
    a, b = variants
    assert waits(storage, "w1", a)
    assert not waits(storage, "w2", a, minutes=1)
    assert waits(storage, "w3", a, store_id="bellecour", minutes=2)
    assert waits(storage, "w4", b, minutes=3)
    assert waits(storage, "w5", a, sam=True)
    with storage.read() as uow:
        assert [each.id for each in uow.waiters.of_customer(LEA_PERSON.id)] == ["w4", "w3", "w1"]
        assert uow.waiters.get("w2") is None
    assert known(storage, "w1") == StockWaiter("w1", LEA_PERSON.id, LEA, a, "", WaitState.WAITING, NOW)
    assert storage.write(lambda uow: uow.waiters.move(known_in(uow, "w1"), WaitState.GONE))
    assert waits(storage, "w2", a, minutes=9)  # anew, at the end of the queue


def known_in(uow: UnitOfWork, waiter_id: str) -> StockWaiter:
    found = uow.waiters.get(waiter_id)
    assert found is not None
    return found


def test_those_come_first_who_came_first_where_something_is_free(storage: Storage, variants: list[int]) -> None:
    a, b = variants
    waits(storage, "w2", a, minutes=2)
    waits(storage, "w1", a, store_id="bellecour", minutes=1, sam=True)
    waits(storage, "w3", b, store_id="part-dieu", minutes=3)

    def ready(*stores: str, limit: int = 9) -> list[str]:
        with storage.read() as uow:
            return [each.id for each in uow.waiters.ready(stores, limit)]

    assert ready(*BOTH) == ["w1", "w2", "w3"]
    assert ready(*BOTH, limit=2) == ["w1", "w2"]
    assert ready("part-dieu") == ["w2", "w3"]
    assert ready() == []
    storage.write(lambda uow: uow.stock.take("h1", [(a, 1)], "bellecour", "x", NOW + HOUR, NOW))
    assert ready("bellecour") == []  # its last unit is promised
    storage.write(lambda uow: uow.stock.set_safety(b, "part-dieu", 1, NOW))
    assert ready(*BOTH) == ["w2"]  # and this one is kept back from online shoppers
    storage.write(lambda uow: uow.waiters.move(told(known_in(uow, "w2")), WaitState.TOLD))
    assert ready(*BOTH) == []


def test_a_move_is_made_once(storage: Storage, variants: list[int]) -> None:
    waits(storage, "w1", variants[0])
    seen = known(storage, "w1")
    with ThreadPoolExecutor(8) as pool:
        moves = pool.map(lambda _: storage.write(lambda uow: uow.waiters.move(told(seen), WaitState.TOLD)), range(8))
        assert sum(moves) == 1
    assert known(storage, "w1") == replace(told(seen), state=WaitState.TOLD)
    with storage.read() as uow:
        assert uow.waiters.due(NOW + 2 * HOUR, 9) == []
        (due,) = uow.waiters.due(NOW + 3 * HOUR, 9)
    assert not storage.write(lambda uow: uow.waiters.move(seen, WaitState.GONE))
    assert storage.write(lambda uow: uow.waiters.move(due, WaitState.WAITING))
    assert known(storage, "w1") == seen  # its old place, and no unit
    assert storage.write(lambda uow: uow.waiters.move(seen, WaitState.GONE))
    with storage.read() as uow:
        assert uow.waiters.of_customer(LEA_PERSON.id) == []


def test_a_promise_is_of_one_unit(storage: Storage, variants: list[int]) -> None:
    """Sold in the store meanwhile, and told of another: whoever still thinks of the first is too late."""
    waits(storage, "w1", variants[0])
    storage.write(lambda uow: uow.waiters.move(told(known_in(uow, "w1")), WaitState.TOLD))
    first = known(storage, "w1")
    assert storage.write(lambda uow: uow.waiters.move(first, WaitState.WAITING))
    again = replace(told(known(storage, "w1")), hold_id="another")
    assert storage.write(lambda uow: uow.waiters.move(again, WaitState.TOLD))
    assert not storage.write(lambda uow: uow.waiters.move(first, WaitState.PASSED))
    assert not storage.write(lambda uow: uow.waiters.move(first, WaitState.SERVED))
    assert known(storage, "w1") == replace(again, state=WaitState.TOLD)


def test_two_who_become_one_wait_once_for_each_thing(storage: Storage, variants: list[int]) -> None:
    a, b = variants
    waits(storage, "lea-a", a, minutes=5)
    waits(storage, "sam-a", a, minutes=1, sam=True)
    waits(storage, "sam-b", b, minutes=2, sam=True)
    moved = storage.write(lambda uow: uow.links.join(LEA_PERSON.id, SAM_PERSON.id))
    with storage.read() as uow:
        assert {each.id for each in uow.waiters.of_customer(LEA_PERSON.id)} == {"lea-a", "sam-b"}
        assert uow.waiters.of_customer(SAM_PERSON.id) == []
    storage.write(lambda uow: uow.links.part(CustomerMerge("m1", LEA_PERSON.id, SAM_PERSON.id, NOW, moved)))
    with storage.read() as uow:
        assert [each.id for each in uow.waiters.of_customer(LEA_PERSON.id)] == ["lea-a"]
        assert [each.id for each in uow.waiters.of_customer(SAM_PERSON.id)] == ["sam-b"]
