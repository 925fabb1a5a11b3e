"""A thing to be handed over, as the board shows it: words instead of values, and what can be done with it now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from commerce.domain.collecting import PickUp, PickUpKind, PickUpLine, PickUpRef, RejectReason, Stage
from commerce.domain.money import Money
from commerce.domain.store import Store
from commerce.domain.team import StaffMember
from commerce.i18n import format_deadline, format_money, format_time
from shoppable.language import language, translate
from shoppable.pages.cards import swatch
from shoppable.sized import sized_path

NEW_IS_LATE_MIN, READY_IS_LATE_MIN = 10, 24 * 60

STAGES = {
    Stage.NEW: "New",
    Stage.ACCEPTED: "Accepted",
    Stage.PREPARING: "Being prepared",
    Stage.READY: "Ready",
    Stage.HANDED: "Handed over",
    Stage.REJECTED: "Rejected",
    Stage.EXPIRED: "Expired",
    Stage.CANCELLED: "Cancelled",
}
REASONS = {
    RejectReason.NOT_FOUND: "Cannot be found",
    RejectReason.DAMAGED: "Damaged",
    RejectReason.SOLD: "Sold in the store",
    RejectReason.STORE_CLOSES: "The store closes",
    RejectReason.OTHER: "Another reason",
}
SOURCES = {
    "agent": "by an assistant",
    "bot": "by chat",
    "catalogue": "from a catalogue",
    "counter": "at the counter",
    "link": "by a link",
    "marketplace": "from a marketplace",
    "phone": "by phone",
    "telegram": "by Telegram",
    "web": "on the web",
    "webchat": "by web chat",
}
_ACTS = {
    Stage.NEW: ("accept", "ready", "reject"),
    Stage.ACCEPTED: ("preparing", "ready", "reject"),
    Stage.PREPARING: ("ready", "reject"),
    Stage.READY: ("hand-over", "reject"),
}


@dataclass(frozen=True, slots=True)
class LineShown:
    quantity: int
    words: str
    sku: str
    picture: str


@dataclass(frozen=True, slots=True)
class CardShown:
    """`acts`: names of what may be done, in order. `key` tells one state of a card from its next: what is new rings."""

    ref: str
    key: str
    dom_id: str
    path: str
    version: int
    stage: str
    stage_words: str
    heading: str
    code: str
    lines: tuple[LineShown, ...]
    store_name: str
    deadline: str
    payment: str
    due: str
    source: str
    since_iso: str
    age: str
    late_minutes: int
    slot: str
    proxy: str
    vehicle: str
    spot: str
    is_coming: bool
    arrived_at: str
    outside_for: str
    acts: tuple[str, ...]
    rings: str
    is_handing: bool = False
    scanned: str = ""
    is_disputed: bool = False  # the shopper's bank asks for its money back

    @property
    def items(self) -> str:
        return " + ".join(f"{line.quantity} × {line.words}" if line.quantity > 1 else line.words for line in self.lines)


def path_of(ref: PickUpRef) -> str:
    return f"/staff/pick-ups/{ref.kind.value}/{ref.id}"


def shown(
    pick_up: PickUp,
    member: StaffMember,
    stores: dict[str, Store],
    now: datetime,
    *,
    names_store: bool = False,
    handing: bool = False,
    scanned: str = "",
    disputed: Collection[str] = (),
) -> CardShown:
    """`names_store`: of several stores on one board each card says which. `handing`: its form is open. `disputed`: ids
    of orders whose money a bank asks back."""
    spoken, details, store = language(), pick_up.details, stores.get(pick_up.store_id)
    zone = store.timezone if store else "UTC"
    since = details.arrived_at or (pick_up.created_at if pick_up.stage is Stage.NEW else details.accepted_at)
    since = since or pick_up.created_at
    heading = " · ".join(
        part
        for part in (
            pick_up.customer_name or translate("Somebody"),
            translate("order {number}", number=pick_up.number) if pick_up.number else "",
        )
        if part
    )
    lines = tuple(_line(line, spoken) for line in pick_up.lines)
    rings = ""
    if details.arrived_at and pick_up.stage is Stage.READY:
        rings = translate("{name} is outside.", name=heading)
    elif pick_up.stage is Stage.NEW:
        rings = translate("New: {name}.", name=heading)
    return CardShown(
        ref=str(pick_up.ref),
        key=f"{pick_up.ref}{':outside' if details.arrived_at else ''}",
        dom_id=f"{pick_up.ref.kind.value}-{pick_up.ref.id}",
        path=path_of(pick_up.ref),
        version=pick_up.version,
        stage=pick_up.stage.value,
        stage_words=translate(STAGES[pick_up.stage]),
        heading=heading,
        code=pick_up.code,
        lines=lines,
        store_name=store.short_name(spoken) if names_store and store else "",
        deadline=format_deadline(pick_up.expires_at, now, spoken, zone) if pick_up.expires_at else "",
        payment=_payment(pick_up, spoken),
        due=format_money(Money(pick_up.due_minor, pick_up.total.currency), spoken) if _to_be_paid(pick_up) else "",
        source=translate(SOURCES[pick_up.source]) if pick_up.source in SOURCES else pick_up.source,
        since_iso=_iso(since),
        age=age(since, now),
        late_minutes=NEW_IS_LATE_MIN if pick_up.stage is Stage.NEW else READY_IS_LATE_MIN,
        slot=format_time(details.slot_at, spoken, zone) if details.slot_at else "",
        proxy=details.proxy,
        vehicle=details.vehicle,
        spot=details.spot,
        is_coming=details.coming_at is not None,
        arrived_at=_iso(details.arrived_at) if details.arrived_at else "",
        outside_for=age(details.arrived_at, now) if details.arrived_at else "",
        acts=_ACTS.get(pick_up.stage, ()),
        rings=rings,
        is_handing=handing,
        scanned=scanned,
        is_disputed=pick_up.ref.kind is PickUpKind.ORDER and pick_up.ref.id in disputed,
    )


def _to_be_paid(pick_up: PickUp) -> bool:
    """A reservation is rung up by the till: handing it over says nothing about money."""
    return pick_up.ref.kind is PickUpKind.ORDER and pick_up.due_minor > 0


def _payment(pick_up: PickUp, spoken: str) -> str:
    total = format_money(pick_up.total, spoken)
    if pick_up.ref.kind is PickUpKind.RESERVATION:
        return translate("reserved, {total}", total=total)
    if pick_up.due_minor > 0:
        due = format_money(Money(pick_up.due_minor, pick_up.total.currency), spoken)
        return translate("{due} to be paid here", due=due)
    return translate("{total}, paid", total=total)


def _line(line: PickUpLine, spoken: str) -> LineShown:
    colour = swatch(line.colour, line.colour).label.lower() if line.colour else ""
    words = " · ".join(part for part in (line.title(spoken), colour, line.size) if part)
    return LineShown(line.quantity, words, line.sku, sized_path(line.picture_key, 240) if line.picture_key else "")


def age(since: datetime, now: datetime) -> str:
    """As the page's script counts it on: « 12 min », « 3 h 05 »."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d}"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
