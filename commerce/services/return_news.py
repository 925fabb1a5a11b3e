"""News of what comes back, for whoever placed the order: rows of the outbox, in the transaction that caused them."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum

from commerce.domain.mail import OutboundMessage
from commerce.domain.returns import ReturnRequest
from commerce.ports import UnitOfWork


class ReturnNews(StrEnum):
    """Kinds of notices; the conversation layer has the words. All name the order: to say one twice is safe."""

    RECEIVED = "return_received"
    REJECTED = "return_rejected"
    EXPIRED = "exchange_expired"


def tell(uow: UnitOfWork, request: ReturnRequest, news: ReturnNews, at: datetime, **facts: object) -> None:
    """Puts it into the lane of the order's contact."""
    contact = uow.orders.contact_of(request.order_id)
    if contact is not None:
        body = json.dumps({"return_id": request.id, **facts})
        uow.outbox.add(OutboundMessage(contact, news.value, body), at)
