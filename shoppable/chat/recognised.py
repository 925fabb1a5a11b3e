"""Who is at this browser and what is theirs, as JSON: what a greeting is made of."""

from __future__ import annotations

from datetime import UTC, datetime

from commerce.domain.customer import Contact
from commerce.services.recognising import Recognition
from shoppable.chat import greeting
from shoppable.chat_shapes import KnownOrder, KnownWait, Recognised
from shoppable.language import language
from shoppable.site import site


def read(contact: Contact | None) -> Recognised:
    """Of whoever writes from there; nothing is known of somebody who has never said a word."""
    with site().shop.storage.read() as uow:
        known = site().shop.recognising.of(uow, contact) if contact else None
        text, buttons = greeting.text(uow, known), greeting.buttons(uow, known) if known else []
    if known is None:
        return {
            "known": False,
            "name": "",
            "language": language(),
            "last_order": None,
            "reservations": [],
            "offers": [],
            "waits": [],
            "text": text,
            "buttons": [],
        }
    return {
        "known": True,
        "name": known.name,
        "language": known.language or language(),
        "last_order": _order(known),
        "reservations": [
            {"code": each.code, "store": each.store_id, "state": each.state.value, "expires_at": _iso(each.expires_at)}
            for each in known.reservations
        ],
        "offers": [{"id": each.id, "expires_at": _iso(each.expires_at)} for each in known.offers],
        "waits": _waits(known),
        "text": text,
        "buttons": buttons,
    }


def _order(known: Recognition) -> KnownOrder | None:
    order = known.last_order
    return None if order is None else {"number": order.number, "state": order.state.value, "is_open": order.is_open}


def _waits(known: Recognition) -> list[KnownWait]:
    return [
        {"variant_id": each.variant_id, "store": each.told_store_id, "until": _iso(each.until)}
        for each in known.waits
        if each.until is not None
    ]


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
