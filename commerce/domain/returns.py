"""What comes back: returns, exchanges, problems, and the legal withdrawal with its receipt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from commerce.errors import IllegalMove


class ReturnKind(StrEnum):
    RETURN = "return"
    EXCHANGE = "exchange"  # the new unit is held first
    PROBLEM = "problem"  # wrong or damaged
    WITHDRAWAL = "withdrawal"  # the consumer's right, no reason needed


class ReturnState(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    RECEIVED = "received"
    SETTLED = "settled"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


_R = ReturnState
RETURN_MOVES: dict[ReturnState, frozenset[ReturnState]] = {
    _R.REQUESTED: frozenset({_R.APPROVED, _R.RECEIVED, _R.REJECTED, _R.CANCELLED}),
    _R.APPROVED: frozenset({_R.RECEIVED, _R.SETTLED, _R.REJECTED, _R.CANCELLED}),
    _R.RECEIVED: frozenset({_R.SETTLED}),
    _R.SETTLED: frozenset(),
    _R.REJECTED: frozenset(),
    _R.CANCELLED: frozenset(),
}


# Asked for, and the thing has not come back yet.
COMING_STATES = frozenset({_R.REQUESTED, _R.APPROVED})
CAME_BACK = frozenset({_R.RECEIVED, _R.SETTLED})


def check_return_move(from_state: ReturnState, to_state: ReturnState) -> None:
    """Raises IllegalMove unless the table holds the move."""
    if to_state not in RETURN_MOVES[from_state]:
        raise IllegalMove("return", from_state, to_state)


class ReturnReason(StrEnum):
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    NOT_AS_SHOWN = "not_as_shown"
    WRONG_ITEM = "wrong_item"
    DAMAGED = "damaged"
    CHANGED_MIND = "changed_mind"
    NONE = "none"  # a withdrawal needs none


class ReturnWay(StrEnum):
    STORE = "store"
    PARCEL = "parcel"


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """`position` is the order line's. `resellable` is what the person who received it says; None until then."""

    position: int
    quantity: int
    resellable: bool | None = None


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """`code` is shown at the counter. An exchange has the new variant with its hold. `refund_minor` is what goes back;
    of an exchange for something dearer it is negative: what is paid at the counter.

    `receipt` is the durable text of a withdrawal, with its date and time, exactly as it was sent.
    """

    id: str
    order_id: str
    customer_id: str
    kind: ReturnKind
    state: ReturnState
    reason: ReturnReason
    way: ReturnWay
    code: str
    lines: tuple[ReturnLine, ...]
    created_at: datetime
    note: str = ""
    photo_key: str = ""
    store_id: str = ""  # where it is brought, or where the new unit waits
    new_variant_id: int = 0
    hold_id: str = ""
    refund_minor: int = 0
    currency: str = ""
    due_at: datetime | None = None  # until when the money must be back
    receipt: str = ""
    receipt_channel: str = ""
    version: int = 1


class NotReturned(StrEnum):
    """Why something cannot come back. Each has words for shoppers in both languages."""

    NOT_FOUND = "not_found"
    NOT_YET = "not_yet"  # it has not been handed over
    TOO_LATE = "too_late"
    ALREADY = "already"
    NOT_PAID_ONLINE = "not_paid_online"
    NO_SUCH_LINE = "no_such_line"
    SOLD_OUT = "sold_out"  # the size wanted instead
    NOT_THE_SAME = "not_the_same"  # an exchange is for the same product in another size or colour
    DEARER = "dearer"  # the difference is paid at a counter: not by post
    NO_STORE = "no_store"
    OVER = "over"  # the request has ended, or the thing is back already
