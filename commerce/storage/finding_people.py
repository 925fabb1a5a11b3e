"""Finding a customer by whatever is known of them. Every question is a walk through an index."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import Select, bindparam, or_, select

from commerce.storage.tables import (
    contact,
    customer,
    known_word,
    order_line,
    reservation,
    reservation_line,
    return_request,
    said_word,
    shop_order,
    thread_entry,
    variant,
)
from commerce.storage.transaction import Transaction
from commerce.storage.words import folded, phone_end

_MOST_WORDS = 6
_ROWS_A_WORD = 1000  # a word that everybody says finds those who said it last
_SHORTEST_BEGINNING = 3
_LAST_SIGN = "\U0010ffff"
_NUMBER = re.compile(r"(?:n[°ºo]\s*|#\s*)?0*(\d{1,18})", re.IGNORECASE)
_CODE = re.compile(r"([A-Za-z0-9]{3})[\s-]?([A-Za-z0-9]{3})")
_OWN_ID = re.compile(r"[0-9a-f]{32}")


def found_people(db: Transaction, typed: str, limit: int) -> list[str]:
    """Exact things first (a number, a code, an address, a SKU), then names, then what was said."""
    typed = " ".join("".join(sign if sign.isprintable() else " " for sign in typed[:200]).split())
    if not typed:
        return []
    found = dict.fromkeys(_exact(db, typed))
    words = folded(typed)[:_MOST_WORDS]
    if words and len(found) < limit:
        found |= dict.fromkeys(_all_of(_known(db, word) for word in words))
    if words and len(found) < limit:
        found |= dict.fromkeys(_all_of(_said(db, word) for word in words))
    return _now(db, list(found)[: 4 * limit])[:limit]


def _exact(db: Transaction, typed: str) -> Iterable[str]:
    questions: list[Select[tuple[str]]] = []
    if number := _NUMBER.fullmatch(typed):
        questions.append(select(shop_order.c.customer_id).where(shop_order.c.number == int(number[1])))
    if code := _CODE.fullmatch(typed):
        written = f"{code[1]}-{code[2]}".upper()
        questions += [
            select(table.c.customer_id).where(column == written).order_by(table.c.created_at_us.desc())
            for table, column in (
                (reservation, reservation.c.code),
                (shop_order, shop_order.c.pickup_code),
                (return_request, return_request.c.code),
            )
        ]
    questions.append(
        select(contact.c.customer_id).where(contact.c.address == typed).order_by(contact.c.last_inbound_at_us.desc())
    )
    if _OWN_ID.fullmatch(typed):
        questions.append(select(customer.c.id).where(customer.c.id == typed))
    known = [typed.lower()] if "@" in typed else []
    if end := phone_end(typed):
        known.append(end)
    if known:
        questions.append(select(known_word.c.customer_id).where(known_word.c.word.in_(known)))
    wanted = select(variant.c.id).where(or_(*(variant.c.sku == sku for sku in {typed, typed.upper(), typed.lower()})))
    questions.append(
        select(shop_order.c.customer_id)
        .join(order_line, order_line.c.order_id == shop_order.c.id)
        .where(order_line.c.variant_id.in_(wanted))
        .order_by(shop_order.c.number.desc())
    )
    questions.append(
        select(reservation.c.customer_id)
        .join(reservation_line, reservation_line.c.reservation_id == reservation.c.id)
        .where(reservation_line.c.variant_id.in_(wanted))
        .order_by(reservation.c.created_at_us.desc())
    )
    for question in questions:
        yield from db.execute(question.limit(_ROWS_A_WORD)).scalars()


_KNOWN = select(known_word.c.customer_id).where(
    known_word.c.word >= bindparam("first"), known_word.c.word <= bindparam("last")
)
_ENTRIES = (
    select(said_word.c.entry_id)
    .where(said_word.c.word >= bindparam("first"), said_word.c.word <= bindparam("last"))
    .order_by(said_word.c.entry_id.desc())
    .limit(_ROWS_A_WORD)
    .subquery()
)
_SAID = (
    select(contact.c.customer_id)
    .select_from(_ENTRIES)
    .join(thread_entry, thread_entry.c.id == _ENTRIES.c.entry_id)
    .join(
        contact,
        (contact.c.channel == thread_entry.c.channel)
        & (contact.c.account == thread_entry.c.account)
        & (contact.c.address == thread_entry.c.address),
    )
    .order_by(thread_entry.c.id.desc())
)


def _span(word: str) -> dict[str, str]:
    """A word of few letters is meant whole; of a longer one the beginning is enough."""
    return {"first": word, "last": word + _LAST_SIGN if len(word) >= _SHORTEST_BEGINNING else word}


def _known(db: Transaction, word: str) -> list[str]:
    return list(db.execute(_KNOWN.limit(_ROWS_A_WORD), _span(word)).scalars())


def _said(db: Transaction, word: str) -> list[str]:
    return list(dict.fromkeys(db.execute(_SAID, _span(word)).scalars()))


def _all_of(lists: Iterable[list[str]]) -> list[str]:
    """Who is in every list, in the order of the first one."""
    common: list[str] | None = None
    for found in lists:
        there = set(found)
        common = found if common is None else [each for each in common if each in there]
        if not common:
            return []
    return list(dict.fromkeys(common or []))


def _now(db: Transaction, customer_ids: list[str]) -> list[str]:
    """Who they are by now, each once: names and orders stay with the customer who said them."""
    present = {customer_id: customer_id for customer_id in customer_ids}
    moved = customer_ids
    while moved:
        joined = select(customer.c.id, customer.c.joined_into).where(
            customer.c.id.in_(sorted(set(moved))), customer.c.joined_into != ""
        )
        into = {row.id: row.joined_into for row in db.execute(joined)}
        present = {first: into.get(now, now) for first, now in present.items()}
        moved = list(into.values())
    return list(dict.fromkeys(present.values()))
