"""Leases of lanes: kept while somebody is at the lane, gone afterwards, whatever the heartbeat or the database does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from bot.leases import LEASE_S, Leases
from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.domain.customer import URGENT
from commerce.errors import CommitUnknown, StorageBusy
from commerce.ports import Storage, UnitOfWork
from commerce.wiring import Shop
from tests.unit.bot.conftest import Desk

T = TypeVar("T")


class Troubled:
    """A storage whose next writes fail: those of which `trouble` gives an exception, after they were done or before."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.trouble: Iterator[Exception | None] = iter(())
        self.at_write: Callable[[], None] = lambda: None

    def read(self) -> AbstractContextManager[UnitOfWork]:
        return self._storage.read()

    def write(self, work: Callable[[UnitOfWork], T]) -> T:
        self.at_write()
        error = next(self.trouble, None)
        if error is not None and not isinstance(error, CommitUnknown):
            raise error
        result = self._storage.write(work)
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        self._storage.close()


@pytest.fixture
def storage(shop: Shop) -> Troubled:
    return Troubled(shop.storage)


@pytest.fixture
def leases(shop: Shop, storage: Troubled) -> Leases:
    return Leases(replace(shop, storage=storage), "we")


def free(shop: Shop, lease: str) -> bool:
    """Whether another process could take it now."""
    now = shop.clock.now()

    def look(uow: UnitOfWork) -> bool:
        taken = uow.leases.take(lease, "they", now, now)
        uow.leases.drop(lease, "they")
        return taken

    return shop.storage.write(look)


def test_a_lane_is_one_threads_and_one_processs(shop: Shop, leases: Leases) -> None:
    assert leases.take("in:lea")
    assert not leases.take("in:lea")
    assert leases.take("out:lea")
    assert not free(shop, "in:lea")
    leases.drop("in:lea")
    assert free(shop, "in:lea")
    assert leases.take("in:lea")


def test_a_heartbeat_keeps_what_is_held(shop: Shop, clock: ManualClock, leases: Leases) -> None:
    leases.take("in:lea")
    for _ in range(4):
        clock.advance(timedelta(seconds=LEASE_S - 1))
        leases.beat()
    assert not free(shop, "in:lea")
    clock.advance(timedelta(seconds=LEASE_S))
    assert free(shop, "in:lea")  # nobody's heart beats: they are dead


def test_a_heartbeat_that_comes_late_does_not_bring_a_lease_back(shop: Shop, storage: Troubled, leases: Leases) -> None:
    """It looked while the lane was held; before it writes, the lane is given back."""
    leases.take("in:lea")

    def given_back_meanwhile() -> None:
        storage.at_write = lambda: None
        leases.drop("in:lea")

    storage.at_write = given_back_meanwhile
    leases.beat()
    assert free(shop, "in:lea")


def test_a_lease_that_could_not_be_given_back_is_given_back_later(
    shop: Shop, storage: Troubled, leases: Leases
) -> None:
    leases.take("in:lea")
    storage.trouble = iter([StorageBusy("busy"), StorageBusy("still busy")])
    leases.drop("in:lea")
    leases.beat()
    assert not free(shop, "in:lea")
    leases.beat()
    assert free(shop, "in:lea")


def test_a_lease_taken_without_our_knowing_is_given_back(shop: Shop, storage: Troubled, leases: Leases) -> None:
    storage.trouble = iter([CommitUnknown("the connection was lost")])
    with pytest.raises(CommitUnknown):
        leases.take("in:lea")
    assert not free(shop, "in:lea")
    leases.beat()
    assert free(shop, "in:lea")
    assert leases.take("in:lea")


def test_what_is_left_behind_is_not_taken_from_under_whoever_took_it_again(
    shop: Shop, storage: Troubled, leases: Leases
) -> None:
    leases.take("in:lea")
    storage.trouble = iter([StorageBusy("busy")])
    leases.drop("in:lea")
    assert leases.take("in:lea")
    leases.beat()
    assert not free(shop, "in:lea")
    leases.drop("in:lea")
    assert free(shop, "in:lea")


def test_an_urgent_lane_has_no_lease_in_the_database(shop: Shop, leases: Leases) -> None:
    lane = f"in:lea{URGENT}"
    assert leases.take(lane)
    assert not leases.take(lane)
    assert free(shop, lane)
    leases.beat()
    leases.drop(lane)
    assert leases.take(lane)


def test_hearts_that_race_close_no_lane(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Heartbeats as fast as they go, beside a worker that takes and leaves lanes; the clock stands: a lease that came
    back would stay for good."""
    monkeypatch.setattr("bot.worker.HEARTBEAT_S", 0.0005)
    people = [f"person-{number}" for number in range(12)]
    workers = [desk.worker, Worker(desk.shop, [desk.recorder])]
    for worker in workers:
        worker.start()
    try:
        for said in range(1, 5):
            desk.accept(*(desk.event("help", address=person, after_s=0.01) for person in people))
            workers[0].wake()
            assert _soon(lambda said=said: all(len(desk.texts(person)) == said for person in people))  # type: ignore[misc]
    finally:
        for worker in workers:
            worker.stop()


def _soon(done: Callable[[], bool], seconds: float = 30) -> bool:
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if done():
            return True
        pause.wait(0.02)
    return False
