"""Between rows and values: times, money, texts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from commerce.domain.localtext import LocalText
from commerce.domain.moments import from_us, to_us
from commerce.domain.money import Money

# Made once: json.dumps makes an encoder each time that anything differs from its defaults.
_sorted = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_in_order = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_decode = json.JSONDecoder().raw_decode  # json.loads looks for white space around it: a third of the time of a batch

# Ids of one statement. SQLite binds at most 32766 values (SQLITE_MAX_VARIABLE_NUMBER), PostgreSQL 65535.
IDS_A_STATEMENT = 2000


def to_money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)


def maybe_to_us(at: datetime | None) -> int | None:
    return None if at is None else to_us(at)


def maybe_from_us(at_us: int | None) -> datetime | None:
    return None if at_us is None else from_us(at_us)


def dump_json(value: Mapping[str, object]) -> str:
    """Compact, keys sorted: equal values give equal text."""
    return _sorted(value)


def dump_rows(rows: Iterable[tuple[int, ...]]) -> str:
    return _in_order(list(rows))


def load_json(stored: str) -> Any:
    """What `dump_json` or `to_text` wrote: nothing before it, nothing after it."""
    return _decode(stored)[0]


def to_text(text: LocalText) -> str:
    """Keeps the order of languages, which says what stands in for a missing one."""
    return _in_order(dict(text.by_language))


def from_text(stored: str) -> LocalText:
    return LocalText(load_json(stored))


def id_batches(ids: Iterable[int]) -> Iterator[list[int]]:
    """Each id once, in order, in lists that one statement can bind."""
    unique = sorted(set(ids))
    for start in range(0, len(unique), IDS_A_STATEMENT):
        yield unique[start : start + IDS_A_STATEMENT]
