"""The stand-in itself: the Bot API on a port of this machine, and the calls to the bot's webhook."""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from commerce.ports import Clock
from vitrine.standins.port import OnAPort, post
from vitrine.standins.telegram.http import create_app
from vitrine.standins.telegram.methods import perform
from vitrine.standins.telegram.state import STAFF_TOKEN, STAFF_USERNAME, TOKEN, USERNAME, Batch, BotState

if TYPE_CHECKING:
    from flask import Flask

_DELIVERY_TRIES = 5


class TelegramBot(BotState):
    """One bot as Telegram sees it, with the calls to its webhook."""

    @contextlib.contextmanager
    def held(self, rng: random.Random | None = None, copies: int = 1) -> Iterator[None]:
        """Updates of this block are delivered at its end: each 1 to `copies` times, shuffled when there is `rng`."""
        batch = Batch()
        with self.lock:
            self._held = batch
        try:
            yield
        finally:
            with self.lock:
                self._held = None
        updates = [u for u in batch.updates for _ in range(rng.randint(1, copies) if rng else copies)]
        if rng:
            rng.shuffle(updates)
        for update in updates:
            self.deliver(update)

    def deliver(self, update: dict[str, Any]) -> bool:
        """Posts an update to the webhook, again and again while it is refused; False when given up."""
        body = json.dumps(update).encode()
        for attempt in range(_DELIVERY_TRIES):
            status, answer = self._post(body)
            if 200 <= status < 300:
                if answer:
                    self._take_answer(answer)
                return True
            self._webhook.last_error = f"Wrong response from the webhook: {status}"
            self._webhook.last_error_s = self.now_s()
            time.sleep(min(0.1 * 2**attempt, 2))
        return False

    def redeliver(self) -> int:
        """Tries what the webhook refused before; returns how many updates still wait."""
        with self.lock:
            waiting, self._pending = self._pending, []
        failed = [update for update in waiting if not self.deliver(update)]
        with self.lock:
            self._pending = failed + self._pending
            return len(self._pending)

    def _post(self, body: bytes) -> tuple[int, bytes]:
        secret = self._webhook.secret
        return post(self._webhook.url, body, {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {})

    def _take_answer(self, answer: bytes) -> None:
        """A webhook may answer with one call. https://core.telegram.org/bots/api#making-requests-when-getting-updates"""
        with contextlib.suppress(ValueError):
            arguments = json.loads(answer)
            if isinstance(arguments, dict) and isinstance(method := arguments.pop("method", None), str):
                perform(self, method, arguments, {})


class TelegramStandIn(OnAPort, TelegramBot):
    """A bot and the address of the API; `url` is what to give as VITRINE_TELEGRAM_API_URL."""

    def __init__(
        self, *, token: str = TOKEN, username: str = USERNAME, clock: Clock | None = None, port: int = 0
    ) -> None:
        TelegramBot.__init__(self, token=token, username=username, clock=clock)
        self.bots: list[BotState] = [self]
        self._port = port

    def another_bot(
        self, *, token: str = STAFF_TOKEN, username: str = STAFF_USERNAME, clock: Clock | None = None
    ) -> TelegramBot:
        """A second bot at the same address, with people and groups of its own: each bot knows its own chats."""
        bot = TelegramBot(token=token, username=username, clock=clock or self._clock)
        self.bots.append(bot)
        return bot

    def create_app(self) -> Flask:
        return create_app(self.bots)

    def close(self) -> None:
        for bot in self.bots:
            bot.end_polls()
        super().close()
