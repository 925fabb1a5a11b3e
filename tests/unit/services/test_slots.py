"""Hours at which people come: opening hours, preparation, room for so many; on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta

import pytest

from commerce.domain.collecting import CollectingRules, NotCollecting, PickUp, PickUpKind, PickUpRef, Slot
from commerce.domain.customer import Contact
from commerce.domain.order import NotOrdered, OrderRefused, OrderSource
from commerce.domain.payment import Placed
from commerce.domain.reservation import Refused
from commerce.domain.store import Opening, OpeningHours
from commerce.services.slots import Slots
from tests.unit.services.test_collecting import Counter
from tests.unit.services.things import a_store
from tests.unit.services.till import LEA, SAM, Till

HOUR = timedelta(hours=1)


@pytest.fixture
def counter(till: Till) -> Counter:
    return Counter(till)


@pytest.fixture
def slots(till: Till) -> Slots:
    till.set_stock("36", 50)
    slots = Slots(till.storage, till.clock)
    rules = CollectingRules("S1", slot_minutes=60, slot_capacity=4, prep_minutes=90)
    till.storage.write(lambda uow: slots.set_rules(uow, rules, actor="staff:owner"))
    return slots


def coming(till: Till, slots: Slots, until: datetime | None = None) -> list[Slot]:
    with till.storage.read() as uow:
        return slots.coming(uow, "S1", until=until)


def take(till: Till, slots: Slots, ref: PickUpRef, starts_at: datetime):
    customer = till.customer()
    return till.storage.write(lambda uow: slots.take(uow, ref, customer, starts_at))


def clocks(found: list[Slot]) -> list[str]:
    return [f"{slot.starts_at + HOUR:%a %H:%M}" for slot in found]  # in Paris, before summer time


def test_a_store_without_a_capacity_has_none(till: Till, counter: Counter):
    slots, ref = Slots(till.storage, till.clock), counter.reserved()
    assert coming(till, slots) == []
    assert take(till, slots, ref, till.clock.now() + HOUR) == Refused(NotCollecting.NO_SLOTS)


def test_within_opening_hours_after_the_time_to_prepare(till: Till, slots: Slots):
    found = coming(till, slots, till.clock.now() + timedelta(hours=25))  # it is Tuesday, ten o'clock
    assert clocks(found) == [*(f"Tue {hour}:00" for hour in range(12, 19)), "Wed 10:00"]
    assert all(slot.left == 4 for slot in found)
    till.clock.advance(timedelta(minutes=40))
    assert clocks(coming(till, slots))[0] == "Tue 13:00", "slots begin with the opening, whenever one asks"


def test_the_fifth_is_offered_the_next(till: Till, slots: Slots, counter: Counter):
    first = coming(till, slots)[0].starts_at
    refs = [counter.reserved("36", contact=contact) for contact in [till_contact(n) for n in range(9)]]
    customers = [till.customer(till_contact(n)) for n in range(9)]

    def one(number: int):
        return till.storage.write(lambda uow: slots.take(uow, refs[number], customers[number], first))

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(one, range(9)))
    assert sum(isinstance(answer, PickUp) for answer in answers) == 4
    assert sum(answer == Refused(NotCollecting.SLOT_FULL) for answer in answers) == 5
    assert clocks(coming(till, slots))[0] == "Tue 13:00"
    assert till.wrong() == []


def till_contact(number: int):
    return Contact("telegram", "shop", str(2000 + number))


def test_another_slot_gives_the_first_back_and_so_does_the_end(till: Till, slots: Slots, counter: Counter):
    ref = counter.reserved("36")
    first, second, *_ = (slot.starts_at for slot in coming(till, slots))
    for at in (first, second, second):
        taken = take(till, slots, ref, at)
        assert isinstance(taken, PickUp) and taken.details.slot_at == at
    assert [slot.left for slot in coming(till, slots)[:2]] == [4, 3]
    till.storage.write(lambda uow: till.reserving.cancel(uow, ref.id, till.customer()))
    assert take(till, slots, ref, first) == Refused(NotCollecting.OVER)
    assert slots.tick() == 1
    assert till.wrong() == []
    assert [slot.left for slot in coming(till, slots)[:2]] == [4, 4]


def test_only_ones_own_in_time_and_one_of_those_offered(till: Till, slots: Slots, counter: Counter):
    ref = counter.reserved("36")  # until Wednesday evening
    first = coming(till, slots)[0].starts_at
    stranger = till.customer(SAM)
    assert till.storage.write(lambda uow: slots.take(uow, ref, stranger, first)) == Refused(NotCollecting.NOT_FOUND)
    for at in (first + HOUR / 2, first - HOUR, first + timedelta(days=2)):
        assert take(till, slots, ref, at) == Refused(NotCollecting.SLOT_FULL)


@pytest.mark.parametrize(("day", "hours"), [(29, 23), (25, 25)])
def test_summer_time_moves_no_slot(till: Till, slots: Slots, day: int, hours: int):
    """A store that never closes has as many hours as the day has; every one of them is an hour long."""
    month = 3 if hours == 23 else 10
    whole = OpeningHours(week=((Opening(time(0), time.max),),) * 7)
    till.storage.write(lambda uow: uow.stores.put(a_store("S1", hours=whole)))
    rules = CollectingRules("S1", slot_capacity=1)
    till.storage.write(lambda uow: slots.set_rules(uow, rules, actor="staff:owner"))
    start = datetime(2026, month, day, tzinfo=UTC) - (HOUR if month == 3 else 2 * HOUR)
    till.clock.advance(start - till.clock.now())
    found = coming(till, slots, start + hours * HOUR)
    # The last hour ends a microsecond after midnight's opening has closed.
    assert [slot.starts_at for slot in found] == [start + n * HOUR for n in range(hours - 1)]
    assert {slot.ends_at - slot.starts_at for slot in found} == {HOUR}


def test_a_holiday_has_none(till: Till, slots: Slots):
    week = ((Opening(time(10), time(12)), Opening(time(14), time(16))),) * 7
    hours = OpeningHours(week=week, exceptions={date(2026, 3, 11): ()})
    till.storage.write(lambda uow: uow.stores.put(a_store("S1", hours=hours)))
    found = coming(till, slots, datetime(2026, 3, 12, 12, tzinfo=UTC))
    assert clocks(found) == ["Tue 14:00", "Tue 15:00", "Thu 10:00", "Thu 11:00"]


# --- with the order


def order_at(till: Till, at: datetime, contact: Contact = LEA) -> Placed | OrderRefused:
    customer = till.customer(contact)
    return till.storage.write(
        lambda uow: till.selling.checkout.place(
            uow, customer_id=customer, contact=contact, source=OrderSource.WEB, language="fr", slot_at=at
        )
    )


def slot_of(till: Till, placed: Placed) -> datetime | None:
    with till.storage.read() as uow:
        known = uow.pick_ups.details(PickUpRef(PickUpKind.ORDER, placed.order.id))
    return known.slot_at if known else None


def test_a_full_hour_orders_nothing(till: Till, slots: Slots):
    rules = CollectingRules("S1", slot_capacity=1)
    till.storage.write(lambda uow: slots.set_rules(uow, rules, actor="staff:owner"))
    first, second, *_ = (slot.starts_at for slot in coming(till, slots))
    till.fill({"36": 1}, contact=SAM)
    theirs = order_at(till, first, SAM)
    assert isinstance(theirs, Placed) and slot_of(till, theirs) == first
    till.fill({"36": 1})
    before = till.stock("36")
    assert order_at(till, first) == OrderRefused(NotOrdered.SLOT_FULL)
    assert till.stock("36") == before and len(till.cart().wanted) == 1
    mine = order_at(till, second)
    assert isinstance(mine, Placed) and slot_of(till, mine) == second
    assert [slot.starts_at for slot in coming(till, slots)][:2] == [second + HOUR, second + 2 * HOUR]
    assert order_at(till, second) == mine, "pressed twice"
    assert till.wrong() == []


def test_the_order_that_replaces_another_keeps_its_hour(till: Till, slots: Slots):
    rules = CollectingRules("S1", slot_capacity=1)
    till.storage.write(lambda uow: slots.set_rules(uow, rules, actor="staff:owner"))
    first = coming(till, slots)[3].starts_at
    till.fill({"36": 1})
    before = order_at(till, first)
    till.fill({"36": 2})
    after = order_at(till, first)
    assert isinstance(before, Placed) and isinstance(after, Placed) and before.order.id != after.order.id
    assert (slot_of(till, before), slot_of(till, after)) == (None, first)
    till.later(hours=1)
    assert slots.tick() == 1, "its time to pay is over"
    assert till.wrong() == []


def test_what_nobody_paid_yet_is_collected_while_it_is_kept(till: Till, slots: Slots):
    last = coming(till, slots)[-1].starts_at
    till.fill({"36": 1}, provider="pay_in_store")
    assert order_at(till, last) == OrderRefused(NotOrdered.SLOT_FULL)
    with till.storage.read() as uow:
        store = uow.stores.get("S1")
        assert store is not None
        offered = till.selling.checkout.times_to_come(uow, store)
    placed = order_at(till, offered[-1].starts_at)
    assert isinstance(placed, Placed) and placed.order.expires_at and offered[-1].ends_at <= placed.order.expires_at
