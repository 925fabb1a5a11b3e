"""The Bot API over aiogram: one event loop in one thread, one HTTP session, our own errors.

aiogram is imported by `warm` or by the first call (2 s of CPU and 125 MB: it builds every type of the API), so only the
process that sends or polls pays for it.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from bot.channels.updates import Conflict
from bot.channels.vendor_loop import VendorLoop
from commerce.errors import RetryLater, SendRefused, SendUnknown, VendorError, VitrineError

if TYPE_CHECKING:
    from aiogram import Bot

T = TypeVar("T")

SETTLE_S = 0.1  # added to every retry_after: it is rounded down to whole seconds
RETRY_S = 2.0  # after an error that gives no time of its own
MISCONFIGURED_RETRY_S = 60.0  # a wrong token is for the operator to mend, not a reason to lose messages


_LOADING = threading.Lock()


def load_aiogram() -> None:
    """Imports the library, one thread at a time; call it before any other import of a part of it.

    Its modules import one another in circles: two threads that come in by different doors would find halves of them.
    """
    with _LOADING:
        import aiogram  # noqa: F401


class TelegramClient:
    """Blocking calls for any thread. Starts on the first one.

    Raises RetryLater, SendRefused, SendUnknown or Conflict; their texts never hold the token.
    """

    def __init__(self, token: str, api_url: str, timeout_s: float = 20.0) -> None:
        self._token, self._api_url, self.timeout_s = token, api_url, timeout_s
        self._loop = VendorLoop("telegram")
        self._lock = threading.Lock()
        self._bot: Bot | None = None

    def call(
        self, work: Callable[[Bot], Awaitable[T]], timeout_s: float | None = None, stop: threading.Event | None = None
    ) -> T:
        """What `work` returns, run in the loop; given up after `timeout_s`, or soon after `stop` (SendUnknown)."""
        load_aiogram()
        limit_s = timeout_s if timeout_s is not None else self.timeout_s + 5
        try:
            return self._loop.call(lambda: work(self._ready()), limit_s, stop)
        except VitrineError:
            raise
        except Exception as error:
            # `from None`: the original may carry the address, and with it the token, into a log.
            raise translate(error, self._token) from None

    def updates(
        self, offset: int | None, limit: int, long_poll_s: int, kinds: tuple[str, ...], stop: threading.Event
    ) -> list[Any]:
        """One long poll (https://core.telegram.org/bots/api#getupdates), the updates as JSON: read by us, so that one
        that aiogram cannot read does not hide the others."""
        load_aiogram()
        from aiogram.methods import GetUpdates

        class RawUpdates(GetUpdates):
            __returning__ = list[Any]

        method = RawUpdates(offset=offset, limit=limit, timeout=long_poll_s, allowed_updates=list(kinds))
        limit_s = long_poll_s + self.timeout_s

        async def get(bot: Bot) -> Any:
            return await bot(method, request_timeout=round(limit_s))

        found = self.call(get, limit_s + 5, stop)
        return found if isinstance(found, list) else []

    def remove_webhook(self) -> None:
        async def remove(bot: Bot) -> bool:
            return await bot.delete_webhook(drop_pending_updates=False)

        self.call(remove)

    def acknowledge(self, query_id: str) -> None:
        """Stops a button from spinning. Raises SendRefused where that is done or it is too late."""

        async def answer(bot: Bot) -> bool:
            return await bot.answer_callback_query(query_id)

        self.call(answer)

    def warm(self) -> None:
        """Imports in the background, so that the first message need not wait for it."""
        threading.Thread(target=load_aiogram, name="telegram-warming", daemon=True).start()

    def close(self) -> None:
        with self._lock:
            bot, self._bot = self._bot, None
        if bot is not None:
            self._loop.close(bot.session.close)

    def _ready(self) -> Bot:
        """In the loop: its session belongs to it."""
        with self._lock:
            if self._bot is None:
                from aiogram import Bot
                from aiogram.client.session.aiohttp import AiohttpSession
                from aiogram.client.telegram import TelegramAPIServer

                session = AiohttpSession(api=TelegramAPIServer.from_base(self._api_url), timeout=self.timeout_s)
                self._bot = Bot(self._token, session=session)
            return self._bot


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
