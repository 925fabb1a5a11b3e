"""A conversation in a chat of the team: a topic of its own where the group is a forum, else messages that are answered.

The head says whom it is about, why, and who answers; what is said follows below it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.channels.telegram_staff.send import StaffTelegram
from bot.delivery import Delivery
from bot.messages import Button
from bot.staff.desk import REMEMBERED, language_for, remember_about
from bot.staff.discretion import discreet
from bot.staff.lines import body_of, channel_name, last_lines, line_of
from bot.staff.taps import TalkDeed, TalkTap
from bot.wording import words
from commerce.domain.conversation import Conversation, Voice
from commerce.domain.customer import Contact
from commerce.domain.mail import OutboundMessage
from commerce.errors import SendRefused
from commerce.i18n import format_time

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop

LINES, PHOTOS = 8, 3  # shown when a conversation is opened
PHOTO, CLOSES = "staff_photo", "staff_topic_closes"  # kinds of rows in the outbox: what follows upon a head
_SHORT_ID = 4


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a conversation is in one chat. `upto`: the last entry of the thread that stands there."""

    chat: Contact
    customer_id: str
    name: str
    language: str
    has_topics: bool
    topic_id: str
    head_id: str = ""
    digest: str = ""
    open: bool = False
    upto: int = 0
    rang: str = ""  # when the team was reminded


class Topics:
    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    # --- a person is wanted, answers, or has given it back

    def conversation(self, chat: Contact, customer_id: str, channel: StaffTelegram) -> Delivery | None:
        now = self._shop.clock.now()
        with self._shop.storage.read() as uow:
            place = self._place(uow, chat, customer_id, now)
            there = uow.conversations.get(customer_id)
            if place is None or there is None or (not there.bot_is_silent and not place.head_id):
                return None
            text, rows = self._head(uow, there, place)
            entries = [entry for entry in uow.conversations.thread(customer_id, limit=LINES) if entry.id > place.upto]
        opens = there.bot_is_silent and not place.open
        reminder = there.callback_offered_at.isoformat() if there.callback_offered_at else ""
        rings = not opens and there.bot_is_silent and reminder not in ("", place.rang)
        digest = hashlib.sha256(repr((text, rows)).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        if not opens and not rings and digest == place.digest:
            return None
        shown = last_lines(entries, place.name, place.language) if opens else ""
        whole = f"{text}\n\n{shown}" if shown else text
        found: list[_Place] = []

        def call() -> str:
            where = self._with_topic(place, channel) if opens else place
            found[:] = [where]
            if not opens and not rings and channel.edit(chat, where.head_id, text, rows):
                return where.head_id
            return channel.post(chat, whole, rows, topic_id=where.topic_id, silent=not (opens or rings))

        def sent(uow: UnitOfWork, message_id: str) -> None:
            upto = max([place.upto, *(entry.id for entry in entries)]) if opens else place.upto
            where = replace(
                found[0], head_id=message_id, digest=digest, open=there.bot_is_silent, upto=upto, rang=reminder
            )
            self._remember(uow, where)
            if opens:
                pictured = [entry.id for entry in reversed(entries) if body_of(entry).get("photo_key")]
                for entry_id in pictured[-PHOTOS:]:
                    _follow(uow, chat, PHOTO, now, customer_id=customer_id, entry_id=entry_id)
            elif place.open and not there.bot_is_silent and where.topic_id:
                _follow(uow, chat, CLOSES, now, topic_id=where.topic_id)

        return Delivery(call, sent)

    def photo(self, chat: Contact, customer_id: str, entry_id: int, channel: StaffTelegram) -> Delivery | None:
        """One of the thread as it was before a person came."""
        now = self._shop.clock.now()
        with self._shop.storage.read() as uow:
            place = self._place(uow, chat, customer_id, now)
            picture = self._shop.inbox.photo(uow, customer_id, entry_id)
        if place is None or not picture:
            return None
        reply_to = "" if place.topic_id else place.head_id
        return Delivery(
            lambda: channel.post(chat, "", picture=picture, topic_id=place.topic_id, reply_to=reply_to, silent=True),
            lambda uow, message_id: remember_about(uow, chat, message_id, customer_id, now),
        )

    def closes(self, chat: Contact, topic_id: str, channel: StaffTelegram) -> Delivery:
        def call() -> str:
            channel.close_topic(chat, topic_id)
            return ""

        return Delivery(call, lambda uow, message_id: None)

    # --- a line of the thread

    def said(self, chat: Contact, customer_id: str, entry_id: int, channel: StaffTelegram) -> Delivery | None:
        now = self._shop.clock.now()
        with self._shop.storage.read() as uow:
            place = self._place(uow, chat, customer_id, now)
            if place is None or entry_id <= place.upto:
                return None
            if not place.open:
                return self.conversation(chat, customer_id, channel)
            newest = uow.conversations.thread(customer_id, before_id=entry_id + 1, limit=1)
            if not newest or newest[0].id != entry_id:
                return None
            text = line_of(newest[0], place.name, place.language)
            has_photo = bool(body_of(newest[0]).get("photo_key"))
            photo = self._shop.inbox.photo(uow, customer_id, entry_id) if has_photo else None
        if not text and not photo:
            return None
        found: list[_Place] = []

        def post(where: _Place) -> str:
            found[:] = [where]
            reply_to = "" if where.topic_id else where.head_id
            return channel.post(chat, text, picture=photo or b"", topic_id=where.topic_id, reply_to=reply_to)

        def call() -> str:
            try:
                return post(place)
            except SendRefused:  # somebody has closed or deleted the topic
                if not place.topic_id:
                    raise
                return post(self._with_topic(place, channel))

        def sent(uow: UnitOfWork, message_id: str) -> None:
            if not found[0].topic_id:  # in a topic everything is about its customer
                remember_about(uow, chat, message_id, customer_id, now)
            self._remember(uow, replace(found[0], upto=entry_id))

        return Delivery(call, sent)

    # --- how

    def _head(self, uow: UnitOfWork, there: Conversation, place: _Place) -> tuple[str, tuple[tuple[Button, ...], ...]]:
        def t(msgid: str, **values: object) -> str:
            return words(place.language, msgid, **values)

        store = uow.stores.get(there.store_id) if there.store_id else None
        zone = store.timezone if store else self._shop.settings.timezone
        heard = [channel_name(contact.channel) for contact in uow.customers.last_heard(there.customer_id)]
        parts = [place.name, *dict.fromkeys(heard), store.name(place.language) if store else ""]
        lines = ["💬 " + " · ".join(part for part in parts if part), *filter(None, [discreet(there.summary)])]
        match there.voice:
            case Voice.NOBODY_YET:
                since = there.unanswered_since or there.asked_at
                at = format_time(since, place.language, zone) if since else ""
                lines.append(t("Waits for an answer since {time}.", time=at) if at else t("Nobody answers yet."))
            case Voice.PERSON:
                member = uow.team.get(there.assigned_to) if there.assigned_to else None
                lines.append(t("{member} answers.", member=member.name if member else t("Somebody")))
            case Voice.BOT:
                lines.append(t("The bot answers."))

        def button(label: str, deed: TalkDeed) -> Button:
            return Button(label, str(TalkTap(deed, there.customer_id, there.version)))

        take, give = button(t("I take it"), TalkDeed.TAKE), button(t("Give back to the bot"), TalkDeed.GIVE_BACK)
        call = button(t("Note a call…"), TalkDeed.CALL)
        match there.voice:
            case Voice.NOBODY_YET:
                return "\n".join(lines), ((take, give), (call,))
            case Voice.PERSON:
                return "\n".join(lines), ((give, call),)
            case Voice.BOT:
                return "\n".join(lines), ((take,),)

    def _with_topic(self, place: _Place, channel: StaffTelegram) -> _Place:
        """With a topic that is there, where the group has topics. One that was made is remembered at once: should the
        next call fail, no second one is made. Without the right to make one the group goes on without topics."""
        if not place.has_topics:
            return replace(place, topic_id="")
        if place.topic_id and self._is_there(place, channel):
            return place
        try:
            topic_id = channel.create_topic(place.chat, place.name)
        except SendRefused:
            self._shop.storage.write(lambda uow: _without_topics(uow, place.chat))
            sorry = words(place.language, "To open a topic for each customer, I need the right to manage topics.")
            channel.post(place.chat, sorry, silent=True)
            return replace(place, has_topics=False, topic_id="")
        self._shop.storage.write(lambda uow: uow.staff_chats.set_topic(place.chat, place.customer_id, topic_id))
        return replace(place, topic_id=topic_id, head_id="", digest="")

    def _is_there(self, place: _Place, channel: StaffTelegram) -> bool:
        """Opens it again where somebody has closed it; False where somebody has deleted it."""
        try:
            channel.reopen_topic(place.chat, place.topic_id)
        except SendRefused:
            return False
        return True

    def _place(self, uow: UnitOfWork, chat: Contact, customer_id: str, now: datetime) -> _Place | None:
        bound, customer = uow.staff_chats.get(chat), uow.customers.get(customer_id)
        if bound is None or customer is None:
            return None
        member = uow.team.get(bound.staff_id) if bound.staff_id else None
        language = language_for(member, self._shop.settings.languages)
        name = discreet(customer.name) or f"{words(language, 'Customer')} {customer_id[-_SHORT_ID:].upper()}"
        kept = uow.state.get(_key(chat, customer_id), now)
        known: dict[str, Any] = json.loads(kept) if kept else {}
        topic_id = uow.staff_chats.topic(chat, customer_id) if bound.has_topics else ""
        return _Place(
            chat, customer_id, name, language, bound.has_topics, topic_id,
            head_id=str(known.get("head_id", "")), digest=str(known.get("digest", "")),
            open=known.get("open") is True, upto=int(known.get("upto", 0)), rang=str(known.get("rang", "")),
        )  # fmt: skip

    def _remember(self, uow: UnitOfWork, place: _Place) -> None:
        now = self._shop.clock.now()
        kept = {
            "head_id": place.head_id, "digest": place.digest, "open": place.open, "upto": place.upto,
            "rang": place.rang,
        }  # fmt: skip
        uow.state.put(_key(place.chat, place.customer_id), json.dumps(kept), now + REMEMBERED)
        if place.head_id and not place.topic_id:
            remember_about(uow, place.chat, place.head_id, place.customer_id, now)


def _without_topics(uow: UnitOfWork, chat: Contact) -> None:
    bound = uow.staff_chats.get(chat)
    if bound is not None:
        uow.staff_chats.put(replace(bound, has_topics=False))


def _follow(uow: UnitOfWork, chat: Contact, kind: str, now: datetime, **facts: object) -> None:
    uow.outbox.add(OutboundMessage(chat, kind, json.dumps(facts)), now)


def _key(chat: Contact, customer_id: str) -> str:
    return f"staff-talk:{chat.lane}:{customer_id}"
