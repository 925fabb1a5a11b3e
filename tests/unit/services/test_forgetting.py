"""What the counter keeps of a person, and when it is gone; a canary is looked for in every table, on both databases."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import LargeBinary, String, Text, cast, func, select

from bot.worker import Worker
from commerce.domain.conversation import HandoffReason, Matter, Need, StaffAnswer
from commerce.domain.customer import Contact, Customer
from commerce.domain.linking import CustomerMerge
from commerce.domain.staff import StaffTask, TaskKind
from commerce.ports import UnitOfWork
from commerce.storage.tables import metadata
from tests.unit.services.offering_store import LEA, NADIA, Store

PHONE, WORDS = "+33 6 77 88 99 10", "zinzolin canarine"
WEB = Contact("webchat", "web", "c" * 32)


def rows_with(store: Store, *canaries: str) -> dict[str, int]:
    """In which tables any text of any column holds one of these, and in how many rows."""
    found: dict[str, int] = {}
    with store.shop.storage.read() as uow:
        for table in metadata.sorted_tables:
            columns = [column for column in table.c if isinstance(column.type, (String, Text))]
            columns = [column for column in columns if not isinstance(column.type, LargeBinary)]
            if not columns:
                continue
            holds = [func.lower(cast(column, Text)).contains(each.lower()) for column in columns for each in canaries]
            condition = holds[0]
            for more in holds[1:]:
                condition = condition | more
            count = uow.transaction.execute(select(func.count()).select_from(table).where(condition)).scalar_one()
            if count:
                found[table.name] = count
    return found


def wants_a_call(store: Store) -> Customer:
    """Somebody asks for a person in their own words, and to be rung."""
    store.customer()

    def work(uow: UnitOfWork) -> Customer:
        uow.team.add(NADIA)
        lea = uow.customers.by_contact(LEA)
        assert lea is not None
        assert store.shop.handoff.wanted(uow, lea, Need(HandoffReason.ASKED, Matter.RETURNS, words=WORDS))
        at = store.shop.calling_back.times(uow, lea.id).times[0]
        booked = store.shop.calling_back.book(uow, lea, at, phone=PHONE)
        assert isinstance(booked, StaffTask)
        uow.conversations.answered(StaffAnswer("nadia", lea.id, store.clock.now(), "", False, 60))
        return lea

    return store.shop.storage.write(work)


def test_the_counter_forgets_a_person_and_nobody_else(store: Store) -> None:
    lea = wants_a_call(store)
    sam = store.customer(WEB)
    other = StaffTask("t2", TaskKind.CALL_BACK, sam, '{"phone": "+33 1 00 00 00 00"}', "S1", store.clock.now())
    store.shop.storage.write(lambda uow: uow.tasks.raise_task(other))
    assert {"staff_task", "conversation"} <= set(rows_with(store, PHONE, WORDS))
    forgotten = store.shop.storage.write(lambda uow: store.shop.forgetting.forget(uow, lea.id, actor="staff:olga"))
    assert forgotten == 2
    left = rows_with(store, PHONE, WORDS)
    assert left == {}, "the canary stands nowhere: the rest of what is known of a person has not been filled here"
    assert "conversation" not in rows_with(store, lea.id) and "staff_answer" not in rows_with(store, lea.id)
    with store.shop.storage.read() as uow:
        assert [task.id for task in uow.tasks.open(kind=TaskKind.CALL_BACK)] == ["t2"]
        assert uow.conversations.get(lea.id) is None
        (entry,) = [each for each in uow.audit.find(subject=lea.id) if each.action == "counter_forgot"]
    assert PHONE not in str(entry)
    again = store.shop.storage.write(lambda uow: store.shop.forgetting.forget(uow, lea.id, actor="staff:olga"))
    assert again == 0


def test_whoever_became_one_with_them_is_forgotten_too(store: Store) -> None:
    lea = wants_a_call(store)
    kept = store.customer(WEB)

    def link(uow: UnitOfWork) -> None:
        uow.links.add_merge(CustomerMerge("m1", kept, lea.id, store.clock.now(), uow.links.join(kept, lea.id)))

    store.shop.storage.write(link)
    store.shop.storage.write(lambda uow: store.shop.forgetting.forget(uow, kept, actor="staff:olga"))
    assert rows_with(store, PHONE, WORDS).keys() & {"staff_task", "conversation"} == set()


def test_a_number_is_kept_until_it_was_rung_and_some_days_more(store: Store) -> None:
    lea = wants_a_call(store)
    days = timedelta(days=store.shop.settings.callback_phone_days)
    store.clock.advance(days * 3)
    Worker(store.shop, []).chores.forget_calls()
    assert "staff_task" in rows_with(store, PHONE), "nobody has rung yet"
    store.shop.storage.write(lambda uow: uow.tasks.done(TaskKind.CALL_BACK, lea.id, store.clock.now()))
    store.clock.advance(days - timedelta(seconds=1))
    Worker(store.shop, []).chores.forget_calls()
    assert "staff_task" in rows_with(store, PHONE)
    store.clock.advance(timedelta(seconds=1))
    assert Worker(store.shop, []).chores.forget_calls() == 1
    assert "staff_task" not in rows_with(store, PHONE)
    assert Worker(store.shop, []).chores.forget_calls() == 0
