"""Is this call from Square? https://developer.squareup.com/docs/webhooks/step3validate"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from commerce.payments.proofs import same, sha256_of

HEADER = "x-square-hmacsha256-signature"


def verify(body: bytes, headers: Mapping[str, str], url: str, keys: Sequence[str]) -> bool:
    """Base64 of HMAC-SHA256 over the notification URL and the body, under any of our keys.

    The URL is the one that the subscription was made with, from our settings, never from the request. No time is
    signed: that an event takes effect once is all that keeps a repetition harmless.
    """
    offered = headers.get(HEADER, "")
    authentic = False
    for key in keys:
        wanted = base64.b64encode(sha256_of(key, url.encode() + body)).decode("ascii")
        authentic |= same(offered, wanted)
    return authentic and bool(body) and bool(url)
