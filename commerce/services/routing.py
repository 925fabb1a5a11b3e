"""Who of the team a conversation is for: the same answer for the bot that hands over and for the inbox."""

from __future__ import annotations

from datetime import timedelta

from commerce.domain.team import Permission, Role, StaffMember
from commerce.ports import Clock, UnitOfWork

ON_DUTY = timedelta(hours=4)  # who used the pages that lately is about


class Routing:
    """All verbs belong to the caller's unit of work."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def candidates(
        self, uow: UnitOfWork, *, language: str = "", skill: str = "", store_id: str = "", but: str = ""
    ) -> list[StaffMember]:
        """Everybody who may answer, whom it suits best first: who speaks the language, is there, knows the matter,
        works at the store; of two alike the one with fewer open conversations. `but`: not that one.

        Who names no language speaks all of the shop's. The owner comes after staff that suit as well.
        """
        members = [each for each in uow.team.all() if each.may(Permission.INBOX) and each.id != but]

        def suits(member: StaffMember) -> tuple[bool, bool, bool, bool, int, bool]:
            """Smaller is better."""
            return (
                bool(language and member.languages and language not in member.languages),
                not self.is_on_duty(uow, member),
                bool(skill) and skill not in member.skills,
                bool(store_id) and store_id not in member.store_ids,
                uow.conversations.open_count_of(member.id),
                member.role is Role.OWNER,
            )

        return sorted(members, key=suits)

    def pick(
        self, uow: UnitOfWork, *, language: str = "", skill: str = "", store_id: str = "", but: str = ""
    ) -> StaffMember | None:
        """The first of them; None where nobody may answer at all."""
        found = self.candidates(uow, language=language, skill=skill, store_id=store_id, but=but)
        return found[0] if found else None

    def is_on_duty(self, uow: UnitOfWork, member: StaffMember) -> bool:
        """Whether news reaches them now: on their telephone, or on pages they used lately."""
        if uow.staff_chats.of_staff(member.id) is not None:
            return True
        now = self._clock.now()
        return any(now - each.seen_at < ON_DUTY and now < each.expires_at for each in uow.team.sessions_of(member.id))
