"""From rows of the outbox to the chats of the team. What a card or a conversation looks like is read from the shop when
it is sent, so that of ten changes the last one counts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.channels.telegram_staff.send import StaffTelegram
from bot.delivery import Delivery
from bot.messages import Button
from bot.staff import desk, tasks, topics
from bot.staff.cards import Face, face_of, headline, whereabouts
from bot.staff.desk import REMEMBERED, language_for, remember_about
from bot.staff.topics import Topics
from bot.wording import words
from commerce.domain.collecting import OPEN_STAGES, PickUpKind, PickUpRef
from commerce.domain.customer import Contact
from commerce.domain.mail import OutboundMessage
from commerce.errors import SendRefused
from commerce.services.alerting import StaffAlert

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop


class Telling:
    """What there is to say to the team, put into words and into the right place."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._topics = Topics(shop)

    def delivery(self, message: OutboundMessage, channel: StaffTelegram) -> Delivery | None:
        """None for what is no news any more. Raises ValueError for a row that nobody can have written."""
        facts = json.loads(message.body)
        if not isinstance(facts, dict):
            raise ValueError(f"{message.kind!r} without facts")
        chat = message.contact.plain
        match message.kind:
            case desk.SAY:
                return self._words(chat, facts, channel)
            case desk.TAPPED:
                return self._tapped(facts, channel)
            case StaffAlert.PICK_UP:
                return self._card(chat, facts, channel)
            case StaffAlert.ARRIVED:
                return self._arrived(chat, facts, channel)
            case StaffAlert.CONVERSATION:
                return self._topics.conversation(chat, str(facts.get("customer_id", "")), channel)
            case StaffAlert.SAID:
                return self._topics.said(chat, str(facts.get("customer_id", "")), int(facts["entry_id"]), channel)
            case topics.PHOTO:
                return self._topics.photo(chat, str(facts["customer_id"]), int(facts["entry_id"]), channel)
            case topics.CLOSES:
                return self._topics.closes(chat, str(facts["topic_id"]), channel)
            case StaffAlert.TASK:
                return self._task(chat, str(facts.get("task_id", "")), channel)
        raise ValueError(f"unknown news {message.kind!r}")

    # --- words and taps

    def _words(self, chat: Contact, facts: Mapping[str, Any], channel: StaffTelegram) -> Delivery:
        rows = [[Button(**button) for button in row] for row in facts["rows"]]

        def call() -> str:
            if facts["message_id"] and channel.edit(chat, facts["message_id"], facts["text"], rows):
                return str(facts["message_id"])
            return channel.post(
                chat, facts["text"], rows,
                topic_id=facts["topic_id"], reply_to=facts["reply_to"], asks=facts["asks"],
            )  # fmt: skip

        def sent(uow: UnitOfWork, message_id: str) -> None:
            if facts["about"]:
                remember_about(uow, chat, message_id, facts["about"], self._shop.clock.now())

        return Delivery(call, sent)

    def _tapped(self, facts: Mapping[str, Any], channel: StaffTelegram) -> Delivery:
        def call() -> str:
            try:
                channel.client.acknowledge(facts["query_id"], facts["text"], alert=facts["alert"])
            except SendRefused:
                return ""  # too late, or a second time: what it did is done
            return ""

        return Delivery(call, _nothing)

    # --- cards

    def _card(self, chat: Contact, facts: Mapping[str, Any], channel: StaffTelegram) -> Delivery | None:
        """The card of a chat, in place of the one that stands there. A message that was tapped (`message_id`) is
        brought up to date, whichever it is."""
        now = self._shop.clock.now()
        ref = _ref(facts)
        with self._shop.storage.read() as uow:
            language = self._language(uow, chat)
            card = uow.pick_ups.get(ref)
            if card is None or language is None:
                return None
            known = _known(uow.state.get(_card_key(chat, ref), now))
            face = face_of(self._shop, uow, card, language, asks_why=facts.get("asks_why") is True)
        target = str(facts.get("message_id") or "") or ("" if facts.get("anew") else known.get("message_id", ""))
        digest = _digest(face)
        if not target and not facts.get("anew") and card.stage not in OPEN_STAGES:
            return None  # nobody here has ever seen it, and it is over
        if target and target == known.get("message_id") and digest == known.get("digest"):
            return None
        picture = (self._shop.media.get(face.picture_key) or b"") if face.picture_key and not target else b""

        def call() -> str:
            if target and channel.edit(chat, target, face.text, face.rows, caption=bool(known.get("picture"))):
                return target
            return channel.post(chat, face.text, face.rows, picture=picture)

        def sent(uow: UnitOfWork, message_id: str) -> None:
            if target == message_id and known and known["message_id"] != message_id:
                return  # an older copy
            has_picture = bool(known.get("picture")) if target == message_id else bool(picture)
            kept = {"message_id": message_id, "digest": digest, "picture": has_picture}
            uow.state.put(_card_key(chat, ref), json.dumps(kept), self._shop.clock.now() + REMEMBERED)

        return Delivery(call, sent)

    def _arrived(self, chat: Contact, facts: Mapping[str, Any], channel: StaffTelegram) -> Delivery | None:
        """A message of its own, which rings: « Léa · Clio grise · place 4 »."""
        ref = _ref(facts)
        with self._shop.storage.read() as uow:
            language, card = self._language(uow, chat), uow.pick_ups.get(ref)
            if card is None or language is None or card.stage not in OPEN_STAGES:
                return None
            known = _known(uow.state.get(_card_key(chat, ref), self._shop.clock.now()))
        name = card.customer_name or words(language, "Customer")
        text = f"🔔 {name} · {whereabouts(card, language)}\n{headline(self._shop, card, language)}"
        return Delivery(lambda: channel.post(chat, text, reply_to=known.get("message_id", "")), _nothing)

    def _task(self, chat: Contact, task_id: str, channel: StaffTelegram) -> Delivery | None:
        with self._shop.storage.read() as uow:
            language, task = self._language(uow, chat), tasks.open_task(uow, task_id)
            if task is None or language is None:
                return None
            text, rows = tasks.face_of(uow, task, language)
        return Delivery(lambda: channel.post(chat, text, rows), _nothing)

    def _language(self, uow: UnitOfWork, chat: Contact) -> str | None:
        """What is spoken in a chat; None for one that hears of nothing any more."""
        bound = uow.staff_chats.get(chat)
        if bound is None:
            return None
        member = uow.team.get(bound.staff_id) if bound.staff_id else None
        return language_for(member, self._shop.settings.languages)


def _nothing(uow: UnitOfWork, message_id: str) -> None:
    """There is nothing to remember of it."""


def _ref(facts: Mapping[str, Any]) -> PickUpRef:
    return PickUpRef(PickUpKind(facts["kind"]), str(facts["id"]))


def _card_key(chat: Contact, ref: PickUpRef) -> str:
    return f"staff-card:{chat.lane}:{ref}"


def _known(kept: str | None) -> dict[str, Any]:
    found = json.loads(kept) if kept else {}
    return found if isinstance(found, dict) else {}


def _digest(face: Face) -> str:
    return hashlib.sha256(repr((face.text, face.rows)).encode("utf-8", "surrogatepass")).hexdigest()[:32]
