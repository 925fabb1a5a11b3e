"""Comparing what came with what should have come, without telling by the time it takes how much of it was right."""

from __future__ import annotations

import hashlib
import hmac


def same(offered: str, wanted: str) -> bool:
    """Constant time over bytes: a header with signs outside ASCII is wrong, not an error."""
    return hmac.compare_digest(offered.encode("utf-8", "surrogatepass"), wanted.encode("utf-8", "surrogatepass"))


def sha256_of(key: str, message: bytes) -> bytes:
    """HMAC-SHA256 under a key given as text."""
    return hmac.new(key.encode("utf-8", "surrogatepass"), message, hashlib.sha256).digest()
