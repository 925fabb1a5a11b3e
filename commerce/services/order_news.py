"""News of an order for whoever placed it: rows of the outbox, in the transaction that caused them."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum

from commerce.domain.mail import OutboundMessage
from commerce.domain.order import Order
from commerce.ports import UnitOfWork


class OrderNews(StrEnum):
    """Kinds of notices; the conversation layer has the words. All carry the order's number: to say one twice is safe."""

    READY_TO_PAY = "payment_ready"
    PAYMENT_FAILED = "payment_failed"
    PLACED = "order_placed"  # to be paid at the counter
    PAID = "order_paid"
    LATE_MONEY = "order_late_money"
    EXPIRED = "order_expired"
    MOVED = "order_moved"
    REFUND_DONE = "refund_done"


def tell(uow: UnitOfWork, order: Order, news: OrderNews, at: datetime, **facts: object) -> None:
    """Puts it into the lane of the order's contact."""
    contact = uow.orders.contact_of(order.id)
    if contact is not None:
        body = json.dumps({"order_id": order.id, **facts})
        uow.outbox.add(OutboundMessage(contact, news.value, body), at)
