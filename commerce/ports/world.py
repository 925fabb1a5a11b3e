"""Time, chance, files, addresses and places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from commerce.domain.geo import GeoPoint, Place
from commerce.domain.pricing import DeliveryRules, TaxRules


class Clock(Protocol):
    """The only teller of time."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...


class Ids(Protocol):
    """The only source of chance."""

    def new_id(self) -> str:
        """128 random bits as 32 hexadecimal digits: for whatever is a secret, and for rows that are few."""
        ...

    def new_key(self) -> str:
        """The same shape for rows that are many: 48 bits of time and 80 random bits, so that what is made together lies
        together in every index. Nobody guesses it, but it tells when it was made."""
        ...

    def new_code(self) -> str:
        """A pick-up code that a person can read aloud: three letters, a dash, three digits, no look-alikes."""
        ...


class MediaStore(Protocol):
    """Files of ours under random names. Only bytes that we encoded ourselves are ever served."""

    def put(self, data: bytes, suffix: str) -> str:
        """Durable when it returns; the key is 128 random bits plus the suffix (".jpg")."""
        ...

    def get(self, key: str) -> bytes | None: ...

    def put_smaller(self, key: str, width_px: int, data: bytes) -> None:
        """A copy of that picture of another width, instead of the one before; nothing where the picture is gone."""
        ...

    def get_smaller(self, key: str, width_px: int) -> bytes | None: ...

    def delete(self, key: str) -> None:
        """With its smaller copies."""
        ...


@dataclass(frozen=True, slots=True)
class ChannelRules:
    """What a channel carries. `reply_window`: how long after somebody's last message we may still write to them (None:
    at any time); `text_limit` counts UTF-16 units where its vendor does."""

    text_limit: int
    counts_utf16: bool = False
    reply_window: timedelta | None = None
    pictures: bool = True


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave. `url` is where it came from after redirects."""

    url: str
    mime: str
    body: bytes


class WebFetcher(Protocol):
    """The only way out to addresses that shoppers or feeds name: public addresses only, pinned, bounded."""

    def fetch(self, url: str, *, max_bytes: int, accept: Sequence[str] = ()) -> Fetched:
        """Raises FetchRefused."""
        ...

    def picture_of(self, url: str, *, max_bytes: int) -> Fetched:
        """The picture at that address, or the one its page names for sharing (og:image). Raises FetchRefused."""
        ...

    def download(self, url: str, to: Path, *, max_bytes: int) -> str:
        """A large body, streamed to a file; its media type. Raises FetchRefused and leaves no file."""
        ...


class Gazetteer(Protocol):
    """Towns and postcodes."""

    def find(self, words: str, *, country: str = "", near: GeoPoint | None = None) -> Place | None: ...


@dataclass(frozen=True, slots=True)
class ReservationRules:
    """How long things are held. `duration` None: until the store closes on its next open day after today. Who did not
    come `max_no_shows` times in half a year reserves no more (0: whoever did not come still does)."""

    duration: timedelta | None
    grace: timedelta
    max_open_per_customer: int
    max_no_shows: int = 0


@dataclass(frozen=True, slots=True)
class SellingRules:
    """What selling costs and how long its steps may take. `payment_hold` is how long stock waits for a payment: longer
    than any provider's session. `currency` is the shop's own."""

    currency: str
    tax: TaxRules
    delivery: DeliveryRules
    payment_hold: timedelta
    pickup: ReservationRules
