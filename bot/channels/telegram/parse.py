"""Telegram's updates: from the vendor's JSON to an inbox event, and from there to a Message. Pure, and without aiogram.

https://core.telegram.org/bots/api#update
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channels.port import Received
from bot.intake import clean, gtin_of, mask_cards
from bot.messages import Approval, MediaRef, Message, Paid
from commerce.domain.customer import Contact
from commerce.domain.geo import GeoPoint
from commerce.domain.mail import InboundEvent
from commerce.domain.money import Money

CHANNEL = "telegram"
ENOUGH_PX = 320  # the smallest size of a photo whose longer side has as much is what the eyes read fastest
_MAX_ID = 2**63
_KEPT_UNREADABLE = 16_384  # bytes
_NOWHERE = "-"  # address of events that belong to no chat

# https://core.telegram.org/bots/api#update, Bot API 10.1. Of these only messages, taps and the question before a
# payment are for us.
_MESSAGES = ("message", "edited_message", "channel_post", "edited_channel_post")
_BUSINESS = ("business_connection", "business_message", "edited_business_message", "deleted_business_messages")
_OTHERS = (
    "guest_message", "message_reaction", "message_reaction_count", "inline_query", "chosen_inline_result",
    "callback_query", "shipping_query", "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer",
    "my_chat_member", "chat_member", "chat_join_request", "chat_boost", "removed_chat_boost", "managed_bot",
)  # fmt: skip
KNOWN_KINDS = frozenset((*_MESSAGES, *_BUSINESS, *_OTHERS))
# What we ask Telegram to send.
WANTED_KINDS = ("message", "edited_message", "callback_query", "pre_checkout_query", "my_chat_member")
APPROVAL_S = 10  # so long Telegram waits for our answer: https://core.telegram.org/bots/api#answerprecheckoutquery

_START = re.compile(r"/start(?:@\w+)?(?:\s+([A-Za-z0-9_-]{1,64}))?\s*", re.ASCII)  # deep link: 1-64 of these
_BARCODE_DIGITS = 13  # every tenth barcode would also pass for a card number; cards have had 14 or more for years
_MASKED_FIELDS = frozenset({"text", "caption"})
_MEDIA_KINDS = {
    "live_photo": "video", "animation": "video", "video": "video", "video_note": "video", "voice": "voice",
    "audio": "voice", "sticker": "other", "story": "other", "contact": "other", "dice": "other", "game": "other",
    "poll": "other", "checklist": "other", "paid_media": "other",
}  # fmt: skip

Json = dict[str, Any]


def split(body: bytes, account: str, now: datetime) -> list[Received]:
    """The one event of a webhook call (or of one update that was polled). Never raises.

    What cannot be read becomes a Received with its `problem`: authentic, kept for an operator, answered with 200.
    Card numbers in what people typed are masked here, before anything is stored. `account` is the bot's id.
    """
    try:
        update = json.loads(body)
        if not isinstance(update, dict):
            raise ValueError("not an object")
        return [_received(update, account, now)]
    except (ValueError, RecursionError) as error:
        # Its own digest tells a repetition. Kept for a person to read: a piece of it, as text, without card numbers.
        event_id = "sha256:" + hashlib.sha256(body).hexdigest()
        kept = mask_cards(body[:_KEPT_UNREADABLE].decode("utf-8", "replace")).encode("utf-8")
        event = InboundEvent(Contact(CHANNEL, account, _NOWHERE), event_id, now, kept)
        return [Received(event, problem=f"unreadable update: {type(error).__name__}")]


def _received(update: Json, account: str, now: datetime) -> Received:
    update_id = _id(update.get("update_id"))
    if update_id is None:
        raise ValueError("no update_id")
    kinds = [key for key in update if key != "update_id"]
    content = update[kinds[0]] if len(kinds) == 1 and isinstance(update[kinds[0]], dict) else {}
    chat = _chat(content)
    address = _id(chat.get("id"))
    if address is None:  # an inline query, a poll answer…: the person, where there is one
        address = _id(_object(content, "from").get("id")) or _id(_object(content, "user").get("id"))
    contact = Contact(CHANNEL, account, _NOWHERE if address is None else str(address))
    if kinds == ["pre_checkout_query"]:
        contact = contact.urgent
    elif "successful_payment" in content:
        contact = contact.aside
    event = InboundEvent(contact, str(update_id), _sent_at(content, update_id, now), _stored(update))

    if len(kinds) != 1 or kinds[0] not in KNOWN_KINDS:
        return Received(event, problem="unknown kind of update")
    if kinds[0] in (*_MESSAGES, "callback_query", "pre_checkout_query") and not _is_whole(kinds[0], content):
        return Received(event, problem=f"malformed {kinds[0]}")
    query_id = content.get("id") if kinds[0] == "callback_query" else None
    if isinstance(query_id, str):
        # Telegram takes one call to its API as the answer to a webhook: the button stops spinning at once.
        return Received(event, answer={"method": "answerCallbackQuery", "callback_query_id": query_id})
    return Received(event)


def _is_whole(kind: str, content: Json) -> bool:
    if kind == "pre_checkout_query":
        asked = _id(_object(content, "from").get("id")) is not None and _amount(content) is not None
        return asked and isinstance(content.get("id"), str) and isinstance(content.get("invoice_payload"), str)
    if kind == "callback_query":
        return isinstance(content.get("id"), str) and _id(_object(content, "from").get("id")) is not None
    has_chat = _id(_object(content, "chat").get("id")) is not None
    if "successful_payment" in content and not _is_paid(_object(content, "successful_payment")):
        return False  # money that nobody can assign: not to be passed over in silence
    return has_chat and _id(content.get("message_id")) is not None and _id(content.get("date")) is not None


def _chat(content: Json) -> Json:
    return _object(content, "chat") or _object(_object(content, "message"), "chat")


def _sent_at(content: Json, update_id: int, now: datetime) -> datetime:
    """Telegram's time, whole seconds, never later than now; inside a second the order of update_id.

    A tap has no time of its own: it gets the second in which it came.
    """
    second = now.replace(microsecond=0)
    stamp = _id(content.get("edit_date")) or _id(content.get("date"))
    if stamp is not None and 0 < stamp < second.timestamp():
        second = datetime.fromtimestamp(stamp, UTC)
    return second + timedelta(microseconds=update_id % 1_000_000)


def _stored(update: Json) -> bytes:
    _mask(update)
    return json.dumps(update, separators=(",", ":")).encode("ascii")  # ASCII: a lone surrogate stays an escape


def _mask(value: object) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str) and key in _MASKED_FIELDS:
                value[key] = inner if len(gtin_of(inner)) == _BARCODE_DIGITS else mask_cards(inner)
            else:
                _mask(inner)
    elif isinstance(value, list):
        for inner in value:
            _mask(inner)


# --- from an event to a message ------------------------------------------------------------------------------------


def parse(event: InboundEvent, username: str = "") -> Message | None:
    """The message in a stored update; None when there is nothing to answer (edits, groups that do not speak to us…).

    `username`: the bot's, without @, to know when a group speaks to it.
    """
    try:
        update = json.loads(event.body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(update, dict) or event.contact.address == _NOWHERE:
        return None
    if query := _object(update, "callback_query"):
        return _tap(event, query)
    if query := _object(update, "pre_checkout_query"):
        return _asks_to_pay(event, query)
    message = _object(update, "message")
    if payment := _object(message, "successful_payment"):
        return _paid(event, payment)
    return _message(event, message, username) if message else None


def _tap(event: InboundEvent, query: Json) -> Message | None:
    action = _text(query, "data")
    if not action:
        return None
    name, language = _sender(query)
    return Message(
        event.contact, event.event_id, event.sent_at, action=action, sender_name=name, language_hint=language
    )


def _asks_to_pay(event: InboundEvent, query: Json) -> Message | None:
    """https://core.telegram.org/bots/api#precheckoutquery"""
    amount = _amount(query)
    if amount is None or not _text(query, "id"):
        return None
    approval = Approval(_text(query, "id"), _text(query, "invoice_payload"), amount)
    name, language = _sender(query)
    contact = event.contact.plain
    return Message(
        contact, event.event_id, event.sent_at, approval=approval, sender_name=name, language_hint=language
    )  # fmt: skip


def _is_paid(payment: Json) -> bool:
    return _amount(payment) is not None and bool(_text(payment, "telegram_payment_charge_id"))


def _paid(event: InboundEvent, payment: Json) -> Message | None:
    """https://core.telegram.org/bots/api#successfulpayment"""
    amount, charge_id = _amount(payment), _text(payment, "telegram_payment_charge_id")
    if amount is None or not charge_id:
        return None
    paid = Paid(_text(payment, "invoice_payload"), amount, charge_id)
    return Message(event.contact.plain, event.event_id, event.sent_at, paid=paid)


def _amount(content: Json) -> Money | None:
    """In the currency's smallest units, as we count."""
    total, currency = _id(content.get("total_amount")), content.get("currency")
    if total is None or total < 0 or not isinstance(currency, str):
        return None
    try:
        return Money(total, currency)
    except ValueError:
        return None


def _message(event: InboundEvent, message: Json, username: str) -> Message | None:
    bot_id = int(event.contact.account) if event.contact.account.isdecimal() else 0
    kind = _text(_object(message, "chat"), "type")
    if _object(message, "from").get("is_bot") is True or kind not in ("private", "group", "supergroup"):
        return None
    if kind != "private" and not _speaks_to_us(message, bot_id, username):
        return None

    media = _media(message)
    location = _location(message)
    text = _text(message, "text")
    if not text and not _object(message, "forward_origin"):
        text = _text(message, "caption")  # words under a forwarded picture are somebody else's
    if kind != "private" and username:
        text = re.sub(rf"@{re.escape(username)}\b", "", text, flags=re.IGNORECASE).strip()
    start: str | None = None
    if command := _START.fullmatch(text):
        start, text = command.group(1) or "", ""
    if not (text or media or location or start is not None):
        return None  # a service message: somebody joined, a message was pinned…

    answered = _object(message, "reply_to_message")
    name, language = _sender(message)
    ours = bool(answered) and _object(answered, "from").get("id") == bot_id
    reply_to = _id(answered.get("message_id")) if ours else None
    return Message(
        event.contact, event.event_id, event.sent_at, text=text, media=media, location=location, start=start,
        reply_to_ours="" if reply_to is None else str(reply_to), sender_name=name, language_hint=language,
    )  # fmt: skip


def _sender(content: Json) -> tuple[str, str]:
    """Name and language of the app."""
    sender = _object(content, "from")
    name = " ".join(filter(None, (_text(sender, "first_name"), _text(sender, "last_name"))))
    return clean(name, 64), clean(_text(sender, "language_code"), 16)


def _speaks_to_us(message: Json, bot_id: int, username: str) -> bool:
    """An answer to the bot, its name, or a command that names it."""
    if bot_id and _object(_object(message, "reply_to_message"), "from").get("id") == bot_id:
        return True
    name = f"@{username}".lower()
    for field, marks in (("text", "entities"), ("caption", "caption_entities")):
        words_of = message.get(field)
        units = words_of.encode("utf-16-le", "surrogatepass") if isinstance(words_of, str) else b""
        for mark in _objects(message, marks):
            if mark.get("type") == "text_mention" and bot_id and _object(mark, "user").get("id") == bot_id:
                return True
            offset, length = _id(mark.get("offset")), _id(mark.get("length"))
            if not username or offset is None or length is None or mark.get("type") not in ("mention", "bot_command"):
                continue
            words = units[2 * offset : 2 * (offset + length)].decode("utf-16-le", "replace").lower()
            if words == name or (words.startswith("/") and words.endswith(name)):
                return True
    return False


def _media(message: Json) -> tuple[MediaRef, ...]:
    sizes = [size for size in _objects(message, "photo") if _text(size, "file_id")]
    if sizes:
        large = [size for size in sizes if _longer_side(size) >= ENOUGH_PX]
        best = min(large, key=_longer_side) if large else max(sizes, key=_longer_side)
        return (MediaRef(_text(best, "file_id"), "photo", "image/jpeg", _size(best)),)
    if document := _object(message, "document"):
        mime = _text(document, "mime_type").lower()
        if not _object(message, "animation"):  # a GIF arrives as both
            kind = "photo" if mime.startswith("image/") else "file"
            return (MediaRef(_text(document, "file_id"), kind, mime, _size(document)),)
    for field, kind in _MEDIA_KINDS.items():
        if content := _object(message, field):
            return (MediaRef(_text(content, "file_id"), kind, _text(content, "mime_type").lower(), _size(content)),)
    return ()


def _location(message: Json) -> GeoPoint | None:
    place = _object(message, "location") or _object(_object(message, "venue"), "location")
    latitude, longitude = place.get("latitude"), place.get("longitude")
    if isinstance(latitude, bool) or isinstance(longitude, bool):
        return None
    if not isinstance(latitude, (int, float)) or not isinstance(longitude, (int, float)):
        return None
    try:
        return GeoPoint(float(latitude), float(longitude))
    except (ValueError, OverflowError):  # nowhere on the globe: not a number, 91 degrees north…
        return None


# --- small readers: strangers choose these types ---------------------------------------------------------------------


def _object(content: Json, field: str) -> Json:
    value = content.get(field)
    return value if isinstance(value, dict) else {}


def _objects(content: Json, field: str) -> Iterator[Json]:
    value = content.get(field)
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def _text(content: Json, field: str) -> str:
    value = content.get(field)
    return clean(value) if isinstance(value, str) else ""


def _id(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and -_MAX_ID <= value < _MAX_ID:
        return value
    return None


def _longer_side(size: Json) -> int:
    return max(_id(size.get("width")) or 0, _id(size.get("height")) or 0)


def _size(content: Json) -> int:
    return max(0, _id(content.get("file_size")) or 0)
