"""`StockRepository` on both databases: nothing is promised twice, a hold ends once, every change leaves a movement."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from commerce.domain.stock import HoldState, MovementReason, StockHold, StockLevel
from commerce.ports import Storage, UnitOfWork
from commerce.storage.tables import stock_movement
from commerce.storage.unit_of_work import SqlUnitOfWork
from tests.contracts.storage_values import NOW, a_store, put_stock

STORE = "bellecour"
UNTIL = NOW + timedelta(hours=9)


def take(
    storage: Storage, hold_id: str, *lines: tuple[int, int], store_id: str = STORE, owner: str = "lea"
) -> list[StockHold] | None:
    return storage.write(lambda uow: uow.stock.take(hold_id, lines, store_id, owner, UNTIL, NOW))


def level(storage: Storage, variant_id: int, store_id: str = STORE) -> StockLevel:
    with storage.read() as uow:
        (found,) = uow.stock.levels([variant_id], store_id)
    return found


def set_safety(storage: Storage, variant_id: int, safety: int) -> None:
    def work(uow: UnitOfWork) -> None:
        assert isinstance(uow, SqlUnitOfWork)
        uow.transaction.connection.exec_driver_sql(
            f"UPDATE stock SET safety = {safety} WHERE variant_id = {variant_id}"
        )

    storage.write(work)


def movements(storage: Storage, variant_id: int) -> list[tuple[int, int, str, str]]:
    with storage.read() as uow:
        assert isinstance(uow, SqlUnitOfWork)
        columns = stock_movement.c
        rows = uow.transaction.execute(
            select(columns.on_hand_change, columns.held_change, columns.reason, columns.reference)
            .where(columns.variant_id == variant_id)
            .order_by(columns.id)
        )
        return [tuple(row) for row in rows]


def check_sums(storage: Storage, variant_id: int) -> None:
    """Held is the sum of active holds; movements add up to the level."""
    with storage.read() as uow:
        assert isinstance(uow, SqlUnitOfWork)
        for found in uow.stock.levels([variant_id]):
            at = f"variant_id = {variant_id} AND store_id = '{found.store_id}'"
            active = uow.transaction.connection.exec_driver_sql(
                f"SELECT coalesce(sum(quantity), 0) FROM hold WHERE state = 'active' AND {at}"
            ).scalar_one()
            moved = uow.transaction.execute(
                select(func.sum(stock_movement.c.on_hand_change), func.sum(stock_movement.c.held_change)).where(
                    stock_movement.c.variant_id == variant_id, stock_movement.c.store_id == found.store_id
                )
            ).one()
            assert found.held == active
            assert (found.on_hand, found.held) == tuple(moved)


def test_taking_holds_units_and_leaves_a_movement(storage: Storage) -> None:
    (a,) = put_stock(storage, {"36": 3})
    assert take(storage, "h1", (a, 2)) == [StockHold("h1", a, STORE, 2, "lea", HoldState.ACTIVE, UNTIL)]
    assert level(storage, a) == StockLevel(a, STORE, on_hand=3, held=2)
    assert movements(storage, a) == [(3, 0, "count", ""), (0, 2, "hold", "h1")]
    with storage.read() as uow:
        assert uow.stock.hold("h1") == StockHold("h1", a, STORE, 2, "lea", HoldState.ACTIVE, UNTIL)
        assert uow.stock.hold("h2") is None


def test_more_than_there_is_cannot_be_taken_and_nothing_changes(storage: Storage) -> None:
    a, b = put_stock(storage, {"36": 3, "38": 1})
    assert take(storage, "h1", (a, 4)) is None
    assert take(storage, "h1", (a, 1), (b, 2)) is None  # the first alone would do
    assert level(storage, a).held == level(storage, b).held == 0
    assert len(movements(storage, a)) == 1
    assert take(storage, "h1", (a, 1), store_id="nowhere") is None
    assert take(storage, "h1", (10**9, 1)) is None


def test_a_refused_take_leaves_the_rest_of_the_transaction_alone(storage: Storage) -> None:
    a, b = put_stock(storage, {"36": 3, "38": 1})

    def work(uow: UnitOfWork) -> None:
        uow.state.put("before", "1", UNTIL)
        assert uow.stock.take("h1", [(a, 1), (b, 2)], STORE, "lea", UNTIL, NOW) is None
        assert uow.stock.levels([a, b], STORE) == [StockLevel(a, STORE, 3, 0), StockLevel(b, STORE, 1, 0)]
        assert uow.stock.take("h2", [(a, 3)], STORE, "lea", UNTIL, NOW) is not None

    storage.write(work)
    assert level(storage, a).held == 3
    with storage.read() as uow:
        assert uow.state.get("before", NOW) == "1"
        assert uow.stock.hold("h1") is None


def test_two_lines_of_one_variant_are_one_sum(storage: Storage) -> None:
    a, b = put_stock(storage, {"36": 3, "38": 5})
    assert take(storage, "h1", (a, 2), (a, 2)) is None
    assert level(storage, a).held == 0
    taken = take(storage, "h2", (b, 1), (a, 2), (a, 1))
    assert taken is not None
    assert [(hold.variant_id, hold.quantity) for hold in taken] == [(a, 3), (b, 1)]
    assert len({hold.id for hold in taken}) == 2
    assert all(len(hold.id) <= 32 for hold in taken)


@pytest.mark.parametrize("lines", [[], [(1, 0)], [(1, -1)], [(1, 2), (1, -2)]])
def test_nonsense_is_refused_loudly(storage: Storage, lines: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match=r"hold|held"):
        take(storage, "h1", *lines)


def test_safety_units_are_not_promised(storage: Storage) -> None:
    (a,) = put_stock(storage, {"36": 3})
    set_safety(storage, a, 2)
    assert take(storage, "h1", (a, 2)) is None
    assert take(storage, "h1", (a, 1)) is not None
    assert level(storage, a).available == 0


def test_a_hold_ends_once(storage: Storage) -> None:
    (a,) = put_stock(storage, {"36": 3})
    for hold_id, end, state in (
        ("h1", lambda uow: uow.stock.release("h1", MovementReason.RELEASE, NOW), HoldState.RELEASED),
        ("h2", lambda uow: uow.stock.release("h2", MovementReason.RELEASE, NOW, expired=True), HoldState.EXPIRED),
        ("h3", lambda uow: uow.stock.consume("h3", MovementReason.COLLECT, NOW), HoldState.CONSUMED),
    ):
        assert take(storage, hold_id, (a, 1)) is not None
        assert storage.write(end) is True
        assert storage.write(end) is False
        assert storage.write(lambda uow, h=hold_id: uow.stock.release(h, MovementReason.RELEASE, NOW)) is False
        assert storage.write(lambda uow, h=hold_id: uow.stock.consume(h, MovementReason.COLLECT, NOW)) is False
        assert storage.write(lambda uow, h=hold_id: uow.stock.extend(h, UNTIL)) is False
        with storage.read() as uow:
            hold = uow.stock.hold(hold_id)
            assert hold is not None and hold.state is state
    assert level(storage, a) == StockLevel(a, STORE, on_hand=2, held=0)
    assert movements(storage, a)[-2:] == [(0, 1, "hold", "h3"), (-1, -1, "collect", "h3")]
    assert storage.write(lambda uow: uow.stock.release("none", MovementReason.RELEASE, NOW)) is False


def test_an_active_hold_can_be_extended(storage: Storage) -> None:
    (a,) = put_stock(storage, {"36": 1})
    take(storage, "h1", (a, 1))
    later = UNTIL + timedelta(days=1)
    assert storage.write(lambda uow: uow.stock.extend("h1", later)) is True
    with storage.read() as uow:
        hold = uow.stock.hold("h1")
        assert hold is not None and hold.expires_at == later


def test_adjusting_with_a_known_reference_does_nothing(storage: Storage) -> None:
    (a,) = put_stock(storage, {"36": 5})

    def sell(reference: str, change: int = -2, reason: MovementReason = MovementReason.SALE) -> bool:
        return storage.write(lambda uow: uow.stock.adjust(a, STORE, change, reason, reference, NOW))

    assert sell("receipt-1") is True
    assert sell("receipt-1") is False
    assert level(storage, a).on_hand == 3
    assert sell("receipt-1", 1, MovementReason.RETURN) is True  # the same receipt comes back
    assert sell("receipt-1", 1, MovementReason.RETURN) is False
    assert level(storage, a).on_hand == 4
    assert sell("", -1) is True
    assert sell("", -1) is True
    assert level(storage, a).on_hand == 2
    check_sums(storage, a)


def test_adjusting_never_goes_below_what_is_held(storage: Storage) -> None:
    (a,) = put_stock(storage, {"36": 3})
    take(storage, "h1", (a, 2))
    assert storage.write(lambda uow: uow.stock.adjust(a, STORE, -2, MovementReason.SALE, "r", NOW)) is False
    assert storage.write(lambda uow: uow.stock.adjust(a, STORE, -1, MovementReason.SALE, "r", NOW)) is True
    assert level(storage, a) == StockLevel(a, STORE, on_hand=2, held=2)


def test_the_first_unit_at_a_store_makes_its_row(storage: Storage) -> None:
    a, b = put_stock(storage, {"36": 1, "38": 1}, stores=("bellecour",))
    storage.write(lambda uow: uow.stores.put(a_store("vieux-lyon", 1)))
    assert storage.write(lambda uow: uow.stock.adjust(a, "vieux-lyon", -1, MovementReason.SALE, "", NOW)) is False
    assert storage.write(lambda uow: uow.stock.adjust(a, "vieux-lyon", 2, MovementReason.RETURN, "", NOW)) is True
    set_to = storage.write(lambda uow: uow.stock.set_on_hand(b, "vieux-lyon", 4, MovementReason.COUNT, NOW))
    assert set_to == StockLevel(b, "vieux-lyon", 4, 0)
    with storage.read() as uow:
        assert uow.stock.levels([b, a, a, 10**9]) == [
            StockLevel(a, "bellecour", 1, 0),
            StockLevel(a, "vieux-lyon", 2, 0),
            StockLevel(b, "bellecour", 1, 0),
            StockLevel(b, "vieux-lyon", 4, 0),
        ]
        assert uow.stock.levels([]) == []


def test_a_count_never_falls_below_what_is_held(storage: Storage) -> None:
    (a,) = put_stock(storage, {"36": 3})
    take(storage, "h1", (a, 2))
    counted = storage.write(lambda uow: uow.stock.set_on_hand(a, STORE, 0, MovementReason.COUNT, NOW))
    assert counted == level(storage, a) == StockLevel(a, STORE, on_hand=2, held=2)
    before = movements(storage, a)
    storage.write(lambda uow: uow.stock.set_on_hand(a, STORE, 2, MovementReason.COUNT, NOW))
    assert movements(storage, a) == before  # nothing moved
    with pytest.raises(ValueError, match="-1"):
        storage.write(lambda uow: uow.stock.set_on_hand(a, STORE, -1, MovementReason.COUNT, NOW))


def test_many_variants_are_read_in_batches(storage: Storage) -> None:
    variants = put_stock(storage, {str(n): n for n in range(5)})
    with storage.read() as uow:
        assert [found.on_hand for found in uow.stock.levels([*variants, *range(10**6, 10**6 + 5000)])] == [
            0,
            1,
            2,
            3,
            4,
        ]


# --- at the same time -----------------------------------------------------------------------------------------------


def test_sixteen_threads_never_oversell(storage: Storage) -> None:
    (a,) = put_stock(storage, {"36": 25})

    def buy(number: int) -> int:
        taken = take(storage, f"h{number}", (a, 1 + number % 3), owner=f"buyer {number}")
        return 0 if taken is None else taken[0].quantity

    with ThreadPoolExecutor(16) as pool:
        got = sum(pool.map(buy, range(120)))
    assert got == level(storage, a).held == 25  # single units fill what is left
    check_sums(storage, a)


def test_opposite_key_order_ends_well(storage: Storage) -> None:
    a, b = put_stock(storage, {"36": 200, "38": 200})

    def buy(number: int) -> bool:
        lines = [(a, 1), (b, 1)] if number % 2 else [(b, 1), (a, 1)]
        return take(storage, f"h{number}", *lines) is not None

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(buy, range(150)))
    assert level(storage, a).held == level(storage, b).held == 150
    check_sums(storage, a)


def test_one_reference_from_many_threads_moves_once(storage: Storage) -> None:
    (a,) = put_stock(storage, {"36": 50})

    def sell(_: int) -> bool:
        return storage.write(lambda uow: uow.stock.adjust(a, STORE, -1, MovementReason.SALE, "receipt-9", NOW))

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(sell, range(32))) == {True: 1, False: 31}
    assert level(storage, a).on_hand == 49


def test_one_hold_released_and_consumed_by_many_threads_ends_once(storage: Storage) -> None:
    (a,) = put_stock(storage, {"36": 40})
    for number in range(20):
        assert take(storage, f"h{number}", (a, 2)) is not None

    def end(number: int) -> bool:
        hold_id = f"h{number % 20}"
        if number % 3:
            return storage.write(lambda uow: uow.stock.release(hold_id, MovementReason.RELEASE, NOW))
        return storage.write(lambda uow: uow.stock.consume(hold_id, MovementReason.COLLECT, NOW))

    orders = list(range(120))
    random.Random(5).shuffle(orders)
    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(end, orders)) == 20
    assert level(storage, a).held == 0
    check_sums(storage, a)


def test_first_stock_of_one_shelf_from_many_threads(storage: Storage) -> None:
    (a,) = put_stock(storage, {"36": 1})
    storage.write(lambda uow: uow.stores.put(a_store("vieux-lyon", 1)))

    def add(number: int) -> bool:
        return storage.write(
            lambda uow: uow.stock.adjust(a, "vieux-lyon", 1, MovementReason.RETURN, f"return-{number}", NOW)
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(add, range(24)))
    assert level(storage, a, "vieux-lyon").on_hand == 24
    check_sums(storage, a)
