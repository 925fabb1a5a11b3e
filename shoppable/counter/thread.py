"""A thread as staff read it: every channel in one, each line with who said it and where."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from commerce.domain.customer import Customer
from commerce.domain.mail import Direction, ThreadEntry
from commerce.domain.team import StaffMember
from commerce.i18n import format_day, format_deadline, format_time, locale_of
from commerce.ports import UnitOfWork
from commerce.services.inbox import photo_in
from shoppable.counter.speaking import NOTE_KINDS, TOUCH_WORDS, channel_name
from shoppable.language import language, translate
from shoppable.site import site
from shoppable.sized import sized_path

_NOTES = {kind.value: words for kind, words in NOTE_KINDS.items()}


@dataclass(frozen=True, slots=True)
class EntryShown:
    """`side`: in | out | note. `day` is set on the first line of a day. `is_person`: somebody of the team wrote it."""

    id: int
    side: str
    who: str
    channel: str
    time: str
    at_iso: str
    day: str
    text: str
    language: str
    is_person: bool
    note: str
    photo: str
    picture: str
    cards: tuple[str, ...]
    buttons: tuple[str, ...]
    place: str


def zone_of(uow: UnitOfWork, member: StaffMember) -> str:
    """The clock that the member looks at: of a store of theirs."""
    stores = uow.stores.all()
    own = next((store for store in stores if store.id in member.store_ids), None)
    store = own or next(iter(stores), None)
    return store.timezone if store else "UTC"


def shown(entries: Iterable[ThreadEntry], customer: Customer, zone: str) -> list[EntryShown]:
    """Oldest first."""
    lines: list[EntryShown] = []
    day = None
    for entry in sorted(entries, key=lambda each: each.id):
        local = entry.at.astimezone(ZoneInfo(zone)).date()
        lines.append(_shown(entry, customer, zone, "" if local == day else format_day(entry.at, language(), zone)))
        day = local
    return lines


def last_words(entry: ThreadEntry | None) -> str:
    """What a line of the inbox shows of the newest entry."""
    if entry is None:
        return ""
    body = body_of(entry)
    text = " ".join(_text(body, entry.direction).split())
    if not text and (photo_in(body) or body.get("media")):
        text = translate("Photo")
    if entry.direction is Direction.IN:
        return text
    who = str(body.get("speaker") or "") or (
        translate("Bot") if entry.direction is Direction.OUT else translate("Note")
    )
    return translate("{name}: {text}", name=who, text=text)


def body_of(entry: ThreadEntry) -> dict[str, Any]:
    try:
        read = json.loads(entry.body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _shown(entry: ThreadEntry, customer: Customer, zone: str, day: str) -> EntryShown:
    body = body_of(entry)
    speaker = str(body.get("speaker") or "")
    match entry.direction:
        case Direction.IN:
            who = customer.name or translate("Customer")
        case Direction.OUT:
            who = speaker or translate("Bot")
        case Direction.NOTE:
            who = speaker or translate("Shop")
    photo = f"/staff/inbox/{customer.id}/photos/{entry.id}" if photo_in(body) else ""
    note = str(body.get("note") or "")
    place = body.get("location")
    return EntryShown(
        id=entry.id,
        side=entry.direction.value,
        who=who,
        channel="" if note in _NOTES else channel_name(entry.contact.channel),
        time=format_time(entry.at, language(), zone),
        at_iso=entry.at.astimezone(UTC).isoformat(),
        day=day,
        text=_text(body, entry.direction),
        language=str(body.get("language") or customer.language or language()),
        is_person=bool(speaker),
        note=translate(_NOTES[note]) if note in _NOTES else translate(TOUCH_WORDS[note]) if note in TOUCH_WORDS else "",
        photo=photo,
        picture="" if photo else _picture(body.get("picture")),
        cards=tuple(_card(card) for card in body.get("cards") or ()),
        buttons=tuple(str(button.get("label") or "") for button in body.get("buttons") or ()),
        place=_map(place) if isinstance(place, dict) else "",
    )


def _text(body: dict[str, Any], direction: Direction) -> str:
    text = str(body.get("text") or "")
    if text or direction is not Direction.IN:
        return text
    if body.get("action"):
        return translate("(tapped a button)")
    if body.get("start") is not None:
        return translate("(opened the chat)")
    if body.get("media") and not body.get("photo_key"):
        return translate("(sent a file)")
    return ""


def _card(card: dict[str, Any]) -> str:
    facts = card.get("facts") or ()
    return " — ".join(str(part) for part in (card.get("title"), *facts[:1]) if part)


def _picture(picture: dict[str, Any] | None) -> str:
    return sized_path(str(picture.get("media_key") or ""), 240) if picture else ""


def _map(place: dict[str, Any]) -> str:
    try:
        latitude, longitude = float(place["latitude"]), float(place["longitude"])
    except (KeyError, TypeError, ValueError):
        return ""
    return site().shop.settings.maps_url.format(latitude=f"{latitude:.5f}", longitude=f"{longitude:.5f}")


def ago(moment: datetime, zone: str, now: datetime) -> str:
    """The time of today, else the day."""
    local, today = moment.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    if local.date() == today:
        return format_time(moment, language(), zone)
    return format_date(local.date(), "d MMM" if local.year == today.year else "d MMM y", locale=locale_of(language()))


def until(moment: datetime, zone: str, now: datetime) -> str:
    return format_deadline(moment, now, language(), zone)
