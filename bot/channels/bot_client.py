"""What both of our Telegram bots do with their vendors' libraries: one loop in one thread, blocking calls, our errors.

A library takes long to import and is imported by `warm` or by the first call: only a process that sends or polls pays.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from bot.channels.vendor_loop import VendorLoop
from bot.messages import MediaRef
from commerce.errors import FetchRefused, RetryLater, SendRefused, SendUnknown, VendorError, VitrineError

B = TypeVar("B")  # the library's bot
T = TypeVar("T")

SETTLE_S = 0.1  # added to every retry_after: it is rounded down to whole seconds
RETRY_S = 2.0  # after an error that gives no time of its own
MISCONFIGURED_RETRY_S = 60.0  # a wrong token is for the operator to mend, not a reason to lose messages


class BotClient(ABC, Generic[B]):
    """Blocking calls for any thread. Starts on the first one.

    Raises RetryLater, SendRefused, SendUnknown or Conflict; their texts never hold the token.
    """

    def __init__(self, name: str, token: str, api_url: str, timeout_s: float) -> None:
        self._name, self._token, self._api_url, self.timeout_s = name, token, api_url, timeout_s
        self._loop = VendorLoop(name)
        self._lock = threading.Lock()
        self._bot: B | None = None

    def call(
        self, work: Callable[[B], Awaitable[T]], timeout_s: float | None = None, stop: threading.Event | None = None
    ) -> T:
        """What `work` returns, run in the loop; given up after `timeout_s`, or soon after `stop` (SendUnknown)."""
        self.load()
        limit_s = timeout_s if timeout_s is not None else self.timeout_s + 5
        try:
            return self._loop.call(lambda: work(self._ready()), limit_s, stop)
        except VitrineError:
            raise
        except Exception as error:
            # `from None`: the original may carry the address, and with it the token, into a log.
            raise self.translate(error) from None

    def fetch(self, ref: MediaRef, max_bytes: int, download: Callable[[B], Awaitable[bytes]]) -> bytes:
        """What `download` brings, which may stop early. Raises FetchRefused."""
        if not ref.locator:
            raise FetchRefused("gone")
        if ref.size_bytes > max_bytes:
            raise FetchRefused("too_large")
        try:
            data = self.call(download)
        except SendRefused as error:
            raise FetchRefused("too_large" if "too big" in error.reason else "gone") from None
        except (RetryLater, SendUnknown):
            raise FetchRefused("unreachable") from None
        if len(data) > max_bytes:
            raise FetchRefused("too_large")
        return data

    def warm(self) -> None:
        """Imports in the background, so that the first message need not wait for it."""
        threading.Thread(target=self.load, name=f"{self._name}-warming", daemon=True).start()

    def close(self) -> None:
        with self._lock:
            bot, self._bot = self._bot, None
        if bot is not None:
            self._loop.close(lambda: self.hang_up(bot))

    def _ready(self) -> B:
        """In the loop: its connections belong to it."""
        with self._lock:
            if self._bot is None:
                self._bot = self.make()
            return self._bot

    # --- what each library does in its own way

    @abstractmethod
    def load(self) -> None:
        """Imports it, whichever thread is first."""

    @abstractmethod
    def make(self) -> B:
        """The library's bot, with connections of its own."""

    @abstractmethod
    async def hang_up(self, bot: B) -> None:
        """Ends its connections."""

    @abstractmethod
    def translate(self, error: Exception) -> VendorError:
        """What an error of the library means for a message that was to be delivered."""
