"""Who the shop knows, where they write from, their sizes and what they agreed to."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from commerce.domain.customer import Consent, Contact, Customer, FitMemory, Purpose


class CustomerRepository(Protocol):
    def get(self, customer_id: str) -> Customer | None:
        """The customer whose id this is now: of one that was linked to another, the other."""
        ...

    def by_contact(self, contact: Contact) -> Customer | None: ...

    def present_id(self, customer_id: str) -> str:
        """Who this customer is by now: somebody else after a link, else the very same."""
        ...

    def add(self, customer: Customer, contact: Contact, at: datetime) -> None: ...

    def update(self, customer: Customer) -> None: ...

    def came_from(self, customer_id: str, source: str) -> None:
        """What brought them: the first answer stays."""
        ...

    def brought_by(self, customer_id: str, source: str) -> None:
        """The same, whatever was known before: two became one, or one became two again."""
        ...

    def seen(self, contact: Contact, at: datetime) -> None:
        """The contact wrote to us: opens the reply window of channels that have one."""
        ...

    def contacts(self, customer_id: str) -> list[Contact]: ...

    def last_heard(self, customer_id: str) -> dict[Contact, datetime]:
        """When each of their contacts wrote to us last, the newest first."""
        ...

    def after(self, customer_id: str, limit: int) -> list[Customer]:
        """Customers with a larger id, by id: for walking through all of them. Whoever was joined to somebody else is
        that other one, and not in it."""
        ...

    def fit(self, customer_id: str) -> dict[str, FitMemory]:
        """By size system."""
        ...

    def remember_fit(self, memory: FitMemory) -> None: ...

    def forget_fit(self, customer_id: str) -> None: ...

    def add_consent(self, consent: Consent) -> None: ...

    def consent(self, customer_id: str, purpose: Purpose) -> Consent | None:
        """The latest answer, or None when never asked."""
        ...
