"""One thread a customer, over every contact of theirs, and the list of all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from heapq import merge
from itertools import islice

from sqlalchemy import Select, and_, bindparam, case, exists, func, literal, or_, select

from commerce.domain.conversation import Conversation, Voice
from commerce.domain.customer import Contact
from commerce.domain.mail import Direction, ThreadEntry
from commerce.domain.moments import from_us, to_us
from commerce.ports.counter import ConversationLine
from commerce.storage.tables import contact, conversation, customer, thread_entry
from commerce.storage.transaction import AnyRow, Transaction

_CONTACTS = (
    select(contact)
    .where(contact.c.customer_id.in_(bindparam("ids", expanding=True)))
    .order_by(contact.c.last_inbound_at_us.desc(), contact.c.channel, contact.c.account, contact.c.address)
)
_OF_THE_CONTACT = and_(
    thread_entry.c.channel == contact.c.channel,
    thread_entry.c.account == contact.c.account,
    thread_entry.c.address == contact.c.address,
)
_OF_THE_CUSTOMER = conversation.c.customer_id == contact.c.customer_id
_LAST_ENTRIES = (
    select(thread_entry, contact.c.customer_id)
    .join(contact, _OF_THE_CONTACT)
    .where(
        contact.c.customer_id.in_(bindparam("ids", expanding=True)),
        thread_entry.c.id
        == select(func.max(thread_entry.c.id)).where(_OF_THE_CONTACT).correlate(contact).scalar_subquery(),
    )
)


def thread_of(
    db: Transaction, customer_id: str, *, before_id: int | None = None, until_us: int | None = None, limit: int
) -> list[ThreadEntry]:
    """Newest first. A walk from the end of each contact's index: as quick for the oldest shop as for the newest."""
    newest: list[list[ThreadEntry]] = []
    for of in db.execute(_CONTACTS, {"ids": [customer_id]}).all():
        statement = select(thread_entry).where(
            thread_entry.c.channel == of.channel,
            thread_entry.c.account == of.account,
            thread_entry.c.address == of.address,
        )
        if before_id is not None:
            statement = statement.where(thread_entry.c.id < before_id)
        if until_us is not None:
            statement = statement.where(thread_entry.c.at_us < until_us)
        newest.append([_entry(row) for row in db.execute(statement.order_by(thread_entry.c.id.desc()).limit(limit))])
    return list(islice(merge(*newest, key=lambda entry: -entry.id), limit))


def lines_of(
    db: Transaction, as_conversation: Callable[[AnyRow], Conversation], *,
    silent_bot: bool | None, assigned_to: str | None, store_ids: Collection[str] | None,
    customer_ids: Sequence[str] | None, before: datetime | None, limit: int,
) -> list[ConversationLine]:  # fmt: skip
    if customer_ids is not None and not customer_ids:
        return []
    if silent_bot:  # from those few
        waiting = conversation.c.voice.in_([Voice.NOBODY_YET.value, Voice.PERSON.value])
        statement = _newest_contact().join(conversation, _OF_THE_CUSTOMER).where(waiting)
    else:  # from the newest contact on, as far as the limit
        statement = _of_everybody(also_silent=customer_ids is not None)
    if silent_bot is False:
        # Not by the index of voices: nearly everybody speaks with the bot.
        statement = statement.where(func.coalesce(conversation.c.voice, "") == Voice.BOT.value)
    if assigned_to is not None:
        statement = statement.where(conversation.c.assigned_to == assigned_to)
    if store_ids is not None:
        about = conversation.c.store_id
        statement = statement.where(or_(about.is_(None), about.in_(["", *sorted(store_ids)])))
    if customer_ids is not None:
        statement = statement.where(contact.c.customer_id.in_(list(customer_ids)))
    if before is not None:
        statement = statement.where(contact.c.last_inbound_at_us < to_us(before))
    if silent_bot:
        waits = conversation.c.unanswered_since_us
        statement = statement.order_by(case((waits.is_(None), 1), else_=0), waits)
    statement = statement.order_by(contact.c.last_inbound_at_us.desc(), contact.c.customer_id).limit(limit)
    rows = db.execute(statement).all()
    ids = [row.of_customer for row in rows]
    last: dict[str, ThreadEntry] = {}
    channels: dict[str, list[str]] = {}
    if ids:
        for row in db.execute(_LAST_ENTRIES, {"ids": ids}):
            if row.customer_id not in last or last[row.customer_id].id < row.id:
                last[row.customer_id] = _entry(row)
        for row in db.execute(_CONTACTS, {"ids": ids}):
            channels.setdefault(row.customer_id, []).append(row.channel)
    return [
        ConversationLine(
            conversation=as_conversation(row) if row.customer_id else _never_needed(row),
            customer_name=row.name,
            last=last.get(row.of_customer),
            channels=tuple(dict.fromkeys(channels[row.of_customer])),
            heard_at=from_us(row.last_inbound_at_us),
        )
        for row in rows
    ]


def _newest_contact() -> Select[tuple[object, ...]]:
    """One row a customer: the contact that was heard from last. Walks from the newest and stops at the limit."""
    later = contact.alias("later")
    key = (contact.c.channel, contact.c.account, contact.c.address)
    is_later = or_(
        later.c.last_inbound_at_us > contact.c.last_inbound_at_us,
        and_(
            later.c.last_inbound_at_us == contact.c.last_inbound_at_us,
            or_(
                later.c.channel < key[0],
                and_(later.c.channel == key[0], later.c.account < key[1]),
                and_(later.c.channel == key[0], later.c.account == key[1], later.c.address < key[2]),
            ),
        ),
    )
    return (
        select(
            conversation,
            contact.c.customer_id.label("of_customer"),
            contact.c.last_inbound_at_us,
            customer.c.name,
            customer.c.language.label("spoken"),
        )
        .select_from(contact)
        .join(customer, customer.c.id == contact.c.customer_id)
        .where(~exists(select(literal(1)).where(later.c.customer_id == contact.c.customer_id, is_later)))
    )


def _of_everybody(*, also_silent: bool) -> Select[tuple[object, ...]]:
    """Who has ever said anything, or was waited for: a cart on the pages alone is no conversation. `also_silent`: those
    who never said a word, too."""
    everybody = _newest_contact().outerjoin(conversation, _OF_THE_CUSTOMER)
    if also_silent:
        return everybody
    of_theirs = contact.alias("of_theirs")
    spoke = exists(
        select(literal(1))
        .select_from(of_theirs)
        .join(
            thread_entry,
            and_(
                thread_entry.c.channel == of_theirs.c.channel,
                thread_entry.c.account == of_theirs.c.account,
                thread_entry.c.address == of_theirs.c.address,
            ),
        )
        .where(of_theirs.c.customer_id == contact.c.customer_id)
    )
    return everybody.where(or_(conversation.c.customer_id.is_not(None), spoke))


def _never_needed(row: AnyRow) -> Conversation:
    return Conversation(row.of_customer, Voice.BOT, None, "", "", row.spoken, "", "", version=0)


def _entry(row: AnyRow) -> ThreadEntry:
    of = Contact(row.channel, row.account, row.address)
    return ThreadEntry(row.id, of, Direction(row.direction), from_us(row.at_us), row.body)
