"""News for whoever comes for something: rows of the outbox, in the transaction that caused them."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum

from commerce.domain.collecting import PickUpKind, PickUpRef
from commerce.domain.mail import OutboundMessage
from commerce.ports import UnitOfWork
from commerce.services.order_news import SPOKEN


class PickUpNews(StrEnum):
    """Kinds of notices. Orders have their own words for what becomes of them: see `OrderNews`."""

    ACCEPTED = "pick_up_accepted"
    READY = "pick_up_ready"  # a reservation
    HANDED = "pick_up_handed"  # a reservation
    REMINDER = "pick_up_reminder"  # {"which"}


def tell_shopper(uow: UnitOfWork, ref: PickUpRef, news: PickUpNews, at: datetime, **facts: object) -> None:
    """Puts it into the lane through which the thing was ordered, if people can be written to there."""
    things = uow.reservations if ref.kind is PickUpKind.RESERVATION else uow.orders
    contact = things.contact_of(ref.id)
    if contact is not None and contact.channel not in SPOKEN:
        body = json.dumps({"kind": ref.kind.value, "id": ref.id, **facts})
        uow.outbox.add(OutboundMessage(contact, news.value, body), at)
