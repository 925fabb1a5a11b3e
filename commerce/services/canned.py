"""Replies that are sent often: kept by the owner, filled with what is true of this customer when somebody takes one.

A place for which there is no fact stays in its braces: nobody sends a gap, or a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from commerce.domain.conversation import PLACES, CannedReply, Conversation, Draft, NotCanned
from commerce.domain.localtext import LocalText
from commerce.domain.order import Order, OrderState
from commerce.domain.plain_text import clean
from commerce.domain.product import Product, Variant
from commerce.domain.reservation import Refused, Reservation
from commerce.domain.store import Store
from commerce.domain.team import StaffMember
from commerce.i18n import Translator, format_deadline, format_list, format_money, format_time
from commerce.ports import Clock, Ids, UnitOfWork

words = Translator(Path(__file__).parents[1])

LONGEST_TITLE, LONGEST_TEXT, MOST = 80, 2_000, 200
_PLACE = re.compile(r"\{([^{}\n]{0,40})\}")
_OVER = frozenset({OrderState.CANCELLED, OrderState.EXPIRED})


def places_in(text: str) -> tuple[str, ...]:
    """What stands in braces, each once, in order."""
    return tuple(dict.fromkeys(_PLACE.findall(text)))


def unfilled(text: str) -> tuple[str, ...]:
    """The places of ours that are still in a text."""
    return tuple(place for place in places_in(text) if place in PLACES)


@dataclass(frozen=True, slots=True)
class _About:
    """What a customer's questions are about: the latest of each."""

    order: Order | None
    reservation: Reservation | None
    thing: tuple[Product, Variant] | None
    store: Store | None


class Canned:
    """All verbs belong to the caller's unit of work."""

    def __init__(self, clock: Clock, ids: Ids, languages: tuple[str, ...]) -> None:
        self._clock, self._ids, self._languages = clock, ids, languages

    def get(self, uow: UnitOfWork, canned_id: str) -> CannedReply | None:
        return next((reply for reply in uow.conversations.canned() if reply.id == canned_id), None)

    def draft(
        self,
        uow: UnitOfWork,
        reply: CannedReply,
        member: StaffMember,
        customer_id: str,
        conversation: Conversation | None,
    ) -> Draft:
        """In the customer's language."""
        customer = uow.customers.get(customer_id)
        language = (customer.language if customer else "") or self._languages[0]
        about = self._about(uow, member, customer_id, conversation.store_id if conversation else "")
        values = _Facts(uow, self._clock, language, member, customer.name if customer else "", about)
        text = reply.text(language)
        missing: list[str] = []

        def fill(found: re.Match[str]) -> str:
            place = found[1]
            if place not in PLACES:
                return found[0]
            value = values.of(place)
            if not value:
                missing.append(place)
                return found[0]
            return value

        filled = _PLACE.sub(fill, text)
        return Draft(filled, tuple(dict.fromkeys(missing)))

    def keep(
        self, uow: UnitOfWork, by: StaffMember, title: str, texts: dict[str, str], canned_id: str = ""
    ) -> CannedReply | Refused[NotCanned]:
        """A new one, or another wording of one that is there."""
        title = clean(title, LONGEST_TITLE + 1).replace("\n", " ")
        kept = {code: clean(texts.get(code, ""), LONGEST_TEXT + 1) for code in self._languages}
        kept = {code: text for code, text in kept.items() if text}
        if not title or not kept:
            return Refused(NotCanned.EMPTY)
        if len(title) > LONGEST_TITLE or any(len(text) > LONGEST_TEXT for text in kept.values()):
            return Refused(NotCanned.TOO_LONG)
        if any(place not in PLACES for text in kept.values() for place in places_in(text)):
            return Refused(NotCanned.UNKNOWN_PLACE)
        there = uow.conversations.canned()
        before = next((reply for reply in there if reply.id == canned_id), None)
        if before is None and len(there) >= MOST:
            return Refused(NotCanned.TOO_MANY)
        position = max((reply.position for reply in there), default=0) + 1
        reply = before or CannedReply(self._ids.new_id(), title, LocalText(), position)
        reply = replace(reply, title=title, text=LocalText(kept))
        uow.conversations.put_canned(reply)
        uow.audit.add(f"staff:{by.id}", "canned_reply_kept", reply.id, {}, self._clock.now())
        return reply

    def remove(self, uow: UnitOfWork, by: StaffMember, canned_id: str) -> bool:
        if not uow.conversations.delete_canned(canned_id):
            return False
        uow.audit.add(f"staff:{by.id}", "canned_reply_removed", canned_id, {}, self._clock.now())
        return True

    def _about(self, uow: UnitOfWork, member: StaffMember, customer_id: str, store_id: str) -> _About:
        orders = [order for order in uow.orders.of_customer(customer_id, 10) if order.state not in _OVER]
        order = orders[0] if orders else None
        held = uow.reservations.of_customer(customer_id, only_open=True)
        reservation = held[0] if held else None
        cart = uow.carts.of_customer(customer_id)
        newest = max(cart.wanted, key=lambda line: line.added_at) if cart is not None and cart.wanted else None
        variant_id = 0
        if reservation is not None:
            variant_id, store_id = reservation.lines[0].variant_id, store_id or reservation.store_id
        elif newest is not None:
            variant_id = newest.variant_id
        elif order is not None:
            variant_id = order.lines[0].variant_id
        store = uow.stores.get(store_id) if store_id else None
        if store is None and order is not None:
            store = uow.stores.get(order.store_id)
        if store is None or not store.takes_visitors:
            store = _own_store(uow, member)
        return _About(order, reservation, uow.products.by_variant(variant_id) if variant_id else None, store)


def _own_store(uow: UnitOfWork, member: StaffMember) -> Store | None:
    """The one store that it can only be: the member's, or the shop's."""
    visited = [store for store in uow.stores.all() if store.takes_visitors]
    own = [store for store in visited if store.id in member.store_ids]
    return own[0] if len(own) == 1 else visited[0] if len(visited) == 1 else None


class _Facts:
    """What is put into the places; '' where we do not know."""

    def __init__(
        self, uow: UnitOfWork, clock: Clock, language: str, member: StaffMember, name: str, about: _About
    ) -> None:
        self._uow, self._now, self._language = uow, clock.now(), language
        self._member, self._name, self._about = member, name, about

    def of(self, place: str) -> str:
        found: dict[str, Callable[[], str]] = {
            "name": lambda: self._name,
            "member": lambda: self._member.name,
            "order": lambda: str(self._about.order.number) if self._about.order else "",
            "order_status": self._order_status,
            "order_total": self._order_total,
            "item": self._item,
            "stock": self._stock,
            "code": self._code,
            "until": self._until,
            "store": lambda: self._about.store.name(self._language) if self._about.store else "",
            "address": self._address,
            "hours": self._hours,
            "phone": lambda: self._about.store.phone if self._about.store else "",
        }
        return found[place]()

    def _t(self, msgid: str, **values: object) -> str:
        return words(self._language, msgid, **values)

    def _order_status(self) -> str:
        order = self._about.order
        return "" if order is None else self._t(ORDER_STATES[order.state])

    def _order_total(self) -> str:
        order = self._about.order
        return "" if order is None else format_money(order.total, self._language)

    def _item(self) -> str:
        if self._about.thing is None:
            order = self._about.order
            return order.lines[0].title(self._language) if order else ""
        product, variant = self._about.thing
        return ", ".join(part for part in (product.title(self._language), variant.size) if part)

    def _stock(self) -> str:
        """Where the item can be had now, in stores that people visit."""
        if self._about.thing is None:
            return ""
        levels = {level.store_id: level.available for level in self._uow.stock.levels([self._about.thing[1].id])}
        stores = [store for store in self._uow.stores.all() if store.takes_visitors and levels.get(store.id, 0) > 0]
        if not stores:
            return self._t("nowhere at the moment")
        counted = [
            self._t("{count} at {store}", count=levels[store.id], store=store.short_name(self._language))
            for store in stores[:3]
        ]
        return format_list(counted, self._language)

    def _code(self) -> str:
        if self._about.reservation is not None:
            return self._about.reservation.code
        order = self._about.order
        return order.pickup_code if order is not None and order.fulfilled_at is None else ""

    def _until(self) -> str:
        held = self._about.reservation
        store = self._uow.stores.get(held.store_id) if held is not None else None
        if held is None or store is None:
            return ""
        return format_deadline(held.expires_at, self._now, self._language, store.timezone)

    def _address(self) -> str:
        store = self._about.store
        if store is None:
            return ""
        return ", ".join(part for part in (store.address, f"{store.postcode} {store.city}".strip()) if part)

    def _hours(self) -> str:
        store = self._about.store
        if store is None:
            return ""
        closes = store.closes_at(self._now)
        if closes is not None:
            return self._t("today until {time}", time=format_time(closes, self._language, store.timezone))
        opens = store.next_opening(self._now)
        if opens is None:
            return ""
        return self._t("again from {when}", when=format_deadline(opens, self._now, self._language, store.timezone))


# As part of a sentence, in small letters.
ORDER_STATES = {
    OrderState.PENDING_PAYMENT: "not paid yet",
    OrderState.PLACED: "to be paid in the store",
    OrderState.PAID: "paid",
    OrderState.PREPARING: "being prepared",
    OrderState.READY: "ready",
    OrderState.SHIPPED: "on its way",
    OrderState.COMPLETED: "handed over",
    OrderState.CANCELLED: "cancelled",
    OrderState.EXPIRED: "expired",
    OrderState.PAID_UNFULFILLABLE: "being refunded",
    OrderState.REFUND_PENDING: "being refunded",
    OrderState.REFUNDED: "refunded",
}
