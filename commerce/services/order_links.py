"""Addresses of an order's page that open it without any other proof: for mails, chats and providers' return pages."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timedelta

from commerce.domain.moments import from_us, to_us
from commerce.ports import Clock

LASTS = timedelta(days=60)  # longer than a parcel and its return take
_GIVEN = re.compile(r"([0-9a-z]{1,13})\.([0-9a-f]{32})")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class OrderLinks:
    """Signed with the shop's own key. Whoever has such an address sees this one order (and the one that took its place)
    until it ends, and nothing else: give it to the order's contact alone."""

    def __init__(self, base_url: str, key: str, clock: Clock) -> None:
        self._base_url, self._key, self._clock = base_url, key.encode(), clock

    def url(self, order_id: str, page: str = "", *, since: datetime | None = None) -> str:
        """The address of the order's page, or of one below it ("/paid"). With `since` it is always the same one."""
        return f"{self._base_url}/orders/{order_id}{page}?k={self.proof(order_id, since=since)}"

    def proof(self, order_id: str, *, since: datetime | None = None) -> str:
        """What is added to an address: when it ends, and 128 bits that only this shop can make. Its time counts from
        `since`, else from now."""
        ends = _in_36(to_us((since or self._clock.now()) + LASTS) // 1_000_000)
        return f"{ends}.{self._sign(order_id, ends)}"

    def opens(self, order_id: str, proof: str) -> bool:
        """Whether that proof opens that order now. Constant time; False for anything odd."""
        match = _GIVEN.fullmatch(proof)
        if match is None or not hmac.compare_digest(match[2], self._sign(order_id, match[1])):
            return False
        return self._clock.now() < _moment(match[1])

    def _sign(self, order_id: str, ends: str) -> str:
        return hmac.new(self._key, f"order\n{order_id}\n{ends}".encode(), hashlib.sha256).hexdigest()[:32]


def _moment(ends: str) -> datetime:
    return from_us(int(ends, 36) * 1_000_000)


def _in_36(number: int) -> str:
    """Short and without signs that a mail program would break."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
