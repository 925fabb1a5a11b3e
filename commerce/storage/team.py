"""Who works in the shop, how they prove it, and where they are signed in."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import delete, insert, select, text, update

from commerce.domain.moments import from_us, to_us
from commerce.domain.team import Role, StaffMember, StaffSession
from commerce.errors import StaleVersion
from commerce.storage.mapping import load_json
from commerce.storage.tables import staff_member, staff_session
from commerce.storage.transaction import AnyRow, Transaction, one_row_changed

_ADD = text(
    "INSERT INTO staff_member (id, login, name, role, store_ids, languages, skills, active, created_at_us, version)"
    " VALUES (:id, :login, :name, :role, :store_ids, :languages, :skills, :active, :created_at_us, :version)"
    " ON CONFLICT (login) DO NOTHING"
)
_MEMBER = (
    staff_member.c.id,
    staff_member.c.login,
    staff_member.c.name,
    staff_member.c.role,
    staff_member.c.store_ids,
    staff_member.c.languages,
    staff_member.c.skills,
    staff_member.c.active,
    (staff_member.c.totp_secret != "").label("has_totp"),
    staff_member.c.created_at_us,
    staff_member.c.version,
)


class SqlTeam:
    """`commerce.ports.TeamRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def add(self, member: StaffMember) -> bool:
        values = {**_values(member), "id": member.id, "login": member.login, "version": member.version}
        return one_row_changed(self._db.execute(_ADD, {**values, "created_at_us": to_us(member.created_at)}))

    def get(self, staff_id: str) -> StaffMember | None:
        row = self._db.execute(select(*_MEMBER).where(staff_member.c.id == staff_id)).one_or_none()
        return None if row is None else _member(row)

    def by_login(self, login: str) -> StaffMember | None:
        row = self._db.execute(select(*_MEMBER).where(staff_member.c.login == login)).one_or_none()
        return None if row is None else _member(row)

    def all(self) -> list[StaffMember]:
        rows = self._db.execute(select(*_MEMBER).order_by(staff_member.c.login)).all()
        return sorted(map(_member, rows), key=lambda member: member.name.casefold())

    def update(self, member: StaffMember) -> StaffMember:
        changed = self._db.execute(
            update(staff_member)
            .where(staff_member.c.id == member.id, staff_member.c.version == member.version)
            .values(**_values(member), version=member.version + 1)
        )
        if not one_row_changed(changed):
            raise StaleVersion(f"staff member {member.id} is not at version {member.version} any more")
        stored = self.get(member.id)
        assert stored is not None
        return stored

    def password_hash(self, staff_id: str) -> str:
        found = self._db.execute(
            select(staff_member.c.password_hash).where(staff_member.c.id == staff_id)
        ).scalar_one_or_none()
        return found or ""

    def set_password_hash(self, staff_id: str, hashed: str) -> None:
        self._db.execute(update(staff_member).where(staff_member.c.id == staff_id).values(password_hash=hashed))

    def totp_secret(self, staff_id: str) -> str:
        found = self._db.execute(
            select(staff_member.c.totp_secret).where(staff_member.c.id == staff_id)
        ).scalar_one_or_none()
        return found or ""

    def set_totp_secret(self, staff_id: str, secret: str) -> None:
        self._db.execute(update(staff_member).where(staff_member.c.id == staff_id).values(totp_secret=secret))

    def use_totp_step(self, staff_id: str, step: int) -> bool:
        return one_row_changed(
            self._db.execute(
                update(staff_member)
                .where(staff_member.c.id == staff_id, staff_member.c.totp_step < step)
                .values(totp_step=step)
            )
        )

    # --- sessions

    def add_session(self, session: StaffSession) -> None:
        self._db.execute(
            insert(staff_session),
            {
                "digest": session.digest,
                "staff_id": session.staff_id,
                "created_at_us": to_us(session.created_at),
                "seen_at_us": to_us(session.seen_at),
                "expires_at_us": to_us(session.expires_at),
            },
        )

    def session(self, digest: str) -> StaffSession | None:
        row = self._db.execute(select(staff_session).where(staff_session.c.digest == digest)).one_or_none()
        return None if row is None else _session(row)

    def sessions_of(self, staff_id: str) -> list[StaffSession]:
        rows = self._db.execute(
            select(staff_session)
            .where(staff_session.c.staff_id == staff_id)
            .order_by(staff_session.c.seen_at_us.desc(), staff_session.c.digest)
        )
        return [_session(row) for row in rows]

    def touch_session(self, digest: str, at: datetime) -> None:
        self._db.execute(
            update(staff_session)
            .where(staff_session.c.digest == digest, staff_session.c.seen_at_us < to_us(at))
            .values(seen_at_us=to_us(at))
        )

    def end_session(self, digest: str) -> bool:
        return one_row_changed(self._db.execute(delete(staff_session).where(staff_session.c.digest == digest)))

    def end_sessions_of(self, staff_id: str, *, but: str = "") -> int:
        return self._db.execute(
            delete(staff_session).where(staff_session.c.staff_id == staff_id, staff_session.c.digest != but)
        ).rowcount

    def sweep(self, now: datetime) -> int:
        return self._db.execute(delete(staff_session).where(staff_session.c.expires_at_us <= to_us(now))).rowcount


def _values(member: StaffMember) -> dict[str, object]:
    return {
        "name": member.name,
        "role": member.role.value,
        "store_ids": json.dumps(sorted(member.store_ids)),
        "languages": json.dumps(member.languages),
        "skills": json.dumps(member.skills, ensure_ascii=False),
        "active": member.is_active,
    }


def _member(row: AnyRow) -> StaffMember:
    return StaffMember(
        id=row.id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        store_ids=frozenset(load_json(row.store_ids)),
        languages=tuple(load_json(row.languages)),
        skills=tuple(load_json(row.skills)),
        is_active=bool(row.active),
        has_totp=bool(row.has_totp),
        created_at=from_us(row.created_at_us),
        version=row.version,
    )


def _session(row: AnyRow) -> StaffSession:
    return StaffSession(
        digest=row.digest,
        staff_id=row.staff_id,
        created_at=from_us(row.created_at_us),
        seen_at=from_us(row.seen_at_us),
        expires_at=from_us(row.expires_at_us),
    )
