"""What people did that says what else they may like: the repository behind recommendations."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from commerce.domain.lookbook import Lookbook
from commerce.domain.recommending import Looked


class TasteRepository(Protocol):
    """Reads, and forgets. Products that are no longer sold may be among the answers."""

    def looked_at(self, customer_id: str, since: datetime, limit: int) -> list[Looked]:
        """Pages and products, the newest first."""
        ...

    def forget(self, customer_id: str) -> int:
        """Takes this customer off everything that they looked at: it goes on counting. Returns how much it was."""
        ...

    def leads_to(self, book: Lookbook, pages: Collection[int]) -> dict[int, tuple[int, ...]]:
        """By page: the products to which the published version leads, the largest place first."""
        ...

    def beside(self, product_ids: Collection[int], limit: int) -> list[tuple[int, int]]:
        """(one of them, another product that is on the same page of a published catalogue), newest catalogue first."""
        ...

    def bought_with(
        self, product_ids: Collection[int], since: datetime, *, but: str, people: int, limit: int
    ) -> list[tuple[int, int, int]]:
        """(one of them, another product, how many people had both in one order): at least `people` other than the
        customer `but`, the most first."""
        ...

    def best_sellers(self, since: datetime, *, orders: int, people: int, limit: int) -> list[int]:
        """Products that at least `people` different customers ordered and kept, most customers first. Counted are the
        latest `orders` of them, so that it costs as much in a large shop as in a small one."""
        ...

    def newest(self, limit: int) -> list[int]:
        """Products that came last, the newest first."""
        ...
