"""What lies on the shelf of the small shop, and whom it is told about."""

from __future__ import annotations

import json
from datetime import timedelta

from commerce.domain.staff import TaskKind
from commerce.domain.stock import StockLevel
from commerce.ids import SeededIds
from commerce.payments.till_counts import TILLS
from commerce.ports import ReservationRules
from commerce.services.alternatives import Alternatives
from commerce.services.giving_way import GivingWay
from commerce.services.stocktaking import Stocktaking
from tests.unit.services.conftest import LEA, SAM, Small


def open_stocktaking(small: Small) -> Stocktaking:
    rules, ids = ReservationRules(None, timedelta(), 5), SeededIds(seed=70)
    alternatives = Alternatives(small.clock, ids, rules, timedelta(minutes=15), ships=True)
    giving_way = GivingWay(small.clock, small.reserving, alternatives, {"pay_in_store"})
    return Stocktaking(small.clock, ids, giving_way, TILLS)


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


def tasks(small: Small) -> list[dict[str, object]]:
    with small.storage.read() as uow:
        return [json.loads(task.details) for task in uow.tasks.open(kind=TaskKind.STOCK_DIFFERENCE)]
