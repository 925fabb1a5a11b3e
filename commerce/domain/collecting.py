"""Things that people come for: reservations and orders on their way over the counter, as the store sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from commerce.domain.localtext import LocalText
from commerce.domain.money import Money
from commerce.domain.order import OrderState
from commerce.domain.reservation import Refused, ReservationState

WAITS_AT_MOST = timedelta(hours=1)  # after that they have gone, or were served without a word


class PickUpKind(StrEnum):
    RESERVATION = "reservation"  # nothing is paid
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class PickUpRef:
    """Names one thing to be collected."""

    kind: PickUpKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.id}"


class Stage(StrEnum):
    """How far it is. The states are the reservation's or the order's own; that a store has accepted it is a fact of the
    counter (`PickUpDetails.accepted_at`)."""

    NEW = "new"
    ACCEPTED = "accepted"
    PREPARING = "preparing"
    READY = "ready"
    HANDED = "handed"
    REJECTED = "rejected"
    EXPIRED = "expired"  # or nobody came
    CANCELLED = "cancelled"


# What staff may make of each; everything else is refused. Handing over needs the code as well.
STAGE_MOVES: dict[Stage, frozenset[Stage]] = {
    Stage.NEW: frozenset({Stage.ACCEPTED, Stage.PREPARING, Stage.READY, Stage.REJECTED}),
    Stage.ACCEPTED: frozenset({Stage.PREPARING, Stage.READY, Stage.REJECTED}),
    Stage.PREPARING: frozenset({Stage.READY, Stage.REJECTED}),
    Stage.READY: frozenset({Stage.HANDED, Stage.REJECTED}),
    Stage.HANDED: frozenset(),
    Stage.REJECTED: frozenset(),
    Stage.EXPIRED: frozenset(),
    Stage.CANCELLED: frozenset(),
}
OPEN_STAGES = frozenset(stage for stage, moves in STAGE_MOVES.items() if moves)

_RESERVATION = {
    ReservationState.HELD: Stage.NEW,
    ReservationState.PREPARING: Stage.PREPARING,
    ReservationState.READY: Stage.READY,
    ReservationState.COLLECTED: Stage.HANDED,
    ReservationState.REJECTED: Stage.REJECTED,
    ReservationState.CANCELLED: Stage.CANCELLED,
    ReservationState.EXPIRED: Stage.EXPIRED,
    ReservationState.NO_SHOW: Stage.EXPIRED,
}
_ORDER = {
    OrderState.PLACED: Stage.NEW,
    OrderState.PAID: Stage.NEW,
    OrderState.PREPARING: Stage.PREPARING,
    OrderState.READY: Stage.READY,
    OrderState.COMPLETED: Stage.HANDED,
    OrderState.CANCELLED: Stage.CANCELLED,
    OrderState.EXPIRED: Stage.EXPIRED,
    OrderState.REFUND_PENDING: Stage.CANCELLED,
    OrderState.REFUNDED: Stage.CANCELLED,
}


def stage_of(state: ReservationState | OrderState, *, accepted: bool) -> Stage | None:
    """None for an order that is not the counter's business (not paid yet, on its way by parcel)."""
    stage = _RESERVATION[state] if isinstance(state, ReservationState) else _ORDER.get(state)
    return Stage.ACCEPTED if stage is Stage.NEW and accepted else stage


@dataclass(frozen=True, slots=True)
class PickUpDetails:
    """What the counter knows beside the reservation or order itself. Nothing is known of most.

    `proxy`: who comes in the shopper's place. `vehicle`, `spot`, `arrived_at`: they wait outside. `slot_at`: the hour
    they chose. `reminded`: the reminders that were sent ("3h", "30min", "24h").
    """

    ref: PickUpRef
    store_id: str
    accepted_at: datetime | None = None
    accepted_by: str = ""
    proxy: str = ""
    coming_at: datetime | None = None  # when they said that they are on their way
    vehicle: str = ""
    spot: str = ""
    arrived_at: datetime | None = None
    slot_at: datetime | None = None
    reminded: tuple[str, ...] = ()

    def is_waiting(self, now: datetime) -> bool:
        """They stand there: for a while nothing runs out under their feet."""
        return self.arrived_at is not None and now < self.arrived_at + WAITS_AT_MOST


@dataclass(frozen=True, slots=True)
class PickUpLine:
    variant_id: int
    product_id: int
    title: LocalText
    sku: str
    colour: str  # as the lexicon calls it, or in the words of the feed
    size: str
    quantity: int
    picture_key: str = ""


@dataclass(frozen=True, slots=True)
class PickUpMoment:
    """One line of its history."""

    at: datetime
    what: str  # a Stage's value, or "extended", "proxy", "coming", "arrived", …
    actor: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class PickUp:
    """A card of the board. Whoever acts on it says which `version` they saw."""

    ref: PickUpRef
    version: int
    stage: Stage
    store_id: str
    customer_id: str
    customer_name: str  # '' until known
    language: str
    code: str
    number: int  # of an order; 0 for a reservation
    source: str
    channel: str
    lines: tuple[PickUpLine, ...]
    total: Money
    due_minor: int  # still to be paid at the counter
    created_at: datetime
    expires_at: datetime | None  # of what nobody has paid yet
    details: PickUpDetails

    @property
    def is_open(self) -> bool:
        return self.stage in OPEN_STAGES


class NotMoved(StrEnum):
    """Why staff could not move something on. Each has words for them in both languages."""

    NOT_FOUND = "not_found"  # or of a store that is not theirs: the two look alike
    STALE = "stale"  # somebody else was faster: they see what it is now
    OVER = "over"
    NOT_POSSIBLE = "not_possible"  # not from where it is


@dataclass(frozen=True, slots=True)
class NotMovedOn(Refused[NotMoved]):
    """`now`: what it is by then, for whoever saw something older; None for what is not theirs to see."""

    now: PickUp | None = None


class RejectReason(StrEnum):
    """Why a store cannot serve something. Those of SHELF_WAS_WRONG lower the stock that we believed in."""

    NOT_FOUND = "not_found"
    DAMAGED = "damaged"
    SOLD = "sold"
    STORE_CLOSES = "store_closes"  # before anybody can come
    OTHER = "other"


SHELF_WAS_WRONG = frozenset({RejectReason.NOT_FOUND, RejectReason.DAMAGED, RejectReason.SOLD})


@dataclass(frozen=True, slots=True)
class CollectingRules:
    """How a store hands over. `slot_capacity` 0: people come when they like; else so many an hour-slot of
    `slot_minutes`. `prep_minutes`: the least time between ordering and coming."""

    store_id: str
    slot_minutes: int = 60
    slot_capacity: int = 0
    prep_minutes: int = 0
    curbside: bool = True


@dataclass(frozen=True, slots=True)
class Slot:
    """`left`: how many more may come then."""

    starts_at: datetime
    ends_at: datetime
    left: int


class NotCollecting(StrEnum):
    """Why what a shopper said about their coming could not be noted."""

    NOT_FOUND = "not_found"
    OVER = "over"
    NOT_READY = "not_ready"
    NO_CURBSIDE = "no_curbside"
    SLOT_FULL = "slot_full"
    NO_SLOTS = "no_slots"
