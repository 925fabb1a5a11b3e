"""What staff have to do, and stores that pause, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

from commerce.domain.staff import PauseMethod, StaffTask, StorePause, TaskKind
from commerce.ports import Storage
from tests.contracts.selling_values import HOUR
from tests.contracts.storage_values import LEA, NOW, SAM


def a_task(task_id: str, subject: str = "o1", **changes: object) -> StaffTask:
    task = StaffTask(task_id, TaskKind.REFUND, subject, '{"minor":500}', "bellecour", NOW, NOW + HOUR)
    return replace(task, **changes)  # type: ignore[arg-type]


def test_a_task_is_open_once(storage: Storage) -> None:
    def put(n: int) -> bool:
        return storage.write(lambda uow: uow.tasks.raise_task(a_task(f"t{n}")))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(put, range(8))) == 1

    def done(_: int) -> bool:
        return storage.write(lambda uow: uow.tasks.done(TaskKind.REFUND, "o1", NOW))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(done, range(8))) == 1
    assert put(9)  # the same trouble again is a new task
    with storage.read() as uow:
        assert uow.tasks.open() == [a_task("t9")]


def test_tasks_with_a_deadline_come_first(storage: Storage) -> None:
    some = [
        a_task("t1", "1", due_at=None, created_at=NOW + HOUR),
        a_task("t2", "2", due_at=None),
        a_task("t3", "3", due_at=NOW + 2 * HOUR, store_id="annecy"),
        a_task("t4", "4", due_at=NOW, kind=TaskKind.RETURN),
    ]
    for task in some:
        storage.write(lambda uow, task=task: uow.tasks.raise_task(task))
    with storage.read() as uow:
        assert [task.id for task in uow.tasks.open()] == ["t4", "t3", "t2", "t1"]
        assert [task.id for task in uow.tasks.open(limit=1)] == ["t4"]
        assert uow.tasks.open(kind=TaskKind.RETURN) == [some[3]]
        assert uow.tasks.open(kind=TaskKind.REFUND, store_id="annecy") == [some[2]]


def test_as_many_tasks_are_counted_as_are_open(storage: Storage) -> None:
    for number, kind in enumerate([TaskKind.REFUND, TaskKind.REFUND, TaskKind.REFUND, TaskKind.RETURN]):
        storage.write(lambda uow, n=number, k=kind: uow.tasks.raise_task(a_task(f"t{n}", f"o{n}", kind=k)))
    storage.write(lambda uow: uow.tasks.done(TaskKind.REFUND, "o1", NOW))
    with storage.read() as uow:
        for kind in TaskKind:
            assert uow.tasks.count_open(kind, 9) == len(uow.tasks.open(kind=kind))
        assert [uow.tasks.count_open(TaskKind.REFUND, limit) for limit in (1, 2, 3)] == [1, 2, 2]


def test_a_store_pauses_until_its_time_or_until_somebody_ends_it(storage: Storage, variants: list[int]) -> None:
    pause = StorePause("bellecour", NOW + HOUR, "inventaire", "staff:1")
    storage.write(lambda uow: uow.pauses.put(replace(pause, reason="?")))
    storage.write(lambda uow: uow.pauses.put(pause))
    with storage.read() as uow:
        assert uow.pauses.get("bellecour", NOW + HOUR - timedelta(microseconds=1)) == pause
        assert uow.pauses.get("bellecour", NOW + HOUR) is None
        assert uow.pauses.get("annecy", NOW) is None
    assert storage.write(lambda uow: uow.pauses.end("bellecour"))
    assert not storage.write(lambda uow: uow.pauses.end("bellecour"))
    assert not storage.write(lambda uow: uow.pauses.end("annecy"))
    with storage.read() as uow:
        assert uow.pauses.get("bellecour", NOW) is None
    assert storage.write(lambda uow: uow.pauses.over(NOW)) == [("bellecour", [])]


def test_a_store_pauses_by_method(storage: Storage, variants: list[int]) -> None:
    reserve = StorePause("bellecour", NOW + HOUR, "", "staff:1", PauseMethod.RESERVE)
    whole = StorePause("bellecour", NOW + 2 * HOUR, "", "staff:1")

    def of(method: PauseMethod, at: datetime = NOW) -> StorePause | None:
        with storage.read() as uow:
            return uow.pauses.get("bellecour", at, method)

    storage.write(lambda uow: uow.pauses.put(reserve))
    assert [of(method) for method in PauseMethod] == [None, reserve, None]
    storage.write(lambda uow: uow.pauses.put(whole))
    assert {of(method) for method in PauseMethod} == {whole}, "the longer one"
    storage.write(lambda uow: uow.pauses.wait("bellecour", LEA))
    assert storage.write(lambda uow: uow.pauses.over(NOW + HOUR)) == [("bellecour", [])], "it still takes no orders"
    assert storage.write(lambda uow: uow.pauses.end("bellecour"))
    assert storage.write(lambda uow: uow.pauses.over(NOW + HOUR)) == [("bellecour", [LEA])]

    storage.write(lambda uow: uow.pauses.put(reserve))
    assert not storage.write(lambda uow: uow.pauses.end("bellecour"))
    assert storage.write(lambda uow: uow.pauses.end("bellecour", PauseMethod.RESERVE))
    assert of(PauseMethod.RESERVE) is None


def test_who_waits_for_a_store_is_told_once(storage: Storage, variants: list[int]) -> None:
    for store_id, hours in (("bellecour", 1), ("annecy", 2)):
        pause = StorePause(store_id, NOW + hours * HOUR, "", "staff:1")
        storage.write(lambda uow, pause=pause: uow.pauses.put(pause))
    for store_id, contact in (("bellecour", SAM), ("bellecour", LEA), ("bellecour", LEA), ("annecy", LEA)):
        storage.write(lambda uow, s=store_id, c=contact: uow.pauses.wait(s, c))
    assert storage.write(lambda uow: uow.pauses.over(NOW)) == []

    def over(_: int) -> list[object]:
        return list(storage.write(lambda uow: uow.pauses.over(NOW + HOUR)))

    with ThreadPoolExecutor(4) as pool:
        assert [told for answer in pool.map(over, range(4)) for told in answer] == [("bellecour", [LEA, SAM])]
    # Whoever came in the very moment in which the pause ended is not forgotten.
    storage.write(lambda uow: uow.pauses.wait("bellecour", SAM))
    assert storage.write(lambda uow: uow.pauses.over(NOW + HOUR)) == [("bellecour", [SAM])]
    assert storage.write(lambda uow: uow.pauses.over(NOW + 2 * HOUR)) == [("annecy", [LEA])]
    assert storage.write(lambda uow: uow.pauses.over(NOW + 9 * HOUR)) == []
