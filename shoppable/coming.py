"""Hours at which one comes to collect, as forms and machines write them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from commerce.domain.collecting import PickUpKind, PickUpRef, Slot
from commerce.domain.order import Order, OrderState
from commerce.domain.store import Store
from commerce.i18n import format_deadline, format_time, format_weekday
from commerce.ports import UnitOfWork
from shoppable.language import language
from shoppable.problems import Problem
from shoppable.site import site

# From ready on the counter has set it aside for the hour that was said.
MAY_CHOOSE = frozenset({OrderState.PENDING_PAYMENT, OrderState.PLACED, OrderState.PAID, OrderState.PREPARING})


@dataclass(frozen=True, slots=True)
class Hour:
    value: str
    words: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Day:
    words: str
    hours: tuple[Hour, ...]


def days(found: Iterable[Slot], store: Store, chosen: datetime | None) -> list[Day]:
    now, zone = site().shop.clock.now(), store.timezone

    def hour(slot: Slot) -> Hour:
        words = f"{format_time(slot.starts_at, language(), zone)}–{format_time(slot.ends_at, language(), zone)}"
        return Hour(written(slot.starts_at), words, slot.starts_at == chosen)

    by_day = groupby(found, lambda slot: format_weekday(slot.starts_at, now, language(), zone))
    return [Day(words, tuple(map(hour, slots))) for words, slots in by_day]


def days_for(uow: UnitOfWork, order: Order, store: Store | None) -> list[Day]:
    """What may still be chosen for an order; none where people come when they like."""
    if store is None or order.state not in MAY_CHOOSE:
        return []
    own, slots = slot_of(uow, order), site().shop.slots
    return days(slots.coming(uow, store.id, until=slots.until(order), own=own), store, own)


def slot_of(uow: UnitOfWork, order: Order) -> datetime | None:
    known = uow.pick_ups.details(PickUpRef(PickUpKind.ORDER, order.id))
    return known.slot_at if known else None


def in_words(starts_at: datetime, store: Store) -> str:
    """« mer. 11 mars 14:00 »."""
    return format_deadline(starts_at, site().shop.clock.now(), language(), store.timezone)


def written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def read(text: str) -> datetime | None:
    """None for nothing. Ends in a Problem for what is no moment with its zone."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text[:40])
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Problem(422, "bad_slot", "This is no hour to come at. Choose one of those offered.")
    return moment
