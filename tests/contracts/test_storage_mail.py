"""Inbox, outbox, leases and threads on both databases: once, in order, one worker a lane."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from commerce.domain.customer import Contact
from commerce.domain.mail import (
    Direction,
    InboxRow,
    InboxState,
    OutboundMessage,
    OutboxRow,
    OutboxState,
    ThreadEntry,
)
from commerce.ports import Storage, UnitOfWork
from commerce.storage.postgres_storage import PostgresStorage
from commerce.storage.unit_of_work import SqlUnitOfWork
from tests.contracts.storage_values import LEA, NOW, SAM, an_event

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def rows(storage: Storage, statement: str) -> list[tuple[object, ...]]:
    with storage.read() as uow:
        assert isinstance(uow, SqlUnitOfWork)
        return [tuple(row) for row in uow.transaction.connection.exec_driver_sql(statement)]


def next_in(storage: Storage, lane: str, now: datetime = NOW) -> InboxRow | None:
    with storage.read() as uow:
        return uow.inbox.next_in(lane, now)


def inbox_lanes(storage: Storage, now: datetime = NOW) -> list[str]:
    with storage.read() as uow:
        return uow.inbox.waiting_lanes(now, 10)


# --- inbox ----------------------------------------------------------------------------------------------------------


def test_an_event_is_accepted_once(storage: Storage) -> None:
    event = an_event()
    assert storage.write(lambda uow: uow.inbox.accept(event, NOW)) is True
    assert storage.write(lambda uow: uow.inbox.accept(event, NOW + SECOND)) is False
    assert storage.write(lambda uow: uow.inbox.dead_letter(event, "late", NOW)) is False
    row = next_in(storage, LEA.lane)
    assert row is not None
    assert (row.event, row.state, row.tries) == (event, InboxState.NEW, 0)
    other_bot = Contact("telegram", "other_bot", "42")
    assert storage.write(lambda uow: uow.inbox.accept(an_event(contact=other_bot), NOW)) is True


def test_copies_that_arrive_at_the_same_time_are_one_event(storage: Storage) -> None:
    copies = [an_event(f"e{n % 40}") for n in range(200)]
    random.Random(1).shuffle(copies)
    with ThreadPoolExecutor(16) as pool:
        accepted = sum(pool.map(lambda event: storage.write(lambda uow: uow.inbox.accept(event, NOW)), copies))
    assert accepted == 40
    assert rows(storage, "SELECT count(*) FROM inbox") == [(40,)]


def test_a_lane_is_read_in_the_order_of_sending(storage: Storage) -> None:
    def work(uow: UnitOfWork) -> None:
        for event_id, after_s in (("late", 2), ("first", 0), ("same-a", 1), ("same-b", 1)):
            uow.inbox.accept(an_event(event_id, sent_at=NOW + after_s * SECOND), NOW)

    storage.write(work)
    met = []
    while row := next_in(storage, LEA.lane):
        met.append(row.event.event_id)
        assert storage.write(lambda uow, row_id=row.id: uow.inbox.done(row_id, NOW)) is True
        assert storage.write(lambda uow, row_id=row.id: uow.inbox.done(row_id, NOW)) is False
    assert met == ["first", "same-a", "same-b", "late"]
    assert inbox_lanes(storage) == []


def test_a_row_that_waits_for_a_retry_holds_its_lane_and_no_other(storage: Storage) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.inbox.accept(an_event("a1"), NOW)
        uow.inbox.accept(an_event("a2", sent_at=NOW + SECOND), NOW)
        uow.inbox.accept(an_event("b1", SAM), NOW)

    storage.write(work)
    assert inbox_lanes(storage) == [LEA.lane, SAM.lane]
    first = next_in(storage, LEA.lane)
    assert first is not None
    storage.write(lambda uow: uow.inbox.failed(first.id, "boom", NOW + MINUTE))
    assert inbox_lanes(storage) == [SAM.lane]
    assert next_in(storage, LEA.lane) is None
    later = NOW + MINUTE
    assert inbox_lanes(storage, later) == [LEA.lane, SAM.lane]
    again = next_in(storage, LEA.lane, later)
    assert again is not None and (again.id, again.tries) == (first.id, 1)
    storage.write(lambda uow: uow.inbox.failed(first.id, "boom " * 1000, None))
    second = next_in(storage, LEA.lane, later)
    assert second is not None and second.event.event_id == "a2"
    ((state, tries, error),) = rows(storage, f"SELECT state, tries, error FROM inbox WHERE id = {first.id}")
    assert (state, tries) == ("dead", 2)
    assert isinstance(error, str) and error.startswith("boom") and len(error) <= 2000


def test_a_dead_letter_is_kept_and_holds_nobody(storage: Storage) -> None:
    assert storage.write(lambda uow: uow.inbox.dead_letter(an_event(), "not JSON", NOW)) is True
    assert inbox_lanes(storage) == []
    assert next_in(storage, LEA.lane) is None
    assert rows(storage, "SELECT state, error FROM inbox") == [("dead", "not JSON")]


def test_lanes_whose_lease_is_taken_are_not_offered(storage: Storage) -> None:
    storage.write(lambda uow: uow.inbox.accept(an_event(), NOW))
    storage.write(lambda uow: uow.leases.take(f"out:{LEA.lane}", "w1", NOW, NOW + MINUTE))
    assert inbox_lanes(storage) == [LEA.lane]  # sending is another matter
    storage.write(lambda uow: uow.leases.take(f"in:{LEA.lane}", "w1", NOW, NOW + MINUTE))
    assert inbox_lanes(storage) == []
    assert inbox_lanes(storage, NOW + MINUTE) == [LEA.lane]


# --- leases ---------------------------------------------------------------------------------------------------------


def test_a_lease_has_one_owner_until_it_runs_out(storage: Storage) -> None:
    def take(owner: str, at: datetime) -> bool:
        return storage.write(lambda uow: uow.leases.take("in:x", owner, at, at + MINUTE))

    assert take("w1", NOW) is True
    assert take("w2", NOW + 59 * SECOND) is False
    assert take("w1", NOW + 59 * SECOND) is True  # renewed
    assert take("w2", NOW + MINUTE) is False
    assert take("w2", NOW + 119 * SECOND) is True  # w1 died
    assert take("w1", NOW + 120 * SECOND) is False
    storage.write(lambda uow: uow.leases.drop("in:x", "w1"))  # not theirs any more
    assert take("w1", NOW + 121 * SECOND) is False
    storage.write(lambda uow: uow.leases.drop("in:x", "w2"))
    assert take("w1", NOW + 121 * SECOND) is True


def test_a_lease_is_renewed_by_its_owner_while_it_is_there(storage: Storage) -> None:
    def renew(owner: str, until: datetime) -> bool:
        return storage.write(lambda uow: uow.leases.renew("in:x", owner, until))

    def take(owner: str, at: datetime) -> bool:
        return storage.write(lambda uow: uow.leases.take("in:x", owner, at, at + MINUTE))

    assert renew("w1", NOW + MINUTE) is False  # there is none, and none is made
    assert take("w2", NOW) is True
    assert renew("w1", NOW + 3 * MINUTE) is False
    assert renew("w2", NOW + 2 * MINUTE) is True
    assert take("w1", NOW + 119 * SECOND) is False
    assert take("w1", NOW + 2 * MINUTE) is True


def test_workers_at_once_do_every_event_once_and_in_order(storage: Storage) -> None:
    """Six workers over ten lanes; each step is one transaction that does the row and writes its effect."""
    contacts = [Contact("telegram", "shop_bot", str(n)) for n in range(10)]

    def fill(uow: UnitOfWork) -> None:
        for number in range(80):
            uow.inbox.accept(an_event(f"e{number}", contacts[number % 10], NOW + number * SECOND), NOW)

    storage.write(fill)
    busy: dict[str, int] = defaultdict(int)
    guard = threading.Lock()
    overlaps: list[str] = []

    def worker(name: str) -> None:
        idle = 0
        while idle < 5:
            with storage.read() as uow:
                lanes = uow.inbox.waiting_lanes(NOW, 3)
            worked = False
            for lane in lanes:
                if not storage.write(lambda uow, lane=lane: uow.leases.take(f"in:{lane}", name, NOW, NOW + MINUTE)):
                    continue
                with guard:
                    busy[lane] += 1
                    if busy[lane] > 1:
                        overlaps.append(lane)

                def step(uow: UnitOfWork, lane: str = lane) -> bool:
                    row = uow.inbox.next_in(lane, NOW)
                    if row is None:
                        return False
                    assert uow.inbox.done(row.id, NOW)
                    uow.threads.add(row.event.contact, Direction.IN, row.event.event_id, NOW)
                    return True

                while storage.write(step):
                    worked = True
                with guard:
                    busy[lane] -= 1
                storage.write(lambda uow, lane=lane: uow.leases.drop(f"in:{lane}", name))
            idle = 0 if worked else idle + 1

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(worker, [f"w{n}" for n in range(6)]))
    assert overlaps == []
    for number, contact in enumerate(contacts):
        with storage.read() as uow:
            entries = uow.threads.after(contact, 0, 100)
        assert [entry.body for entry in entries] == [f"e{n}" for n in range(number, 80, 10)]


# --- outbox ---------------------------------------------------------------------------------------------------------


def add(storage: Storage, body: str, contact: Contact = LEA, *, repeat_safe: bool = True) -> int:
    return storage.write(lambda uow: uow.outbox.add(OutboundMessage(contact, "reply", body, repeat_safe), NOW))


def head(storage: Storage, contact: Contact = LEA, now: datetime = NOW) -> OutboxRow | None:
    with storage.read() as uow:
        return uow.outbox.next_in(contact.lane, now)


def outbox_lanes(storage: Storage, now: datetime = NOW) -> list[str]:
    with storage.read() as uow:
        return uow.outbox.waiting_lanes(now, 10)


def test_a_message_leaves_in_three_steps(storage: Storage) -> None:
    row_id = add(storage, "hello", repeat_safe=False)
    assert head(storage) == OutboxRow(
        row_id, OutboundMessage(LEA, "reply", "hello", repeat_safe=False), OutboxState.READY, 0, NOW
    )
    assert storage.write(lambda uow: uow.outbox.sending(row_id)) is True
    found = head(storage)
    assert found is not None and (found.state, found.tries) == (OutboxState.SENDING, 1)
    storage.write(lambda uow: uow.outbox.sent(row_id, "provider-1", NOW))
    assert head(storage) is None
    assert outbox_lanes(storage) == []
    assert storage.write(lambda uow: uow.outbox.sending(row_id)) is False
    storage.write(lambda uow: uow.outbox.retry(row_id, "too late", NOW))  # what was sent stays sent
    assert head(storage) is None
    assert rows(storage, "SELECT state, provider_id FROM outbox") == [("sent", "provider-1")]


def test_a_retry_holds_the_lane_and_keeps_the_order(storage: Storage) -> None:
    first, second, other = add(storage, "1"), add(storage, "2"), add(storage, "x", SAM)
    storage.write(lambda uow: uow.outbox.sending(first))
    storage.write(lambda uow: uow.outbox.retry(first, "429", NOW + MINUTE))
    assert head(storage) is None
    assert outbox_lanes(storage) == [SAM.lane]
    found = head(storage, SAM)
    assert found is not None and found.id == other
    found = head(storage, LEA, NOW + MINUTE)
    assert found is not None and (found.id, found.state, found.tries) == (first, OutboxState.READY, 1)
    assert outbox_lanes(storage, NOW + MINUTE) == [LEA.lane, SAM.lane]
    storage.write(lambda uow: uow.outbox.dead(first, "blocked"))
    found = head(storage)
    assert found is not None and found.id == second


def test_what_was_being_sent_when_a_worker_died_is_seen_by_the_next(storage: Storage) -> None:
    row_id, after = add(storage, "1", repeat_safe=False), add(storage, "2")
    storage.write(lambda uow: uow.leases.take(f"out:{LEA.lane}", "w1", NOW, NOW + MINUTE))
    storage.write(lambda uow: uow.outbox.sending(row_id))
    assert outbox_lanes(storage) == []
    assert outbox_lanes(storage, NOW + MINUTE) == [LEA.lane]
    found = head(storage, LEA, NOW + MINUTE)
    assert found is not None and (found.id, found.state) == (row_id, OutboxState.SENDING)
    storage.write(lambda uow: uow.outbox.unknown(row_id, "the worker died"))
    found = head(storage)
    assert found is not None and found.id == after
    assert rows(storage, f"SELECT state FROM outbox WHERE id = {row_id}") == [("unknown",)]


def test_messages_are_queued_with_what_caused_them_or_not_at_all(storage: Storage) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.outbox.add(OutboundMessage(LEA, "reply", "never"), NOW)
        raise KeyError

    try:
        storage.write(work)
    except KeyError:
        pass
    assert rows(storage, "SELECT count(*) FROM outbox") == [(0,)]


# --- threads --------------------------------------------------------------------------------------------------------


def test_whoever_reads_on_misses_nothing_that_is_committed_later(storage: Storage) -> None:
    """Two write into one thread: the first takes its time between its entry and its commit."""
    has_entry, may_commit = threading.Event(), threading.Event()

    def slow(uow: UnitOfWork) -> None:
        uow.threads.add(LEA, Direction.OUT, '"first"', NOW)
        has_entry.set()
        may_commit.wait(10)

    def quick() -> None:
        storage.write(lambda uow: uow.threads.add(LEA, Direction.OUT, '"second"', NOW))

    def read_on(after: int) -> list[ThreadEntry]:
        with storage.read() as uow:
            return uow.threads.after(LEA, after, 10)

    seen: list[ThreadEntry] = []
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(storage.write, slow)
        assert has_entry.wait(10)
        second = pool.submit(quick)
        if isinstance(storage, PostgresStorage):  # others do not wait for her
            pool.submit(storage.write, lambda uow: uow.threads.add(SAM, Direction.OUT, "{}", NOW)).result(10)
        wait([second], 0.3)  # for as long as it would take to overtake her
        seen += read_on(0)
        may_commit.set()
        first.result(10)
        second.result(10)
    seen += read_on(seen[-1].id if seen else 0)
    assert [entry.body for entry in seen] == ['"first"', '"second"']


def test_a_thread_is_read_from_where_one_stands(storage: Storage) -> None:
    def work(uow: UnitOfWork) -> list[int]:
        return [
            uow.threads.add(LEA, Direction.IN, '{"text":"é"}', NOW),
            uow.threads.add(SAM, Direction.IN, "{}", NOW),
            uow.threads.add(LEA, Direction.OUT, "{}", NOW + SECOND),
            uow.threads.add(LEA, Direction.NOTE, "{}", NOW + SECOND),
        ]

    first, _, second, third = storage.write(work)
    with storage.read() as uow:
        entries = uow.threads.after(LEA, 0, 10)
        assert [entry.id for entry in entries] == [first, second, third]
        assert (entries[0].body, entries[0].at, entries[0].direction) == ('{"text":"é"}', NOW, Direction.IN)
        assert uow.threads.after(LEA, first, 1) == [entries[1]]
        assert uow.threads.after(LEA, third, 10) == []


# --- dead letters ---------------------------------------------------------------------------------------------------


def test_a_dead_event_can_be_tried_again(storage: Storage) -> None:
    storage.write(lambda uow: uow.inbox.dead_letter(an_event(), "not JSON", NOW))
    with storage.read() as uow:
        (letter,) = uow.inbox.dead(10)
        assert uow.inbox.dead(0) == []
    assert (letter.box, letter.lane, letter.what, letter.error) == ("in", LEA.lane, "e1", "not JSON")
    assert letter.as_json()["at"] == "2026-03-10T09:00:00+00:00"
    assert storage.write(lambda uow: uow.inbox.replay(letter.id, NOW)) is True
    assert storage.write(lambda uow: uow.inbox.replay(letter.id, NOW)) is False
    row = next_in(storage, LEA.lane)
    assert row is not None and (row.id, row.tries) == (letter.id, 0)


def test_a_dead_message_goes_to_the_end_of_its_lane(storage: Storage) -> None:
    first, lost, last = add(storage, "1"), add(storage, "2", repeat_safe=False), add(storage, "3")
    storage.write(lambda uow: uow.outbox.dead(first, "blocked"))
    storage.write(lambda uow: uow.outbox.unknown(lost, "silence"))
    with storage.read() as uow:
        letters = uow.outbox.dead_letters(10)
    assert [(letter.id, letter.state, letter.what) for letter in letters] == [
        (first, "dead", "reply"),
        (lost, "unknown", "reply"),
    ]
    assert storage.write(lambda uow: uow.outbox.replay(lost, NOW + MINUTE)) is True
    assert storage.write(lambda uow: uow.outbox.replay(lost, NOW)) is False
    assert storage.write(lambda uow: uow.outbox.replay(last, NOW)) is False
    found = head(storage)
    assert found is not None and found.id == last
    storage.write(lambda uow: uow.outbox.sent(last, "p", NOW))
    again = head(storage)
    assert again is not None and again.id > last
    assert (again.message.body, again.message.repeat_safe, again.tries) == ("2", False, 0)
