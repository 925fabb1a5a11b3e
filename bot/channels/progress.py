"""Which messages of an answer have gone out already, so that trying again does not send them twice."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from bot.channels.port import Outgoing
from commerce.domain.customer import Contact
from commerce.errors import SendRefused

_REMEMBERED = 1000


class Progress:
    """Of this process. For many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._delivered: OrderedDict[tuple[str, str], list[str]] = OrderedDict()

    def deliver(self, contact: Contact, outgoing: Sequence[Outgoing], send: Callable[[Outgoing], str]) -> str:
        """Sends those that were not sent yet, in order; the vendor's ids of all of them, by commas. What was sent is
        forgotten when the last one is through or one is refused, kept when `send` raises anything else."""
        key = (contact.lane, hashlib.sha256(repr(tuple(outgoing)).encode("utf-8", "surrogatepass")).hexdigest())
        with self._lock:
            delivered = self._delivered.setdefault(key, [])
            self._delivered.move_to_end(key)
            while len(self._delivered) > _REMEMBERED:
                self._delivered.popitem(last=False)
        try:
            for message in outgoing[len(delivered) :]:
                delivered.append(send(message))
        except SendRefused:
            self._forget(key)
            raise
        self._forget(key)
        return ",".join(filter(None, delivered))

    def _forget(self, key: tuple[str, str]) -> None:
        with self._lock:
            self._delivered.pop(key, None)
