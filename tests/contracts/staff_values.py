"""People of the team, as tests need them."""

from __future__ import annotations

from dataclasses import replace

from commerce.domain.team import Role, StaffMember
from tests.contracts.storage_values import NOW


def a_member(login: str, role: Role = Role.STAFF, stores: tuple[str, ...] = ("S1",), **changes: object) -> StaffMember:
    """Somebody who speaks French, and is called as they sign in, their id included."""
    member = StaffMember(
        id=login,
        login=login,
        name=login.capitalize(),
        role=role,
        store_ids=frozenset(stores),
        languages=("fr",),
        skills=(),
        is_active=True,
        has_totp=False,
        created_at=NOW,
    )
    return replace(member, **changes)  # type: ignore[arg-type]
