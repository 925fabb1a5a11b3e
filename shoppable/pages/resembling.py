"""Which products resemble one: asked of the indexes now and then, because it hardly changes.

Only ids are remembered, so that prices and stock on a page are always of this moment.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_FRESH_S = 300.0
_MOST = 5_000


class Resembling:
    """Ids of similar products by product. Bounded; safe for many threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._known: OrderedDict[int, tuple[float, tuple[int, ...]]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, product_id: int, ask: Callable[[], tuple[int, ...]]) -> tuple[int, ...]:
        """What was answered in the last five minutes, or what `ask` answers now."""
        now = self._monotonic()
        with self._lock:
            known = self._known.get(product_id)
        if known is not None and now - known[0] < _FRESH_S:
            return known[1]
        ids = ask()
        with self._lock:
            self._known[product_id] = (now, ids)
            self._known.move_to_end(product_id)
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        return ids
