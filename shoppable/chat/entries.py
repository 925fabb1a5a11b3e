"""A line of the thread as the page shows it."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from commerce.domain.customer import Contact
from commerce.domain.mail import Direction, ThreadEntry
from shoppable.chat_shapes import (
    ChatButton,
    ChatCard,
    ChatDocument,
    ChatEvent,
    ChatEvents,
    ChatPicture,
    ChatReply,
    ChatSaid,
)
from shoppable.language import translate
from shoppable.shelf import picture_path
from shoppable.site import site

MOST_ENTRIES = 100


def read(contact: Contact, after: int, limit: int = MOST_ENTRIES) -> ChatEvents:
    """What was said after that entry, in order; notes of staff stay inside."""
    with site().shop.storage.read() as uow:
        entries: Sequence[ThreadEntry] = uow.threads.after(contact, after, limit)
    return {
        "events": [event(entry) for entry in entries if entry.direction is not Direction.NOTE],
        "last_id": entries[-1].id if entries else after,
    }


def event(entry: ThreadEntry) -> ChatEvent:
    body = json.loads(entry.body)
    outgoing = entry.direction is Direction.OUT
    return {
        "id": entry.id,
        "at": entry.at.astimezone(UTC).isoformat(),
        "said": None if outgoing else _said(body),
        "reply": _reply(body) if outgoing else None,
    }


def _said(body: dict[str, Any]) -> ChatSaid:
    return {
        "client_msg_id": str(body.get("event_id") or "").rpartition(":")[2],
        "text": str(body.get("text") or ""),
        "action": str(body.get("action") or ""),
        "photos": len(body.get("media") or ()),
        "location": body.get("location") is not None,
    }


def _reply(body: dict[str, Any]) -> ChatReply:
    return {
        "text": str(body.get("text") or ""),
        "cards": [_card(card) for card in body.get("cards") or ()],
        "buttons": [_button(button) for button in body.get("buttons") or ()],
        "picture": _picture(body.get("picture"), str(body.get("speaker") or "")),
        "document": _document(body.get("document")),
        "ask": body.get("ask"),
        "language": str(body.get("language") or "en"),
        "speaker": str(body.get("speaker") or ""),
    }


def _card(card: dict[str, Any]) -> ChatCard:
    return {
        "title": str(card.get("title") or ""),
        "facts": [str(fact) for fact in card.get("facts") or ()],
        "picture": _picture(card.get("picture")),
        "buttons": [_button(button) for button in card.get("buttons") or ()],
        "url": _address(card.get("url")),
    }


def _button(button: dict[str, Any]) -> ChatButton:
    return {
        "label": str(button.get("label") or ""),
        "action": str(button.get("action") or ""),
        "url": _address(button.get("url")),
    }


def _address(url: object) -> str:
    """Web addresses only: nothing that a browser would run. Our own pages by path, so that they open on this host."""
    text = str(url or "")
    base = site().shop.settings.base_url
    if text.startswith(f"{base}/"):
        text = text[len(base) :]
    own = text.startswith("/") and not text.startswith(("//", "/\\"))
    return text if own or text.startswith(("https://", "http://")) else ""


def _document(document: dict[str, Any] | None) -> ChatDocument | None:
    url = _address(document.get("url")) if document else ""
    return {"name": str(document.get("name") or "file.txt"), "url": url} if document and url else None


def _picture(picture: dict[str, Any] | None, sender: str = "") -> ChatPicture | None:
    """`sender`: who of the team sent it, where it says nothing itself."""
    if not picture:
        return None
    url = picture_path(str(picture.get("media_key") or ""))
    if not url and picture.get("png"):
        png = urlsafe_b64decode(str(picture["png"]))
        url = f"data:image/png;base64,{b64encode(png).decode()}"
    alt = str(picture.get("alt") or "") or (translate("Photo of {name}", name=sender) if sender else "")
    return {"alt": alt, "url": url} if url else None
