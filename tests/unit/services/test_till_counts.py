"""What tills say of the shelves; on both databases."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from commerce.domain.payment import CallbackKind, PaymentCallback
from commerce.domain.stock import MovementReason
from commerce.domain.stocktaking import TillCount, TillEvent, TillLine
from commerce.ports import UnitOfWork
from commerce.services.stocktaking import Stocktaking
from tests.contracts.storage_values import NOW
from tests.unit.services.conftest import Small
from tests.unit.services.shelf import level, open_stocktaking, outbox, tasks, with_a_choice

SALE, COUNT = MovementReason.SALE, MovementReason.COUNT


@pytest.fixture
def taking(small: Small) -> Stocktaking:
    return open_stocktaking(small)


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
