"""Works that share a commit: who waits for whom, who hears of what."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from commerce.errors import StorageBusy
from commerce.storage import together as module
from commerce.storage.together import WORKS_A_COMMIT, Job, Together

NO_UOW = None


class Batches:
    """Runs works one after the other and remembers how many each batch had."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def run(self, batch: Sequence[Job]) -> None:
        self.sizes.append(len(batch))
        assert self.go_on.wait(10)
        for job in batch:
            try:
                job.result = job.work(NO_UOW)  # type: ignore[arg-type]
            except StorageBusy:
                raise
            except Exception as error:
                job.error = error
            job.finished = True


def waiting(together: Together, count: int) -> None:
    deadline = time.monotonic() + 10
    while together.waiting() < count:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_who_writes_alone_never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = Batches()
    together = Together(batches.run)
    monkeypatch.setattr(module.time, "sleep", lambda _: pytest.fail("it waited for nobody"))
    assert [together.do(lambda _, n=n: n) for n in range(20)] == list(range(20))
    assert batches.sizes == [1] * 20


def test_a_leader_waits_for_those_who_shared_the_last_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GATHER_S", 10.0)
    batches = Batches()
    together = Together(batches.run)
    batches.go_on.clear()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(together.do, lambda _: 0)
        while not batches.sizes:
            time.sleep(0.002)
        rest = [pool.submit(together.do, lambda _, n=n: n) for n in (1, 2, 3)]
        waiting(together, 3)
        batches.go_on.set()
        assert [future.result(10) for future in (first, *rest)] == [0, 1, 2, 3]
        assert batches.sizes == [1, 3]
        again = []
        for number in range(3):  # they come back one by one, and share the next commit all the same
            again.append(pool.submit(together.do, lambda _, n=number: n))
            time.sleep(0.02)
        assert [future.result(5) for future in again] == [0, 1, 2]
    assert batches.sizes == [1, 3, 3]


def test_an_error_goes_to_whose_work_it_was_and_a_busy_database_to_all() -> None:
    batches = Batches()
    together = Together(batches.run)
    batches.go_on.clear()

    def no(_: object) -> None:
        raise KeyError("no")

    def busy(_: object) -> None:
        raise StorageBusy("somebody writes")

    with ThreadPoolExecutor(WORKS_A_COMMIT + 10) as pool:
        first = pool.submit(together.do, no)
        while not batches.sizes:
            time.sleep(0.002)
        works = [busy] + [lambda _: 1] * (WORKS_A_COMMIT + 5)
        rest = []
        for number, work in enumerate(works):
            rest.append(pool.submit(together.do, work))  # type: ignore[arg-type]
            waiting(together, number + 1)
        batches.go_on.set()
        assert isinstance(first.exception(10), KeyError)
        errors = [future.exception(10) for future in rest]
    assert all(isinstance(error, StorageBusy) for error in errors)
    assert len(set(map(id, errors))) == len(errors)
    assert batches.sizes == [1, WORKS_A_COMMIT]  # those in the queue hear it at once
    assert together.do(lambda _: "again") == "again"
