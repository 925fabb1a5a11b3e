"""What a cart would cost now: read at the moment of asking, the same on every door, taken as it is by checkout."""

from __future__ import annotations

from dataclasses import dataclass

from commerce.domain.cart import Cart
from commerce.domain.money import Money
from commerce.domain.order import NotOrdered
from commerce.domain.pricing import Totals
from commerce.domain.product import Product, Variant
from commerce.domain.promotion import NotApplied, Promotion


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A line that can be priced. `available`: units for this person where the order would come from (their own holds
    count as theirs); None while nobody has said where. `prior_price`: the lowest of the 30 days before a cut."""

    product: Product
    variant: Variant
    quantity: int
    unit_price: Money
    prior_price: Money | None
    available: int | None

    @property
    def is_short(self) -> bool:
        return self.available is not None and self.available < self.quantity


@dataclass(frozen=True, slots=True)
class Quote:
    """`totals` None: nothing to price. `gone`: variants in the cart that are no longer sold. `missing`: what must be
    said or changed before it can be ordered, in the order in which to ask. `store_id`: where the units would come
    from ('' while unknown)."""

    cart: Cart
    lines: tuple[QuotedLine, ...]
    saved: tuple[QuotedLine, ...]
    gone: tuple[int, ...]
    totals: Totals | None
    promotion: Promotion | None
    not_applied: NotApplied | None
    store_id: str
    missing: tuple[NotOrdered, ...]

    @property
    def can_be_ordered(self) -> bool:
        return not self.missing
