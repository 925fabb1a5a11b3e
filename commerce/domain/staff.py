"""What a person of the shop has to look at: raised by the shop itself, done by somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from commerce.domain.cart import Fulfilment


class TaskKind(StrEnum):
    REFUND = "refund"  # money to give back until a deadline
    UNFULFILLABLE = "unfulfillable"  # paid, and nothing left to sell
    PAYMENT_DIFFERENCE = "payment_difference"  # the provider's list and our ledger differ
    PAYMENT_UNKNOWN = "payment_unknown"  # nobody knows whether somebody has paid
    REFUND_FAILED = "refund_failed"
    DISPUTE = "dispute"  # the shopper's bank asks for the money of a payment back: answer it until a day
    DISPUTE_LOST = "dispute_lost"
    REFUND_APPROVAL = "refund_approval"  # more than one person may give back alone; its subject is the order
    RETURN = "return"
    STOCK_DIFFERENCE = "stock_difference"
    CALL_BACK = "call_back"  # somebody wants to be rung up at that time


@dataclass(frozen=True, slots=True)
class StaffTask:
    """(kind, subject) is open once: raising it again changes nothing."""

    id: str
    kind: TaskKind
    subject: str
    details: str  # JSON
    store_id: str
    created_at: datetime
    due_at: datetime | None = None
    done_at: datetime | None = None


class PauseMethod(StrEnum):
    """What a store does not do for a while."""

    ALL = ""
    RESERVE = "reserve"  # putting things aside without payment
    PICKUP = "pickup"  # orders that are collected there


def method_of(fulfilment: Fulfilment | None) -> PauseMethod:
    """What stops an order that is had in that way."""
    return PauseMethod.PICKUP if fulfilment is Fulfilment.PICKUP else PauseMethod.ALL


@dataclass(frozen=True, slots=True)
class StorePause:
    """A store takes no online orders of that kind until then."""

    store_id: str
    until: datetime
    reason: str
    by: str
    method: PauseMethod = PauseMethod.ALL


class NotPaused(StrEnum):
    """Why a store could not be paused."""

    NO_SUCH_STORE = "no_such_store"
    UNTIL = "until"  # over already, or too far away
