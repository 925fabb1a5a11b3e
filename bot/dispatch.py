"""One stored event takes effect once: parse, answer, and write everything that follows from it in one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot import approving, sessions
from bot.conversation import Fetch, Turn, arrived, handle
from bot.conversation.talk import LARGEST_PHOTO_BYTES
from bot.messages import Approval, MediaRef, Message, Paid, Reply
from bot.render import choices
from bot.sessions import CHOICES_KEPT, Choice, Session
from bot.surprises import described
from bot.trying import MAX_TRIES, RETRY_AFTER, try_to_answer
from bot.wire import message_to_json, reply_to_json
from bot.wording import words
from commerce.domain.mail import Direction, InboxRow, OutboundMessage
from commerce.errors import StaleVersion, StorageError
from commerce.services.again import write_again

if TYPE_CHECKING:
    from bot.channels.port import Channel
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop

FLOOD_S = 10  # by the sender's own clock

log = structlog.get_logger(__name__)


class Dispatcher:
    """Answers inbox rows. Safe for many threads as long as a lane is worked on by one of them."""

    def __init__(self, shop: Shop, channels: Mapping[tuple[str, str], Channel]) -> None:
        """`channels` by (name, account)."""
        self._shop, self._channels = shop, channels

    def answer(self, row: InboxRow) -> None:
        """Brings one row to its end, or counts a failed try. Whatever happens the row is not lost, and nothing of it
        happens twice. A StorageError leaves the row as it is: the caller comes back to it."""
        try_to_answer(self._shop, row, self._answer, self._apologise)

    def _answer(self, row: InboxRow) -> None:
        channel = self._channels.get((row.event.contact.channel, row.event.contact.account))
        if channel is None:
            return  # another process speaks to these people
        message = channel.parse(row.event)
        if message is None:
            self._shop.storage.write(lambda uow: uow.inbox.done(row.id, self._shop.clock.now()))
            return
        if message.approval is not None:
            self._approve(row, message, message.approval)
            return
        if message.paid is not None:
            self._settle(row, message, message.paid)
            return
        now = self._shop.clock.now()
        for _ in range(MAX_TRIES):
            with self._shop.storage.read() as uow:
                session = sessions.load(uow, message.contact, now)
                silent = self._shop.handoff.is_silent(uow, message.contact)
            session, polite = _flood(session, message, self._shop)
            if polite is not None and not silent:
                turn = polite
            else:
                turn = handle(message, session, self._shop, _fetcher(channel), silent=silent)
            if self._shop.storage.write(partial(self._finish, row, message, turn, channel, silent)):
                return
        raise StaleVersion("who speaks changed at every try")

    def _finish(
        self, row: InboxRow, message: Message, turn: Turn, channel: Channel, silent: bool, uow: UnitOfWork
    ) -> bool:
        """The one write: the inbox row, what the turn changes in the shop, session, thread and outbox. False: somebody
        of the team has begun or ceased to speak meanwhile, and nothing was done."""
        now = self._shop.clock.now()
        if self._shop.handoff.is_silent(uow, message.contact) is not silent:
            return False
        if not uow.inbox.done(row.id, now):
            return True  # somebody finished it already: their effect stands
        photo_key = turn.photo_key
        language = turn.session.language
        customer = self._shop.customers.recognise(uow, message.contact, name=message.sender_name, language=language)
        if brought := turn.session.source_of(now):
            uow.customers.came_from(customer.id, brought)
        if turn.act is not None:
            turn = turn.act(uow)
        entry_id = uow.threads.add(message.contact, Direction.IN, _thread_body(message, photo_key), now)
        if turn.for_person:
            self._shop.handoff.heard(uow, customer.id, entry_id, needs_answer=turn.needs_answer)
        for reply in turn.replies:
            body = reply_to_json(reply)
            uow.threads.add(message.contact, Direction.OUT, body, now)
            uow.outbox.add(OutboundMessage(message.contact, "reply", body), now)
        session = _with_choices(turn.session, turn.replies, channel) if turn.replies else turn.session
        sessions.save(uow, message.contact, session, now)
        return True

    # --- payments inside the chat; neither session nor thread has a part in them

    def _approve(self, row: InboxRow, message: Message, approval: Approval) -> None:
        """The vendor waits: what fails twice is answered no."""

        def answer(uow: UnitOfWork) -> None:
            now = self._shop.clock.now()
            if uow.inbox.done(row.id, now) and not approving.is_too_late(message, now):
                approving.approve(self._shop, uow, message, approval)

        def give_up(uow: UnitOfWork) -> None:
            uow.inbox.failed(row.id, reason, None)
            approving.refuse(self._shop, uow, message, approval)

        try:
            write_again(self._shop.storage, answer)
        except StorageError:
            raise
        except Exception as error:
            reason = described(error)
            log.error("approval_failed", inbox=row.id, tries=row.tries + 1, error=reason)
            if row.tries:
                self._shop.storage.write(give_up)
            else:
                retry_at = self._shop.clock.now() + RETRY_AFTER[0]
                self._shop.storage.write(lambda uow: uow.inbox.failed(row.id, reason, retry_at))

    def _settle(self, row: InboxRow, message: Message, paid: Paid) -> None:
        def book(uow: UnitOfWork) -> None:
            if uow.inbox.done(row.id, self._shop.clock.now()):
                approving.settle(self._shop, uow, message, paid)

        def give_up(uow: UnitOfWork) -> None:
            uow.inbox.failed(row.id, reason, None)
            approving.unsettled(self._shop, uow, message, paid, reason)

        try:
            write_again(self._shop.storage, book)
        except StorageError:
            raise
        except Exception as error:
            reason = described(error)
            log.error("payment_not_settled", inbox=row.id, tries=row.tries + 1, error=reason)
            if row.tries < len(approving.PAID_RETRIES):
                retry_at = self._shop.clock.now() + approving.PAID_RETRIES[row.tries]
                self._shop.storage.write(lambda uow: uow.inbox.failed(row.id, reason, retry_at))
            else:
                self._shop.storage.write(give_up)

    def _apologise(self, uow: UnitOfWork, row: InboxRow) -> None:
        """To whoever wrote what could not be answered, unless a person of the shop speaks with them."""
        contact, now = row.event.contact, self._shop.clock.now()
        if self._shop.handoff.is_silent(uow, contact):
            return
        language = sessions.load(uow, contact, now).language or self._shop.settings.languages[0]
        sorry = Reply(words(language, "Sorry, something went wrong on our side. Please try again."), language=language)
        body = reply_to_json(sorry)
        uow.threads.add(contact, Direction.OUT, body, now)
        uow.outbox.add(OutboundMessage(contact, "reply", body), now)


def _fetcher(channel: Channel) -> Fetch:
    def fetch(ref: MediaRef) -> bytes:
        return channel.fetch_media(ref, LARGEST_PHOTO_BYTES)

    return fetch


def _thread_body(message: Message, photo_key: str) -> str:
    body = json.loads(message_to_json(arrived(message)))
    if photo_key:
        body["photo_key"] = photo_key
    return json.dumps(body, ensure_ascii=False)


def _with_choices(session: Session, replies: tuple[Reply, ...], channel: Channel) -> Session:
    """With the buttons on the table, so that a label or a number typed back is understood."""
    capabilities = channel.capabilities
    found = [button for reply in replies for button in choices(reply, capabilities)]
    return replace(
        session,
        choices=tuple(Choice(button.label, button.action) for button in found[:CHOICES_KEPT]),
        choices_numbered=capabilities.buttons_per_message == 0,
    )


def _flood(session: Session, message: Message, shop: Shop) -> tuple[Session, Turn | None]:
    """The session with this message counted, and a turn in place of an answer while somebody sends too fast: one polite
    word, then silence until it slows down."""
    second = int(message.sent_at.timestamp())
    allowed = shop.settings.flood_messages
    recent = (*(s for s in session.recent_s if s > second - FLOOD_S), second)[-allowed - 1 :]
    if len(recent) <= allowed:
        return replace(session, recent_s=recent, flooded=False), None
    told = session.flooded
    session = replace(session, recent_s=recent, flooded=True)
    if told:
        return session, Turn((), session)
    language = session.language or shop.settings.languages[0]
    slow = Reply(words(language, "That is a lot at once! I will answer when it gets calmer."), language=language)
    return session, Turn((slow,), session)
