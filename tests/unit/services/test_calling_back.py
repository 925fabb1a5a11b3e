"""Nobody answers: a call is offered, at times that make sense, and becomes a task; on both databases."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from commerce.clock import ManualClock
from commerce.domain.conversation import NotCalledBack
from commerce.domain.reservation import Refused
from commerce.domain.staff import StaffTask, TaskKind
from tests.unit.services.counter import GROUP, MINUTE, NADIA, Counter


def test_nobody_answers_and_a_call_is_offered_once(counter: Counter, clock: ManualClock) -> None:
    counter.hire(NADIA)
    counter.wanted()
    customer = counter.lea()
    clock.advance(9 * MINUTE)
    assert counter.calling_back.tick() == 0
    clock.advance(MINUTE)
    counter.sent("staff_conversation", GROUP)
    assert counter.calling_back.tick() == 1
    assert counter.calling_back.tick() == 0
    clock.advance(timedelta(hours=1))
    counter.hears()
    assert counter.calling_back.tick() == 0, "once a conversation"
    assert counter.sent("call_back_offered") == [{"customer_id": customer.id}]
    assert counter.sent("staff_conversation", GROUP) == [{"customer_id": customer.id}], "and the team is reminded"


def test_times_that_make_sense(counter: Counter, clock: ManualClock) -> None:
    customer = counter.lea()

    def hours() -> list[str]:
        with counter.small.storage.read() as uow:
            found = counter.calling_back.times(uow, customer.id)
        assert found.timezone == "Europe/Paris"
        return [f"{time:%a %H:%M}" for time in found.times]

    clock.set(datetime(2026, 3, 10, 12, 5, tzinfo=UTC))
    assert hours() == ["Tue 14:00", "Tue 16:00"]
    clock.set(datetime(2026, 3, 10, 15, 45, tzinfo=UTC))
    assert hours() == ["Tue 18:00", "Wed 10:00"]
    clock.set(datetime(2026, 3, 14, 19, 0, tzinfo=UTC))
    assert hours() == ["Mon 10:00", "Mon 12:00"], "closed on Sunday"


def test_a_call_is_a_task_with_a_time(counter: Counter, clock: ManualClock) -> None:
    counter.hire(NADIA)
    counter.wanted()
    customer = counter.lea()
    write, calling_back = counter.small.storage.write, counter.calling_back
    with counter.small.storage.read() as uow:
        first, second = calling_back.times(uow, customer.id).times
    assert write(lambda uow: calling_back.book(uow, customer, first)) == Refused(NotCalledBack.NO_PHONE)
    assert isinstance(write(lambda uow: calling_back.book(uow, customer, first, phone="+33612345678")), StaffTask)
    later = write(lambda uow: calling_back.book(uow, customer, second, phone="+33612345678"))
    assert isinstance(later, StaffTask)
    with counter.small.storage.read() as uow:
        [task] = uow.tasks.open(kind=TaskKind.CALL_BACK)
    assert (task.due_at, task.subject, json.loads(task.details)["phone"]) == (second, customer.id, "+33612345678")
    assert len(counter.sent("staff_task", GROUP)) == 2
    night = datetime(2026, 3, 11, 2, 0, tzinfo=UTC)
    for moment in (night, clock.now() - MINUTE, clock.now() + timedelta(days=90)):
        refused = write(lambda uow, moment=moment: calling_back.book(uow, customer, moment, phone="+33612345678"))
        assert refused == Refused(NotCalledBack.NOT_OPEN)
