"""What both of our Telegram bots do with an update before anybody answers it: is the call authentic, which event is it,
and the small readers for JSON whose types strangers choose. Pure, and without any library.

https://core.telegram.org/bots/api#update
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channels.port import Received
from bot.intake import clean, gtin_of, mask_cards
from bot.messages import MediaRef
from commerce.domain.customer import Contact
from commerce.domain.mail import InboundEvent
from commerce.domain.money import Money
from commerce.errors import VendorError

HEADER = "X-Telegram-Bot-Api-Secret-Token"  # https://core.telegram.org/bots/api#setwebhook
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TOKEN = re.compile(r"(\d{1,19}):[A-Za-z0-9_-]{20,}")
ENOUGH_PX = 320  # the smallest size of a photo whose longer side has as much is what the eyes read fastest
_MAX_ID = 2**63
_KEPT_UNREADABLE = 16_384  # bytes
NOWHERE = "-"  # address of events that belong to no chat

# https://core.telegram.org/bots/api#update, Bot API 10.1.
_MESSAGES = ("message", "edited_message", "channel_post", "edited_channel_post")
_BUSINESS = ("business_connection", "business_message", "edited_business_message", "deleted_business_messages")
_OTHERS = (
    "guest_message", "message_reaction", "message_reaction_count", "inline_query", "chosen_inline_result",
    "callback_query", "shipping_query", "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer",
    "my_chat_member", "chat_member", "chat_join_request", "chat_boost", "removed_chat_boost", "managed_bot",
)  # fmt: skip
KNOWN_KINDS = frozenset((*_MESSAGES, *_BUSINESS, *_OTHERS))
_BARCODE_DIGITS = 13  # every tenth barcode would also pass for a card number; cards have had 14 or more for years
_MASKED_FIELDS = frozenset({"text", "caption"})
_MEDIA_KINDS = {
    "live_photo": "video", "animation": "video", "video": "video", "video_note": "video", "voice": "voice",
    "audio": "voice", "sticker": "other", "story": "other", "contact": "other", "dice": "other", "game": "other",
    "poll": "other", "checklist": "other", "paid_media": "other",
}  # fmt: skip

Json = dict[str, Any]


class Conflict(VendorError):
    """Another process polls for the same bot, or a webhook is set."""


def bot_id_of(token: str) -> str:
    """The bot's id: the digits before the colon of its token. '' for anything that is no token."""
    found = _TOKEN.fullmatch(token)
    return found.group(1) if found else ""


def verify(headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
    """True when the header carries one of our secrets. The body is not signed: the secret is all there is.

    Compared as bytes in constant time, against every secret whatever the outcome. A secret that setWebhook would not
    take never matches; with no secret nothing does.
    """
    given = next((value for name, value in headers.items() if name.lower() == HEADER.lower()), "")
    offered = given.encode("utf-8", "surrogatepass")
    matched = False
    for secret in secrets:
        if SECRET.fullmatch(secret):
            matched |= hmac.compare_digest(offered, secret.encode("ascii"))
    return matched


def split(body: bytes, channel: str, account: str, now: datetime) -> list[Received]:
    """The one event of a webhook call (or of one update that was polled). Never raises.

    What cannot be read becomes a Received with its `problem`: authentic, kept for an operator, answered with 200.
    Card numbers in what people typed are masked here, before anything is stored. `account` is the bot's id.
    """
    try:
        update = json.loads(body)
        if not isinstance(update, dict):
            raise ValueError("not an object")
        return [_received(update, channel, account, now)]
    except (ValueError, RecursionError) as error:
        # Its own digest tells a repetition. Kept for a person to read: a piece of it, as text, without card numbers.
        event_id = "sha256:" + hashlib.sha256(body).hexdigest()
        kept = mask_cards(body[:_KEPT_UNREADABLE].decode("utf-8", "replace")).encode("utf-8")
        event = InboundEvent(Contact(channel, account, NOWHERE), event_id, now, kept)
        return [Received(event, problem=f"unreadable update: {type(error).__name__}")]


def update_in(event: InboundEvent) -> Json:
    """The update that was stored; {} for what nobody can answer."""
    try:
        update = json.loads(event.body)
    except (ValueError, RecursionError):
        return {}
    return update if isinstance(update, dict) and event.contact.address != NOWHERE else {}


def _received(update: Json, channel: str, account: str, now: datetime) -> Received:
    update_id = id_of(update.get("update_id"))
    if update_id is None:
        raise ValueError("no update_id")
    kinds = [key for key in update if key != "update_id"]
    content = update[kinds[0]] if len(kinds) == 1 and isinstance(update[kinds[0]], dict) else {}
    chat = _chat(content)
    address = id_of(chat.get("id"))
    if address is None:  # an inline query, a poll answer…: the person, where there is one
        address = id_of(object_in(content, "from").get("id")) or id_of(object_in(content, "user").get("id"))
    contact = Contact(channel, account, NOWHERE if address is None else str(address))
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
        asked = id_of(object_in(content, "from").get("id")) is not None and amount_of(content) is not None
        return asked and isinstance(content.get("id"), str) and isinstance(content.get("invoice_payload"), str)
    if kind == "callback_query":
        return isinstance(content.get("id"), str) and id_of(object_in(content, "from").get("id")) is not None
    has_chat = id_of(object_in(content, "chat").get("id")) is not None
    if "successful_payment" in content and not is_paid(object_in(content, "successful_payment")):
        return False  # money that nobody can assign: not to be passed over in silence
    return has_chat and id_of(content.get("message_id")) is not None and id_of(content.get("date")) is not None


def _chat(content: Json) -> Json:
    return object_in(content, "chat") or object_in(object_in(content, "message"), "chat")


def _sent_at(content: Json, update_id: int, now: datetime) -> datetime:
    """Telegram's time, whole seconds, never later than now; inside a second the order of update_id.

    A tap has no time of its own: it gets the second in which it came.
    """
    second = now.replace(microsecond=0)
    stamp = id_of(content.get("edit_date")) or id_of(content.get("date"))
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


# --- small readers: strangers choose these types ---------------------------------------------------------------------


def object_in(content: Json, field: str) -> Json:
    value = content.get(field)
    return value if isinstance(value, dict) else {}


def objects_in(content: Json, field: str) -> Iterator[Json]:
    value = content.get(field)
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def text_in(content: Json, field: str) -> str:
    value = content.get(field)
    return clean(value) if isinstance(value, str) else ""


def id_of(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and -_MAX_ID <= value < _MAX_ID:
        return value
    return None


def _longer_side(size: Json) -> int:
    return max(id_of(size.get("width")) or 0, id_of(size.get("height")) or 0)


def _size(content: Json) -> int:
    return max(0, id_of(content.get("file_size")) or 0)


def sender_of(content: Json) -> tuple[str, str]:
    """Name and language of the app."""
    sender = object_in(content, "from")
    name = " ".join(filter(None, (text_in(sender, "first_name"), text_in(sender, "last_name"))))
    return clean(name, 64), clean(text_in(sender, "language_code"), 16)


def media_of(message: Json) -> tuple[MediaRef, ...]:
    sizes = [size for size in objects_in(message, "photo") if text_in(size, "file_id")]
    if sizes:
        large = [size for size in sizes if _longer_side(size) >= ENOUGH_PX]
        best = min(large, key=_longer_side) if large else max(sizes, key=_longer_side)
        return (MediaRef(text_in(best, "file_id"), "photo", "image/jpeg", _size(best)),)
    if document := object_in(message, "document"):
        mime = text_in(document, "mime_type").lower()
        if not object_in(message, "animation"):  # a GIF arrives as both
            kind = "photo" if mime.startswith("image/") else "file"
            return (MediaRef(text_in(document, "file_id"), kind, mime, _size(document)),)
    for field, kind in _MEDIA_KINDS.items():
        if content := object_in(message, field):
            return (MediaRef(text_in(content, "file_id"), kind, text_in(content, "mime_type").lower(), _size(content)),)
    return ()


def amount_of(content: Json) -> Money | None:
    """In the currency's smallest units, as we count."""
    total, currency = id_of(content.get("total_amount")), content.get("currency")
    if total is None or total < 0 or not isinstance(currency, str):
        return None
    try:
        return Money(total, currency)
    except ValueError:
        return None


def is_paid(payment: Json) -> bool:
    return amount_of(payment) is not None and bool(text_in(payment, "telegram_payment_charge_id"))
