"""What is offered in place of a thing that a store could not find: a few choices, each held for a short while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from commerce.domain.collecting import PickUpRef
from commerce.domain.customer import Contact
from commerce.domain.money import Money


class ChoiceKind(StrEnum):
    OTHER_STORE = "other_store"  # the very same thing, elsewhere
    LOOK_ALIKE = "look_alike"  # in the same store and size
    SHIPPED = "shipped"  # the very same thing, by parcel


class OfferState(StrEnum):
    """An offer ends once."""

    OPEN = "open"
    TAKEN = "taken"
    DECLINED = "declined"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class OfferLine:
    """A variant of a choice, held by `hold_id`. `unit_price` is frozen at the moment of the offer."""

    variant_id: int
    quantity: int
    unit_price: Money
    hold_id: str


@dataclass(frozen=True, slots=True)
class OfferChoice:
    """Everything that was wanted, held at `store_id`: the web's stock for a parcel."""

    position: int
    kind: ChoiceKind
    store_id: str
    lines: tuple[OfferLine, ...]

    @property
    def total(self) -> Money:
        return Money(
            sum(line.unit_price.minor * line.quantity for line in self.lines), self.lines[0].unit_price.currency
        )


@dataclass(frozen=True, slots=True)
class Offer:
    """`taken` is the position of the choice that was made. While such an offer is open, its parcel is on the way
    through the checkout."""

    id: str
    customer_id: str
    contact: Contact
    instead_of: PickUpRef
    choices: tuple[OfferChoice, ...]
    state: OfferState
    created_at: datetime
    expires_at: datetime
    taken: int | None = None

    @property
    def is_open(self) -> bool:
        return self.state is OfferState.OPEN

    @property
    def left(self) -> tuple[OfferChoice, ...]:
        """What is still to be had of it: all of it until a choice is made."""
        if not self.is_open:
            return ()
        return tuple(choice for choice in self.choices if self.taken in (None, choice.position))

    @property
    def chosen(self) -> OfferChoice | None:
        return next((choice for choice in self.choices if choice.position == self.taken), None)


class NotTaken(StrEnum):
    """Why a choice could not be had any more."""

    NOT_FOUND = "not_found"
    OVER = "over"  # its time is up, or something else was chosen
    GONE = "gone"  # a hold was lost: a till sold the unit
    TOO_MANY = "too_many"  # reservations: one person may have no more
    NO_ADDRESS = "no_address"  # a parcel for an order that is paid: where to is to be said first
    NO_DELIVERY_THERE = "no_delivery_there"
    CART = "cart"  # the cart takes nothing more, or nothing in this currency


@dataclass(frozen=True, slots=True)
class Wanted:
    """What could not be served: `unit_price` is what was promised for it."""

    variant_id: int
    quantity: int
    unit_price: Money
