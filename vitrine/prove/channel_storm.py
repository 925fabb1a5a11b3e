"""A messenger that is unwell: while half the work is done, half of its answers are refusals, faults or silence."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commerce.clock import SystemClock
from commerce.domain.customer import Contact
from commerce.domain.mail import OutboundMessage
from vitrine.prove import ProofResult
from vitrine.prove._scratch_shop import p99_ms
from vitrine.prove._talking_shop import talking_shop

if TYPE_CHECKING:
    from bot.channels.telegram.send import TelegramChannel
    from bot.channels.webchat.send import WebChat
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop
    from vitrine.standins.telegram import Fault, TelegramStandIn

PROMISE = (
    "While half of Telegram's answers are 429, 5xx, silence or a cut connection, each chat gets its messages in order,"
    " no retry comes before its time, nothing is lost (what was tried eight times waits for a person), and other"
    " channels do not wait."
)
DEFAULT_N = 3_000
CI_N = 120

_CHATS = 50
_TIMEOUT_S = 1.5  # how long the channel waits for an answer; a hanging one takes longer
_OTHER_LIMIT_MS = 1_000  # for a message on another channel, 99 of 100
_DRAIN_PER_S = 25  # what the worker allows itself on one bot
_DRAIN_SHARE = 0.9


class _Storm:
    """Decides how each call fares. Over once `until` messages have arrived."""

    def __init__(self, seed: int, telegram: TelegramStandIn, until: int) -> None:
        self._rng, self._lock = random.Random(seed), threading.Lock()
        self._telegram, self._until = telegram, until
        self.faults: Counter[str] = Counter()
        self.over_at_s = 0.0

    def fault(self, method: str, arguments: dict[str, Any]) -> Fault | None:
        from vitrine.standins.telegram import Fault

        with self._lock:
            if self.over_at_s or method != "sendMessage":
                return None
            if len(self._telegram.messages) >= self._until:
                self.over_at_s = time.monotonic()
                return None
            if self._rng.random() < 0.5:
                return None
            kind = self._rng.choices(("429", "500", "502", "hang", "cut"), (60, 10, 10, 8, 12))[0]
            self.faults[kind] += 1
        match kind:
            case "429":
                return Fault(status=429, retry_after_s=1)
            case "hang":
                return Fault(hang_s=2 * _TIMEOUT_S)
            case "cut":
                return Fault(drop=True)
            case code:
                return Fault(status=int(code))


def run(n: int, seed: int, scratch: Path, report: Callable[[str], None]) -> ProofResult:
    """`n` messages to 50 chats through the outbox, a real worker and aiogram, against the stand-in of the Bot API."""
    from bot.channels.telegram.send import TelegramChannel
    from bot.worker import Worker
    from vitrine.prove._databases import sqlite_database
    from vitrine.standins.telegram import TelegramStandIn

    with TelegramStandIn() as telegram, talking_shop(sqlite_database(scratch), scratch, SystemClock(), seed) as shop:
        account = telegram.token.partition(":")[0]
        channel = TelegramChannel(
            token=telegram.token, account=account, api_url=telegram.url, media=shop.media, timeout_s=_TIMEOUT_S
        )
        web, times_s = _timed_webchat(shop)
        for chat in range(_CHATS):
            telegram.person(1000 + chat).started = True
        _queue(shop, account, n)
        storm = _Storm(seed, telegram, n // 2)
        telegram.policy = storm.fault
        _warm(channel)
        worker = Worker(shop, [channel, web])
        worker.start()
        stop = threading.Event()
        others = threading.Thread(target=_write_elsewhere, args=(shop, worker, times_s, stop), daemon=True)
        others.start()
        try:
            _wait(shop, telegram, n, report)
        finally:
            stop.set()
            others.join(10)
            worker.stop()
            channel.close()
        return _judge(shop, telegram, storm, n, times_s)


def _judge(shop: Shop, telegram: TelegramStandIn, storm: _Storm, n: int, times_s: dict[str, float]) -> ProofResult:
    arrived: dict[int, list[int]] = {chat: [] for chat in range(_CHATS)}
    for message in list(telegram.messages.values()):
        chat, number = message["text"].split(":")
        arrived[int(chat)].append(int(number))
    firsts = {chat: list(dict.fromkeys(numbers)) for chat, numbers in arrived.items()}
    disorder = sum(numbers != sorted(numbers) for numbers in firsts.values())
    twice = sum(map(len, arrived.values())) - sum(map(len, firsts.values()))
    unsure = storm.faults["hang"] + storm.faults["cut"]
    with shop.storage.read() as uow:
        given_up = uow.outbox.dead_letters(limit=100_000)
    missing = n - sum(map(len, firsts.values()))
    dead = sum("no answer" not in letter.error for letter in given_up)  # an unanswered one did arrive
    lost = missing - dead
    waited = [took for took in times_s.values() if took >= 0]
    elsewhere_ms = p99_ms(waited)
    drained = _drained_per_s(telegram, storm)
    kept = (
        disorder == 0
        and lost == 0
        and telegram.early_sends == 0
        and twice <= unsure
        and len(waited) == len(times_s)
        and elsewhere_ms <= _OTHER_LIMIT_MS
        and drained >= _DRAIN_SHARE * min(_DRAIN_PER_S, _CHATS)
    )
    figure = (
        f"{n:,} messages through {sum(storm.faults.values()):,} faults: {disorder} chats out of order, {lost} lost,"
        f" {dead} given up, {telegram.early_sends} retries too early, {twice} twice ({unsure} unanswered calls);"
        f" other channel p99 {elsewhere_ms:.0f} ms; then {drained:.0f} messages/s"
    )
    details: dict[str, object] = {"faults": dict(storm.faults), "given_up": [letter.error for letter in given_up[:10]]}
    return ProofResult(kept, figure, details)


def _warm(channel: TelegramChannel) -> None:
    """The library is imported before the storm begins: a worker has done so long since."""

    async def nothing(bot: object) -> None:
        return None

    channel.client.call(nothing, 120)


def _drained_per_s(telegram: TelegramStandIn, storm: _Storm) -> float:
    """How fast the bulk went out once the storm was over; the last fifth may still wait for the time it was given."""
    calm = sorted(call.at_s for call in telegram.sent("sendMessage") if call.at_s > storm.over_at_s > 0)
    bulk = calm[: int(len(calm) * 0.8)]
    return (len(bulk) - 1) / max(bulk[-1] - bulk[0], 0.001) if len(bulk) > 1 else 0.0


def _queue(shop: Shop, account: str, n: int) -> None:
    from bot.messages import Reply
    from bot.wire import reply_to_json

    def work(uow: UnitOfWork) -> None:
        for number in range(n):
            chat = number % _CHATS
            contact = Contact("telegram", account, str(1000 + chat))
            body = reply_to_json(Reply(f"{chat}:{number // _CHATS}"))
            uow.outbox.add(OutboundMessage(contact, "reply", body), shop.clock.now())

    shop.storage.write(work)


def _wait(shop: Shop, telegram: TelegramStandIn, n: int, report: Callable[[str], None]) -> None:
    """Returns when the outbox is empty; every half minute it says how far it is."""
    told = time.monotonic()
    while True:
        with shop.storage.read() as uow:
            if not uow.outbox.waiting_lanes(shop.clock.now() + timedelta(days=1), 1):
                return
        if time.monotonic() - told > 30:
            told = time.monotonic()
            report(f"{len(telegram.messages):,} of {n:,} arrived")
        time.sleep(0.05)


def _timed_webchat(shop: Shop) -> tuple[WebChat, dict[str, float]]:
    """A web chat that notes how long each message took to be sent; negative while it waits."""
    from bot.channels.port import Outgoing
    from bot.channels.webchat.send import WebChat

    times_s: dict[str, float] = {}

    class Timed(WebChat):
        def send(self, contact: Contact, outgoing: Any) -> str:
            messages: list[Outgoing] = list(outgoing)
            times_s[messages[0].text] += time.monotonic()
            return super().send(contact, messages)

    return Timed(shop.media), times_s


def _write_elsewhere(shop: Shop, worker: Any, times_s: dict[str, float], stop: threading.Event) -> None:
    from bot.messages import Reply
    from bot.wire import reply_to_json

    number = 0
    while not stop.wait(0.25):
        number += 1
        text = f"elsewhere {number}"
        message = OutboundMessage(Contact("webchat", "web", str(number % 7)), "reply", reply_to_json(Reply(text)))
        times_s[text] = -time.monotonic()
        shop.storage.write(lambda uow, message=message: uow.outbox.add(message, shop.clock.now()))  # type: ignore[misc]
        worker.wake()
    time.sleep(2)
