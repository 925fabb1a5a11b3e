"""Which products a page shows, asked of the indexes now and then, because that hardly changes while it costs the most.

Only ids are remembered, so that titles, prices and stock on a page are always of this moment.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from commerce.domain.search import Shared
from shoppable.site import site

_MOST = 5_000


@dataclass(frozen=True, slots=True)
class Listed:
    """Ids of products in the order of the page, and how many there are beyond it. `shared`: for each, why it is called
    similar."""

    ids: tuple[int, ...]
    total: int
    shared: tuple[tuple[Shared, ...], ...] = ()


class Remembered:
    """Lists by what was asked. Bounded; safe for many threads, of which several may ask the same at the same time."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, most: int = _MOST) -> None:
        self._monotonic, self._most = monotonic, most
        self._known: OrderedDict[Hashable, tuple[float, Listed]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, asked: Hashable, fresh_s: float, ask: Callable[[], Listed]) -> Listed:
        """What was answered in the last `fresh_s` seconds, or what `ask` answers now."""
        now = self._monotonic()
        with self._lock:
            known = self._known.get(asked)
        if known is not None and now - known[0] < fresh_s:
            return known[1]
        listed = ask()
        if not listed.ids:
            return listed  # perhaps the indexes are not filled yet
        with self._lock:
            self._known[asked] = (now, listed)
            self._known.move_to_end(asked)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return listed


def remembered(asked: Hashable, fresh_s: float, ask: Callable[[], Listed]) -> Listed:
    """As `Remembered.of`, kept with the site of this request."""
    keeper = site().kept.setdefault("lists", Remembered())
    assert isinstance(keeper, Remembered)
    return keeper.of(asked, fresh_s, ask)
