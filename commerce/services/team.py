"""Who works here: adding, changing, inviting, letting go. The last owner cannot be lost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from commerce.domain.plain_text import plain
from commerce.domain.reservation import Refused
from commerce.domain.team import NotInTeam, Role, StaffMember, login_of
from commerce.ports import Clock, Ids, UnitOfWork
from commerce.services.one_time_links import LinkKind, OneTimeLinks

_LONGEST_NAME = 120
_MOST_SKILLS = 20
_LONGEST_SKILL = 32
_OWNERS = "team:owners"


@dataclass(frozen=True, slots=True)
class Place:
    """What somebody is in the team. Marketers and owners need no store."""

    name: str
    role: Role
    store_ids: Collection[str] = ()
    languages: Sequence[str] = ()
    skills: Sequence[str] = ()


class Team:
    """Every change names who made it; nothing about a person but ids goes into the record."""

    def __init__(self, clock: Clock, ids: Ids, links: OneTimeLinks, languages: Sequence[str]) -> None:
        self._clock, self._ids, self._links, self._languages = clock, ids, links, tuple(languages)

    def add(self, uow: UnitOfWork, login: str, place: Place, *, actor: str) -> StaffMember | Refused[NotInTeam]:
        """A member without a password: `invite` is the next thing."""
        login, place = login_of(login), self._tidy(place)
        if not login:
            return Refused(NotInTeam.BAD_LOGIN)
        wrong = _wrong(uow, place)
        if wrong is not None:
            return Refused(wrong)
        member = StaffMember(
            id=self._ids.new_id(),
            login=login,
            name=place.name,
            role=place.role,
            store_ids=frozenset(place.store_ids),
            languages=tuple(place.languages),
            skills=tuple(place.skills),
            is_active=True,
            has_totp=False,
            created_at=self._clock.now(),
        )
        if not uow.team.add(member):
            return Refused(NotInTeam.LOGIN_TAKEN)
        self._record(uow, actor, "member_added", member)
        return member

    def change(
        self, uow: UnitOfWork, staff_id: str, version: int, place: Place, *, actor: str
    ) -> StaffMember | Refused[NotInTeam]:
        """Counts from the next page on, wherever they are signed in. Raises StaleVersion when somebody else has changed
        them since `version`."""
        place, found = self._tidy(place), uow.team.get(staff_id)
        if found is None:
            return Refused(NotInTeam.NO_SUCH_MEMBER)
        wrong = _wrong(uow, place)
        if wrong is not None:
            return Refused(wrong)
        if place.role is not Role.OWNER and self._is_last_owner(uow, found):
            return Refused(NotInTeam.LAST_OWNER)
        changed = uow.team.update(
            replace(
                found,
                name=place.name,
                role=place.role,
                store_ids=frozenset(place.store_ids),
                languages=tuple(place.languages),
                skills=tuple(place.skills),
                version=version,
            )
        )
        self._record(uow, actor, "member_changed", changed)
        return changed

    def speak(self, uow: UnitOfWork, member: StaffMember, languages: Sequence[str]) -> StaffMember:
        """Everybody says for themselves which languages they speak; the first one is that of their pages."""
        spoken = tuple(code for code in dict.fromkeys(languages) if code in self._languages)
        changed = uow.team.update(replace(member, languages=spoken or member.languages))
        self._record(uow, f"staff:{member.id}", "member_changed", changed)
        return changed

    def deactivate(self, uow: UnitOfWork, staff_id: str, *, actor: str) -> StaffMember | Refused[NotInTeam]:
        """Out at once: no browser, no link and no chat of the staff bot counts any more. What they did stays theirs."""
        found = uow.team.get(staff_id)
        if found is None:
            return Refused(NotInTeam.NO_SUCH_MEMBER)
        if not found.is_active:
            return found
        if self._is_last_owner(uow, found):
            return Refused(NotInTeam.LAST_OWNER)
        gone = uow.team.update(replace(found, is_active=False))
        uow.team.end_sessions_of(staff_id)
        self._links.drop_all(uow, staff_id)
        chat = uow.staff_chats.of_staff(staff_id)
        if chat is not None:
            uow.staff_chats.remove(chat.contact)
        self._record(uow, actor, "member_deactivated", gone)
        return gone

    def reactivate(self, uow: UnitOfWork, staff_id: str, *, actor: str) -> StaffMember | Refused[NotInTeam]:
        """Back in the team, with the password and the second factor from before."""
        found = uow.team.get(staff_id)
        if found is None:
            return Refused(NotInTeam.NO_SUCH_MEMBER)
        if found.is_active:
            return found
        back = uow.team.update(replace(found, is_active=True))
        self._record(uow, actor, "member_reactivated", back)
        return back

    def invite(self, uow: UnitOfWork, staff_id: str, *, actor: str) -> str | Refused[NotInTeam]:
        """The secret of a link with which they choose a password, once, within three days; an earlier one does not
        count any more. A password that they have already goes on counting until they have chosen a new one."""
        found = uow.team.get(staff_id)
        if found is None or not found.is_active:
            return Refused(NotInTeam.NO_SUCH_MEMBER)
        token = self._links.make(uow, LinkKind.INVITATION, staff_id)
        self._record(uow, actor, "member_invited", found)
        return token

    def _is_last_owner(self, uow: UnitOfWork, member: StaffMember) -> bool:
        if member.role is not Role.OWNER or not member.is_active:
            return False
        # Two owners who let each other go at once: the second waits at this row, and finds out.
        uow.state.put(_OWNERS, "", self._clock.now() + timedelta(minutes=1))
        return not any(each.role is Role.OWNER and each.is_active and each.id != member.id for each in uow.team.all())

    def _tidy(self, place: Place) -> Place:
        skills = dict.fromkeys(plain(skill).strip().casefold()[:_LONGEST_SKILL] for skill in place.skills)
        return replace(
            place,
            name=plain(place.name).strip()[:_LONGEST_NAME],
            store_ids=tuple(dict.fromkeys(place.store_ids)) if place.role is Role.STAFF else (),
            languages=tuple(code for code in dict.fromkeys(place.languages) if code in self._languages),
            skills=tuple(skill for skill in skills if skill)[:_MOST_SKILLS],
        )

    def _record(self, uow: UnitOfWork, actor: str, action: str, member: StaffMember) -> None:
        details = {"role": member.role.value, "stores": sorted(member.store_ids)}
        uow.audit.add(actor, action, f"staff:{member.id}", details, self._clock.now())


def _wrong(uow: UnitOfWork, place: Place) -> NotInTeam | None:
    if not place.name:
        return NotInTeam.NO_NAME
    if place.role is Role.STAFF and not place.store_ids:
        return NotInTeam.NO_STORE
    known = {store.id for store in uow.stores.all()}
    return None if known.issuperset(place.store_ids) else NotInTeam.NO_SUCH_STORE
