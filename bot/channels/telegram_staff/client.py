"""The Bot API over python-telegram-bot: its types and its transport, our own errors.

The library is imported by `warm` or by the first call (0.4 s), so only the process that sends or polls pays for it.
"""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from bot.channels.bot_client import MISCONFIGURED_RETRY_S, RETRY_S, SETTLE_S, BotClient
from bot.channels.updates import Conflict
from commerce.errors import RetryLater, SendRefused, SendUnknown, VendorError

if TYPE_CHECKING:
    from telegram import Bot

CONNECTIONS = 16
# Names of httpx, below python-telegram-bot, for a call that never left this machine.
_NEVER_LEFT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol"})

_LOADING = threading.Lock()


def load_library() -> None:
    """Imports the library, one thread at a time; call it before any other import of a part of it."""
    with _LOADING:
        from telegram.warnings import PTBDeprecationWarning

        # That it will be a timedelta some day is no news to `translate`.
        warnings.filterwarnings("ignore", "(?s).*retry_after", PTBDeprecationWarning)


class StaffTelegramClient(BotClient["Bot"]):
    """Blocking calls for any thread, see `BotClient`."""

    def __init__(self, token: str, api_url: str, timeout_s: float = 20.0) -> None:
        super().__init__("telegram-staff", token, api_url, timeout_s)

    def updates(
        self, offset: int | None, limit: int, long_poll_s: int, kinds: tuple[str, ...], stop: threading.Event
    ) -> list[Any]:
        """One long poll (https://core.telegram.org/bots/api#getupdates), the updates as JSON: read by us, so that one
        that the library cannot read does not hide the others."""
        asked = {"limit": limit, "timeout": long_poll_s, "allowed_updates": json.dumps(kinds)}
        if offset is not None:
            asked["offset"] = offset
        query = urlencode(asked)

        async def get(bot: Bot) -> Any:  # `get_updates` gives objects, all or none
            url = f"{bot.base_url}/getUpdates?{query}"
            return await bot.request.post(url, read_timeout=long_poll_s + self.timeout_s)

        found = self.call(get, long_poll_s + self.timeout_s + 5, stop)
        return found if isinstance(found, list) else []

    def remove_webhook(self) -> None:
        async def remove(bot: Bot) -> bool:
            return await bot.delete_webhook(drop_pending_updates=False)

        self.call(remove)

    def acknowledge(self, query_id: str, text: str = "", *, alert: bool = False) -> None:
        """Stops a button from spinning, with a word beside it. Raises SendRefused where it was answered or is old."""

        async def answer(bot: Bot) -> bool:
            return await bot.answer_callback_query(query_id, text or None, show_alert=alert or None)

        self.call(answer)

    def set_commands(self, commands: Sequence[tuple[str, str]], language: str = "") -> None:
        """Names with what they do; `language` '': for everybody who speaks none of the others."""

        async def call(bot: Bot) -> bool:
            return await bot.set_my_commands(commands, language_code=language or None)

        self.call(call)

    def load(self) -> None:
        load_library()

    def make(self) -> Bot:
        from telegram import Bot
        from telegram.request import HTTPXRequest

        request = HTTPXRequest(
            connection_pool_size=CONNECTIONS,
            read_timeout=self.timeout_s,
            write_timeout=self.timeout_s,
            connect_timeout=self.timeout_s,
            pool_timeout=self.timeout_s,
        )
        return Bot(
            self._token,
            base_url=f"{self._api_url}/bot",
            base_file_url=f"{self._api_url}/file/bot",
            request=request,
            get_updates_request=request,
        )

    async def hang_up(self, bot: Bot) -> None:
        await bot.request.shutdown()

    def translate(self, error: Exception) -> VendorError:
        return translate(error, self._token)


def translate(error: Exception, token: str) -> VendorError:
    """What an error of python-telegram-bot means for a message that was to be delivered."""
    from telegram import error as api

    reason = (error.message if isinstance(error, api.TelegramError) else type(error).__name__).replace(token, "…")
    match error:
        case api.RetryAfter():
            after = error.retry_after  # whole seconds, or a timedelta where the library is told to speak so
            after_s = float(after) if isinstance(after, int) else after.total_seconds()
            return RetryLater(after_s + SETTLE_S, reason)
        case api.InvalidToken() | api.EndPointNotFound():
            return RetryLater(MISCONFIGURED_RETRY_S, f"the Bot API does not know this bot: {reason}")
        case api.Conflict():
            return Conflict(reason)
        case api.BadRequest() | api.Forbidden() | api.ChatMigrated():
            return SendRefused(reason)
        case api.NetworkError() if type(error.__cause__).__name__ in _NEVER_LEFT:
            return RetryLater(RETRY_S, reason)
        case api.TimedOut():
            return SendUnknown(reason)
        case api.NetworkError() if error.__cause__ is None or isinstance(error.__cause__, api.TelegramError):
            return RetryLater(RETRY_S, reason)  # an answer with 5xx, or 429 without a time
        case _:  # the connection broke after the call had left, or an answer that is not the Bot API's
            return SendUnknown(reason)
