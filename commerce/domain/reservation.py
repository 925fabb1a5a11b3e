"""Reservations: a thing held in a store without payment, until a clear time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from commerce.domain.money import Money
from commerce.errors import IllegalMove

ReasonT = TypeVar("ReasonT", bound=StrEnum)


class ReservationState(StrEnum):
    HELD = "held"  # new: stock is taken, the store has not looked yet
    PREPARING = "preparing"  # accepted by the store
    READY = "ready"
    COLLECTED = "collected"
    REJECTED = "rejected"  # the store cannot serve it
    CANCELLED = "cancelled"  # the shopper changed their mind
    EXPIRED = "expired"  # the time ran out before it was ready
    NO_SHOW = "no_show"  # it was ready and nobody came


# The table of legal moves; everything else raises IllegalMove.
MOVES: dict[ReservationState, frozenset[ReservationState]] = {
    ReservationState.HELD: frozenset(
        {
            ReservationState.PREPARING,
            ReservationState.READY,
            ReservationState.REJECTED,
            ReservationState.CANCELLED,
            ReservationState.EXPIRED,
        }
    ),
    ReservationState.PREPARING: frozenset(
        {ReservationState.READY, ReservationState.REJECTED, ReservationState.CANCELLED, ReservationState.EXPIRED}
    ),
    ReservationState.READY: frozenset(
        {
            ReservationState.COLLECTED,
            ReservationState.REJECTED,
            ReservationState.CANCELLED,
            ReservationState.NO_SHOW,
        }
    ),
    ReservationState.COLLECTED: frozenset(),
    ReservationState.REJECTED: frozenset(),
    ReservationState.CANCELLED: frozenset(),
    ReservationState.EXPIRED: frozenset(),
    ReservationState.NO_SHOW: frozenset(),
}

OPEN_STATES = frozenset(state for state, moves in MOVES.items() if moves)


def check_move(from_state: ReservationState, to_state: ReservationState) -> None:
    """Raises IllegalMove unless the table holds the move."""
    if to_state not in MOVES[from_state]:
        raise IllegalMove("reservation", from_state, to_state)


@dataclass(frozen=True, slots=True)
class ReservationLine:
    """What is held. `unit_price` is frozen at the moment of reserving."""

    variant_id: int
    quantity: int
    unit_price: Money
    hold_id: str


@dataclass(frozen=True, slots=True)
class Reservation:
    """`code` is shown by the shopper at the counter; it is never enough alone to find a reservation.

    `version` grows by one at every change: whoever acts says which version they saw.
    """

    id: str
    code: str
    customer_id: str
    store_id: str
    state: ReservationState
    lines: tuple[ReservationLine, ...]
    created_at: datetime
    expires_at: datetime
    extensions: int
    version: int
    source: str  # channel it came through

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


class NotHeld(StrEnum):
    """Why a reservation could not be placed. Each has words for shoppers in both languages."""

    SOLD_OUT = "sold_out"
    NO_SUCH_VARIANT = "no_such_variant"
    STORE_NOT_OPEN = "store_not_open"  # no opening hours within the horizon, or a pop-up that has gone
    STORE_PAUSED = "store_paused"  # takes no online orders for a while: `uow.pauses` says until when
    TOO_MANY_OPEN = "too_many_open"  # per-person cap on open reservations
    TOO_MANY_NO_SHOWS = "too_many_no_shows"  # they may order and pay
    QUANTITY = "quantity"


class NotChanged(StrEnum):
    """Why a reservation could not be cancelled or extended."""

    NOT_FOUND = "not_found"  # or somebody else's: the two look alike
    ALREADY_OVER = "already_over"
    ALREADY_EXTENDED = "already_extended"
    STORE_NOT_OPEN = "store_not_open"


@dataclass(frozen=True, slots=True)
class Refused(Generic[ReasonT]):
    """An expected failure: what could not be done and why."""

    reason: ReasonT


@dataclass(frozen=True, slots=True)
class ReservationEvent:
    """One line of a reservation's history."""

    at: datetime
    from_state: ReservationState | None
    to_state: ReservationState
    actor: str  # "shopper", "staff:<id>", "clock"
    note: str = ""
