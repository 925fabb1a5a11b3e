"""The Bot API over aiogram: one HTTP session, our own errors.

aiogram is imported by `warm` or by the first call (2 s of CPU and 125 MB: it builds every type of the API), so only the
process that sends or polls pays for it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from bot.channels.bot_client import MISCONFIGURED_RETRY_S, RETRY_S, SETTLE_S, BotClient
from bot.channels.updates import Conflict
from commerce.errors import RetryLater, SendRefused, SendUnknown, VendorError

if TYPE_CHECKING:
    from aiogram import Bot

_LOADING = threading.Lock()


def load_aiogram() -> None:
    """Imports the library, one thread at a time; call it before any other import of a part of it.

    Its modules import one another in circles: two threads that come in by different doors would find halves of them.
    """
    with _LOADING:
        import aiogram  # noqa: F401


class TelegramClient(BotClient["Bot"]):
    """Blocking calls for any thread, see `BotClient`."""

    def __init__(self, token: str, api_url: str, timeout_s: float = 20.0) -> None:
        super().__init__("telegram", token, api_url, timeout_s)

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

    def load(self) -> None:
        load_aiogram()

    def make(self) -> Bot:
        from aiogram import Bot
        from aiogram.client.session.aiohttp import AiohttpSession
        from aiogram.client.telegram import TelegramAPIServer

        session = AiohttpSession(api=TelegramAPIServer.from_base(self._api_url), timeout=self.timeout_s)
        return Bot(self._token, session=session)

    async def hang_up(self, bot: Bot) -> None:
        from aiogram.client.session.aiohttp import AiohttpSession

        connections = bot.session._session if isinstance(bot.session, AiohttpSession) else None
        if connections is not None and self._api_url.startswith("http:"):
            await connections.close()  # at once: aiogram waits a quarter of a second for the end of TLS, which is none
        await bot.session.close()

    def translate(self, error: Exception) -> VendorError:
        return translate(error, self._token)


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
