"""News of an order for whoever placed it: rows of the outbox, in the transaction that caused them."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum

from commerce.domain.collecting import PickUpKind, PickUpRef
from commerce.domain.customer import Contact
from commerce.domain.mail import OutboundMessage
from commerce.domain.order import Order
from commerce.domain.payment import PaymentAttempt
from commerce.ports import UnitOfWork
from commerce.services.alerting import pick_up_changed


class OrderNews(StrEnum):
    """Kinds of notices; the conversation layer has the words, with the order's number: saying one twice is no harm."""

    READY_TO_PAY = "payment_ready"
    PAYMENT_FAILED = "payment_failed"
    PLACED = "order_placed"  # to be paid at the counter
    PAID = "order_paid"
    LATE_MONEY = "order_late_money"
    EXPIRED = "order_expired"
    MOVED = "order_moved"
    REFUND_DONE = "refund_done"


# Where nobody can be written to: staff spoke with the person, or another shop did.
SPOKEN = frozenset({"phone", "counter", "marketplace"})
_ASKED_FROM = "asked_to_pay:"


def ask_from(uow: UnitOfWork, attempt: PaymentAttempt, contact: Contact) -> None:
    """Where to pay this attempt is to be told there: the shopper asked for it in another chat than they ordered in."""
    kept = json.dumps([contact.channel, contact.account, contact.address])
    uow.state.put(_ASKED_FROM + attempt.id, kept, attempt.expires_at)


def asked_from(uow: UnitOfWork, attempt_id: str, at: datetime) -> Contact | None:
    kept = uow.state.get(_ASKED_FROM + attempt_id, at)
    return Contact(*json.loads(kept)) if kept else None


def tell(
    uow: UnitOfWork, order: Order, news: OrderNews, at: datetime, contact: Contact | None = None, **facts: object
) -> None:
    """Puts it into the lane of the order's contact (looked up unless it is known), if that is one that can be written
    to; the counter hears too."""
    if order.pickup_code:
        pick_up_changed(uow, PickUpRef(PickUpKind.ORDER, order.id), order.store_id, at)
    contact = contact or uow.orders.contact_of(order.id)
    if contact is not None and contact.channel not in SPOKEN:
        body = json.dumps({"order_id": order.id, **facts})
        uow.outbox.add(OutboundMessage(contact, news.value, body), at)
