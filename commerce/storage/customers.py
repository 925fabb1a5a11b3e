"""Customers, their contacts, what they let us remember, and the ledger of their consent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, text, update

from commerce.domain.customer import Consent, Contact, Customer, FitMemory, Purpose
from commerce.domain.moments import from_us, to_us
from commerce.storage.prepared import Prepared
from commerce.storage.tables import consent, contact, customer, fit_memory
from commerce.storage.transaction import AnyRow, Transaction
from commerce.storage.words import keep_known, known_words

_BY_ID = Prepared(select(customer).where(customer.c.id == bindparam("customer_id")))
_BY_CONTACT = Prepared(
    select(customer)
    .join(contact, contact.c.customer_id == customer.c.id)
    .where(
        contact.c.channel == bindparam("channel"),
        contact.c.account == bindparam("account"),
        contact.c.address == bindparam("address"),
    )
)
_SEEN = Prepared(
    text(
        "UPDATE contact SET last_inbound_at_us = :at_us WHERE channel = :channel AND account = :account"
        " AND address = :address AND last_inbound_at_us < :at_us"
    )
)
_JOINED_INTO = Prepared(select(customer.c.joined_into).where(customer.c.id == bindparam("customer_id")))
_LAST_HEARD = Prepared(
    select(contact.c.channel, contact.c.account, contact.c.address, contact.c.last_inbound_at_us)
    .where(contact.c.customer_id == bindparam("of_customer"))
    .order_by(contact.c.last_inbound_at_us.desc(), contact.c.channel, contact.c.account, contact.c.address)
)
_CONSENT = Prepared(
    select(consent)
    .where(consent.c.customer_id == bindparam("of_customer"), consent.c.purpose == bindparam("asked_for"))
    .order_by(consent.c.id.desc())
    .limit(1)
)
_CAME_FROM = text("UPDATE customer SET came_from = :source WHERE id = :id AND came_from = ''")
_REMEMBER = text(
    "INSERT INTO fit_memory (customer_id, size_system, size, at_us) VALUES (:customer_id, :size_system, :size, :at_us)"
    " ON CONFLICT (customer_id, size_system) DO UPDATE SET size = excluded.size, at_us = excluded.at_us"
)


def _customer(row: AnyRow | None) -> Customer | None:
    if row is None:
        return None
    return Customer(row.id, row.name, row.language, from_us(row.created_at_us), row.came_from)


class SqlCustomers:
    """`commerce.ports.CustomerRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def get(self, customer_id: str) -> Customer | None:
        row = self._db.row(_BY_ID, {"customer_id": customer_id})
        return self.get(row.joined_into) if row is not None and row.joined_into else _customer(row)

    def by_contact(self, of: Contact) -> Customer | None:
        key = {"channel": of.channel, "account": of.account, "address": of.address}
        return _customer(self._db.row(_BY_CONTACT, key))

    def present_id(self, customer_id: str) -> str:
        # Links make no circles: whoever is joined to somebody can no longer be accepted into.
        while (row := self._db.row(_JOINED_INTO, {"customer_id": customer_id})) and row.joined_into:
            customer_id = row.joined_into
        return customer_id

    def add(self, new: Customer, first_contact: Contact, at: datetime) -> None:
        self._db.execute(
            insert(customer),
            {
                "id": new.id,
                "name": new.name,
                "language": new.language,
                "created_at_us": to_us(new.created_at),
                "came_from": new.came_from,
            },
        )
        self._db.execute(
            insert(contact),
            {
                "channel": first_contact.channel,
                "account": first_contact.account,
                "address": first_contact.address,
                "customer_id": new.id,
                "last_inbound_at_us": to_us(at),
            },
        )
        keep_known(self._db, new.id, known_words(new.name))

    def update(self, changed: Customer) -> None:
        self._db.execute(
            update(customer).where(customer.c.id == changed.id).values(name=changed.name, language=changed.language)
        )
        keep_known(self._db, changed.id, known_words(changed.name))

    def came_from(self, customer_id: str, source: str) -> None:
        self._db.execute(_CAME_FROM, {"id": customer_id, "source": source})

    def brought_by(self, customer_id: str, source: str) -> None:
        self._db.execute(update(customer).where(customer.c.id == customer_id).values(came_from=source))

    def seen(self, by: Contact, at: datetime) -> None:
        key = {"channel": by.channel, "account": by.account, "address": by.address}
        self._db.run(_SEEN, {**key, "at_us": to_us(at)})

    def contacts(self, customer_id: str) -> list[Contact]:
        return list(self.last_heard(customer_id))

    def last_heard(self, customer_id: str) -> dict[Contact, datetime]:
        rows = self._db.rows(_LAST_HEARD, {"of_customer": customer_id})
        return {Contact(channel, account, address): from_us(at_us) for channel, account, address, at_us in rows}

    def after(self, customer_id: str, limit: int) -> list[Customer]:
        rows = self._db.execute(
            select(customer)
            .where(customer.c.id > customer_id, customer.c.joined_into == "")
            .order_by(customer.c.id)
            .limit(limit)
        )
        return [found for row in rows if (found := _customer(row))]

    def fit(self, customer_id: str) -> dict[str, FitMemory]:
        rows = self._db.execute(
            select(fit_memory).where(fit_memory.c.customer_id == customer_id).order_by(fit_memory.c.size_system)
        )
        return {row.size_system: FitMemory(customer_id, row.size_system, row.size, from_us(row.at_us)) for row in rows}

    def remember_fit(self, memory: FitMemory) -> None:
        self._db.execute(
            _REMEMBER,
            {
                "customer_id": memory.customer_id,
                "size_system": memory.size_system,
                "size": memory.size,
                "at_us": to_us(memory.at),
            },
        )

    def forget_fit(self, customer_id: str) -> None:
        self._db.execute(delete(fit_memory).where(fit_memory.c.customer_id == customer_id))

    def add_consent(self, given: Consent) -> None:
        self._db.execute(
            insert(consent),
            {
                "customer_id": given.customer_id,
                "purpose": given.purpose.value,
                "channel": given.channel,
                "granted": given.granted,
                "wording": given.wording,
                "language": given.language,
                "source": given.source,
                "at_us": to_us(given.at),
            },
        )

    def consent(self, customer_id: str, purpose: Purpose) -> Consent | None:
        row = self._db.row(_CONSENT, {"of_customer": customer_id, "asked_for": purpose.value})
        if row is None:
            return None
        return Consent(
            customer_id=row.customer_id,
            purpose=Purpose(row.purpose),
            channel=row.channel,
            granted=row.granted,
            wording=row.wording,
            language=row.language,
            source=row.source,
            at=from_us(row.at_us),
        )
