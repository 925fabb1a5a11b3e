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
class OfferChoice:
    """`store_id` is where its unit is held by `hold_id`: the web's stock for a parcel."""

    position: int
    kind: ChoiceKind
    variant_id: int
    store_id: str
    quantity: int
    unit_price: Money
    hold_id: str


@dataclass(frozen=True, slots=True)
class Offer:
    id: str
    customer_id: str
    contact: Contact
    instead_of: PickUpRef
    choices: tuple[OfferChoice, ...]
    state: OfferState
    created_at: datetime
    expires_at: datetime
    taken: int | None = None  # the position of the choice


class NotTaken(StrEnum):
    """Why a choice could not be had any more."""

    NOT_FOUND = "not_found"
    OVER = "over"  # its time is up, or something else was chosen
    GONE = "gone"  # a hold was lost: a till sold the unit
