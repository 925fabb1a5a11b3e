"""Conversations of customers: who speaks in each, canned replies, and how staff answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, exists, func, insert, literal, or_, select, text, update

from commerce.domain.conversation import CannedReply, Conversation, HandoffReason, StaffAnswer, Touch, Voice
from commerce.domain.mail import ThreadEntry
from commerce.domain.moments import from_us, to_us
from commerce.errors import StaleVersion
from commerce.ports.counter import ConversationLine
from commerce.storage.finding_people import found_people
from commerce.storage.mapping import from_text, maybe_from_us, maybe_to_us, to_text
from commerce.storage.tables import audit, canned_reply, contact, conversation, staff_answer, thread_entry
from commerce.storage.threads import lines_of, thread_of
from commerce.storage.timeline import touches_of
from commerce.storage.transaction import AnyRow, Transaction, insert_once, one_row_changed

_COLUMNS = (
    "customer_id, voice, reason, assigned_to, store_id, language, skill, summary, asked_at_us, unanswered_since_us,"
    " staff_spoke_at_us, callback_offered_at_us, said_goodbye_at_us, version"
)
_ADD = insert_once("conversation", _COLUMNS, "customer_id")
_HEARD = text(
    "UPDATE conversation SET unanswered_since_us = :at_us"
    " WHERE customer_id = :customer_id AND voice <> 'bot' AND unanswered_since_us IS NULL"
)
_PUT_CANNED = text(
    "INSERT INTO canned_reply (id, title, text, position) VALUES (:id, :title, :text, :position)"
    " ON CONFLICT (id) DO UPDATE SET title = excluded.title, text = excluded.text, position = excluded.position"
)
_LAST_MARK = select(
    select(func.coalesce(func.max(thread_entry.c.id), 0)).scalar_subquery()
    + select(func.coalesce(func.max(audit.c.id), 0)).scalar_subquery()
)
_IN_THE_INBOX = exists(select(literal(1)).where(contact.c.customer_id == conversation.c.customer_id))
_SILENT = conversation.c.voice.in_([Voice.NOBODY_YET.value, Voice.PERSON.value])


class SqlConversations:
    """`commerce.ports.ConversationRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def get(self, customer_id: str) -> Conversation | None:
        row = self._db.execute(select(conversation).where(conversation.c.customer_id == customer_id)).one_or_none()
        return None if row is None else _conversation(row)

    def add(self, new: Conversation) -> bool:
        return one_row_changed(self._db.execute(_ADD, {"customer_id": new.customer_id, **_values(new)}))

    def update(self, changed: Conversation) -> Conversation:
        written = replace(changed, version=changed.version + 1)
        result = self._db.execute(
            update(conversation)
            .where(conversation.c.customer_id == changed.customer_id, conversation.c.version == changed.version)
            .values(**_values(written))
        )
        if not one_row_changed(result):
            raise StaleVersion(f"the conversation of {changed.customer_id} is no longer at version {changed.version}")
        return written

    def forget(self, customer_ids: Iterable[str]) -> int:
        ids = list(customer_ids)
        self._db.execute(update(staff_answer).where(staff_answer.c.customer_id.in_(ids)).values(customer_id=""))
        return self._db.execute(delete(conversation).where(conversation.c.customer_id.in_(ids))).rowcount

    def heard(self, customer_id: str, at: datetime) -> None:
        self._db.execute(_HEARD, {"customer_id": customer_id, "at_us": to_us(at)})

    def lines(
        self, *, silent_bot: bool | None = None, assigned_to: str | None = None,
        store_ids: Collection[str] | None = None, customer_ids: Sequence[str] | None = None,
        before: datetime | None = None, limit: int = 50,
    ) -> list[ConversationLine]:  # fmt: skip
        return lines_of(
            self._db, _conversation,
            silent_bot=silent_bot, assigned_to=assigned_to, store_ids=store_ids, customer_ids=customer_ids,
            before=before, limit=limit,
        )  # fmt: skip

    def search(self, words: str, limit: int) -> list[str]:
        return found_people(self._db, words, limit)

    def unanswered_since(self, before: datetime, limit: int) -> list[Conversation]:
        rows = self._db.execute(
            select(conversation)
            .where(
                _SILENT,
                conversation.c.unanswered_since_us <= to_us(before),
                conversation.c.callback_offered_at_us.is_(None),
            )
            .order_by(conversation.c.unanswered_since_us, conversation.c.customer_id)
            .limit(limit)
        )
        return [_conversation(row) for row in rows]

    def forgotten_since(self, before: datetime, limit: int) -> list[Conversation]:
        spoke_last = func.coalesce(conversation.c.staff_spoke_at_us, conversation.c.asked_at_us, 0)
        rows = self._db.execute(
            select(conversation)
            .where(conversation.c.voice == Voice.PERSON.value, spoke_last <= to_us(before))
            .order_by(spoke_last, conversation.c.customer_id)
            .limit(limit)
        )
        return [_conversation(row) for row in rows]

    def open_count_of(self, staff_id: str) -> int:
        count = select(func.count()).where(_SILENT, conversation.c.assigned_to == staff_id)
        return int(self._db.execute(count).scalar_one())

    def waiting_for(self, staff_id: str, limit: int) -> int:
        theirs = and_(
            conversation.c.voice == Voice.PERSON.value,
            conversation.c.unanswered_since_us.is_not(None),
            conversation.c.assigned_to == staff_id,
        )
        waits = or_(conversation.c.voice == Voice.NOBODY_YET.value, theirs)
        some = select(literal(1)).where(waits, _IN_THE_INBOX).limit(limit).subquery()
        return int(self._db.execute(select(func.count()).select_from(some)).scalar_one())

    def thread(self, customer_id: str, *, before_id: int | None = None, limit: int = 50) -> list[ThreadEntry]:
        return thread_of(self._db, customer_id, before_id=before_id, limit=limit)

    def touches(self, customer_id: str, *, before: datetime | None = None, limit: int = 100) -> list[Touch]:
        return touches_of(self._db, customer_id, before, limit)

    def last_mark(self) -> int:
        # Whoever changes a conversation writes it into the record: two numbers that only grow, and so does their sum.
        return int(self._db.execute(_LAST_MARK).scalar_one())

    # --- canned replies and how staff answer

    def canned(self) -> list[CannedReply]:
        rows = self._db.execute(select(canned_reply).order_by(canned_reply.c.position, canned_reply.c.title))
        return [CannedReply(row.id, row.title, from_text(row.text), row.position) for row in rows]

    def put_canned(self, reply: CannedReply) -> None:
        self._db.execute(
            _PUT_CANNED,
            {"id": reply.id, "title": reply.title, "text": to_text(reply.text), "position": reply.position},
        )

    def delete_canned(self, canned_id: str) -> bool:
        return one_row_changed(self._db.execute(delete(canned_reply).where(canned_reply.c.id == canned_id)))

    def answered(self, answer: StaffAnswer) -> None:
        self._db.execute(
            insert(staff_answer),
            {
                "staff_id": answer.staff_id,
                "customer_id": answer.customer_id,
                "canned_id": answer.canned_id,
                "edited": answer.edited,
                "waited_s": answer.waited_s,
                "at_us": to_us(answer.at),
            },
        )

    def answers(self, since: datetime) -> list[StaffAnswer]:
        rows = self._db.execute(
            select(staff_answer)
            .where(staff_answer.c.at_us >= to_us(since))
            .order_by(staff_answer.c.at_us, staff_answer.c.id)
        )
        return [
            StaffAnswer(
                row.staff_id, row.customer_id, from_us(row.at_us), row.canned_id, bool(row.edited), row.waited_s
            )
            for row in rows
        ]

    def sent_untouched(self, customer_id: str, canned_id: str) -> bool:
        sent = and_(
            staff_answer.c.customer_id == customer_id,
            staff_answer.c.canned_id == canned_id,
            staff_answer.c.edited.is_(False),
        )
        return self._db.execute(select(staff_answer.c.id).where(sent).limit(1)).first() is not None


def _values(of: Conversation) -> dict[str, Any]:
    return {
        "voice": of.voice.value,
        "reason": of.reason.value if of.reason else "",
        "assigned_to": of.assigned_to,
        "store_id": of.store_id,
        "language": of.language,
        "skill": of.skill,
        "summary": of.summary,
        "asked_at_us": maybe_to_us(of.asked_at),
        "unanswered_since_us": maybe_to_us(of.unanswered_since),
        "staff_spoke_at_us": maybe_to_us(of.staff_spoke_at),
        "callback_offered_at_us": maybe_to_us(of.callback_offered_at),
        "said_goodbye_at_us": maybe_to_us(of.said_goodbye_at),
        "version": of.version,
    }


def _conversation(row: AnyRow) -> Conversation:
    return Conversation(
        customer_id=row.customer_id,
        voice=Voice(row.voice),
        reason=HandoffReason(row.reason) if row.reason else None,
        assigned_to=row.assigned_to,
        store_id=row.store_id,
        language=row.language,
        skill=row.skill,
        summary=row.summary,
        asked_at=maybe_from_us(row.asked_at_us),
        unanswered_since=maybe_from_us(row.unanswered_since_us),
        staff_spoke_at=maybe_from_us(row.staff_spoke_at_us),
        callback_offered_at=maybe_from_us(row.callback_offered_at_us),
        said_goodbye_at=maybe_from_us(row.said_goodbye_at_us),
        version=row.version,
    )


# --- two customers made one: the thread follows the contacts by itself, who speaks in it is decided here

_PLACE = {Voice.BOT: 0, Voice.NOBODY_YET: 1, Voice.PERSON: 2}


def join_conversations(transaction: Transaction, kept_id: str, joined_id: str) -> list[str]:
    """The one with a person wins. Who had one before, for `part_conversations`."""
    conversations = SqlConversations(transaction)
    kept, joined = conversations.get(kept_id), conversations.get(joined_id)
    if joined is None:
        return [kept_id] if kept else []
    transaction.execute(delete(conversation).where(conversation.c.customer_id == joined_id))
    if kept is None:
        conversations.add(replace(joined, customer_id=kept_id, version=joined.version + 1))
        return [joined_id]
    if _PLACE[joined.voice] > _PLACE[kept.voice]:
        conversations.update(replace(joined, customer_id=kept_id, version=kept.version))
    return [kept_id, joined_id]


def part_conversations(transaction: Transaction, kept_id: str, joined_id: str, had_one: Sequence[str]) -> None:
    """Whoever had one goes on with what is so now: nobody is left to the bot where a person had taken over. The summary
    is dropped: it may be about the other one."""
    conversations = SqlConversations(transaction)
    now = conversations.get(kept_id)
    if now is None or joined_id not in had_one:
        return
    conversations.add(replace(now, customer_id=joined_id, version=now.version + 1, summary=""))
    if kept_id in had_one:
        conversations.update(replace(now, summary=""))
    else:
        transaction.execute(delete(conversation).where(conversation.c.customer_id == kept_id))
