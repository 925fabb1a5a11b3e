"""What a notice is made of: facts, the shop as it is when it is said, and the language of whoever hears it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.messages import Button, Reply, ReplyPicture
from bot.wording import words
from commerce.domain.customer import Contact
from commerce.domain.money import Money
from commerce.i18n import format_money

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop


@dataclass(frozen=True, slots=True)
class News:
    """One notice on its way to `contact`. `uow` reads."""

    shop: Shop
    uow: UnitOfWork
    contact: Contact
    now: datetime
    language: str
    facts: Mapping[str, object]

    def t(self, msgid: str, **values: object) -> str:
        return words(self.language, msgid, **values)

    def money(self, amount: Money) -> str:
        return format_money(amount, self.language)

    def fact(self, name: str) -> str:
        """'' for one that is not there."""
        return str(self.facts.get(name, ""))

    def reply(self, text: str, *buttons: Button, picture: ReplyPicture | None = None) -> Reply:
        return Reply(text, buttons=buttons, picture=picture, language=self.language)
