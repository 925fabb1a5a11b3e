"""The stand-in itself: the Bot API on a port of this machine, and the calls to the bot's webhook."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from commerce.ports import Clock
from vitrine.standins.telegram.http import create_app
from vitrine.standins.telegram.methods import perform
from vitrine.standins.telegram.state import STAFF_TOKEN, STAFF_USERNAME, TOKEN, USERNAME, Batch, BotState

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

_DELIVERY_TRIES = 5
_DELIVERY_TIMEOUT_S = 30


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
        parts = urlsplit(self._webhook.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=_DELIVERY_TIMEOUT_S)
        headers = {"Content-Type": "application/json"}
        if self._webhook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self._webhook.secret
        try:
            connection.request("POST", parts.path or "/", body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except OSError:
            return 0, b""
        finally:
            connection.close()

    def _take_answer(self, answer: bytes) -> None:
        """A webhook may answer with one call. https://core.telegram.org/bots/api#making-requests-when-getting-updates"""
        with contextlib.suppress(ValueError):
            arguments = json.loads(answer)
            if isinstance(arguments, dict) and isinstance(method := arguments.pop("method", None), str):
                perform(self, method, arguments, {})


class TelegramStandIn(TelegramBot):
    """A bot and the address of the API; `url` is what to give as VITRINE_TELEGRAM_API_URL. Starts with `start()` or
    `with`."""

    def __init__(
        self, *, token: str = TOKEN, username: str = USERNAME, clock: Clock | None = None, port: int = 0
    ) -> None:
        super().__init__(token=token, username=username, clock=clock)
        self.bots: list[BotState] = [self]
        self._port = port
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    def another_bot(
        self, *, token: str = STAFF_TOKEN, username: str = STAFF_USERNAME, clock: Clock | None = None
    ) -> TelegramBot:
        """A second bot at the same address, with people and groups of its own: each bot knows its own chats."""
        bot = TelegramBot(token=token, username=username, clock=clock or self._clock)
        self.bots.append(bot)
        return bot

    def start(self) -> TelegramStandIn:
        from werkzeug.serving import WSGIRequestHandler, make_server

        class Quiet(WSGIRequestHandler):
            def log(self, type: str, message: str, *args: Any) -> None:
                """Nothing: addresses hold the token."""

        app = create_app(self.bots)
        self._server = make_server("127.0.0.1", self._port, app, threaded=True, request_handler=Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, name="telegram-stand-in", daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        for bot in self.bots:
            bot.end_polls()
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join(5)
            self._server.server_close()
            self._server = self._thread = None

    def __enter__(self) -> TelegramStandIn:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        if self._server is None:
            raise RuntimeError("the stand-in is not started")
        return f"http://127.0.0.1:{self._server.server_port}"
