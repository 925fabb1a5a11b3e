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


def why_not(
    promotion: Promotion | None, *, now: datetime, subtotal_minor: int, currency: str, used_by_customer: bool
) -> NotApplied | None:
    """Why it does not count for goods worth that much, now; None: it does."""
    if promotion is None or not promotion.active:
        return NotApplied.UNKNOWN
    if promotion.starts_at is not None and now < promotion.starts_at:
        return NotApplied.NOT_YET
    if promotion.ends_at is not None and now >= promotion.ends_at:
        return NotApplied.OVER
    if promotion.max_uses and promotion.uses >= promotion.max_uses:
        return NotApplied.USED_UP
    if promotion.once_per_customer and used_by_customer:
        return NotApplied.USED_BY_YOU
    if promotion.kind is not PromotionKind.FREE_DELIVERY and promotion.currency != currency:
        return NotApplied.OTHER_CURRENCY
    if subtotal_minor < promotion.min_subtotal_minor:
        return NotApplied.BELOW_MINIMUM
    return None


def code_of(typed: str) -> str:
    """A code as it is kept: « printemps 10 » is PRINTEMPS10."""
    return "".join(typed.split()).upper()[:40]
