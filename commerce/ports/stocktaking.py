"""The record of the shelves: who holds what, every movement, and what tills and feeds say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from commerce.domain.stock import MovementReason
from commerce.domain.stocktaking import HeldFor, StockDifference, StockMovement, TillCount


class StockRecordRepository(Protocol):
    def knows(self, variant_id: int, store_id: str, reason: MovementReason, reference: str) -> bool:
        """Whether this shelf has moved for this reason under this reference."""
        ...

    def held_for(self, variant_id: int, store_id: str) -> list[HeldFor]:
        """Active holds of open reservations and of orders that nobody has paid, the youngest first."""
        ...

    def movements(
        self, variant_id: int, store_id: str = "", *, before_id: int | None = None, limit: int = 50
    ) -> list[StockMovement]:
        """Newest first."""
        ...

    def note_count(self, count: TillCount, variant_id: int, store_id: str) -> bool:
        """Remembers a till's count; False when a newer one, or this one, is known already."""
        ...

    def counted_at(self, source: str, variant_id: int, store_id: str) -> datetime | None:
        """The moment of the count noted last."""
        ...

    def moved_by(self, actor: str, variant_id: int, store_id: str, since: datetime) -> int:
        """What this actor has moved after that moment, counts left aside: it is not in a count of that moment."""
        ...

    def count_applied(self, source: str, variant_id: int, store_id: str) -> None:
        """The count noted last is what the shelf says now: movements after this moment explain later differences."""
        ...

    def name_till(self, source: str, kind: str, names: Iterable[tuple[str, str]]) -> int:
        """What a till calls our things (`kind` "item") and stores ("store"): (theirs, ours). How many were new."""
        ...

    def ours(self, source: str, kind: str, theirs: str) -> str:
        """Our SKU or store id for a till's name of it; the name itself where nothing else was said."""
        ...

    def differences(self, store_id: str = "", limit: int = 1000) -> list[StockDifference]:
        """Where the last feed or a till says another number than we do, by shelf."""
        ...
