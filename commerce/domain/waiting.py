"""People who want to know when something is back: told one after the other, each with a unit held for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from commerce.domain.customer import Contact


class WaitState(StrEnum):
    WAITING = "waiting"
    TOLD = "told"  # a unit is held for them until `until`
    SERVED = "served"  # they took it
    PASSED = "passed"  # they did not: it was the next one's turn
    GONE = "gone"  # they want it no more


@dataclass(frozen=True, slots=True)
class StockWaiter:
    """One person who waits for one variant, at one store or ('') anywhere. Their place in the queue is `created_at`."""

    id: str
    customer_id: str
    contact: Contact
    variant_id: int
    store_id: str
    state: WaitState
    created_at: datetime
    told_at: datetime | None = None
    told_store_id: str = ""  # where the unit is
    hold_id: str = ""
    until: datetime | None = None


class NotWaiting(StrEnum):
    NO_SUCH_VARIANT = "no_such_variant"
    IN_STOCK = "in_stock"  # there is nothing to wait for
    TOO_MANY = "too_many"
    ALREADY = "already"
