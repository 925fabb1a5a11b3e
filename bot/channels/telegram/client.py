"""The Bot API over aiogram: one event loop in one thread, one HTTP session, our own errors.

aiogram is imported by `warm` or by the first call (2 s of CPU and 125 MB: it builds every type of the API), so only the
process that sends or polls pays for it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from commerce.errors import RetryLater, SendRefused, SendUnknown, VendorError, VitrineError

if TYPE_CHECKING:
    from aiogram import Bot

T = TypeVar("T")

SETTLE_S = 0.1  # added to every retry_after: it is rounded down to whole seconds
_STOP_EVERY_S = 0.25
RETRY_S = 2.0  # after an error that gives no time of its own
MISCONFIGURED_RETRY_S = 60.0  # a wrong token is for the operator to mend, not a reason to lose messages


_LOADING = threading.Lock()


def load_aiogram() -> None:
    """Imports the library, one thread at a time; call it before any other import of a part of it.

    Its modules import one another in circles: two threads that come in by different doors would find halves of them.
    """
    with _LOADING:
        import aiogram  # noqa: F401


class Conflict(VendorError):
    """Another process polls for the same bot, or a webhook is set."""


class TelegramClient:
    """Blocking calls for any thread. Starts on the first one.

    Raises RetryLater, SendRefused, SendUnknown or Conflict; their texts never hold the token.
    """

    def __init__(self, token: str, api_url: str, timeout_s: float = 20.0) -> None:
        self._token, self._api_url, self.timeout_s = token, api_url, timeout_s
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._bot: Bot | None = None
        self._thread: threading.Thread | None = None

    def call(
        self, work: Callable[[Bot], Awaitable[T]], timeout_s: float | None = None, stop: threading.Event | None = None
    ) -> T:
        """What `work` returns, run in the loop; given up after `timeout_s`, or soon after `stop` (SendUnknown)."""
        loop, bot = self._started()
        limit_s = timeout_s if timeout_s is not None else self.timeout_s + 5
        future: Future[T] = asyncio.run_coroutine_threadsafe(_awaited(work, bot), loop)
        try:
            return future.result(limit_s) if stop is None else _until(future, limit_s, stop)
        except (TimeoutError, asyncio.CancelledError):
            future.cancel()
            raise SendUnknown(f"no answer in {limit_s:g} s") from None
        except VitrineError:
            raise
        except Exception as error:
            # `from None`: the original may carry the address, and with it the token, into a log.
            raise translate(error, self._token) from None

    def warm(self) -> None:
        """Imports and starts in the background, so that the first message need not wait for it."""
        threading.Thread(target=self._started, name="telegram-warming", daemon=True).start()

    def close(self) -> None:
        with self._lock:
            loop, bot, thread = self._loop, self._bot, self._thread
            self._loop = self._bot = self._thread = None
        if loop and bot and thread:
            asyncio.run_coroutine_threadsafe(bot.session.close(), loop).result(5)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(5)
            loop.close()

    def _started(self) -> tuple[asyncio.AbstractEventLoop, Bot]:
        load_aiogram()
        with self._lock:
            if self._loop is None or self._bot is None:
                from aiogram import Bot
                from aiogram.client.session.aiohttp import AiohttpSession
                from aiogram.client.telegram import TelegramAPIServer

                session = AiohttpSession(api=TelegramAPIServer.from_base(self._api_url), timeout=self.timeout_s)
                self._bot = Bot(self._token, session=session)
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="telegram", daemon=True)
                self._thread.start()
            return self._loop, self._bot


def _until(future: Future[T], limit_s: float, stop: threading.Event) -> T:
    deadline = time.monotonic() + limit_s
    while True:
        left_s = deadline - time.monotonic()
        try:
            return future.result(min(_STOP_EVERY_S, max(left_s, 0)))
        except TimeoutError:
            if future.done() or left_s <= 0 or stop.is_set():
                raise


async def _awaited(work: Callable[[Bot], Awaitable[T]], bot: Bot) -> T:
    return await work(bot)


def translate(error: Exception, token: str) -> VendorError:
    """What an error of aiogram means for a message that was to be delivered."""
    from aiogram import exceptions as api
    from aiohttp import ClientConnectorError, ConnectionTimeoutError

    reason = (error.message if isinstance(error, api.TelegramAPIError) else type(error).__name__).replace(token, "…")
    match error:
        case api.TelegramRetryAfter():
            return RetryLater(error.retry_after + SETTLE_S, reason)
        case api.TelegramServerError():
            return RetryLater(RETRY_S, reason)
        case api.TelegramUnauthorizedError() | api.TelegramNotFound():
            return RetryLater(MISCONFIGURED_RETRY_S, f"the Bot API does not know this bot: {reason}")
        case api.TelegramConflictError():
            return Conflict(reason)
        case api.TelegramNetworkError() if isinstance(error, api.TelegramEntityTooLarge):
            return SendRefused(reason)
        case api.TelegramNetworkError():
            # Only a connection that never came about proves that nothing was delivered.
            if isinstance(error.__cause__, (ClientConnectorError, ConnectionTimeoutError)):
                return RetryLater(RETRY_S, reason)
            return SendUnknown(reason)
        case api.TelegramAPIError() if "Too Many Requests" in reason:  # without a time
            return RetryLater(RETRY_S, reason)
        case api.TelegramAPIError():
            return SendRefused(reason)
        case _:  # an answer that is not the Bot API's: a proxy's page, half a document
            return SendUnknown(reason)
