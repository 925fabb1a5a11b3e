"""What people and tills say of the shelves; on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from commerce.domain.order import OrderState
from commerce.domain.payment import CallbackKind, PaymentCallback
from commerce.domain.reservation import Refused, Reservation, ReservationState
from commerce.domain.staff import TaskKind
from commerce.domain.stock import MovementReason, StockLevel
from commerce.domain.stocktaking import Counted, NotCounted, StockEntry, TillCount, TillEvent, TillLine
from commerce.ids import SeededIds
from commerce.payments.till_counts import TILLS
from commerce.ports import ReservationRules, UnitOfWork
from commerce.services.alternatives import Alternatives
from commerce.services.giving_way import GivingWay
from commerce.services.stocktaking import Stocktaking
from tests.contracts.selling_values import PLACED, an_order
from tests.contracts.storage_values import NOW
from tests.unit.services.conftest import GTINS, LEA, SAM, Small

SALE, COUNT, DAMAGE = MovementReason.SALE, MovementReason.COUNT, MovementReason.DAMAGE
NADIA = "staff:nadia"


@pytest.fixture
def taking(small: Small) -> Stocktaking:
    rules, ids = ReservationRules(None, timedelta(), 5), SeededIds(seed=70)
    alternatives = Alternatives(small.clock, ids, rules, timedelta(minutes=15), ships=True)
    giving_way = GivingWay(small.clock, small.reserving, alternatives, {"pay_in_store"})
    return Stocktaking(small.clock, ids, giving_way, TILLS)


@pytest.fixture
def enter(small: Small, taking: Stocktaking) -> Callable[..., Counted | Refused[NotCounted]]:
    """Something said of the shelf of a size at a store."""
    number = iter(range(1, 100))

    def say(
        reason: MovementReason, size: str, quantity: int = 1, *, reference: str | None = None, **more: object
    ) -> Counted | Refused[NotCounted]:
        entry = StockEntry(
            reason, f"P1-{size}", "S1", quantity, f"ref-{next(number)}" if reference is None else reference, "why"
        )
        return small.storage.write(lambda uow: taking.enter(uow, replace(entry, **more), actor=NADIA))

    return say


def level(small: Small, size: str) -> StockLevel:
    return {each.store_id: each for each in small.catalog.levels([small.variants[size]])}["S1"]


def with_a_choice(told: list[tuple[str, dict[str, object]]]) -> list[tuple[str, dict[str, object]]]:
    """What was told without the ids of the offers, of which there is one each."""
    assert all(facts["offer_id"] for _, facts in told)
    return [(kind, {name: fact for name, fact in facts.items() if name != "offer_id"}) for kind, facts in told]


def outbox(small: Small) -> list[tuple[str, dict[str, object]]]:
    """The notices that wait for Léa and Sam."""
    found = []
    for contact in (LEA, SAM):
        with small.storage.read() as uow:
            row = uow.outbox.next_in(contact.lane, small.clock.now())
        if row is not None:
            found.append((row.message.kind, json.loads(row.message.body)))
    return found


def an_open_order(small: Small, size: str, name: str, state: OrderState) -> None:
    """An order of one unit at S1, told about to Sam."""
    customer_id = small.customer(SAM)

    def work(uow: UnitOfWork) -> None:
        now = small.clock.now()
        lines, until = [(small.variants[size], 1)], now + timedelta(hours=1)
        holds = uow.stock.take(f"h-{name}", lines, "S1", customer_id, until, now)
        assert holds
        new = an_order([small.variants[size]], name)
        line = replace(new.lines[0], hold_id=holds[0].id)
        paid = new.total_minor if state is OrderState.PAID else 0
        order = replace(new, customer_id=customer_id, store_id="S1", lines=(line,), state=state, paid_minor=paid)
        uow.orders.add(replace(order, coupon=""), SAM, PLACED)

    small.storage.write(work)


def tasks(small: Small) -> list[dict[str, object]]:
    with small.storage.read() as uow:
        return [json.loads(task.details) for task in uow.tasks.open(kind=TaskKind.STOCK_DIFFERENCE)]


def test_each_reason_moves_the_shelf_its_way(small: Small, enter):
    assert enter(SALE, "36", 2).level.on_hand == 2
    assert enter(DAMAGE, "36").level.on_hand == 1
    assert enter(MovementReason.RETURN, "36", 3).level.on_hand == 4
    assert enter(MovementReason.NOT_FOUND, "36").level.on_hand == 3
    assert enter(COUNT, "36", 7).level.on_hand == 7
    assert enter(COUNT, "36", 0).level.on_hand == 0
    assert small.available("36") == 0


def test_a_barcode_does_as_well_as_a_sku(small: Small, taking: Stocktaking):
    entry = StockEntry(SALE, GTINS[1], "S1", 1, "scanned-1")
    assert small.storage.write(lambda uow: taking.enter(uow, entry, actor=NADIA)).level.on_hand == 0
    again = replace(entry, sku="P1-38")  # the same thing by another name
    assert not small.storage.write(lambda uow: taking.enter(uow, again, actor=NADIA)).is_new


def test_who_when_and_why_are_kept(small: Small, taking: Stocktaking, enter):
    enter(SALE, "36", reference="receipt-1")
    small.clock.advance(timedelta(minutes=1))
    enter(DAMAGE, "36", reference="broom-1", note="tache au col")
    with small.storage.read() as uow:
        damage, sale, _ = taking.movements(uow, "P1-36", "S1")
        assert taking.movements(uow, "nothing") == Refused(NotCounted.NO_SUCH_VARIANT)
    assert (sale.reason, sale.on_hand_change, sale.reference) == (SALE, -1, "receipt-1")
    assert (sale.actor, sale.note) == (NADIA, "why")
    assert (damage.reason, damage.at, damage.note) == (DAMAGE, small.clock.now(), "tache au col")


def test_a_reference_counts_once_for_its_shelf_and_reason(small: Small, enter):
    assert enter(SALE, "36", reference="r").is_new
    again = enter(SALE, "36", reference="r")
    assert isinstance(again, Counted) and not again.is_new and again.level.on_hand == 3
    assert enter(MovementReason.RETURN, "36", reference="r").level.on_hand == 4
    assert enter(SALE, "38", reference="r").is_new
    enter(COUNT, "36", 9, reference="inventory")
    enter(SALE, "36")
    assert enter(COUNT, "36", 9, reference="inventory").level.on_hand == 8


def test_what_cannot_be_taken_says_why(small: Small, taking: Stocktaking, enter):
    assert enter(SALE, "44") == Refused(NotCounted.NO_SUCH_VARIANT)
    assert enter(SALE, "36", store_id="nowhere") == Refused(NotCounted.NO_SUCH_STORE)
    assert enter(SALE, "36", 0) == enter(SALE, "36", -1) == enter(COUNT, "36", -1) == Refused(NotCounted.QUANTITY)
    assert enter(SALE, "36", 10**7) == Refused(NotCounted.QUANTITY)
    assert enter(SALE, "36", reference=" ") == enter(SALE, "36", reference="r" * 65) == Refused(NotCounted.REFERENCE)
    assert enter(SALE, "36", 5) == Refused(NotCounted.NOT_THAT_MANY)
    assert enter(SALE, "40") == Refused(NotCounted.NOT_THAT_MANY)
    with pytest.raises(ValueError, match="not entered"):
        enter(MovementReason.FEED, "36")
    assert level(small, "36").on_hand == 4


@pytest.mark.parametrize("odd", ["\x00", "\ud800", "\n"])
def test_what_no_database_keeps_is_refused_or_left_out(small: Small, taking: Stocktaking, enter, odd: str):
    assert enter(SALE, f"36{odd}") == Refused(NotCounted.NO_SUCH_VARIANT)
    assert enter(SALE, "36", store_id=f"S1{odd}") == Refused(NotCounted.NO_SUCH_STORE)
    assert enter(SALE, "36", reference=f"r{odd}") == Refused(NotCounted.REFERENCE)
    assert enter(SALE, "36", note=f"a{odd}b").level.on_hand == 3
    event = TillEvent("pos", "e1", SALE, "S1", small.clock.now(), (TillLine(f"P1-36{odd}{odd}x", 1),), odd)
    assert small.storage.write(lambda uow: taking.take_till_event(uow, event)).unknown == 1
    assert small.storage.write(lambda uow: taking.set_safety(uow, odd, "S1", 1, actor=NADIA)) == Refused(
        NotCounted.NO_SUCH_VARIANT
    )
    with small.storage.read() as uow:
        assert taking.movements(uow, odd) == Refused(NotCounted.NO_SUCH_VARIANT)
        assert taking.movements(uow, "P1-36", odd + "nowhere") == []
        assert taking.movements(uow, "P1-36")[0].note == "ab"


def test_a_unit_held_online_is_not_sold_at_the_counter_unasked(small: Small, enter):
    held = small.place("38")
    assert enter(SALE, "38") == Refused(NotCounted.HELD_ONLINE)
    assert level(small, "38") == StockLevel(small.variants["38"], "S1", 1, 1)
    assert outbox(small) == []
    with small.storage.read() as uow:
        assert uow.reservations.get(held.id).is_open


def test_with_override_the_youngest_hold_loses_and_its_owner_is_told(small: Small, enter):
    enter(COUNT, "38", 2)
    first = small.place("38")
    small.clock.advance(timedelta(minutes=1))
    second = small.place("38", contact=SAM)
    sold = enter(SALE, "38", override=True)
    assert sold.level == StockLevel(small.variants["38"], "S1", 1, 1)
    assert [each.reservation_id for each in sold.lost] == [second.id]
    with small.storage.read() as uow:
        assert uow.reservations.get(first.id).is_open
        lost = uow.reservations.get(second.id)
        assert lost.state is ReservationState.REJECTED
        assert uow.reservations.events(second.id)[-1].actor == NADIA
    assert with_a_choice(outbox(small)) == [
        ("reservation_lost", {"reservation_id": second.id, "variant_id": small.variants["38"]})
    ]


def test_a_reservation_of_several_things_is_lost_whole(small: Small, enter):
    small.place("36", "38")
    assert enter(SALE, "38", override=True).level.on_hand == 0
    assert (level(small, "36").held, small.available("36")) == (0, 4)


def test_an_order_whose_invoice_is_open_loses_its_units_and_stays_to_be_refused(small: Small, enter):
    an_open_order(small, "38", "o1", OrderState.PENDING_PAYMENT)
    sold = enter(SALE, "38", override=True)
    assert [each.order_id for each in sold.lost] == ["o1"]
    assert sold.level == StockLevel(small.variants["38"], "S1", 0, 0)
    with small.storage.read() as uow:
        order = uow.orders.get("o1")
        assert order.state is OrderState.PENDING_PAYMENT
        assert uow.stock.hold("h-o1").state.value == "released"
        assert uow.orders.events("o1")[-1].note == "sold in the store"
    assert with_a_choice(outbox(small)) == [("order_lost", {"order_id": "o1", "variant_id": small.variants["38"]})]


def test_an_order_to_be_paid_at_the_counter_is_cancelled(small: Small, enter):
    an_open_order(small, "38", "o1", OrderState.PLACED)
    assert enter(SALE, "38", override=True).level.on_hand == 0
    with small.storage.read() as uow:
        assert uow.orders.get("o1").state is OrderState.CANCELLED
    assert outbox(small)[0][0] == "order_lost"


def test_what_somebody_has_paid_for_is_never_taken(small: Small, enter):
    an_open_order(small, "38", "o1", OrderState.PAID)
    for override in (False, True):
        assert enter(SALE, "38", override=override) == Refused(NotCounted.PAID_FOR)
    assert level(small, "38").held == 1
    enter(COUNT, "38", 2)
    small.place("38")
    assert enter(SALE, "38", 2, override=True) == Refused(NotCounted.PAID_FOR)
    assert level(small, "38").held == 2
    assert outbox(small) == []


def test_a_count_below_what_is_promised_is_somebodys_work(small: Small, enter):
    small.place("38")
    found = enter(COUNT, "38", 0)
    assert (found.level.on_hand, found.missing) == (1, 1)
    assert enter(COUNT, "38", 0).missing == 1
    (task,) = tasks(small)
    assert (task["sku"], task["missing"]) == ("P1-38", 1)
    assert enter(COUNT, "38", 1).missing == 0
    assert tasks(small) == []


def test_a_count_may_override_too(small: Small, enter):
    held = small.place("38")
    assert enter(COUNT, "38", 0, override=True).level == StockLevel(small.variants["38"], "S1", 0, 0)
    with small.storage.read() as uow:
        assert not uow.reservations.get(held.id).is_open


def test_what_a_till_has_sold_is_sold(small: Small, enter):
    small.place("38")
    an_open_order(small, "36", "o1", OrderState.PAID)
    assert enter(SALE, "38", happened=True).level.on_hand == 0
    sold = enter(SALE, "36", 6, happened=True, reference="till-1")
    assert (sold.level.on_hand, sold.missing) == (1, 3)  # the one that is paid for stays promised, and is missing
    assert enter(SALE, "36", 6, happened=True, reference="till-1").is_new is False
    assert [task["missing"] for task in tasks(small)] == [3]
    assert enter(SALE, "40", happened=True, reference="till-2").level.on_hand == 0
    assert enter(SALE, "40", happened=True, reference="till-2").is_new is False


def test_safety_stock_keeps_the_last_one_from_shoppers(small: Small, taking: Stocktaking, enter):
    def keep(sku: str, store_id: str, units: int):
        return small.storage.write(lambda uow: taking.set_safety(uow, sku, store_id, units, actor=NADIA))

    assert keep("P1-38", "S1", 1).available == 0
    assert isinstance(small.place("38"), Refused)
    assert enter(SALE, "38").level.on_hand == 0  # whoever stands in the store may have it
    assert isinstance(small.place("38", store_id="S2"), Reservation)
    assert keep("nothing", "S1", 1) == Refused(NotCounted.NO_SUCH_VARIANT)
    assert keep("P1-38", "nowhere", 1) == Refused(NotCounted.NO_SUCH_STORE)
    assert keep("P1-38", "S1", -1) == Refused(NotCounted.QUANTITY)


def test_of_many_who_sell_the_same_unit_one_does(small: Small, enter):
    with ThreadPoolExecutor(8) as pool:
        sold = list(pool.map(lambda n: enter(SALE, "38", reference=f"till-{n}"), range(8)))
    assert sum(isinstance(each, Counted) for each in sold) == 1
    with ThreadPoolExecutor(8) as pool:
        again = list(pool.map(lambda n: enter(SALE, "36", reference="same"), range(8)))
    assert sum(each.is_new for each in again) == 1
    assert level(small, "36").on_hand == 3


def test_of_many_who_override_each_takes_one_hold(small: Small, enter):
    enter(COUNT, "36", 2)
    for contact in (LEA, SAM):
        assert isinstance(small.place("36", contact=contact), Reservation)
    with ThreadPoolExecutor(4) as pool:
        sold = list(pool.map(lambda n: enter(SALE, "36", reference=f"till-{n}", override=True), range(4)))
    assert sorted(isinstance(each, Counted) for each in sold) == [False, False, True, True]
    assert level(small, "36") == StockLevel(small.variants["36"], "S1", 0, 0)


# --- tills


def call(small: Small, *counts: tuple[str, str, str, datetime], event: str = "e1") -> bytes:
    """A call of Square, as its reference describes it."""
    return json.dumps(
        {
            "merchant_id": "M1",
            "type": "inventory.count.updated",
            "event_id": event,
            "created_at": small.clock.now().isoformat(),
            "data": {
                "type": "inventory_counts",
                "id": "84ea45be",
                "object": {
                    "inventory_counts": [
                        {
                            "catalog_object_id": item,
                            "catalog_object_type": "ITEM_VARIATION",
                            "state": "IN_STOCK",
                            "location_id": place,
                            "quantity": quantity,
                            "calculated_at": at.isoformat().replace("+00:00", "Z"),
                        }
                        for item, place, quantity, at in counts
                    ]
                },
            },
        }
    ).encode()


def test_counts_of_square_are_taken_by_their_own_moment(small: Small, taking: Stocktaking):
    at = small.clock.now()

    def take(*counts: tuple[str, str, str, datetime]):
        return small.storage.write(lambda uow: taking.take_count_callback(uow, from_till(call(small, *counts))))

    def names(uow: UnitOfWork) -> None:
        uow.stock_records.name_till("square", "item", [("W62UWFY35CWMYGVWK6TWJDNI", "P1-36")])
        uow.stock_records.name_till("square", "store", [("C6W5YS5QM06F5", "S1")])

    small.storage.write(names)
    assert take(("W62UWFY35CWMYGVWK6TWJDNI", "C6W5YS5QM06F5", "22", at)).applied == 1
    assert level(small, "36").on_hand == 22
    assert take(("W62UWFY35CWMYGVWK6TWJDNI", "C6W5YS5QM06F5", "22", at)).stale == 1
    assert take(("W62UWFY35CWMYGVWK6TWJDNI", "C6W5YS5QM06F5", "30", at - timedelta(seconds=1))).stale == 1
    assert level(small, "36").on_hand == 22
    # Names that nobody has told are taken as ours; of two in one call the newer one counts.
    later = at + timedelta(seconds=5)
    assert take(("P1-36", "S1", "7", later), ("P1-36", "S1", "9", at + timedelta(seconds=1))).applied == 2
    assert level(small, "36").on_hand == 7
    unknown = take(("X", "S1", "7", later), ("P1-36", "nowhere", "7", later))
    assert (unknown.applied, unknown.unknown) == (0, 2)
    assert [(task["source"], task["item"]) for task in tasks(small)] == [("square", "X")]


def test_a_till_that_counts_less_than_is_promised_is_reported(small: Small, taking: Stocktaking):
    small.place("38")
    counts = [TillCount("square", "P1-38", "S1", 0, small.clock.now())]
    report = small.storage.write(lambda uow: taking.take_counts(uow, counts))
    assert (report.applied, report.short) == (1, 1)
    (task,) = tasks(small)
    assert task["sku"] == "P1-38"
    with small.storage.read() as uow:
        (difference,) = taking.differences(uow)
    assert (difference.theirs, difference.ours, difference.unexplained) == (0, 1, 1)
    assert small.storage.write(taking.raise_differences) == 0  # it is open already


def from_till(body: bytes, provider: str = "square") -> PaymentCallback:
    return PaymentCallback(provider, "e1", CallbackKind.STOCK, NOW, body=body)


def counts_of(text: str) -> bytes:
    return f'{{"data": {{"object": {{"inventory_counts": {text}}}}}}}'.encode()


A_COUNT = (
    '[{{"state": "IN_STOCK", "catalog_object_id": "A", "location_id": "S1", "quantity": {}, "calculated_at": {}}}]'
)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b"{", b"\xff\xfe", b'{"data": {"object": {}}}', b"[" * 100_000,
        counts_of("3"), counts_of("[3]"), counts_of('[{"state": "IN_STOCK"}]'),
        counts_of(A_COUNT.format('"NaN"', '"2026-03-10T09:00:00Z"')),
        counts_of(A_COUNT.format('"1e400"', '"2026-03-10T09:00:00Z"')),
        counts_of(A_COUNT.format('"1"', '"yesterday"')),
    ],
)  # fmt: skip
def test_a_call_that_cannot_be_read_is_said_to_be_so(small: Small, taking: Stocktaking, body: bytes):
    with pytest.raises(ValueError, match="inventory count"):
        small.storage.write(lambda uow: taking.take_count_callback(uow, from_till(body)))
    with pytest.raises(ValueError, match="no till"):
        small.storage.write(lambda uow: taking.take_count_callback(uow, from_till(body, "stripe")))


def test_other_states_of_square_are_no_stock(small: Small, taking: Stocktaking):
    body = call(small, ("P1-36", "S1", "9", small.clock.now())).replace(b"IN_STOCK", b"SOLD")
    report = small.storage.write(lambda uow: taking.take_count_callback(uow, from_till(body)))
    assert (report.applied, report.unknown) == (0, 0)
    halves = call(small, ("P1-36", "S1", "2.5", small.clock.now()))
    small.storage.write(lambda uow: taking.take_count_callback(uow, from_till(halves)))
    assert level(small, "36").on_hand == 2


def test_sales_and_counts_of_a_till_end_the_same_in_any_order(small: Small, taking: Stocktaking):
    """10:00 sold one of 4; 10:01 counted 3 (it had been right); 10:02 sold one more; 10:03 two came back."""
    at = small.clock.now()
    small.clock.advance(timedelta(minutes=10))

    def event(name: str, reason: MovementReason, minutes: int, *lines: TillLine) -> TillEvent:
        return TillEvent("pos", name, reason, "S1", at + timedelta(minutes=minutes), lines)

    events = [
        event("e1", SALE, 0, TillLine("P1-36", 1)),
        event("e2", COUNT, 1, TillLine("P1-36", 3)),
        event("e3", SALE, 2, TillLine("P1-36", 1)),
        event("e4", MovementReason.RETURN, 3, TillLine("P1-36", 1), TillLine("P1-36", 1)),
    ]
    for number, order in enumerate(permutations(events)):
        for each in order:
            named = replace(each, event_id=f"{each.event_id}-{number}", source=f"till-{number}")
            small.storage.write(lambda uow, named=named: taking.take_till_event(uow, named))
        assert level(small, "36").on_hand == 4, [each.event_id for each in order]


def test_a_till_that_sells_what_is_held_takes_it_from_its_owner(small: Small, taking: Stocktaking):
    held = small.place("38")
    sold = TillEvent("pos", "e1", SALE, "S1", small.clock.now(), (TillLine("P1-38", 1), TillLine("X", 1)))
    report = small.storage.write(lambda uow: taking.take_till_event(uow, sold))
    assert (report.applied, report.unknown, report.short) == (1, 1, 0)
    assert with_a_choice(outbox(small)) == [
        ("reservation_lost", {"reservation_id": held.id, "variant_id": small.variants["38"]})
    ]
    again = TillEvent("pos", "e2", SALE, "S1", small.clock.now(), (TillLine("P1-38", 1),))
    assert small.storage.write(lambda uow: taking.take_till_event(uow, again)).short == 1
    assert level(small, "38").on_hand == 0
