"""What is kept of the disputes that banks open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from commerce.domain.dispute import Dispute


class DisputeRepository(Protocol):
    def add(self, dispute: Dispute) -> None:
        """StaleVersion when somebody has just added one of that provider's reference."""
        ...

    def by_reference(self, provider: str, reference: str) -> Dispute | None: ...

    def of_order(self, order_id: str) -> list[Dispute]:
        """Oldest first."""
        ...

    def update(self, dispute: Dispute) -> Dispute:
        """Writes state, money, reason and moments if the stored version is its version, with the next version; else
        StaleVersion. IllegalMove for a state that the stored one may not move to."""
        ...

    def blocks(self, attempt_id: str) -> bool:
        """Whether money of that attempt must not be given back now."""
        ...

    def lost_of(self, attempt_id: str) -> int:
        """What of that attempt's money was lost, in minor units."""
        ...

    def not_in_the_books(self, provider: str = "") -> list[Dispute]:
        """Lost ones, oldest first, of which the books have less than the bank took, though there is money of that
        payment left which nobody has asked back."""
        ...

    def open_among(self, order_ids: Iterable[str]) -> set[str]:
        """Those of the orders that have an open one."""
        ...
