"""What people and tills say of the shelves: sold, counted, damaged, back on the shelf, not found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from commerce.domain.stock import MovementReason, StockHold, StockLevel

# What may be entered; everything else moves stock through a hold or a feed.
ENTERED = frozenset(
    {
        MovementReason.SALE,
        MovementReason.COUNT,
        MovementReason.DAMAGE,
        MovementReason.RETURN,
        MovementReason.NOT_FOUND,
    }
)
MOST_UNITS = 1_000_000
LONGEST_REFERENCE = 64


@dataclass(frozen=True, slots=True)
class StockEntry:
    """One thing said of one shelf. `quantity`: units that moved, or for a count how many are there.

    `reference` (a receipt's number, a line of a file) makes it count once for this shelf and reason. `override`: units
    that are only held online may be taken from their owners. `happened`: a till tells what is done already, so that
    nothing can be refused for want of units.
    """

    reason: MovementReason
    sku: str
    store_id: str
    quantity: int
    reference: str
    note: str = ""
    override: bool = False
    happened: bool = False
    at: datetime | None = None  # when it happened, if that was not just now


class NotCounted(StrEnum):
    """Why an entry was not taken. Each has words in both languages."""

    NO_SUCH_VARIANT = "no_such_variant"
    NO_SUCH_STORE = "no_such_store"
    QUANTITY = "quantity"
    REFERENCE = "reference"  # missing or too long
    NOT_THAT_MANY = "not_that_many"
    HELD_ONLINE = "held_online"  # may be overridden
    PAID_FOR = "paid_for"  # somebody has paid, or is served by the counter: never taken away


@dataclass(frozen=True, slots=True)
class HeldFor:
    """A hold with whose it is: one of the ids is filled."""

    hold: StockHold
    reservation_id: str = ""
    order_id: str = ""
    offer_id: str = ""
    waiter_id: str = ""  # somebody who was told that it is back


@dataclass(frozen=True, slots=True)
class Counted:
    """An entry that was taken. `is_new` False: its reference was counted before. `lost`: who lost units by it.
    `missing`: units that the shop has promised or believed in and that are not there."""

    level: StockLevel
    is_new: bool = True
    lost: tuple[HeldFor, ...] = ()
    missing: int = 0


@dataclass(frozen=True, slots=True)
class StockMovement:
    """One line of a shelf's history. `actor` is empty where shoppers and the clock move stock."""

    id: int
    at: datetime
    variant_id: int
    store_id: str
    on_hand_change: int
    held_change: int
    reason: MovementReason
    reference: str
    actor: str
    note: str


@dataclass(frozen=True, slots=True)
class TillCount:
    """How many units a till says there are. A count is newer by (`counted_at`, `version`)."""

    source: str  # which till: "square", "pos"
    item: str  # its own name of the thing: an id of its catalogue, or a SKU
    place: str  # its own name of the store
    quantity: int
    counted_at: datetime
    version: int = 0


@dataclass(frozen=True, slots=True)
class TillLine:
    """A line of a till's event: how many moved, or how many there are. `version` orders counts of one moment."""

    item: str
    quantity: int
    version: int = 0


@dataclass(frozen=True, slots=True)
class TillEvent:
    """What a till says has happened. (source, event_id) takes effect once."""

    source: str
    event_id: str
    reason: MovementReason
    place: str
    occurred_at: datetime
    lines: tuple[TillLine, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class TillReport:
    """What became of a till's counts."""

    applied: int = 0
    stale: int = 0  # an older count than the one we know
    unknown: int = 0  # things or places that we do not know by that name
    short: int = 0  # counts below what is promised online, sales of more than there were


@dataclass(frozen=True, slots=True)
class StockDifference:
    """A feed or a till says another number than we do. `moved_since`: what has left or come since it spoke;
    `unexplained`: what that does not explain."""

    variant_id: int
    sku: str
    store_id: str
    source: str  # "feed", or the till's name
    theirs: int
    ours: int
    moved_since: int

    @property
    def unexplained(self) -> int:
        return self.ours - self.theirs - self.moved_since
