"""What is on the shelf: levels, what may be offered, and how it is told to a shopper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Band(StrEnum):
    """How a quantity is told to shoppers, who never see the exact count."""

    NONE = "none"
    LAST = "last"  # one left
    FEW = "few"  # two or three
    IN_STOCK = "in_stock"


@dataclass(frozen=True, slots=True)
class StockLevel:
    """Units of one variant at one place. `held` units are on the shelf but promised to somebody.

    `safety` units are kept back from online shoppers.
    """

    variant_id: int
    store_id: str
    on_hand: int
    held: int
    safety: int = 0

    @property
    def available(self) -> int:
        """Units that may still be promised online; never negative."""
        return max(0, self.on_hand - self.held - self.safety)

    @property
    def band(self) -> Band:
        match self.available:
            case 0:
                return Band.NONE
            case 1:
                return Band.LAST
            case 2 | 3:
                return Band.FEW
            case _:
                return Band.IN_STOCK


class MovementReason(StrEnum):
    """Why a stock level changed."""

    FEED = "feed"
    COUNT = "count"
    SALE = "sale"
    RETURN = "return"
    DAMAGE = "damage"
    HOLD = "hold"
    RELEASE = "release"
    COLLECT = "collect"
    NOT_FOUND = "not_found"


class HoldState(StrEnum):
    """A hold ends once: consumed, released or expired."""

    ACTIVE = "active"
    CONSUMED = "consumed"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class StockHold:
    """Units of one variant at one store promised to `owner` until `expires_at`."""

    id: str
    variant_id: int
    store_id: str
    quantity: int
    owner: str
    state: HoldState
    expires_at: datetime
