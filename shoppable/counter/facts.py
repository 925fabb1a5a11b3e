"""What whoever answers has to know: the thread, who speaks, the cart, and what is open."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort

from commerce.domain.conversation import Conversation, NoteKind, Voice
from commerce.domain.money import Money
from commerce.domain.order import Order
from commerce.domain.reservation import Reservation
from commerce.domain.team import Permission, StaffMember
from commerce.i18n import format_deadline, format_money
from commerce.ports import UnitOfWork
from shoppable.counter import thread
from shoppable.counter.speaking import (
    HANDOFF_REASONS,
    NOTE_KINDS,
    RESERVATION_STATES,
    SKILLS,
    VOICES,
    channel_name,
    said,
)
from shoppable.language import language, translate
from shoppable.site import site
from shoppable.words import ORDER_STATES

_MOST = 8


@dataclass(frozen=True, slots=True)
class FactShown:
    """Something that this customer has with us: what it is, how far it is, and the page about it ('' none)."""

    title: str
    lines: tuple[str, ...]
    state: str
    path: str


@dataclass(frozen=True, slots=True)
class TalkShown:
    customer_id: str
    name: str
    language: str
    channels: str
    entries: list[thread.EntryShown]
    older_id: int  # 0: there is nothing before
    voice: str
    voice_words: str
    reason: str
    skill: str
    store: str
    summary: tuple[str, ...]
    held_by: str
    is_mine: bool
    is_silent: bool
    waits_since: str
    version: int
    team: list[tuple[str, str]]
    note_kinds: list[tuple[str, str]]
    cart: tuple[str, ...]
    cart_total: str
    reservations: list[FactShown]
    orders: list[FactShown]
    waits_for: tuple[str, ...]
    may_note: bool
    mark: int


def talk(uow: UnitOfWork, member: StaffMember, customer_id: str, *, before_id: int | None, limit: int) -> TalkShown:
    customer = uow.customers.get(customer_id)
    if customer is None:
        abort(404)
    there = uow.conversations.get(customer_id) or Conversation(
        customer_id, Voice.BOT, None, "", "", customer.language, "", "", version=0
    )
    zone = thread.zone_of(uow, member)
    found = uow.conversations.thread(customer_id, before_id=before_id, limit=limit + 1)
    entries = found[:limit]
    team = [each for each in uow.team.all() if each.may(Permission.INBOX)]
    store = uow.stores.get(there.store_id) if there.store_id else None
    channels = dict.fromkeys(contact.channel for contact in uow.customers.contacts(customer_id))
    cart, total = _cart(uow, customer_id)
    held = uow.reservations.of_customer(customer_id, only_open=True)
    waits = there.unanswered_since if there.bot_is_silent else None
    return TalkShown(
        customer_id=customer_id,
        name=customer.name or translate("Unknown"),
        language=there.language or customer.language,
        channels=", ".join(channel_name(channel) for channel in channels),
        entries=thread.shown(entries, customer, zone),
        older_id=entries[-1].id if len(found) > limit else 0,
        voice=there.voice.value,
        voice_words=translate(VOICES[there.voice]),
        reason=translate(HANDOFF_REASONS[there.reason]) if there.reason and there.bot_is_silent else "",
        skill=said(SKILLS, there.skill) if there.skill else "",
        store=store.short_name(language()) if store else "",
        summary=tuple(there.summary.splitlines()) if there.bot_is_silent else (),
        held_by=next((each.name for each in team if each.id == there.assigned_to), ""),
        is_mine=there.assigned_to == member.id,
        is_silent=there.bot_is_silent,
        waits_since=waits.isoformat() if waits else "",
        version=there.version,
        team=[(each.id, each.name) for each in team],
        note_kinds=[(kind.value, translate(NOTE_KINDS[kind])) for kind in NoteKind],
        cart=cart,
        cart_total=total,
        reservations=[_reservation(uow, each, member) for each in held[:_MOST]],
        orders=[_order(each, member) for each in uow.orders.of_customer(customer_id, _MOST)],
        waits_for=tuple(_thing(uow, each.variant_id) for each in uow.waiters.of_customer(customer_id)[:_MOST]),
        may_note=member.may(Permission.CUSTOMERS),
        mark=uow.conversations.last_mark(),
    )


def _cart(uow: UnitOfWork, customer_id: str) -> tuple[tuple[str, ...], str]:
    shop = site().shop
    cart = uow.carts.of_customer(customer_id)
    if cart is None or not cart.wanted:
        return (), ""
    quote = shop.quoting.quote(uow, cart, customer_id=customer_id)
    lines = tuple(f"{line.quantity} × {_thing(uow, line.variant_id)}" for line in cart.wanted)
    totals = quote.totals
    return lines, format_money(Money(totals.total_minor, totals.currency), language()) if totals else ""


def _reservation(uow: UnitOfWork, held: Reservation, member: StaffMember) -> FactShown:
    store = uow.stores.get(held.store_id)
    until = format_deadline(held.expires_at, site().shop.clock.now(), language(), store.timezone if store else "UTC")
    where = store.short_name(language()) if store else held.store_id
    return FactShown(
        held.code,
        (
            *(f"{line.quantity} × {_thing(uow, line.variant_id)}" for line in held.lines),
            translate("{store}, until {when}", store=where, when=until),
        ),
        said(RESERVATION_STATES, held.state.value),
        f"/staff/pick-ups/reservation/{held.id}" if member.may(Permission.PICK_UPS, held.store_id) else "",
    )


def _order(order: Order, member: StaffMember) -> FactShown:
    total = format_money(order.total, language())
    return FactShown(
        translate("No. {number}", number=order.number),
        (*(f"{line.quantity} × {line.title(language())}" for line in order.lines), total),
        translate(ORDER_STATES[order.state]),
        f"/staff/orders/{order.id}" if member.may(Permission.ORDERS, order.store_id) else "",
    )


def _thing(uow: UnitOfWork, variant_id: int) -> str:
    found = uow.products.by_variant(variant_id)
    if found is None:
        return translate("(no longer sold)")
    product, variant = found
    return ", ".join(part for part in (product.title(language()), variant.colour_words, variant.size) if part)
