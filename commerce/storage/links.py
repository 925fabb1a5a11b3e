"""Two customers made one: one-time tokens, what moved, and the way back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, text, update

from commerce.domain.customer import Contact, Purpose
from commerce.domain.linking import CustomerMerge, LinkToken, TokenPurpose
from commerce.domain.moments import from_us, to_us
from commerce.errors import StaleVersion
from commerce.storage.conversations import join_conversations, part_conversations
from commerce.storage.mapping import dump_json, load_json, maybe_from_us
from commerce.storage.tables import contact, customer, customer_merge, link_token
from commerce.storage.transaction import AnyRow, Transaction, one_row_changed

# So long after its end a token is still known as one that is over.
TOKENS_REMEMBERED = timedelta(days=30)

_BOTH = (
    select(customer.c.id)
    .where(customer.c.id.in_(bindparam("ids", expanding=True)), customer.c.joined_into == "")
    .order_by(customer.c.id)  # so that two who link each other never wait for each other
    .with_for_update()
)

# What belongs to a customer by a key of its own: table and key.
_BELONGINGS = {
    "reservations": ("reservation", "id"),
    "orders": ("shop_order", "id"),
    "uses": ("promotion_use", "order_id"),  # a code that is given once a person is not given again
    "returns": ("return_request", "id"),
    "answers": ("staff_answer", "id"),
    "offers": ("offer", "id"),
    "read": ("reading_event", "id"),
}
_TAKE = {
    name: text(f"UPDATE {table} SET customer_id = :kept WHERE customer_id = :joined RETURNING {key}")  # noqa: S608
    for name, (table, key) in _BELONGINGS.items()
}
_TAKE_CONSENTS = text(
    "UPDATE consent SET customer_id = :kept WHERE customer_id = :joined"
    " AND purpose NOT IN (SELECT purpose FROM consent WHERE customer_id = :kept) RETURNING id"
)
# Two who waited for the same thing wait for it once, at the kept one's place; a unit that is held is not let go.
_ONE_WAIT = text(
    "UPDATE stock_waiter SET state = 'gone' WHERE customer_id = :joined AND state = 'waiting' AND EXISTS"
    " (SELECT 1 FROM stock_waiter k WHERE k.customer_id = :kept AND k.state IN ('waiting', 'told')"
    " AND k.variant_id = stock_waiter.variant_id AND k.store_id = stock_waiter.store_id)"
)
_TAKE_WAITS = text(
    "UPDATE stock_waiter SET customer_id = :kept WHERE customer_id = :joined AND NOT (state = 'told' AND EXISTS"
    " (SELECT 1 FROM stock_waiter k WHERE k.customer_id = :kept AND k.state IN ('waiting', 'told')"
    " AND k.variant_id = stock_waiter.variant_id AND k.store_id = stock_waiter.store_id)) RETURNING id"
)
_TAKE_SIZES = text(
    "UPDATE fit_memory SET customer_id = :kept WHERE customer_id = :joined"
    " AND size_system NOT IN (SELECT size_system FROM fit_memory WHERE customer_id = :kept) RETURNING size_system"
)

_SAID = "SELECT id FROM consent WHERE customer_id = :{of} AND purpose = :purpose ORDER BY id DESC LIMIT 1"
# Whoever has refused at one door has refused at both.
_TAKE_REFUSAL = text(
    "INSERT INTO consent (customer_id, purpose, channel, granted, wording, language, source, at_us)"  # noqa: S608
    " SELECT CAST(:kept AS VARCHAR(32)), purpose, channel, granted, wording, language, 'link', at_us FROM consent"
    f" WHERE id = ({_SAID.format(of='joined')}) AND NOT granted"
    f" AND EXISTS (SELECT 1 FROM consent WHERE id = ({_SAID.format(of='kept')}) AND granted) RETURNING id"
)
_TAKE_REFUSAL_BACK = text(
    "INSERT INTO consent (customer_id, purpose, channel, granted, wording, language, source, at_us)"  # noqa: S608
    " SELECT customer_id, purpose, channel, granted, wording, language, 'unlink', at_us FROM consent WHERE id ="
    " (SELECT id FROM consent WHERE customer_id = :kept AND purpose = :purpose AND id < :refusal"
    " ORDER BY id DESC LIMIT 1)"
    f" AND :refusal = ({_SAID.format(of='kept')})"
)


def _give_back(table: str, key: str) -> Any:
    """Only what the kept customer still has: it may have moved on with a later link."""
    return text(
        f"UPDATE {table} SET customer_id = :joined WHERE customer_id = :kept AND {key} IN :keys"  # noqa: S608
    ).bindparams(bindparam("keys", expanding=True))


_GIVE_BACK = {name: _give_back(table, key) for name, (table, key) in _BELONGINGS.items()} | {
    "consents": _give_back("consent", "id"),
    "sizes": _give_back("fit_memory", "size_system"),
    "waits": _give_back("stock_waiter", "id"),
}


class SqlLinks:
    """`commerce.ports.LinkRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def add_token(self, token: LinkToken) -> None:
        self._db.execute(
            insert(link_token),
            {
                "digest": token.digest,
                "purpose": token.purpose.value,
                "customer_id": token.customer_id,
                "channel": token.contact.channel,
                "account": token.contact.account,
                "address": token.contact.address,
                "note": token.note,
                "created_at_us": to_us(token.created_at),
                "expires_at_us": to_us(token.expires_at),
            },
        )

    def token(self, digest: str) -> LinkToken | None:
        row = self._db.execute(select(link_token).where(link_token.c.digest == digest)).one_or_none()
        if row is None:
            return None
        return LinkToken(
            digest=row.digest,
            purpose=TokenPurpose(row.purpose),
            customer_id=row.customer_id,
            contact=Contact(row.channel, row.account, row.address),
            note=row.note,
            created_at=from_us(row.created_at_us),
            expires_at=from_us(row.expires_at_us),
            used_at=maybe_from_us(row.used_at_us),
        )

    def use_token(self, digest: str, at: datetime) -> bool:
        return one_row_changed(
            self._db.execute(
                update(link_token)
                .where(
                    link_token.c.digest == digest,
                    link_token.c.used_at_us.is_(None),
                    link_token.c.expires_at_us > to_us(at),
                )
                .values(used_at_us=to_us(at))
            )
        )

    def join(self, kept_id: str, joined_id: str) -> str:
        both = {"kept": kept_id, "joined": joined_id}
        if len(self._db.execute(_BOTH, {"ids": [kept_id, joined_id]}).all()) != 2:
            raise StaleVersion(f"one of {kept_id} and {joined_id} is somebody else by now")
        self._db.execute(update(customer).where(customer.c.id == joined_id).values(joined_into=kept_id))
        contacts = self._db.execute(
            update(contact)
            .where(contact.c.customer_id == joined_id)
            .values(customer_id=kept_id)
            .returning(contact.c.channel, contact.c.account, contact.c.address)
        )
        moved: dict[str, list[Any]] = {"contacts": sorted([list(row) for row in contacts])}
        for name, statement in _TAKE.items():
            moved[name] = sorted(self._db.execute(statement, both).scalars())
        self._db.execute(_ONE_WAIT, both)
        moved["waits"] = sorted(self._db.execute(_TAKE_WAITS, both).scalars())
        about = {**both, "purpose": Purpose.RECOMMENDING.value}
        moved["refusals"] = sorted(self._db.execute(_TAKE_REFUSAL, about).scalars())
        # Sizes follow the answer that counts from now on: not into the memory of somebody who wants none.
        moved["consents"] = sorted(self._db.execute(_TAKE_CONSENTS, both).scalars())
        moved["sizes"] = sorted(self._db.execute(_TAKE_SIZES, both).scalars()) if self._may_remember(kept_id) else []
        moved["conversations"] = join_conversations(self._db, kept_id, joined_id)
        return dump_json(moved)

    def part(self, merge: CustomerMerge) -> None:
        both = {"kept": merge.kept_id, "joined": merge.joined_id}
        moved = load_json(merge.moved)
        self._db.execute(
            update(customer)
            .where(customer.c.id == merge.joined_id, customer.c.joined_into == merge.kept_id)
            .values(joined_into="")
        )
        for channel, account, address in moved["contacts"]:
            self._db.execute(
                update(contact)
                .where(
                    contact.c.channel == channel,
                    contact.c.account == account,
                    contact.c.address == address,
                    contact.c.customer_id == merge.kept_id,
                )
                .values(customer_id=merge.joined_id)
            )
        for name, statement in _GIVE_BACK.items():
            if moved.get(name):  # a link of before knows fewer of them
                self._db.execute(statement, {**both, "keys": moved[name]})
        for refusal in moved.get("refusals", []):
            about = {**both, "purpose": Purpose.RECOMMENDING.value, "refusal": refusal}
            self._db.execute(_TAKE_REFUSAL_BACK, about)
        part_conversations(self._db, merge.kept_id, merge.joined_id, moved.get("conversations", []))

    def add_merge(self, merge: CustomerMerge) -> None:
        self._db.execute(
            insert(customer_merge),
            {
                "id": merge.id,
                "kept_id": merge.kept_id,
                "joined_id": merge.joined_id,
                "moved": merge.moved,
                "at_us": to_us(merge.at),
            },
        )

    def merge(self, merge_id: str) -> CustomerMerge | None:
        row = self._db.execute(select(customer_merge).where(customer_merge.c.id == merge_id)).one_or_none()
        return None if row is None else _merge(row)

    def merges_of(self, customer_id: str) -> list[CustomerMerge]:
        rows = self._db.execute(
            select(customer_merge)
            .where(customer_merge.c.kept_id == customer_id, customer_merge.c.undone_at_us.is_(None))
            .order_by(customer_merge.c.at_us.desc(), customer_merge.c.id.desc())
        )
        return [_merge(row) for row in rows]

    def undone(self, merge_id: str, at: datetime) -> bool:
        return one_row_changed(
            self._db.execute(
                update(customer_merge)
                .where(customer_merge.c.id == merge_id, customer_merge.c.undone_at_us.is_(None))
                .values(undone_at_us=to_us(at))
            )
        )

    def sweep(self, now: datetime) -> int:
        return self._db.execute(
            delete(link_token).where(link_token.c.expires_at_us <= to_us(now - TOKENS_REMEMBERED))
        ).rowcount

    def _may_remember(self, customer_id: str) -> bool:
        answer = self._db.execute(
            text(
                "SELECT granted FROM consent WHERE customer_id = :customer_id AND purpose = :purpose"
                " ORDER BY id DESC LIMIT 1"
            ),
            {"customer_id": customer_id, "purpose": Purpose.REMEMBER_SIZES.value},
        ).scalar_one_or_none()
        return answer is None or bool(answer)


def _merge(row: AnyRow) -> CustomerMerge:
    return CustomerMerge(
        row.id, row.kept_id, row.joined_id, from_us(row.at_us), row.moved, maybe_from_us(row.undone_at_us)
    )
