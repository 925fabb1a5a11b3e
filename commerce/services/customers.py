"""Customers: recognised by the contact they write from, and remembered as far as they agree."""

from __future__ import annotations

from dataclasses import replace

from commerce.domain.customer import Consent, Contact, Customer, FitMemory, Purpose
from commerce.domain.product import Product
from commerce.lexicon import Lexicon
from commerce.ports import Clock, Ids, UnitOfWork

_LONGEST_NAME = 120


class Customers:
    """All verbs belong to the caller's unit of work."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock, self._ids = clock, ids

    def recognise(self, uow: UnitOfWork, contact: Contact, *, name: str = "", language: str = "") -> Customer:
        """The customer behind a contact, made at the first one; keeps the last name and language that were given."""
        now = self._clock.now()
        name = " ".join(name.split())[:_LONGEST_NAME]
        known = uow.customers.by_contact(contact)
        if known is None:
            known = Customer(self._ids.new_id(), name, language, now)
            uow.customers.add(known, contact, now)
            return known
        uow.customers.seen(contact, now)
        current = replace(known, name=name or known.name, language=language or known.language)
        if current != known:
            uow.customers.update(current)
        return current

    def may_remember(self, uow: UnitOfWork, customer_id: str) -> bool | None:
        """The answer about remembering sizes; None when it was never asked."""
        consent = uow.customers.consent(customer_id, Purpose.REMEMBER_SIZES)
        return None if consent is None else consent.granted

    def sizes(self, uow: UnitOfWork, customer_id: str) -> dict[str, str]:
        """Size by size system; empty without consent."""
        if not self.may_remember(uow, customer_id):
            return {}
        return {system: memory.size for system, memory in uow.customers.fit(customer_id).items()}

    def remember_size(
        self,
        uow: UnitOfWork,
        customer_id: str,
        size_system: str,
        size: str,
        *,
        wording: str,
        language: str,
        channel: str,
    ) -> None:
        """The shopper said yes to `wording`: the answer goes into the ledger, the size into memory."""
        if not self.may_remember(uow, customer_id):
            self._answer(uow, customer_id, granted=True, wording=wording, language=language, channel=channel)
        uow.customers.remember_fit(FitMemory(customer_id, size_system, size, self._clock.now()))

    def decline_memory(self, uow: UnitOfWork, customer_id: str, *, wording: str, language: str, channel: str) -> None:
        """The shopper said no; nothing that was remembered survives it."""
        self._answer(uow, customer_id, granted=False, wording=wording, language=language, channel=channel)
        uow.customers.forget_fit(customer_id)

    def forget_sizes(self, uow: UnitOfWork, customer_id: str, *, wording: str, language: str, channel: str) -> None:
        """« Oublie ma taille » : the same as a no, in the shopper's own words."""
        self.decline_memory(uow, customer_id, wording=wording, language=language, channel=channel)

    def _answer(
        self, uow: UnitOfWork, customer_id: str, *, granted: bool, wording: str, language: str, channel: str
    ) -> None:
        uow.customers.add_consent(
            Consent(
                customer_id=customer_id,
                purpose=Purpose.REMEMBER_SIZES,
                channel=channel,
                granted=granted,
                wording=wording,
                language=language,
                source="conversation",
                at=self._clock.now(),
            )
        )


def size_system(lexicon: Lexicon, product: Product) -> str:
    """The system in which the product's sizes are counted; a category of the shop's own counts for itself."""
    try:
        return lexicon.category(product.category).sizes
    except KeyError:
        return f"category:{product.category}"[:32]
