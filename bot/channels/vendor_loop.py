"""One event loop in one thread, for vendors' libraries that know no other way; blocking calls for everybody else."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TypeVar

from commerce.errors import SendUnknown

T = TypeVar("T")

_STOP_EVERY_S = 0.25


class VendorLoop:
    """Starts with the first call. For many threads."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def call(self, work: Callable[[], Awaitable[T]], limit_s: float, stop: threading.Event | None = None) -> T:
        """What `work` returns, run in the loop; given up after `limit_s`, or soon after `stop` (SendUnknown). Its own
        errors come through as they are."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(_awaited(work), self._started())
        try:
            return future.result(limit_s) if stop is None else _until(future, limit_s, stop)
        except (TimeoutError, asyncio.CancelledError):
            future.cancel()
            raise SendUnknown(f"no answer in {limit_s:g} s") from None

    def close(self, last: Callable[[], Awaitable[object]]) -> None:
        """Runs `last` and ends the thread; nothing where nothing was called. The next call starts anew."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop and thread:
            asyncio.run_coroutine_threadsafe(_awaited(last), loop).result(5)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(5)
            loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name=self._name, daemon=True)
                self._thread.start()
            return self._loop


def _until(future: Future[T], limit_s: float, stop: threading.Event) -> T:
    deadline = time.monotonic() + limit_s
    while True:
        left_s = deadline - time.monotonic()
        try:
            return future.result(min(_STOP_EVERY_S, max(left_s, 0)))
        except TimeoutError:
            if future.done() or left_s <= 0 or stop.is_set():
                raise


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()
