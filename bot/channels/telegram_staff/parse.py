"""What people in the store write, tap and do to their groups. Pure.

https://core.telegram.org/bots/api#update
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.channels import updates
from bot.channels.port import Received
from bot.channels.updates import Json, id_of, media_of, object_in, sender_of, text_in
from bot.intake import clean
from bot.messages import Message
from commerce.domain.customer import Contact
from commerce.domain.mail import InboundEvent

CHANNEL = "telegram-staff"
WANTED_KINDS = ("message", "callback_query", "my_chat_member")

_COMMAND = re.compile(r"/([a-z]{1,32})(?:@\w+)?(?:\s+(.*))?", re.ASCII | re.DOTALL | re.IGNORECASE)
_LONGEST_TITLE = 128


class Happened(StrEnum):
    """What became of a chat or of a topic."""

    TOPIC_CLOSED = "topic_closed"
    TOPIC_REOPENED = "topic_reopened"
    TURNED_AWAY = "turned_away"  # the bot was removed, or blocked
    RIGHTS = "rights"  # the bot was added, or its rights were changed
    MOVED = "moved"  # the group has a new id: `moved_to`


@dataclass(frozen=True, slots=True)
class StaffMessage:
    """One thing that somebody said or did. Exactly what it was is set in `message` (`text`, `media`, `action`), in
    `command` or in `happened`.

    `user` is the person as a contact of this bot, whichever chat they are in. `topic_id`: of a forum. `reply_to`: the
    message of ours that it answers. `tapped`: the message of ours whose button it was, `query_id` names the tap.
    """

    message: Message
    user: Contact
    in_group: bool
    message_id: str = ""
    is_forum: bool = False
    title: str = ""  # of the group
    topic_id: str = ""
    reply_to: str = ""
    command: str = ""
    words: str = ""  # after the command
    query_id: str = ""
    tapped: str = ""
    happened: Happened | None = None
    may_manage_topics: bool = False  # with RIGHTS
    moved_to: str = ""

    @property
    def chat(self) -> Contact:
        return self.message.contact


def split(body: bytes, account: str, now: datetime) -> list[Received]:
    """The one event of a webhook call or of one update that was polled, see `updates.split`. A tap is acknowledged
    after it took effect, with a word of what came of it."""
    return [replace(received, answer={}) for received in updates.split(body, CHANNEL, account, now)]


def parse(event: InboundEvent) -> Message | None:
    """What was said, without who and where; None for everything that is no message."""
    read_ = read(event)
    return read_.message if read_ and read_.happened is None else None


def read(event: InboundEvent) -> StaffMessage | None:
    """None for what does not concern us: other bots, edits, channels, who came and went. Never raises."""
    update = updates.update_in(event)
    if query := object_in(update, "callback_query"):
        return _tap(event, query)
    if changed := object_in(update, "my_chat_member"):
        return _membership(event, changed)
    message = object_in(update, "message")
    return _message(event, message) if message else None


def _tap(event: InboundEvent, query: Json) -> StaffMessage | None:
    message = object_in(query, "message")
    base = _base(event, query, object_in(message, "chat"))
    action, query_id, tapped = text_in(query, "data"), text_in(query, "id"), id_of(message.get("message_id"))
    if base is None or not action or not query_id or tapped is None:
        return None
    return replace(
        base,
        message=replace(base.message, action=action),
        query_id=query_id,
        tapped=str(tapped),
        topic_id=_topic(message),
    )


def _membership(event: InboundEvent, changed: Json) -> StaffMessage | None:
    """https://core.telegram.org/bots/api#chatmemberupdated about ourselves"""
    base = _base(event, changed, object_in(changed, "chat"))
    if base is None:
        return None
    now = object_in(changed, "new_chat_member")
    if text_in(now, "status") in ("left", "kicked"):
        return replace(base, happened=Happened.TURNED_AWAY)
    return replace(base, happened=Happened.RIGHTS, may_manage_topics=now.get("can_manage_topics") is True)


def _message(event: InboundEvent, message: Json) -> StaffMessage | None:
    base = _base(event, message, object_in(message, "chat"))
    if base is None:
        return None
    message_id = id_of(message.get("message_id"))
    base = replace(base, topic_id=_topic(message), message_id="" if message_id is None else str(message_id))
    if (moved := id_of(message.get("migrate_to_chat_id"))) is not None:
        return replace(base, happened=Happened.MOVED, moved_to=str(moved))
    for field, what in (
        ("forum_topic_closed", Happened.TOPIC_CLOSED),
        ("forum_topic_reopened", Happened.TOPIC_REOPENED),
    ):
        if isinstance(message.get(field), dict):
            return replace(base, happened=what)
    media, text = media_of(message), text_in(message, "text") or text_in(message, "caption")
    if not text and not media:
        return None
    answered = object_in(message, "reply_to_message")
    reply_to = id_of(answered.get("message_id")) if _is_ours(answered, event) else None
    base = replace(
        base,
        message=replace(base.message, text=text, media=media),
        reply_to="" if reply_to is None else str(reply_to),
    )
    found = _COMMAND.fullmatch(text)
    if found is None:
        return base
    words = (found.group(2) or "").strip()
    return replace(base, command=found.group(1).lower(), words=words)


def _base(event: InboundEvent, content: Json, chat: Json) -> StaffMessage | None:
    sender = object_in(content, "from")
    user_id, kind = id_of(sender.get("id")), text_in(chat, "type")
    if user_id is None or sender.get("is_bot") is True or kind not in ("private", "group", "supergroup"):
        return None
    name, language = sender_of(content)
    return StaffMessage(
        Message(event.contact, event.event_id, event.sent_at, sender_name=name, language_hint=language),
        user=replace(event.contact, address=str(user_id)),
        in_group=kind != "private",
        is_forum=chat.get("is_forum") is True,
        title=clean(text_in(chat, "title"), _LONGEST_TITLE),
    )


def _topic(message: Json) -> str:
    """'' in the general topic, and in groups without topics, where threads of replies have numbers too."""
    topic = id_of(message.get("message_thread_id"))
    return str(topic) if topic is not None and message.get("is_topic_message") is True else ""


def _is_ours(answered: Json, event: InboundEvent) -> bool:
    """In a topic every message answers the one that opened it, unless it answers another."""
    if "forum_topic_created" in answered:
        return False
    return bool(answered) and str(object_in(answered, "from").get("id")) == event.contact.account
