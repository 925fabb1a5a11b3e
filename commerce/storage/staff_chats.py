"""Chats of the staff bot and their topics."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, delete, insert, select, text

from commerce.domain.customer import Contact
from commerce.domain.team import Role
from commerce.ports.counter import StaffChat
from commerce.storage.mapping import load_json
from commerce.storage.tables import staff_chat, staff_member, staff_topic
from commerce.storage.transaction import AnyRow, Transaction, one_row_changed

_PUT = text(
    "INSERT INTO staff_chat (channel, account, address, staff_id, store_id, has_topics)"
    " VALUES (:channel, :account, :address, :staff_id, :store_id, :has_topics)"
    " ON CONFLICT (channel, account, address) DO UPDATE SET"
    " staff_id = excluded.staff_id, store_id = excluded.store_id, has_topics = excluded.has_topics"
)
_ANY = "SELECT 1 FROM staff_chat LIMIT 1"


class SqlStaffChats:
    """`commerce.ports.StaffChatRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def put(self, chat: StaffChat) -> None:
        if chat.staff_id:  # one chat a member: the newest
            self._db.execute(delete(staff_chat).where(staff_chat.c.staff_id == chat.staff_id))
        self._db.execute(
            _PUT,
            {
                **_key(chat.contact),
                "staff_id": chat.staff_id,
                "store_id": chat.store_id,
                "has_topics": chat.has_topics,
            },
        )

    def get(self, contact: Contact) -> StaffChat | None:
        row = self._db.execute(select(staff_chat).where(*_is(staff_chat, contact))).one_or_none()
        return None if row is None else _chat(row)

    def of_staff(self, staff_id: str) -> StaffChat | None:
        row = self._db.execute(select(staff_chat).where(staff_chat.c.staff_id == staff_id)).one_or_none()
        return None if row is None else _chat(row)

    def remove(self, contact: Contact) -> bool:
        return one_row_changed(self._db.execute(delete(staff_chat).where(*_is(staff_chat, contact))))

    def for_store(self, store_id: str) -> list[StaffChat]:
        if self._db.ask(_ANY, ()) is None:  # asked at every order: where nobody uses the staff bot it costs nothing
            return []
        rows = self._db.execute(
            select(staff_chat, staff_member.c.role, staff_member.c.store_ids, staff_member.c.active)
            .outerjoin(staff_member, staff_member.c.id == staff_chat.c.staff_id)
            .order_by(staff_chat.c.channel, staff_chat.c.account, staff_chat.c.address)
        ).all()
        groups = [row for row in rows if not row.staff_id and (not store_id or row.store_id in ("", store_id))]
        if groups:
            return [_chat(row) for row in groups]
        return [_chat(row) for row in rows if row.staff_id and row.active and _works_at(row, store_id)]

    def topic(self, contact: Contact, customer_id: str) -> str:
        found = self._db.execute(
            select(staff_topic.c.topic_id).where(*_is(staff_topic, contact), staff_topic.c.customer_id == customer_id)
        ).scalar()
        return found or ""

    def set_topic(self, contact: Contact, customer_id: str, topic_id: str) -> None:
        self._db.execute(
            delete(staff_topic).where(*_is(staff_topic, contact), staff_topic.c.customer_id == customer_id)
        )
        if topic_id:
            self._db.execute(insert(staff_topic), {**_key(contact), "topic_id": topic_id, "customer_id": customer_id})

    def customer_of(self, contact: Contact, topic_id: str) -> str:
        found = self._db.execute(
            select(staff_topic.c.customer_id).where(*_is(staff_topic, contact), staff_topic.c.topic_id == topic_id)
        ).scalar()
        return found or ""


def _works_at(row: AnyRow, store_id: str) -> bool:
    if row.role == Role.MARKETER:
        return False
    return row.role == Role.OWNER or not store_id or store_id in load_json(row.store_ids)


def _key(contact: Contact) -> dict[str, str]:
    return {"channel": contact.channel, "account": contact.account, "address": contact.address}


def _is(table: Table, contact: Contact) -> tuple[ColumnElement[bool], ...]:
    return (
        table.c.channel == contact.channel,
        table.c.account == contact.account,
        table.c.address == contact.address,
    )


def _chat(row: AnyRow) -> StaffChat:
    return StaffChat(Contact(row.channel, row.account, row.address), row.staff_id, row.store_id, bool(row.has_topics))
