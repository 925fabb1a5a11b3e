"""Nadia of Lyon Bellecour in a rehearsal: a member of the team, with a telephone and a group of her store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commerce.domain.customer import Contact
from commerce.domain.team import Role, StaffMember
from commerce.ports import StaffChat, UnitOfWork

if TYPE_CHECKING:
    from commerce.wiring import Shop
    from vitrine.standins.telegram import TelegramBot

STORE = "S1"
NADIA, GROUP = 2001, -1002001  # as Telegram numbers them


def join_the_team(shop: Shop, bot: TelegramBot) -> StaffMember:
    """Binds her telephone and the group (a forum, in which the bot may manage topics) to the staff's bot."""
    nadia = bot.person(NADIA, "Nadia", "fr")
    nadia.started = True
    bot.group(GROUP, "Lyon Bellecour", is_forum=True).add_bot(nadia, admin=True, topics=True)
    account = bot.token.partition(":")[0]

    def work(uow: UnitOfWork) -> StaffMember:
        now = shop.clock.now()
        member = uow.team.by_login("nadia")
        if member is None:
            member = StaffMember(
                shop.ids.new_id(), "nadia", "Nadia", Role.STAFF, frozenset({STORE}), ("fr", "en"), (),
                is_active=True, has_totp=False, created_at=now,
            )  # fmt: skip
            uow.team.add(member)
        uow.staff_chats.put(StaffChat(Contact("telegram-staff", account, str(NADIA)), member.id, "", has_topics=False))
        uow.staff_chats.put(StaffChat(Contact("telegram-staff", account, str(GROUP)), "", STORE, has_topics=True))
        return member

    return shop.storage.write(work)
