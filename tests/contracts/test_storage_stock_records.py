"""`StockRecordRepository` on both databases: whose a hold is, who moved what and why, what tills say."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import insert

from commerce.domain.order import OrderState
from commerce.domain.reservation import Reservation, ReservationEvent, ReservationLine, ReservationState
from commerce.domain.stock import MovementReason, StockLevel
from commerce.domain.stocktaking import StockDifference, TillCount
from commerce.ports import Storage, UnitOfWork
from commerce.storage.tables import feed_stock
from commerce.storage.unit_of_work import SqlUnitOfWork
from tests.contracts.selling_values import PLACED, an_order, put_people
from tests.contracts.storage_values import LEA, NOW, euros, put_stock

STORE = "bellecour"
LATER = NOW + timedelta(hours=1)


def reserve(storage: Storage, variant_id: int, name: str, minutes: int) -> None:
    """One unit for Léa, taken `minutes` after NOW."""

    def work(uow: UnitOfWork) -> None:
        at = NOW + timedelta(minutes=minutes)
        holds = uow.stock.take(f"h-{name}", [(variant_id, 1)], STORE, "c" * 32, LATER, at)
        assert holds
        line = ReservationLine(variant_id, 1, euros(7900), holds[0].id)
        uow.reservations.add(
            Reservation(
                name, f"C-{name}", "c" * 32, STORE, ReservationState.HELD, (line,), at, LATER, 0, 1, "telegram"
            ),
            LEA,
            ReservationEvent(at, None, ReservationState.HELD, "shopper"),
        )

    storage.write(work)


def order(storage: Storage, variant_id: int, name: str, minutes: int, state: OrderState) -> None:
    """An order of one unit, taken `minutes` after NOW."""

    def work(uow: UnitOfWork) -> None:
        holds = uow.stock.take(f"h-{name}", [(variant_id, 1)], STORE, "c" * 32, LATER, NOW + timedelta(minutes=minutes))
        assert holds
        new = an_order([variant_id], name)
        paid = new.total_minor if state is OrderState.PAID else 0
        line = replace(new.lines[0], hold_id=holds[0].id)
        uow.orders.add(replace(new, lines=(line,), state=state, paid_minor=paid), LEA, PLACED)

    storage.write(work)


def owners(storage: Storage, variant_id: int) -> list[tuple[str, str]]:
    with storage.read() as uow:
        return [(held.reservation_id, held.order_id) for held in uow.stock_records.held_for(variant_id, STORE)]


def test_holds_come_youngest_first_with_their_owners(storage: Storage) -> None:
    (a,) = put_stock(storage, {"36": 9})
    put_people(storage)
    reserve(storage, a, "r1", 1)
    order(storage, a, "o2", 2, OrderState.PENDING_PAYMENT)
    order(storage, a, "o3", 3, OrderState.PAID)
    order(storage, a, "o4", 4, OrderState.PLACED)
    reserve(storage, a, "r5", 5)
    storage.write(lambda uow: uow.stock.take("h-nobody", [(a, 1)], STORE, "x", LATER, LATER))
    assert owners(storage, a) == [("r5", ""), ("", "o4"), ("", "o2"), ("r1", "")]

    def end(uow: UnitOfWork) -> None:
        held = uow.reservations.get("r5")
        assert held
        uow.reservations.move(
            held,
            ReservationState.CANCELLED,
            ReservationEvent(LATER, ReservationState.HELD, ReservationState.CANCELLED, "shopper"),
        )
        uow.stock.release("h-o4", MovementReason.RELEASE, LATER)

    storage.write(end)
    assert owners(storage, a) == [("", "o2"), ("r1", "")]


def test_a_movement_says_who_when_and_why(storage: Storage) -> None:
    (a,) = put_stock(storage, {"36": 3})

    def work(uow: UnitOfWork) -> None:
        uow.stock.adjust(a, STORE, -1, MovementReason.DAMAGE, "d-1", LATER, actor="staff:nadia", note="tache au col")
        uow.stock.take("h1", [(a, 1)], STORE, "lea", LATER, LATER)

    storage.write(work)
    with storage.read() as uow:
        hold, damage, first = uow.stock_records.movements(a, STORE)
        assert [each.id for each in uow.stock_records.movements(a, limit=1, before_id=hold.id)] == [damage.id]
        assert uow.stock_records.movements(a, "elsewhere") == []
        assert uow.stock_records.knows(a, STORE, MovementReason.DAMAGE, "d-1")
        assert not uow.stock_records.knows(a, STORE, MovementReason.SALE, "d-1")
    assert (damage.on_hand_change, damage.held_change, damage.reason) == (-1, 0, MovementReason.DAMAGE)
    assert (damage.at, damage.reference, damage.actor, damage.note) == (LATER, "d-1", "staff:nadia", "tache au col")
    assert (hold.held_change, hold.actor, first.on_hand_change) == (1, "", 3)


def test_a_count_with_a_reference_counts_once(storage: Storage) -> None:
    (a,) = put_stock(storage, {"36": 3})

    def count(units: int, reference: str) -> StockLevel:
        return storage.write(
            lambda uow: uow.stock.set_on_hand(a, STORE, units, MovementReason.COUNT, LATER, reference=reference)
        )

    assert count(3, "c-1").on_hand == 3
    with storage.read() as uow:
        assert uow.stock_records.movements(a)[0].on_hand_change == 0  # it was right, and somebody looked
    assert count(5, "c-2").on_hand == 5
    assert count(3, "c-1").on_hand == 5
    assert count(7, "c-2").on_hand == 5


def test_units_kept_back_are_not_there_for_shoppers(storage: Storage) -> None:
    (a,) = put_stock(storage, {"36": 1})
    assert storage.write(lambda uow: uow.stock.set_safety(a, STORE, 1, NOW)) == StockLevel(a, STORE, 1, 0, 1)
    assert storage.write(lambda uow: uow.stock.take("h1", [(a, 1)], STORE, "lea", LATER, NOW)) is None
    assert storage.write(lambda uow: uow.stock.set_safety(a, STORE, 0, NOW)).available == 1
    assert storage.write(lambda uow: uow.stock.take("h1", [(a, 1)], STORE, "lea", LATER, NOW))


def test_setting_units_back_tells_the_followers_of_the_catalogue(storage: Storage) -> None:
    (a,) = put_stock(storage, {"36": 1})
    with storage.read() as uow:
        before = uow.products.last_change()
    storage.write(lambda uow: uow.stock.set_safety(a, STORE, 1, NOW))
    with storage.read() as uow:
        after = uow.products.last_change()
    assert after > before
    storage.write(lambda uow: uow.stock.set_safety(a, STORE, 1, NOW))
    with storage.read() as uow:
        assert uow.products.last_change() == after


def test_an_older_count_of_a_till_never_overwrites_a_newer_one(storage: Storage) -> None:
    (a,) = put_stock(storage, {"36": 3})

    def note(units: int, minutes: int, version: int = 0, source: str = "square") -> bool:
        count = TillCount(source, "A", "L", units, NOW + timedelta(minutes=minutes), version)
        return storage.write(lambda uow: uow.stock_records.note_count(count, a, STORE))

    assert note(4, 10)
    assert not note(9, 9)
    assert not note(9, 10)
    assert note(5, 10, version=2)
    assert not note(9, 10, version=1)
    assert note(6, 11)
    assert note(9, 1, source="pos")  # another till has a clock of its own
    with storage.read() as uow:
        assert [(d.source, d.theirs) for d in uow.stock_records.differences()] == [("pos", 9), ("square", 6)]


def test_what_a_till_moved_since_it_counted(storage: Storage) -> None:
    (a,) = put_stock(storage, {"36": 9})

    def work(uow: UnitOfWork) -> None:
        for minutes, change in ((1, -1), (2, -2), (3, -3)):
            at = NOW + timedelta(minutes=minutes)
            uow.stock.adjust(a, STORE, change, MovementReason.SALE, f"s{minutes}", at, actor="till:pos")
        uow.stock.adjust(a, STORE, 5, MovementReason.RETURN, "r", LATER, actor="staff:nadia")
        uow.stock.set_on_hand(a, STORE, 1, MovementReason.COUNT, LATER, reference="c", actor="till:pos")
        uow.stock_records.note_count(TillCount("pos", "A", "L", 1, LATER), a, STORE)

    storage.write(work)
    with storage.read() as uow:
        assert uow.stock_records.moved_by("till:pos", a, STORE, NOW + timedelta(minutes=1)) == -5
        assert uow.stock_records.moved_by("till:pos", a, STORE, LATER) == 0
        assert uow.stock_records.moved_by("till:pos", a, "elsewhere", NOW) == 0
        assert uow.stock_records.counted_at("pos", a, STORE) == LATER
        assert uow.stock_records.counted_at("square", a, STORE) is None


def test_a_difference_says_what_explains_it(storage: Storage) -> None:
    a, b = put_stock(storage, {"36": 3, "38": 4})

    def work(uow: UnitOfWork) -> None:
        assert isinstance(uow, SqlUnitOfWork)
        uow.stock.set_on_hand(a, STORE, 5, MovementReason.FEED, NOW)
        uow.transaction.execute(
            insert(feed_stock),
            [
                {"variant_id": a, "store_id": STORE, "quantity": 5},
                {"variant_id": b, "store_id": STORE, "quantity": 4},
            ],
        )
        uow.stock.adjust(a, STORE, -2, MovementReason.SALE, "s-1", NOW)
        uow.stock_records.note_count(TillCount("square", "B", "L", 4, NOW), b, STORE)
        uow.stock_records.count_applied("square", b, STORE)
        uow.stock.adjust(b, STORE, 1, MovementReason.RETURN, "s-2", NOW)

    storage.write(work)
    with storage.read() as uow:
        found = uow.stock_records.differences()
        assert uow.stock_records.differences("elsewhere") == []
        assert len(uow.stock_records.differences(STORE, limit=1)) == 1
    by_shelf = {(each.variant_id, each.source): each for each in found}
    sku_a, sku_b = by_shelf[a, "feed"].sku, by_shelf[b, "square"].sku
    assert by_shelf[a, "feed"] == StockDifference(a, sku_a, STORE, "feed", 5, 3, -2)
    assert by_shelf[a, "feed"].unexplained == 0
    assert by_shelf[b, "square"] == StockDifference(b, sku_b, STORE, "square", 4, 5, 1)
    assert by_shelf[b, "square"].unexplained == 0


def test_what_a_till_calls_our_things(storage: Storage) -> None:
    def name(**names: str) -> int:
        return storage.write(lambda uow: uow.stock_records.name_till("square", "item", names.items()))

    assert name(A="sku-1", B="sku-2") == 2
    assert name(A="sku-1", B="sku-3", C="sku-4") == 2
    with storage.read() as uow:
        ours = uow.stock_records.ours
        assert [ours("square", "item", theirs) for theirs in "ABCD"] == ["sku-1", "sku-3", "sku-4", "D"]
        assert ours("square", "store", "A") == ours("pos", "item", "A") == "A"
