"""Nadia of Lyon Bellecour at the staff's bot of a rehearsal: her telephone, and a group of her store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commerce.domain.customer import Contact
from commerce.ports import StaffChat, UnitOfWork

if TYPE_CHECKING:
    from commerce.wiring import Shop
    from vitrine.standins.telegram import TelegramBot

STORE = "S1"
NADIA, GROUP = 2001, -1002001  # as Telegram numbers them


def bind_nadia(shop: Shop, bot: TelegramBot) -> None:
    """Binds both to the bot. The group is a forum in which the bot may manage topics."""
    nadia = bot.person(NADIA, "Nadia", "fr")
    nadia.started = True
    bot.group(GROUP, "Lyon Bellecour", is_forum=True).add_bot(nadia, admin=True, topics=True)
    account = bot.token.partition(":")[0]

    def bind(uow: UnitOfWork) -> None:
        member = uow.team.by_login("nadia")
        assert member is not None
        uow.staff_chats.put(StaffChat(Contact("telegram-staff", account, str(NADIA)), member.id, "", has_topics=False))
        uow.staff_chats.put(StaffChat(Contact("telegram-staff", account, str(GROUP)), "", STORE, has_topics=True))

    shop.storage.write(bind)
