"""Handing a thing over at the counter: what is refused, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class NotHandedOver(StrEnum):
    """Why staff could not hand something over, or take it back. Each has words for them in both languages."""

    NOT_FOUND = "not_found"
    WRONG_CODE = "wrong_code"
    LOCKED = "locked"  # too many wrong codes for this one
    SLOW = "slow"  # too many wrong codes in this store
    NOT_READY = "not_ready"
    BY_PARCEL = "by_parcel"  # nobody comes for it
    NOT_PAID = "not_paid"
    ALREADY = "already"
    OVER = "over"  # cancelled, expired, refunded
    WRONG_STORE = "wrong_store"


@dataclass(frozen=True, slots=True)
class HandOverRefused:
    """`at`: when it was handed over already, or when another code may be tried. `to`: to whom ('' the shopper
    themselves). `due_minor`: what has to be paid first."""

    reason: NotHandedOver
    at: datetime | None = None
    to: str = ""
    due_minor: int = 0
