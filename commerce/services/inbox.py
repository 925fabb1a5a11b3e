"""One inbox: everybody who spoke with the shop, one thread a customer, and the words of the people who answer.

An answer leaves on the channel on which the customer wrote last, and on no other. All verbs belong to the caller's unit
of work.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from commerce.domain.card_numbers import mask_cards
from commerce.domain.conversation import (
    Answered,
    AnswerRefused,
    Conversation,
    HandoffReason,
    NotAnswered,
    NoteKind,
    NotSpeaking,
    Reach,
    Shelf,
    StaffAnswer,
    Voice,
)
from commerce.domain.customer import Contact
from commerce.domain.mail import Direction, OutboundMessage, ThreadEntry
from commerce.domain.plain_text import clean
from commerce.domain.reservation import Refused
from commerce.domain.team import Permission, StaffMember
from commerce.errors import StaleVersion
from commerce.ports import ChannelRules, Clock, ConversationLine, MediaStore, UnitOfWork
from commerce.services.alerting import Alerting, StaffAlert
from commerce.services.canned import Canned, unfilled
from commerce.services.handoff import Handoff
from commerce.services.photos import SUFFIX

WEB = "web"  # the pages of the counter
LONGEST_NOTE = 4_000
_MOST_SILENT = 500  # conversations that are looked through for those that wait
_LONGEST_TYPED = 40_000  # of an answer that is looked at, whatever the channel carries


class Inbox:
    def __init__(
        self,
        clock: Clock,
        canned: Canned,
        handoff: Handoff,
        alerting: Alerting,
        media: MediaStore,
        channels: Mapping[str, ChannelRules],
        photos_last: timedelta,
    ) -> None:
        """`channels`: by name, those through which people can be written to. `photos_last`: how long a photo that staff
        sent is kept."""
        self._photos_last = photos_last
        self._clock, self._canned, self._handoff, self._alerting = clock, canned, handoff, alerting
        self._media, self._channels = media, channels

    # --- reading

    def lines(
        self, uow: UnitOfWork, member: StaffMember, shelf: Shelf, *, before: datetime | None = None, limit: int = 50
    ) -> list[ConversationLine]:
        """That part of the inbox as this member sees it."""
        match shelf:
            case Shelf.WAITING:
                silent = uow.conversations.lines(silent_bot=True, limit=_MOST_SILENT)
                return [line for line in silent if _waits(line.conversation)][:limit]
            case Shelf.MINE:
                return uow.conversations.lines(silent_bot=True, assigned_to=member.id, limit=limit)
            case Shelf.STORES:
                store_ids = None if member.works_at("") else member.store_ids
                return uow.conversations.lines(silent_bot=True, store_ids=store_ids, limit=limit)
            case Shelf.CLOSED:
                return uow.conversations.lines(silent_bot=False, before=before, limit=limit)
            case Shelf.ALL:
                return uow.conversations.lines(before=before, limit=limit)

    def found(self, uow: UnitOfWork, typed: str, *, limit: int = 30) -> list[ConversationLine]:
        """By name, telephone, e-mail, order number, code, SKU or words; best first."""
        ids = uow.conversations.search(typed, limit)
        lines = {line.conversation.customer_id: line for line in uow.conversations.lines(customer_ids=ids, limit=limit)}
        return [lines[customer_id] for customer_id in ids if customer_id in lines]

    def reaches(self, uow: UnitOfWork, customer_id: str) -> list[Reach]:
        """Where this customer can be written to, the channel they used last first."""
        now = self._clock.now()
        reaches = []
        for contact, heard_at in uow.customers.last_heard(customer_id).items():
            rules = self._channels.get(contact.channel)
            if rules is None:
                continue
            closes = None if rules.reply_window is None else heard_at + rules.reply_window
            reaches.append(Reach(contact, heard_at, closes, closes is None or now < closes))
        return reaches

    def photo(self, uow: UnitOfWork, customer_id: str, entry_id: int) -> bytes | None:
        """The photo in that entry of that customer's thread, whoever sent it; None when there is none, or its time is
        over."""
        entry = self._entry(uow, customer_id, entry_id)
        key = photo_in(_body(entry)) if entry is not None else ""
        if entry is None or not key:
            return None
        return self._media.get(key) if uow.photos.sender_of(key) == entry.contact else None

    # --- speaking

    def answer(
        self,
        uow: UnitOfWork,
        member: StaffMember,
        customer_id: str,
        text: str,
        *,
        canned_id: str = "",
        via: Contact | None = None,
        take_over: bool = False,
        same_again: bool = False,
        goodbye: bool = False,
        written_in: str = WEB,
        photo_key: str = "",
    ) -> Answered | AnswerRefused:
        """Sends it on the channel used last, or on `via`, another one of theirs that is open. The bot is silent from
        then on.

        `take_over`: although somebody else answers this conversation. `same_again`: although this canned reply was sent
        to this person before. `goodbye`: the words close the conversation, whatever they
        are. `written_in`: where the member wrote them; what comes from the pages is shown in the staff's chats, too.
        `photo_key`: our clean copy of a photo, to be sent with the words or alone; refused, the caller deletes it.
        """
        customer_id = uow.customers.present_id(customer_id)
        customer = uow.customers.get(customer_id)
        if customer is None or not member.may(Permission.INBOX):
            return AnswerRefused(NotAnswered.NOT_FOUND)
        before = uow.conversations.get(customer_id)
        text = mask_cards(clean(text.replace("\r\n", "\n"), _LONGEST_TYPED))
        reaches = self.reaches(uow, customer_id)
        reach = next((each for each in reaches if via is None or each.contact == via), None)
        refusal = self._cannot_go(text, reach, reaches, photo_key) or self._is_held(member, before, take_over)
        if refusal is not None or reach is None:
            return refusal or AnswerRefused(NotAnswered.NO_CHANNEL)
        untouched = self._is_untouched(uow, member, customer_id, before, canned_id, text)
        if untouched and not same_again and uow.conversations.sent_untouched(customer_id, canned_id):
            return AnswerRefused(NotAnswered.SAME_TWICE, reach)
        said = self._handoff.staff_said(uow, member, customer_id, via=written_in, words=text, goodbye=goodbye)
        if isinstance(said, Refused):
            return AnswerRefused(NotAnswered.NOT_FOUND)
        now = self._clock.now()
        language = said.conversation.language or customer.language
        spoken = {"text": text, "language": language or "en", "speaker": member.name, "staff_id": member.id}
        if photo_key:
            uow.photos.add(photo_key, reach.contact, now, now + self._photos_last)
        picture = {"picture": {"alt": "", "media_key": photo_key}} if photo_key else {}
        body = json.dumps(spoken | picture, ensure_ascii=False)
        entry_id = uow.threads.add(reach.contact, Direction.OUT, body, now)
        uow.outbox.add(OutboundMessage(reach.contact, "reply", body), now)
        used = canned_id if canned_id and self._canned.get(uow, canned_id) is not None else ""
        uow.conversations.answered(
            StaffAnswer(member.id, customer_id, now, used, bool(used) and not untouched, said.waited_s)
        )
        uow.audit.add(
            f"staff:{member.id}", "answered", customer_id, {"entry": entry_id, "channel": reach.contact.channel}, now
        )
        if written_in == WEB:
            facts = {"customer_id": customer_id, "entry_id": entry_id}
            self._alerting.tell(uow, StaffAlert.SAID, said.conversation.store_id, facts)
        return Answered(entry_id, reach.contact, said.conversation)

    def note(
        self, uow: UnitOfWork, member: StaffMember, customer_id: str, kind: NoteKind, text: str
    ) -> ThreadEntry | Refused[NotAnswered]:
        """A call, a visit or a word among the team: in the thread for staff, and known to whoever answers next."""
        customer_id = uow.customers.present_id(customer_id)
        contacts = uow.customers.contacts(customer_id)
        text = mask_cards(clean(text.replace("\r\n", "\n"), LONGEST_NOTE + 1))
        if not contacts or not member.may(Permission.CUSTOMERS):
            return Refused(NotAnswered.NOT_FOUND)
        if not text:
            return Refused(NotAnswered.EMPTY)
        if len(text) > LONGEST_NOTE:
            return Refused(NotAnswered.TOO_LONG)
        now = self._clock.now()
        body = json.dumps(
            {"note": kind.value, "text": text, "speaker": member.name, "staff_id": member.id}, ensure_ascii=False
        )
        entry_id = uow.threads.add(contacts[0], Direction.NOTE, body, now)
        before = uow.conversations.get(customer_id)
        if kind is not NoteKind.NOTE and before is not None and before.unanswered_since is not None:
            # Whoever was rung up, or stood in the store, has been answered.
            uow.conversations.update(replace(before, unanswered_since=None, staff_spoke_at=now))
        uow.audit.add(f"staff:{member.id}", "noted", customer_id, {"entry": entry_id, "kind": kind.value}, now)
        return ThreadEntry(entry_id, contacts[0], Direction.NOTE, now, body)

    def assign(
        self, uow: UnitOfWork, member: StaffMember, customer_id: str, to_id: str, version: int
    ) -> Conversation | Refused[NotSpeaking]:
        """Somebody else of the team is to answer; the bot is silent. `version` is the one the member saw, 0 where there
        was no conversation yet."""
        customer = uow.customers.get(customer_id)
        to = uow.team.get(to_id)
        if customer is None or to is None:
            return Refused(NotSpeaking.NOT_FOUND)
        if not member.may(Permission.INBOX) or not to.may(Permission.INBOX):
            return Refused(NotSpeaking.NOT_ALLOWED)
        before = uow.conversations.get(customer.id)
        if (before.version if before else 0) != version:
            return Refused(NotSpeaking.CHANGED)
        now = self._clock.now()
        given = replace(
            before or Conversation(customer.id, Voice.BOT, None, "", "", customer.language, "", ""),
            voice=Voice.NOBODY_YET if to.id != member.id else Voice.PERSON,
            assigned_to=to.id,
        )
        if before is None or before.voice is Voice.BOT:
            given = replace(given, reason=HandoffReason.STAFF, asked_at=now)
        if to.id == member.id:
            given = replace(given, staff_spoke_at=now)
        if before is None:
            if not uow.conversations.add(given):
                return Refused(NotSpeaking.CHANGED)
        else:
            try:
                given = uow.conversations.update(given)
            except StaleVersion:
                return Refused(NotSpeaking.CHANGED)
        uow.audit.add(f"staff:{member.id}", "conversation_assigned", customer.id, {"to": to.id}, now)
        self._alerting.tell(uow, StaffAlert.CONVERSATION, given.store_id, {"customer_id": customer.id})
        return given

    # --- inside

    def _entry(self, uow: UnitOfWork, customer_id: str, entry_id: int) -> ThreadEntry | None:
        found = uow.conversations.thread(uow.customers.present_id(customer_id), before_id=entry_id + 1, limit=1)
        return found[0] if found and found[0].id == entry_id else None

    def _cannot_go(self, text: str, reach: Reach | None, reaches: list[Reach], photo_key: str) -> AnswerRefused | None:
        if reach is None:
            return AnswerRefused(NotAnswered.NO_CHANNEL)
        if not text and not photo_key:
            return AnswerRefused(NotAnswered.EMPTY, reach)
        if missing := unfilled(text):
            return AnswerRefused(NotAnswered.UNFILLED, reach, missing=missing)
        if not reach.is_open:
            open_ones = tuple(each for each in reaches if each.is_open)
            return AnswerRefused(NotAnswered.WINDOW_CLOSED, reach, open_ones)
        rules = self._channels[reach.contact.channel]
        if photo_key and not rules.pictures:
            return AnswerRefused(NotAnswered.NO_PICTURES, reach)
        length = len(text.encode("utf-16-le")) // 2 if rules.counts_utf16 else len(text)
        if length > rules.text_limit:
            return AnswerRefused(NotAnswered.TOO_LONG, reach, most=rules.text_limit)
        return None

    def _is_held(self, member: StaffMember, before: Conversation | None, take_over: bool) -> AnswerRefused | None:
        held = before is not None and before.voice is Voice.PERSON and before.assigned_to not in ("", member.id)
        if before is None or not held or take_over:
            return None
        return AnswerRefused(NotAnswered.TAKEN, held_by=before.assigned_to)

    def _is_untouched(
        self, uow: UnitOfWork, member: StaffMember, customer_id: str, before: Conversation | None, canned_id: str,
        text: str,
    ) -> bool:  # fmt: skip
        reply = self._canned.get(uow, canned_id) if canned_id else None
        if reply is None:
            return False
        return self._canned.draft(uow, reply, member, customer_id, before).text.split() == text.split()


def _waits(conversation: Conversation) -> bool:
    return conversation.voice is Voice.NOBODY_YET or conversation.unanswered_since is not None


def photo_in(body: Mapping[str, object]) -> str:
    """The key of the photo that an entry of a thread shows, a shopper's or one of the team's; '' for any other."""
    sent = body.get("picture")
    key = body.get("photo_key") or (sent.get("media_key") if isinstance(sent, dict) else "")
    return key if isinstance(key, str) and key.endswith(SUFFIX) else ""


def _body(entry: ThreadEntry) -> Mapping[str, object]:
    try:
        read = json.loads(entry.body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
