"""How one row of the outbox is brought to its vendor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork


@dataclass(frozen=True, slots=True)
class Delivery:
    """`call` brings it there and returns the vendor's ids; it raises as `Channel.send` does, and may be called again.
    `sent` is written in the transaction that ends the row."""

    call: Callable[[], str]
    sent: Callable[[UnitOfWork, str], None]
