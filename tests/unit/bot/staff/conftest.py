"""The fixture shop with its staff's bot on a stand-in of the Bot API; shoppers write through the recorder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

import pytest

from bot.channels.neutral import event_of
from bot.channels.recorder.send import Recorder
from bot.channels.telegram_staff.parse import split
from bot.channels.telegram_staff.send import StaffTelegram
from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.domain.customer import Contact
from commerce.domain.team import Role, StaffMember
from commerce.wiring import Shop
from tests.contracts.staff_values import a_member
from vitrine.standins.telegram import Group, Person, Shown, TelegramBot, TelegramStandIn

_numbers = count(1)


@dataclass
class Office:
    """The shop, its team with telephones, and shoppers. `settle()` brings everything that was done to its end."""

    shop: Shop
    bot: TelegramBot  # as Telegram has it
    channel: StaffTelegram
    recorder: Recorder
    worker: Worker = field(init=False)
    _offset: int = 0

    def __post_init__(self) -> None:
        self.worker = Worker(self.shop, [self.recorder, self.channel])

    # --- the team

    def hire(self, login: str, *, role: Role = Role.STAFF, stores: tuple[str, ...] = ("S1",), language: str = "fr"):
        member = a_member(
            login, role, stores, id=self.shop.ids.new_id(), languages=(language,), created_at=self.shop.clock.now()
        )
        self.shop.storage.write(lambda uow: uow.team.add(member))
        return member

    def bind(self, member: StaffMember, number: int) -> Person:
        """A member with a telephone that the bot knows."""
        token = self.shop.storage.write(lambda uow: self.shop.staff_binding.token(uow, member))
        person = self.bot.person(number, member.name, member.languages[0])
        person.start(token)
        self.settle()
        person.replies()
        return person

    def group(self, owner: Person, where: str = "S1", *, forum: bool = False, number: int = -1002001) -> Group:
        """A group that hears of a store."""
        group = self.bot.group(number, "Lyon Bellecour", is_forum=forum)
        group.add_bot(owner, admin=True, topics=forum)
        group.say(owner, f"/here {where}")
        self.settle()
        group.replies()
        return group

    # --- shoppers

    def contact(self, address: str = "lea") -> Contact:
        return Contact(self.recorder.name, self.recorder.account, address)

    def say(self, text: str = "", *, address: str = "lea", action: str = "") -> list[str]:
        """A shopper says it; what came back."""
        before = len(self.texts(address))
        now = self.advance(1)
        event = event_of(
            self.contact(address), f"e{next(_numbers)}", now, text=text, action=action, language="fr", name="Léa"
        )
        self.shop.storage.write(lambda uow: uow.inbox.accept(event, now))
        self.settle()
        return self.texts(address)[before:]

    def texts(self, address: str = "lea") -> list[str]:
        return [m.text for sent in self.recorder.sent_to(self.contact(address)) for m in sent.outgoing]

    def channel_contact(self, number: int) -> Contact:
        """A chat of the staff's bot."""
        return Contact(self.channel.name, self.channel.account, str(number))

    # --- time

    def advance(self, seconds: float = 1):
        assert isinstance(self.shop.clock, ManualClock)
        return self.shop.clock.advance(timedelta(seconds=seconds))

    def settle(self, *, copies: int = 1) -> None:
        """Every update reaches the inbox `copies` times."""
        updates = self.bot.updates_from(self._offset, 100, 0, {})
        if updates:
            self._offset = updates[-1]["update_id"] + 1
            self.bot.updates_from(self._offset, 100, 0, {})
        now = self.shop.clock.now()
        for update in updates:
            for received in split(json.dumps(update).encode(), self.channel.account, now):
                assert not received.problem, received.problem
                for _ in range(copies):
                    self.shop.storage.write(lambda uow, event=received.event: uow.inbox.accept(event, now))
        self.worker.run_until_quiet()

    def dead(self) -> list[str]:
        """What went wrong for good, in and out."""
        with self.shop.storage.read() as uow:
            return [
                f"{letter.what}: {letter.error}" for letter in (*uow.inbox.dead(100), *uow.outbox.dead_letters(100))
            ]


def text_of(shown: list[Shown]) -> str:
    return "\n".join(each.text for each in shown)


@pytest.fixture
def office(make_shop: Callable[..., Shop], clock: ManualClock) -> Iterator[Office]:
    with TelegramStandIn() as standin:
        bot = standin.another_bot(clock=clock)
        shop = make_shop(
            staff_telegram_token=bot.token, telegram_api_url=standin.url, staff_telegram_username=bot.username
        )
        channel = StaffTelegram(
            token=bot.token, account=bot.token.partition(":")[0], api_url=standin.url, media=shop.media
        )
        yield Office(shop, bot, channel, Recorder(shop.media))
        channel.close()
