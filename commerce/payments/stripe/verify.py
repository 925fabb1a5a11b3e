"""Is this call from Stripe? https://docs.stripe.com/webhooks#verify-manually"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from commerce.payments.proofs import same, sha256_of

HEADER = "stripe-signature"
TOLERANCE_S = 300
_MOST_PARTS = 32  # while a secret is rolled there are two signatures; nobody has use for more than this


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> bool:
    """`t=…,v1=…[,v1=…]`: any v1 that is the hex HMAC-SHA256 of `t.body` under any of our secrets. Other schemes (v0)
    count for nothing. The time may be 300 s off either way; Stripe's own library only looks back."""
    parts = [part.partition("=")[::2] for part in headers.get(HEADER, "").split(",")]
    times = [value for name, value in parts if name == "t"]
    offered = [value for name, value in parts if name == "v1"]
    if len(parts) > _MOST_PARTS or len(times) != 1 or not offered:
        return False
    at = times[0]
    if not (at.isascii() and at.isdecimal() and len(at) <= 12):
        return False
    authentic = False
    for secret in secrets:
        wanted = sha256_of(secret, at.encode("ascii") + b"." + body).hex()
        for signature in offered:
            authentic |= same(signature, wanted)
    return authentic and abs(now.timestamp() - int(at)) <= TOLERANCE_S
