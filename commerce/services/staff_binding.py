"""A member and the account with which they write to the staff's bot: bound by a link from their own page, once."""

from __future__ import annotations

from commerce.domain.customer import Contact
from commerce.domain.team import StaffMember
from commerce.ports import Clock, StaffChat, UnitOfWork
from commerce.services.one_time_links import LinkKind, OneTimeLinks


class StaffBinding:
    """All verbs belong to the caller's unit of work."""

    def __init__(self, clock: Clock, links: OneTimeLinks) -> None:
        self._clock, self._links = clock, links

    def token(self, uow: UnitOfWork, member: StaffMember) -> str:
        """What this member shows to the bot within ten minutes; the one before does not count any more."""
        return self._links.make(uow, LinkKind.STAFF_BOT, member.id)

    def bind(self, uow: UnitOfWork, token: str, account: Contact) -> StaffMember | None:
        """From now on whoever writes from that account is the member who asked for the token. None where it was used,
        is too old or was never made. A member has one account: the newest."""
        staff_id = self._links.use(uow, LinkKind.STAFF_BOT, token)
        member = uow.team.get(staff_id) if staff_id else None
        if member is None or not member.is_active:
            return None
        uow.staff_chats.put(StaffChat(account, member.id, "", has_topics=False))
        uow.audit.add(f"staff:{member.id}", "staff_bot_bound", member.id, {}, self._clock.now())
        return member

    def account_of(self, uow: UnitOfWork, staff_id: str) -> Contact | None:
        own = uow.staff_chats.of_staff(staff_id)
        return own.contact if own is not None else None

    def unbind(self, uow: UnitOfWork, member: StaffMember) -> bool:
        """The bot knows this account no more; False where there was none."""
        own = self.account_of(uow, member.id)
        if own is None or not uow.staff_chats.remove(own):
            return False
        uow.audit.add(f"staff:{member.id}", "staff_bot_unbound", member.id, {}, self._clock.now())
        return True
