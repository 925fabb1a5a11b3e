"""Who of the team writes: known by the Telegram account that they have bound themselves, wherever they write."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.staff.desk import language_for, say, tapped
from bot.wording import words
from commerce.domain.customer import Contact

if TYPE_CHECKING:
    from datetime import datetime

    from bot.channels.telegram_staff.parse import StaffMessage
    from commerce.domain.team import StaffMember
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop

_REFUSED_ONCE_IN = timedelta(days=30)


def member_of(uow: UnitOfWork, user: Contact) -> StaffMember | None:
    """None for strangers, and for who is in the team no more."""
    own = uow.staff_chats.get(user)
    member = uow.team.get(own.staff_id) if own is not None and own.staff_id else None
    return member if member is not None and member.is_active else None


def turn_away(shop: Shop, uow: UnitOfWork, said: StaffMessage, now: datetime) -> None:
    """A stranger hears once, politely, that this bot is for the team; in a group only whoever taps hears it."""
    language = language_for(None, shop.settings.languages, said.message.language_hint)
    text = words(language, "This bot is for the people who work here. To join, open the link in your staff account.")
    if said.query_id:
        tapped(uow, said, text, now, alert=True)
    elif not said.in_group and uow.state.claim(f"staff-refused:{said.user.lane}", "", now + _REFUSED_ONCE_IN, now):
        say(uow, said.chat, text, now=now)
