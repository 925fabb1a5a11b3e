"""Small things with an end (state, shoppers' photos) and the record of what was done (audit)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import or_, select, text

from commerce.domain.customer import Contact
from commerce.domain.moments import from_us, to_us
from commerce.ports import AuditEntry
from commerce.storage.mapping import dump_json, load_json
from commerce.storage.prepared import Prepared
from commerce.storage.tables import audit
from commerce.storage.transaction import Transaction

_GET = Prepared(text("SELECT value FROM state WHERE key = :key AND expires_at_us > :now_us"))
_PUT = Prepared(
    text(
        "INSERT INTO state (key, value, expires_at_us) VALUES (:key, :value, :expires_at_us)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at_us = excluded.expires_at_us"
    )
)
_CLAIM = text(
    "INSERT INTO state (key, value, expires_at_us) VALUES (:key, :value, :expires_at_us)"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at_us = excluded.expires_at_us"
    " WHERE state.expires_at_us <= :now_us"
)
_DELETE = text("DELETE FROM state WHERE key = :key")
# The row is locked by the first of many that count at once; the others find it as that one left it.
_COUNT = text(
    "INSERT INTO state (key, value, expires_at_us) VALUES (:key, '1', :until_us) ON CONFLICT (key) DO UPDATE SET"
    " value = CASE WHEN state.expires_at_us <= :now_us THEN '1'"
    "  WHEN CAST(state.value AS INTEGER) > :most THEN state.value"
    "  ELSE CAST(CAST(state.value AS INTEGER) + 1 AS VARCHAR(20)) END,"
    " expires_at_us = CASE WHEN state.expires_at_us > :now_us AND CAST(state.value AS INTEGER) >= :most"
    "  THEN state.expires_at_us ELSE :until_us END RETURNING value"
)
_SWEEP = text("DELETE FROM state WHERE expires_at_us <= :now_us")


class SqlState:
    """`commerce.ports.StateRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def get(self, key: str, now: datetime) -> str | None:
        row = self._db.row(_GET, {"key": key, "now_us": to_us(now)})
        return None if row is None else str(row.value)

    def put(self, key: str, value: str, expires_at: datetime) -> None:
        self._db.run(_PUT, {"key": key, "value": value, "expires_at_us": to_us(expires_at)})

    def claim(self, key: str, value: str, expires_at: datetime, now: datetime) -> bool:
        given = {"key": key, "value": value, "expires_at_us": to_us(expires_at), "now_us": to_us(now)}
        return self._db.execute(_CLAIM, given).rowcount == 1

    def delete(self, key: str) -> None:
        self._db.execute(_DELETE, {"key": key})

    def count(self, key: str, now: datetime, until: datetime, *, most: int) -> int:
        values = {"key": key, "now_us": to_us(now), "until_us": to_us(until), "most": most}
        return int(self._db.execute(_COUNT, values).scalar_one())

    def sweep(self, now: datetime) -> int:
        return self._db.execute(_SWEEP, {"now_us": to_us(now)}).rowcount


_ADD_PHOTO = text(
    "INSERT INTO shopper_photo (media_key, channel, account, address, received_at_us, delete_after_us)"
    " VALUES (:media_key, :channel, :account, :address, :received_at_us, :delete_after_us)"
)
_PHOTOS_DUE = text(
    "SELECT media_key FROM shopper_photo WHERE delete_after_us <= :now_us"
    " ORDER BY delete_after_us, media_key LIMIT :limit"
)
_SENDER_OF_PHOTO = text("SELECT channel, account, address FROM shopper_photo WHERE media_key = :media_key")
_FORGET_PHOTO = text("DELETE FROM shopper_photo WHERE media_key = :media_key")


class SqlPhotos:
    """`commerce.ports.PhotoRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def add(self, media_key: str, contact: Contact, received_at: datetime, delete_after: datetime) -> None:
        self._db.execute(
            _ADD_PHOTO,
            {
                "media_key": media_key,
                "channel": contact.channel,
                "account": contact.account,
                "address": contact.address,
                "received_at_us": to_us(received_at),
                "delete_after_us": to_us(delete_after),
            },
        )

    def sender_of(self, media_key: str) -> Contact | None:
        row = self._db.execute(_SENDER_OF_PHOTO, {"media_key": media_key}).one_or_none()
        return None if row is None else Contact(row.channel, row.account, row.address)

    def due(self, now: datetime, limit: int) -> list[str]:
        return list(self._db.execute(_PHOTOS_DUE, {"now_us": to_us(now), "limit": limit}).scalars())

    def forget(self, media_key: str) -> None:
        self._db.execute(_FORGET_PHOTO, {"media_key": media_key})


_ADD_AUDIT = text(
    "INSERT INTO audit (at_us, actor, action, subject, details) VALUES (:at_us, :actor, :action, :subject, :details)"
)


class SqlAudit:
    """`commerce.ports.AuditRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def add(self, actor: str, action: str, subject: str, details: Mapping[str, object], at: datetime) -> None:
        self._db.execute(
            _ADD_AUDIT,
            {"at_us": to_us(at), "actor": actor, "action": action, "subject": subject, "details": dump_json(details)},
        )

    def find(
        self,
        *,
        actor: str = "",
        action: str = "",
        subject: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        before_id: int | None = None,
        limit: int = 100,
    ) -> list[AuditEntry]:
        asked = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if actor:
            asked = asked.where(audit.c.actor == actor)
        if action:
            asked = asked.where(audit.c.action == action)
        if subject:
            asked = asked.where(
                or_(audit.c.subject == subject, audit.c.subject.endswith(f":{subject}", autoescape=True))
            )
        if since is not None:
            asked = asked.where(audit.c.at_us >= to_us(since))
        if until is not None:
            asked = asked.where(audit.c.at_us < to_us(until))
        if before_id is not None:
            asked = asked.where(audit.c.id < before_id)
        return [
            AuditEntry(row.id, from_us(row.at_us), row.actor, row.action, row.subject, load_json(row.details))
            for row in self._db.execute(asked)
        ]
