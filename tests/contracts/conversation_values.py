"""People who say something, on one channel and on two."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from commerce.domain.customer import Contact, Customer
from commerce.domain.linking import CustomerMerge
from commerce.domain.mail import Direction
from commerce.ports import Storage, UnitOfWork
from tests.contracts.selling_values import LEA_PERSON
from tests.contracts.storage_values import NOW

LEA_ON_THE_WEB = Contact("webchat", "web", "chat-lea")
MINUTE = timedelta(minutes=1)


def said(storage: Storage, contact: Contact, text: str, at: datetime = NOW, direction: Direction = Direction.IN) -> int:
    body = json.dumps({"text": text}, ensure_ascii=False)

    def work(uow: UnitOfWork) -> int:
        if direction is Direction.IN:
            uow.customers.seen(contact, at)
        return uow.threads.add(contact, direction, body, at)

    return storage.write(work)


def also_on_the_web(storage: Storage) -> None:
    """Léa has written from the web chat, and both are one person."""
    web = Customer("e" * 32, "", "fr", NOW)
    storage.write(lambda uow: uow.customers.add(web, LEA_ON_THE_WEB, NOW))

    def link(uow: UnitOfWork) -> None:
        uow.links.add_merge(CustomerMerge("m1", LEA_PERSON.id, web.id, NOW, uow.links.join(LEA_PERSON.id, web.id)))

    storage.write(link)
