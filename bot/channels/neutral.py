"""The body of events from our own doors (web chat, terminal, recorder): a Message as JSON.

`{"text", "action", "start", "location": {"latitude", "longitude"}, "media": [{"key", "mime", "kind", "size_bytes"}],
"language", "name"}`, every field optional.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.intake import clean, gtin_of, mask_cards
from bot.messages import MediaRef, Message
from commerce.domain.customer import Contact
from commerce.domain.geo import GeoPoint
from commerce.domain.mail import InboundEvent

MAX_MEDIA = 4
_BARCODE_DIGITS = 13
LONGEST_ACTION_BYTES = 64
_MEDIA_KINDS = frozenset({"photo", "file", "voice", "video", "other"})


def event_of(
    contact: Contact,
    event_id: str,
    sent_at: datetime,
    *,
    text: str = "",
    action: str = "",
    start: str | None = None,
    location: GeoPoint | None = None,
    media: Iterable[MediaRef] = (),
    language: str = "",
    name: str = "",
) -> InboundEvent:
    """The event to put into the inbox. Card numbers are masked: what is stored never holds one."""
    text = clean(text)
    body: dict[str, Any] = {"text": _masked(text), "action": action, "start": start}
    body |= {"language": language, "name": clean(name, 64)}
    if location:
        body["location"] = {"latitude": location.latitude, "longitude": location.longitude}
    body["media"] = [
        {"key": ref.locator, "mime": ref.mime, "kind": ref.kind, "size_bytes": ref.size_bytes} for ref in media
    ]
    kept = {field: value for field, value in body.items() if value or (field == "start" and value is not None)}
    return InboundEvent(contact, event_id, sent_at, json.dumps(kept).encode("ascii"))


def parse(event: InboundEvent) -> Message | None:
    """The message in an event; None when a field has the wrong type, or when nothing was said. Never raises."""
    try:
        body = json.loads(event.body)
        if not isinstance(body, dict):
            return None
        message = _message(event, body)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    said = message.text or message.action or message.media or message.location or message.start is not None
    return message if said else None


def _message(event: InboundEvent, body: dict[str, Any]) -> Message:
    text = clean(_string(body, "text"))
    action = _string(body, "action")
    if len(action.encode("utf-8")) > LONGEST_ACTION_BYTES:
        raise ValueError("action too long")
    start = None if body.get("start") is None else clean(_string(body, "start"), 64)
    return Message(
        event.contact,
        event.event_id,
        event.sent_at,
        text=_masked(text),
        media=tuple(_media(item) for item in _list(body, "media")[:MAX_MEDIA]),
        location=_location(body.get("location")),
        action=clean(action),
        start=start,
        language_hint=clean(_string(body, "language"), 16),
        sender_name=clean(_string(body, "name"), 64),
        came_from=clean(_string(body, "came_from"), 128),
    )


def _masked(text: str) -> str:
    """Without card numbers; a text that is a barcode stays one, though every tenth would pass for a card number."""
    return text if len(gtin_of(text)) == _BARCODE_DIGITS else mask_cards(text)


def _string(body: dict[str, Any], field: str) -> str:
    value = body.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(field)
    return value


def _list(body: dict[str, Any], field: str) -> list[Any]:
    value = body.get(field)
    if value is None:
        return []
    if not isinstance(value, list):
        raise TypeError(field)
    return value


def _media(item: object) -> MediaRef:
    if not isinstance(item, dict):
        raise TypeError("media")
    kind = _string(item, "kind") or "photo"
    size = item.get("size_bytes", 0)
    if kind not in _MEDIA_KINDS or not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ValueError("media")
    return MediaRef(_string(item, "key")[:4096], kind, clean(_string(item, "mime"), 128), size)


def _location(value: object) -> GeoPoint | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise TypeError("location")
    latitude, longitude = value.get("latitude"), value.get("longitude")
    for degrees in (latitude, longitude):
        if not isinstance(degrees, (int, float)) or isinstance(degrees, bool):
            raise TypeError("location")
    return GeoPoint(float(latitude), float(longitude))  # type: ignore[arg-type]  # checked in the loop
