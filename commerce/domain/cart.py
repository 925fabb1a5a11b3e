"""The cart: one a customer, the same on every door, and what was decided about its checkout so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

MAX_LINES = 50
MAX_QUANTITY = 20


class Fulfilment(StrEnum):
    DELIVERY = "delivery"
    PICKUP = "pickup"


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where a parcel goes. `country` is ISO 3166 alpha-2."""

    name: str
    line1: str
    postcode: str
    city: str
    country: str
    line2: str = ""


@dataclass(frozen=True, slots=True)
class CheckoutDraft:
    """What the shopper has said about the checkout of this cart, on whatever door. Kept with the cart."""

    name: str = ""
    email: str = ""
    phone: str = ""
    fulfilment: Fulfilment | None = None
    store_id: str = ""  # where it is collected
    address: PostalAddress | None = None
    provider: str = ""
    terms_accepted: bool = False


@dataclass(frozen=True, slots=True)
class CartLine:
    """`saved`: put aside for later, not part of the total. `source` says where it was added ("catalogue:spring:4")."""

    variant_id: int
    quantity: int
    saved: bool
    source: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Cart:
    """`version` grows with every change; two doors that change different lines both win."""

    id: str
    customer_id: str
    version: int
    lines: tuple[CartLine, ...]
    coupon: str
    draft: CheckoutDraft
    updated_at: datetime

    @property
    def wanted(self) -> tuple[CartLine, ...]:
        return tuple(line for line in self.lines if not line.saved)

    @property
    def saved(self) -> tuple[CartLine, ...]:
        return tuple(line for line in self.lines if line.saved)

    @property
    def came_from(self) -> str:
        """What brought its newest thing that something brought: a page of a catalogue, a link; else ''."""
        lines = sorted(self.wanted, key=lambda each: each.added_at, reverse=True)
        return next((each.source for each in lines if ":" in each.source), "")


class NotInCart(StrEnum):
    """Why something could not be put into the cart. Each has words for shoppers in both languages."""

    NO_SUCH_VARIANT = "no_such_variant"
    SOLD_OUT = "sold_out"
    QUANTITY = "quantity"
    FULL = "full"
    OTHER_CURRENCY = "other_currency"


class MergeChoice(StrEnum):
    """What happens when two carts with something in them become one person's."""

    KEEP_BOTH = "both"
    ONLY_THIS = "this"  # the cart that was brought along; the other's lines are saved for later
    SAVE_FOR_LATER = "later"  # the cart that was brought along is saved for later


@dataclass(frozen=True, slots=True)
class MergedCart:
    """What a merge did: nothing is ever lost."""

    cart: Cart
    added: tuple[CartLine, ...] = field(default=())
    saved: tuple[CartLine, ...] = field(default=())
