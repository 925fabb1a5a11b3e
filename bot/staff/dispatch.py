"""One stored event of the staff's bot takes effect once: find out who it was, and write everything that follows in one
transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bot.channels.telegram_staff.parse import Happened, StaffMessage, read
from bot.channels.telegram_staff.send import StaffTelegram
from bot.staff import commands, groups, pick_ups, talking, tasks
from bot.staff.desk import Ahead, Desk, language_for, say
from bot.staff.people import member_of, turn_away
from bot.staff.taps import CardDeed, CardTap, TalkTap, TaskTap, read_tap
from bot.trying import try_to_answer
from bot.wording import words
from commerce.domain.mail import InboxRow
from commerce.services.again import write_again

if TYPE_CHECKING:
    from bot.channels.port import Channel
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop


class StaffDispatcher:
    """Answers inbox rows of the staff's bot, with the promises of `bot.dispatch.Dispatcher`."""

    def __init__(self, shop: Shop, channels: Mapping[tuple[str, str], Channel]) -> None:
        """`channels` by (name, account)."""
        self._shop, self._channels = shop, channels

    def answer(self, row: InboxRow) -> None:
        """Brings one row to its end, or counts a failed try. Whatever happens the row is not lost, and nothing of it
        happens twice. A StorageError leaves the row as it is: the caller comes back to it."""
        try_to_answer(self._shop, row, self._answer, self._apologise)

    def _answer(self, row: InboxRow) -> None:
        contact = row.event.contact
        channel = self._channels.get((contact.channel, contact.account))
        if not isinstance(channel, StaffTelegram):
            return  # another process speaks to these people
        said = read(row.event)
        ahead = self._look_ahead(said, channel) if said else Ahead()

        def finish(uow: UnitOfWork) -> None:
            if uow.inbox.done(row.id, self._shop.clock.now()) and said is not None:
                self._handle(uow, said, ahead)

        write_again(self._shop.storage, finish)

    def _look_ahead(self, said: StaffMessage, channel: StaffTelegram) -> Ahead:
        """What takes time, before the transaction begins."""
        tap = read_tap(said.message.action)
        if isinstance(tap, CardTap) and tap.deed is CardDeed.REJECT:
            return Ahead(alike=self._shop.offering.look_alikes(tap.ref))
        if said.is_forum and (said.command == "here" or said.happened is Happened.RIGHTS):
            return Ahead(may_manage_topics=channel.may_manage_topics(said.chat))
        return Ahead()

    def _handle(self, uow: UnitOfWork, said: StaffMessage, ahead: Ahead) -> None:
        shop, now = self._shop, self._shop.clock.now()
        if said.happened in (Happened.TURNED_AWAY, Happened.MOVED, Happened.RIGHTS):
            groups.changed(uow, said, ahead.may_manage_topics)
            return
        if said.command == "start" and not said.in_group and commands.bind(shop, uow, said, now):
            return
        member = member_of(uow, said.user)
        if member is None:
            turn_away(shop, uow, said, now)
            return
        language = language_for(member, shop.settings.languages, said.message.language_hint)
        desk = Desk(shop, uow, said, member, language, now, ahead)
        if said.query_id:
            _tapped(desk)
        elif said.command:
            commands.obey(desk)
        elif said.happened is not None:
            talking.topic_changed(desk)
        else:
            _typed(desk)

    def _apologise(self, uow: UnitOfWork, row: InboxRow) -> None:
        """To whoever wrote what could not be answered."""
        now = self._shop.clock.now()
        said = read(row.event)
        member = member_of(uow, said.user) if said else None
        if said is not None and member is not None:
            language = language_for(member, self._shop.settings.languages)
            sorry = words(language, "Sorry, something went wrong on our side. Please try again.")
            say(uow, said.chat, sorry, now=now, topic_id=said.topic_id)


def _tapped(desk: Desk) -> None:
    tap = read_tap(desk.said.message.action)
    match tap:
        case CardTap():
            pick_ups.tapped(desk, tap)
        case TalkTap():
            talking.tapped(desk, tap)
        case TaskTap():
            tasks.tapped(desk, tap)
        case None:
            desk.toast(desk.t("This button is too old."))


def _typed(desk: Desk) -> None:
    """Words: the answer to a question of ours, words for a customer, or none of both."""
    customer_id = talking.customer_of(desk)
    awaited = desk.awaited() or {}
    if awaited.get("what") == "call" and awaited["customer_id"] == customer_id:
        talking.call_noted(desk, customer_id)
    elif customer_id:
        talking.answer(desk, customer_id)
    elif awaited.get("what") == "code":
        pick_ups.code_typed(desk, awaited)
    elif not desk.said.in_group:
        commands.help_(desk)
