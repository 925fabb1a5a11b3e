"""People who have written to the shop: what the inbox shows."""

from __future__ import annotations

import json
from datetime import timedelta

from commerce.clock import ManualClock
from commerce.domain.conversation import CannedReply, HandoffReason, Matter, Need
from commerce.domain.customer import Contact, Customer
from commerce.domain.linking import CustomerMerge
from commerce.domain.localtext import LocalText
from commerce.domain.mail import Direction
from commerce.ports import UnitOfWork
from commerce.services.photos import SUFFIX
from commerce.wiring import Shop

LEA_CHAT = Contact("webchat", "web", "a" * 32)
LEA_TELEGRAM = Contact("telegram", "7000", "1001")
SAM_TELEGRAM = Contact("telegram", "7000", "1002")
ON_WHATSAPP = Contact("whatsapp", "33400000000", "33612345678")
HOURS = CannedReply(
    "c0ffee",
    "Opening hours",
    LocalText(
        {
            "fr": "Bonjour {name}, {store} est ouvert {hours}.",
            "en": "Hello {name}, {store} is open {hours}.",
        }
    ),
    1,
)
PARCEL = CannedReply("c1", "Parcel", LocalText({"fr": "Votre commande {order}", "en": "Your order {order}"}), 2)


def says(shop: Shop, contact: Contact, text: str, *, photo: bytes = b"", name: str = "", language: str = "fr") -> int:
    """As the worker stores it; when somebody of the team speaks, they are waited for."""
    key = shop.photos.put(contact, [photo])[0] if photo else ""
    body: dict[str, object] = {"event_id": "e1", "sent_at": shop.clock.now().isoformat(), "text": text}
    if key:
        assert key.endswith(SUFFIX)
        body |= {"media": [{"locator": "x"}], "photo_key": key}

    def work(uow: UnitOfWork) -> int:
        customer = shop.customers.recognise(uow, contact, name=name, language=language)
        entry_id = uow.threads.add(contact, Direction.IN, json.dumps(body, ensure_ascii=False), shop.clock.now())
        if shop.handoff.is_silent(uow, contact):
            shop.handoff.heard(uow, customer.id, entry_id)
        return entry_id

    return shop.storage.write(work)


def bot_says(shop: Shop, contact: Contact, text: str, **more: object) -> int:
    body = json.dumps({"text": text, "language": "fr", **more}, ensure_ascii=False)
    return shop.storage.write(lambda uow: uow.threads.add(contact, Direction.OUT, body, shop.clock.now()))


def customer_of(shop: Shop, contact: Contact) -> Customer:
    with shop.storage.read() as uow:
        found = uow.customers.by_contact(contact)
    assert found is not None
    return found


def lea_asks(shop: Shop, clock: ManualClock, *, photo: bytes = b"") -> Customer:
    """Léa has the wrong colour: on the web chat first, cut off, then on Telegram. She waits for a person."""
    says(shop, LEA_TELEGRAM, "bonjour", name="Léa")
    says(shop, LEA_CHAT, "j’ai reçu la mauvaise couleur, pas d’étiquette de retour", photo=photo, name="Léa")
    lea, web = customer_of(shop, LEA_TELEGRAM), customer_of(shop, LEA_CHAT)

    def link(uow: UnitOfWork) -> None:
        uow.links.add_merge(CustomerMerge("m1", lea.id, web.id, clock.now(), uow.links.join(lea.id, web.id)))

    shop.storage.write(link)
    bot_says(shop, LEA_CHAT, "Je peux vous aider :", buttons=[{"label": "Échanger", "action": "x"}])
    need = Need(HandoffReason.ASKED, Matter.RETURNS, words="j’ai reçu la mauvaise couleur")
    shop.storage.write(lambda uow: shop.handoff.wanted(uow, lea, need))
    clock.advance(timedelta(minutes=3))
    says(shop, LEA_TELEGRAM, "on a été coupés")
    return lea


def canned(shop: Shop) -> None:
    for reply in (HOURS, PARCEL):
        shop.storage.write(lambda uow, reply=reply: uow.conversations.put_canned(reply))
