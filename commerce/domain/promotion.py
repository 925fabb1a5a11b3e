"""Promotions: a code that somebody of the shop made, with its conditions. Nothing else ever lowers a price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PromotionKind(StrEnum):
    PERCENT = "percent"  # value in basis points: 1000 is 10 %
    AMOUNT = "amount"  # value in minor units of the currency
    FREE_DELIVERY = "free_delivery"


@dataclass(frozen=True, slots=True)
class Promotion:
    """`code` is kept in capitals. `max_uses` 0: as often as wanted. `uses` counts orders that are not over unpaid."""

    code: str
    kind: PromotionKind
    value: int
    currency: str
    min_subtotal_minor: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    max_uses: int = 0
    once_per_customer: bool = False
    active: bool = True
    uses: int = 0


class NotApplied(StrEnum):
    """Why a code does not count. Each has words for shoppers in both languages."""

    UNKNOWN = "unknown"
    NOT_YET = "not_yet"
    OVER = "over"
    USED_UP = "used_up"
    USED_BY_YOU = "used_by_you"
    BELOW_MINIMUM = "below_minimum"
    OTHER_CURRENCY = "other_currency"


def code_of(typed: str) -> str:
    """A code as it is kept: « printemps 10 » is PRINTEMPS10."""
    return "".join(typed.split()).upper()[:40]
