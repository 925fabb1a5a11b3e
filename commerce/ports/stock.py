"""What lies in which store, and what is held or reserved there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from commerce.domain.customer import Contact
from commerce.domain.reservation import Reservation, ReservationEvent, ReservationState
from commerce.domain.stock import MovementReason, StockHold, StockLevel
from commerce.domain.store import Store


class StoreRepository(Protocol):
    def all(self) -> list[Store]: ...

    def get(self, store_id: str) -> Store | None: ...

    def put(self, store: Store) -> None: ...


class StockRepository(Protocol):
    """Levels and holds. Every change is one guarded statement plus its movement row."""

    def levels(self, variant_ids: Iterable[int], store_id: str | None = None) -> list[StockLevel]: ...

    def take(
        self,
        hold_id: str,
        lines: Sequence[tuple[int, int]],
        store_id: str,
        owner: str,
        expires_at: datetime,
        at: datetime,
    ) -> list[StockHold] | None:
        """Holds (variant_id, quantity) lines at one store, all or nothing; quantities are summed per variant and taken
        in key order by conditional updates. None when any of them is short: then nothing at all was changed.
        Hold ids are `hold_id` for one line, derived for more."""
        ...

    def hold(self, hold_id: str) -> StockHold | None: ...

    def extend(self, hold_id: str, expires_at: datetime) -> bool: ...

    def release(self, hold_id: str, reason: MovementReason, at: datetime, *, expired: bool = False) -> bool:
        """Gives an active hold back once; False when it was over already."""
        ...

    def consume(self, hold_id: str, reason: MovementReason, at: datetime) -> bool:
        """The held units leave the shop: on_hand and held fall together, once."""
        ...

    def locked(self, variant_id: int, store_id: str) -> StockLevel | None:
        """The level, which nobody else can change until this transaction ends. None: never stocked there."""
        ...

    def adjust(
        self,
        variant_id: int,
        store_id: str,
        change: int,
        reason: MovementReason,
        reference: str,
        at: datetime,
        *,
        actor: str = "",
        note: str = "",
    ) -> bool:
        """Adds to on_hand (negative: removes). False when it would go below what is held, or the reference is known."""
        ...

    def set_on_hand(
        self,
        variant_id: int,
        store_id: str,
        on_hand: int,
        reason: MovementReason,
        at: datetime,
        *,
        reference: str = "",
        actor: str = "",
        note: str = "",
    ) -> StockLevel:
        """A count or a feed says how many there are. Held units stay held: on_hand never falls below held.

        A known reference changes nothing; a new one leaves a movement even where the number was right.
        """
        ...

    def set_safety(self, variant_id: int, store_id: str, safety: int, at: datetime) -> StockLevel:
        """Units kept back from online shoppers."""
        ...


class ReservationRepository(Protocol):
    def add(self, reservation: Reservation, contact: Contact, event: ReservationEvent) -> None: ...

    def get(self, reservation_id: str) -> Reservation | None: ...

    def contact_of(self, reservation_id: str) -> Contact | None: ...

    def of_customer(self, customer_id: str, *, only_open: bool) -> list[Reservation]:
        """Newest first."""
        ...

    def move(
        self,
        reservation: Reservation,
        to_state: ReservationState,
        event: ReservationEvent,
        *,
        expires_at: datetime | None = None,
        extensions: int | None = None,
    ) -> Reservation:
        """Writes the move if the stored version is `reservation.version`, else raises StaleVersion.

        `to_state` may be the present state (an extension); any other pair must be in the table of moves.
        """
        ...

    def due(self, now: datetime, limit: int) -> list[Reservation]:
        """Open reservations whose time is over."""
        ...

    def events(self, reservation_id: str) -> list[ReservationEvent]: ...
