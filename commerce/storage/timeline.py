"""Everything between a customer and the shop in one list: each kind of touch read from where it is written down."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select

from commerce.domain.conversation import NOTE_CHANNELS, Touch, TouchKind
from commerce.domain.lookbook import Did
from commerce.domain.mail import Direction
from commerce.domain.moments import from_us, to_us
from commerce.domain.offering import OfferState
from commerce.storage.mapping import load_json
from commerce.storage.tables import (
    cart,
    cart_line,
    consent,
    customer_merge,
    ledger_entry,
    offer,
    offer_choice,
    order_event,
    payment_attempt,
    reading_event,
    reservation,
    reservation_event,
    return_request,
    shop_order,
    stock_waiter,
    variant,
)
from commerce.storage.threads import thread_of
from commerce.storage.transaction import AnyRow, Transaction

_KINDS = {
    Direction.IN: TouchKind.MESSAGE_IN,
    Direction.OUT: TouchKind.MESSAGE_OUT,
    Direction.NOTE: TouchKind.NOTE,
}
_NOTED_ON: dict[str, str] = {kind.value: channel for kind, channel in NOTE_CHANNELS.items()}
_LAST_MOMENT = 2**63 - 1


def touches_of(db: Transaction, customer_id: str, before: datetime | None, limit: int) -> list[Touch]:
    until_us = _LAST_MOMENT if before is None else to_us(before)
    every = [read(db, customer_id, until_us, limit) for read in _READERS]
    return list(islice(merge(*every, key=lambda touch: touch.at, reverse=True), limit))


def _messages(db: Transaction, customer_id: str, until_us: int, limit: int) -> list[Touch]:
    touches = []
    for entry in thread_of(db, customer_id, limit=limit, until_us=until_us):
        what, text, actor = _said(entry.body)
        is_note = entry.direction is Direction.NOTE
        channel = _NOTED_ON.get(what, entry.contact.channel) if is_note else entry.contact.channel
        touches.append(Touch(entry.at, _KINDS[entry.direction], channel, str(entry.id), what, text, actor))
    return sorted(touches, key=lambda touch: touch.at, reverse=True)


def _said(body: str) -> tuple[str, str, str]:
    """What kind of entry it is, its words, and which person of the shop spoke."""
    try:
        read = json.loads(body)
    except ValueError:
        return "", "", ""
    if not isinstance(read, dict):
        return "", "", ""
    what = read.get("note") or ("photo" if read.get("media") else "tap" if read.get("action") else "")
    staff_id = str(read.get("staff_id") or "")
    return str(what or ""), str(read.get("text") or ""), f"staff:{staff_id}" if staff_id else ""


def _rows(
    statement: Callable[[str], Select[tuple[object, ...]]], at_us: ColumnElement[int], touch: Callable[[AnyRow], Touch]
) -> Callable[[Transaction, str, int, int], Iterable[Touch]]:
    def read(db: Transaction, customer_id: str, until_us: int, limit: int) -> Iterable[Touch]:
        newest = statement(customer_id).where(at_us < until_us).order_by(at_us.desc()).limit(limit)
        return [touch(row) for row in db.execute(newest)]

    return read


_in_carts = _rows(
    lambda customer_id: (
        select(cart_line, variant.c.sku)
        .join(cart, cart.c.id == cart_line.c.cart_id)
        .join(variant, variant.c.id == cart_line.c.variant_id)
        .where(cart.c.customer_id == customer_id)
    ),
    cart_line.c.added_at_us,
    lambda row: Touch(
        from_us(row.added_at_us),
        TouchKind.CART,
        row.source,
        str(row.variant_id),
        "saved" if row.saved else "added",
        f"{row.quantity} × {row.sku}",
    ),
)
_reserved = _rows(
    lambda customer_id: (
        select(reservation_event, reservation.c.channel, reservation.c.code)
        .join(reservation, reservation.c.id == reservation_event.c.reservation_id)
        .where(reservation.c.customer_id == customer_id)
    ),
    reservation_event.c.at_us,
    lambda row: Touch(
        from_us(row.at_us),
        TouchKind.RESERVATION,
        row.channel,
        row.reservation_id,
        "accepted" if row.from_state == row.to_state and row.note == "accepted" else row.to_state,
        row.code,
        row.actor,
    ),
)
_ordered = _rows(
    lambda customer_id: (
        select(order_event, shop_order.c.channel, shop_order.c.number)
        .join(shop_order, shop_order.c.id == order_event.c.order_id)
        .where(shop_order.c.customer_id == customer_id)
    ),
    order_event.c.at_us,
    lambda row: Touch(
        from_us(row.at_us),
        TouchKind.ORDER,
        row.channel,
        row.order_id,
        "accepted" if row.from_state == row.to_state and row.note == "accepted" else row.to_state,
        str(row.number),
        row.actor,
    ),
)
_paid = _rows(
    lambda customer_id: (
        select(ledger_entry, shop_order.c.id.label("order_id"), shop_order.c.number)
        .join(payment_attempt, payment_attempt.c.id == ledger_entry.c.attempt_id)
        .join(shop_order, shop_order.c.id == payment_attempt.c.order_id)
        .where(shop_order.c.customer_id == customer_id)
    ),
    ledger_entry.c.at_us,
    lambda row: Touch(
        from_us(row.at_us),
        TouchKind.PAYMENT,
        row.provider,
        row.order_id,
        row.kind,
        str(row.number),
        amount_minor=row.amount_minor,
        currency=row.currency,
    ),
)
_sent_back = _rows(
    lambda customer_id: select(return_request).where(return_request.c.customer_id == customer_id),
    return_request.c.created_at_us,
    lambda row: Touch(from_us(row.created_at_us), TouchKind.RETURN, row.receipt_channel, row.id, row.kind, row.code),
)
_agreed = _rows(
    lambda customer_id: select(consent).where(consent.c.customer_id == customer_id),
    consent.c.at_us,
    lambda row: Touch(
        from_us(row.at_us), TouchKind.CONSENT, row.channel, row.purpose, "yes" if row.granted else "no", row.wording
    ),
)
_waits = _rows(
    lambda customer_id: (
        select(stock_waiter, variant.c.sku)
        .join(variant, variant.c.id == stock_waiter.c.variant_id)
        .where(stock_waiter.c.customer_id == customer_id)
    ),
    stock_waiter.c.created_at_us,
    lambda row: Touch(
        from_us(row.created_at_us),
        TouchKind.WAITING,
        row.channel,
        str(row.variant_id),
        row.state,
        row.sku,
    ),
)
_read = _rows(
    # How long they stayed is told by a second row of the same page.
    lambda customer_id: select(reading_event).where(
        reading_event.c.customer_id == customer_id,
        reading_event.c.did.in_([Did.OPENED.value, Did.PAGE.value, Did.HOTSPOT.value, Did.VIEW.value]),
        reading_event.c.dwell_ms == 0,
    ),
    reading_event.c.at_us,
    lambda row: Touch(
        from_us(row.at_us),
        TouchKind.READING,
        "web",
        f"{row.lookbook_id}:{row.product_id or ''}",
        row.did,
        f"p. {row.page}" if row.page else "",
    ),
)


def _offered(db: Transaction, customer_id: str, until_us: int, limit: int) -> list[Touch]:
    """When it was made, with what became of it by now; of the choice that was taken, else of the first."""
    chosen = func.coalesce(offer.c.taken, 1)
    rows = db.execute(
        select(offer.c.channel, offer.c.state, offer.c.created_at_us, offer_choice.c.kind, offer_choice.c.variant_id)
        .join(offer_choice, and_(offer_choice.c.offer_id == offer.c.id, offer_choice.c.position == chosen))
        .where(offer.c.customer_id == customer_id, offer.c.created_at_us < until_us)
        .order_by(offer.c.created_at_us.desc(), offer.c.id, offer_choice.c.variant_id)
        .limit(limit)
    ).all()
    return [
        Touch(
            from_us(row.created_at_us),
            TouchKind.OFFER,
            row.channel,
            str(row.variant_id),
            f"offer_{row.state}",
            row.kind if row.state == OfferState.TAKEN.value else "",
        )
        for row in rows
    ]


def _linked(db: Transaction, customer_id: str, until_us: int, limit: int) -> list[Touch]:
    merges = db.execute(
        select(customer_merge)
        .where(customer_merge.c.kept_id == customer_id)
        .order_by(customer_merge.c.at_us.desc())
        .limit(limit)
    ).all()
    touches = []
    for row in merges:
        channels = ", ".join(dict.fromkeys(channel for channel, *_ in _moved(row.moved)["contacts"]))
        for at_us, what in ((row.at_us, "linked"), (row.undone_at_us, "unlinked")):
            if at_us is not None and at_us < until_us:
                touches.append(Touch(from_us(at_us), TouchKind.LINKED, channels, row.id, what))
    return sorted(touches, key=lambda touch: touch.at, reverse=True)


def _moved(stored: str) -> Any:
    """What `SqlLinks.join` noted: by itself, or as `Linking` keeps it, with what it needs of the carts beside it."""
    noted = load_json(stored)
    return load_json(noted["shop"]) if "shop" in noted else noted


_READERS: tuple[Callable[[Transaction, str, int, int], Iterable[Touch]], ...] = (
    _messages, _in_carts, _reserved, _ordered, _paid, _sent_back, _linked, _agreed, _waits, _read, _offered,
)  # fmt: skip
