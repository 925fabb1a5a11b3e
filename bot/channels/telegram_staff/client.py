"""The Bot API over python-telegram-bot: its types and its transport, one event loop in one thread, our own errors.

The library is imported by `warm` or by the first call (0.4 s), so only the process that sends or polls pays for it.
"""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from bot.channels.updates import Conflict
from bot.channels.vendor_loop import VendorLoop
from commerce.errors import RetryLater, SendRefused, SendUnknown, VendorError, VitrineError

if TYPE_CHECKING:
    from telegram import Bot

T = TypeVar("T")

SETTLE_S = 0.1  # added to every retry_after: it is rounded down to whole seconds
RETRY_S = 2.0  # after an error that gives no time of its own
MISCONFIGURED_RETRY_S = 60.0  # a wrong token is for the operator to mend, not a reason to lose messages
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


class StaffTelegramClient:
    """Blocking calls for any thread. Starts on the first one.

    Raises RetryLater, SendRefused, SendUnknown or Conflict; their texts never hold the token.
    """

    def __init__(self, token: str, api_url: str, timeout_s: float = 20.0) -> None:
        self._token, self._api_url, self.timeout_s = token, api_url, timeout_s
        self._loop = VendorLoop("telegram-staff")
        self._lock = threading.Lock()
        self._bot: Bot | None = None

    def call(
        self, work: Callable[[Bot], Awaitable[T]], timeout_s: float | None = None, stop: threading.Event | None = None
    ) -> T:
        """What `work` returns, run in the loop; given up after `timeout_s`, or soon after `stop` (SendUnknown)."""
        load_library()
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

    def warm(self) -> None:
        """Imports in the background, so that the first message need not wait for it."""
        threading.Thread(target=load_library, name="telegram-staff-warming", daemon=True).start()

    def close(self) -> None:
        with self._lock:
            bot, self._bot = self._bot, None
        if bot is not None:
            self._loop.close(bot.request.shutdown)

    def _ready(self) -> Bot:
        """In the loop: its connections belong to it."""
        with self._lock:
            if self._bot is None:
                from telegram import Bot
                from telegram.request import HTTPXRequest

                request = HTTPXRequest(
                    connection_pool_size=CONNECTIONS,
                    read_timeout=self.timeout_s,
                    write_timeout=self.timeout_s,
                    connect_timeout=self.timeout_s,
                    pool_timeout=self.timeout_s,
                )
                self._bot = Bot(
                    self._token,
                    base_url=f"{self._api_url}/bot",
                    base_file_url=f"{self._api_url}/file/bot",
                    request=request,
                    get_updates_request=request,
                )
            return self._bot


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
