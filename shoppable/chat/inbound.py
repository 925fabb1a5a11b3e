"""What a shopper says in the page becomes an event in the inbox, once."""

from __future__ import annotations

import hmac
import json

from commerce.domain.customer import Contact
from commerce.domain.mail import InboundEvent
from shoppable import brought
from shoppable.chat.masking import mask_cards
from shoppable.chat.session import sign
from shoppable.chat_shapes import ChatMessage
from shoppable.inputs import clean
from shoppable.language import language
from shoppable.problems import Problem
from shoppable.site import site

UPLOAD_SUFFIX = ".upload"


def accept(contact: Contact, said: ChatMessage) -> bool:
    """Durable when it returns. False: this very message was accepted before."""
    shop = site().shop
    media = [_upload_of(contact, token) for token in said.get("media", [])]
    text = mask_cards(clean(said.get("text", "")))
    if not (text or media or said.get("action") or said.get("location") or said.get("start")):
        raise Problem(422, "empty_message", "There is nothing in this message.")
    body: dict[str, object] = {
        "text": text,
        "action": said.get("action", ""),
        "location": said.get("location"),
        "media": [{"key": key, "mime": ""} for key in media],
        "language": said.get("language") or language(),
    }
    if link := brought.source(otherwise=""):
        body["came_from"] = link
    if start := said.get("start"):
        body["start"] = start
    now = shop.clock.now()
    event = InboundEvent(contact, event_id(contact, said["client_msg_id"]), now, json.dumps(body).encode())
    accepted = shop.storage.write(lambda uow: uow.inbox.accept(event, now))
    site().wake()
    return accepted


def event_id(contact: Contact, client_msg_id: str) -> str:
    """Two browsers that happen to choose the same id do not shadow each other."""
    return f"{contact.address}:{client_msg_id}"


def keep_photo(contact: Contact, photo: bytes) -> str:
    """Keeps an upload as it came, to be read in the decoding child only; returns the token for a message."""
    [key] = site().shop.photos.put(contact, [photo], UPLOAD_SUFFIX)
    return f"{key}.{_owner(contact, key)}"


def _upload_of(contact: Contact, token: str) -> str:
    """The media key in a token that this contact was given. Somebody else's looks like one that never was."""
    key, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _owner(contact, key).encode()):
        raise Problem(422, "no_such_upload", "This photo did not reach us. Please send it again.")
    return key


def _owner(contact: Contact, key: str) -> str:
    return sign("upload", f"{contact.address}\n{key}")
