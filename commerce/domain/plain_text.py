"""Text that every database keeps: PostgreSQL refuses NUL, and nothing encodes half a surrogate pair."""

from __future__ import annotations

import re

_ODD = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def is_plain(text: str) -> bool:
    """Whether it holds neither control characters nor lone surrogates: ids and references never do."""
    return _ODD.search(text) is None


def plain(text: str) -> str:
    """The text without them."""
    return _ODD.sub("", text)
