"""What leaves the shop: one row at a time in each contact's lane, in order, at least once.

`sending` is committed before the vendor is called, so a process that dies in between leaves a trace: the next one sends
such a row again if that does no harm, else leaves it to a person. At most one duplicate a crash; nothing is lost.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from bot import approving, notices
from bot.channels.telegram_staff.send import StaffTelegram
from bot.delivery import Delivery
from bot.render import render
from bot.staff.telling import Telling
from bot.surprises import described
from bot.wire import reply_from_json, reply_to_json
from commerce.domain.customer import URGENT
from commerce.domain.mail import Direction, OutboxRow, OutboxState
from commerce.errors import RetryLater, SendRefused, SendUnknown, StorageError

if TYPE_CHECKING:
    from bot.channels.port import Channel
    from bot.messages import Reply
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop

MAX_TRIES = 8
OBSOLETE = "obsolete"  # in place of a provider's id: news that was none any more when its turn came
MAX_AGE = timedelta(hours=24)
MARGIN_S = 0.1  # beyond what a vendor's retry_after asks for
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 1.0, 300.0
SOON_S = 1.0  # between two tries at what a vendor waits for
REFUSALS, REFUSALS_S = 3, 10  # lanes told to slow down within that time pause their whole account

log = structlog.get_logger(__name__)


class Pace:
    """How fast accounts may send, in real seconds: a clock that stands still must not stop them. For many threads."""

    def __init__(self, per_s: Mapping[str, int], monotonic: Callable[[], float] = time.monotonic) -> None:
        """`per_s`: messages a second by account, for those that have a limit."""
        self._per_s, self._monotonic = per_s, monotonic
        self._sent: dict[str, deque[float]] = {}
        self._slowed: dict[str, deque[tuple[float, str]]] = {}
        self._paused_until: dict[str, float] = {}
        self._lock = threading.Lock()

    def is_open(self, account: str) -> bool:
        """Whether a message could go now."""
        with self._lock:
            return self._open(account, self._monotonic())

    def take(self, account: str) -> bool:
        """Counts one message and says True if it may go now; False: come back a little later."""
        with self._lock:
            now = self._monotonic()
            if not self._open(account, now):
                return False
            if account in self._per_s:
                self._sent.setdefault(account, deque()).append(now)
            return True

    def slowed(self, account: str, lane: str, wait_s: float) -> None:
        """A lane was told to slow down; three of them in ten seconds, and the account waits as long."""
        with self._lock:
            now = self._monotonic()
            told = self._slowed.setdefault(account, deque())
            told.append((now, lane))
            while told[0][0] <= now - REFUSALS_S:
                told.popleft()
            if len({lane for _, lane in told}) >= REFUSALS:
                self._paused_until[account] = max(now + wait_s, self._paused_until.get(account, now))

    def _open(self, account: str, now: float) -> bool:
        if self._paused_until.get(account, now) > now:
            return False
        sent = self._sent.get(account)
        while sent and sent[0] <= now - 1:
            sent.popleft()
        return sent is None or len(sent) < self._per_s[account]


class Sender:
    """Sends outbox rows. Safe for many threads as long as a lane is worked on by one of them."""

    def __init__(self, shop: Shop, channels: Mapping[tuple[str, str], Channel], pace: Pace | None = None) -> None:
        self._shop, self._channels = shop, channels
        limits = {f"{n}:{a}": channel.capabilities.messages_per_s for (n, a), channel in channels.items()}
        self._pace = pace or Pace({account: limit for account, limit in limits.items() if limit is not None})
        self._telling = Telling(shop)
        self._unsure: set[int] = set()

    def is_open(self, lane: str) -> bool:
        """Whether the account of this lane may send now. What a vendor waits for is no message: it has no pace."""
        if lane.endswith(URGENT):
            return True
        account = next((f"{n}:{a}" for n, a in self._channels if lane.startswith(f"{n}:{a}:")), None)
        return account is None or self._pace.is_open(account)

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
            return False  # another process speaks to these people
        if row.message.kind == approving.ANSWER:
            return self._answer_payment(row, channel, now)
        try:
            delivery = self._delivery(row, channel)
        except Exception as error:  # what cannot be put into words never can be
            log.error("notice_failed", outbox=row.id, kind=row.message.kind, error=described(error))
            return self._dead(row, described(error), now)
        if delivery is None:
            self._shop.storage.write(lambda uow: uow.outbox.sent(row.id, OBSOLETE, now))
            return True
        if not self._pace.take(f"{contact.channel}:{contact.account}"):
            return False
        if not self._shop.storage.write(lambda uow: uow.outbox.sending(row.id)):
            return True  # somebody finished it
        return self._call(row, delivery)

    def _answer_payment(self, row: OutboxRow, channel: Channel, now: datetime) -> bool:
        """Answering twice does no harm (the vendor refuses the second one), so no trace is left before the call. Nobody
        waits for an answer that is late."""
        answer, until = approving.read_answer(row.message.body)
        if now > until:
            return self._dead(row, "too late to answer", now)
        try:
            channel.answer_payment(answer)
        except SendRefused as error:
            return self._dead(row, f"refused: {error.reason}", self._shop.clock.now())
        except (RetryLater, SendUnknown) as error:
            soon = self._shop.clock.now() + timedelta(seconds=min(getattr(error, "after_s", 0.0), SOON_S))
            return self._wait(row, f"no answer: {error}", soon)
        self._shop.storage.write(lambda uow: uow.outbox.sent(row.id, "", self._shop.clock.now()))
        return True

    def _call(self, row: OutboxRow, delivery: Delivery) -> bool:
        contact = row.message.contact
        repeated = row.state is OutboxState.SENDING
        try:
            provider_id = delivery.call()
        except RetryLater as error:
            wait_s = max(error.after_s, 0.0) + MARGIN_S
            self._pace.slowed(f"{contact.channel}:{contact.account}", contact.lane, wait_s)
            until = self._shop.clock.now() + timedelta(seconds=wait_s)
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
        self._shop.storage.write(lambda uow: self._sent(uow, row, delivery, provider_id))
        return True

    def _sent(self, uow: UnitOfWork, row: OutboxRow, delivery: Delivery, provider_id: str) -> None:
        self._unsure.discard(row.id)
        uow.outbox.sent(row.id, provider_id, self._shop.clock.now())
        delivery.sent(uow, provider_id)

    def _delivery(self, row: OutboxRow, channel: Channel) -> Delivery | None:
        """None for news that is none any more."""
        if isinstance(channel, StaffTelegram):
            return self._telling.delivery(row.message, channel)
        reply = self._reply(row)
        if reply is None:
            return None
        contact, outgoing = row.message.contact, render(reply, channel.capabilities)

        def sent(uow: UnitOfWork, provider_id: str) -> None:
            if row.message.kind != "reply":  # replies are in the thread since they were decided upon
                uow.threads.add(contact, Direction.OUT, reply_to_json(reply), self._shop.clock.now())

        return Delivery(lambda: channel.send(contact, outgoing), sent)

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
