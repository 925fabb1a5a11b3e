"""Telegram's updates: from the vendor's JSON to an inbox event, and from there to a Message. Pure, and without aiogram.

https://core.telegram.org/bots/api#update
"""

from __future__ import annotations

import re
from datetime import datetime

from bot.channels import updates
from bot.channels.port import Received
from bot.channels.updates import (
    Json,
    amount_of,
    id_of,
    media_of,
    object_in,
    objects_in,
    sender_of,
    text_in,
)  # fmt: skip
from bot.messages import Approval, Message, Paid
from commerce.domain.geo import GeoPoint
from commerce.domain.mail import InboundEvent

CHANNEL = "telegram"
# What we ask Telegram to send: messages, taps and the question before a payment.
WANTED_KINDS = ("message", "edited_message", "callback_query", "pre_checkout_query", "my_chat_member")
APPROVAL_S = 10  # so long Telegram waits for our answer: https://core.telegram.org/bots/api#answerprecheckoutquery

_START = re.compile(r"/start(?:@\w+)?(?:\s+([A-Za-z0-9_-]{1,64}))?\s*", re.ASCII)  # deep link: 1-64 of these


def split(body: bytes, account: str, now: datetime) -> list[Received]:
    """The one event of a webhook call (or of one update that was polled), see `updates.split`. A tap is acknowledged in
    our answer to the call: Telegram takes one call to its API there, and the button stops spinning at once."""
    return updates.split(body, CHANNEL, account, now)


# --- from an event to a message ------------------------------------------------------------------------------------


def parse(event: InboundEvent, username: str = "") -> Message | None:
    """The message in a stored update; None when there is nothing to answer (edits, groups that do not speak to us…).

    `username`: the bot's, without @, to know when a group speaks to it.
    """
    update = updates.update_in(event)
    if query := object_in(update, "callback_query"):
        return _tap(event, query)
    if query := object_in(update, "pre_checkout_query"):
        return _asks_to_pay(event, query)
    message = object_in(update, "message")
    if payment := object_in(message, "successful_payment"):
        return _paid(event, payment)
    return _message(event, message, username) if message else None


def _tap(event: InboundEvent, query: Json) -> Message | None:
    action = text_in(query, "data")
    if not action:
        return None
    name, language = sender_of(query)
    return Message(
        event.contact, event.event_id, event.sent_at, action=action, sender_name=name, language_hint=language
    )


def _asks_to_pay(event: InboundEvent, query: Json) -> Message | None:
    """https://core.telegram.org/bots/api#precheckoutquery"""
    amount = amount_of(query)
    if amount is None or not text_in(query, "id"):
        return None
    approval = Approval(text_in(query, "id"), text_in(query, "invoice_payload"), amount)
    name, language = sender_of(query)
    contact = event.contact.plain
    return Message(
        contact, event.event_id, event.sent_at, approval=approval, sender_name=name, language_hint=language
    )  # fmt: skip


def _paid(event: InboundEvent, payment: Json) -> Message | None:
    """https://core.telegram.org/bots/api#successfulpayment"""
    amount, charge_id = amount_of(payment), text_in(payment, "telegram_payment_charge_id")
    if amount is None or not charge_id:
        return None
    paid = Paid(text_in(payment, "invoice_payload"), amount, charge_id)
    return Message(event.contact.plain, event.event_id, event.sent_at, paid=paid)


def _message(event: InboundEvent, message: Json, username: str) -> Message | None:
    bot_id = int(event.contact.account) if event.contact.account.isdecimal() else 0
    kind = text_in(object_in(message, "chat"), "type")
    if object_in(message, "from").get("is_bot") is True or kind not in ("private", "group", "supergroup"):
        return None
    if kind != "private" and not _speaks_to_us(message, bot_id, username):
        return None

    media = media_of(message)
    location = _location(message)
    text = text_in(message, "text")
    if not text and not object_in(message, "forward_origin"):
        text = text_in(message, "caption")  # words under a forwarded picture are somebody else's
    if kind != "private" and username:
        text = re.sub(rf"@{re.escape(username)}\b", "", text, flags=re.IGNORECASE).strip()
    start: str | None = None
    if command := _START.fullmatch(text):
        start, text = command.group(1) or "", ""
    if not (text or media or location or start is not None):
        return None  # a service message: somebody joined, a message was pinned…

    answered = object_in(message, "reply_to_message")
    name, language = sender_of(message)
    ours = bool(answered) and object_in(answered, "from").get("id") == bot_id
    reply_to = id_of(answered.get("message_id")) if ours else None
    return Message(
        event.contact, event.event_id, event.sent_at, text=text, media=media, location=location, start=start,
        reply_to_ours="" if reply_to is None else str(reply_to), sender_name=name, language_hint=language,
    )  # fmt: skip


def _speaks_to_us(message: Json, bot_id: int, username: str) -> bool:
    """An answer to the bot, its name, or a command that names it."""
    if bot_id and object_in(object_in(message, "reply_to_message"), "from").get("id") == bot_id:
        return True
    name = f"@{username}".lower()
    for field, marks in (("text", "entities"), ("caption", "caption_entities")):
        words_of = message.get(field)
        units = words_of.encode("utf-16-le", "surrogatepass") if isinstance(words_of, str) else b""
        for mark in objects_in(message, marks):
            if mark.get("type") == "text_mention" and bot_id and object_in(mark, "user").get("id") == bot_id:
                return True
            offset, length = id_of(mark.get("offset")), id_of(mark.get("length"))
            if not username or offset is None or length is None or mark.get("type") not in ("mention", "bot_command"):
                continue
            words = units[2 * offset : 2 * (offset + length)].decode("utf-16-le", "replace").lower()
            if words == name or (words.startswith("/") and words.endswith(name)):
                return True
    return False


def _location(message: Json) -> GeoPoint | None:
    place = object_in(message, "location") or object_in(object_in(message, "venue"), "location")
    latitude, longitude = place.get("latitude"), place.get("longitude")
    if isinstance(latitude, bool) or isinstance(longitude, bool):
        return None
    if not isinstance(latitude, (int, float)) or not isinstance(longitude, (int, float)):
        return None
    try:
        return GeoPoint(float(latitude), float(longitude))
    except (ValueError, OverflowError):  # nowhere on the globe: not a number, 91 degrees north…
        return None
