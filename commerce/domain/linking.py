"""Two contacts, one person: linked by a one-time token, shown before it happens, and undone on request.

Never because of an e-mail address or a name that looks the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from commerce.domain.cart import MergedCart
from commerce.domain.customer import Contact, Customer

START = "c_"  # before a token in the parameter of a deep link: t.me/<bot>?start=c_<token>


class TokenPurpose(StrEnum):
    LINK = "link"  # makes two customers one
    CART = "cart"  # the same, and brings a cart along (deep link "c_<token>")


@dataclass(frozen=True, slots=True)
class LinkToken:
    """A one-time token. Only its keyed hash is stored. `note` tells where it was made ("catalogue:spring:4")."""

    digest: str
    purpose: TokenPurpose
    customer_id: str
    contact: Contact
    note: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


class NotLinked(StrEnum):
    UNKNOWN = "unknown"
    ALREADY_USED = "already_used"
    EXPIRED = "expired"
    SAME_CUSTOMER = "same_customer"  # it is this person already


@dataclass(frozen=True, slots=True)
class LinkPreview:
    """What would become one: shown before anything happens."""

    kept_id: str  # whoever accepts; '' while they have never said anything
    kept_name: str
    kept_channels: tuple[str, ...]
    joined_id: str  # whoever made the link
    joined_name: str
    joined_channels: tuple[str, ...]
    both_carts_filled: bool
    brings_cart: bool  # something is in the cart that would be brought along
    made_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class CustomerMerge:
    """A link that was made. `moved` is JSON of what belonged to the joined customer, so that it can be given back."""

    id: str
    kept_id: str
    joined_id: str
    at: datetime
    moved: str
    undone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Linked:
    """What became of it: one customer, one cart. `note` is the token's."""

    merge: CustomerMerge
    customer: Customer
    cart: MergedCart
    note: str


def chat_url(username: str, token: str) -> str:
    """Opens the conversation with the shop's Telegram bot, bringing the token."""
    return f"https://t.me/{username}?start={START}{token}"


def page_url(base_url: str, token: str) -> str:
    """Opens the page on which the token is looked at and accepted."""
    return f"{base_url}/link/{token}"
