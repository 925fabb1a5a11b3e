"""The board's cards, what the counter knows beside them, slots and who did not come, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event

from commerce.domain.collecting import OPEN_STAGES, CollectingRules, PickUpDetails, PickUpKind, PickUpRef, Stage
from commerce.domain.localtext import LocalText
from commerce.domain.money import Money
from commerce.domain.order import OrderState
from commerce.domain.reservation import ReservationState
from commerce.ports import Storage, UnitOfWork
from commerce.storage.unit_of_work import SqlUnitOfWork
from tests.contracts.pick_up_values import order_here, put_every_state, reserve
from tests.contracts.selling_values import HOUR, LEA_PERSON, SAM_PERSON, put_order, put_people
from tests.contracts.storage_values import NOW, SAM, put_stock

ALL = frozenset(Stage)
OVER = ALL - OPEN_STAGES
R1, O1 = PickUpRef(PickUpKind.RESERVATION, "r1"), PickUpRef(PickUpKind.ORDER, "o1")


@pytest.fixture
def variants(storage: Storage) -> list[int]:
    put_people(storage)
    return put_stock(storage, {"36": 50, "38": 50}, stores=("bellecour", "part-dieu"))


def refs(storage: Storage, *, stages: frozenset[Stage] = ALL, store_ids: list[str] | None = None) -> list[str]:
    with storage.read() as uow:
        return [str(card.ref) for card in uow.pick_ups.find(store_ids=store_ids, stages=stages)]


@contextmanager
def statements_of(uow: UnitOfWork) -> Iterator[list[str]]:
    assert isinstance(uow, SqlUnitOfWork)
    seen: list[str] = []
    event.listen(uow.transaction.connection, "before_cursor_execute", lambda *call: seen.append(call[2]))
    yield seen


# --- cards ------------------------------------------------------------------------------------------------------------


def test_a_card_says_all_that_the_counter_needs(storage: Storage, variants: list[int]) -> None:
    reservation, order = reserve(storage, variants[:1]), order_here(storage, variants, created_at=NOW + HOUR)
    details = PickUpDetails(
        ref=R1,
        store_id="bellecour",
        accepted_at=NOW,
        accepted_by="staff:nadia",
        proxy="Marc",
        coming_at=NOW + HOUR,
        vehicle="Clio grise",
        spot="4",
        arrived_at=NOW + 2 * HOUR,
        slot_at=NOW + 3 * HOUR,
        reminded=("3h", "30min"),
    )
    storage.write(lambda uow: uow.pick_ups.put_details(details))
    with storage.read() as uow:
        card, bought = uow.pick_ups.find(stages=ALL)
        assert uow.pick_ups.get(R1) == card
        assert uow.pick_ups.get(O1) == bought
        assert uow.pick_ups.details(R1) == details
        assert uow.pick_ups.details(O1) is None
    assert (card.ref, card.version, card.stage, card.store_id) == (R1, 1, Stage.ACCEPTED, "bellecour")
    assert (card.customer_id, card.customer_name, card.language) == (LEA_PERSON.id, "Léa", "fr")
    assert (card.code, card.number, card.source, card.channel) == ("KLM-234", 0, "telegram", "telegram")
    assert (card.total, card.due_minor) == (Money(15800, "EUR"), 15800)
    assert (card.created_at, card.expires_at, card.details) == (NOW, reservation.expires_at, details)
    [line] = card.lines
    assert (line.variant_id, line.sku, line.size, line.quantity) == (variants[0], "stocked-36", "36", 2)
    assert line.title == LocalText({"fr": "Robe d’été", "en": "Summer dress"})
    assert line.colour == "navy"

    assert (bought.ref, bought.stage, bought.number, bought.source) == (O1, Stage.NEW, order.number, "bot")
    assert (bought.customer_name, bought.code) == ("Léa M.", "KLM-234")
    assert (bought.total, bought.due_minor) == (order.total, order.total_minor)
    assert [line.variant_id for line in bought.lines] == variants
    assert bought.details == PickUpDetails(O1, "bellecour")


@pytest.mark.parametrize("state", ReservationState)
def test_every_state_of_a_reservation_is_at_one_stage(
    storage: Storage, variants: list[int], state: ReservationState
) -> None:
    reserve(storage, variants[:1], state=state)
    with storage.read() as uow:
        card = uow.pick_ups.get(R1)
        assert card is not None
        found = [stage for stage in Stage if uow.pick_ups.find(stages={stage})]
        assert found == [card.stage]
        assert (card.stage in OPEN_STAGES) == (card.due_minor > 0)


@pytest.mark.parametrize("state", OrderState)
def test_every_state_of_an_order_is_at_one_stage_or_none(
    storage: Storage, variants: list[int], state: OrderState
) -> None:
    order_here(storage, variants, state=state)
    with storage.read() as uow:
        card = uow.pick_ups.get(O1)
        found = [stage for stage in Stage if uow.pick_ups.find(stages={stage})]
    nobodys = (OrderState.PENDING_PAYMENT, OrderState.PAID_UNFULFILLABLE, OrderState.SHIPPED)
    assert found == ([] if state in nobodys else [card.stage if card else None])


def test_money_that_goes_back_brings_nothing_back_to_the_counter(storage: Storage, variants: list[int]) -> None:
    order_here(storage, variants, state=OrderState.REFUND_PENDING, fulfilled_at=NOW)
    assert refs(storage, stages=frozenset({Stage.HANDED})) == ["order:o1"]
    assert refs(storage, stages=ALL - {Stage.HANDED}) == []


def test_parcels_and_what_was_never_to_be_collected_are_not_on_the_board(storage: Storage, variants: list[int]) -> None:
    put_order(storage, variants, "parcel")
    order_here(storage, variants, "nobody paid", state=OrderState.EXPIRED, pickup_code="")
    assert refs(storage) == []
    with storage.read() as uow:
        assert uow.pick_ups.get(PickUpRef(PickUpKind.ORDER, "parcel")) is None
        assert uow.pick_ups.get(PickUpRef(PickUpKind.ORDER, "nothing")) is None


def test_open_ones_come_oldest_first_then_what_is_over_newest_first(storage: Storage, variants: list[int]) -> None:
    reserve(storage, variants, "r-new", created=NOW + 2 * HOUR)
    order_here(storage, variants, "o-mid", created_at=NOW + HOUR)
    reserve(storage, variants, "r-old", state=ReservationState.READY)
    reserve(storage, variants, "gone-old", state=ReservationState.CANCELLED)
    order_here(storage, variants, "gone-new", state=OrderState.COMPLETED, created_at=NOW + HOUR, fulfilled_at=NOW)
    whole = ["reservation:r-old", "order:o-mid", "reservation:r-new", "order:gone-new", "reservation:gone-old"]
    assert refs(storage) == whole
    assert refs(storage, stages=OPEN_STAGES) == whole[:3]
    for limit in range(1, 6):
        with storage.read() as uow:
            assert [str(card.ref) for card in uow.pick_ups.find(stages=ALL, limit=limit)] == whole[:limit]


def test_a_store_sees_its_own(storage: Storage, variants: list[int]) -> None:
    reserve(storage, variants, "here")
    order_here(storage, variants, "there", store_id="part-dieu")
    assert refs(storage, store_ids=["bellecour"]) == ["reservation:here"]
    assert refs(storage, store_ids=["part-dieu"]) == ["order:there"]
    assert refs(storage, store_ids=["bellecour", "part-dieu"]) == ["reservation:here", "order:there"]
    assert refs(storage, store_ids=[]) == []


def test_a_long_board_takes_no_more_statements_than_a_short_one(storage: Storage, variants: list[int]) -> None:
    for number in range(12):
        reserve(storage, variants, f"r{number}", state=list(ReservationState)[number % 8])
        order_here(storage, variants, f"o{number}", state=OrderState.READY)
    with storage.read() as uow, statements_of(uow) as statements:
        assert len(uow.pick_ups.find(stages=ALL)) == 24
    assert len(statements) <= 10
    with storage.read() as uow, statements_of(uow) as statements:
        assert len(uow.pick_ups.find(stages=OPEN_STAGES)) >= 12
    assert len(statements) <= 6


@pytest.mark.parametrize("store_ids", [None, [], ["bellecour"], ["bellecour", "part-dieu"]])
def test_as_many_are_counted_as_are_found(storage: Storage, variants: list[int], store_ids: list[str] | None) -> None:
    put_every_state(storage, variants, ("bellecour", "part-dieu"))
    with storage.read() as uow:
        for stages in ({Stage.NEW}, *({stage} for stage in Stage), OPEN_STAGES, OVER, ALL, frozenset[Stage]()):
            for limit in (1, 3, 200):
                found = uow.pick_ups.find(store_ids=store_ids, stages=stages, limit=limit)
                assert uow.pick_ups.count(store_ids=store_ids, stages=stages, limit=limit) == len(found), stages
        new = uow.pick_ups.count(store_ids=store_ids, stages={Stage.NEW}, limit=200)
        assert new == 3 * (2 if store_ids is None else len(store_ids)), "held, placed, paid"


# --- what is known beside it ------------------------------------------------------------------------------------------


def test_changes_by_many_at_once_are_all_kept(storage: Storage, variants: list[int]) -> None:
    reserve(storage, variants)

    def remind(name: str) -> bool:
        def work(uow: UnitOfWork) -> bool:
            known = uow.pick_ups.hold_details(R1)
            assert known is not None
            uow.pick_ups.put_details(replace(known, reminded=(*known.reminded, name)))
            return True

        return storage.write(work)

    names = [f"n{number}" for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(remind, names))
    with storage.read() as uow:
        known = uow.pick_ups.details(R1)
        assert known is not None
        assert sorted(known.reminded) == sorted(names)


def test_nothing_is_known_of_what_does_not_exist(storage: Storage, variants: list[int]) -> None:
    nothing = PickUpRef(PickUpKind.ORDER, "nothing")
    assert storage.write(lambda uow: uow.pick_ups.hold_details(nothing)) is None
    storage.write(lambda uow: uow.pick_ups.put_details(PickUpDetails(nothing, "bellecour", proxy="Marc")))
    assert not storage.write(lambda uow: uow.pick_ups.arrived(nothing, NOW))
    assert not storage.write(lambda uow: uow.pick_ups.take_slot(nothing, "bellecour", NOW, capacity=4))
    with storage.read() as uow:
        assert uow.pick_ups.details(nothing) is None
        assert uow.pick_ups.slots_taken("bellecour", NOW, NOW + HOUR) == {}


def test_somebody_arrives_once(storage: Storage, variants: list[int]) -> None:
    reserve(storage, variants)
    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda _: storage.write(lambda uow: uow.pick_ups.arrived(R1, NOW)), range(12)))
    assert sum(told) == 1
    with storage.read() as uow:
        assert uow.pick_ups.details(R1) == PickUpDetails(R1, "bellecour", arrived_at=NOW)


def test_reminders_are_for_ready_ones_that_nobody_is_coming_for(storage: Storage, variants: list[int]) -> None:
    for id_, lasts in (("r-late", 3 * HOUR), ("r-soon", HOUR), ("r-told", HOUR), ("r-coming", HOUR), ("r-here", HOUR)):
        reserve(storage, variants, id_, state=ReservationState.READY, lasts=lasts)
    reserve(storage, variants, "r-held")
    order_here(storage, variants, "o-ready", state=OrderState.READY, expires_at=NOW + 2 * HOUR)
    order_here(storage, variants, "o-paid", state=OrderState.READY, expires_at=None)
    for id_, changes in (
        ("r-told", {"reminded": ("3h",)}),
        ("r-coming", {"coming_at": NOW}),
        ("r-here", {"arrived_at": NOW}),
        ("r-soon", {"reminded": ("24h",)}),
    ):
        known = PickUpDetails(PickUpRef(PickUpKind.RESERVATION, id_), "bellecour")
        storage.write(lambda uow, k=known, c=changes: uow.pick_ups.put_details(replace(k, **c)))  # type: ignore[arg-type, misc]

    def found(before: datetime, limit: int = 10, unreminded: str = "3h") -> list[str]:
        with storage.read() as uow:
            return [card.ref.id for card in uow.pick_ups.ready_until(before, limit, unreminded=unreminded)]

    assert found(NOW + HOUR - timedelta(microseconds=1)) == []
    assert found(NOW + HOUR) == ["r-soon"]
    assert found(NOW + 9 * HOUR) == ["r-soon", "o-ready", "r-late"]
    assert found(NOW + 9 * HOUR, limit=2) == ["r-soon", "o-ready"]
    assert found(NOW + 2 * HOUR, unreminded="30min") == ["r-soon", "r-told", "o-ready"]
    assert found(NOW + 9 * HOUR, unreminded="24h") == ["r-told", "o-ready", "r-late"]


# --- slots ------------------------------------------------------------------------------------------------------------


def test_rules_are_the_usual_ones_until_a_store_has_its_own(storage: Storage, variants: list[int]) -> None:
    own = CollectingRules("bellecour", slot_minutes=30, slot_capacity=4, prep_minutes=20, curbside=False)
    for rules in (replace(own, curbside=True), own):
        storage.write(lambda uow, rules=rules: uow.pick_ups.put_rules(rules))
    with storage.read() as uow:
        assert uow.pick_ups.rules("bellecour") == own
        assert uow.pick_ups.rules("part-dieu") == CollectingRules("part-dieu")


def test_as_many_come_in_a_slot_as_fit(storage: Storage, variants: list[int]) -> None:
    for number in range(9):
        reserve(storage, variants[:1], f"r{number}")

    def take(number: int) -> bool:
        ref = PickUpRef(PickUpKind.RESERVATION, f"r{number}")
        return storage.write(lambda uow: uow.pick_ups.take_slot(ref, "bellecour", NOW + HOUR, capacity=4))

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(take, range(9))) == 4
    with storage.read() as uow:
        assert uow.pick_ups.slots_taken("bellecour", NOW, NOW + 2 * HOUR) == {NOW + HOUR: 4}
        assert uow.pick_ups.slots_taken("bellecour", NOW, NOW + HOUR) == {}
        assert uow.pick_ups.slots_taken("part-dieu", NOW, NOW + 2 * HOUR) == {}
        with_a_slot = [card for card in uow.pick_ups.find(stages=ALL) if card.details.slot_at == NOW + HOUR]
    assert len(with_a_slot) == 4


def test_whoever_takes_another_slot_gives_the_first_one_back(storage: Storage, variants: list[int]) -> None:
    reserve(storage, variants)
    for slot_at in (NOW + HOUR, NOW + HOUR, NOW + 2 * HOUR):
        assert storage.write(lambda uow, at=slot_at: uow.pick_ups.take_slot(R1, "bellecour", at, capacity=1))
    with storage.read() as uow:
        assert uow.pick_ups.slots_taken("bellecour", NOW, NOW + 9 * HOUR) == {NOW + 2 * HOUR: 1}


def test_a_slot_is_given_back_once(storage: Storage, variants: list[int]) -> None:
    reserve(storage, variants)
    assert storage.write(lambda uow: uow.pick_ups.take_slot(R1, "bellecour", NOW + HOUR, capacity=1))
    storage.write(lambda uow: uow.pick_ups.put_details(replace(uow.pick_ups.details(R1), proxy="Marc")))  # type: ignore[type-var]
    assert [storage.write(lambda uow: uow.pick_ups.leave_slot(R1)) for _ in range(2)] == [True, False]
    with storage.read() as uow:
        assert uow.pick_ups.slots_taken("bellecour", NOW, NOW + 9 * HOUR) == {}
        assert uow.pick_ups.details(R1) == PickUpDetails(R1, "bellecour", proxy="Marc")


def test_slots_of_what_is_over_are_free_again(storage: Storage, variants: list[int]) -> None:
    states = {
        "r1": ReservationState.CANCELLED,
        "r2": ReservationState.HELD,
        "r3": ReservationState.COLLECTED,
        "r4": ReservationState.EXPIRED,
    }
    for id_, state in states.items():
        reserve(storage, variants[:1], id_, state=state)
    order_here(storage, variants, state=OrderState.CANCELLED)
    taken = [PickUpRef(PickUpKind.RESERVATION, id_) for id_ in states] + [O1]
    for ref in taken:
        assert storage.write(lambda uow, ref=ref: uow.pick_ups.take_slot(ref, "bellecour", NOW + HOUR, capacity=9))
    assert storage.write(lambda uow: uow.pick_ups.free_slots(NOW + HOUR)) == 0  # that hour is past
    assert storage.write(lambda uow: uow.pick_ups.free_slots(NOW)) == 3
    assert storage.write(lambda uow: uow.pick_ups.free_slots(NOW)) == 0
    with storage.read() as uow:
        assert uow.pick_ups.slots_taken("bellecour", NOW, NOW + 9 * HOUR) == {NOW + HOUR: 2}
        kept = {card.ref.id for card in uow.pick_ups.find(stages=ALL) if card.details.slot_at}
    assert kept == {"r2", "r3"}


# --- who did not come -------------------------------------------------------------------------------------------------


def test_who_did_not_come_is_counted_until_forgiven(storage: Storage, variants: list[int]) -> None:
    for id_, created, state in (
        ("r1", NOW, ReservationState.NO_SHOW),
        ("r2", NOW + HOUR, ReservationState.NO_SHOW),
        ("r3", NOW + HOUR, ReservationState.EXPIRED),
    ):
        reserve(storage, variants[:1], id_, created=created, state=state)
    reserve(storage, variants[:1], "r4", state=ReservationState.NO_SHOW, customer=SAM_PERSON, contact=SAM)

    def count(since: datetime) -> int:
        with storage.read() as uow:
            return uow.pick_ups.no_shows(LEA_PERSON.id, since)

    assert (count(NOW), count(NOW + HOUR), count(NOW + 2 * HOUR), count(NOW + 3 * HOUR)) == (2, 2, 1, 0)
    storage.write(lambda uow: uow.pick_ups.forgive_no_shows(LEA_PERSON.id, NOW + HOUR))
    assert count(NOW) == 1
    storage.write(lambda uow: uow.pick_ups.forgive_no_shows(LEA_PERSON.id, NOW + 9 * HOUR))
    assert count(NOW) == 0
    with storage.read() as uow:
        assert uow.pick_ups.no_shows(SAM_PERSON.id, NOW) == 1
        assert uow.pick_ups.no_shows("nobody", NOW) == 0
