"""A thread as a group of people may read it: who said what, where, without addresses and numbers in full."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from bot.staff.discretion import discreet
from bot.wording import words
from commerce.domain.mail import Direction, ThreadEntry
from commerce.services.inbox import photo_in

_LONGEST_LINE = 1_000  # characters
_CHANNELS = {"telegram": "Telegram", "webchat": "Web", "web": "Web"}


def body_of(entry: ThreadEntry) -> Mapping[str, object]:
    try:
        found = json.loads(entry.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def line_of(entry: ThreadEntry, customer_name: str, language: str) -> str:
    """« Léa (Telegram) : on a été coupés »; '' for what says nothing, such as a tap."""
    body = body_of(entry)
    if entry.direction is Direction.NOTE and "note" not in body:
        return ""  # what the shop notes for itself
    text = _words(body)
    if not text and body.get("photo_key"):
        text = "📷"
    elif not text and body.get("media"):
        text = "📎"
    if not text:
        return ""
    text = discreet(text)
    if len(text) > _LONGEST_LINE:
        text = f"{text[:_LONGEST_LINE]}…"
    who = _who(entry, body, customer_name, language)
    channel = channel_name(entry.contact.channel)
    if entry.direction is Direction.IN:
        return words(language, "{who} ({channel}): {text}", who=who, channel=channel, text=text)
    return words(language, "{who}: {text}", who=who, text=text)


def channel_name(channel: str) -> str:
    return _CHANNELS.get(channel, channel)


def last_lines(entries: Sequence[ThreadEntry], customer_name: str, language: str) -> str:
    """`entries` newest first, as threads come; read from above."""
    found = (line_of(entry, customer_name, language) for entry in reversed(entries))
    return "\n".join(line for line in found if line)


def _who(entry: ThreadEntry, body: Mapping[str, object], customer_name: str, language: str) -> str:
    if entry.direction is Direction.IN:
        return customer_name
    speaker = body.get("speaker")
    if entry.direction is Direction.NOTE:
        return f"📝 {speaker}" if isinstance(speaker, str) and speaker else "📝"
    return speaker if isinstance(speaker, str) and speaker else words(language, "Bot")


def _words(body: Mapping[str, object]) -> str:
    text = body.get("text")
    parts = [text] if isinstance(text, str) and text else []
    if photo_in(body):
        parts.insert(0, "📷")
    cards = body.get("cards")
    for card in cards if isinstance(cards, list) else ():
        if isinstance(card, dict) and isinstance(card.get("title"), str):
            parts.append(f"[{card['title']}]")
    return " ".join(parts)
