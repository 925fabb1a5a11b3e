"""How often and how many at once: token buckets a client, and a number of places for answers that stay open."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_MOST_CLIENTS = 20_000  # about 4 MB; the one seen longest ago is forgotten, which can only be in its favour


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` requests at once, then `per_s` a second."""

    burst: int
    per_s: float


SEARCH = Rate(burst=60, per_s=10)
PHOTO = Rate(burst=8, per_s=0.5)
TALK = Rate(burst=20, per_s=1)
LISTEN = Rate(burst=40, per_s=4)
CART = Rate(burst=60, per_s=4)
LOOK = Rate(burst=60, per_s=6)  # a page that looks every second, in several tabs
LOOK_UP = Rate(burst=3, per_s=0.2)  # questions to a payment provider about one payment
CHECKOUT = Rate(burst=12, per_s=0.2)
SIGN_IN = Rate(burst=40, per_s=0.5)
WRONG_KEY = Rate(burst=10, per_s=0.2)


class Buckets:
    """A token bucket for each (what, who), in this process, in bounded memory. Durations come from a monotonic clock:
    the shop's own clock may stand still in a rehearsal."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, most: int = _MOST_CLIENTS) -> None:
        self._monotonic, self._most = monotonic, most
        self._levels: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, what: str, who: str, rate: Rate) -> float:
        """Takes one token and returns 0, or returns the seconds until there will be one."""
        now = self._monotonic()
        with self._lock:
            tokens, then = self._levels.pop((what, who), (float(rate.burst), now))
            tokens = min(rate.burst, tokens + (now - then) * rate.per_s)
            allowed = tokens >= 1
            self._levels[what, who] = (tokens - 1 if allowed else tokens, now)
            while len(self._levels) > self._most:
                self._levels.popitem(last=False)
        return 0.0 if allowed else (1 - tokens) / rate.per_s

    def __len__(self) -> int:
        return len(self._levels)


class Places:
    """A fixed number of places. Whoever finds none is told so at once."""

    def __init__(self, count: int) -> None:
        self._free = threading.Semaphore(count)

    def take(self) -> bool:
        return self._free.acquire(blocking=False)

    def give_back(self) -> None:
        self._free.release()

    @contextmanager
    def one(self) -> Iterator[bool]:
        """True inside when there was a place."""
        taken = self.take()
        try:
            yield taken
        finally:
            if taken:
                self.give_back()


def is_loopback(address: str | None) -> bool:
    """An address on this machine: either a person at the counter's own computer or a reverse proxy that was not
    declared (setting TRUST_PROXY). Neither can be told apart by address, so limits by address leave them alone."""
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False
