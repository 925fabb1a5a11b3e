"""A card: one thing to be collected, as the team sees it, with the buttons of its stage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.messages import Button
from bot.staff.discretion import discreet
from bot.staff.taps import CardDeed, CardTap
from bot.wording import words
from commerce.domain.collecting import OPEN_STAGES, PickUp, PickUpLine, RejectReason, Stage
from commerce.domain.money import Money
from commerce.i18n import format_deadline, format_moment, format_money, format_time

if TYPE_CHECKING:
    from commerce.lexicon import Lexicon
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop


class _Say(Protocol):
    def __call__(self, msgid: str, /, **values: object) -> str: ...


_SIGNS = {
    Stage.NEW: "🆕", Stage.ACCEPTED: "👋", Stage.PREPARING: "📦", Stage.READY: "🟢",
    Stage.HANDED: "✅", Stage.REJECTED: "❌", Stage.EXPIRED: "⌛", Stage.CANCELLED: "🚫",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Face:
    """What a card shows."""

    text: str
    rows: tuple[tuple[Button, ...], ...]
    picture_key: str = ""


def headline(shop: Shop, card: PickUp, language: str) -> str:
    """« Léa · Robe midi en lin · bleu marine · 38 · ABC-123 »; the first thing of several."""
    name = card.customer_name or words(language, "Customer")
    first = _line(shop.lexicon, card.lines[0], language) if card.lines else ""
    more = f"+ {len(card.lines) - 1}" if len(card.lines) > 1 else ""
    parts = (name, first, more, card.code)
    return " · ".join(discreet(part) for part in parts if part)


def face_of(shop: Shop, uow: UnitOfWork, card: PickUp, language: str, *, asks_why: bool = False) -> Face:
    """The card as it is now; `asks_why`: with the reasons for rejecting it in place of its buttons."""
    t, now = _speaking(language), shop.clock.now()
    store = uow.stores.get(card.store_id)
    zone = store.timezone if store else "UTC"
    lines = [headline(shop, card, language)]
    lines += [f"+ {_line(shop.lexicon, line, language)}" for line in card.lines[1:]]
    stage = f"{_SIGNS[card.stage]} {stage_name(card.stage, language)}"
    came = _when(card.created_at, now, language, zone)
    facts = [stage, t("since {time}", time=came), store.name(language) if store else card.store_id]
    lines.append(" · ".join(facts))
    if card.stage in OPEN_STAGES and card.expires_at is not None:
        lines.append(t("until {time}", time=format_deadline(card.expires_at, now, language, zone)))
    if card.details.slot_at is not None:
        lines.append(t("comes at {time}", time=_when(card.details.slot_at, now, language, zone)))
    if card.stage in OPEN_STAGES and card.due_minor:
        due = format_money(Money(card.due_minor, card.total.currency), language)
        lines.append(t("to be paid here: {amount}", amount=due))
    if card.details.proxy:
        lines.append(t("collected by: {name}", name=discreet(card.details.proxy)))
    if card.stage in OPEN_STAGES and card.details.arrived_at is not None:
        lines.append("🚗 " + whereabouts(card, language))
    elif card.stage in OPEN_STAGES and card.details.coming_at is not None:
        lines.append(t("on the way since {time}", time=_when(card.details.coming_at, now, language, zone)))
    rows = _reasons(card, t) if asks_why and card.stage in OPEN_STAGES else _buttons(card, t)
    return Face("\n".join(lines), rows, card.lines[0].picture_key if card.lines else "")


def whereabouts(card: PickUp, language: str) -> str:
    """« Clio grise · place 4 »"""
    spot = words(language, "spot {spot}", spot=discreet(card.details.spot)) if card.details.spot else ""
    return " · ".join(part for part in (discreet(card.details.vehicle), spot) if part) or words(language, "is here")


def stage_name(stage: Stage, language: str) -> str:
    match stage:
        case Stage.NEW:
            return words(language, "New")
        case Stage.ACCEPTED:
            return words(language, "Accepted")
        case Stage.PREPARING:
            return words(language, "Being prepared")
        case Stage.READY:
            return words(language, "Ready")
        case Stage.HANDED:
            return words(language, "Handed over")
        case Stage.REJECTED:
            return words(language, "Rejected")
        case Stage.EXPIRED:
            return words(language, "Expired")
        case Stage.CANCELLED:
            return words(language, "Cancelled")


def reason_name(reason: RejectReason, language: str) -> str:
    match reason:
        case RejectReason.NOT_FOUND:
            return words(language, "Not found")
        case RejectReason.DAMAGED:
            return words(language, "Damaged")
        case RejectReason.SOLD:
            return words(language, "Sold already")
        case RejectReason.STORE_CLOSES:
            return words(language, "The store closes")
        case RejectReason.OTHER:
            return words(language, "Another reason")


def _speaking(language: str) -> _Say:
    def t(msgid: str, /, **values: object) -> str:
        return words(language, msgid, **values)

    return t


def _buttons(card: PickUp, t: _Say) -> tuple[tuple[Button, ...], ...]:
    def button(label: str, deed: CardDeed) -> Button:
        return Button(label, str(CardTap(deed, card.ref, card.version)))

    no = button(t("Reject ▸"), CardDeed.REASONS)
    match card.stage:
        case Stage.NEW:
            return ((button(t("Accept"), CardDeed.ACCEPT), button(t("Ready"), CardDeed.READY)), (no,))
        case Stage.ACCEPTED | Stage.PREPARING:
            return ((button(t("Ready"), CardDeed.READY), no),)
        case Stage.READY:
            return ((button(t("Hand over ▸"), CardDeed.CODE), no),)
        case _:
            return ()


def _reasons(card: PickUp, t: _Say) -> tuple[tuple[Button, ...], ...]:
    rows = [
        (Button(name, str(CardTap(CardDeed.REJECT, card.ref, card.version, reason))),)
        for reason, name in (
            (RejectReason.NOT_FOUND, t("Not found")),
            (RejectReason.DAMAGED, t("Damaged")),
            (RejectReason.SOLD, t("Sold already")),
            (RejectReason.STORE_CLOSES, t("The store closes")),
            (RejectReason.OTHER, t("Another reason")),
        )
    ]
    return (*rows, (Button(t("◂ Back"), str(CardTap(CardDeed.BACK, card.ref, card.version))),))


def _line(lexicon: Lexicon, line: PickUpLine, language: str) -> str:
    count = f"{line.quantity} × " if line.quantity > 1 else ""
    key = lexicon.colour_of(line.colour) if line.colour else None
    colour = lexicon.label("colour", key, language) if key else line.colour
    return count + " · ".join(part for part in (line.title(language), colour, line.size) if part)


def _when(moment: datetime, now: datetime, language: str, zone: str) -> str:
    is_recent = abs((now - moment).total_seconds()) < 12 * 3600
    return (format_time if is_recent else format_moment)(moment, language, zone)
