"""What leaves the shop: one row at a time in each contact's lane, in order, at least once.

`sending` is committed before the vendor is called, so a process that dies in between leaves a trace: the next one sends
such a row again if that does no harm, else leaves it to a person. At most one duplicate a crash; nothing is lost.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from bot import notices
from bot.render import render
from bot.surprises import described
from bot.wire import reply_from_json, reply_to_json
from commerce.domain.mail import Direction, OutboxRow, OutboxState
from commerce.errors import RetryLater, SendRefused, SendUnknown, StorageError

if TYPE_CHECKING:
    from bot.channels.port import Channel
    from bot.messages import Reply
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop

MAX_TRIES = 8
MAX_AGE = timedelta(hours=24)
MARGIN_S = 0.1  # beyond what a vendor's retry_after asks for
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 1.0, 300.0
# https://core.telegram.org/bots/faq: bots should stay below about 30 messages a second over all chats.
MESSAGES_PER_S = 25
REFUSALS, REFUSALS_S = 3, 10  # lanes told to slow down within that time pause their whole account

log = structlog.get_logger(__name__)


class Pace:
    """How fast one account may send. Times are the shop's clock. Safe for many threads."""

    def __init__(self, messages_per_s: int = MESSAGES_PER_S) -> None:
        self._per_s = messages_per_s
        self._sent: dict[str, deque[datetime]] = {}
        self._slowed: dict[str, deque[tuple[datetime, str]]] = {}
        self._paused_until: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def take(self, account: str, now: datetime) -> datetime | None:
        """None: send now, it is counted. Otherwise the moment to try again."""
        with self._lock:
            paused = self._paused_until.get(account)
            if paused is not None and paused > now:
                return paused
            sent = self._sent.setdefault(account, deque())
            while sent and sent[0] <= now - timedelta(seconds=1):
                sent.popleft()
            if len(sent) >= self._per_s:
                return sent[0] + timedelta(seconds=1)
            sent.append(now)
            return None

    def slowed(self, account: str, lane: str, now: datetime, until: datetime) -> None:
        """A lane was told to slow down; three of them in ten seconds, and the account waits."""
        with self._lock:
            told = self._slowed.setdefault(account, deque())
            told.append((now, lane))
            while told and told[0][0] <= now - timedelta(seconds=REFUSALS_S):
                told.popleft()
            if len({lane for _, lane in told}) >= REFUSALS:
                self._paused_until[account] = max(until, self._paused_until.get(account, until))


class Sender:
    """Sends outbox rows. Safe for many threads as long as a lane is worked on by one of them."""

    def __init__(self, shop: Shop, channels: Mapping[tuple[str, str], Channel], pace: Pace | None = None) -> None:
        self._shop, self._channels = shop, channels
        self._pace = pace or Pace()
        self._unsure: set[int] = set()

    def send(self, row: OutboxRow) -> bool:
        """Tries one row once. True: it is finished, the lane goes on. False: the lane waits. Raises StorageError."""
        now = self._shop.clock.now()
        if row.tries >= MAX_TRIES or now - row.created_at >= MAX_AGE:
            return self._dead(row, "given up", now)
        if row.state is OutboxState.SENDING and not row.message.repeat_safe:
            return self._unknown(row, "the process died while sending")
        contact = row.message.contact
        channel = self._channels.get((contact.channel, contact.account))
        if channel is None:
            return self._wait(row, "the channel is not configured here", now + timedelta(seconds=LONGEST_BACKOFF_S))
        try:
            reply = self._reply(row)
        except Exception as error:  # what cannot be put into words never can be
            log.error("notice_failed", outbox=row.id, kind=row.message.kind, error=described(error))
            return self._dead(row, described(error), now)
        if reply is None:
            return self._dead(row, "nothing to say any more", now)
        account = f"{contact.channel}:{contact.account}"
        not_before = self._pace.take(account, now)
        if not_before is not None:
            return self._wait(row, "account's pace", not_before)
        if not self._shop.storage.write(lambda uow: uow.outbox.sending(row.id)):
            return True  # somebody finished it
        return self._call(row, channel, reply)

    def _call(self, row: OutboxRow, channel: Channel, reply: Reply) -> bool:
        contact = row.message.contact
        outgoing = render(reply, channel.capabilities)
        repeated = row.state is OutboxState.SENDING
        try:
            provider_id = channel.send(contact, outgoing)
        except RetryLater as error:
            now = self._shop.clock.now()
            until = now + timedelta(seconds=max(error.after_s + MARGIN_S, 0.0))
            self._pace.slowed(f"{contact.channel}:{contact.account}", contact.lane, now, until)
            return self._wait(row, f"retry later: {error.reason}", until)
        except SendRefused as error:
            return self._dead(row, f"refused: {error.reason}", self._shop.clock.now())
        except SendUnknown as error:
            if row.id in self._unsure or repeated or not row.message.repeat_safe:
                self._unsure.discard(row.id)
                return self._unknown(row, f"no answer: {error}")
            self._unsure.add(row.id)  # once more, and then a person looks at it
            return self._wait(row, f"no answer: {error}", self._backoff(row))
        except StorageError:
            raise
        except Exception as error:  # a surprise in a channel: it may or may not have gone out
            log.error("send_failed", outbox=row.id, channel=contact.channel, error=described(error))
            if not row.message.repeat_safe:
                return self._unknown(row, described(error))
            return self._wait(row, described(error), self._backoff(row))
        self._shop.storage.write(lambda uow: self._sent(uow, row, reply, provider_id))
        return True

    def _sent(self, uow: UnitOfWork, row: OutboxRow, reply: Reply, provider_id: str) -> None:
        now = self._shop.clock.now()
        self._unsure.discard(row.id)
        uow.outbox.sent(row.id, provider_id, now)
        if row.message.kind != "reply":  # replies are in the thread since they were decided upon
            uow.threads.add(row.message.contact, Direction.OUT, reply_to_json(reply), now)

    def _reply(self, row: OutboxRow) -> Reply | None:
        if row.message.kind == "reply":
            return reply_from_json(row.message.body)
        return notices.in_words(self._shop, row.message.contact, row.message.kind, row.message.body)

    def _wait(self, row: OutboxRow, why: str, until: datetime) -> bool:
        self._shop.storage.write(lambda uow: uow.outbox.retry(row.id, why, until))
        return False

    def _dead(self, row: OutboxRow, why: str, now: datetime) -> bool:
        def give_up(uow: UnitOfWork) -> None:
            uow.outbox.dead(row.id, why)
            uow.audit.add("outbox", "message_dead", row.message.contact.lane, {"outbox": row.id, "why": why[:200]}, now)

        self._shop.storage.write(give_up)
        log.warning("message_dead", outbox=row.id, why=why[:200])
        return True

    def _unknown(self, row: OutboxRow, why: str) -> bool:
        self._shop.storage.write(lambda uow: uow.outbox.unknown(row.id, why))
        log.warning("message_unknown", outbox=row.id, why=why[:200])
        return True

    def _backoff(self, row: OutboxRow) -> datetime:
        """Twice as long at each try, and by chance up to half as long again."""
        delay = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2**row.tries)
        jitter = int(self._shop.ids.new_id()[:4], 16) / 0xFFFF / 2
        return self._shop.clock.now() + timedelta(seconds=delay * (1 + jitter))
