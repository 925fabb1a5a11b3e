"""What is to be collected in words: where and until when, and the buttons of whoever comes for it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.conversation.actions import Cancel, CancelOrder, Extend, encode
from bot.conversation.coming_actions import ByCar, ExtendOrder, ImHere, OnMyWay, SendSomeone
from bot.conversation.options import variant_label
from bot.conversation.order_words import place_of
from bot.conversation.scanned import qr_png
from bot.conversation.store_list import directions_button
from bot.conversation.talk import Voice
from bot.messages import Button, ReplyPicture
from commerce.domain.collecting import PickUp, PickUpKind, Stage
from commerce.domain.store import Store
from commerce.i18n import format_deadline, format_time

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork


def place_and_hours(voice: Voice, store: Store) -> str:
    """« Lyon Bellecour, 12 place Bellecour, 69002 Lyon, aujourd’hui jusqu’à 19:00 »."""
    return f"{place_of(voice, store)}, {hours(voice, store)}"


def hours(voice: Voice, store: Store) -> str:
    """When one may come: today until it closes, or from when on. With a break in between, both parts of the day."""

    def clock(moment: datetime) -> str:
        return format_time(moment, voice.language, store.timezone)

    closes = store.closes_at(voice.now)
    if closes is None:
        opens = store.next_opening(voice.now)
        if opens is None:
            return voice.t("closed")
        return voice.t("from {when}", when=format_deadline(opens, voice.now, voice.language, store.timezone))
    text = voice.t("today until {time}", time=clock(closes))
    today = closes.date()
    opens = store.next_opening(closes)
    if opens is not None and opens.astimezone(ZoneInfo(store.timezone)).date() == today:
        last = store.last_closing_on(today)
        assert last is not None
        text += voice.t(", then {opens} to {closes}", opens=clock(opens), closes=clock(last))
    return text


def kept_until(voice: Voice, card: PickUp, store: Store) -> str:
    """« Gardé pour vous jusqu’au mer. 11 mars 19:00. »; '' for what is paid: it is theirs."""
    if card.expires_at is None or not card.due_minor:
        return ""
    deadline = format_deadline(card.expires_at, voice.now, voice.language, store.timezone)
    return voice.t("Kept for you until {deadline}.", deadline=deadline)


def items_of(voice: Voice, uow: UnitOfWork, card: PickUp) -> str:
    """« Robe midi en lin, bleu marine, 38 + 2 × Sac cabas en cuir »."""
    items = []
    for line in card.lines:
        found = uow.products.by_variant(line.variant_id)
        label = variant_label(voice, *found) if found else line.title(voice.language)
        items.append(f"{line.quantity} × {label}" if line.quantity > 1 else label)
    return " + ".join(items)


def code_picture(voice: Voice, card: PickUp) -> ReplyPicture:
    """What the counter scans: the id, which nobody guesses, and the code."""
    scanned = f"vitrine:{card.ref.kind.value}:{card.ref.id}:{card.code}"
    return ReplyPicture(voice.t("QR code of {code}", code=card.code), png=qr_png(scanned))


def coming_buttons(voice: Voice, card: PickUp, store: Store, *, extended: bool) -> tuple[Button, ...]:
    """[On my way], or [I’m here] for whoever comes by car; [Someone else will come] [Extend] [Cancel] [Directions]."""
    kind, id_ = card.ref.kind.value, card.ref.id
    by_car = card.details.vehicle and card.stage is Stage.READY
    first = (
        Button(voice.t("I’m here"), encode(ImHere(kind, id_)))
        if by_car
        else Button(voice.t("On my way"), encode(OnMyWay(kind, id_)))
    )
    buttons = [first, Button(voice.t("Someone else will come"), encode(SendSomeone(kind, id_)))]
    if card.ref.kind is PickUpKind.RESERVATION:
        extend, cancel = encode(Extend(id_)), encode(Cancel(id_))
    else:
        extend, cancel = encode(ExtendOrder(id_)), encode(CancelOrder(id_))
    if card.due_minor and card.expires_at is not None and not extended:
        buttons.append(Button(voice.t("Extend"), extend))
    if card.due_minor:  # what is paid and prepared comes back as a return
        label = voice.t("Cancel") if card.ref.kind is PickUpKind.RESERVATION else voice.t("Cancel the order")
        buttons.append(Button(label, cancel))
    return (*buttons, *directions_button(voice, store))


def by_car_button(voice: Voice, card: PickUp) -> Button:
    return Button(voice.t("I’ll come by car"), encode(ByCar(card.ref.kind.value, card.ref.id)))
