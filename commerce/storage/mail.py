"""Inbox, outbox, the leases of their lanes, and the thread that people read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, text, update

from commerce.domain.customer import URGENT, Contact
from commerce.domain.mail import (
    DeadLetter,
    Direction,
    InboundEvent,
    InboxRow,
    InboxState,
    OutboundMessage,
    OutboxRow,
    OutboxState,
    ThreadEntry,
)
from commerce.domain.moments import from_us, to_us
from commerce.storage.direct import insert_into
from commerce.storage.prepared import Prepared
from commerce.storage.tables import inbox, outbox, thread_entry
from commerce.storage.transaction import AnyRow, Transaction, one_row_changed
from commerce.storage.words import keep_said

ERROR_CHARS = 2000  # of an error's text that a row keeps

_ACCEPT = text(
    "INSERT INTO inbox (channel, account, event_id, address, lane, body, sent_at_us, received_at_us, state, error)"
    " VALUES (:channel, :account, :event_id, :address, :lane, :body, :sent_at_us, :received_at_us, :state, :error)"
    " ON CONFLICT (channel, account, event_id) DO NOTHING"
)


def _waiting(table: str, states: str, lease: str, only: str = "") -> str:
    """Lanes whose first row may be worked on now. A row that waits for a retry holds its whole lane."""
    return (
        f"SELECT lane FROM {table} WHERE state IN ({states}){only} AND NOT EXISTS ("  # noqa: S608 - our own names
        f"SELECT 1 FROM lane_lease WHERE lane_lease.lane = '{lease}:' || {table}.lane AND until_us > :now_us)"
        f" GROUP BY lane HAVING max(not_before_us) <= :now_us ORDER BY min(id) LIMIT :limit"
    )


_INBOX_LANES = text(_waiting("inbox", "'new'", "in"))
_OUTBOX_LANES = text(_waiting("outbox", "'ready', 'sending'", "out"))
_ONLY_URGENT = f" AND lane LIKE '%{URGENT}'"
_URGENT_INBOX_LANES = text(_waiting("inbox", "'new'", "in", _ONLY_URGENT))
_URGENT_OUTBOX_LANES = text(_waiting("outbox", "'ready', 'sending'", "out", _ONLY_URGENT))


def _contact_values(contact: Contact) -> dict[str, Any]:
    return {"channel": contact.channel, "account": contact.account, "address": contact.address}


_NEXT_IN_INBOX = Prepared(
    select(inbox)
    .where(inbox.c.lane == bindparam("in_lane"), inbox.c.state == InboxState.NEW.value)
    .order_by(inbox.c.sent_at_us, inbox.c.id)
    .limit(1)
)
_DONE = Prepared(
    update(inbox)
    .where(inbox.c.id == bindparam("row_id"), inbox.c.state == InboxState.NEW.value)
    .values(state=InboxState.DONE.value, done_at_us=bindparam("at_us"), error="")
)


class SqlInbox:
    """`commerce.ports.InboxRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def accept(self, event: InboundEvent, at: datetime) -> bool:
        return self._store(event, InboxState.NEW, "", at)

    def dead_letter(self, event: InboundEvent, error: str, at: datetime) -> bool:
        return self._store(event, InboxState.DEAD, error, at)

    def waiting_lanes(self, now: datetime, limit: int, *, urgent: bool = False) -> list[str]:
        lanes = _URGENT_INBOX_LANES if urgent else _INBOX_LANES
        return list(self._db.execute(lanes, {"now_us": to_us(now), "limit": limit}).scalars())

    def next_in(self, lane: str, now: datetime) -> InboxRow | None:
        row = self._db.row(_NEXT_IN_INBOX, {"in_lane": lane})
        if row is None or row.not_before_us > to_us(now):
            return None
        contact = Contact(row.channel, row.account, row.address)
        event = InboundEvent(contact, row.event_id, from_us(row.sent_at_us), bytes(row.body))
        return InboxRow(row.id, event, InboxState(row.state), row.tries)

    def done(self, row_id: int, at: datetime) -> bool:
        return self._db.run(_DONE, {"row_id": row_id, "at_us": to_us(at)}) == 1

    def failed(self, row_id: int, error: str, retry_at: datetime | None) -> None:
        values: dict[str, Any] = {"tries": inbox.c.tries + 1, "error": error[:ERROR_CHARS]}
        if retry_at is None:
            values["state"] = InboxState.DEAD.value
        else:
            values["not_before_us"] = to_us(retry_at)
        self._db.execute(
            update(inbox).where(inbox.c.id == row_id, inbox.c.state == InboxState.NEW.value).values(**values)
        )

    def dead(self, limit: int) -> list[DeadLetter]:
        rows = self._db.execute(
            select(inbox).where(inbox.c.state == InboxState.DEAD.value).order_by(inbox.c.id).limit(limit)
        )
        return [
            DeadLetter(
                "in", row.id, row.lane, row.event_id, row.state, row.tries, row.error, from_us(row.received_at_us)
            )
            for row in rows
        ]

    def replay(self, row_id: int, at: datetime) -> bool:
        return one_row_changed(
            self._db.execute(
                update(inbox)
                .where(inbox.c.id == row_id, inbox.c.state == InboxState.DEAD.value)
                .values(state=InboxState.NEW.value, tries=0, not_before_us=to_us(at))
            )
        )

    def _store(self, event: InboundEvent, state: InboxState, error: str, at: datetime) -> bool:
        return one_row_changed(
            self._db.execute(
                _ACCEPT,
                {
                    **_contact_values(event.contact),
                    "event_id": event.event_id,
                    "lane": event.contact.lane,
                    "body": event.body,
                    "sent_at_us": to_us(event.sent_at),
                    "received_at_us": to_us(at),
                    "state": state.value,
                    "error": error[:ERROR_CHARS],
                },
            )
        )


_UNFINISHED = (OutboxState.READY.value, OutboxState.SENDING.value)
_NEXT_IN_OUTBOX = (
    select(outbox)
    .where(outbox.c.lane == bindparam("in_lane"), outbox.c.state.in_(_UNFINISHED))
    .order_by(outbox.c.id)
    .limit(1)
)
_ADD = insert_into("outbox", "channel account address lane kind body repeat_safe created_at_us", key="id")
_GIVEN_UP = outbox.c.state.in_((OutboxState.DEAD.value, OutboxState.UNKNOWN.value))


def _outbox_row(row: AnyRow) -> OutboxRow:
    contact = Contact(row.channel, row.account, row.address)
    return OutboxRow(
        id=row.id,
        message=OutboundMessage(contact, row.kind, row.body, row.repeat_safe),
        state=OutboxState(row.state),
        tries=row.tries,
        created_at=from_us(row.created_at_us),
    )


class SqlOutbox:
    """`commerce.ports.OutboxRepository`.

    A row is unfinished while it is ready or sending. A worker that holds the lane's lease and finds a row that says
    "sending" knows that the one before it died during the call. `unknown` and `dead` wait for a person and hold nobody.
    """

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def add(self, message: OutboundMessage, at: datetime) -> int:
        to = message.contact
        return self._db.insert_numbered(
            _ADD,
            (
                to.channel,
                to.account,
                to.address,
                to.lane,
                message.kind,
                message.body,
                message.repeat_safe,
                to_us(at),
            ),
        )

    def waiting_lanes(self, now: datetime, limit: int, *, urgent: bool = False) -> list[str]:
        lanes = _URGENT_OUTBOX_LANES if urgent else _OUTBOX_LANES
        return list(self._db.execute(lanes, {"now_us": to_us(now), "limit": limit}).scalars())

    def next_in(self, lane: str, now: datetime) -> OutboxRow | None:
        row = self._db.execute(_NEXT_IN_OUTBOX, {"in_lane": lane}).one_or_none()
        return None if row is None or row.not_before_us > to_us(now) else _outbox_row(row)

    def sending(self, row_id: int) -> bool:
        return self._move(row_id, OutboxState.SENDING, tries=outbox.c.tries + 1)

    def sent(self, row_id: int, provider_id: str, at: datetime) -> None:
        self._move(row_id, OutboxState.SENT, provider_id=provider_id, sent_at_us=to_us(at), error="")

    def retry(self, row_id: int, error: str, not_before: datetime) -> None:
        self._move(row_id, OutboxState.READY, error=error[:ERROR_CHARS], not_before_us=to_us(not_before))

    def dead(self, row_id: int, error: str) -> None:
        self._move(row_id, OutboxState.DEAD, error=error[:ERROR_CHARS])

    def unknown(self, row_id: int, error: str) -> None:
        self._move(row_id, OutboxState.UNKNOWN, error=error[:ERROR_CHARS])

    def dead_letters(self, limit: int) -> list[DeadLetter]:
        rows = self._db.execute(select(outbox).where(_GIVEN_UP).order_by(outbox.c.id).limit(limit))
        return [
            DeadLetter("out", row.id, row.lane, row.kind, row.state, row.tries, row.error, from_us(row.created_at_us))
            for row in rows
        ]

    def replay(self, row_id: int, at: datetime) -> bool:
        row = self._db.execute(delete(outbox).where(outbox.c.id == row_id, _GIVEN_UP).returning(outbox)).one_or_none()
        if row is None:
            return False
        self.add(_outbox_row(row).message, at)  # a new number: the order of a lane is the order of its numbers
        return True

    def _move(self, row_id: int, to_state: OutboxState, **values: Any) -> bool:
        """Only unfinished rows move: what was sent stays sent."""
        return one_row_changed(
            self._db.execute(
                update(outbox)
                .where(outbox.c.id == row_id, outbox.c.state.in_(_UNFINISHED))
                .values(state=to_state.value, **values)
            )
        )


_TAKE_LEASE = text(
    "INSERT INTO lane_lease (lane, owner, until_us) VALUES (:lane, :owner, :until_us)"
    " ON CONFLICT (lane) DO UPDATE SET owner = excluded.owner, until_us = excluded.until_us"
    " WHERE lane_lease.owner = excluded.owner OR lane_lease.until_us <= :now_us"
)
_RENEW_LEASE = text("UPDATE lane_lease SET until_us = :until_us WHERE lane = :lane AND owner = :owner")
_ADD_ENTRY = insert(thread_entry).returning(thread_entry.c.id)
# Numbers of one thread are drawn in the order of commits: whoever reads on after a number must not miss a smaller one
# that is committed later. The lock is taken before the number is drawn, and lasts until the commit.
_ADD_ENTRY_IN_TURN = text(
    "INSERT INTO thread_entry (channel, account, address, direction, body, at_us)"
    " SELECT :channel, :account, :address, :direction, :body, CAST(:at_us AS bigint)"
    " FROM (SELECT pg_advisory_xact_lock(CAST(:lock AS integer), hashtext(:lane))) AS our_turn RETURNING id"
)
THREAD_LOCK = 0x5669_0004  # with a thread's hash; any constant that nothing else locks with a second number
_DROP_LEASE = text("DELETE FROM lane_lease WHERE lane = :lane AND owner = :owner")


class SqlLeases:
    """`commerce.ports.LeaseRepository`. Lanes are named "in:<lane>" for the inbox and "out:<lane>" for the outbox."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def take(self, lane: str, owner: str, now: datetime, until: datetime) -> bool:
        return one_row_changed(
            self._db.execute(
                _TAKE_LEASE, {"lane": lane, "owner": owner, "now_us": to_us(now), "until_us": to_us(until)}
            )
        )

    def renew(self, lane: str, owner: str, until: datetime) -> bool:
        return one_row_changed(self._db.execute(_RENEW_LEASE, {"lane": lane, "owner": owner, "until_us": to_us(until)}))

    def drop(self, lane: str, owner: str) -> None:
        self._db.execute(_DROP_LEASE, {"lane": lane, "owner": owner})


class SqlThreads:
    """`commerce.ports.ThreadRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def add(self, contact: Contact, direction: Direction, body: str, at: datetime) -> int:
        values = {**_contact_values(contact), "direction": direction.value, "body": body, "at_us": to_us(at)}
        if self._db.is_postgres:
            added = self._db.execute(_ADD_ENTRY_IN_TURN, {**values, "lock": THREAD_LOCK, "lane": contact.lane})
        else:
            added = self._db.execute(_ADD_ENTRY, values)
        entry_id = int(added.scalar_one())
        keep_said(self._db, entry_id, direction, body)
        return entry_id

    def after(self, contact: Contact, entry_id: int, limit: int) -> list[ThreadEntry]:
        rows = self._db.execute(
            select(thread_entry)
            .where(
                thread_entry.c.channel == contact.channel,
                thread_entry.c.account == contact.account,
                thread_entry.c.address == contact.address,
                thread_entry.c.id > entry_id,
            )
            .order_by(thread_entry.c.id)
            .limit(limit)
        )
        return [ThreadEntry(row.id, contact, Direction(row.direction), from_us(row.at_us), row.body) for row in rows]
