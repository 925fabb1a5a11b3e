"""Customers, the contacts through which they reach us, and what they let us remember."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

# At the end of an address: a lane of its own for what a vendor waits for; and for what must not hold up anybody else.
URGENT, ASIDE = "#pay", "#paid"


@dataclass(frozen=True, slots=True)
class Contact:
    """One address of one person on one channel: the unit of order ("lane") for messages in and out.

    `account` is our own side (which bot, which number); `address` is theirs (chat id, phone, session).
    """

    channel: str
    account: str
    address: str

    @property
    def lane(self) -> str:
        return f"{self.channel}:{self.account}:{self.address}"

    @property
    def urgent(self) -> Contact:
        """The lane beside this contact's that is worked on before all others: nothing said in the chat holds it up."""
        return replace(self, address=self.plain.address + URGENT)

    @property
    def aside(self) -> Contact:
        """The lane beside this contact's in which a row that is tried again for an hour holds up no conversation."""
        return replace(self, address=self.plain.address + ASIDE)

    @property
    def plain(self) -> Contact:
        """The contact itself, whichever of its lanes this is."""
        return replace(self, address=self.address.removesuffix(URGENT).removesuffix(ASIDE))


@dataclass(frozen=True, slots=True)
class Customer:
    """One person, however many contacts they have. `language` is the last they used ('' until known)."""

    id: str
    name: str
    language: str
    created_at: datetime
    came_from: str = ""  # the first thing that is known to have brought them: "catalogue:<id>:4", "link:<code>"


class Purpose(StrEnum):
    """What a consent is for."""

    REMEMBER_SIZES = "remember_sizes"
    MARKETING = "marketing"
    RECOMMENDING = "recommending"  # remembering what somebody looks at, and suggesting from what they do


@dataclass(frozen=True, slots=True)
class Consent:
    """One entry of the append-only ledger: the exact words that were shown, and the answer."""

    customer_id: str
    purpose: Purpose
    channel: str
    granted: bool
    wording: str
    language: str
    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FitMemory:
    """The size somebody takes in a size system (lexicon: letters, eu_clothing, eu_shoes, waist…)."""

    customer_id: str
    size_system: str
    size: str
    at: datetime
